"""One replication from its first midnight to its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from meio.network.compiled import CompiledScenario
from meio.simulation.conservation import imbalance_of, raise_imbalance
from meio.simulation.empty_state import new_state
from meio.simulation.state import State
from meio.simulation.tally import Outcome
from meio.simulation.world import World

if TYPE_CHECKING:
    from meio.simulation.policies import AssignmentPolicy
    from meio.simulation.transportation import BatchPolicy

_ALWAYS_DAYS = 1e-3  # between the reviews of a lane that is always reviewed

Adapt = Callable[[State, World, int], World]
"""What the world is from a day on, given all that happened until its midnight."""


class Assignment(NamedTuple):
    """How orders find their node."""

    name: str
    kind: int
    """As the kernels number the policies."""
    outside: AssignmentPolicy | BatchPolicy | None = None
    """Who is asked when the engine does not decide itself."""

    @property
    def batch_minutes(self) -> int:
        """Length of a batch; 0: each order at its instant."""
        return 0 if self.outside is None else self.outside.batch_minutes


class Setting(NamedTuple):
    """What the replications of a simulation have in common."""

    compiled: CompiledScenario
    world: World
    assignment: Assignment
    seed: int
    with_events: bool = False
    adapt_days: tuple[int, ...] = ()
    """Days at whose midnight the world may change, ascending."""
    new_adapt: Callable[[int], Adapt] | None = None
    """Makes what changes the world of a replication."""
    by_product: bool = False
    """Whether to tally each product's own part."""


class _Path(NamedTuple):
    state: State
    status: int
    day: int
    """The first that is not complete."""
    failure: BaseException | None


def run_replication(setting: Setting, replication: int) -> Outcome:
    """Run a replication, from 0, and account for every unit.

    Raises
    ------
    ConservationError
        When a unit is unaccounted for.
    """
    from meio.simulation.conservation_kernels import units_lost

    path = run_path(setting, replication)
    imbalance = imbalance_of(path.state)
    if lost := units_lost(imbalance):  # the same path again, stopping on the first day that does not balance
        path = run_path(setting, replication, check_every_day=True)
        raise_imbalance(imbalance_of(path.state), setting.compiled.names, replication, path.day)
    return Outcome(
        tally=path.state.tally,
        orders=int(path.state.order_number[0]),
        units_lost=lost,
        days=max(path.day, 0),
        log=path.state.log if setting.with_events else None,
        failure=path.failure,
    )


def run_path(setting: Setting, replication: int, *, check_every_day: bool = False) -> _Path:
    """Run a replication's days; when a list was full, the same path is run again with more room."""
    from meio.simulation.engine_kernels import NO_ROOM

    adapt = setting.new_adapt(replication) if setting.new_adapt else None
    room = first_room(setting.world)
    while True:
        path = _run(setting, adapt, replication, room, check_every_day)
        if path.status != NO_ROOM:
            return path
        room *= 2


def first_room(world: World) -> int:
    """Entries of a list that most paths need no more of: shipments on the way at the same time, and some to spare."""
    lane_idx = world.supply.lane_idx.reshape(world.sizes.num_products, world.sizes.num_nodes)
    product_idx, node_idx = np.nonzero(lane_idx >= 0)
    lane_idx = lane_idx[product_idx, node_idx]
    demand = np.zeros(world.sizes.num_products)
    np.add.at(demand, world.guides.stream_product_idx, world.demand.daily_mean.max(axis=1, initial=0.0))
    a_day = np.minimum(demand[product_idx], 1.0 / np.maximum(world.lanes.review_every_days[lane_idx], _ALWAYS_DAYS))
    return 1024 + int((2.0 + a_day * world.lanes.lead_time_mean_days[lane_idx]).sum())


def _run(setting: Setting, adapt: Adapt | None, replication: int, room: int, check_every_day: bool) -> _Path:
    from meio.simulation.engine_kernels import COMPLETE, close_replication, open_replication, run_days

    world, assignment = setting.world, setting.assignment
    state = new_state(world, room, with_events=setting.with_events, by_product=setting.by_product)
    asking = None
    if assignment.outside is not None:
        from meio.simulation.asking import Asking, Callback

        asking = Asking(assignment.outside, setting.compiled, world, state)
        callback = Callback(asking)  # lives as long as this function
        state.batch.callback[0] = callback.address
    open_replication(world, state, setting.seed, replication)
    status, day = COMPLETE, world.clock.first_day
    for end_day in (*setting.adapt_days, world.clock.end_day):
        status, day = run_days(world, state, assignment.kind, assignment.batch_minutes, end_day, check_every_day)
        if status != COMPLETE:
            break
        if adapt is not None and end_day < world.clock.end_day:
            world = adapt(state, world, end_day)
            if asking is not None:
                asking.world = world
    close_replication(world, state)
    return _Path(state, status, day, asking.failure if asking else None)
