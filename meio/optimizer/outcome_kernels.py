"""What given levels of a product's supply trees lead to: stock on the shelves, what is owed, and their cost."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats
from meio.network.jit import kernel
from meio.optimizer.lattice_kernels import Lattice
from meio.optimizer.loss_kernels import survival_and_loss
from meio.optimizer.split_kernels import Split, add_demand, fill_part
from meio.optimizer.tree_demand_kernels import Tree


@kernel
def tree_outcome(
    tree: Tree, lattice: Lattice, split: Split, level: Floats, owed: Floats, waiting: Floats, shelf: Floats
) -> float:
    """Cost per day of echelon levels, [node] units; fills the units on each node's shelves.

    A node below whose level its children's levels add up to more has no stock of its own. `owed` [node, steps] and
    `waiting` [index] are scratch.
    """
    cost, step = 0.0, lattice.step
    part = np.zeros(owed.shape[1])
    for node in range(level.size):
        shelf[node] = 0.0
        if not tree.in_use[node]:
            continue
        source = tree.source[node]
        part[:] = 0.0
        part[0] = 1.0
        if source >= 0:
            fill_part(split.chance[node], split.first[node], split.end[node], owed[source], part)
        if tree.num_children[node] == 0:
            late = _expected_loss(tree, lattice, node, level[node], part)
            waits = 0.0
            for steps in range(part.size):
                waits += part[steps] * steps
            shelf[node] = max(0.0, level[node] - waits * step - tree.shelf_mean[node] + late)
            cost += tree.owed[node] * late + tree.charge[node] * level[node]
        else:
            own = own_level(tree, level, node)
            add_demand(part, lattice.mass[node], waiting)
            shelf[node] = _fill_owed(lattice, waiting, own, owed[node])
            cost += tree.charge[node] * (own if tree.branches[node] else level[node])
        cost += tree.holding[node] * shelf[node]
    return cost


@kernel
def own_level(tree: Tree, level: Floats, node: int) -> float:
    """A node's echelon level less those of its children, not below 0."""
    own = level[node]
    for child in range(node + 1, level.size):
        if tree.in_use[child] and tree.source[child] == node:
            own -= level[child]
    return float(max(0.0, own))


@kernel
def _expected_loss(tree: Tree, lattice: Lattice, node: int, level: float, part: Floats) -> float:
    """Expected units a leaf owes at a level, over what it waits for at its source."""
    step, zero, loss = lattice.step, lattice.zero, lattice.loss[node]
    late = 0.0
    for steps in range(part.size):
        if part[steps] == 0.0:
            continue
        position = level - steps * step
        if lattice.whole:
            index = zero + int(np.rint(position))
            late += part[steps] * (loss[min(index, lattice.size - 1)] if index >= 0 else loss[0] - index)
        else:
            _, beyond = survival_and_loss(lattice.family, tree.mean[node], tree.variance[node], position)
            late += part[steps] * beyond
    return late


@kernel
def _fill_owed(lattice: Lattice, waiting: Floats, own: float, owed: Floats) -> float:
    """Fill the distribution of what a node owes at its own level, in steps; return its expected shelf stock, units.

    A level between lattice points moves the distribution by a cubic's weights, which keep its first three moments.
    """
    place = own / lattice.step + lattice.zero
    whole = int(np.floor(place + 1e-9))
    u = 1.0 - max(0.0, place - whole)
    weights = (
        -u * (u - 1.0) * (u - 2.0) / 6.0,
        (u + 1.0) * (u - 1.0) * (u - 2.0) / 2.0,
        -(u + 1.0) * u * (u - 2.0) / 2.0,
        (u + 1.0) * u * (u - 1.0) / 6.0,
    )
    owed[:] = 0.0
    shelf = 0.0
    for index in range(waiting.size):
        if waiting[index] == 0.0:
            continue
        for k in range(4):
            beyond = index - whole + k - 2  # steps beyond the level
            mass = waiting[index] * weights[k]
            if beyond > 0:
                owed[min(beyond, owed.size - 1)] += mass
            else:
                owed[0] += mass
                shelf -= mass * beyond * lattice.step
    return shelf
