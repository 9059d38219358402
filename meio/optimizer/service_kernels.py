"""The least an order can cost, by what a unit is worth where it could be served from; and what losing it costs more."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats
from meio.network.jit import borrowing_kernel
from meio.optimizer.array_kernels import least
from meio.optimizer.certificate_model import CertificateModel


@borrowing_kernel
def fill_period_values(model: CertificateModel, value: Floats, lowest: Floats, lowest_from: Floats) -> None:
    """Least value within each period, and from its beginning on, [node, period], of values [node, day + 1].

    Both have one more row, for the least over nodes.
    """
    num_periods = lowest.shape[1]
    for node in range(value.shape[0]):
        later = np.inf
        for period in range(num_periods - 1, -1, -1):
            first = period * model.period_days
            lowest[node, period] = least(value[node, first : first + model.period_days])
            later = min(later, lowest[node, period])
            lowest_from[node, period] = later
    for period in range(num_periods):
        lowest[-1, period] = least(lowest[:-1, period])
        lowest_from[-1, period] = least(lowest_from[:-1, period])


@borrowing_kernel
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
    lowest, lowest_from : array [node + 1, period]
        Least value of a unit within the period, and from its beginning on.
    least : array [period]
        Filled with the sum over the period's days of the mean over order patterns, per order of each day.
    extra : array [period]
        Filled with the least over the patterns.
    """
    zone, speed = order_class // model.num_speeds, order_class % model.num_speeds
    weight_class, period_days, num_days = model.weight_class_idx[product], model.period_days, model.num_days
    lost, waiting = model.lost_penalty[product, speed], model.backorder_penalty[product, speed]
    waits = waiting < np.inf
    value = lowest_from if waits else lowest
    late_penalty = model.late_penalty[product, speed]
    late_nodes, late_costs = model.late_node_idx[weight_class, zone], model.late_cost[weight_class, zone]
    least[:], extra[:] = 0.0, np.inf
    longest = 0.0
    for pattern in range(model.pattern_ptr[speed], model.pattern_ptr[speed + 1]):
        nodes, costs = (
            model.in_time_node_idx[weight_class, pattern, zone],
            model.in_time_cost[weight_class, pattern, zone],
        )
        delays, days = model.pattern_delay[pattern], model.pattern_days[pattern]
        for period in range(len(least)):
            if days[period] <= 0.0:
                continue
            last_day = (period + 1) * period_days - 1
            cost = lost
            for late in range(1 if late_penalty == np.inf else 2):
                order, shipping, penalty = (late_nodes, late_costs, late_penalty) if late else (nodes, costs, 0.0)
                for rank in range(len(order)):
                    if shipping[rank] + penalty + value[-1, period] >= cost:
                        break
                    node = order[rank]
                    price = 0.0
                    if not waits:  # who waits may be served on the last day and shipped when nothing is priced
                        price = _least_price(
                            outbound_price[node], period, last_day + delays[node], period_days, num_days
                        )
                    cost = min(cost, shipping[rank] + penalty + value[node, period] + price)
            if waits:
                longest = max(longest, cost / waiting) if waiting > 0.0 else np.inf
                cost = min(cost, waiting * (num_days - last_day))
            least[period] += days[period] * cost
            extra[period] = min(extra[period], lost - cost)
    return longest


@borrowing_kernel
def _least_price(price: Floats, period: int, last_day: int, period_days: int, num_days: int) -> float:
    """Least shipping price of a node from a period on to the last day an order can ship; 0 after the end."""
    if last_day >= num_days:
        return 0.0
    least = price[period]
    for later in range(period + 1, last_day // period_days + 1):
        least = min(least, price[later])
    return float(least)
