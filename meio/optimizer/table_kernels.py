"""A cluster's demand, the lattice of its levels, and what shortage costs near one continuous level."""

from __future__ import annotations

import math

import numpy as np

from meio.network.compiled import EMPIRICAL, GAMMA, NORMAL, Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.optimizer.array_kernels import total
from meio.optimizer.cluster_kernels import (
    LEAD_MEAN,
    LEAD_VARIANCE,
    LOST_COST,
    OWED_COST,
    WINDOW_MEAN,
    WINDOW_VARIANCE,
    Classes,
)
from meio.optimizer.loss_kernels import COUNT, GAMMA_FAMILY, NO_POINTS, NORMAL_FAMILY, shortage
from meio.optimizer.model import PlanningModel
from meio.optimizer.subproblem_kernels import MOST_STEPS, MOST_UPSTREAM_STEPS

DEVIATIONS = 6.0  # how far beyond its mean demand a level may reach
LONGEST_TAIL = 4.0  # and how many times its variance to mean ratio


@borrowing_kernel
def family_of(kind: int) -> int:
    """Family of the window's demand for a stream kind."""
    if kind == NORMAL:
        return NORMAL_FAMILY
    return GAMMA_FAMILY if kind == GAMMA else COUNT


@kernel
def points_of(
    model: PlanningModel, stream: int, period: int, lead_days: float, review_days: float
) -> tuple[Floats, Floats]:
    """The points of a tabled demand when the window is just its period, else none; the last cell is a probability of 1.

    Quantiles stand for a piecewise linear distribution, cut into many equally likely values.
    """
    whole_period = lead_days == 0.0 and review_days == model.period_days
    if model.stream_kind[stream] < EMPIRICAL or not whole_period:
        return NO_POINTS, NO_POINTS
    cell = stream * model.num_periods + period
    first, end = model.table_ptr[cell], model.table_ptr[cell + 1]
    values, probabilities = model.table_value[first:end], model.table_probability[first:end]
    if model.stream_kind[stream] == EMPIRICAL:
        return values, probabilities
    levels = (np.arange(2000) + 0.5) / 2000.0
    return np.interp(levels, probabilities, values), np.asarray((np.arange(2000) + 1.0) / 2000.0)


@borrowing_kernel
def highest_level(mean: float, variance: float, rate: float, ahead_days: float) -> float:
    """A level that surely covers a cluster's window and, beyond it, what it may buy ahead."""
    tail = LONGEST_TAIL * max(1.0, variance / max(mean, 1e-12))  # slow movers in bursts: a geometric tail
    return mean + DEVIATIONS * math.sqrt(variance) + tail + ahead_days * rate


@borrowing_kernel
def lattice_step(classes: Classes, ahead_days: float, chain_days: float, cycle: Ints) -> float:
    """Units in one lattice step, so that the nation's levels fit the table, and the longest chain's an upstream node's.

    `chain_days` is the longest sum of lead times and review intervals from a vendor to a customer, `cycle` [node] the
    multiple in which a node orders.
    """
    nation = classes.terms[-1, -1]
    mean, variance, rate = nation[WINDOW_MEAN], nation[WINDOW_VARIANCE], classes.rate[-1]
    highest = highest_level(mean, variance, rate, ahead_days) + total(cycle) - cycle.size
    longer = max(1.0, rate * chain_days / max(mean, 1e-12))  # than the nation's own window
    upstream = highest_level(longer * mean, longer * variance, rate, ahead_days)
    return float(max(1.0, math.ceil(highest / MOST_STEPS), math.ceil(upstream / MOST_UPSTREAM_STEPS)))


@borrowing_kernel
def level_slope(
    family: int, classes: Classes, cluster: int, values: Floats, cumulative: Floats, level: float
) -> tuple[float, float, float]:
    """Cost per day of one cluster at a continuous level, its derivative, and the units per day left unserved."""
    cost, slope, lost = 0.0, 0.0, 0.0
    for rank in range(classes.terms.shape[1]):
        term = classes.terms[cluster, rank]
        if term[WINDOW_MEAN] <= 0.0:
            continue
        lost, backlog, lost_slope, backlog_slope = shortage(
            family,
            term[WINDOW_MEAN],
            term[WINDOW_VARIANCE],
            term[LEAD_MEAN],
            term[LEAD_VARIANCE],
            values,
            cumulative,
            level,
        )
        cost += term[LOST_COST] * lost + term[OWED_COST] * backlog
        slope += term[LOST_COST] * lost_slope + term[OWED_COST] * backlog_slope
    return float(cost), float(slope), float(lost / classes.review_days[cluster])


@borrowing_kernel
def refine_levels(
    family: int,
    classes: Classes,
    region: Ints,
    charge: Floats,
    step: float,
    values: Floats,
    cumulative: Floats,
    levels: Floats,
) -> None:
    """Continuous levels of least cost near the lattice's, one node after the other, by bisection on the slope."""
    num_nodes = region.size
    nation = 2 * num_nodes
    for _ in range(4):
        for node in range(num_nodes):
            if charge[node] == np.inf or classes.rate[node] <= 0.0:
                continue
            own = levels[node]
            low, high = max(0.0, own - 2.0 * step), own + 2.0 * step
            for _ in range(60):
                middle = 0.5 * (low + high)
                slope = charge[node]
                for cluster in (node, num_nodes + region[node], nation):
                    if (
                        cluster == node
                        or total(classes.spill_cost[cluster]) + total(classes.backlog_cost[cluster]) > 0.0
                    ):
                        level = middle + (0.0 if cluster == node else levels[cluster] - own)
                        slope += level_slope(family, classes, cluster, values, cumulative, level)[1]
                if slope < 0.0:
                    low = middle
                else:
                    high = middle
            change = 0.5 * (low + high) - own
            for cluster in (node, num_nodes + region[node], nation):
                levels[cluster] += change
