"""A price put to the test: plan again with less and with more of a capacity, and simulate both on the same orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

from meio.network.compiled import CompiledScenario
from meio.network.model import Planning, Policy
from meio.optimizer.planner import solved
from meio.optimizer.prices import capacities
from meio.plans import Plan
from meio.refinement.refine import refined
from meio.sensitivities.capacity import Capacity, of_capacity, scaled
from meio.simulation.engine import simulate
from meio.simulation.measures import SimulationResult
from meio.simulation.statistics import paired_saving

_ALL_EVALUATIONS = 1e-12  # a gap at which no replan stops early: both sides of a difference look as long


class Terms(NamedTuple):
    """How plans are made and simulated for a check."""

    planning: Planning
    policy: Policy
    replications: int
    seed: int
    workers: int | None


class _Proven(NamedTuple):
    plan: Plan
    result: SimulationResult


def checked(
    compiled: CompiledScenario,
    plan: Plan,
    chosen: list[Capacity],
    share: float,
    terms: Terms,
    progress: Callable[[int], None],
) -> pd.DataFrame:
    """What cost does when a capacity is a share less, and more, in all periods.

    Every plan, one with capacities as they are among them, starts from the plan's prices and takes the same number of
    evaluations and rounds; all are simulated on the same orders.

    Returns
    -------
    DataFrame
        One row a capacity: its three names; for ``minus`` and ``plus`` each ``planned_…``, the change of the least cost
        known to the planning model (`Plan.dual_value`, money); ``worth_…``, the same by the prices found with less, or
        more (money, by which a true change is bounded on one side, the plan's own price being the other); and
        ``simulated_…`` with ``…_low`` and ``…_high``, the change of simulated cost with its paired 95% interval.
    """
    base = _proven(compiled, plan, terms)
    progress(1)
    rows: list[dict[str, object]] = []
    for capacity in chosen:
        row: dict[str, object] = dict(zip(Capacity._fields, capacity, strict=True))
        for side, factor in (("minus", 1.0 - share), ("plus", 1.0 + share)):
            other = scaled(compiled, capacity, factor)
            values = _change(base, other, capacity, factor, terms)
            row |= {name.format(side): value for name, value in zip(_MEASURES, values, strict=True)}
            progress(2 + 2 * len(rows) + (side == "plus"))
        rows.append(row)
    names = [name.format(side) for side in ("minus", "plus") for name in _MEASURES]
    return pd.DataFrame(rows, columns=[*Capacity._fields, *names])


_MEASURES = ("planned_{}", "worth_{}", "simulated_{}", "simulated_{}_low", "simulated_{}_high")


def _change(
    base: _Proven, other: CompiledScenario, capacity: Capacity, factor: float, terms: Terms
) -> tuple[float, ...]:
    """The values of `_MEASURES` for one side."""
    again = _proven(other, base.plan, terms)
    limit = of_capacity(capacities(other).limit, other, capacity)
    price = of_capacity(again.plan.prices, other, capacity)
    more = limit * (1.0 - 1.0 / factor)  # than in the base
    by_price = -float((price * more).sum()) * other.period_days
    simulated = paired_saving(again.result, base.result, "total")
    return again.plan.dual_value - base.plan.dual_value, by_price, *simulated


def _proven(compiled: CompiledScenario, start: Plan, terms: Terms) -> _Proven:
    settings = terms.planning.model_copy(update={"target_gap": _ALL_EVALUATIONS})
    made = solved(compiled, settings, workers=terms.workers, start=start.prices).plan
    better = refined(compiled, made, settings.refinement_rounds, policy=terms.policy, workers=terms.workers)
    result = simulate(
        compiled,
        better,
        replications=terms.replications,
        seed=terms.seed,
        policy=terms.policy,
        workers=terms.workers,
    )
    return _Proven(better, result)
