"""Branching trees: the best base-stock levels when each node serves those it supplies first come, first served.

What a node waits for (its part of what its source owes, and its window demand) decides what it owes; given that, the
subtrees of its children do not depend on each other. So each level of a node is tried, and for each the best of every
subtree is found in turn. A chain needs no trying: its cost is a convex function of one number (`echelon_kernels`).

The enumeration is bounded without loss. A subtree costs at least what it would if its stock could be shared out anew
every time, and that is a convex function of one number (`echelon_kernels`). So a level costs at least the holding of
its shelf stock and those bounds of its children; levels are tried in the order of these least costs until the next one
is not below the best cost found, and a subtree is left as soon as it cannot make up for the rest. Chains cost just
their bound, so a node that supplies only chains needs one try.

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
from meio.optimizer.split_kernels import Split, add_demand, fill_part, is_binomial
from meio.optimizer.tree_demand_kernels import Tree

NODE, CHILD, RANK = range(3)  # Search.at
TRIED, BEST, FLOOR = range(3)  # Search.cost


class Search(NamedTuple):
    """What the enumeration looks up, and where it writes."""

    expected: Floats
    """[node, level, owed]: least cost per day of a subtree at its echelon level when its source owes so many steps"""
    near: Ints
    """[node]: echelon level of least expected cost found last, where the next search begins"""
    waiting: Floats
    """[depth, index]: distribution of what the node at a depth waits for"""
    covered: Floats
    """[depth, level]: probability that it owes nothing"""
    bound: Floats
    """[depth, level]: least cost of its subtree at its own level"""
    order: Ints
    """[depth, rank]: levels by their bounds"""
    at: Ints
    """[depth, place in the search]: NODE open there, next CHILD, RANK of the level tried"""
    cost: Floats
    """[depth, figure]: of the level TRIED, with bounds for children not searched yet; of the BEST one so far, or what
    it must beat; and the FLOOR that the subtree's bound was"""
    steps: Ints
    """[depth, node]: best levels of subtrees that begin at a depth, own levels of nodes that branch, in steps"""
    below: Bools
    """[node, node]: the second is in the first's subtree"""


@kernel
def new_search(tree: Tree, lattice: Lattice, split: Split, cost: Floats, slope: Floats) -> Search:
    """Prepare the search from the costs of echelon positions, [node, index], and their slopes below the lattice."""
    num_nodes, size = tree.rate.size, lattice.size - lattice.zero
    expected, below = np.zeros((num_nodes, size, size)), np.zeros((num_nodes, num_nodes), np.bool_)
    depths = np.ones(num_nodes, np.int64)
    for node in range(num_nodes):
        source = tree.source[node]
        if tree.in_use[node] and source >= 0:
            depths[node] = depths[source] + 1
            below[:, node] = below[:, source]
            below[source, node] = True
            if tree.branches[source] and is_binomial(tree, lattice, node):
                _fill_binomial_expected(cost[node], slope[node], tree.share[node], expected[node])
            elif tree.branches[source]:
                parts = (split.chance[node], split.first[node], split.end[node])
                _fill_expected(cost[node], slope[node] * lattice.step, lattice.zero, *parts, expected[node])
    deepest = depths.max() + 1
    return Search(
        expected,
        np.zeros(num_nodes, np.int64),
        np.zeros((deepest, lattice.size)),
        np.zeros((deepest, size)),
        np.zeros((deepest, size)),
        np.zeros((deepest, size), np.int64),
        np.zeros((deepest, 3), np.int64),
        np.zeros((deepest, 3)),
        np.zeros((deepest, num_nodes), np.int64),
        below,
    )


@kernel
def _fill_binomial_expected(cost: Floats, slope: float, share: float, expected: Floats) -> None:
    """As `_fill_expected` for whole units: one more that its source owes is the subtree's own or not."""
    size = expected.shape[0]
    expected[:, 0] = cost[:size]
    for owed in range(size - 1):
        for level in range(size):
            lower = expected[level - 1, owed] if level > 0 else expected[0, owed] - slope  # linear from level 0 down
            expected[level, owed + 1] = (1.0 - share) * expected[level, owed] + share * lower


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
def best_tree(tree: Tree, lattice: Lattice, split: Split, search: Search, root: int) -> float:
    """Least cost per day of a tree that branches; its levels are written to the first row of the search's steps.

    Depth first, one open node a depth: at each of its levels tried, the subtrees of its children are searched one after
    the other, given what the node waits for.
    """
    at, cost, num_nodes, depth = search.at, search.cost, tree.source.size, 0
    cost[depth, BEST] = np.inf
    _open(tree, lattice, split, search, root, depth)
    while depth >= 0:
        node, child = at[depth, NODE], at[depth, CHILD]
        while child < num_nodes and not (tree.in_use[child] and tree.source[child] == node):
            child += 1
        at[depth, CHILD] = child + 1
        level = search.order[depth, at[depth, RANK]]
        if child < num_nodes and tree.branches[child]:
            waits, place, covered = search.waiting[depth], lattice.zero + level, search.covered[depth, level]
            least = _best_position(search.expected[child], waits, place, covered, child, search.near)
            depth += 1
            cost[depth, FLOOR] = least
            cost[depth, BEST] = least + cost[depth - 1, BEST] - cost[depth - 1, TRIED]  # what is no better is of no use
            _open(tree, lattice, split, search, child, depth)
        elif child < num_nodes:
            waits, place, covered = search.waiting[depth], lattice.zero + level, search.covered[depth, level]
            _best_position(search.expected[child], waits, place, covered, child, search.near)
            search.steps[depth + 1, child] = search.near[child]
        elif not _next_level(tree, search, depth):
            depth -= 1
            if depth >= 0:
                cost[depth, TRIED] += cost[depth + 1, BEST] - cost[depth + 1, FLOOR]
                if cost[depth, TRIED] >= cost[depth, BEST] - _tie(search, depth):
                    at[depth, CHILD] = num_nodes
    return float(cost[0, BEST])


@kernel
def _open(tree: Tree, lattice: Lattice, split: Split, search: Search, node: int, depth: int) -> None:
    """Begin with a node at a depth: what it waits for, given its source's level tried, and bounds of its levels."""
    zero, size, at, waits = lattice.zero, lattice.size, search.at, search.waiting[depth]
    part = np.zeros(size - zero)
    part[0] = 1.0
    if depth > 0:
        level = search.order[depth - 1, at[depth - 1, RANK]]
        owed = np.zeros(size - zero)
        owed[0] = search.covered[depth - 1, level]
        owed[1 : size - zero - level] = search.waiting[depth - 1, zero + level + 1 :]
        fill_part(split.chance[node], split.first[node], split.end[node], owed, part)
    add_demand(part, lattice.mass[node], waits)
    bound, covered = search.bound[depth], search.covered[depth]
    share, shelf = 0.0, 0.0
    for index in range(size):
        share += waits[index]
        if index >= zero:
            bound[index - zero] = tree.holding[node] * shelf + tree.charge[node] * (index - zero) * lattice.step
            covered[index - zero] = share
        shelf += lattice.step * share
    for child in range(node + 1, tree.source.size):
        if tree.in_use[child] and tree.source[child] == node:
            expected = search.expected[child]
            for level in range(size - zero):
                place = zero + level
                bound[level] += _best_position(expected, waits, place, covered[level], child, search.near)
    search.order[depth] = np.argsort(bound)
    at[depth, NODE], at[depth, RANK] = node, -1
    _next_level(tree, search, depth)


@kernel
def _next_level(tree: Tree, search: Search, depth: int) -> bool:
    """Keep the level just tried at a depth if it is the best so far, and go to the next; whether it may be better."""
    at, cost, steps, order = search.at, search.cost, search.steps, search.order[depth]
    node, rank = at[depth, NODE], at[depth, RANK]
    if rank >= 0 and cost[depth, TRIED] < cost[depth, BEST] - _tie(search, depth):
        cost[depth, BEST] = cost[depth, TRIED]
        steps[depth, node] = order[rank]
        for other in range(node + 1, tree.source.size):
            if search.below[node, other]:
                steps[depth, other] = steps[depth + 1, other]
    rank += 1
    if rank >= order.size or search.bound[depth, order[rank]] >= cost[depth, BEST] - _tie(search, depth):
        return False
    cost[depth, TRIED] = search.bound[depth, order[rank]]
    at[depth, RANK], at[depth, CHILD] = rank, node + 1
    return True


@kernel
def _tie(search: Search, depth: int) -> float:
    """Difference in cost, money per day, that is none."""
    return float(1e-11 * (1.0 + abs(search.bound[depth, search.order[depth, 0]])))


@kernel
def _best_position(expected: Floats, source_waits: Floats, place: int, covered: float, node: int, near: Ints) -> float:
    """Least cost of a subtree over its echelon levels, a convex function of them: downhill from the last one found.

    `source_waits` is what its source waits for, on the lattice, `place` the source's level there, and `covered` the
    probability that it owes nothing. The best level is left in `near`.
    """
    last = source_waits.size - 1
    while last > place and source_waits[last] < 1e-16:
        last -= 1
    level = near[node]
    best = _expected_cost(expected[level], source_waits, place, last, covered)
    move = 1
    for _ in range(2):
        while 0 <= level + move < expected.shape[0]:
            cost = _expected_cost(expected[level + move], source_waits, place, last, covered)
            if cost >= best:
                break
            best, level = cost, level + move
        move = -1
    near[node] = level
    return best


@kernel
def _expected_cost(expected: Floats, source_waits: Floats, place: int, last: int, covered: float) -> float:
    """Expected cost of a chain at one level, [owed], over what its source owes."""
    cost = covered * expected[0]
    for index in range(place + 1, last + 1):
        cost += source_waits[index] * expected[index - place]
    return float(cost)
