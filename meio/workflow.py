"""The method from end to end: read, compile, plan, simulate, compare."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from meio.closed_loop.loop import replan_days, simulate_closed_loop
from meio.folder import check_destination, read_facts
from meio.network.compile import compile_scenario
from meio.network.model import Policy, Scenario
from meio.network.scenario import load_scenario
from meio.optimizer.baselines import baseline_plans
from meio.optimizer.planner import Method
from meio.outcome import Outcome
from meio.output import read_plan, write_output
from meio.plans import Plan
from meio.refinement.planner import plan
from meio.simulation.engine import simulate
from meio.simulation.measures import SimulationResult
from meio.simulation.policies import AssignmentPolicy, PolicyError
from meio.simulation.stopping import MOST_REPLICATIONS

Progress = Callable[[str, int, int], None]
"""Told the step, how much of it is done and how much there is, while a long step runs."""

BASELINE_POLICY: Policy = "nearest"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trial:
    """How every system of a comparison is simulated.

    Attributes
    ----------
    seed : int
        Of the random streams, ≥ 0; the same for all.
    replications : int or None
        Number of sample paths; none: as the scenario says.
    precision : float or None
        Go on beyond `replications` until half the 95% interval of the plan's mean total cost is at most this share of
        it. What it is compared with is simulated as often as the plan was.
    most_replications : int
        Where to stop then at the latest.
    workers : int or None
        Threads; none: one a core. The result does not depend on it.
    progress : Progress or None
        Who is told how far it is.
    daily, events : bool
        Whether to keep a table of every day and of every event.
    """

    seed: int = 0
    replications: int | None = None
    precision: float | None = None
    most_replications: int = MOST_REPLICATIONS
    workers: int | None = None
    progress: Progress | None = None
    daily: bool = False
    events: bool = False

    def like(self, proof: SimulationResult | None) -> Trial:
        """With as many replications as an earlier simulation, so that the two can be compared pair by pair."""
        return self if proof is None else replace(self, replications=proof.replications, precision=None)


def run(
    path: Path | str,
    folder: Path | str | None = None,
    *,
    overrides: Sequence[str] = (),
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Plan a scenario, prove the plan and both baselines on the same random orders, and write an output folder.

    Parameters
    ----------
    path : path
        The scenario's YAML file.
    folder : path, optional
        Where to write; none: nowhere. What is finished is written even when a later step fails or is interrupted.
    overrides : sequence of str
        ``path=value``; they win over the file.
    seed : int
        Of the simulation's random streams, ≥ 0.
    workers : int, optional
        Threads; none: one a core. The result does not depend on it.
    progress : Progress, optional
        Who is told how far it is.

    Raises
    ------
    ScenarioError
        With every problem of the scenario.
    OutputError
        When the folder cannot be written, or holds something else.
    """
    trial = Trial(seed=seed, workers=workers, progress=progress)
    if folder is not None:
        check_destination(Path(folder))
    outcome = plan_scenario(path, overrides=overrides, workers=workers, progress=progress)
    try:
        outcome = prove(outcome, trial)
        outcome = compare_with_baselines(outcome, trial)
    finally:
        if folder is not None:
            write_output(Path(folder), outcome)
    return outcome


def plan_scenario(
    path: Path | str,
    *,
    overrides: Sequence[str] = (),
    method: Method = "decomposition",
    workers: int | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Plan a scenario without simulating it; parameters and errors are those of `run`, `method` that of `plan`."""
    timings: dict[str, float] = {}
    with _timed("read", timings):
        scenario = load_scenario(Path(path), overrides)
        compiled = compile_scenario(scenario)
    settings = scenario.file.planning
    tell = _step("plan", settings.max_iterations + settings.refinement_rounds, progress)
    with _timed("plan", timings):
        policy = scenario.file.simulation.policy
        best = plan(compiled, settings, method=method, policy=policy, workers=workers, progress=tell)
    return Outcome(Path(path), tuple(overrides), scenario, compiled, best, timings)


def saved_plan(path: Path | str, folder: Path | str, *, overrides: Sequence[str] = ()) -> Outcome:
    """Take up the plan that an earlier run of the same scenario wrote to a folder.

    Raises
    ------
    ScenarioError
        With every problem of the scenario.
    OutputError
        When the folder holds no plan, or the plan of another scenario.
    """
    timings: dict[str, float] = {}
    with _timed("read", timings):
        scenario = load_scenario(Path(path), overrides)
        compiled = compile_scenario(scenario)
        earlier = read_plan(Path(folder), compiled)
    return Outcome(Path(path), tuple(overrides), scenario, compiled, earlier, timings)


def reopened(folder: Path | str) -> Outcome:
    """Take up the plan in an output folder, with the scenario it was made for; errors are those of `saved_plan`."""
    scenario = read_facts(Path(folder))["scenario"]
    return saved_plan(Path(folder) / scenario["path"], folder, overrides=scenario["overrides"])


def simulate_plan(
    outcome: Outcome,
    trial: Trial,
    policy: Policy | AssignmentPolicy | None = None,
    against: Policy | AssignmentPolicy | None = None,
    folder: Path | None = None,
) -> Outcome:
    """Simulate a plan, beside the same plan under a second policy if one is given, and write an output folder.

    Raises
    ------
    PolicyError
        When a policy of the user's misbehaves; what was simulated until then is written.
    """
    try:
        outcome = prove(outcome, trial, policy)
        if against is not None:
            outcome = compare_with_policy(outcome, against, trial)
    except PolicyError as error:
        _keep_stopped(outcome, error, folder)
        raise
    if folder is not None:
        write_output(folder, outcome)
    return outcome


def prove(outcome: Outcome, trial: Trial, policy: Policy | AssignmentPolicy | None = None) -> Outcome:
    """Simulate the plan, assigning orders by `policy` or else as the scenario says."""
    policy = policy or outcome.scenario.file.simulation.policy
    results, timings = _simulated(outcome, {"plan": (outcome.plan, policy)}, trial)
    return replace(outcome, proof=results["plan"], timings=timings)


def compare_with_baselines(outcome: Outcome, trial: Trial) -> Outcome:
    """Simulate the systems the plan replaces, which assign every order to the nearest node that can serve it."""
    timings = dict(outcome.timings)
    with _timed("plan_baselines", timings):
        plans = baseline_plans(outcome.compiled)
    rivals = {name: (baseline, BASELINE_POLICY) for name, baseline in plans.items()}
    results, timings = _simulated(replace(outcome, timings=timings), rivals, trial.like(outcome.proof))
    return replace(outcome, baselines=results, timings=timings)


def compare_with_policy(outcome: Outcome, policy: Policy | AssignmentPolicy, trial: Trial) -> Outcome:
    """Simulate the same plan under another assignment policy."""
    name = policy if isinstance(policy, str) else policy.name
    results, timings = _simulated(outcome, {name: (outcome.plan, policy)}, trial.like(outcome.proof))
    return replace(outcome, baselines=results, timings=timings)


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
    """
    planned = reopened(plan_folder)
    scenario = load_scenario(Path(path), overrides)
    compiled = compile_scenario(scenario)
    plan = planned.plan if compiled.hash == planned.compiled.hash else _without_bound(planned.plan)
    outcome = Outcome(Path(path), tuple(overrides), scenario, compiled, plan, planned.timings)
    rivals = {"static": (plan, policy or scenario.file.simulation.policy)}
    try:
        outcome = _prove_replanned(outcome, planned.scenario, replan, trial, policy)
        results, timings = _simulated(outcome, rivals, trial)
    except PolicyError as error:
        _keep_stopped(outcome, error, folder)
        raise
    outcome = replace(outcome, baselines=results, timings=timings)
    if folder is not None:
        write_output(folder, outcome)
    return outcome


def _prove_replanned(
    outcome: Outcome, forecast: Scenario, replan: str, trial: Trial, policy: Policy | AssignmentPolicy | None
) -> Outcome:
    replications = trial.replications or outcome.scenario.file.simulation.replications
    total = replications * (1 + len(replan_days(replan, outcome.compiled)))
    timings = dict(outcome.timings)
    with _timed("simulate_replanned", timings):
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
            progress=_step("simulate_replanned", total, trial.progress),
        )
    return replace(outcome, proof=result, replans=replans, timings=timings)


def _keep_stopped(outcome: Outcome, error: PolicyError, folder: Path | None) -> None:
    """Write what was simulated before a policy misbehaved."""
    if folder is not None:
        write_output(folder, outcome if outcome.proof else replace(outcome, proof=error.result))


def _without_bound(plan: Plan) -> Plan:
    reason = "the plan was made for another scenario than the one simulated"
    return replace(plan, lower_bound=math.nan, bound_kind="none", bound_conditions=(reason,))


def _simulated(
    outcome: Outcome, systems: Mapping[str, tuple[Plan, Policy | AssignmentPolicy]], trial: Trial
) -> tuple[dict[str, SimulationResult], dict[str, float]]:
    """Simulate plans under policies by name, all on the same random numbers; with the timings so far."""
    timings, results = dict(outcome.timings), {}
    replications = trial.replications or outcome.scenario.file.simulation.replications
    for name, (candidate, policy) in systems.items():
        step = f"simulate_{name}"
        with _timed(step, timings):
            results[name] = simulate(
                outcome.compiled,
                candidate,
                replications=replications,
                precision=trial.precision,
                most_replications=trial.most_replications,
                seed=trial.seed,
                policy=policy,
                workers=trial.workers,
                daily=trial.daily,
                events=trial.events,
                progress=_step(step, replications, trial.progress),
            )
    return results, timings


@contextmanager
def _timed(step: str, timings: dict[str, float]) -> Iterator[None]:
    begin = perf_counter()
    yield
    timings[step] = perf_counter() - begin
    _log.info("%s took %.2f s", step, timings[step])


def _step(name: str, total: int, progress: Progress | None) -> Callable[[int], None]:
    """Return what a step calls, which only knows how much of it is done."""
    return lambda done: progress(name, done, total) if progress else None
