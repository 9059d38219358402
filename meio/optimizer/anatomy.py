"""One product in one period, laid open: its classes, their choices of node, and what its last unit is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from meio.network.compiled import Floats, Ints
from meio.optimizer.model import PlanningModel
from meio.optimizer.prices import Capacities, met_by_a_unit
from meio.plans import CapacityPrices

if TYPE_CHECKING:
    from meio.optimizer.cluster_kernels import Classes
    from meio.optimizer.product_kernels import Workspace
    from meio.optimizer.subproblem_kernels import Tables

LOST, OWED = -1, -2  # where a unit goes that no other node serves


class Dissection(NamedTuple):
    """What the subproblem knows of one product in one period, at given lanes and levels."""

    model: PlanningModel
    """Of this product only."""
    period: int
    lane: Ints
    """[node]"""
    step: float
    """Units of one lattice step."""
    classes: Classes
    tables: Tables
    work: Workspace
    shipping: Floats
    """[class, node]: cost of shipping a unit; inf: cannot"""
    choices: Ints
    """[class, choice]: cheapest node, next in its region, next outside; -1: none"""
    zone: Ints
    """[class]"""
    speed: Ints
    window: Floats
    """[class]: mean demand over the window of its cheapest node, units"""
    cycle: Floats
    """[class]: the same over its review interval"""


class Destinations(NamedTuple):
    """Where a node's units go when it is short, one entry a class of its customers."""

    to: Ints
    """Node, `LOST` or `OWED`"""
    extra: Floats
    """Money per unit more than serving it here; per unit and day where it is owed"""
    speed: Ints
    weight: Floats
    """Units per review interval"""


def dissect(
    model: PlanningModel, shared: Capacities, prices: CapacityPrices, lane: Ints, level: Floats, period: int
) -> Dissection:
    """Lay a product open in a period.

    Parameters
    ----------
    model : PlanningModel
        Of one product.
    lane, level : array [node]
        Its lanes, and levels of the nodes that serve customers.
    """
    from meio.optimizer.anatomy_kernels import dissected

    met = met_by_a_unit(prices, shared)
    step, classes, tables, work, shipping, choices = dissected(model, met, 0, period, lane, level)
    stream, zone, speed, share = _class_rows(model)
    windows = _windows(model, lane, period)
    best = choices[0]
    own = np.where(best >= 0, share, 0.0)
    window = own * windows[stream, best, 0]
    return Dissection(
        model,
        period,
        lane,
        step,
        classes,
        tables,
        work,
        shipping,
        choices.T,
        zone=zone,
        speed=speed,
        window=window,
        cycle=window - own * windows[stream, best, 2],
    )


def _class_rows(model: PlanningModel) -> tuple[Ints, Ints, Ints, Floats]:
    """Stream, zone, speed and share of the stream of each class, in the kernels' order."""
    rows = [
        (stream, *divmod(int(model.mix_class_idx[entry]), model.num_speeds), entry, pattern)
        for stream in range(len(model.mix_idx))
        for entry in range(model.mix_ptr[model.mix_idx[stream]], model.mix_ptr[model.mix_idx[stream] + 1])
        for pattern in range(*model.pattern_ptr[model.mix_class_idx[entry] % model.num_speeds + np.array([0, 1])])
    ]
    stream, zone, speed, entry, pattern = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    return stream, zone, speed, model.mix_share[entry] * model.pattern_share[pattern]


def _windows(model: PlanningModel, lane: Ints, period: int) -> Floats:
    """Mean and variance of window, then of lead time, [stream, node, 4]."""
    from meio.optimizer.class_kernels import node_windows

    windows = np.zeros((len(model.mix_idx), len(lane), 4))
    for stream in range(len(windows)):
        node_windows(model, stream, (period + 0.5) * model.period_days, lane, windows[stream])
    return windows


def destinations(of: Dissection, node: int) -> Destinations:
    """Where each class of a node's customers goes when the node is short, and at what extra cost."""
    model, delivered = of.model, of.work.delivered
    rows = np.flatnonzero(of.choices[:, 0] == node)
    speed = of.speed[rows]
    owed = model.backorder_penalty[0, speed]
    lost = np.where(np.isfinite(owed), np.inf, model.lost_penalty[0, speed])

    def cost_at(choice: int) -> Floats:
        other = of.choices[rows, choice]
        return np.where(other >= 0, of.shipping[rows, other] + delivered[other], np.inf)

    here, near, far = (cost_at(choice) for choice in range(3))
    options = np.stack([near, far, lost])
    first = options.argmin(axis=0)
    to = np.select([first == 0, first == 1], [of.choices[rows, 1], of.choices[rows, 2]], LOST)
    nowhere = np.isinf(options).all(axis=0)
    extra = np.where(nowhere, owed + of.work.holding[node, of.period], options.min(axis=0) - here)
    return Destinations(np.where(nowhere, OWED, to), extra, speed, of.cycle[rows])


def gains_of_last_unit(of: Dissection, node: int) -> tuple[float, float, float]:
    """What a node's last unit saves there, in its region and in the nation, money per day; 0 where none is held."""
    sizes, gains, lattice, num_nodes = of.tables.size, of.tables.gain, of.work.lattice, len(of.lane)
    if lattice[node] == 0:
        return 0.0, 0.0, 0.0
    clusters = (node, num_nodes + int(of.work.region[node]), 2 * num_nodes)
    saved = [float(gains[c, min(lattice[c] - 1, sizes[c] - 1)]) if sizes[c] > 0 else 0.0 for c in clusters]
    return saved[0], saved[1], saved[2]


def shortage_rate(of: Dissection, node: int) -> float:
    """What a unit short at a node, its region and the nation costs, money per unit and day of its review interval.

    1 less a unit's charge over this is the newsvendor's critical ratio.
    """
    from meio.optimizer.cluster_kernels import LOST_COST, OWED_COST

    num_nodes = len(of.lane)
    clusters = [c for c in (node, num_nodes + int(of.work.region[node]), 2 * num_nodes) if of.classes.rate[c] > 0]
    return float(of.classes.terms[clusters][:, :, [LOST_COST, OWED_COST]].sum())


def covered(of: Dissection, node: int, level: float) -> float:
    """Probability that a level covers the demand of the node's own customers over its window."""
    from meio.optimizer.cluster_kernels import WINDOW_MEAN, WINDOW_VARIANCE
    from meio.optimizer.loss_kernels import GAMMA_FAMILY, NORMAL_FAMILY, POINTS, points_survival_and_loss
    from meio.optimizer.node_kernels import window_demand

    family, values, cumulative = window_demand(of.model, 0, of.period, of.lane, of.classes)
    mean, variance = of.classes.terms[node, -1, [WINDOW_MEAN, WINDOW_VARIANCE]]
    if family == POINTS:
        return 1.0 - float(points_survival_and_loss(values, cumulative, level)[0])
    if family == NORMAL_FAMILY and variance > 0:
        return float(stats.norm.cdf(level, mean, np.sqrt(variance)))
    if family == GAMMA_FAMILY and variance > 0:
        return float(stats.gamma.cdf(level, mean * mean / variance, scale=variance / mean))
    return count_covered(mean, variance, level)


def count_covered(mean: float, variance: float, level: float) -> float:
    """P(count ≤ level) of a negative binomial, or a Poisson when it is not over-dispersed."""
    if variance <= mean * (1.0 + 1e-9):
        return float(stats.poisson.cdf(level, mean))
    return float(stats.nbinom.cdf(level, mean * mean / (variance - mean), mean / variance))


def units_for_dearer_speeds(of: Dissection, node: int) -> float:
    """Units of a node's level that pay only because some of its speeds cost more to miss than the cheapest one.

    The rest of the level would stay if missing any unit cost no more than one of the cheapest speed; what a unit is
    worth to region and nation is left as it is.
    """
    from meio.optimizer.cluster_kernels import LOST_COST, OWED_COST
    from meio.optimizer.fill_kernels import fill_tables
    from meio.optimizer.loss_kernels import COUNT, POINTS
    from meio.optimizer.node_kernels import window_demand
    from meio.optimizer.subproblem_kernels import new_tables

    model, classes, lattice = of.model, of.classes, of.work.lattice
    wanted = int((classes.window_mean[node] > 0).sum())
    if wanted < 2 or lattice[node] == 0:
        return 0.0
    terms, costs = classes.terms.copy(), [LOST_COST, OWED_COST]
    cheapest = terms[node, wanted - 1 :, costs].sum(axis=1)
    terms[node, :, costs] = 0.0
    terms[node, -1, costs] = cheapest
    alike = classes._replace(terms=terms)
    family, values, cumulative = window_demand(model, 0, of.period, of.lane, classes)
    tables = new_tables(*terms.shape[:2])
    cycle = of.work.cycle if family in (COUNT, POINTS) else np.ones_like(of.work.cycle)
    fill_tables(family, alike, of.step, model.period_days, cycle, values, cumulative, tables)
    _, region, nation = gains_of_last_unit(of, node)
    held, least = slice(lattice[node]), of.work.charge[node] - region - nation
    paying = [int((gain[node, held] > least).sum()) for gain in (of.tables.gain, tables.gain)]
    return float(of.step * max(0, paying[0] - paying[1]))
