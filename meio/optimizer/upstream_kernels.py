"""The level of an upstream node in one period, given what each unit is worth to the nodes it supplies."""

from __future__ import annotations

import math

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import kernel
from meio.optimizer.loss_kernels import fill_count_mass
from meio.optimizer.model import PlanningModel
from meio.optimizer.subproblem_kernels import best_upstream_level, upstream_demand, upstream_outcome, upstream_worth
from meio.optimizer.table_kernels import DEVIATIONS


@kernel
def children_gains(
    lane_source_idx: Ints,
    node: int,
    lane: Ints,
    holding: float,
    bonus: float,
    order_node: Ints,
    order_gain: Floats,
    gains: Floats,
) -> None:
    """Fill what each step of an upstream node's children is worth beyond its cost there, never rising.

    `bonus` is what a step is worth to the nation. A child's step is taken while it is worth more than keeping the
    unit upstream, so no gain lies below the saving of `holding`; steps that were not added gain just that.
    """
    size = 0
    for k in range(order_node.size):
        if size < gains.size and lane_source_idx[lane[order_node[k]]] == node:
            gain = order_gain[k] - holding + bonus
            gains[size] = max(-holding, gain if size == 0 else min(gain, gains[size - 1]))
            size += 1
    gains[size:] = -holding


@kernel
def solve_upstream(
    model: PlanningModel,
    product: int,
    middle: float,
    lane: int,
    rate: float,
    holding: float,
    charge: float,
    step: float,
    gains: Floats,
    given: float,
    mass: Floats,
) -> tuple[float, float, float, float]:
    """Echelon level of an upstream node, or what its `given` level (negative: none) leads to.

    `mass` is scratch. Returns the level, its cost per day of children left short, the unallocated units, and the
    worth of the last unit.
    """
    mean, variance = upstream_demand(model, product, middle, lane, rate)
    deviation = math.sqrt(variance)
    reach = int((mean + (DEVIATIONS + 1.0) * deviation) / step) + 3
    mass = mass[:reach]
    fill_count_mass(mean, variance, step, mass)
    if given >= 0.0:
        level = int(np.rint(given / step))
    else:
        highest = gains.size + int((mean + DEVIATIONS * deviation + model.period_days * rate) / step) + 1
        level = best_upstream_level(highest, gains, mass, holding, charge)
    shortage, unallocated = upstream_outcome(level, step, gains, mass)
    worth = upstream_worth(level - 1, gains, mass, holding) - charge if level > 0 else 0.0
    return level * step, shortage, unallocated, worth
