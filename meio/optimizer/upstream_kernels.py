"""One upstream node in one period: the demand over its window and the worth of each unit to the nodes it supplies."""

from __future__ import annotations

import math

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.optimizer.array_kernels import total
from meio.optimizer.demand_kernels import integral
from meio.optimizer.loss_kernels import fill_count_mass
from meio.optimizer.model import PlanningModel
from meio.optimizer.subproblem_kernels import upstream_worth
from meio.optimizer.table_kernels import DEVIATIONS

_NEVER = 1e-13  # probability


@borrowing_kernel
def product_window(model: PlanningModel, product: int, start: float, end: float) -> tuple[float, float]:
    """Mean and variance of a product's total demand between two days."""
    mean, variance = 0.0, 0.0
    for stream in range(model.product_ptr[product], model.product_ptr[product + 1]):
        mean += integral(model.daily_mean[stream], model.period_days, start, end)
        variance += integral(model.daily_variance[stream], model.period_days, start, end)
    return mean, variance


@borrowing_kernel
def upstream_demand(
    model: PlanningModel, product: int, middle: float, lane: int, passed_rate: float, own_rate: float
) -> tuple[float, float]:
    """Mean and variance of what an upstream node's window demands for the nodes below it.

    The window is the lead time and, on average, half the review interval; the cycle and the random lead time add
    their variance. Nodes below and the node's own customers keep their shares of the product's demand of the day
    `middle`. Stock for both stands on one floor and pools its risk, so what is passed on adds only the deviation of
    both together less that of the own customers.
    """
    lead, review = model.lead_days[lane], model.review_days[lane]
    random_days = review * review / 12.0 + model.lead_variance[lane]
    mean, variance = product_window(model, product, middle - lead - 0.5 * review, middle)
    now, _ = product_window(model, product, middle - 0.5, middle + 0.5)
    if now <= 0.0:
        return 0.0, 0.0
    if own_rate <= 0.0:
        return passed_rate / now * mean, share_variance(passed_rate, now, mean, variance, random_days)
    both = share_variance(passed_rate + own_rate, now, mean, variance, random_days)
    own = share_variance(own_rate, now, mean, variance, random_days)
    return passed_rate / now * mean, (math.sqrt(both) - math.sqrt(own)) ** 2


@borrowing_kernel
def share_variance(rate: float, whole_rate: float, mean: float, variance: float, random_days: float) -> float:
    """Variance of a share of a product's window demand, over a window whose length varies by `random_days` days²."""
    share = rate / whole_rate
    own = share * mean
    return max(0.0, own + share * share * (variance - mean)) + random_days * rate * rate


@kernel
def fill_window_mass(mean: float, variance: float, step: float, cycle_steps: int, mass: Floats) -> int:
    """Fill the probabilities of how far the stock below a node's highest position is down; return how many there are.

    It is the window's demand and how far an order of `cycle_steps` steps is used up, all parts equally likely.
    """
    reach = min(mass.size, int((mean + (DEVIATIONS + 1.0) * math.sqrt(variance)) / step) + 3)
    fill_count_mass(mean, variance, step, mass[:reach])
    if cycle_steps <= 1:
        return reach
    demand, total = mass[:reach].copy(), 0.0
    spread = min(mass.size, reach + cycle_steps - 1)
    for k in range(spread):
        total += demand[k] if k < reach else 0.0
        total -= demand[k - cycle_steps] if 0 <= k - cycle_steps < reach else 0.0
        mass[k] = max(0.0, total) / cycle_steps
    return spread


@borrowing_kernel
def children_gains(
    lane_source_idx: Ints,
    node: int,
    lane: Ints,
    holding: float,
    bonus: float,
    order_node: Ints,
    order_gain: Floats,
    gains: Floats,
) -> None:
    """Fill what each step for the customers of an upstream node's children is worth beyond its cost, never rising.

    `bonus` is what a step is worth to the nation. A child's step is taken while it is worth more than keeping the
    unit upstream, so no gain lies below the saving of `holding`; steps that were not added gain just that.
    """
    size = 0
    for k in range(order_node.size):
        if size < gains.size and lane_source_idx[lane[order_node[k]]] == node:
            gain = order_gain[k] - holding + bonus
            gains[size] = max(-holding, gain if size == 0 else min(gain, gains[size - 1]))
            size += 1
    gains[size:] = -holding


@borrowing_kernel
def fill_debts(owed_cost: Floats, rate: Floats, region: Ints, charge: Floats, debt: Floats) -> None:
    """Fill what a unit gains beyond its charge where it is owed to a node's customers for sure, [node].

    `owed_cost` [cluster, rank] is per unit and day. What is owed by nation is left to the nation's own gain.
    """
    for node in range(region.size):
        debt[node] = -np.inf
        if rate[node] > 0.0:
            debt[node] = total(owed_cost[node]) + total(owed_cost[region.size + region[node]]) - charge[node]


@borrowing_kernel
def merge_gains(gains: Floats, size: int, curve: Floats) -> int:
    """Merge a falling curve into the first `size` of falling gains; return how many there are.

    The children's costs add up for the best split of their common stock (infimal convolution): the next unit goes
    where it gains most. What finds no room at the end is worth least.
    """
    ours, theirs = size - 1, curve.size - 1
    while ours + theirs + 2 > gains.size:
        if ours < 0 or (theirs >= 0 and curve[theirs] <= gains[ours]):
            theirs -= 1
        else:
            ours -= 1
    total = ours + theirs + 2
    for place in range(total - 1, -1, -1):
        if ours < 0 or (theirs >= 0 and curve[theirs] <= gains[ours]):
            gains[place] = curve[theirs]
            theirs -= 1
        else:
            gains[place] = gains[ours]
            ours -= 1
    return total


@borrowing_kernel
def fill_curve(
    gains: Floats,
    debt: float,
    mass: Floats,
    holding: float,
    fall: float,
    supplier_holding: float,
    below: int,
    curve: Floats,
) -> None:
    """Fill what each step of an upstream node's echelon is worth beyond its cost: its children's gains less demand.

    A step is taken while it is worth more than keeping it at the supplier. The curve begins `below` steps up.
    """
    first, end = 0, mass.size
    while first < end and mass[first] < _NEVER:
        first += 1
    while end > first and mass[end - 1] < _NEVER:
        end -= 1
    for level in range(curve.size):
        if 0 < level < first - below:
            curve[level] = curve[0]  # all of it is demanded before it arrives
        else:
            worth = upstream_worth(level + below - first, gains, debt, mass[first:end], holding) - fall
            curve[level] = max(-supplier_holding, worth)
