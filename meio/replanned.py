"""A plan simulated with replans on the way, beside itself as it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from meio.closed_loop.loop import replan_days, simulate_closed_loop
from meio.network.compile import compile_scenario
from meio.network.model import Policy, Scenario
from meio.network.scenario import load_scenario
from meio.outcome import Outcome, OutcomeInterrupted
from meio.plans import Plan
from meio.simulation.policies import AssignmentPolicy, PolicyError
from meio.simulation.stopping import SimulationInterrupted
from meio.workflow import (
    Trial,
    compared,
    interrupted,
    keep_stopped,
    reopened,
    step_progress,
    timed,
    write_finished,
)


def simulate_replanned(
    path: Path | str,
    plan_folder: Path | str,
    replan: str,
    trial: Trial,
    policy: Policy | AssignmentPolicy | None = None,
    folder: Path | None = None,
    *,
    overrides: Sequence[str] = (),
) -> Outcome:
    """Simulate a plan with replans on the way, beside it as it is (``static``), and write an output folder.

    The scenario that the plan was made for is the first forecast; what happens is the scenario at `path`, which may
    have other demand, capacities or costs.

    Raises
    ------
    ScenarioError
        With every problem of the scenario, or when the plan is for another network or its periods do not fit `replan`.
    OutputError
        When `plan_folder` holds no plan, its scenario is not what it was, or `folder` cannot be written.
    PolicyError
        When a policy of the user's misbehaves; what was simulated until then is written.
    OutcomeInterrupted
        When someone stops it after a replication; what was simulated until then is written.
    """
    planned = reopened(plan_folder)
    scenario = load_scenario(Path(path), overrides)
    compiled = compile_scenario(scenario)
    plan = planned.plan if compiled.hash == planned.compiled.hash else _without_bound(planned.plan)
    outcome = Outcome(Path(path), tuple(overrides), scenario, compiled, plan, planned.timings)
    rivals = {"static": (plan, policy or scenario.file.simulation.policy)}
    try:
        outcome = _prove_replanned(outcome, planned.scenario, replan, trial, policy)
        outcome = compared(outcome, rivals, trial)
    except PolicyError as error:
        keep_stopped(outcome, error, folder)
        raise
    except OutcomeInterrupted as stop:
        raise interrupted(stop, None, folder) from None
    write_finished(folder, outcome)
    return outcome


def _prove_replanned(
    outcome: Outcome, forecast: Scenario, replan: str, trial: Trial, policy: Policy | AssignmentPolicy | None
) -> Outcome:
    replications = trial.replications or outcome.scenario.file.simulation.replications
    total = replications * (1 + len(replan_days(replan, outcome.compiled)))
    timings = dict(outcome.timings)
    try:
        with timed("simulate_replanned", timings):
            result, replans = simulate_closed_loop(
                outcome.scenario,
                outcome.plan,
                forecast=forecast,
                replan=replan,
                policy=policy,
                replications=replications,
                seed=trial.seed,
                workers=trial.workers,
                daily=trial.daily,
                events=trial.events,
                progress=step_progress("simulate_replanned", total, trial.progress),
            )
    except SimulationInterrupted as stop:
        raise OutcomeInterrupted(replace(outcome, proof=stop.result)) from None
    return replace(outcome, proof=result, replans=replans, timings=timings)


def _without_bound(plan: Plan) -> Plan:
    reason = "the plan was made for another scenario than the one simulated"
    return replace(plan, lower_bound=math.nan, bound_kind="none", bound_conditions=(reason,))
