"""Which node can serve which zone in time, and at what cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from meio.network.columns import floats, integers, positions
from meio.network.compile_demand import compile_demand
from meio.network.compiled import BACKORDERED, LATE, LOST, Bools, Floats, Ints, Outbound
from meio.network.geography import great_circle_km
from meio.network.model import ALL_WEEK, Node, Scenario, Unserved
from meio.network.topology import stocking_order

TOLERANCE_DAYS = 1e-9
_UNSERVED = {Unserved.LOST: LOST, Unserved.LATE: LATE, Unserved.BACKORDERED: BACKORDERED}


class Offers(NamedTuple):
    """What the carrier services ask, each [service, weight class, node, zone]; inf where a service is not offered."""

    cost: Floats
    """Money per package."""
    transit_days: Floats


def ship_delays(nodes: Sequence[Node]) -> Ints:
    """Days until a node ships an order, [node, weekday of the order, 0 before or 1 after the cut-off]."""
    ships = np.array([[day in node.ship_days for day in ALL_WEEK] for node in nodes], dtype=bool)
    waits = np.stack([np.roll(ships, -wait, axis=1) for wait in range(8)], axis=2)  # [node, weekday, wait]
    before_cutoff = waits.argmax(axis=2)
    after_cutoff = 1 + waits[:, :, 1:].argmax(axis=2)
    return np.stack([before_cutoff, after_cutoff], axis=2).astype(np.int64)


def weight_limits(scenario: Scenario) -> Floats:
    """Upper weight of each weight class in kg, ascending: every limit the rates or the outbound table names."""
    return np.unique(floats(_rates(scenario)["max_weight_kg"]))


def service_names(scenario: Scenario) -> list[str]:
    """Carrier services, as first named in the file or in the outbound table."""
    services = scenario.file.outbound.services
    return list(services) if services is not None else list(scenario.tables["outbound"]["service"].unique())


def compile_outbound(scenario: Scenario, node_names: Sequence[str], num_delays: int) -> Outbound:
    """Cheapest in-time service of every weight class, speed, delay, node and zone.

    Parameters
    ----------
    scenario : Scenario
    node_names : sequence of str
        The node axis.
    num_delays : int
        Delays 0 to this, exclusive, between order and shipping, in days.
    """
    offers = _offers(scenario, node_names)
    promise_days = floats([speed.promise for speed in scenario.file.speeds.values()])
    cost, transit_days = _cheapest_in_time(offers, promise_days, num_delays)
    late_cost, late_transit_days = _cheapest(offers, np.inf)
    return Outbound(
        cost=cost,
        transit_days=transit_days,
        late_cost=late_cost,
        late_transit_days=late_transit_days,
        distance_km=_distances(scenario, node_names),
        promise_days=promise_days,
        unserved=integers([_UNSERVED[speed.when_unserved] for speed in scenario.file.speeds.values()]),
        weight_limit_kg=weight_limits(scenario),
        distance_bands_km=floats(scenario.file.outbound.distance_bands_km or []),
    )


def reached_in_time(scenario: Scenario) -> Bools:
    """Whether some node reaches a zone in time, even if only with the lightest package, [speed, zone]."""
    outbound = compile_outbound(scenario, stocking_order(scenario.file), num_delays=1)
    return np.asarray(np.isfinite(outbound.cost[:, :, 0].min(axis=(0, 2))))


def unreachable(scenario: Scenario) -> list[tuple[str, str]]:
    """Pairs (zone, speed) with demand that no node reaches in time, even the lightest package shipped the same day."""
    reached = reached_in_time(scenario)
    if reached.all():
        return []
    demand = compile_demand(scenario)
    wanted_mixes = demand.mix_idx[demand.daily_mean.any(axis=1)]
    of_mix = np.repeat(np.arange(len(demand.mix_ptr) - 1), np.diff(demand.mix_ptr))
    zones, speeds = scenario.tables["zones"]["zone"], list(scenario.file.speeds)
    wanted = (divmod(int(pair), len(speeds)) for pair in np.unique(demand.mix_class_idx[np.isin(of_mix, wanted_mixes)]))
    return [(zones.iloc[zone], speeds[speed]) for zone, speed in wanted if not reached[speed, zone]]


def _rates(scenario: Scenario) -> pd.DataFrame:
    return scenario.tables["rates" if scenario.file.outbound.table is None else "outbound"]


def _distances(scenario: Scenario, node_names: Sequence[str]) -> Floats:
    nodes = [scenario.file.nodes[name] for name in node_names]
    zones = scenario.tables["zones"]
    return great_circle_km(
        np.array([[node.lat] for node in nodes]), np.array([[node.lon] for node in nodes]), zones["lat"], zones["lon"]
    )


def _offers(scenario: Scenario, node_names: Sequence[str]) -> Offers:
    """Offers of all services from the nodes that serve customers."""
    offers = (_offers_by_band if scenario.file.outbound.table is None else _offers_by_table)(scenario, node_names)
    closed = np.array([not scenario.file.nodes[name].serves_customers for name in node_names])
    offers.cost[:, :, closed] = np.inf
    offers.transit_days[:, :, closed] = np.inf
    return offers


def _offers_by_table(scenario: Scenario, node_names: Sequence[str]) -> Offers:
    table, zones = scenario.tables["outbound"], scenario.tables["zones"]["zone"]
    node_idx, zone_idx = positions(node_names, table["node"]), positions(zones, table["zone"])
    return _priced(scenario, table, (node_idx, zone_idx), (len(node_names), len(zones)))


def _offers_by_band(scenario: Scenario, node_names: Sequence[str]) -> Offers:
    bands_km, services = scenario.file.outbound.distance_bands_km or [], scenario.file.outbound.services or {}
    days = [(name, band, days) for name, one in services.items() for band, days in enumerate(one.transit_days, start=1)]
    rates = scenario.tables["rates"].merge(pd.DataFrame(days, columns=["service", "band", "transit_days"]))
    by_band = _priced(scenario, rates, (integers(rates["band"]) - 1,), (len(bands_km) + 1,))
    band = np.searchsorted(bands_km, _distances(scenario, node_names))  # [node, zone]
    offered = np.array([[one.nodes is None or name in one.nodes for name in node_names] for one in services.values()])
    offered = offered[:, None, :, None]
    return Offers(*(np.where(offered, part[:, :, band], np.inf) for part in by_band))


def _priced(scenario: Scenario, table: pd.DataFrame, place: tuple[Ints, ...], shape: tuple[int, ...]) -> Offers:
    """Offers [service, weight class, *shape] from table rows; a class without a row pays the next heavier one's."""
    services, limits = service_names(scenario), weight_limits(scenario)
    where = (positions(services, table["service"]), np.searchsorted(limits, table["max_weight_kg"]), *place)
    offers = Offers(*(np.full((len(services), len(limits), *shape), np.inf) for _ in Offers._fields))
    offers.cost[where] = table["cost"]
    offers.transit_days[where] = table["transit_days"]
    axis = np.arange(len(limits)).reshape(-1, *[1] * len(shape))
    own = np.where(np.isfinite(offers.cost), axis, len(limits) - 1)
    heavier = np.minimum.accumulate(own[:, ::-1], axis=1)[:, ::-1]
    return Offers(*(np.take_along_axis(part, heavier, axis=1) for part in offers))


def _cheapest_in_time(offers: Offers, promise_days: Floats, num_delays: int) -> Offers:
    """Offers [weight class, speed, delay, node, zone] of the cheapest service in time for each speed and delay."""
    num_classes, num_nodes, num_zones = offers.cost.shape[1:]
    shape = (num_classes, len(promise_days), num_delays, num_nodes, num_zones)
    best = Offers(np.empty(shape), np.empty(shape))
    for speed, delay in np.ndindex(shape[1:3]):
        cheapest = _cheapest(offers, promise_days[speed] - delay)
        best.cost[:, speed, delay], best.transit_days[:, speed, delay] = cheapest
    return best


def _cheapest(offers: Offers, longest_days: float) -> Offers:
    """Offers [weight class, node, zone] of the cheapest service within so many days; of equal ones the fastest."""
    best = Offers(*(np.full(part.shape[1:], np.inf) for part in offers))
    for cost, days in zip(offers.cost, offers.transit_days, strict=True):
        in_time = days <= longest_days + TOLERANCE_DAYS
        better = in_time & ((cost < best.cost) | ((cost == best.cost) & (days < best.transit_days)))
        np.copyto(best.cost, cost, where=better)
        np.copyto(best.transit_days, days, where=better)
    return best
