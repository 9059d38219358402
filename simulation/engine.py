"""Run a plan on its scenario: replications in parallel, each on its own random streams."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from typing import Literal, get_args

from meio.network.compiled import CompiledScenario, Names
from meio.plan import Plan
from meio.simulation.build import build_world
from meio.simulation.conservation import imbalance_of, raise_imbalance
from meio.simulation.measures import SimulationResult
from meio.simulation.state import State, new_state
from meio.simulation.tabulate import tabulate
from meio.simulation.tally import Outcome
from meio.simulation.world import World

Policy = Literal["nearest", "priced"]


def simulate(
    compiled: CompiledScenario,
    plan: Plan,
    *,
    replications: int,
    seed: int,
    policy: Policy | None = None,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> SimulationResult:
    """Put a plan to work on random demand and lead times.

    Two calls with the same scenario and seed see the same demand, whatever the plan, the policy and the number of
    workers, so their results can be compared replication by replication.

    Parameters
    ----------
    compiled : CompiledScenario
    plan : Plan
        Its targets and lanes drive replenishment; its prices and unit values steer the `priced` policy.
    replications : int
        Number of sample paths, at least 1.
    seed : int
        Of all random streams, 0 to 2⁶³ − 1.
    policy : {"nearest", "priced"}, optional
        How orders are assigned to nodes; none: priced.
    workers : int, optional
        Replications run at the same time; none: one per core. Does not change the result.
    progress : callable, optional
        Called with the number of finished replications after each.

    Raises
    ------
    ValueError
        When the plan does not fit the scenario, or a number is out of its range.
    ConservationError
        When a unit is unaccounted for: a defect of the simulator, never of the input.
    """
    if replications < 1 or not 0 <= seed < 2**63:
        raise ValueError(f"at least 1 replication and a seed from 0 to 2⁶³ − 1, found {replications} and {seed}")
    began, chosen = perf_counter(), policy or "priced"
    world, outcomes = build_world(compiled, plan), []
    run = partial(_run, world, compiled.names, get_args(Policy).index(chosen), seed)
    for outcome in _in_order(run, replications, workers):
        outcomes.append(outcome)
        if progress is not None:
            progress(len(outcomes))
    return tabulate(compiled, outcomes, policy=chosen, seed=seed, seconds=perf_counter() - began)


def _in_order(run: Callable[[int], Outcome], replications: int, workers: int | None) -> Iterator[Outcome]:
    """Outcomes in the order of replications, whatever thread finishes first."""
    with ThreadPoolExecutor(workers or os.cpu_count()) as threads:
        yield from threads.map(run, range(replications))


def _run(world: World, names: Names, policy: int, seed: int, replication: int) -> Outcome:
    from meio.simulation.conservation_kernels import units_lost
    from meio.simulation.engine_kernels import run_replication

    state = _run_with_room(world, policy, seed, replication)
    lost = units_lost(imbalance_of(state))
    if lost > 0:  # the same path again, stopping on the first day that does not balance
        state = new_state(world, len(state.transit.slot))
        _, day = run_replication(world, state, policy, seed, replication, True)
        raise_imbalance(imbalance_of(state), names, replication, day)
    return Outcome(state.tally, orders=int(state.ledger.demand.sum()), units_lost=lost)


def _run_with_room(world: World, policy: int, seed: int, replication: int) -> State:
    """The state at a replication's end; when a list was full, the same path is run again with more room."""
    from meio.simulation.engine_kernels import NO_ROOM, run_replication

    room = 1024 + 2 * len(world.supply.lane_idx)
    while True:
        state = new_state(world, room)
        status, _ = run_replication(world, state, policy, seed, replication, False)
        if status != NO_ROOM:
            return state
        room *= 2
