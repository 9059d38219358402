"""How the units that a node owes fall on the nodes it supplies, first come first served.

References
----------
Simon, R. (1971), "Stationary properties of a two-echelon inventory model for low demand items", Operations Research 19.
Graves, S. (1985), "A multi-echelon inventory model for a repairable item with one-for-one replenishment", Management
Science 31: the binomial split.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import kernel
from meio.optimizer.lattice_kernels import Lattice
from meio.optimizer.loss_kernels import normal_survival_and_loss
from meio.optimizer.tree_demand_kernels import Tree

_LEAST = 1e-14  # a row's probabilities below this are left out


class Split(NamedTuple):
    """The split of what sources owe, in lattice steps."""

    chance: Floats
    """[node, owed, part]: probability that the node waits for `part` of the steps its source owes."""
    first: Ints
    """[node, owed]: first part with a probability."""
    end: Ints
    """[node, owed]: one after the last."""


@kernel
def fill_split(tree: Tree, lattice: Lattice) -> Split:
    """The split for every node that another supplies; empty where nothing branches, for there everything goes on."""
    num_nodes, size = tree.share.size, lattice.size - lattice.zero
    shape = (num_nodes, size, size) if tree.branches.any() else (num_nodes, 0, 0)
    chance = np.zeros(shape)
    first, end = np.zeros((num_nodes, shape[1]), np.int64), np.zeros((num_nodes, shape[1]), np.int64)
    for node in range(num_nodes):
        if shape[1] > 0 and tree.in_use[node] and tree.source[node] >= 0:
            share, spread = tree.share[node], tree.spread[node]
            if is_binomial(tree, lattice, node):
                _fill_binomial(share, chance[node])
            else:
                _fill_spread(share, spread / lattice.step, chance[node])
            _fill_range(chance[node], first[node], end[node])
    return Split(chance, first, end)


@kernel
def is_binomial(tree: Tree, lattice: Lattice, node: int) -> bool:
    """Whether each unit that a node's source owes is the node's own with the same probability."""
    share = tree.share[node]
    return bool(lattice.whole and tree.spread[node] <= share * (1.0 - share) * (1.0 + 1e-6))


@kernel
def _fill_binomial(share: float, chance: Floats) -> None:
    """Each unit is the node's with probability `share`: rows by Pascal's recursion."""
    chance[0, 0] = 1.0
    for owed in range(1, chance.shape[0]):
        for part in range(owed + 1):
            chance[owed, part] = (1.0 - share) * chance[owed - 1, part]
            if part > 0:
                chance[owed, part] += share * chance[owed - 1, part - 1]


@kernel
def _fill_spread(share: float, spread: float, chance: Floats) -> None:
    """Rows with mean share·owed and about variance spread·owed, normal between none and all of it.

    What the two ends cut off is made good by some probability of one of them, so that the mean is right.
    """
    for owed in range(chance.shape[0]):
        mean = share * owed
        variance = max(0.0, min(spread * owed, share * (1.0 - share) * owed * owed) - 1.0 / 6.0)
        row = chance[owed]
        total, average, around = 0.0, 0.0, 2.0 + 8.0 * np.sqrt(variance)
        first, end = max(0, int(mean - around)), min(owed, int(mean + around)) + 1
        _, below = normal_survival_and_loss(mean, variance, first - 1.0)
        _, here = normal_survival_and_loss(mean, variance, float(first))
        for part in range(first, end):
            _, above = normal_survival_and_loss(mean, variance, part + 1.0)
            row[part] = max(0.0, below - 2.0 * here + above)
            total += row[part]
            average += row[part] * part
            below, here = here, above
        row[: owed + 1] /= total
        average /= total
        if average > mean:
            weight = mean / average
            row[: owed + 1] *= weight
            row[0] += 1.0 - weight
        elif average < mean:
            weight = (owed - mean) / (owed - average)
            row[: owed + 1] *= weight
            row[owed] += 1.0 - weight


@kernel
def _fill_range(chance: Floats, first: Ints, end: Ints) -> None:
    for owed in range(chance.shape[0]):
        low, high = 0, owed
        while low < high and chance[owed, low] < _LEAST:
            low += 1
        while high > low and chance[owed, high] < _LEAST:
            high -= 1
        first[owed], end[owed] = low, high + 1


@kernel
def fill_part(chance: Floats, first: Ints, end: Ints, owed: Floats, part: Floats) -> None:
    """Fill the distribution of a node's part of what its source owes, both in steps.

    `chance`, `first` and `end` are the node's rows of a `Split`; without any, all of it is the node's.
    """
    if chance.shape[0] == 0:
        part[:] = owed
        return
    part[:] = 0.0
    for steps in range(owed.size):
        if owed[steps] != 0.0:
            for own in range(first[steps], end[steps]):
                part[own] += owed[steps] * chance[steps, own]


@kernel
def add_demand(part: Floats, demand: Floats, waiting: Floats) -> None:
    """Fill the distribution of what a node waits for: its part of what its source owes and its window demand.

    `demand` and `waiting` lie on the lattice. What is beyond it stays on its last point.
    """
    waiting[:] = 0.0
    size = waiting.size
    low, high = 0, size - 1
    while low < high and demand[low] < _LEAST:
        low += 1
    while high > low and demand[high] < _LEAST:
        high -= 1
    for own in range(part.size):
        if abs(part[own]) > _LEAST:
            for index in range(low, high + 1):
                waiting[min(size - 1, own + index)] += part[own] * demand[index]
