"""What the product subproblem reads besides prices: costs, windows and demand of every product, as arrays."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from meio.network.compiled import LATE, Bools, CompiledScenario, Floats, Ints
from meio.network.supply import lane_unit_cost, order_multiples, usable_lanes, vendor_cost
from meio.optimizer.departures import wait_for_departure

SHORTEST_REVIEW = 1e-3
"""Days: stands for reviews at each demand, so that there is an interval in which the loss formula can count units."""


class TooLargeError(ValueError):
    """The scenario is too large for the method asked for."""


class PlanningModel(NamedTuple):
    """Arrays of the product subproblem; axes as in `meio.network.compiled`, Q order patterns of a speed."""

    num_periods: int
    period_days: float
    volume_m3: Floats
    storage_type_idx: Ints
    weight_class_idx: Ints
    holding_per_day: Floats
    """[product, node]"""
    serves_customers: Ints
    """[node]: 0 or 1"""
    lane_source_idx: Ints
    node_ptr: Ints
    lane_cost: Floats
    """[product, lane]: transport, and on vendor lanes purchase, of one unit; inf where the lane cannot bring it."""
    lead_days: Floats
    """[lane]: mean time from review to arrival: the wait for the next departure, and the lead time"""
    lead_variance: Floats
    """[lane], days²"""
    review_days: Floats
    """[lane]; `SHORTEST_REVIEW` where orders are placed at each demand"""
    pack: Ints
    """[product, lane]: units that orders are multiples of"""
    least_order: Ints
    """[product, lane]: smallest order in whole packs, units"""
    pattern_ptr: Ints
    """[speed + 1] into the two arrays below."""
    pattern_share: Floats
    """[pattern]: share of the speed's orders that meet this pattern."""
    pattern_delay: Ints
    """[pattern, node]: days until the node ships such an order."""
    outbound_cost: Floats
    late_cost: Floats
    """[weight class, node, zone]"""
    late_penalty: Floats
    """[product, speed]: inf where the speed allows no late service."""
    lost_penalty: Floats
    """[product, speed]"""
    backorder_penalty: Floats
    """[product, speed], money per unit-day; inf where the speed does not backorder."""
    num_speeds: int
    product_ptr: Ints
    stream_kind: Ints
    daily_mean: Floats
    daily_variance: Floats
    mix_idx: Ints
    mix_ptr: Ints
    mix_class_idx: Ints
    mix_share: Floats
    table_ptr: Ints
    table_value: Floats
    table_probability: Floats
    is_tree: Bools
    """[product]: no customer class has a choice of nodes and all are owed what is short (`tree_kernels`)"""


def planning_model(compiled: CompiledScenario) -> PlanningModel:
    """Gather what the subproblem reads from a compiled scenario."""
    products, nodes, lanes, outbound, demand = (
        compiled.products,
        compiled.nodes,
        compiled.lanes,
        compiled.outbound,
        compiled.demand,
    )
    pattern_ptr, pattern_share, pattern_delay = _order_patterns(compiled)
    wait = wait_for_departure(compiled)
    every_lane = np.broadcast_to(np.arange(len(lanes.source_idx)), (len(products.volume_m3), len(lanes.source_idx)))
    pack, minimum = order_multiples(compiled, every_lane)
    is_late = outbound.unserved == LATE
    is_lost_or_late = outbound.unserved <= LATE
    model = PlanningModel(
        num_periods=compiled.num_periods,
        period_days=float(compiled.period_days),
        volume_m3=products.volume_m3,
        storage_type_idx=products.storage_type_idx,
        weight_class_idx=products.weight_class_idx,
        holding_per_day=_holding_per_day(compiled),
        serves_customers=nodes.serves_customers.astype(np.int64),
        lane_source_idx=lanes.source_idx,
        node_ptr=lanes.node_ptr,
        lane_cost=_lane_cost(compiled),
        lead_days=lanes.lead_time_mean_days + wait.mean_days,
        lead_variance=lanes.lead_time_sd_days**2 + wait.variance,
        review_days=np.maximum(lanes.review_every_days, SHORTEST_REVIEW),
        pack=pack,
        least_order=pack * -(-minimum // pack),
        pattern_ptr=pattern_ptr,
        pattern_share=pattern_share,
        pattern_delay=pattern_delay,
        outbound_cost=outbound.cost,
        late_cost=outbound.late_cost,
        late_penalty=np.where(is_late, compiled.penalties.late, np.inf),
        lost_penalty=compiled.penalties.lost,
        backorder_penalty=np.where(is_lost_or_late, np.inf, compiled.penalties.backordered_per_day),
        num_speeds=len(compiled.names.speeds),
        product_ptr=demand.product_ptr,
        stream_kind=demand.stream_kind,
        daily_mean=demand.daily_mean,
        daily_variance=demand.daily_variance,
        mix_idx=demand.mix_idx,
        mix_ptr=demand.mix_ptr,
        mix_class_idx=demand.mix_class_idx,
        mix_share=demand.mix_share,
        table_ptr=demand.table_ptr,
        table_value=demand.table_value,
        table_probability=demand.table_probability,
        is_tree=np.zeros(len(products.volume_m3), dtype=bool),
    )
    _mark_trees(model)
    return model


def _mark_trees(model: PlanningModel) -> None:
    from meio.optimizer.tree_demand_kernels import fill_is_tree

    fill_is_tree(model, model.is_tree)


def _holding_per_day(compiled: CompiledScenario) -> Floats:
    """Holding cost of one unit for one day, [product, node]."""
    products, nodes = compiled.products, compiled.nodes
    return (
        nodes.holding_per_unit_day[None, :]
        + products.volume_m3[:, None] * nodes.holding_per_m3_day[None, :]
        + products.unit_cost[:, None] * nodes.holding_of_unit_cost_per_day[None, :]
    )


def _lane_cost(compiled: CompiledScenario) -> Floats:
    """Transport, and on vendor lanes purchase, of one unit, [product, lane]; inf where the lane is of no use."""
    lanes, num_nodes = compiled.lanes, len(compiled.names.nodes)
    cost = lane_unit_cost(compiled)
    from_vendor = lanes.source_idx >= num_nodes
    cost[:, from_vendor] += vendor_cost(compiled)[:, lanes.source_idx[from_vendor] - num_nodes]
    return np.where(usable_lanes(compiled), cost, np.inf)


def _order_patterns(compiled: CompiledScenario) -> tuple[Ints, Floats, Ints]:
    """Distinct vectors of shipping delays over nodes that a speed's orders meet through the week, and their shares.

    Cut-offs and shipping days decide, for each weekday and minute, how long each node takes to ship an order. Orders
    that find the same delays everywhere are one class to the planner.
    """
    nodes, hourly = compiled.nodes, compiled.demand.hourly_share
    node_axis = np.arange(len(compiled.names.nodes))
    pointers: list[int] = [0]
    shares: list[float] = []
    delays: list[tuple[int, ...]] = []
    for speed in range(len(compiled.names.speeds)):
        cutoff = nodes.cutoff_minute[:, speed]
        edges = np.unique(np.concatenate([[0, 1440], cutoff]))
        weights: dict[tuple[int, ...], float] = {}
        for start, end in pairwise(edges):
            share = float(_share_between(hourly, start, end))
            for weekday in range(7):
                delay = nodes.ship_delay_days[node_axis, weekday, (cutoff <= start).astype(np.int64)]
                key = tuple(int(days) for days in delay)
                weights[key] = weights.get(key, 0.0) + share / 7.0
        kept = {key: weight for key, weight in weights.items() if weight > 0.0}
        delays.extend(kept.keys())
        shares.extend(kept.values())
        pointers.append(len(shares))
    return np.array(pointers), np.array(shares), np.array(delays, dtype=np.int64)


def _share_between(hourly_share: Floats, start: int, end: int) -> float:
    """Share of a day's orders between two minutes of the day."""
    cumulative = np.concatenate([[0.0], np.cumsum(hourly_share)])
    at = np.interp([start / 60.0, end / 60.0], np.arange(25.0), cumulative)
    return float(at[1] - at[0])
