"""Serial chains: the cost of a stage's echelon position, its best levels below included.

Γ is what a stage's child costs at the echelon stock x left to it, when it takes what is best for it and no more than
there is; the rest stays on the stage's shelves. With D the demand of the stage's window,

    cost(y) = charge·y + h·E(y − D) + E Γ(y − D)        Γ(x) = cost of the child at min(S, x) − h·min(S, x)

where S is the child's best level. Units on the way cost nothing here: that is a lane's cost per unit.

References
----------
Clark, A. and Scarf, H. (1960), "Optimal policies for a multi-echelon inventory problem", Management Science 6.
Chen, F. and Zheng, Y.-S. (1994), "Lower bounds for multi-echelon stochastic inventory systems", Management Science 40.
"""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats
from meio.network.jit import kernel
from meio.optimizer.lattice_kernels import Lattice
from meio.optimizer.loss_kernels import survival_and_loss
from meio.optimizer.tree_demand_kernels import Tree

_LEAST = 1e-16  # probabilities below this are left out


@kernel
def solve_chains(tree: Tree, lattice: Lattice, cost: Floats, slope: Floats, level: Floats) -> None:
    """Solve every node below which nothing branches, leaves first.

    Fills each one's cost of its echelon position, [node, index]; the slope of that below the lattice, where all demand
    is owed, [node]; and its best echelon level where it is not held back, [node] units.
    """
    for node in range(tree.rate.size - 1, -1, -1):
        if not tree.in_use[node] or tree.branches[node]:
            continue
        if tree.num_children[node] == 0:
            _fill_leaf_cost(tree, lattice, node, cost[node])
            slope[node] = tree.charge[node] - tree.owed[node]
        else:
            child = 0
            while tree.source[child] != node or not tree.in_use[child]:
                child += 1
            slope[node] = tree.charge[node] + slope[child]
            _fill_stage_cost(tree, lattice, node, cost[child], slope[child], level[child], cost[node])
        source = tree.source[node]
        saved = tree.holding[source] if source >= 0 and not tree.branches[source] else 0.0
        level[node] = _best_level(tree, lattice, node, saved, cost[node])


@kernel
def _fill_leaf_cost(tree: Tree, lattice: Lattice, node: int, cost: Floats) -> None:
    """Cost per day at each position of a node that serves customers."""
    holding, owed, loss = tree.holding[node], tree.owed[node], lattice.loss[node]
    for index in range(lattice.size):
        position = (index - lattice.zero) * lattice.step
        shelf = position - tree.shelf_mean[node] + loss[index]
        cost[index] = tree.charge[node] * position + holding * shelf + owed * loss[index]


@kernel
def _fill_stage_cost(
    tree: Tree, lattice: Lattice, node: int, child_cost: Floats, child_slope: float, child_level: float, cost: Floats
) -> None:
    """Cost per day at each echelon position of a node that supplies another."""
    step, zero, size, holding = lattice.step, lattice.zero, lattice.size, tree.holding[node]
    best = value_at(child_cost, child_level / step + zero, lattice.whole) - holding * child_level
    left = np.empty(size)  # Γ
    for index in range(size):
        stock = (index - zero) * step
        left[index] = best if stock >= child_level else child_cost[index] - holding * stock
    mass = lattice.mass[node]
    first, last = 0, size - 1
    while first < last and mass[first] < _LEAST:
        first += 1
    while last > first and mass[last] < _LEAST:
        last -= 1
    steepness = (child_slope - holding) * step
    for index in range(size):
        total = 0.0
        for demand in range(first, last + 1):
            place = index - demand + zero
            if place >= size:
                total += mass[demand] * best
            elif place >= 0:
                total += mass[demand] * left[place]
            else:
                total += mass[demand] * (left[0] + steepness * place)
        position = (index - zero) * step
        cost[index] = tree.charge[node] * position + holding * (position - tree.mean[node]) + total


@kernel
def _best_level(tree: Tree, lattice: Lattice, node: int, saved: float, cost: Floats) -> float:
    """Least level at which cost less `saved` per unit is least; between lattice points where levels are no counts."""
    step, zero = lattice.step, lattice.zero
    best = zero
    for index in range(zero + 1, lattice.size):
        if cost[index] - cost[best] - saved * (index - best) * step < -1e-12 * (1.0 + abs(cost[best])):
            best = index
    if lattice.whole or best == lattice.size - 1:
        return (best - zero) * step
    if tree.num_children[node] == 0:
        return _refined_leaf(tree, lattice, node, saved, (best - zero) * step)
    if best == 0:
        return 0.0
    before, after = cost[best - 1] + saved * step, cost[best + 1] - saved * step
    bend = before - 2.0 * cost[best] + after
    move = 0.5 * (before - after) / bend if bend > 0.0 else 0.0
    return max(0.0, (best - zero + min(1.0, max(-1.0, move))) * step)


@kernel
def _refined_leaf(tree: Tree, lattice: Lattice, node: int, saved: float, near: float) -> float:
    """The newsvendor's level of a leaf, by bisection on its slope."""
    low, high = max(0.0, near - 2.0 * lattice.step), near + 2.0 * lattice.step
    fixed = tree.charge[node] + tree.holding[node] - saved
    for _ in range(80):
        middle = 0.5 * (low + high)
        survival, _ = survival_and_loss(lattice.family, tree.mean[node], tree.variance[node], middle)
        if fixed - (tree.holding[node] + tree.owed[node]) * survival < 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@kernel
def value_at(cost: Floats, index: float, whole: bool) -> float:
    """A cost between lattice points, by the cubic through the nearest four."""
    nearest = int(np.rint(index))
    if whole or abs(index - nearest) < 1e-12:
        return float(cost[min(nearest, cost.size - 1)])
    first = min(max(int(index) - 1, 0), cost.size - 4)
    t = index - first
    return float(
        -cost[first] * (t - 1.0) * (t - 2.0) * (t - 3.0) / 6.0
        + cost[first + 1] * t * (t - 2.0) * (t - 3.0) / 2.0
        - cost[first + 2] * t * (t - 1.0) * (t - 3.0) / 2.0
        + cost[first + 3] * t * (t - 1.0) * (t - 2.0) / 6.0
    )
