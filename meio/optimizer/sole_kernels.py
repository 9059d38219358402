"""Nodes that stand alone: nobody gains by their stock but their own customers, so each is a newsvendor of its own.

Their levels need no table and no greedy search. What follows from a level is kept where tables keep it, so that only
the entries around the level are filled.
"""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel
from meio.optimizer.cluster_kernels import LEAD_MEAN, LOST_COST, OWED_COST, WINDOW_MEAN, WINDOW_VARIANCE
from meio.optimizer.loss_kernels import LARGEST_COUNTED_MEAN
from meio.optimizer.newsvendor_kernels import (
    COST,
    GAIN_BEYOND,
    LAST_GAIN,
    LEVEL,
    NEXT_GAIN,
    SHORT,
    solve_newsvendors,
)
from meio.optimizer.subproblem_kernels import MOST_STEPS, Tables
from meio.optimizer.table_kernels import highest_level


@borrowing_kernel
def stand_alone(terms: Floats, rate: Floats, region: Ints, cycle: Ints, charge: Floats) -> bool:
    """Whether all nodes stand alone: vendors supply them, no spill costs, no lead time, units are ordered singly."""
    num_nodes = region.size
    for cluster in range(rate.size):
        if rate[cluster] <= 0.0:
            continue
        for rank in range(terms.shape[1]):
            shared = terms[cluster, rank, LOST_COST] + terms[cluster, rank, OWED_COST]
            if cluster >= num_nodes and shared > 0.0:
                return False
            if terms[cluster, rank, LEAD_MEAN] > 0.0 or terms[cluster, rank, WINDOW_MEAN] >= LARGEST_COUNTED_MEAN:
                return False
        if cluster < num_nodes and (region[cluster] != cluster or cycle[cluster] > 1 or charge[cluster] <= 0.0):
            return False
    return True


@borrowing_kernel
def stock_sole_nodes(
    terms: Floats,
    rate: Floats,
    review_days: Floats,
    charge: Floats,
    ahead_days: float,
    tables: Tables,
    lattice: Ints,
) -> bool:
    """Fill the levels of nodes that stand alone, and the tables around them.

    Returns whether all were found; a charge next to nothing pays for more levels than a table has.
    """
    num_nodes, last = charge.size, terms.shape[1] - 1
    answers, charges = tables.answers, tables.charge[:num_nodes]
    for node in range(num_nodes):
        charges[node] = charge[node] if rate[node] > 0.0 else np.inf  # without demand, the terms are not filled
    solve_newsvendors(terms[:num_nodes], charges, tables.lockstep, answers[:num_nodes])
    tables.size[:] = 0
    lattice[:] = 0
    for node in range(num_nodes):
        if rate[node] <= 0.0:
            continue
        mean, variance = terms[node, last, WINDOW_MEAN], terms[node, last, WINDOW_VARIANCE]
        level = int(answers[node, LEVEL])
        if level > min(MOST_STEPS - 1.0, highest_level(mean, variance, rate[node], ahead_days)):
            return False
        tables.size[node] = level + 2
        tables.gain[node, max(0, level - 1)] = answers[node, LAST_GAIN]
        tables.gain[node, level], tables.gain[node, level + 1] = answers[node, NEXT_GAIN], answers[node, GAIN_BEYOND]
        tables.cost[node, level] = answers[node, COST]
        tables.unserved[node, level] = answers[node, SHORT] / review_days[node]
        lattice[node] = level
        lattice[num_nodes + node] = level
        lattice[2 * num_nodes] += level
    return True
