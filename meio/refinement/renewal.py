"""A refined plan after some of its products were planned anew: they are refined at its prices, the others stay."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from meio.network.compiled import CompiledScenario, Ints
from meio.network.model import Scenario
from meio.optimizer.model import planning_model
from meio.optimizer.prices import violation
from meio.optimizer.standing import combined, part_of, with_rows
from meio.plans import CapacityPrices, Plan
from meio.refinement.proof import Proof, proven
from meio.refinement.refine import allowed_use, worth_refining
from meio.refinement.sampling import paths_of
from meio.refinement.search import searched_at
from meio.refinement.shift_steps import NEAREST
from meio.refinement.unit_values import unit_values


class _Part(NamedTuple):
    """Some products of a scenario, and a plan of these."""

    compiled: CompiledScenario
    at: Ints
    """[product of the part]: its place in the scenario"""
    plan: Plan


def renewed(plan: Plan, closed: Plan, before: Scenario, after: Scenario, names: list[str], workers: int) -> Plan:
    """Take the products named, which the closed forms planned anew, into a refined plan.

    Parameters
    ----------
    plan : Plan
        The refined plan of the scenario before, which may be one of the closed forms.
    closed : Plan
        Of the closed forms, after.
    """
    if plan.refinement is None:
        return closed
    old, new = _part(before, names, plan), _refined(_part(after, names, closed), plan.refinement.prices, after, workers)
    former, now = _proof(old, before, workers), _proof(new, after, workers)
    shift = with_rows(plan.refinement.shift, new.at, new.plan.targets - closed.targets[new.at])
    use = combined(plan.use, (-1.0, former.use), (1.0, now.use))
    return replace(
        closed,
        targets=with_rows(plan.targets, new.at, new.plan.targets),
        lane_idx=with_rows(plan.lane_idx, new.at, new.plan.lane_idx),
        unit_value=with_rows(plan.unit_value, new.at, new.plan.unit_value),
        use=use,
        capacity_violation_max=violation(use, allowed_use(new.compiled, plan.use)),
        refinement=plan.refinement._replace(products=int((shift != 0.0).any(axis=(1, 2)).sum()), shift=shift),
    )


def _part(scenario: Scenario, names: list[str], plan: Plan) -> _Part:
    compiled, at = part_of(scenario, names)
    rows = replace(plan, targets=plan.targets[at], lane_idx=plan.lane_idx[at], unit_value=plan.unit_value[at])
    return _Part(compiled, at, rows)


def _refined(part: _Part, prices: CapacityPrices, scenario: Scenario, workers: int) -> _Part:
    """With targets that cost least at these prices."""
    file, chosen = scenario.file, worth_refining(part.compiled, part.plan, planning_model(part.compiled))
    paths = paths_of(part.compiled, part.plan, file.simulation.policy, workers)
    targets = searched_at(paths, part.plan, chosen, prices, file.planning.refinement_rounds).targets(NEAREST)
    value = unit_values(part.compiled, part.plan, prices)
    return part._replace(plan=replace(part.plan, targets=targets, unit_value=value))


def _proof(part: _Part, scenario: Scenario, workers: int) -> Proof:
    return proven(paths_of(part.compiled, part.plan, scenario.file.simulation.policy, workers), part.plan.targets)
