"""The cost of a stage's echelon position, the best levels below included: exact in chains, a bound where trees branch.

Γ is what a stage's child costs at the echelon stock x left to it, when it takes what is best for it and no more than
there is; the rest stays on the stage's shelves. With D the demand of the stage's window,

    cost(y) = charge·y + h·E(y − D) + E Γ(y − D)        Γ(x) = cost of the child at min(S, x) − h·min(S, x)

where S is the child's best level. With several children Γ shares x out among them; no policy can do better than to do
that anew every time, so the cost is then a lower bound for first come, first served. Units on the way cost nothing
here: that is a lane's cost per unit.

References
----------
Clark, A. and Scarf, H. (1960), "Optimal policies for a multi-echelon inventory problem", Management Science 6.
Federgruen, A. and Zipkin, P. (1984), "Approximations of dynamic, multilocation production and inventory problems",
Management Science 30: the bound.
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
def solve_positions(tree: Tree, lattice: Lattice, cost: Floats, slope: Floats, level: Floats) -> None:
    """Fill every node's least cost per day at its echelon position, [node, index], leaves first.

    Exact where nothing branches; there the best echelon level, where it is not held back, is filled too, [node] units.
    Elsewhere a lower bound, for it lets stock be shared out anew every time. Also fills the slope of the cost below the
    lattice, where all demand is owed, [node].
    """
    left = np.empty(lattice.size)  # Γ
    for node in range(tree.rate.size - 1, -1, -1):
        if not tree.in_use[node]:
            continue
        if tree.num_children[node] == 0:
            _fill_leaf_cost(tree, lattice, node, cost[node])
            slope[node] = tree.charge[node] - tree.owed[node]
        else:
            if tree.branches[node]:
                slope[node] = _fill_shared(tree, lattice, node, cost, slope, left)
                fixed, charge = min(0.0, tree.charge[node]) * lattice.size * lattice.step, 0.0
            else:
                slope[node] = tree.charge[node] + _fill_left(tree, lattice, node, cost, slope, level, left)
                fixed, charge = 0.0, tree.charge[node]
            steepness = (slope[node] - charge - tree.holding[node]) * lattice.step
            _fill_stage_cost(tree, lattice, node, charge, steepness, left, cost[node])
            cost[node] += fixed
        source = tree.source[node]
        saved = tree.holding[source] if source >= 0 and not tree.branches[source] else 0.0
        if not tree.branches[node]:
            level[node] = _best_level(tree, lattice, node, saved, cost[node])


@kernel
def _fill_left(
    tree: Tree, lattice: Lattice, node: int, cost: Floats, slope: Floats, level: Floats, left: Floats
) -> float:
    """Γ of a node that supplies one other, on the lattice of stocks; returns the slope of the child's cost below it."""
    child = node + 1
    while not (tree.in_use[child] and tree.source[child] == node):
        child += 1
    holding, step, zero = tree.holding[node], lattice.step, lattice.zero
    best = value_at(cost[child], level[child] / step + zero, lattice.whole) - holding * level[child]
    for index in range(lattice.size):
        stock = (index - zero) * step
        left[index] = best if stock >= level[child] else cost[child, index] - holding * stock
    return float(slope[child])


@kernel
def _fill_shared(tree: Tree, lattice: Lattice, node: int, cost: Floats, slope: Floats, left: Floats) -> float:
    """Γ of a node that supplies several: what they cost when its stock is shared out among them for the best.

    Their costs are convex, so each step goes where it saves most. The child that minds least owes without limit: no
    step that saves less than a unit saves there is left to it. Returns the slope of the cost below the lattice.
    """
    holding, step, size = tree.holding[node], lattice.step, lattice.size
    place = np.full(slope.size, -1)
    flattest = -np.inf
    for child in range(node + 1, slope.size):
        if tree.in_use[child] and tree.source[child] == node:
            place[child] = 0
            flattest = max(flattest, slope[child])
    value, stock = 0.0, lattice.zero  # index of the stock shared out so far
    for child in range(node + 1, slope.size):
        if place[child] >= 0:
            while place[child] + 1 < size and _saving(cost[child], place[child]) > -flattest * step:
                place[child] += 1
            value += cost[child, place[child]] - holding * (place[child] - lattice.zero) * step
            stock += place[child] - lattice.zero
    for index in range(min(stock, size - 1) + 1):
        left[index] = value + (flattest - holding) * step * (index - stock)
    for index in range(stock + 1, size):
        most, to = 0.0, -1
        for child in range(node + 1, slope.size):
            if place[child] >= 0 and place[child] + 1 < size:
                saving = _saving(cost[child], place[child]) + holding * step
                if saving > most:
                    most, to = saving, child
        if to >= 0:
            place[to] += 1
            value -= most
        if index >= 0:
            left[index] = value
    return flattest


@kernel
def _saving(cost: Floats, place: int) -> float:
    """What the next step saves."""
    return float(cost[place] - cost[place + 1])


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
    tree: Tree, lattice: Lattice, node: int, charge: float, steepness: float, left: Floats, cost: Floats
) -> None:
    """Cost per day at each echelon position of a node that supplies others; `steepness` is Γ's slope below zero."""
    step, zero, size, holding = lattice.step, lattice.zero, lattice.size, tree.holding[node]
    mass = lattice.mass[node]
    first, last = 0, size - 1
    while first < last and mass[first] < _LEAST:
        first += 1
    while last > first and mass[last] < _LEAST:
        last -= 1
    for index in range(size):
        total = 0.0
        for demand in range(first, last + 1):
            place = index - demand + zero
            if place >= 0:
                total += mass[demand] * left[min(place, size - 1)]
            else:
                total += mass[demand] * (left[0] + steepness * place)
        position = (index - zero) * step
        cost[index] = charge * position + holding * (position - tree.mean[node]) + total


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
