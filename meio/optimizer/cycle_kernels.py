"""Order cycles: packs and minimum orders lift a node's position above its target, by another amount at each review.

A node that orders multiples of b finds its position anywhere from its target to b − 1 units above it, all equally
likely. Its level is the average position; what a level costs is the average over the cycle around it.

References
----------
Zipkin, P. (2000), "Foundations of Inventory Management", section 6.2: the uniform position of an (r, q) policy.
"""

from __future__ import annotations

import math

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.optimizer.cluster_kernels import LEAD_MEAN, LEAD_VARIANCE, WINDOW_VARIANCE, Classes
from meio.optimizer.model import PlanningModel


@borrowing_kernel
def cycle_units(pack: int, least_order: int, units_per_review: float) -> int:
    """Multiple that a node orders in: the pack, or the least order where a review interval's demand is less than it."""
    return least_order if units_per_review < least_order else pack


@borrowing_kernel
def fill_cycles(model: PlanningModel, product: int, lane: Ints, rate: Floats, cycle: Ints) -> None:
    """Fill the multiple in which each node orders for its own customers, units [node]; 1 without customers."""
    for node in range(lane.size):
        cycle[node] = 1
        if rate[node] > 0.0:
            pack, least_order = model.pack[product, lane[node]], model.least_order[product, lane[node]]
            cycle[node] = cycle_units(pack, least_order, rate[node] * model.review_days[lane[node]])


@borrowing_kernel
def cycle_variance(cycle: int) -> float:
    """Variance of a node's position over its order cycle, units²."""
    return (cycle * cycle - 1.0) / 12.0


@borrowing_kernel
def add_cycle_spread(cycle: Ints, region: Ints, nodes_too: bool, classes: Classes) -> None:
    """Let regions and nation (and nodes) cover how the positions of their nodes vary over the order cycles."""
    terms = classes.terms
    for node in range(cycle.size):
        if cycle[node] > 1:
            spread = cycle_variance(cycle[node])
            for cluster in (node, cycle.size + region[node], 2 * cycle.size):
                if cluster == node and not nodes_too:
                    continue
                for rank in range(terms.shape[1]):
                    terms[cluster, rank, WINDOW_VARIANCE] += spread
                    if terms[cluster, rank, LEAD_MEAN] > 0.0:
                        terms[cluster, rank, LEAD_VARIANCE] += spread


@kernel
def average_over_cycle(cycle: int, step: float, below_zero: float, values: Floats) -> None:
    """Average a lattice of values, one each `step` units, over the positions of an order cycle around each level.

    Below zero the values change by `below_zero` per unit. A level that no order reaches, because it lies between
    nothing and a target of one unit, is worth no more than nothing.
    """
    half = 0.5 * math.sqrt(cycle * cycle - 1.0)
    area = np.zeros(values.size)
    for level in range(1, values.size):
        area[level] = area[level - 1] + 0.5 * step * (values[level - 1] + values[level])
    average = np.empty(values.size)
    for level in range(values.size):
        above = area_up_to(level * step + half, step, below_zero, values, area)
        average[level] = (above - area_up_to(level * step - half, step, below_zero, values, area)) / (2.0 * half)
        if level * step < 1.0 + 0.5 * (cycle - 1.0):
            average[level] = values[0]
    values[:] = average


@borrowing_kernel
def area_up_to(units: float, step: float, below_zero: float, values: Floats, area: Floats) -> float:
    """Integral from zero of piecewise linear values, whose integrals up to each lattice level are given."""
    if units <= 0.0:
        return float(values[0] * units + 0.5 * below_zero * units * units)
    last = values.size - 1
    if units >= last * step:
        return float(area[last] + (units - last * step) * values[last])
    level = int(units / step)
    part = units / step - level
    return float(area[level] + step * part * (values[level] + 0.5 * part * (values[level + 1] - values[level])))
