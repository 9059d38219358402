"""From levels that nearly respect the capacities to levels that do: cut stock, move orders, and last sell elsewhere."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Bools, Floats, Ints
from meio.optimizer.evaluation import Evaluation, Evaluator
from meio.optimizer.flow_repair import move_orders
from meio.optimizer.model import PlanningModel
from meio.optimizer.paths import left_over, taken_units
from meio.optimizer.prices import fields, relative_excess, violation
from meio.optimizer.storage_repair import MOST_CUT, cut_storage
from meio.plans import CapacityPrices

REPAIR_PASSES = 16
MARGIN = 0.002  # repair aims farther below capacity by this with every pass, as rounding undoes a part
TOLERANCE = 1e-3  # relative excess at which repair ends
MOVES_ALONE = 3  # passes in which orders only move, where the horizon as a whole has room for them
GROWTH = 1.5  # of a step, as long as a flow falls short
MOST_RAISED = 0.5  # of price and scale together, in one pass


def repaired(evaluate: Evaluator, current: Evaluation, whole_units: bool, tolerance: float = TOLERANCE) -> Evaluation:
    """Levels and prices at which no capacity is exceeded beyond the tolerance, or the nearest that were found."""
    limit, scale = evaluate.shared.limit, evaluate.scale()
    best, urgency = current, CapacityPrices(*(np.ones_like(part) for part in fields(limit)))
    for count in range(REPAIR_PASSES):
        if violation(best.use, limit) <= tolerance:
            break
        taken = taken_units(evaluate.model, current.decisions)
        level = left_over(current.decisions.level, taken, whole_units)
        margin = tolerance + MARGIN * (0.5 + count)
        storage = cut_storage(level, taken, current, evaluate, margin, whole_units)
        move_orders(level, taken, current, evaluate, storage, margin, whole_units)
        short = too_little(current.use, limit, at_all=count >= MOVES_ALONE)
        _sell_less(level, short, current, evaluate, 1.0 + count, whole_units)
        urgency = _grown(urgency, short)
        prices = raised_prices(current, short, limit, scale, urgency)
        current = evaluate.follow(prices, current.decisions.lane_idx, level)
        if violation(current.use, limit) < violation(best.use, limit):
            best = current
    return best


def too_little(use: CapacityPrices, limit: CapacityPrices, *, at_all: bool) -> CapacityPrices:
    """Relative excess of flows where moving orders in time cannot help: too much over the horizon, or (at all) any.

    Stock cannot mend a shortage of the whole horizon: what sells is bought again, and a level that is cut only puts
    off the order that exceeds. What customers take from a node has no other time.
    """
    parts = []
    for name, used, capacity in zip(
        ("storage", "inbound", "outbound", "lane"), fields(use), fields(limit), strict=True
    ):
        excess = np.maximum(0.0, relative_excess(used, capacity))
        over = np.where(np.isfinite(capacity), used, 0.0).sum(axis=-1) > capacity.sum(axis=-1)
        anyway = at_all or name == "outbound"
        parts.append(excess if anyway else np.where(over[..., None], excess, 0.0))
    return CapacityPrices(np.zeros_like(parts[0]), *parts[1:])


def raised_prices(
    current: Evaluation, short: CapacityPrices, limit: CapacityPrices, scale: CapacityPrices, urgency: CapacityPrices
) -> CapacityPrices:
    """Prices raised where flows fall short, so that customers choose other nodes; `scale` is what one begins with.

    How few choose another node for a little more is not known: `urgency` multiplies a step.
    """
    raised = []
    parts = map(fields, (current.prices, short, scale, limit, urgency))
    for price, excess, begin, capacity, times in zip(*parts, strict=True):
        step = np.where(np.isfinite(capacity), np.minimum(2.0 * times * excess, MOST_RAISED), 0.0)
        raised.append(price + step * (price + begin))
    return CapacityPrices(*raised)


def _grown(urgency: CapacityPrices, short: CapacityPrices) -> CapacityPrices:
    """Urgency, more with every pass in which a flow is short, from 1 again after one in which it is not."""
    parts = zip(fields(urgency), fields(short), strict=True)
    return CapacityPrices(*(np.where(excess > 0.0, GROWTH * times, 1.0) for times, excess in parts))


def _sell_less(
    level: Floats, short: CapacityPrices, current: Evaluation, evaluate: Evaluator, urgency: float, whole_units: bool
) -> None:
    """Cut in place what nodes hold whose supplier receives too little: what it receives, they have sold.

    Little is sold less while stock is plenty, so `urgency` multiplies what is missing, more with every pass.
    """
    limit = evaluate.shared.limit.inbound
    for node, period in np.argwhere(short.inbound > 0.0).tolist():
        need = urgency * float(current.use.inbound[node, period] - (1.0 - MARGIN) * limit[node, period])
        _cut_children(level, node, period, need, current, evaluate, whole_units)


def _cut_children(
    level: Floats,
    node: int,
    period: int,
    need: float,
    current: Evaluation,
    evaluate: Evaluator,
    whole_units: bool,
) -> None:
    """Share an excess of inflow by stock among the serving nodes below a node: what it receives, they have sold.

    It was sold one lead time before, and a unit of level that is no longer there is sold about once a window less.
    """
    model, lane_idx = evaluate.model, current.decisions.lane_idx
    lead = model.lead_days[model.node_ptr[node] : model.node_ptr[node + 1]].mean() / model.period_days
    sold = max(0, round(period - lead))
    fed = _below(model, lane_idx, node) & (model.serves_customers > 0)
    held = np.where(fed, level[:, :, sold], 0.0).sum(axis=0)
    for child in np.flatnonzero(held).tolist():
        lane = lane_idx[:, child]
        per_unit = np.where(fed[:, child], 1.0 / (model.lead_days + model.review_days)[lane], 0.0)
        worth = current.decisions.worth[:, child, sold]
        _cut(level[:, child, sold], worth, per_unit, need * held[child] / held.sum(), whole_units)


def _below(model: PlanningModel, lane_idx: Ints, node: int) -> Bools:
    """Whether a product comes to a node through another one, [product, node]."""
    source = np.where(lane_idx >= 0, model.lane_source_idx[lane_idx], lane_idx.shape[1])
    below = np.zeros((len(lane_idx), lane_idx.shape[1] + 1), dtype=bool)  # the last column: vendors
    products = np.arange(len(lane_idx))
    for child in range(node + 1, lane_idx.shape[1]):  # upstream before downstream
        at = np.minimum(source[:, child], lane_idx.shape[1])
        below[:, child] = (at == node) | below[products, at]
    return below[:, :-1]


def _cut(held: Floats, worth: Floats, size: Floats, need: float, whole_units: bool) -> None:
    """Lower levels [product] in place where a unit is worth least for its size, until `need` is reached."""
    units = MOST_CUT * held
    if whole_units:
        units = np.minimum(held, np.ceil(units))
    candidates = np.flatnonzero((units > 0) & (size > 0))
    order = candidates[np.argsort(worth[candidates] / size[candidates], kind="stable")]
    chosen = order[: int(np.searchsorted(np.cumsum(units[order] * size[order]), need)) + 1]
    held[chosen] -= units[chosen]
