"""How what is left of a horizon is planned anew: every step begins where the last plan ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from meio.network.compiled import CompiledScenario
from meio.network.model import Planning, Policy
from meio.optimizer.planner import solved
from meio.optimizer.prices import fields
from meio.plans import CapacityPrices, Plan
from meio.refinement.refine import refined
from meio.refinement.unit_values import unit_values

PlanAnew = Callable[[CompiledScenario, Plan], Plan]
"""Plans what is left of a scenario, given what is left of the last plan."""

ROUNDS_SHARE = 5  # a replan is refined for one in so many of a full plan's rounds


def planner_of(settings: Planning, policy: Policy) -> PlanAnew:
    """The planner of a scenario, on one thread.

    Prices move from the last plan's on. Refinement begins at the shifts of targets that it found for the last plan,
    with a fifth of `refinement_rounds`.
    """
    rounds = settings.refinement_rounds // ROUNDS_SHARE

    def plan_anew(left: CompiledScenario, former: Plan) -> Plan:
        made = solved(left, settings, workers=1, start=former.prices).plan
        carried = with_refinement_of(former, made, left)
        better = refined(left, replace(made, targets=carried.targets), rounds, policy=policy, workers=1)
        if better.refinement is None:
            return carried
        return replace(better, refinement=better.refinement._replace(shift=better.targets - made.targets))

    return plan_anew


def with_refinement_of(former: Plan, plan: Plan, compiled: CompiledScenario) -> Plan:
    """A plan with the former one's shifts of targets, where lanes are the same, and of prices."""
    if former.refinement is None:
        return plan
    same = (plan.lane_idx == former.lane_idx) & (plan.lane_idx >= 0)
    shift = np.where(same[:, :, None], former.refinement.shift, 0.0)
    parts = zip(fields(plan.prices), fields(former.refinement.prices), fields(former.prices), strict=True)
    prices = CapacityPrices(*(np.maximum(price + now - before, 0.0) for price, now, before in parts))
    return replace(
        plan,
        targets=np.maximum(plan.targets + shift, 0.0),
        unit_value=unit_values(compiled, plan, prices),
        refinement=former.refinement._replace(prices=prices, shift=shift),
    )
