"""A price put to the test: plan again with less and with more of a capacity, and simulate both on the same orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from meio.network.compiled import CompiledScenario, Floats
from meio.network.model import Planning, Policy
from meio.optimizer.planner import solved
from meio.optimizer.prices import capacities
from meio.plans import CapacityPrices, Plan
from meio.refinement.proof import proven
from meio.refinement.refine import allowed_use, refined, unrefined
from meio.refinement.sampling import paths_of
from meio.sensitivities.capacity import Capacity, of_capacity, scaled, scaled_use
from meio.simulation.engine import simulate
from meio.simulation.statistics import Estimate, mean_ci95

_ALL_EVALUATIONS = 1e-12  # a gap at which no replan stops early: both sides of a difference look as long


class Terms(NamedTuple):
    """How plans are made and simulated for a check."""

    planning: Planning
    policy: Policy
    replications: int
    replans: int
    """Times that each plan is refined, on other paths, and simulated, on other orders."""
    seed: int
    workers: int | None


class _Start(NamedTuple):
    """What all plans of a check begin with."""

    plan: Plan
    closed: Plan
    """Of the closed forms"""
    allowed: CapacityPrices | None
    """Use that the refinement's prices aim at; none: not refined."""


class _Again(NamedTuple):
    """Plans of one scenario, made and simulated again and again."""

    prices: tuple[CapacityPrices, ...]
    """Of each replan; of closed forms, which no replan changes, once"""
    dual_value: float
    """Money; NaN when refined: the closed forms' model was not asked again."""
    costs: tuple[Floats, ...]
    """Of each replan: simulated cost of each replication, money"""


def checked(
    compiled: CompiledScenario,
    plan: Plan,
    chosen: list[Capacity],
    share: float,
    terms: Terms,
    progress: Callable[[int], None],
) -> pd.DataFrame:
    """What cost does when a capacity is a share less, and more, in all periods.

    Every plan, one with capacities as they are among them, starts where the plan ended. A refined plan's targets and
    prices are refined further, on the same sampled paths; closed forms take up the prices with the same number of
    evaluations. All are simulated on the same orders.

    Returns
    -------
    DataFrame
        One row a capacity: its three names; ``priced`` with ``…_low`` and ``…_high``, price × change by the prices that
        replans find with capacities as they are (one price: without an interval); for ``minus`` and ``plus`` each
        ``planned_…``, the change of the least cost known to the planning model (`Plan.dual_value`, money; missing when
        refined: its cost is another); ``worth_…``, the same by the prices found with less, or more (money, by which a
        true change is bounded on one side, the plan's own price being the other); and ``simulated_…`` with ``…_low``
        and ``…_high``, the change of simulated cost with its 95% interval, paired. ``simulated``, with ends, is half
        the difference of the two: what is compared with the price. Of several replans, intervals are by Student's t
        over these.
    """
    start = _start(compiled, plan, terms)
    base = _planned_again(compiled, start, start.allowed, terms)
    progress(1)
    rows: list[dict[str, object]] = []
    for capacity in chosen:
        row: dict[str, object] = dict(zip(Capacity._fields, capacity, strict=True))
        row |= _named("priced", _worth(compiled, capacity, base.prices, share))
        found: dict[str, _Again] = {}
        for side, factor in (("minus", 1.0 - share), ("plus", 1.0 + share)):
            other = scaled(compiled, capacity, factor)
            allowed = scaled_use(start.allowed, compiled, capacity, factor) if start.allowed else None
            found[side] = _planned_again(other, start, allowed, terms)
            row |= _named(f"simulated_{side}", _difference(found[side].costs, base.costs))
            row[f"planned_{side}"] = found[side].dual_value - base.dual_value
            # its limit is `factor` of the base's; the change is back to the base
            row[f"worth_{side}"] = -_worth(other, capacity, found[side].prices, 1.0 - 1.0 / factor)[0]
            progress(2 + 2 * len(rows) + (side == "plus"))
        less, more = found["minus"].costs, found["plus"].costs
        rows.append(row | _named("simulated", _difference(less, more, 0.5)))
    return pd.DataFrame(rows)


def _named(name: str, estimate: Estimate) -> dict[str, float]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), estimate, strict=True))


def _difference(ones: tuple[Floats, ...], others: tuple[Floats, ...], weight: float = 1.0) -> Estimate:
    """Mean cost of one less another, weighed; the interval is over replans, or one replan's replications."""
    differences = [weight * (one - other) for one, other in zip(ones, others, strict=True)]
    return mean_ci95(differences[0] if len(differences) == 1 else np.mean(differences, axis=1))


def _worth(
    compiled: CompiledScenario, capacity: Capacity, prices: tuple[CapacityPrices, ...], share: float
) -> Estimate:
    """What a share more of a capacity is worth by prices found, money; 95% interval over them."""
    more = of_capacity(capacities(compiled).limit, compiled, capacity) * share
    found = np.array([(of_capacity(one, compiled, capacity) * more).sum() * compiled.period_days for one in prices])
    return mean_ci95(found) if found.size > 1 else (float(found[0]),) * 3


def _start(compiled: CompiledScenario, plan: Plan, terms: Terms) -> _Start:
    closed = unrefined(compiled, plan)
    if plan.refinement is None or terms.planning.refinement_rounds == 0:
        return _Start(closed, closed, None)
    former = proven(paths_of(compiled, closed, terms.policy, terms.workers), closed.targets)
    return _Start(plan, closed, allowed_use(compiled, former.use))


def _planned_again(compiled: CompiledScenario, start: _Start, allowed: CapacityPrices | None, terms: Terms) -> _Again:
    if allowed is None:
        settings = terms.planning.model_copy(update={"target_gap": _ALL_EVALUATIONS})
        plan = solved(compiled, settings, workers=terms.workers, start=start.plan.prices).plan
        return _Again((plan.prices,), plan.dual_value, _costs(compiled, [plan] * terms.replans, terms))
    plans = [_refined_again(compiled, start, allowed, terms, replan) for replan in range(terms.replans)]
    found = tuple(plan.refinement.prices for plan in plans if plan.refinement is not None)
    return _Again(found, float("nan"), _costs(compiled, plans, terms))


def _refined_again(
    compiled: CompiledScenario, start: _Start, allowed: CapacityPrices, terms: Terms, replan: int
) -> Plan:
    rounds, policy, workers = terms.planning.refinement_rounds, terms.policy, terms.workers
    shifts = start.plan.refinement
    return refined(
        compiled, start.closed, rounds, policy=policy, workers=workers, start=shifts, allowed=allowed, seed=replan
    )


def _costs(compiled: CompiledScenario, plans: list[Plan], terms: Terms) -> tuple[Floats, ...]:
    results = (
        simulate(
            compiled,
            plan,
            replications=terms.replications,
            seed=terms.seed + replan,
            policy=terms.policy,
            workers=terms.workers,
        )
        for replan, plan in enumerate(plans)
    )
    return tuple(result.cost["total"].to_numpy() for result in results)
