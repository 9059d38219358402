"""The planner: from a compiled scenario to a plan."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from meio.network.compiled import GAMMA, NORMAL, CompiledScenario, Floats
from meio.network.model import Planning
from meio.optimizer.certificate import Certificate, certify
from meio.optimizer.dual import Ascent, dual_ascent
from meio.optimizer.evaluation import Evaluation, Evaluator
from meio.optimizer.model import planning_model
from meio.optimizer.prices import Capacities, capacities, no_prices, violation
from meio.optimizer.recovery import Recovery, pack_storage, recovered, review_targets
from meio.optimizer.stopping import AnyOf, GapClosed, MostIterations, MostSeconds, PlanInterrupted, Progress, StopRule
from meio.plans import CapacityPrices, Plan


class Solved(NamedTuple):
    """A plan and what it was made from."""

    plan: Plan
    evaluate: Evaluator
    ascent: Ascent[Evaluation]
    planned: Evaluation
    """Levels by period of use, with what they cost unpriced and use at the prices their customers meet."""


Method = Literal["decomposition", "extensive"]


def plan(
    compiled: CompiledScenario,
    settings: Planning | None = None,
    *,
    method: Method = "decomposition",
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """Inventory targets and capacity prices for a scenario.

    Parameters
    ----------
    compiled : CompiledScenario
        The scenario as arrays.
    settings : Planning, optional
        When to stop; the scenario's own `planning` section, or its defaults.
    method : str
        ``decomposition`` by capacity prices, or ``extensive`` (`extensive_plan`), for small scenarios.
    workers : int, optional
        Threads; as many as the machine has cores when left out. The plan does not depend on it.
    progress : callable, optional
        Called after each evaluation of the dual.

    Returns
    -------
    Plan
        Targets, lanes, prices, use, and the bound that `certify` gives at these prices.

    Raises
    ------
    TooLargeError
        When the scenario is too large for ``extensive``.
    PlanInterrupted
        When someone stops dual ascent, with the plan made from what it had found.
    """
    if method == "extensive":
        from meio.optimizer.extensive_plan import extensive_plan

        return extensive_plan(compiled)
    return solved(compiled, settings or Planning(), workers=workers, progress=progress).plan


def solved(
    compiled: CompiledScenario,
    settings: Planning,
    *,
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    start: CapacityPrices | None = None,
) -> Solved:
    """A plan as `plan` makes it, with what it was made from; prices move from `start`, or from zero.

    Raises
    ------
    PlanInterrupted
        As `plan` does.
    """
    started = time.perf_counter()
    evaluate = evaluator_of(compiled, capacities(compiled), workers or os.cpu_count() or 1)
    ascent = dual_ascent(evaluate, stop_rule(settings), progress, start)
    whole_units = in_whole_units(compiled)
    recovery = recovered(evaluate, ascent.recent, whole_units)
    certificate = certify(compiled, recovery.planned.prices, evaluate.workers)
    made = _as_plan(compiled, evaluate, ascent, recovery, certificate, whole_units, time.perf_counter() - started)
    if ascent.interrupted:
        raise PlanInterrupted(made)
    return Solved(made, evaluate, ascent, recovery.planned)


def stop_rule(settings: Planning) -> StopRule:
    """When the scenario's `planning` section wants dual ascent to stop."""
    rules: list[StopRule] = [GapClosed(settings.target_gap), MostIterations(settings.max_iterations)]
    if settings.max_seconds is not None:
        rules.append(MostSeconds(settings.max_seconds))
    return AnyOf(tuple(rules))


def evaluator_of(compiled: CompiledScenario, shared: Capacities, workers: int) -> Evaluator:
    """Everything an evaluation needs, with the room that packs take set aside."""
    model = planning_model(compiled)
    unpriced = Evaluator(model, shared, workers)(no_prices(shared.limit))
    return Evaluator(model, shared, workers, pack_storage(compiled, model, unpriced.decisions))


def in_whole_units(compiled: CompiledScenario) -> bool:
    """Whether demand is counted in units, and levels must be whole."""
    return not np.isin(compiled.demand.stream_kind, (NORMAL, GAMMA)).any()


def unit_values(planned: Evaluation) -> Floats:
    """What one more unit costs at each node, 0 where there is none, [product, node, period]."""
    supply_cost = planned.decisions.supply_cost
    return np.where(np.isfinite(supply_cost), supply_cost, 0.0)


def _as_plan(
    compiled: CompiledScenario,
    evaluate: Evaluator,
    ascent: Ascent[Evaluation],
    recovery: Recovery,
    certificate: Certificate,
    whole_units: bool,
    seconds: float,
) -> Plan:
    planned = recovery.planned
    return Plan(
        name="plan",
        currency=compiled.currency,
        targets=review_targets(compiled, evaluate.model, planned, whole_units),
        lane_idx=planned.decisions.lane_idx,
        unit_value=unit_values(planned),
        prices=planned.prices,
        use=planned.use,
        lower_bound=certificate.lower_bound,
        bound_kind=certificate.kind,
        bound_conditions=certificate.conditions,
        dual_value=ascent.highest_dual_value,
        planned_cost=planned.cost,
        dual_gap=dual_gap(planned.cost, ascent.highest_dual_value),
        capacity_violation_max=violation(planned.use, evaluate.shared.limit),
        iterations=len(ascent.convergence),
        seconds=seconds,
        convergence=ascent.convergence,
        recovery=recovery.steps,
    )


def dual_gap(planned_cost: float, dual_value: float) -> float:
    """Planned cost and dual value apart, relative to the planned cost."""
    return abs(planned_cost - dual_value) / max(abs(planned_cost), 1e-12)
