"""The least an order can cost, by what a unit is worth at the nodes that could serve it; and what losing it costs more."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats
from meio.network.jit import kernel
from meio.optimizer.certificate_model import CertificateModel


@kernel
def fill_period_values(model: CertificateModel, value: Floats, lowest: Floats, lowest_from: Floats) -> None:
    """Least value within each period, and from its beginning on, [node, period], of values [node, day + 1]."""
    num_periods = lowest.shape[1]
    for node in range(value.shape[0]):
        later = np.inf
        for period in range(num_periods - 1, -1, -1):
            first = period * model.period_days
            lowest[node, period] = value[node, first : first + model.period_days].min()
            later = min(later, lowest[node, period])
            lowest_from[node, period] = later


@kernel
def fill_class_costs(
    model: CertificateModel,
    outbound_price: Floats,
    product: int,
    order_class: int,
    lowest: Floats,
    lowest_from: Floats,
    least: Floats,
    extra: Floats,
) -> float:
    """Least cost of a class's order, and what losing it costs more, by period; the longest wait that pays, in closes.

    Parameters
    ----------
    lowest, lowest_from : array [node, period]
        Least value of a unit within the period, and from its beginning on.
    least : array [period]
        Filled with the sum over the period's days of the mean over order patterns, per order of each day.
    extra : array [period]
        Filled with the least over the patterns.
    """
    zone, speed = order_class // model.num_speeds, order_class % model.num_speeds
    lost, waiting = model.lost_penalty[product, speed], model.backorder_penalty[product, speed]
    waits = waiting < np.inf
    longest = 0.0
    for period in range(lowest.shape[1]):
        least[period], extra[period] = 0.0, np.inf
        closes_left = model.num_days - ((period + 1) * model.period_days - 1)
        for pattern in range(model.pattern_ptr[speed], model.pattern_ptr[speed + 1]):
            days = model.pattern_days[pattern, period]
            if days <= 0.0:
                continue
            price = lowest_from if waits else lowest
            cost = _least_service(model, outbound_price, product, zone, speed, pattern, period, price)
            cost = min(cost, lost)
            if waits:
                longest = max(longest, cost / waiting) if waiting > 0.0 else np.inf
                cost = min(cost, waiting * closes_left)
            least[period] += days * cost
            extra[period] = min(extra[period], lost - cost)
    return longest


@kernel
def _least_service(
    model: CertificateModel,
    outbound_price: Floats,
    product: int,
    zone: int,
    speed: int,
    pattern: int,
    period: int,
    value: Floats,
) -> float:
    """Least cost of serving an order at all, in time or late."""
    weight_class, late_penalty = model.weight_class_idx[product], model.late_penalty[product, speed]
    waits = model.backorder_penalty[product, speed] < np.inf
    best = np.inf
    for node in range(value.shape[0]):
        delay = model.pattern_delay[pattern, node]
        cost = model.outbound_cost[weight_class, speed, delay, node, zone]
        if late_penalty < np.inf:
            cost = min(cost, model.late_cost[weight_class, node, zone] + late_penalty)
        if cost + value[node, period] < best:
            cost += value[node, period]
            if not waits:  # who waits may be served on the last day and shipped when no capacity is priced any more
                cost += _least_price(model, outbound_price[node], period, delay)
            best = min(best, cost)
    return best


@kernel
def _least_price(model: CertificateModel, price: Floats, period: int, delay: int) -> float:
    """Least shipping price of a node on the days on which an order of a period can ship; 0 after the end."""
    last_day = (period + 1) * model.period_days - 1 + delay
    if last_day >= model.num_days:
        return 0.0
    least = price[period]
    for later in range(period + 1, last_day // model.period_days + 1):
        least = min(least, price[later])
    return float(least)
