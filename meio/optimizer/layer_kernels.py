"""All upstream nodes of one product in one period, from the customers up: each layer's demand for the next one's stock.

A node solves its own level from the gains of its children's steps, and shows its supplier what a step of its own
echelon gains: the same list, smeared by the demand over its lead time, less what it pays, and merged with its
siblings'. On a chain this is the recursion of Clark and Scarf; over a tree each node hands out stock where it gains
most, as if its children's stock could be evened out (Federgruen and Zipkin's balance assumption).

References
----------
Clark, A. and Scarf, H. (1960), "Optimal policies for a multi-echelon inventory problem", Management Science 6.
Federgruen, A. and Zipkin, P. (1984), "Approximations of dynamic, multilocation production and inventory problems",
Management Science 30.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from meio.network.compiled import Bools, Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.optimizer.cycle_kernels import cycle_units
from meio.optimizer.model import PlanningModel
from meio.optimizer.subproblem_kernels import (
    MOST_UPSTREAM_STEPS,
    best_upstream_level,
    upstream_outcome,
    upstream_worth,
)
from meio.optimizer.table_kernels import DEVIATIONS
from meio.optimizer.upstream_kernels import children_gains, fill_curve, fill_window_mass, merge_gains, upstream_demand


class Layers(NamedTuple):
    """What each upstream node holds for the nodes below it in one period, and its scratch."""

    given: Floats
    """[node]: echelon levels to follow, without the node's own customers' stock; negative: none"""
    level: Floats
    """[node]: echelon level, likewise; units"""
    passed: Floats
    """[node]: units per day that the nodes below it demand"""
    short: Floats
    """[node]: cost per day of children left short"""
    unallocated: Floats
    """[node]: units on hand that no child waits for"""
    worth: Floats
    """[node]: cost per day of having one unit less than the level"""
    owed: Floats
    """[node]: what a unit gains beyond its charge that is owed to the node's customers before there is stock"""
    debt: Floats
    """[node]: the same for all nodes below an upstream node, beyond what it costs there"""
    curve_size: Ints
    curve: Floats
    """[node, step]: what a step of the echelon level is worth beyond its cost, never rising; only below a node"""
    gains: Floats
    """[step]: the same for all children of one node"""
    mass: Floats
    """[step]: probabilities of its window demand"""


@kernel
def new_layers(num_nodes: int) -> Layers:
    """Empty `Layers`."""
    return Layers(
        np.full(num_nodes, -1.0),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes, np.int64),
        np.empty((num_nodes, MOST_UPSTREAM_STEPS)),
        np.empty(MOST_UPSTREAM_STEPS),
        np.empty(MOST_UPSTREAM_STEPS),
    )


@borrowing_kernel
def solve_layers(
    model: PlanningModel,
    product: int,
    period: int,
    lane: Ints,
    is_upstream: Bools,
    holding: Floats,
    fall: Floats,
    rate: Floats,
    lattice: Ints,
    order_node: Ints,
    order_gain: Floats,
    bonus: float,
    step: float,
    layers: Layers,
) -> None:
    """Levels of a period's upstream nodes and what follows from them, downstream nodes first.

    `lattice` holds the nodes' stock for their own customers in steps of `step` units, `order_node` and `order_gain`
    what these steps are worth, `holding` and `fall` [node] what a unit pays per day.
    """
    sources, passed = model.lane_source_idx, layers.passed
    middle = (period + 0.5) * model.period_days
    passed[:] = 0.0
    for node in range(lane.size - 1, -1, -1):
        if lane[node] < 0:
            continue
        source = sources[lane[node]]
        if is_upstream[node]:
            size, debt = gather_gains(
                sources, node, lane, is_upstream, holding[node], bonus, lattice, order_node, order_gain, layers
            )
            mean, variance = upstream_demand(model, product, middle, lane[node], passed[node], rate[node])
            ahead = model.period_days * passed[node]
            cycle = 1  # its own customers' stock has the cycle of a node that has customers
            if rate[node] <= 0.0:
                pack, least_order = model.pack[product, lane[node]], model.least_order[product, lane[node]]
                cycle = cycle_units(pack, least_order, passed[node] * model.review_days[lane[node]])
            supplier_holding = holding[source] if source < lane.size else 0.0
            solve_upstream(
                node,
                layers.gains[:size],
                debt,
                mean,
                variance,
                ahead,
                cycle,
                holding[node],
                fall[node],
                source < lane.size,
                supplier_holding,
                step,
                layers,
            )
        if source < lane.size:
            passed[source] += rate[node] + passed[node]


@borrowing_kernel
def solve_upstream(
    node: int,
    gains: Floats,
    debt: float,
    mean: float,
    variance: float,
    ahead: float,
    cycle: int,
    holding: float,
    fall: float,
    below_node: bool,
    supplier_holding: float,
    step: float,
    layers: Layers,
) -> None:
    """Echelon level of an upstream node, or what its given one leads to, and the curve it shows its supplier.

    `mean` and `variance` are of its window demand, `ahead` the units of demand that it may buy ahead. Orders of `cycle`
    units lift the position above its average, the level, by up to half of them. Even a node that orders for waiting
    children only keeps what is left of each order.
    """
    charge = fall - supplier_holding
    cycle_steps = max(1, int(np.rint(cycle / step)))
    lift = 0.5 * (cycle_steps - 1)
    mass = layers.mass[: fill_window_mass(mean, variance, step, cycle_steps, layers.mass)]
    if layers.given[node] >= 0.0:
        level = int(np.rint(layers.given[node] / step + lift)) if layers.given[node] > 0.0 else 0
    else:
        highest = gains.size + int((mean + DEVIATIONS * math.sqrt(variance) + ahead) / step) + cycle_steps
        level = best_upstream_level(highest, gains, debt, mass, holding, charge)
        level = max(level, cycle_steps - 1) if gains.size > 0 else level
    layers.level[node] = max(0.0, level - lift) * step
    layers.short[node], layers.unallocated[node] = upstream_outcome(level, step, gains, debt, mass)
    layers.worth[node] = upstream_worth(level - 1, gains, debt, mass, holding) - charge if level > 0 else 0.0
    layers.debt[node] = debt - fall
    if below_node:
        below = int(lift)
        layers.curve_size[node] = max(0, min(level, MOST_UPSTREAM_STEPS) - below)
        curve = layers.curve[node, : layers.curve_size[node]]
        fill_curve(gains, debt, mass, holding, fall, supplier_holding, below, curve)


@borrowing_kernel
def gather_gains(
    lane_source_idx: Ints,
    node: int,
    lane: Ints,
    is_upstream: Bools,
    holding: float,
    bonus: float,
    lattice: Ints,
    order_node: Ints,
    order_gain: Floats,
    layers: Layers,
) -> tuple[int, float]:
    """Fill the gains of all children's steps of an upstream node, never rising.

    Returns how many there are, and what a unit gains that is owed before any child has stock.
    """
    gains, curve, curve_size, size, debt = layers.gains, layers.curve, layers.curve_size, 0, -np.inf
    for child in range(lane.size):
        if lane[child] >= 0 and lane_source_idx[lane[child]] == node:
            size += lattice[child]
            debt = max(debt, layers.owed[child] - holding + bonus)
    children_gains(lane_source_idx, node, lane, holding, bonus, order_node, order_gain, gains[:size])
    for child in range(node + 1, lane.size):
        if is_upstream[child] and lane_source_idx[lane[child]] == node:
            size = merge_gains(gains, size, curve[child, : curve_size[child]])
            debt = max(debt, layers.debt[child])
    return size, max(debt, gains[0]) if size > 0 else 0.0
