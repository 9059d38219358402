"""A plan with what it takes to change a part of it, and the change: some products planned within what others leave."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import NamedTuple, TypeVar

import numpy as np

from meio.network.changes import of_products
from meio.network.columns import positions
from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.network.model import Planning, Scenario
from meio.optimizer import selection
from meio.optimizer.dual import Ascent, dual_ascent
from meio.optimizer.evaluation import Evaluation, Evaluator
from meio.optimizer.planner import Solved, dual_gap, evaluator_of, in_whole_units, stop_rule, unit_values
from meio.optimizer.prices import Capacities, fields, priced, violation
from meio.optimizer.recovery import Recovery, recovered, review_targets, unpriced_cost
from meio.optimizer.stopping import AnyOf, MostIterations
from meio.plans import CapacityPrices, Plan

MOST_STEPS = 5  # evaluations of the changed products before their levels are averaged and repaired
Array = TypeVar("Array", Floats, Ints)
_ROUNDING = 1e-9  # of a capacity: sums in another order do not exceed it


class Standing(NamedTuple):
    """A plan and what is needed to change a part of it."""

    plan: Plan
    shared: Capacities
    level: Floats
    """[product, node, period of use]"""
    price_idx: Ints
    """[product] into `paid`"""
    paid: tuple[CapacityPrices, ...]
    """Prices that products met when they were planned; the first are the network's."""
    dual_prices: CapacityPrices
    """Where the dual value is known."""
    dual_value: float
    full_gap: float
    """Dual gap of the last full plan."""
    extra_paid: float
    """What the products planned last pay for capacity more or less than at the network's prices, share of their cost"""


class _Part(NamedTuple):
    """Some products of a scenario."""

    compiled: CompiledScenario
    product_idx: Ints
    """[product of the part]: its place in the scenario"""
    evaluate: Evaluator
    """Of these products; what is fixed is the room their packs take."""


class _Share(NamedTuple):
    """What some products contribute to a plan."""

    use: CapacityPrices
    cost: float
    dual_value: float


def standing_of(made: Solved) -> Standing:
    """What a full plan leaves for replans."""
    highest = max(made.ascent.recent, key=lambda evaluation: evaluation.dual_value)
    level = made.planned.decisions.level
    return Standing(
        plan=made.plan,
        shared=made.evaluate.shared,
        level=level,
        price_idx=np.zeros(len(level), dtype=np.int64),
        paid=(made.planned.prices,),
        dual_prices=highest.prices,
        dual_value=highest.dual_value,
        full_gap=dual_gap(made.plan.planned_cost, highest.dual_value),
        extra_paid=0.0,
    )


def replanned(standing: Standing, before: Scenario, after: Scenario, names: list[str], workers: int) -> Standing:
    """Plan some products anew within the capacity that the others leave.

    The dual value is the sum of all products' least costs at one vector of prices, less the priced capacity: only the
    changed products' terms change. Use and cost are sums over products too.
    """
    started = time.perf_counter()
    old, new = (_part(scenario, names, standing.shared, workers) for scenario in (before, after))
    former = _share(standing, old)
    ascent, recovery = _solved_within(new, _left(standing, former.use), standing.plan.prices, after.file.planning)
    planned = recovery.planned
    cost = standing.plan.planned_cost - former.cost + planned.cost
    dual_value = standing.dual_value - former.dual_value + new.evaluate(standing.dual_prices).dual_value
    use = combined(standing.plan.use, (-1.0, former.use), (1.0, planned.use))
    made = replace(
        _with_targets(standing.plan, new, planned),
        use=use,
        lower_bound=math.nan,
        bound_kind="none",
        bound_conditions=("after a replan: only a full plan certifies a bound",),
        dual_value=dual_value,
        planned_cost=cost,
        dual_gap=dual_gap(cost, dual_value),
        capacity_violation_max=violation(use, standing.shared.limit),
        iterations=len(ascent.convergence),
        seconds=time.perf_counter() - started,
        convergence=ascent.convergence,
        recovery=recovery.steps,
    )
    price_idx, paid = _paid_by(standing, new.product_idx, planned.prices)
    return standing._replace(
        plan=made,
        level=with_rows(standing.level, new.product_idx, planned.decisions.level),
        price_idx=price_idx,
        paid=paid,
        dual_value=dual_value,
        extra_paid=_extra_paid(new, planned, standing.plan.prices),
    )


def part_of(scenario: Scenario, names: list[str]) -> tuple[CompiledScenario, Ints]:
    """Some products of a scenario, and the place of each in it."""
    compiled = compile_scenario(of_products(scenario, names))
    return compiled, positions(scenario.tables["products"]["product"], compiled.names.products)


def _part(scenario: Scenario, names: list[str], shared: Capacities, workers: int) -> _Part:
    compiled, product_idx = part_of(scenario, names)
    return _Part(compiled, product_idx, evaluator_of(compiled, shared, workers))


def _share(standing: Standing, part: _Part) -> _Share:
    """What products contribute to the standing plan: their use at the prices that each of them met."""
    evaluate, price_idx = part.evaluate, standing.price_idx[part.product_idx]
    lane_idx, level = standing.plan.lane_idx[part.product_idx], standing.level[part.product_idx]
    use = evaluate.fixed
    for index in np.unique(price_idx):
        rows = np.flatnonzero(price_idx == index)
        some = Evaluator(selection.of_products(evaluate.model, rows), evaluate.shared, evaluate.workers)
        use = combined(use, (1.0, some.follow(standing.paid[index], lane_idx[rows], level[rows]).use))
    return _Share(use, unpriced_cost(evaluate, lane_idx, level), evaluate(standing.dual_prices).dual_value)


def _left(standing: Standing, former: CapacityPrices) -> CapacityPrices:
    """Capacity that products may use: what all others leave, and at least what they used before.

    Where the plan was slightly above a capacity, the changed products need not make room for all others.
    """
    left = []
    for limit, use, own in zip(fields(standing.shared.limit), fields(standing.plan.use), fields(former), strict=True):
        usable = np.maximum(limit, use)
        left.append(np.maximum(usable - (use - own), 0.0) + _ROUNDING * np.where(np.isfinite(usable), usable, 0.0))
    return CapacityPrices(*left)


def _solved_within(
    part: _Part, capacity: CapacityPrices, start: CapacityPrices, settings: Planning
) -> tuple[Ascent[Evaluation], Recovery]:
    """Plan products that have a capacity for themselves, from the network's prices on."""
    given = part.evaluate
    evaluate = Evaluator(given.model, given.shared._replace(limit=capacity), given.workers, given.fixed.storage)
    stop = AnyOf((stop_rule(settings), MostIterations(MOST_STEPS)))
    ascent = dual_ascent(evaluate, stop, start=start)
    return ascent, recovered(evaluate, ascent.recent, in_whole_units(part.compiled), part.product_idx)


def _with_targets(plan: Plan, part: _Part, planned: Evaluation) -> Plan:
    """The plan with the decisions for some products in the place of the former ones."""
    at, whole_units = part.product_idx, in_whole_units(part.compiled)
    targets = review_targets(part.compiled, part.evaluate.model, planned, whole_units, at)
    return replace(
        plan,
        targets=with_rows(plan.targets, at, targets),
        lane_idx=with_rows(plan.lane_idx, at, planned.decisions.lane_idx),
        unit_value=with_rows(plan.unit_value, at, unit_values(planned)),
    )


def _paid_by(standing: Standing, product_idx: Ints, prices: CapacityPrices) -> tuple[Ints, tuple[CapacityPrices, ...]]:
    """Each product's prices with those of some replaced; prices that nobody meets any more are forgotten."""
    price_idx = standing.price_idx.copy()
    price_idx[product_idx] = len(standing.paid)
    used = np.union1d([0], price_idx)
    paid = (*standing.paid, prices)
    return np.searchsorted(used, price_idx), tuple(paid[index] for index in used)


def _extra_paid(part: _Part, planned: Evaluation, network: CapacityPrices) -> float:
    """What products pay for capacity more or less than at the network's prices, as a share of their cost."""
    apart = CapacityPrices(
        *(np.abs(own - every) for own, every in zip(fields(planned.prices), fields(network), strict=True))
    )
    paid = part.evaluate.model.period_days * priced(apart, planned.use)
    return paid / max(abs(planned.cost), 1e-12)


def with_rows(array: Array, at: Ints, rows: Array) -> Array:
    """A copy with some rows replaced."""
    copy = array.copy()
    copy[at] = rows
    return copy


def combined(first: CapacityPrices, *others: tuple[float, CapacityPrices]) -> CapacityPrices:
    """Sum of uses, each times its sign."""
    total = list(fields(first))
    for sign, other in others:
        total = [sum_ + sign * part for sum_, part in zip(total, fields(other), strict=True)]
    return CapacityPrices(*total)
