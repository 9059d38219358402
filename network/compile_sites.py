"""Stocking sites and lanes as arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meio.network.columns import floats, integers, positions
from meio.network.compiled import Floats, Lanes, Names, Nodes
from meio.network.distributions import lead_time_moments
from meio.network.model import ALL_WEEK, Lane, NodeKind, PerPeriod, Scenario
from meio.network.promise import ship_delays
from meio.network.topology import echelons, supply_graph

DAYS_PER_YEAR = 365.0


def compile_nodes(scenario: Scenario, names: Names) -> Nodes:
    """Stocking sites in the order of their names."""
    file, periods = scenario.file, scenario.file.horizon.periods
    nodes = [file.nodes[name] for name in names.nodes]
    echelon = echelons(supply_graph(file))
    holding = [node.holding or file.costs.holding for node in nodes]
    cutoff = [[node.cutoff.get(name, speed.cutoff) for name, speed in file.speeds.items()] for node in nodes]
    storage = [node.storage_m3.get(kind, 0.0) for node in nodes for kind in names.storage_types]
    return Nodes(
        echelon=integers([echelon[name] for name in names.nodes]),
        serves_customers=np.array([node.serves_customers for node in nodes]),
        is_fulfilment_centre=np.array([node.kind is NodeKind.FULFILMENT_CENTRE for node in nodes]),
        stocks_type=np.array([[kind in node.storage_m3 for kind in names.storage_types] for node in nodes]),
        storage_m3=_capacities(storage, periods).reshape(len(nodes), -1, periods),
        inbound_units_per_day=_capacities([node.inbound_units_per_day for node in nodes], periods),
        outbound_units_per_day=_capacities([node.outbound_units_per_day for node in nodes], periods),
        holding_per_unit_day=floats([cost.per_unit_day for cost in holding]),
        holding_per_m3_day=floats([cost.per_m3_day for cost in holding]),
        holding_of_unit_cost_per_day=floats([cost.of_unit_cost_per_year / DAYS_PER_YEAR for cost in holding]),
        cutoff_minute=integers(cutoff),
        ship_delay_days=ship_delays(nodes),
        lat=floats([node.lat for node in nodes]),
        lon=floats([node.lon for node in nodes]),
    )


def compile_lanes(scenario: Scenario, lanes: Sequence[Lane], names: Names) -> Lanes:
    """Lanes, which come sorted by destination."""
    moments = [lead_time_moments(lane.lead_time) for lane in lanes]
    values = [sorted(lane.lead_time.values or []) for lane in lanes]
    node_idx = positions(names.nodes, [lane.destination for lane in lanes])
    capacities = [lane.capacity_units_per_day for lane in lanes]
    return Lanes(
        source_idx=positions((*names.nodes, *names.vendors), [lane.source for lane in lanes]),
        node_idx=node_idx,
        node_ptr=np.searchsorted(node_idx, np.arange(len(names.nodes) + 1)),
        lead_time_kind=integers([moment.kind for moment in moments]),
        lead_time_mean_days=floats([moment.mean for moment in moments]),
        lead_time_sd_days=floats([moment.sd for moment in moments]),
        lead_time_least_days=floats([moment.least for moment in moments]),
        lead_time_ptr=np.cumsum([0, *map(len, values)], dtype=np.int64),
        lead_time_values=floats([day for days in values for day in days]),
        review_every_days=integers([round(lane.review.every) for lane in lanes]),
        review_offset_days=integers([round(lane.review.offset) for lane in lanes]),
        cost_per_unit=floats([lane.cost.per_unit for lane in lanes]),
        cost_per_kg=floats([lane.cost.per_kg for lane in lanes]),
        cost_per_m3=floats([lane.cost.per_m3 for lane in lanes]),
        minimum_order=integers([lane.minimum_order for lane in lanes]),
        pack=integers([lane.pack for lane in lanes]),
        capacity_units_per_day=_capacities(capacities, scenario.file.horizon.periods),
        crossover=np.array([lane.crossover for lane in lanes], dtype=bool),
        departs=np.array([[day in lane.departs for day in ALL_WEEK] for lane in lanes], dtype=bool).reshape(-1, 7),
    )


def _capacities(given: Sequence[PerPeriod | str | None], periods: int) -> Floats:
    """Capacities [given, period]; inf where there is no limit."""
    limits = [np.inf if one is None or one == "unlimited" else one for one in given]
    return floats([np.broadcast_to(limit, periods) for limit in limits]).reshape(-1, periods)
