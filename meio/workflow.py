"""The method from end to end: read, compile, plan, simulate, compare."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter

from meio.folder import check_destination, read_facts
from meio.network.compile import compile_scenario
from meio.network.model import Policy
from meio.network.scenario import load_scenario
from meio.optimizer.baselines import baseline_plans
from meio.optimizer.planner import Method
from meio.optimizer.stopping import PlanInterrupted
from meio.outcome import Outcome, OutcomeInterrupted
from meio.output import read_plan, write_output
from meio.plans import Plan
from meio.refinement.planner import plan
from meio.simulation.engine import simulate
from meio.simulation.measures import SimulationResult
from meio.simulation.policies import AssignmentPolicy, PolicyError
from meio.simulation.stopping import MOST_REPLICATIONS, SimulationInterrupted

Progress = Callable[[str, int, int], None]
"""Told the step (after a colon: how it stands, ``plan: gap 0.4%``), how much is done, how much there is at most."""

System = tuple[Plan, Policy | AssignmentPolicy]

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
    OutcomeInterrupted
        When someone stops it after the first step, with what was finished.
    """
    trial = Trial(seed=seed, workers=workers, progress=progress)
    if folder is not None:
        check_destination(Path(folder))
    outcome = None
    try:
        outcome = plan_scenario(path, overrides=overrides, workers=workers, progress=progress)
        outcome = prove(outcome, trial)
        outcome = compare_with_baselines(outcome, trial)
    except KeyboardInterrupt as stop:
        raise interrupted(stop, outcome, folder) from None
    except Exception:
        write_finished(folder, outcome)
        raise
    write_finished(folder, outcome)
    return outcome


def plan_scenario(
    path: Path | str,
    folder: Path | str | None = None,
    *,
    overrides: Sequence[str] = (),
    method: Method = "decomposition",
    workers: int | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Plan a scenario without simulating it; parameters and errors are those of `run`, `method` that of `plan`.

    A plan that is interrupted after the first evaluation of the dual is finished from what was found, and written.
    """
    timings: dict[str, float] = {}
    with timed("read", timings):
        scenario = load_scenario(Path(path), overrides)
        compiled = compile_scenario(scenario)
    settings, policy = scenario.file.planning, scenario.file.simulation.policy
    of_plan = partial(Outcome, Path(path), tuple(overrides), scenario, compiled, timings=timings)
    try:
        with timed("plan", timings):
            best = plan(compiled, settings, method=method, policy=policy, workers=workers, progress=progress)
    except PlanInterrupted as stop:
        raise interrupted(stop, of_plan(plan=stop.plan), folder) from None
    write_finished(folder, of_plan(plan=best))
    return of_plan(plan=best)


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
    with timed("read", timings):
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
    OutcomeInterrupted
        When someone stops it after a replication; what was simulated until then is written.
    """
    try:
        outcome = prove(outcome, trial, policy)
        if against is not None:
            outcome = compare_with_policy(outcome, against, trial)
    except PolicyError as error:
        keep_stopped(outcome, error, folder)
        raise
    except OutcomeInterrupted as stop:
        raise interrupted(stop, None, folder) from None
    write_finished(folder, outcome)
    return outcome


def prove(outcome: Outcome, trial: Trial, policy: Policy | AssignmentPolicy | None = None) -> Outcome:
    """Simulate the plan, assigning orders by `policy` or else as the scenario says."""
    policy = policy or outcome.scenario.file.simulation.policy
    try:
        result, timings = _simulated(outcome, "plan", (outcome.plan, policy), trial)
    except SimulationInterrupted as stop:
        raise OutcomeInterrupted(replace(outcome, proof=stop.result)) from None
    return replace(outcome, proof=result, timings=timings)


def compare_with_baselines(outcome: Outcome, trial: Trial) -> Outcome:
    """Simulate the systems the plan replaces, which assign every order to the nearest node that can serve it."""
    timings = dict(outcome.timings)
    with timed("plan_baselines", timings):
        plans = baseline_plans(outcome.compiled)
    rivals = {name: (baseline, BASELINE_POLICY) for name, baseline in plans.items()}
    return compared(replace(outcome, timings=timings), rivals, trial.like(outcome.proof))


def compare_with_policy(outcome: Outcome, policy: Policy | AssignmentPolicy, trial: Trial) -> Outcome:
    """Simulate the same plan under another assignment policy."""
    name = policy if isinstance(policy, str) else policy.name
    return compared(outcome, {name: (outcome.plan, policy)}, trial.like(outcome.proof))


def keep_stopped(outcome: Outcome, error: PolicyError, folder: Path | None) -> None:
    """Write what was simulated before a policy misbehaved."""
    write_finished(folder, outcome if outcome.proof else replace(outcome, proof=error.result))


def interrupted(stop: KeyboardInterrupt, outcome: Outcome | None, folder: Path | str | None) -> KeyboardInterrupt:
    """Write what was finished, if anything was; what to raise then."""
    finished = stop.outcome if isinstance(stop, OutcomeInterrupted) else outcome
    if finished is None:
        return stop
    write_finished(folder, finished)
    return OutcomeInterrupted(finished, None if folder is None else Path(folder))


def write_finished(folder: Path | str | None, outcome: Outcome | None) -> None:
    """Write an output folder, if there is one to write and something to write into it."""
    if folder is not None and outcome is not None:
        write_output(Path(folder), outcome)


def compared(outcome: Outcome, rivals: Mapping[str, System], trial: Trial) -> Outcome:
    """Simulate rivals of the plan by name; an interrupted one is left out, for it cannot be compared in pairs."""
    outcome = replace(outcome, baselines={})
    for name, system in rivals.items():
        try:
            result, timings = _simulated(outcome, name, system, trial)
        except KeyboardInterrupt:
            raise OutcomeInterrupted(outcome) from None
        outcome = replace(outcome, baselines={**outcome.baselines, name: result}, timings=timings)
    return outcome


def _simulated(outcome: Outcome, name: str, system: System, trial: Trial) -> tuple[SimulationResult, dict[str, float]]:
    """Simulate a system, on the same random numbers as every other; with the timings so far."""
    timings, step = dict(outcome.timings), f"simulate_{name}"
    candidate, policy = system
    replications = trial.replications or outcome.scenario.file.simulation.replications
    most = replications if trial.precision is None else max(replications, trial.most_replications)
    with timed(step, timings):
        result = simulate(
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
            progress=step_progress(step, most, trial.progress),
        )
    return result, timings


@contextmanager
def timed(step: str, timings: dict[str, float]) -> Iterator[None]:
    """Note how many seconds a step took, when it comes to its end."""
    begin = perf_counter()
    yield
    timings[step] = perf_counter() - begin
    _log.info("%s took %.2f s", step, timings[step])


def step_progress(name: str, total: int, progress: Progress | None) -> Callable[[int], None]:
    """Return what a step calls, which only knows how much of it is done."""
    return lambda done: progress(name, done, total) if progress else None
