"""The subproblem of one product and period in the sampled model: the levels of least priced cost.

Steepest descent on whole units available: at an assignment that is best in every sample, the shortest ways of the
samples add up to the exact change in cost of one unit more, less, or moved from one node to another. Steps double while
they go on in one direction, until the cost rises for the first time, and halve whenever it rises.

References
----------
Murota 2003 (steepest descent for M-convex functions).
"""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import kernel
from meio.optimizer.recourse_kernels import change_stock, serve_greedily, settle

_ENOUGH = -1e-9  # relative to the greatest gain of an order: no move saves more


@kernel
def solve_products(
    first: int,
    end: int,
    most_available: Floats,
    stock_cost: Floats,
    gain: Floats,
    available: Ints,
    flow: Ints,
    idle: Ints,
    unmet: Ints,
    cost: Floats,
    shipped: Floats,
) -> None:
    """Solve all periods of products first to end - 1, from where the assignments stand.

    Parameters
    ----------
    most_available : array [product]
        Upper bound of the units available at a node.
    stock_cost : array [product, period, node]
        Cost of one unit available over a window, prices included, money.
    gain : array [product, period, node, class]
        What serving an order saves, prices included, money; -inf: the node cannot.
    available : array of int [product, period, node]
        Units available; changed to the best.
    flow : array of int [product, period, sample, node, class]
    idle : array of int [product, period, sample, node]
    unmet : array of int [product, period, sample, class]
        The assignments of each sample, which belong to `available`; changed.
    cost : array [product, period]
        Cost of stock less mean gain of the window, money.
    shipped : array [product, period, node]
        Mean units shipped in the window.
    """
    for product in range(first, end):
        for period in range(cost.shape[1]):
            cost[product, period] = _descend(
                most_available[product],
                stock_cost[product, period],
                gain[product, period],
                available[product, period],
                flow[product, period],
                idle[product, period],
                unmet[product, period],
            )
            num_samples = flow.shape[2]
            for node in range(shipped.shape[2]):
                shipped[product, period, node] = flow[product, period, :, node].sum() / num_samples


@kernel
def _descend(
    most: float, stock_cost: Floats, gain: Floats, available: Ints, flow: Ints, idle: Ints, unmet: Ints
) -> float:
    """Least cost over the units available; see `solve_products`."""
    root = available.size
    slope = np.empty((root + 1, root + 1))
    way = np.empty((root + 1, root + 1))
    via = np.empty((root + 1, root + 1), np.int64)
    first_step = np.empty((root + 1, root + 1), np.int64)
    enough = _ENOUGH * max(1e-12, gain.max())
    most_first = np.argsort(-gain.ravel())[: (gain > 0.0).sum()]
    for sample in range(flow.shape[0]):
        serve_greedily(most_first, flow[sample], idle[sample], unmet[sample])
    before, size, last_a, last_b, grows = np.inf, 1, -1, -1, True
    while True:
        cost = _settle_all(stock_cost, gain, available, flow, idle, unmet, slope, way, via, first_step)
        a, b, saving = _best_move(most, stock_cost, available, slope)
        if saving >= enough:
            return cost
        if cost >= before:
            size, grows = max(1, size // 2), False
        elif grows and a == last_a and b == last_b:
            size *= 2
        units = size
        if a != root:
            units = min(units, int(most) - available[a])
        if b != root:
            units = min(units, available[b])
        _step(a, units, gain, available, flow, idle, unmet)
        _step(b, -units, gain, available, flow, idle, unmet)
        before, last_a, last_b = cost, a, b


@kernel
def _settle_all(
    stock_cost: Floats,
    gain: Floats,
    available: Ints,
    flow: Ints,
    idle: Ints,
    unmet: Ints,
    slope: Floats,
    way: Floats,
    via: Ints,
    first_step: Ints,
) -> float:
    """Settle every sample; fill the mean of the ways and return the cost."""
    num_samples = flow.shape[0]
    slope[:] = 0.0
    total = 0.0
    for sample in range(num_samples):
        total += settle(gain, flow[sample], idle[sample], unmet[sample], way, via, first_step)
        for a in range(way.shape[0]):
            for b in range(way.shape[0]):
                slope[a, b] += way[a, b]
    for a in range(way.shape[0]):
        for b in range(way.shape[0]):
            slope[a, b] /= num_samples
    cost = -total / num_samples
    for node in range(available.size):
        if available[node] > 0:
            cost += stock_cost[node] * available[node]
    return float(cost)


@kernel
def _best_move(most: float, stock_cost: Floats, available: Ints, slope: Floats) -> tuple[int, int, float]:
    """The move of one unit from b to a that saves most, and the change in cost; the root is no node."""
    root = available.size
    best_a, best_b, least = -1, -1, 0.0
    for a in range(root + 1):
        if a != root and available[a] >= most:
            continue
        for b in range(root + 1):
            if a == b or (b != root and available[b] == 0):
                continue
            change = slope[a, b]
            if a != root:
                change += stock_cost[a]
            if b != root:
                change -= stock_cost[b]
            if change < least:
                best_a, best_b, least = a, b, change
    return best_a, best_b, least


@kernel
def _step(node: int, units: int, gain: Floats, available: Ints, flow: Ints, idle: Ints, unmet: Ints) -> None:
    """Change the units available at a node in every sample; nothing at the root."""
    if node == available.size:
        return
    available[node] += units
    for sample in range(flow.shape[0]):
        change_stock(node, units, gain, flow[sample], idle[sample], unmet[sample])
