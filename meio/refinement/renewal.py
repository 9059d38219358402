"""A refined plan after some of its products were planned anew: they are refined at its prices, the others stay."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from meio.network.changes import of_products
from meio.network.columns import positions
from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario, Ints
from meio.network.model import Scenario
from meio.optimizer.model import planning_model
from meio.optimizer.prices import capacities, fields, violation
from meio.plan import CapacityPrices, Plan
from meio.refinement.proof import Proof, proven
from meio.refinement.refine import worth_refining
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
    prices, rounds = plan.refinement.prices, after.file.planning.refinement_rounds
    old, new = _part(before, names, plan), _refined(_part(after, names, closed), prices, rounds, workers)
    former, now = _proof(old, workers), _proof(new, workers)
    targets, shift = plan.targets.copy(), plan.refinement.shift.copy()
    targets[new.at], shift[new.at] = new.plan.targets, new.plan.targets - closed.targets[new.at]
    lane_idx, unit_value = plan.lane_idx.copy(), plan.unit_value.copy()
    lane_idx[new.at], unit_value[new.at] = new.plan.lane_idx, new.plan.unit_value
    parts = zip(fields(plan.use), fields(former.use), fields(now.use), strict=True)
    use = CapacityPrices(*(total - one + other for total, one, other in parts))
    allowed = zip(fields(capacities(new.compiled).limit), fields(plan.use), strict=True)
    moved = int((shift != 0.0).any(axis=(1, 2)).sum())
    return replace(
        closed,
        targets=targets,
        lane_idx=lane_idx,
        unit_value=unit_value,
        use=use,
        capacity_violation_max=violation(use, CapacityPrices(*(np.maximum(*pair) for pair in allowed))),
        refinement=plan.refinement._replace(products=moved, shift=shift),
    )


def _part(scenario: Scenario, names: list[str], plan: Plan) -> _Part:
    compiled = compile_scenario(of_products(scenario, names))
    at = positions(scenario.tables["products"]["product"], compiled.names.products)
    rows = replace(plan, targets=plan.targets[at], lane_idx=plan.lane_idx[at], unit_value=plan.unit_value[at])
    return _Part(compiled, at, rows)


def _refined(part: _Part, prices: CapacityPrices, rounds: int, workers: int) -> _Part:
    """With targets that cost least at these prices."""
    chosen = worth_refining(part.compiled, part.plan, planning_model(part.compiled))
    paths = paths_of(part.compiled, part.plan, "priced", workers)
    targets = searched_at(paths, part.plan, chosen, prices, rounds).targets(NEAREST)
    value = unit_values(part.compiled, part.plan, prices)
    return part._replace(plan=replace(part.plan, targets=targets, unit_value=value))


def _proof(part: _Part, workers: int) -> Proof:
    return proven(paths_of(part.compiled, part.plan, "priced", workers), part.plan.targets)
