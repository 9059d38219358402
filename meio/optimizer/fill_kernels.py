"""What shortage costs at each lattice level of every cluster."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel
from meio.optimizer.array_kernels import total
from meio.optimizer.cluster_kernels import (
    LEAD_MEAN,
    LEAD_VARIANCE,
    LOST_COST,
    OWED_COST,
    WINDOW_MEAN,
    WINDOW_VARIANCE,
    Classes,
)
from meio.optimizer.cycle_kernels import average_over_cycle
from meio.optimizer.loss_kernels import COUNT, POINTS, fill_shortage
from meio.optimizer.subproblem_kernels import MOST_STEPS, Tables, fill_gains
from meio.optimizer.table_kernels import highest_level


@borrowing_kernel
def fill_tables(
    family: int,
    classes: Classes,
    step: float,
    ahead_days: float,
    cycle: Ints,
    values: Floats,
    cumulative: Floats,
    tables: Tables,
) -> None:
    """Cost, gain and unserved units of every cluster with demand, over its lattice.

    Nodes' are averages over their order cycles, `cycle` [node] units long; continuous demand has the cycles' spread in
    its own.
    """
    rates, terms, review_days = classes.rate, classes.terms, classes.review_days
    sizes, costs, unserved, gains = tables.size, tables.cost, tables.unserved, tables.gain
    lost, backlog = tables.lost, tables.backlog
    last, counted = terms.shape[1] - 1, family in (COUNT, POINTS)
    for cluster in range(rates.size):
        sizes[cluster] = 0
        if rates[cluster] <= 0.0:
            continue
        mean, variance = terms[cluster, last, WINDOW_MEAN], terms[cluster, last, WINDOW_VARIANCE]
        units = cycle[cluster] if counted and cluster < cycle.size else 1
        highest = highest_level(mean, variance, rates[cluster], ahead_days)
        size = min(MOST_STEPS + 2, int((highest + units - 1.0) / step) + 2)
        sizes[cluster] = size
        fill_cost(family, terms, cluster, step, size, values, cumulative, lost, backlog, costs)
        days = review_days[cluster]
        for level in range(size):
            unserved[cluster, level] = lost[level] / days
        if units > 1:
            average_over_cycle(units, step, -total(terms[cluster, :, OWED_COST]), costs[cluster, :size])
            average_over_cycle(units, step, 0.0, unserved[cluster, :size])
        if not fill_falling_gains(costs, cluster, size, step, gains):
            fill_gains(costs[cluster, :size], step, gains[cluster, :size])


@borrowing_kernel
def fill_cost(
    family: int,
    terms: Floats,
    cluster: int,
    step: float,
    size: int,
    values: Floats,
    cumulative: Floats,
    lost: Floats,
    backlog: Floats,
    costs: Floats,
) -> None:
    """Cost per day at a cluster's first `size` levels; `lost` then holds the units lost per cycle there."""
    last = terms.shape[1] - 1
    for level in range(size):
        costs[cluster, level] = 0.0
    for rank in range(last + 1):
        lost_cost, owed_cost = terms[cluster, rank, LOST_COST], terms[cluster, rank, OWED_COST]
        mean = terms[cluster, rank, WINDOW_MEAN]
        if mean <= 0.0 or (lost_cost <= 0.0 and owed_cost <= 0.0 and rank < last):
            continue
        fill_shortage(
            family,
            mean,
            terms[cluster, rank, WINDOW_VARIANCE],
            terms[cluster, rank, LEAD_MEAN],
            terms[cluster, rank, LEAD_VARIANCE],
            values,
            cumulative,
            step,
            lost[:size],
            backlog[:size],
        )
        for level in range(size):
            costs[cluster, level] += lost_cost * lost[level] + owed_cost * backlog[level]


@borrowing_kernel
def fill_falling_gains(costs: Floats, cluster: int, size: int, step: float, gains: Floats) -> bool:
    """Saving per unit of each next step of a cluster's stock; whether it never rises, as that of a convex cost."""
    falling, before = True, np.inf
    for level in range(size - 1):
        gain = (costs[cluster, level] - costs[cluster, level + 1]) / step
        gains[cluster, level] = gain
        falling = falling and gain <= before
        before = gain
    gains[cluster, size - 1] = 0.0
    return falling
