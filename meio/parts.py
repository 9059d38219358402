"""A plan simulated product by product: in shards where nothing couples products, or estimated from a sample of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from meio.network.compiled import CompiledScenario
from meio.network.model import Policy
from meio.outcome import Outcome
from meio.plans import Plan
from meio.simulation.couplings import CouplingError, couples
from meio.simulation.measures import SimulationResult
from meio.simulation.policies import AssignmentPolicy
from meio.simulation.sampled import simulate_sample
from meio.simulation.shards import cut, simulate_shards
from meio.workflow import Trial, saved_plan, step_progress, timed, write_finished


def simulate_parts(
    path: Path | str,
    plan_folder: Path | str,
    trial: Trial,
    policy: Policy | AssignmentPolicy | None = None,
    folder: Path | None = None,
    *,
    sample: float | None = None,
    shards: int | None = None,
    overrides: Sequence[str] = (),
) -> Outcome:
    """Simulate a plan in shards or a sample of its products, and write an output folder.

    Parameters
    ----------
    path, plan_folder, overrides
        As in `saved_plan`.
    trial : Trial
        Its seed, replications, workers and progress hold.
    policy : Policy or AssignmentPolicy, optional
        None: as the scenario says.
    folder : Path, optional
        Where to write.
    sample : float, optional
        Products to simulate, or (below 1) their share.
    shards : int, optional
        Parts to simulate one after another, when there is no sample.

    Raises
    ------
    ScenarioError, OutputError
        As `saved_plan` does.
    CouplingError, SampleError
        When products cannot be simulated apart, or the sample is too small.
    """
    outcome = saved_plan(path, plan_folder, overrides=overrides)
    timings, settings = dict(outcome.timings), outcome.scenario.file.simulation
    replications = trial.replications or settings.replications
    with timed("simulate_plan", timings):
        result = in_parts(
            outcome.compiled,
            outcome.plan,
            sample=sample,
            shards=shards,
            replications=replications,
            seed=trial.seed,
            policy=policy or settings.policy,
            workers=trial.workers,
            progress=step_progress("simulate_plan", shards or replications, trial.progress),
        )
    outcome = replace(outcome, proof=result, timings=timings)
    write_finished(folder, outcome)
    return outcome


def in_parts(
    compiled: CompiledScenario,
    plan: Plan,
    *,
    sample: float | None,
    shards: int | None,
    replications: int,
    seed: int,
    policy: Policy | AssignmentPolicy,
    workers: int | None,
    progress: Callable[[int], None] | None = None,
) -> SimulationResult:
    """Simulate a sample of a scenario's products, or all of them in shards; errors are those of `simulate_parts`."""
    if not isinstance(policy, str) or policy == "batch":
        raise CouplingError(couples(compiled, policy))
    if sample is not None:
        return simulate_sample(
            [(compiled, plan)],
            sample=sample,
            replications=replications,
            seed=seed,
            policy=policy,
            workers=workers,
            progress=progress,
        )
    return simulate_shards(
        cut(compiled, plan, shards or 1),
        replications=replications,
        seed=seed,
        policy=policy,
        workers=workers,
        progress=progress,
    )
