"""Demand over time, and the customer classes of a product with the nodes that serve them cheapest."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.optimizer.model import PlanningModel


@borrowing_kernel
def shifted(series: Floats, position: float) -> float:
    """A per-period series at a fractional period, linear between periods, constant beyond both ends."""
    last = series.size - 1
    if position <= 0.0:
        return float(series[0])
    if position >= last:
        return float(series[last])
    floor = int(position)
    weight = position - floor
    return float((1.0 - weight) * series[floor] + weight * series[floor + 1])


@borrowing_kernel
def integral(rate: Floats, period_days: float, start: float, end: float) -> float:
    """Integral of a daily rate, constant within periods and beyond both ends, between two days."""
    total = 0.0
    last = rate.size - 1
    if start < 0.0:
        total += rate[0] * (min(end, 0.0) - start)
    horizon = rate.size * period_days
    if end > horizon:
        total += rate[last] * (end - max(start, horizon))
    low, high = max(start, 0.0), min(end, horizon)
    period = int(low / period_days)
    while low < high:
        step_end = min(high, (period + 1) * period_days)
        total += rate[min(period, last)] * (step_end - low)
        low = step_end
        period += 1
    return total


@borrowing_kernel
def num_classes(model: PlanningModel, product: int) -> int:
    """Number of customer classes of a product: mix entries times the patterns of their speed."""
    count = 0
    for stream in range(model.product_ptr[product], model.product_ptr[product + 1]):
        mix = model.mix_idx[stream]
        for entry in range(model.mix_ptr[mix], model.mix_ptr[mix + 1]):
            speed = model.mix_class_idx[entry] % model.num_speeds
            count += model.pattern_ptr[speed + 1] - model.pattern_ptr[speed]
    return int(count)


@borrowing_kernel
def fill_shipping_costs(model: PlanningModel, product: int, shipping: Floats) -> None:
    """Cost of shipping to each class from each node, [class, node]: in time, or late where the speed allows; else inf.

    Classes run over the product's streams, their mix entries and the patterns of the entry's speed, in this order.
    """
    weight_class = model.weight_class_idx[product]
    row = 0
    for stream in range(model.product_ptr[product], model.product_ptr[product + 1]):
        mix = model.mix_idx[stream]
        for entry in range(model.mix_ptr[mix], model.mix_ptr[mix + 1]):
            zone, speed = divmod(model.mix_class_idx[entry], model.num_speeds)
            for pattern in range(model.pattern_ptr[speed], model.pattern_ptr[speed + 1]):
                for node in range(shipping.shape[1]):
                    cost = model.outbound_cost[weight_class, speed, model.pattern_delay[pattern, node], node, zone]
                    if cost == np.inf:
                        cost = model.late_cost[weight_class, node, zone] + model.late_penalty[product, speed]
                    shipping[row, node] = cost
                row += 1


@borrowing_kernel
def cheapest_node(shipping: Floats, delivered: Floats) -> int:
    """The node that serves a class cheapest, of its costs of shipping and delivery [node]; -1: none can."""
    best, least = -1, np.inf
    for node in range(delivered.size):
        cost = shipping[node] + delivered[node]
        if cost < least:
            best, least = node, cost
    return best


@kernel
def fill_nearest_shares(model: PlanningModel, lane_idx: Ints, shares: Floats) -> None:
    """Add to `shares` [product, node] the demand of each class at the node that ships to it cheapest, of those stocked.

    Shares are of the mean demand over the whole horizon; classes that no node can serve fall to nobody.
    """
    num_nodes = lane_idx.shape[1]
    delivered = np.empty(num_nodes)
    for product in range(lane_idx.shape[0]):
        for node in range(num_nodes):
            serves = lane_idx[product, node] >= 0 and model.serves_customers[node]
            delivered[node] = 0.0 if serves else np.inf
        shipping = np.empty((num_classes(model, product), num_nodes))
        fill_shipping_costs(model, product, shipping)
        first, end = model.product_ptr[product], model.product_ptr[product + 1]
        total = model.daily_mean[first:end].sum()
        row = 0
        for stream in range(first, end):
            mix = model.mix_idx[stream]
            weight = model.daily_mean[stream].sum() / total if total > 0.0 else 0.0
            for entry in range(model.mix_ptr[mix], model.mix_ptr[mix + 1]):
                speed = model.mix_class_idx[entry] % model.num_speeds
                for pattern in range(model.pattern_ptr[speed], model.pattern_ptr[speed + 1]):
                    best = cheapest_node(shipping[row], delivered)
                    if best >= 0:
                        shares[product, best] += weight * model.mix_share[entry] * model.pattern_share[pattern]
                    row += 1
