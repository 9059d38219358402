"""From nearly optimal prices to a plan that respects the shared capacities: average, repair, round, date."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.network.supply import order_multiples
from meio.optimizer.evaluation import Evaluation, Evaluator
from meio.optimizer.model import PlanningModel
from meio.optimizer.paths import levelled, taken_units
from meio.optimizer.prices import average_of, no_prices, violation
from meio.optimizer.repair import repaired

if TYPE_CHECKING:
    from meio.optimizer.block_kernels import Decisions

_GOLDEN = 0.6180339887498949


class Recovery(NamedTuple):
    """A plan's levels, and what each step on the way to them cost."""

    planned: Evaluation
    steps: pd.DataFrame
    """One row a step: step, cost_before, cost_after (money), violation_before, violation_after (shares), seconds."""


def recovered(
    evaluate: Evaluator, recent: list[Evaluation], whole_units: bool, product_idx: Ints | None = None
) -> Recovery:
    """Levels that respect the capacities, from the last evaluations: average, level out, round, repair.

    Prices converge before choices do: many slow movers change their level by whole units. Their average over the last
    evaluations is nearly feasible in the dual's terms, where levels may fall at once. So they are levelled out until
    stock can follow them, rounded, and what is left is repaired where it costs least.
    """
    steps: list[dict[str, Any]] = []
    lane_idx = recent[-1].decisions.lane_idx
    prices = average_of([evaluation.prices for evaluation in recent])

    def step(name: str, before: Evaluation, change: Callable[[Evaluation], Evaluation]) -> Evaluation:
        began = time.perf_counter()
        after = change(before)
        steps.append(_row(name, before, after, evaluate, time.perf_counter() - began))
        return after

    def follow(level: Floats) -> Evaluation:
        return evaluate.follow(prices, lane_idx, level)

    current = step("average", recent[-1], lambda _: follow(_average_level(recent, lane_idx)))
    if violation(current.use, evaluate.shared.limit) > 0.0:
        current = step("level out", current, lambda now: follow(_levelled_out(evaluate, now)))
    if whole_units:
        current = step("round", current, lambda now: follow(rounded(now.decisions.level, product_idx)))
    current = step("repair", current, lambda now: repaired(evaluate, now, whole_units))
    current = step("count", current, lambda now: replace(now, cost=_counted_cost(evaluate, now)))
    return Recovery(current, pd.DataFrame(steps))


def _counted_cost(evaluate: Evaluator, current: Evaluation) -> float:
    """Cost of the plan's levels with customers choosing their nodes at no prices: a sum over products."""
    return unpriced_cost(evaluate, current.decisions.lane_idx, current.decisions.level)


def unpriced_cost(evaluate: Evaluator, lane_idx: Ints, level: Floats) -> float:
    """What lanes and levels cost when capacity is free, money over the horizon."""
    return evaluate.follow(no_prices(evaluate.shared.limit), lane_idx, level).cost


def _levelled_out(evaluate: Evaluator, current: Evaluation) -> Floats:
    return levelled(current.decisions.level, taken_units(evaluate.model, current.decisions))


def _row(name: str, before: Evaluation, after: Evaluation, evaluate: Evaluator, seconds: float) -> dict[str, Any]:
    limit = evaluate.shared.limit
    return {
        "step": name,
        "cost_before": before.cost,
        "cost_after": after.cost,
        "violation_before": violation(before.use, limit),
        "violation_after": violation(after.use, limit),
        "seconds": seconds,
    }


def _average_level(recent: list[Evaluation], lane_idx: Ints) -> Floats:
    """Average level over the evaluations that supply a product as the last one does.

    Other lanes mean other windows, and another share of an upstream node's level.
    """
    same = np.stack([(evaluation.decisions.lane_idx == lane_idx).all(axis=1) for evaluation in recent])
    levels = np.stack([evaluation.decisions.level for evaluation in recent])
    return np.asarray((levels * same[:, :, None, None]).sum(axis=0) / same.sum(axis=0)[:, None, None])


def rounded(level: Floats, product_idx: Ints | None = None) -> Floats:
    """Whole units that leave sums over products nearly as they were: each product rounds at a threshold of its own.

    `product_idx` [product] says which products of the scenario these are, when they are not all of them.
    """
    threshold = ((np.arange(level.shape[0]) if product_idx is None else product_idx) * _GOLDEN) % 1.0
    return np.floor(level + threshold[:, None, None] + 1e-9)


def review_targets(
    compiled: CompiledScenario,
    model: PlanningModel,
    planned: Evaluation,
    whole_units: bool,
    product_idx: Ints | None = None,
) -> Floats:
    """Order-up-to targets by review period, [product, node, period], from levels by period of use.

    A level ordered in a period is used one lead time and half a review interval later. A target leaves room for what
    packs and minimum orders bring beyond it.
    """
    lane = planned.decisions.lane_idx
    excess = pack_excess(compiled, lane, planned.decisions.consumed.mean(axis=2))
    targets = less_packs(dated(model, lane, planned.decisions.level), excess)
    return rounded(targets, product_idx) if whole_units else targets


def dated(model: PlanningModel, lane: Ints, level: Floats) -> Floats:
    """Level of each node itself by review period, from levels by period of use."""
    delay = (model.lead_days + 0.5 * model.review_days)[lane] / model.period_days
    return own_level(model, lane, _interpolated(level, delay))


def less_packs(level: Floats, excess: Floats) -> Floats:
    """Targets that leave room for what packs and minimum orders bring beyond them, `excess` [product, node]."""
    return np.where(level > 0, np.maximum(level - excess[:, :, None], np.minimum(level, 1.0)), 0.0)


def own_level(model: PlanningModel, lane: Ints, level: Floats) -> Floats:
    """Level of each node itself, not below 0: an upstream node's echelon level less what its children hold."""
    own = level.copy()
    num_nodes = lane.shape[1]
    for node in range(num_nodes):
        source = np.where(lane[:, node] >= 0, model.lane_source_idx[lane[:, node]], num_nodes)
        fed = np.flatnonzero(source < num_nodes)
        own[fed, source[fed]] -= level[fed, node]
    return np.maximum(own, 0.0)


def pack_storage(compiled: CompiledScenario, model: PlanningModel, decisions: Decisions) -> Floats:
    """m³ that packs and minimum orders bring beyond the levels, [node, storage type, period].

    A target can make room for them only as far as the level reaches: slow movers still hold a pack.
    """
    lane = decisions.lane_idx
    level = own_level(model, lane, decisions.level)
    excess = pack_excess(compiled, lane, decisions.consumed.mean(axis=2))
    beyond = np.maximum(0.0, excess[:, :, None] + np.minimum(level, 1.0) - level)
    volume = np.where(level > 0, beyond, 0.0) * model.volume_m3[:, None, None]
    kinds = [volume[model.storage_type_idx == kind].sum(axis=0) for kind in range(len(compiled.names.storage_types))]
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


def pack_excess(compiled: CompiledScenario, lane: Ints, flow: Floats) -> Floats:
    """Units by which packs and minimum orders lift the average position above its target, [product, node].

    Orders in multiples of b bring the position to (b − 1)/2 above the target on average. b is the pack where the
    `flow` of a review interval (units per day out of the node, [product, node]) exceeds the least order, else the
    least order itself: the minimum, rounded up to packs.
    """
    pack, minimum = order_multiples(compiled, lane)
    review = compiled.lanes.review_every_days[lane]
    least_order = pack * np.ceil(minimum / pack)
    lifted = 0.5 * (np.where(flow * review < least_order, least_order, pack) - 1.0)
    return np.where(lane >= 0, lifted, 0.0)
