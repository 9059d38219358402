"""Tables of a simulation's measures, from the tallies of its replications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from meio.network.compiled import CompiledScenario, Floats, Names
from meio.simulation.measures import SimulationResult
from meio.simulation.routes import nearest_serving
from meio.simulation.stopping import total_costs
from meio.simulation.tally import (
    DELIVERY_DAYS,
    DEMAND,
    LATE_UNITS,
    LOST_UNITS,
    MONEY,
    ON_TIME,
    ORDERS,
    OUTBOUND,
    OWED_UNITS,
    PACKAGES,
    SHIPPED_UNITS,
    Outcome,
)

DAYS_PER_YEAR = 365.0
COST_PARTS = MONEY[:-1]  # all but unavoidable


class _Records(NamedTuple):
    """Daily records of all replications, each [period, replication and day, …]."""

    storage_m3: Floats
    storage_units: Floats
    yard_m3: Floats
    inbound: Floats
    outbound: Floats
    lane: Floats


def tabulate(
    compiled: CompiledScenario, outcomes: Sequence[Outcome], *, policy: str, seed: int, seconds: float
) -> SimulationResult:
    """The measures of all replications."""
    records = _Records(*(_daily(compiled, outcomes, name) for name in _Records._fields))
    return SimulationResult(
        policy=policy,
        currency=compiled.currency,
        seed=seed,
        replications=len(outcomes),
        days=min(outcome.days for outcome in outcomes),
        seconds=seconds,
        orders_per_second=sum(outcome.orders for outcome in outcomes) / seconds,
        units_lost=sum(outcome.units_lost for outcome in outcomes),
        cost=_cost(outcomes),
        service=_service(compiled.names, outcomes),
        use=_use(compiled, records),
        nodes=_nodes(compiled.names, records),
        network=_network(compiled, outcomes),
        inventory=_inventory(compiled, records),
        bands=_bands(compiled, outcomes),
        shipments=_shipments(compiled.names, outcomes),
    )


def _daily(compiled: CompiledScenario, outcomes: Sequence[Outcome], name: str) -> Floats:
    days = np.stack([getattr(outcome.tally, name) for outcome in outcomes])  # [replication, day, …]
    by_period = days.reshape(len(outcomes), compiled.num_periods, compiled.period_days, *days.shape[2:])
    return np.swapaxes(by_period, 0, 1).reshape(compiled.num_periods, -1, *days.shape[2:])


def _cost(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    cost = pd.DataFrame([outcome.tally.money for outcome in outcomes], columns=list(MONEY))
    total = cost[list(COST_PARTS)].sum(axis=1)
    cost.insert(0, "replication", np.arange(1, len(outcomes) + 1))
    cost.insert(len(COST_PARTS) + 1, "total", total)
    return cost.assign(controllable=total - cost["unavoidable"])


def _service(names: Names, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    kinds = np.stack([outcome.tally.service for outcome in outcomes])  # [replication, speed, kind]
    demand, filled = kinds[..., DEMAND], kinds[..., ON_TIME] + kinds[..., LATE_UNITS]
    replication, speed = np.indices(demand.shape)
    columns = {
        "demand": demand,
        "filled": filled,
        "on_time": kinds[..., ON_TIME],
        "late": kinds[..., LATE_UNITS],
        "lost": kinds[..., LOST_UNITS],
        "owed": kinds[..., OWED_UNITS],
        "delivery_days_mean": _ratio(kinds[..., DELIVERY_DAYS], filled),
        "fill_rate": _ratio(filled, demand),
        "on_time_rate": _ratio(kinds[..., ON_TIME], demand),
    }
    return pd.DataFrame(
        {"replication": replication.ravel() + 1, "speed": np.array(names.speeds)[speed.ravel()]}
        | {name: values.ravel() for name, values in columns.items()}
    )


def _use(compiled: CompiledScenario, records: _Records) -> pd.DataFrame:
    names, nodes = compiled.names, compiled.nodes
    storage = [
        _use_of(f"storage:{kind}", names.nodes, nodes.storage_m3[:, index], records.storage_m3[..., index])
        for index, kind in enumerate(names.storage_types)
    ]
    flows = [
        _use_of("inbound", names.nodes, nodes.inbound_units_per_day, records.inbound),
        _use_of("outbound", names.nodes, nodes.outbound_units_per_day, records.outbound),
        _use_of("lane", names.lanes, compiled.lanes.capacity_units_per_day, records.lane),
    ]
    return pd.concat([*storage, *flows], ignore_index=True)


def _use_of(resource: str, places: Sequence[str], capacity: Floats, use: Floats) -> pd.DataFrame:
    """Rows of one resource; capacity is [place, period], use [period, replication and day, place]."""
    period, place = np.indices(capacity.T.shape)
    return pd.DataFrame(
        {
            "period": period.ravel() + 1,
            "place": np.array(places)[place.ravel()],
            "resource": resource,
            "capacity": capacity.T.ravel(),
            "mean": use.mean(axis=1).ravel(),
            "p95": np.quantile(use, 0.95, axis=1).ravel(),
            "max": use.max(axis=1).ravel(),
        }
    )


def _nodes(names: Names, records: _Records) -> pd.DataFrame:
    on_hand = records.storage_units.sum(axis=-1).reshape(-1, len(names.nodes))  # [day of all replications, node]
    shipped_a_year = records.outbound.mean(axis=(0, 1)) * DAYS_PER_YEAR
    return pd.DataFrame(
        {
            "node": names.nodes,
            "on_hand_mean": on_hand.mean(axis=0),
            "on_hand_p95": np.quantile(on_hand, 0.95, axis=0),
            "yard_m3_mean": records.yard_m3.mean(axis=(0, 1)),
            "turns": _ratio(shipped_a_year, on_hand.mean(axis=0)),
        }
    )


def _network(compiled: CompiledScenario, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    service = np.stack([outcome.tally.service.sum(axis=0) for outcome in outcomes])
    shipped = np.stack([outcome.tally.shipped for outcome in outcomes])  # [replication, node, zone, kind]
    outbound = np.array([outcome.tally.money[OUTBOUND] for outcome in outcomes])
    by_pair = shipped[..., SHIPPED_UNITS]
    units, packages = by_pair.sum(axis=(1, 2)), shipped[..., PACKAGES].sum(axis=(1, 2))
    kilometres = (by_pair * np.where(by_pair > 0, compiled.outbound.distance_km, 0.0)).sum(axis=(1, 2))
    local = by_pair[:, nearest_serving(compiled), np.arange(len(compiled.names.zones))].sum(axis=1)
    return pd.DataFrame(
        {
            "replication": np.arange(1, len(outcomes) + 1),
            "orders": service[:, ORDERS],
            "units_shipped": units,
            "packages": packages,
            "packages_per_order": _ratio(packages, service[:, ORDERS]),
            "cost_per_unit": _ratio(total_costs(outcomes), units),
            "outbound_cost_per_unit": _ratio(outbound, units),
            "delivery_days_mean": _ratio(service[:, DELIVERY_DAYS], service[:, ON_TIME] + service[:, LATE_UNITS]),
            "distance_km_mean": _ratio(kilometres, units),
            "local_share": _ratio(local, units),
        }
    )


def _bands(compiled: CompiledScenario, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    bounds_km = np.append(compiled.outbound.distance_bands_km, np.inf)
    band = np.searchsorted(bounds_km, compiled.outbound.distance_km)  # [node, zone]
    shipped = np.stack([outcome.tally.shipped for outcome in outcomes])  # [replication, node, zone, kind]
    by_band = np.stack([shipped[:, band == index].sum(axis=1) for index in range(len(bounds_km))], axis=1)
    units = by_band[..., SHIPPED_UNITS]
    replication, index = np.indices(units.shape)
    return pd.DataFrame(
        {
            "replication": replication.ravel() + 1,
            "band": index.ravel() + 1,
            "up_to_km": bounds_km[index.ravel()],
            "units": units.ravel(),
            "packages": by_band[..., PACKAGES].ravel(),
            "share": _ratio(units, units.sum(axis=1, keepdims=True)).ravel(),
        }
    )


def _shipments(names: Names, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    days = min(outcome.days for outcome in outcomes)
    units = np.mean([outcome.tally.shipped[..., SHIPPED_UNITS] for outcome in outcomes], axis=0)  # [node, zone]
    node, zone = np.nonzero(units)
    return pd.DataFrame(
        {
            "node": np.array(names.nodes)[node],
            "zone": np.array(names.zones)[zone],
            "units_per_day": units[node, zone] / max(days, 1),
        }
    )


def _inventory(compiled: CompiledScenario, records: _Records) -> pd.DataFrame:
    names = compiled.names
    units = records.storage_units.mean(axis=1)  # [period, node, storage type]
    period, node, storage_type = (axis.ravel() for axis in np.indices(units.shape))
    return pd.DataFrame(
        {
            "period": period + 1,
            "node": np.array(names.nodes)[node],
            "storage_type": np.array(names.storage_types)[storage_type],
            "units_mean": units.ravel(),
            "m3_mean": records.storage_m3.mean(axis=1).ravel(),
        }
    )


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Part of a whole; NaN where the whole is zero."""
    ratio: Floats = np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole != 0)
    return ratio
