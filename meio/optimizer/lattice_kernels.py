"""Demand, costs and backlogs on a lattice of levels, common to all nodes of a supply tree.

Index i stands for (i − zero)·step units. Counts in steps of one unit are exact. Else a demand is read as its linear
interpolation between lattice points, which adds step²/6 to its variance; the demand put on the lattice has that much
less, so that mean and variance are right and expectations of smooth costs err in the fourth order of the step only.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from meio.network.compiled import EMPIRICAL, QUANTILES, Floats, Ints
from meio.network.jit import kernel
from meio.optimizer.loss_kernels import COUNT, LARGEST_COUNTED_MEAN, NORMAL_FAMILY, fill_count_mass, survival_and_loss
from meio.optimizer.model import PlanningModel
from meio.optimizer.table_kernels import LONGEST_TAIL
from meio.optimizer.tree_demand_kernels import Shares, Tree, window_days

CHAIN_POINTS = 4096  # lattice points of a product whose trees are chains
BRANCH_POINTS = 320  # and of one whose trees branch
FINEST = 20.0  # lattice steps in the least standard deviation of a continuous demand
REACH = 8.0  # standard deviations beyond which demand is put on the last lattice point


class Lattice(NamedTuple):
    """The common lattice, and each node's window demand on it."""

    step: float
    zero: int
    """Index of zero; above 0 where demand may be negative."""
    size: int
    whole: bool
    """Levels are whole units and the lattice's points are too: nothing lies between."""
    family: int
    mass: Floats
    """[node, index]: probability of the window demand."""
    loss: Floats
    """[leaf, index]: expected window demand beyond a level, units."""


@kernel
def new_lattice(family: int, tree: Tree, ahead_days: float) -> Lattice:
    """A lattice without demand that covers every level worth considering: all windows of a tree in a row."""
    num_nodes, least = tree.mean.size, np.inf
    total, variance = np.zeros(num_nodes), np.zeros(num_nodes)
    highest, reach, branches, ahead = 0.0, 0.0, False, 0.0
    for node in range(num_nodes):
        if not tree.in_use[node]:
            continue
        source = tree.source[node]
        total[node] = tree.mean[node] + (total[source] if source >= 0 else 0.0)
        variance[node] = tree.variance[node] + (variance[source] if source >= 0 else 0.0)
        branches = branches or tree.branches[node]
        if tree.variance[node] > 0.0:
            least = min(least, math.sqrt(tree.variance[node]))
        if tree.charge[node] < 0.0:
            ahead = max(ahead, ahead_days * tree.rate[node])
        reach = max(reach, REACH * math.sqrt(variance[node]))
        tail = LONGEST_TAIL * max(1.0, variance[node] / max(total[node], 1e-12)) if family != NORMAL_FAMILY else 0.0
        highest = max(highest, total[node] + REACH * math.sqrt(variance[node]) + tail)
    most = BRANCH_POINTS if branches else CHAIN_POINTS
    below = reach if family == NORMAL_FAMILY else 0.0
    extent = max(highest + ahead + below, 1e-9)
    if family == COUNT:
        step = max(1.0, math.ceil(extent / (most - 4)))
    else:
        step = max(extent / (most - 4), min(extent / 1000.0, least / FINEST))
    zero = math.ceil(below / step)
    size = zero + math.ceil((highest + ahead) / step) + 3
    whole = family == COUNT and step == 1.0
    return Lattice(step, zero, size, whole, family, np.zeros((num_nodes, size)), np.zeros((num_nodes, size)))


@kernel
def fill_lattice(
    model: PlanningModel, product: int, period: int, lane: Ints, shares: Shares, tree: Tree, lattice: Lattice
) -> None:
    """Put every node's window demand on the lattice, and the shortage of each leaf's levels."""
    tabled = model.stream_kind[model.product_ptr[product]] >= EMPIRICAL and lattice.whole
    for node in range(tree.mean.size):
        if not tree.in_use[node]:
            continue
        mass = lattice.mass[node]
        exact = tabled and fill_tabled_mass(model, product, period, node, lane, shares.demand[:, node], tree, mass)
        if not exact:
            fill_mass(lattice.family, tree.mean[node], tree.variance[node], lattice.step, lattice.zero, mass)
        if tree.num_children[node] == 0:
            _fill_loss(lattice, tree.mean[node], tree.variance[node], mass, lattice.loss[node])


@kernel
def fill_mass(family: int, mean: float, variance: float, step: float, zero: int, mass: Floats) -> None:
    """Probability of each lattice point, by second differences of the expected shortage; the ends hold the rest."""
    if family == COUNT and step == 1.0 and mean < LARGEST_COUNTED_MEAN:
        fill_count_mass(mean, variance, step, mass)
        return
    added = (step * step - (1.0 if family == COUNT else 0.0)) / 6.0
    variance = max(0.0, variance - added)
    _, below = survival_and_loss(family, mean, variance, (-zero - 1.0) * step)
    _, here = survival_and_loss(family, mean, variance, -zero * step)
    total = 0.0
    for index in range(mass.size):
        _, above = survival_and_loss(family, mean, variance, (index - zero + 1.0) * step)
        mass[index] = max(0.0, (below - 2.0 * here + above) / step)
        total += mass[index]
        below, here = here, above
    mass[mass.size - 1] += max(0.0, 1.0 - total)


@kernel
def _fill_loss(lattice: Lattice, mean: float, variance: float, mass: Floats, loss: Floats) -> None:
    """Expected demand beyond each level: from the probabilities of whole units, in closed form of others."""
    if not lattice.whole:
        for index in range(loss.size):
            _, loss[index] = survival_and_loss(lattice.family, mean, variance, (index - lattice.zero) * lattice.step)
        return
    above = 0.0
    loss[loss.size - 1] = 0.0
    for index in range(loss.size - 2, -1, -1):
        above += mass[index + 1]
        loss[index] = loss[index + 1] + above


@kernel
def fill_tabled_mass(
    model: PlanningModel, product: int, period: int, node: int, lane: Ints, share: Floats, tree: Tree, mass: Floats
) -> bool:
    """Window demand of streams given by their points: whole periods convolved, a part of one thinned.

    The units of a period fall on its days, and on a stream's customers, independently of each other. Returns whether
    that was possible: lead times must be fixed, demands of a period no larger than the lattice.
    """
    before, after, length_variance = window_days(model, node, lane, tree)
    if length_variance > 0.0:
        return False
    periods = (before + after) / model.period_days
    first = model.product_ptr[product]
    mass[:] = 0.0
    mass[0] = 1.0
    for stream in range(share.size):
        if share[stream] <= 0.0:
            continue
        once = _period_mass(model, first + stream, period, mass.size)
        if once.size > mass.size:
            return False
        for _ in range(int(periods + 1e-9)):
            convolve(mass, thinned(once, share[stream]))
        part = periods - int(periods + 1e-9)
        if part > 1e-9:
            convolve(mass, thinned(once, share[stream] * part))
    return True


@kernel
def _period_mass(model: PlanningModel, stream: int, period: int, most: int) -> Floats:
    """Probabilities of a tabled stream's whole-unit demand of one period; longer than `most` when it does not fit."""
    cell = stream * model.num_periods + period
    first, end = model.table_ptr[cell], model.table_ptr[cell + 1]
    values, probabilities = model.table_value[first:end], model.table_probability[first:end]
    if model.stream_kind[stream] == QUANTILES:
        levels = (np.arange(2000) + 0.5) / 2000.0
        values = np.asarray(np.interp(levels, probabilities, values))
        probabilities = np.asarray((np.arange(2000) + 1.0) / 2000.0)
    size = int(np.rint(values[values.size - 1])) + 1
    mass, before = np.zeros(min(size, most + 1)), 0.0
    if size > most:
        return mass
    for point in range(values.size):
        mass[int(np.rint(values[point]))] += probabilities[point] - before
        before = probabilities[point]
    return mass


@kernel
def thinned(mass: Floats, share: float) -> Floats:
    """Distribution of the units kept when each is kept with probability `share`."""
    if share >= 1.0 - 1e-12:
        return mass
    kept = np.zeros(mass.size)
    for units in range(mass.size - 1, -1, -1):  # Horner: units + 1 customers are those beyond the first, and the first
        for k in range(mass.size - 1, 0, -1):
            kept[k] = kept[k] * (1.0 - share) + kept[k - 1] * share
        kept[0] = kept[0] * (1.0 - share) + mass[units]
    return kept


@kernel
def convolve(mass: Floats, other: Floats) -> None:
    """Add an independent demand to one on a lattice from zero; what lies beyond stays on the last point."""
    size = mass.size
    total = np.zeros(size)
    for here in range(size):
        if mass[here] > 0.0:
            for more in range(other.size):
                total[min(here + more, size - 1)] += mass[here] * other[more]
    mass[:] = total
