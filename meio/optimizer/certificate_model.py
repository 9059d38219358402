"""What the certificate reads: unit costs, prices by day, calendars, and how long units are on their way, as arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import BACKORDERED, LATE, CompiledScenario, Demand, Floats, Ints
from meio.network.supply import end_value, lane_unit_cost, usable_lanes, vendor_cost
from meio.optimizer.lane_times import most_transit_days, next_departure, not_yet_sellable, still_in_transit

_TINY = 1e-9


class CertificateModel(NamedTuple):
    """Arrays of the certificate; axes as in `meio.network.compiled`, Q order patterns of a speed, D days."""

    num_days: int
    period_days: int
    num_speeds: int
    start_is_free: bool
    """Whether the policy chooses what it has when counting begins (no initial stock, or warm-up days)."""
    transit_is_free: bool
    """Whether it also chooses what is on its way then (warm-up days)."""
    volume_m3: Floats
    storage_type_idx: Ints
    weight_class_idx: Ints
    end_value: Floats
    """[product, node]: what a unit there counts for when counting begins and ends, money"""
    holding_per_day: Floats
    """[product, node]"""
    overflow_per_m3_day: float
    node_ptr: Ints
    lane_source_idx: Ints
    lane_cost: Floats
    """[product, lane]: transport, and on vendors' lanes purchase, at least the unit's end value; inf: unusable"""
    lane_node_idx: Ints
    least_transit_days: Ints
    """[lane]: closes between departure and arrival, at least"""
    most_transit_days: Ints
    """[lane]: at most, or NO_END"""
    still_in_transit: Floats
    """[lane, day]: at most this is the probability of being on the way for more than so many closes"""
    next_departure: Ints
    """[lane, day]: the first day after it on which an order can leave"""
    not_yet_sellable: Floats
    """[lane, day]: probability that what leaves next cannot be sold before so many days have passed"""
    pattern_ptr: Ints
    """[speed + 1] into the two arrays below"""
    pattern_days: Floats
    """[pattern, period]: days of the period, counted by the share of their orders that meet the pattern"""
    pattern_delay: Ints
    """[pattern, node]: days until the node ships such an order"""
    in_time_node_idx: Ints
    """[weight class, pattern, zone, rank]: nodes by the cost of serving in time an order of that pattern's speed"""
    in_time_cost: Floats
    """[weight class, pattern, zone, rank]: inf: cannot"""
    late_node_idx: Ints
    """[weight class, zone, rank]: nodes by the cost of serving at all"""
    late_cost: Floats
    """[weight class, zone, rank]"""
    late_penalty: Floats
    """[product, speed]: inf where the speed allows no late service"""
    lost_penalty: Floats
    backorder_penalty: Floats
    """[product, speed], per close; inf where the speed does not wait"""
    stock_units: Ints
    """[product, node]: on hand when counting begins, where the policy does not choose it"""
    order_ptr: Ints
    """[product + 1] into the three arrays below: orders on their way when counting begins"""
    order_lane_idx: Ints
    order_units: Ints
    order_arrival_day: Ints
    crossover: Ints
    """[lane]"""
    demand: Demand


def certificate_model(compiled: CompiledScenario) -> CertificateModel:
    """Gather the arrays."""
    products, lanes, outbound, stock = compiled.products, compiled.lanes, compiled.outbound, compiled.stock
    pattern_ptr, pattern_days, pattern_delay = _patterns(compiled)
    in_time = _cheapest_first(_in_time_cost(compiled, pattern_ptr, pattern_delay))
    late = _cheapest_first(np.swapaxes(outbound.late_cost, 1, 2))
    order_ptr, order, arrival = _open_orders(compiled)
    free = start_is_free(compiled)
    return CertificateModel(
        num_days=compiled.num_periods * compiled.period_days,
        period_days=compiled.period_days,
        num_speeds=len(compiled.names.speeds),
        start_is_free=free,
        transit_is_free=compiled.warm_up_days > 0,
        volume_m3=products.volume_m3,
        storage_type_idx=products.storage_type_idx,
        weight_class_idx=products.weight_class_idx,
        end_value=end_value(compiled),
        holding_per_day=_holding_per_day(compiled),
        overflow_per_m3_day=compiled.costs.overflow_per_m3_day,
        node_ptr=lanes.node_ptr,
        lane_source_idx=lanes.source_idx,
        lane_cost=_lane_cost(compiled),
        lane_node_idx=lanes.node_idx,
        least_transit_days=np.floor(lanes.lead_time_least_days + _TINY).astype(np.int64),
        most_transit_days=most_transit_days(compiled),
        still_in_transit=still_in_transit(compiled),
        next_departure=next_departure(compiled),
        not_yet_sellable=not_yet_sellable(compiled),
        pattern_ptr=pattern_ptr,
        pattern_days=pattern_days,
        pattern_delay=pattern_delay,
        in_time_node_idx=in_time[0],
        in_time_cost=in_time[1],
        late_node_idx=late[0],
        late_cost=late[1],
        late_penalty=np.where(outbound.unserved == LATE, compiled.penalties.late, np.inf),
        lost_penalty=compiled.penalties.lost,
        backorder_penalty=np.where(outbound.unserved == BACKORDERED, compiled.penalties.backordered_per_day, np.inf),
        stock_units=stock.on_hand * (not free),
        order_ptr=order_ptr,
        order_lane_idx=stock.order_lane_idx[order],
        order_units=stock.order_units[order],
        order_arrival_day=arrival[order],
        crossover=lanes.crossover.astype(np.int64),
        demand=compiled.demand,
    )


def start_is_free(compiled: CompiledScenario) -> bool:
    """Whether the policy chooses what it has when counting begins."""
    return not compiled.stock.given or compiled.warm_up_days > 0


def _lane_cost(compiled: CompiledScenario) -> Floats:
    """Cost of bringing a unit, [product, lane]; inf where the product cannot come."""
    lanes, num_nodes = compiled.lanes, len(compiled.names.nodes)
    cost = lane_unit_cost(compiled)
    bought = lanes.source_idx >= num_nodes
    cost[:, bought] += vendor_cost(compiled)[:, lanes.source_idx[bought] - num_nodes]
    return np.where(usable_lanes(compiled), cost, np.inf)


def _holding_per_day(compiled: CompiledScenario) -> Floats:
    products, nodes = compiled.products, compiled.nodes
    return (
        nodes.holding_per_unit_day[None, :]
        + products.volume_m3[:, None] * nodes.holding_per_m3_day[None, :]
        + products.unit_cost[:, None] * nodes.holding_of_unit_cost_per_day[None, :]
    )


def _patterns(compiled: CompiledScenario) -> tuple[Ints, Floats, Ints]:
    """Vectors of shipping delays that a speed's orders meet, and on how many days' worth of orders of each period."""
    nodes = compiled.nodes
    cumulative = np.concatenate([[0.0], np.cumsum(compiled.demand.hourly_share)])
    days = np.arange(compiled.num_periods * compiled.period_days)
    weekday, period = (compiled.first_weekday + days) % 7, days // compiled.period_days
    pointers = [0]
    weights: list[Floats] = []
    delays: list[tuple[int, ...]] = []
    for speed in range(len(compiled.names.speeds)):
        cutoff = nodes.cutoff_minute[:, speed]
        edges = np.unique(np.concatenate([[0, 1440], np.clip(cutoff, 0, 1440)]))
        share = np.diff(np.interp(edges / 60.0, np.arange(25.0), cumulative))
        found: dict[tuple[int, ...], Floats] = {}
        for begin, part in zip(edges[:-1], share, strict=True):
            late = (cutoff <= begin).astype(np.int64)
            for one in range(7):
                delay = nodes.ship_delay_days[np.arange(len(cutoff)), one, late]
                key = tuple(int(wait) for wait in delay)
                count = np.bincount(period[weekday == one], minlength=compiled.num_periods)
                found[key] = found.get(key, np.zeros(compiled.num_periods)) + part * count
        kept = {key: weight for key, weight in found.items() if weight.any()}
        weights += kept.values()
        delays += kept.keys()
        pointers.append(len(weights))
    return np.array(pointers), np.array(weights), np.array(delays, dtype=np.int64)


def _in_time_cost(compiled: CompiledScenario, pattern_ptr: Ints, pattern_delay: Ints) -> Floats:
    """Cost of serving an order in time, [weight class, pattern, zone, node]."""
    speed = np.repeat(np.arange(len(pattern_ptr) - 1), np.diff(pattern_ptr))
    node = np.arange(pattern_delay.shape[1])
    cost = compiled.outbound.cost[:, speed[:, None], pattern_delay, node[None, :], :]
    return np.swapaxes(cost, 2, 3)


def _cheapest_first(cost: Floats) -> tuple[Ints, Floats]:
    """Nodes by cost, and their costs; the last axis is the node's."""
    order = np.argsort(cost, axis=-1, kind="stable")
    return order, np.take_along_axis(cost, order, axis=-1)


def _open_orders(compiled: CompiledScenario) -> tuple[Ints, Ints, Ints]:
    """Pointers by product, the orders in that sequence, and the day each arrives, counted from the first that counts.

    What arrived in the warm-up is no longer an open order.
    """
    stock = compiled.stock
    arrival = np.floor(stock.order_arrives_day + _TINY).astype(np.int64) - compiled.warm_up_days
    order = np.flatnonzero(arrival >= (0 if compiled.warm_up_days else -1))
    order = order[np.argsort(stock.order_product_idx[order], kind="stable")]
    count = np.bincount(stock.order_product_idx[order], minlength=len(compiled.names.products))
    return np.concatenate([[0], np.cumsum(count)]).astype(np.int64), order, np.maximum(arrival, 0)
