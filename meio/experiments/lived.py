"""One replication under regimes that change at midnights, with its books by product and week."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from meio.experiments.ledger import ProductLedger
from meio.experiments.systems import Regime
from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.simulation.conservation import imbalance_of, raise_imbalance
from meio.simulation.empty_state import new_state
from meio.simulation.replication import first_room
from meio.simulation.state import State


def lived(
    compiled: CompiledScenario, regimes: Sequence[Regime], regime_idx: Ints, seed: int, replication: int
) -> Floats:
    """Money by week, product and kind of `meio.experiments.ledger.COLUMNS`.

    Parameters
    ----------
    compiled : CompiledScenario
    regimes : sequence of Regime
        Worlds of the same scenario.
    regime_idx : array of int [day from the replication's first]
        Which of them holds.
    seed, replication : int
        Of the random streams; the same orders and lead times as in a simulation with these.

    Raises
    ------
    ConservationError
        When a unit is unaccounted for.
    """
    room = max(first_room(regime.world) for regime in regimes)
    while (money := _run(compiled, regimes, regime_idx, seed, replication, room)) is None:
        room *= 2
    return money


def _run(
    compiled: CompiledScenario, regimes: Sequence[Regime], regime_idx: Ints, seed: int, replication: int, room: int
) -> Floats | None:
    """None: a list was full."""
    from meio.simulation.conservation_kernels import units_lost
    from meio.simulation.engine_kernels import NO_ROOM, close_replication, open_replication, run_days

    world, policy = regimes[regime_idx[0]]
    clock, ledger = world.clock, ProductLedger(world)
    state: State = new_state(world, room, with_events=True)
    open_replication(world, state, seed, replication)
    for day in range(clock.first_day, clock.end_day):
        world, policy = regimes[regime_idx[day - clock.first_day]]
        if day == 0:
            ledger.open_first_day(world, state)
        status, _ = run_days(world, state, policy, 0, day + 1, False)
        if status == NO_ROOM:
            return None
        if day >= 0:
            ledger.close_day(world, state, day)
    close_replication(world, state)
    if units_lost(imbalance := imbalance_of(state)):
        raise_imbalance(imbalance, compiled.names, replication, clock.end_day - 1)
    lanes = np.stack([regime.world.supply.lane_idx for regime in regimes])
    ledger.close(world, state, lanes[regime_idx])
    return ledger.money
