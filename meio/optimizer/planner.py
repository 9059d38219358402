"""The planner: from a compiled scenario to a plan."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np

from meio.network.compiled import GAMMA, NORMAL, CompiledScenario
from meio.network.model import Planning
from meio.optimizer.certificate import Certificate, certify
from meio.optimizer.dual import Ascent, GapOrIterations, Progress, dual_ascent
from meio.optimizer.evaluation import Evaluation, Evaluator
from meio.optimizer.model import planning_model
from meio.optimizer.prices import capacities, no_prices, violation
from meio.optimizer.recovery import pack_storage, recovered, review_targets
from meio.plan import Plan


def plan(
    compiled: CompiledScenario,
    settings: Planning | None = None,
    *,
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
    UnsupportedNetworkError
        When a node can only be supplied through two other stocking layers.
    """
    started = time.perf_counter()
    settings = settings or Planning()
    evaluate = _evaluator(compiled, workers or os.cpu_count() or 1)
    ascent = dual_ascent(evaluate, GapOrIterations(settings.target_gap, settings.max_iterations), progress)
    whole_units = not np.isin(compiled.demand.stream_kind, (NORMAL, GAMMA)).any()
    planned = recovered(evaluate, ascent.recent, whole_units)
    unpriced = evaluate.follow(no_prices(evaluate.shared.limit), planned.decisions.lane_idx, planned.decisions.level)
    planned = planned._replace(cost=unpriced.cost)
    certificate = certify(compiled, planned.prices, evaluate.workers)
    return _as_plan(compiled, evaluate, ascent, planned, certificate, whole_units, time.perf_counter() - started)


def _evaluator(compiled: CompiledScenario, workers: int) -> Evaluator:
    """Everything an evaluation needs, with the room that packs take set aside."""
    model, shared = planning_model(compiled), capacities(compiled)
    unpriced = Evaluator(model, shared, workers)(no_prices(shared.limit))
    return Evaluator(model, shared, workers, pack_storage(compiled, model, unpriced))


def _as_plan(
    compiled: CompiledScenario,
    evaluate: Evaluator,
    ascent: Ascent,
    planned: Evaluation,
    certificate: Certificate,
    whole_units: bool,
    seconds: float,
) -> Plan:
    supply_cost = planned.decisions.supply_cost
    return Plan(
        name="plan",
        targets=review_targets(compiled, evaluate.model, planned, whole_units),
        lane_idx=planned.decisions.lane_idx,
        unit_value=np.where(np.isfinite(supply_cost), supply_cost, 0.0),
        prices=planned.prices,
        use=planned.use,
        lower_bound=certificate.lower_bound,
        bound_kind=certificate.kind,
        bound_conditions=certificate.conditions,
        dual_value=ascent.highest_dual_value,
        planned_cost=planned.cost,
        dual_gap=abs(planned.cost - ascent.highest_dual_value) / max(abs(planned.cost), 1e-12),
        capacity_violation_max=violation(planned.use, evaluate.shared.limit),
        iterations=len(ascent.convergence),
        seconds=seconds,
        convergence=ascent.convergence,
    )
