"""Run a plan on its scenario: replications in parallel, each on its own random streams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from meio.network.compiled import CompiledScenario, Ints
from meio.network.model import Policy
from meio.plans import Plan
from meio.simulation.build import build_world
from meio.simulation.measures import SimulationResult
from meio.simulation.records import daily_table, events_table
from meio.simulation.replication import Adapt, Assignment, Setting, run_replication
from meio.simulation.stopping import (
    MOST_REPLICATIONS,
    SimulationInterrupted,
    StoppingRule,
    in_order,
    stopping_rule,
    total_costs,
)
from meio.simulation.tabulate import tabulate
from meio.simulation.tally import Outcome
from meio.simulation.warm_up import suggested_warm_up

if TYPE_CHECKING:
    from meio.simulation.policies import AssignmentPolicy


def simulate(
    compiled: CompiledScenario,
    plan: Plan,
    *,
    replications: int,
    seed: int,
    policy: Policy | AssignmentPolicy | None = None,
    precision: float | None = None,
    most_replications: int = MOST_REPLICATIONS,
    workers: int | None = None,
    daily: bool = False,
    events: bool = False,
    adapt_days: tuple[int, ...] = (),
    new_adapt: Callable[[int], Adapt] | None = None,
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
    precision : float, optional
        Go on beyond `replications`, and beyond ten, until half the 95% interval of mean total cost is at most this
        share of it.
    most_replications : int
        Where to stop then at the latest.
    workers : int, optional
        Replications run at the same time; none: one per core. Does not change the result.
    daily, events : bool
        Whether to keep a table of every day and of every event; events take memory.
    adapt_days : tuple of int
        Days at whose midnight the world may change, ascending; the first day of the horizon is 0.
    new_adapt : callable, optional
        Makes what changes the world of a replication, from its number (from 0).
    progress : callable, optional
        Called with the number of finished replications after each.

    Raises
    ------
    ValueError
        When the plan does not fit the scenario, or a number is out of its range.
    PolicyError
        When a policy of the user's misbehaves; its `result` is what was simulated until then.
    SimulationInterrupted
        When someone stops it after the first replication; its `result` is of those that were finished.
    ConservationError
        When a unit is unaccounted for: a defect of the simulator, never of the input.
    """
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed: found {seed}, expected 0 to 2⁶³ − 1")
    rule = stopping_rule(replications, precision, most_replications)
    began, assignment = perf_counter(), assignment_of(policy or "priced", compiled)
    world = build_world(compiled, plan, protection_for(assignment.name, compiled, plan))
    setting = Setting(compiled, world, assignment, seed, events, adapt_days, new_adapt)
    outcomes, interrupted = _outcomes(setting, rule, workers, progress)
    failure = outcomes[-1].failure
    complete = [outcome for outcome in outcomes if outcome.failure is None] or outcomes
    result = replace(
        tabulate(compiled, complete, policy=assignment.name, seed=seed, seconds=perf_counter() - began),
        stopped=f"interrupted after {len(outcomes)} replications" if interrupted else _text(failure),
        precision=precision,
        warm_up_days_suggested=suggested_warm_up(compiled, plan, outcomes),
        daily=daily_table(compiled, outcomes) if daily else None,
        events=events_table(compiled, outcomes) if events else None,
    )
    _raise_failure(failure, result)
    if interrupted:
        raise SimulationInterrupted(result)
    return result


def _outcomes(
    setting: Setting, rule: StoppingRule, workers: int | None, progress: Callable[[int], None] | None
) -> tuple[list[Outcome], bool]:
    """As many replications as are enough, or until one fails; and whether someone stopped them before, after one."""
    outcomes: list[Outcome] = []
    try:
        for outcome in in_order(partial(run_replication, setting), rule, workers):
            outcomes.append(outcome)
            if outcome.failure is not None:
                break
            if progress is not None:
                progress(len(outcomes))
            if rule.is_met(total_costs(outcomes)):
                break
    except KeyboardInterrupt:
        if not outcomes:
            raise
        return outcomes, True
    return outcomes, False


def protection_for(policy: str, compiled: CompiledScenario, plan: Plan) -> Ints | None:
    """Units kept for faster speeds, [speed, period, slot], when the policy reserves any."""
    if policy != "reserve":
        return None
    from meio.simulation.protection import protection_levels

    return protection_levels(compiled, plan)


def assignment_of(policy: Policy | AssignmentPolicy, compiled: CompiledScenario) -> Assignment:
    """How the kernels assign orders under a policy."""
    from meio.simulation.assignment_kernels import NEAREST, OUTSIDE, PRICED, RESERVE

    if policy == "batch":
        from meio.simulation.transportation import BatchPolicy

        return Assignment("batch", OUTSIDE, BatchPolicy(compiled.conditions.batch_minutes))
    if isinstance(policy, str):
        return Assignment(policy, {"nearest": NEAREST, "priced": PRICED, "reserve": RESERVE}[policy])
    from meio.simulation.policies import check_policy

    return Assignment(check_policy(policy, "policy").name, OUTSIDE, policy)


def _text(failure: BaseException | None) -> str | None:
    return None if failure is None else str(failure)


def _raise_failure(failure: BaseException | None, result: SimulationResult) -> None:
    if failure is None:
        return
    from meio.simulation.policies import PolicyError

    if isinstance(failure, PolicyError):
        failure.result = result
    raise failure
