"""Run a plan on its scenario: replications in parallel, each on its own random streams."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from meio.network.compiled import CompiledScenario
from meio.network.model import Policy
from meio.plan import Plan
from meio.simulation.build import build_world
from meio.simulation.measures import SimulationResult
from meio.simulation.replication import Assignment, Setting, run_replication
from meio.simulation.tabulate import tabulate
from meio.simulation.tally import Outcome
from meio.simulation.world import World

if TYPE_CHECKING:
    from meio.simulation.policies import AssignmentPolicy


def simulate(
    compiled: CompiledScenario,
    plan: Plan,
    *,
    replications: int,
    seed: int,
    policy: Policy | AssignmentPolicy | None = None,
    workers: int | None = None,
    events: bool = False,
    progress: Callable[[int], None] | None = None,
) -> SimulationResult:
    """Put a plan to work on random demand and lead times.

    Two calls with the same scenario and seed see the same demand, whatever the plan, the policy and the number of
    workers, so their results can be compared replication by replication.

    Parameters
    ----------
    compiled : CompiledScenario
    plan : Plan
        Its targets and lanes drive replenishment; its prices and unit values steer every policy but `nearest`.
    replications : int
        Number of sample paths, at least 1.
    seed : int
        Of all random streams, 0 to 2⁶³ − 1.
    policy : {"nearest", "priced", "reserve", "batch"} or AssignmentPolicy, optional
        How orders are assigned to nodes; none: priced.
    workers : int, optional
        Replications run at the same time; none: one per core. Does not change the result.
    events : bool
        Whether to keep every event; takes memory.
    progress : callable, optional
        Called with the number of finished replications after each.

    Raises
    ------
    ValueError
        When the plan does not fit the scenario, or a number is out of its range.
    PolicyError
        When a policy of the user's misbehaves; its `result` is what was simulated until then.
    ConservationError
        When a unit is unaccounted for: a defect of the simulator, never of the input.
    """
    if replications < 1 or not 0 <= seed < 2**63:
        raise ValueError(f"at least 1 replication and a seed from 0 to 2⁶³ − 1, found {replications} and {seed}")
    began, assignment = perf_counter(), _assignment(policy or "priced", compiled)
    setting = Setting(compiled, _world(compiled, plan, assignment), assignment, seed, events)
    outcomes: list[Outcome] = []
    for outcome in _in_order(partial(run_replication, setting), replications, workers):
        outcomes.append(outcome)
        if outcome.failure is not None:
            break
        if progress is not None:
            progress(len(outcomes))
    result = tabulate(compiled, outcomes, policy=assignment.name, seed=seed, seconds=perf_counter() - began)
    _raise_failure(outcomes[-1].failure, result)
    return result


def _world(compiled: CompiledScenario, plan: Plan, assignment: Assignment) -> World:
    if assignment.name != "reserve":
        return build_world(compiled, plan)
    from meio.simulation.protection import protection_levels

    return build_world(compiled, plan, protection_levels(compiled, plan))


def _assignment(policy: Policy | AssignmentPolicy, compiled: CompiledScenario) -> Assignment:
    from meio.simulation.assignment_kernels import NEAREST, OUTSIDE, PRICED, RESERVE

    if policy == "batch":
        from meio.simulation.transportation import BatchPolicy

        return Assignment("batch", OUTSIDE, BatchPolicy(compiled.conditions.batch_minutes))
    if isinstance(policy, str):
        return Assignment(policy, {"nearest": NEAREST, "priced": PRICED, "reserve": RESERVE}[policy])
    return Assignment(policy.name, OUTSIDE, policy)


def _in_order(run: Callable[[int], Outcome], replications: int, workers: int | None) -> Iterator[Outcome]:
    """Outcomes in the order of replications, whatever thread finishes first."""
    with ThreadPoolExecutor(workers or os.cpu_count()) as threads:
        yield from threads.map(run, range(replications))


def _raise_failure(failure: BaseException | None, result: SimulationResult) -> None:
    if failure is None:
        return
    from meio.simulation.policies import PolicyError

    if isinstance(failure, PolicyError):
        failure.result = result
    raise failure
