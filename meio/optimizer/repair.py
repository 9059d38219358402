"""Where a capacity is still exceeded: raise the prices of flows, cut the least valuable units of stock."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Bools, Floats, Ints
from meio.optimizer.evaluation import Evaluation, Evaluator
from meio.optimizer.model import PlanningModel
from meio.optimizer.prices import fields, relative_excess
from meio.plan import CapacityPrices

REPAIR_MARGIN = 0.002  # repair aims this far below capacity, so that rounding does not undo it
MOST_CUT = 0.1  # share of a level that one pass may take
MOST_RAISED = 0.5  # of price and scale together, in one pass


class Shortfall(NamedTuple):
    """Capacity that is missing, and the stock whose cut would free it."""

    node: int
    period: int
    need: float
    """m³, or units per day"""
    size: Floats
    """[product]: how much of it one unit of level takes"""


def raised_prices(current: Evaluation, limit: CapacityPrices, scale: CapacityPrices) -> CapacityPrices:
    """Prices with those of exceeded flows raised, so that customers choose other nodes.

    Stock that is cut can only delay an inflow: what sells is bought again. `scale` is what a price may begin with.
    """
    raised = []
    parts = (fields(current.prices), fields(current.use), fields(limit), fields(scale))
    for price, use, capacity, begin in zip(*parts, strict=True):
        step = np.clip(2.0 * relative_excess(use, capacity), 0.0, MOST_RAISED)
        raised.append(price + step * (price + begin))
    return CapacityPrices(current.prices.storage, *raised[1:])


def cut_levels(current: Evaluation, evaluate: Evaluator, whole_units: bool) -> Floats:
    """Levels after one pass over the exceeded capacities."""
    level = current.decisions.level.copy()
    for shortfall in _shortfalls(current, evaluate):
        _cut_node(level, current.decisions.worth, shortfall, whole_units)
    return level


def _shortfalls(current: Evaluation, evaluate: Evaluator) -> list[Shortfall]:
    """Where use exceeds capacity."""
    model, shared, use = evaluate.model, evaluate.shared, current.use
    limit, lane_idx = shared.limit, current.decisions.lane_idx
    found: list[Shortfall] = []
    for node, kind, period in np.argwhere(use.storage > limit.storage).tolist():
        size = np.where(model.storage_type_idx == kind, model.volume_m3, 0.0)
        excess = _excess(use.storage, limit.storage, (node, kind, period))
        carried = np.clip(current.totals.carried[node, kind] / np.maximum(use.storage[node, kind], 1e-12), 0.0, 1.0)
        found.append(Shortfall(node, period, excess * (1.0 - carried[period]), size))
        found.append(Shortfall(node, _set_before(carried, period), excess * carried[period], size))
    bought = np.full(len(model.volume_m3), 1.0 / model.period_days)
    for node, period in np.argwhere(use.inbound > limit.inbound).tolist():
        excess = _excess(use.inbound, limit.inbound, (node, period))
        found.append(Shortfall(node, period, excess, bought))
        found += _children(current, evaluate, node, period, excess)
    for lane, period in np.argwhere(use.lane > limit.lane).tolist():
        node = int(shared.lane_node_idx[lane])
        size = np.where(lane_idx[:, node] == lane, bought, 0.0)
        excess = _excess(use.lane, limit.lane, (lane, period))
        arrivals = np.flatnonzero(shared.departure[lane, period] > 0).tolist()
        found += [Shortfall(node, arrival, excess, size) for arrival in arrivals]
    return found


def _children(current: Evaluation, evaluate: Evaluator, node: int, period: int, excess: float) -> list[Shortfall]:
    """Share an excess of inflow by stock among the serving nodes below a node: what it receives, they have sold.

    It was sold one lead time before, and a unit of level that is no longer there is sold about once a window less.
    """
    model, lane_idx = evaluate.model, current.decisions.lane_idx
    lead = model.lead_days[model.node_ptr[node] : model.node_ptr[node + 1]].mean() / model.period_days
    sold = max(0, round(period - lead))
    fed = _below(model, lane_idx, node) & (model.serves_customers > 0)
    held = np.where(fed, current.decisions.level[:, :, sold], 0.0).sum(axis=0)
    per_unit = np.where(fed, 1.0 / (model.lead_days + model.review_days)[lane_idx], 0.0)
    return [
        Shortfall(child, sold, float(excess * held[child] / held.sum()), per_unit[:, child])
        for child in np.flatnonzero(held).tolist()
    ]


def _set_before(carried: Floats, period: int) -> int:
    """The period whose levels brought what is carried over into `period`, from the share of stock that is, [period]."""
    earlier = np.flatnonzero(carried[:period] <= 0.5)
    return int(earlier[-1]) if earlier.size else 0


def _below(model: PlanningModel, lane_idx: Ints, node: int) -> Bools:
    """Whether a product comes to a node through another one, [product, node]."""
    source = np.where(lane_idx >= 0, model.lane_source_idx[lane_idx], lane_idx.shape[1])
    below = np.zeros((len(lane_idx), lane_idx.shape[1] + 1), dtype=bool)  # the last column: vendors
    products = np.arange(len(lane_idx))
    for child in range(node + 1, lane_idx.shape[1]):  # upstream before downstream
        at = np.minimum(source[:, child], lane_idx.shape[1])
        below[:, child] = (at == node) | below[products, at]
    return below[:, :-1]


def _excess(use: Floats, limit: Floats, cell: tuple[int, ...]) -> float:
    return float(use[cell] - (1.0 - REPAIR_MARGIN) * limit[cell])


def _cut_node(level: Floats, worth: Floats, shortfall: Shortfall, whole_units: bool) -> None:
    """Lower the levels of one node and period where a unit is worth least for the capacity it takes."""
    node, period, need, size = shortfall
    if need <= 0.0:
        return
    held = level[:, node, period]
    units = MOST_CUT * held
    if whole_units:
        units = np.minimum(held, np.ceil(units))
    candidates = np.flatnonzero((units > 0) & (size > 0))
    order = candidates[np.argsort(worth[candidates, node, period] / size[candidates], kind="stable")]
    freed = np.cumsum(units[order] * size[order])
    chosen = order[: int(np.searchsorted(freed, need)) + 1]
    level[chosen, node, period] -= units[chosen]
