"""Branching trees: the best base-stock levels when each node serves those it supplies first come, first served.

What a node waits for (its part of what its source owes, and its window demand) decides what it owes; given that, the
subtrees of its children do not depend on each other. So each level of a node is tried, and for each the best of every
subtree is found in turn. A chain needs no trying: its cost is a convex function of one number (`echelon_kernels`).

The enumeration is bounded without loss. Levels start at 0. As a level rises, its shelf stock and hence its holding
cost rise, and no subtree can cost less than its chains do without any waiting: once the holding cost and those floors
together reach the best cost found, no higher level can be better. Nor can one once the node almost surely owes nothing.

References
----------
Axsäter, S. (1990), "Simple solution procedures for a class of two-echelon inventory problems", Operations Research 38.
Graves, S. (1985), "A multi-echelon inventory model for a repairable item with one-for-one replenishment", Management
Science 31.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Bools, Floats, Ints
from meio.network.jit import kernel
from meio.optimizer.lattice_kernels import Lattice
from meio.optimizer.split_kernels import Split, add_demand, fill_part
from meio.optimizer.tree_demand_kernels import Tree

_LEAST = 1e-13  # probability that counts as none


class Search(NamedTuple):
    """What the enumeration looks up, and where it writes."""

    expected: Floats
    """[chain, level, owed]: cost per day of a chain at its echelon level, in steps, when its source owes so many."""
    floor: Floats
    """[node]: least cost per day of the subtree's chains when nothing is waited for"""
    near: Ints
    """[chain]: best level found last, where the next search begins"""
    waiting: Floats
    """[depth, index]: distribution of what the node at a depth waits for"""
    steps: Ints
    """[depth, node]: best levels of subtrees that begin at a depth, own levels of nodes that branch, in steps"""
    below: Bools
    """[node, node]: the second is in the first's subtree"""


@kernel
def new_search(tree: Tree, lattice: Lattice, split: Split, cost: Floats, slope: Floats) -> Search:
    """Prepare the search from the chains' costs of position, [node, index], and their slopes below the lattice."""
    num_nodes, size = tree.rate.size, lattice.size - lattice.zero
    expected, floor = np.zeros((num_nodes, size, size)), np.zeros(num_nodes)
    depths, below = np.ones(num_nodes, np.int64), np.zeros((num_nodes, num_nodes), np.bool_)
    for node in range(num_nodes):
        if tree.in_use[node] and tree.source[node] >= 0:
            depths[node] = depths[tree.source[node]] + 1
            below[:, node] = below[:, tree.source[node]]
            below[tree.source[node], node] = True
    for node in range(num_nodes - 1, -1, -1):
        source = tree.source[node]
        if not tree.in_use[node] or (source >= 0 and not tree.branches[source]):
            continue
        if not tree.branches[node]:
            floor[node] = cost[node, lattice.zero :].min()
        if source >= 0:
            floor[source] += floor[node]
            if not tree.branches[node]:
                parts = (split.chance[node], split.first[node], split.end[node])
                _fill_expected(cost[node], slope[node] * lattice.step, lattice.zero, *parts, expected[node])
    return Search(
        expected,
        floor,
        np.zeros(num_nodes, np.int64),
        np.zeros((depths.max() + 1, lattice.size)),
        np.zeros((depths.max() + 1, num_nodes), np.int64),
        below,
    )


@kernel
def _fill_expected(
    cost: Floats, steepness: float, zero: int, chance: Floats, first: Ints, end: Ints, expected: Floats
) -> None:
    """Cost of each level of a chain when its source owes a number of steps, of which its part is random."""
    for level in range(expected.shape[0]):
        for owed in range(expected.shape[1]):
            total = 0.0
            for part in range(first[owed], end[owed]):
                place = zero + level - part
                value = cost[place] if place >= 0 else cost[0] + steepness * place
                total += chance[owed, part] * value
            expected[level, owed] = total


@kernel
def best_subtree(
    tree: Tree,
    lattice: Lattice,
    split: Split,
    search: Search,
    node: int,
    depth: int,
    source_waits: Floats,
    place: int,
    covered: float,
) -> float:
    """Least cost per day of a subtree; its levels are written to row `depth` of the search's steps.

    `source_waits` is what its source waits for, on the lattice, `place` the source's level there, and `covered` the
    probability that it owes nothing.
    """
    if not tree.branches[node]:
        return _best_chain(search.expected[node], source_waits, place, covered, node, search.near, search.steps[depth])
    owed, part = np.zeros(lattice.size - lattice.zero), np.zeros(lattice.size - lattice.zero)
    owed[0] = covered
    owed[1 : lattice.size - place] = source_waits[place + 1 :]
    fill_part(split.chance[node], split.first[node], split.end[node], owed, part)
    waits, zero, step, steps = search.waiting[depth], lattice.zero, lattice.step, search.steps
    add_demand(part, lattice.mass[node], waits)
    best, shelf, share = np.inf, 0.0, 0.0
    for index in range(zero):
        share += waits[index]
        shelf += step * share
    for index in range(zero, lattice.size):
        share += waits[index]
        cost = tree.holding[node] * shelf + tree.charge[node] * (index - zero) * step
        if cost + search.floor[node] >= best and tree.charge[node] >= 0.0:
            break
        for child in range(node + 1, tree.source.size):
            if tree.in_use[child] and tree.source[child] == node:
                cost += best_subtree(tree, lattice, split, search, child, depth + 1, waits, index, share)
        if cost < best:
            best = cost
            steps[depth, node] = index - zero
            for other in range(node + 1, tree.source.size):
                if search.below[node, other]:
                    steps[depth, other] = steps[depth + 1, other]
        if share > 1.0 - _LEAST and tree.charge[node] >= 0.0:
            break
        shelf += step * share
    return best


@kernel
def _best_chain(
    expected: Floats, source_waits: Floats, place: int, covered: float, node: int, near: Ints, steps: Ints
) -> float:
    """Least cost of a chain over its echelon levels, a convex function of them: downhill from the last one found."""
    last = source_waits.size - 1
    while last > place and source_waits[last] < 1e-16:
        last -= 1
    level = near[node]
    best = _chain_cost(expected[level], source_waits, place, last, covered)
    move = 1
    for _ in range(2):
        while 0 <= level + move < expected.shape[0]:
            cost = _chain_cost(expected[level + move], source_waits, place, last, covered)
            if cost >= best:
                break
            best, level = cost, level + move
        move = -1
    near[node], steps[node] = level, level
    return best


@kernel
def _chain_cost(expected: Floats, source_waits: Floats, place: int, last: int, covered: float) -> float:
    """Expected cost of a chain at one level, [owed], over what its source owes."""
    cost = covered * expected[0]
    for index in range(place + 1, last + 1):
        cost += source_waits[index] * expected[index - place]
    return float(cost)
