"""From nearly optimal prices to a plan that respects the shared capacities: average, repair, round, date."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.network.supply import order_multiples
from meio.optimizer.dual import average_of
from meio.optimizer.evaluation import Evaluation, Evaluator
from meio.optimizer.model import PlanningModel
from meio.optimizer.prices import violation

REPAIR_PASSES = 24
REPAIR_MARGIN = 0.002  # repair aims this far below capacity, so that rounding does not undo it
MOST_CUT = 0.1  # share of a level that one pass may take
_GOLDEN = 0.6180339887498949


def recovered(evaluate: Evaluator, recent: list[Evaluation], whole_units: bool) -> Evaluation:
    """Average the last evaluations, round, and cut the least valuable units until no capacity is exceeded.

    Prices converge before choices do: many slow movers change their level by whole units. Their average over the last
    evaluations is nearly feasible; what is left is repaired unit by unit where it costs least per unit of capacity.
    """
    prices = average_of([evaluation.prices for evaluation in recent])
    lane_idx = recent[-1].decisions.lane_idx
    level = _average_level(recent, lane_idx)
    if whole_units:
        level = rounded(level)
    current = evaluate.follow(prices, lane_idx, level)
    best = current
    for _ in range(REPAIR_PASSES):
        if violation(current.use, evaluate.shared.limit) <= 0.0:
            return current
        level = _cut(current, evaluate, whole_units)
        current = evaluate.follow(prices, lane_idx, level)
        if violation(current.use, evaluate.shared.limit) < violation(best.use, evaluate.shared.limit):
            best = current
    return best


def _average_level(recent: list[Evaluation], lane_idx: Ints) -> Floats:
    """Average level over the evaluations that supply a node on its last lane: other lanes mean other windows."""
    same = np.stack([evaluation.decisions.lane_idx == lane_idx for evaluation in recent])[..., None]
    levels = np.stack([evaluation.decisions.level for evaluation in recent])
    return np.asarray((levels * same).sum(axis=0) / same.sum(axis=0))


def rounded(level: Floats) -> Floats:
    """Whole units that leave sums over products nearly as they were: each product rounds at a threshold of its own."""
    threshold = (np.arange(level.shape[0]) * _GOLDEN) % 1.0
    return np.floor(level + threshold[:, None, None] + 1e-9)


def _cut(current: Evaluation, evaluate: Evaluator, whole_units: bool) -> Floats:
    """Levels after one pass over the exceeded capacities."""
    level = current.decisions.level.copy()
    for node, period, need, size in _shortfalls(current, evaluate):
        _cut_node(level, current.decisions.worth, node, period, need, size, whole_units)
    return level


def _shortfalls(current: Evaluation, evaluate: Evaluator) -> list[tuple[int, int, float, Floats]]:
    """Where use exceeds capacity: node, period, the excess, and how much of it one unit of each product takes."""
    model, shared, use = evaluate.model, evaluate.shared, current.use
    limit, lane_idx = shared.limit, current.decisions.lane_idx
    found: list[tuple[int, int, float, Floats]] = []
    for node, kind, period in np.argwhere(use.storage > limit.storage):
        size = np.where(model.storage_type_idx == kind, model.volume_m3, 0.0)
        found.append((node, period, _excess(use.storage, limit.storage, (node, kind, period)), size))
    bought = np.full(len(model.volume_m3), 1.0 / model.period_days)
    for node, period in np.argwhere(use.inbound > limit.inbound):
        found.append((node, period, _excess(use.inbound, limit.inbound, (node, period)), bought))
    for kind in ("inbound", "outbound"):
        used, most = getattr(use, kind), getattr(limit, kind)
        for node, period in np.argwhere(used > most):
            excess = _excess(used, most, (node, period))
            if kind == "outbound":
                found += _sellers(current, evaluate, node, period, excess, own=True)
            else:  # what arrives was sold one lead time before
                sold = round(period - _mean_lead_periods(model, node))
                found += _sellers(current, evaluate, node, max(0, sold), excess, own=False)
    for lane, period in np.argwhere(use.lane > limit.lane):
        node = shared.lane_node_idx[lane]
        size = np.where(lane_idx[:, node] == lane, bought, 0.0)
        for arrival in np.flatnonzero(shared.departure[lane, period] > 0):
            found.append((node, arrival, _excess(use.lane, limit.lane, (lane, period)), size))
    return found


def _mean_lead_periods(model: PlanningModel, node: int) -> float:
    """Mean lead time of the lanes into a node, in periods."""
    return float(model.lead_days[model.node_ptr[node] : model.node_ptr[node + 1]].mean() / model.period_days)


def _sellers(
    current: Evaluation, evaluate: Evaluator, node: int, period: int, excess: float, *, own: bool
) -> list[tuple[int, int, float, Floats]]:
    """Share an excess of flow among the nodes that a node supplies, and itself if `own`, in proportion to their stock.

    A unit of level that is no longer there is sold about once a window less.
    """
    model, lane_idx, level = evaluate.model, current.decisions.lane_idx, current.decisions.level[:, :, period]
    fed = (lane_idx >= 0) & (model.lane_source_idx[lane_idx] == node)
    if own:
        fed[:, node] = (lane_idx[:, node] >= 0) & (model.serves_customers[node] > 0)
    held = np.where(fed, level, 0.0).sum(axis=0)
    per_unit = np.where(fed, 1.0 / (model.lead_days + model.review_days)[lane_idx], 0.0)
    return [
        (seller, period, excess * held[seller] / held.sum(), per_unit[:, seller]) for seller in np.flatnonzero(held)
    ]


def _excess(use: Floats, limit: Floats, cell: tuple[int, ...]) -> float:
    return float(use[cell] - (1.0 - REPAIR_MARGIN) * limit[cell])


def _cut_node(
    level: Floats, worth: Floats, node: int, period: int, need: float, size: Floats, whole_units: bool
) -> None:
    """Lower the levels of one node and period where a unit is worth least for the capacity it takes."""
    held = level[:, node, period]
    units = MOST_CUT * held
    if whole_units:
        units = np.minimum(held, np.ceil(units))
    candidates = np.flatnonzero((units > 0) & (size > 0))
    order = candidates[np.argsort(worth[candidates, node, period] / size[candidates], kind="stable")]
    freed = np.cumsum(units[order] * size[order])
    chosen = order[: int(np.searchsorted(freed, need)) + 1]
    level[chosen, node, period] -= units[chosen]


def review_targets(compiled: CompiledScenario, model: PlanningModel, planned: Evaluation, whole_units: bool) -> Floats:
    """Order-up-to targets by review period, [product, node, period], from levels by period of use.

    A level ordered in a period is used one lead time and half a review interval later. A target leaves room for what
    packs and minimum orders bring beyond it.
    """
    lane = planned.decisions.lane_idx
    delay = (model.lead_days + 0.5 * model.review_days)[lane] / model.period_days
    level = own_level(model, lane, _interpolated(planned.decisions.level, delay))
    excess = pack_excess(compiled, lane)[:, :, None]
    targets = np.where(level > 0, np.maximum(level - excess, np.minimum(level, 1.0)), 0.0)
    return rounded(targets) if whole_units else targets


def own_level(model: PlanningModel, lane: Ints, level: Floats) -> Floats:
    """Level of each node itself, not below 0: an upstream node's echelon level less what its children hold."""
    own = level.copy()
    num_nodes = lane.shape[1]
    for node in range(num_nodes):
        source = np.where(lane[:, node] >= 0, model.lane_source_idx[lane[:, node]], num_nodes)
        fed = np.flatnonzero(source < num_nodes)
        own[fed, source[fed]] -= level[fed, node]
    return np.maximum(own, 0.0)


def pack_storage(compiled: CompiledScenario, model: PlanningModel, evaluation: Evaluation) -> Floats:
    """m³ that packs and minimum orders bring beyond the levels, [node, storage type, period].

    A target can make room for them only as far as the level reaches: slow movers still hold a pack.
    """
    lane = evaluation.decisions.lane_idx
    level = own_level(model, lane, evaluation.decisions.level)
    beyond = np.maximum(0.0, pack_excess(compiled, lane)[:, :, None] + np.minimum(level, 1.0) - level)
    volume = np.where(level > 0, beyond, 0.0) * model.volume_m3[:, None, None]
    num_types = evaluation.use.storage.shape[1]
    kinds = [volume[model.storage_type_idx == kind].sum(axis=0) for kind in range(num_types)]
    return np.stack(kinds, axis=1)


def _interpolated(level: Floats, delay: Floats) -> Floats:
    """Levels `delay` periods ahead, linear between periods, the last one beyond the horizon."""
    num_periods = level.shape[2]
    position = np.minimum(np.arange(num_periods) + delay[:, :, None], num_periods - 1.0)
    floor = np.floor(position).astype(np.int64)
    weight = position - floor
    after = np.minimum(floor + 1, num_periods - 1)
    return np.asarray(
        (1.0 - weight) * np.take_along_axis(level, floor, axis=2) + weight * np.take_along_axis(level, after, axis=2)
    )


def pack_excess(compiled: CompiledScenario, lane: Ints) -> Floats:
    """Units by which packs and minimum orders lift the average position above its target, [product, node].

    Orders in multiples of b bring the position to (b − 1)/2 above the target on average. b is the pack where a review
    interval's demand exceeds the least order, else the least order itself: the minimum, rounded up to packs.
    """
    pack, minimum = order_multiples(compiled, lane)
    demand = compiled.demand
    streams = np.repeat(np.arange(len(demand.product_ptr) - 1), np.diff(demand.product_ptr))
    per_day = np.bincount(streams, demand.daily_mean.mean(axis=1), len(demand.product_ptr) - 1)
    review = compiled.lanes.review_every_days[lane]
    least_order = pack * np.ceil(minimum / pack)
    lifted = 0.5 * (np.where(per_day[:, None] * review < least_order, least_order, pack) - 1.0)
    return np.where(lane >= 0, lifted, 0.0)
