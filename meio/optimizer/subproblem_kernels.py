"""The product subproblem: levels of one product at every node and period, at given capacity prices.

Stock at a node serves its own customers first; what it cannot serve spills to the node's region, then to the nation,
then is lost or owed. Each cluster contributes a convex cost of its total level, so the least of their sum over the
laminar tree of clusters is found exactly by adding one step of stock at a time where it is worth most.

References
----------
Murota, K. (2003), "Discrete Convex Analysis", SIAM, sections 6.3 and 10.1: laminar convex functions, greedy ascent.
Clark, A. and Scarf, H. (1960), "Optimal policies for a multi-echelon inventory problem", Management Science 6: the
upstream node's problem.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.optimizer.newsvendor_kernels import NUM_ANSWERS, Lockstep, new_lockstep

MOST_STEPS = 1000  # lattice steps of one cluster: fast movers are planned in steps of several units
MOST_UPSTREAM_STEPS = 12 * MOST_STEPS  # of one upstream node's echelon


class Tables(NamedTuple):
    """Cost of each cluster over its lattice of levels, money per day."""

    size: Ints
    """[cluster]: number of lattice levels filled"""
    gain: Floats
    """[cluster, level]: cost saved by one more unit at this level, never increasing"""
    cost: Floats
    """[cluster, level]"""
    unserved: Floats
    """[cluster, level]: units per day that leave the cluster unserved"""
    lost: Floats
    """[level]: scratch"""
    backlog: Floats
    """[level]: scratch"""
    next_gain: Floats
    """[cluster]: scratch, what its next step of stock gains beyond the charge"""
    charge: Floats
    """[cluster]: scratch of nodes that stand alone"""
    answers: Floats
    """[cluster, answer]: likewise"""
    lockstep: Lockstep


@kernel
def new_tables(num_clusters: int, num_speeds: int) -> Tables:
    """Empty `Tables`."""
    shape = (num_clusters, MOST_STEPS + 2)  # read only where it was filled
    return Tables(
        np.zeros(num_clusters, np.int64),
        np.empty(shape),
        np.empty(shape),
        np.empty(shape),
        np.zeros(MOST_STEPS + 2),
        np.zeros(MOST_STEPS + 2),
        np.zeros(num_clusters),
        np.zeros(num_clusters),
        np.zeros((num_clusters, NUM_ANSWERS)),
        new_lockstep(num_speeds, MOST_STEPS),
    )


@kernel
def fill_gains(cost: Floats, step: float, gain: Floats) -> None:
    """Saving per unit of each next step under the cost's convex hull (pooling adjacent violators)."""
    size = cost.size
    weight = np.empty(size)
    pooled = 0
    for level in range(size - 1):
        gain[pooled] = (cost[level] - cost[level + 1]) / step
        weight[pooled] = 1.0
        pooled += 1
        while pooled > 1 and gain[pooled - 1] > gain[pooled - 2]:
            total = weight[pooled - 1] + weight[pooled - 2]
            mean = gain[pooled - 1] * weight[pooled - 1] + gain[pooled - 2] * weight[pooled - 2]
            gain[pooled - 2] = mean / total
            weight[pooled - 2] = total
            pooled -= 1
    level = size - 1
    gain[level] = 0.0
    for block in range(pooled - 1, -1, -1):
        for _ in range(int(weight[block])):
            level -= 1
            gain[level] = gain[block]


@borrowing_kernel
def at(sizes: Ints, table: Floats, cluster: int, level: int) -> float:
    """Value of a cluster's table at a lattice level, its last value beyond, zero where it has no demand."""
    size = sizes[cluster]
    return float(table[cluster, min(level, size - 1)]) if size > 0 else 0.0


@borrowing_kernel
def add_stock(tables: Tables, region: Ints, charge: Floats, levels: Ints, order_node: Ints, order_gain: Floats) -> int:
    """Add steps of stock where they are worth most until none is worth its charge; return the number of steps.

    `charge` [node] is what one more unit at a node costs per day (inf: cannot be stocked). The nodes that received
    each step, and its gain at node and region beyond the charge, are kept for the upstream node's problem.
    """
    sizes, gains, next_gain, num_nodes = tables.size, tables.gain, tables.next_gain, region.size
    nation, steps = 2 * num_nodes, 0
    for cluster in range(levels.size):
        levels[cluster] = 0
        next_gain[cluster] = gains[cluster, 0] if sizes[cluster] > 0 else 0.0
    for node in range(num_nodes):
        next_gain[node] = next_gain[node] - charge[node] if sizes[node] > 1 else -np.inf
    while steps < order_node.size:
        best, most = -1, -np.inf
        for node in range(num_nodes):
            gain = next_gain[node] + next_gain[num_nodes + region[node]]
            if gain > most:
                best, most = node, gain
        if best < 0 or most + next_gain[nation] <= 1e-12:
            break
        order_node[steps], order_gain[steps] = best, most
        steps += 1
        for cluster in (best, num_nodes + region[best], nation):
            levels[cluster] += 1
            if sizes[cluster] > 0:
                next_gain[cluster] = gains[cluster, min(levels[cluster], sizes[cluster] - 1)]
        next_gain[best] = next_gain[best] - charge[best] if levels[best] + 1 < sizes[best] else -np.inf
    return steps


@borrowing_kernel
def upstream_worth(level: int, gains: Floats, debt: float, mass: Floats, holding: float) -> float:
    """Worth of one more unit at an upstream node's lattice level: what a child gains, or less its holding.

    `debt` is what a unit gains that is owed before any child has stock.
    """
    worth = 0.0
    allocated = max(0, min(level + 1 - gains.size, mass.size))  # steps of demand that leave every child its steps
    for k in range(allocated):
        worth -= mass[k] * holding
    for k in range(allocated, mass.size):
        if gains.size > 0:  # else no child waits for a unit
            worth += mass[k] * (gains[level - k] if k <= level else debt)
    return worth


@borrowing_kernel
def best_upstream_level(highest: int, gains: Floats, debt: float, mass: Floats, holding: float, charge: float) -> int:
    """Least lattice level, up to `highest`, at which one more unit is not worth its charge."""
    low, high = 0, highest
    while low < high:
        middle = (low + high) // 2
        if upstream_worth(middle, gains, debt, mass, holding) > charge:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def upstream_outcome(level: int, step: float, gains: Floats, debt: float, mass: Floats) -> tuple[float, float]:
    """Cost per day of children left short at an upstream lattice level, and the expected unallocated units."""
    short = np.zeros(gains.size + 1)  # [stock]: value of the steps that this stock cannot give
    for left in range(gains.size - 1, -1, -1):
        short[left] = short[left + 1] + step * gains[left]
    shortage_cost, unallocated = 0.0, 0.0
    for k in range(mass.size):
        left = level - k
        if left >= gains.size:
            unallocated += mass[k] * (left - gains.size) * step
        elif left >= 0:
            shortage_cost += mass[k] * short[left]
        elif gains.size > 0:
            shortage_cost += mass[k] * (short[0] - left * step * debt)
    return shortage_cost, unallocated
