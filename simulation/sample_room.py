"""Drawn products simulated in the room that the others leave them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from meio.network.compiled import CompiledScenario, Floats
from meio.network.model import Policy
from meio.simulation.build import build_world
from meio.simulation.engine import assignment_of, protection_for
from meio.simulation.replication import Setting, run_replication
from meio.simulation.sample_load import Use, in_units, over_all_days, room_left
from meio.simulation.shards import Shard
from meio.simulation.state import State
from meio.simulation.stopping import StoppingRule, in_order
from meio.simulation.tally import Outcome
from meio.simulation.world import Capacity, World


def unlimited(compiled: CompiledScenario) -> CompiledScenario:
    """The scenario with room for everything; what has no capacity at all keeps none."""
    nodes, lanes = compiled.nodes, compiled.lanes
    return compiled._replace(
        nodes=nodes._replace(
            storage_m3=_lifted(nodes.storage_m3),
            inbound_units_per_day=_lifted(nodes.inbound_units_per_day),
            outbound_units_per_day=_lifted(nodes.outbound_units_per_day),
        ),
        lanes=lanes._replace(capacity_units_per_day=_lifted(lanes.capacity_units_per_day)),
    )


def _lifted(capacity: Floats) -> Floats:
    return np.where(capacity > 0, np.inf, capacity)


class Shelves(NamedTuple):
    """Storage left on each day; what drawn products have on the shelf, they keep."""

    left: Floats
    """[day from the replication's first, node, storage type]: m³."""
    limit: Floats
    """[day from the replication's first, node, storage type]: m³ for all products."""

    def on_day(self, state: State, world: World, day: int) -> World:
        """The world from a midnight on."""
        place = day - world.clock.first_day
        kept = np.minimum(state.stock.stored_m3, self.limit[place])
        return self.opened(world, np.maximum(self.left[place], kept))

    @staticmethod
    def opened(world: World, room_m3: Floats) -> World:
        """The world with so much storage, [node, storage type]."""
        storage = np.repeat(room_m3[:, :, None], world.clock.num_periods, axis=2)
        return world._replace(nodes=world.nodes._replace(storage_m3=storage))


def outcomes_beside(
    shard: Shard, own: Sequence[Use], load: Sequence[Use], *, seed: int, policy: Policy, workers: int | None
) -> tuple[list[Outcome], list[Use]]:
    """Simulate products in what a load leaves of the capacities.

    Parameters
    ----------
    shard : Shard
    own, load : sequence of Use, [replication]
        What these products use where nothing is limited, and what the others do.
    seed, policy, workers
        As in `simulate_sample`.

    Returns
    -------
    outcomes : list of Outcome, [replication]
    passed : list of Use, [replication]
        What the load gets of the capacities.
    """
    compiled, plan = shard
    passed: dict[int, Use] = {}
    world = build_world(compiled, plan, protection_for(policy, compiled, plan))
    assignment = assignment_of(policy, compiled)

    def run(replication: int) -> Outcome:
        beside, shelves, passed[replication] = _beside(world, own[replication], load[replication])
        days = tuple(range(world.clock.first_day + 1, world.clock.end_day))
        setting = Setting(
            compiled, beside, assignment, seed, adapt_days=days, new_adapt=lambda _: shelves.on_day, by_product=True
        )
        return run_replication(setting, replication)

    rule = StoppingRule(len(load), len(load), None)
    outcomes = list(in_order(run, rule, workers))
    return outcomes, [passed[replication] for replication in range(len(load))]


def _beside(world: World, own: Use, load: Use) -> tuple[World, Shelves, Use]:
    """The world as it is beside a load on the first day, its storage on the days after, and what the load gets."""
    clock, capacity = world.clock, world.capacity

    def of_all_days(name: str) -> tuple[Floats, Floats]:
        mine, theirs = (over_all_days(getattr(use, name), clock.first_day, len(clock.period)) for use in (own, load))
        return mine, theirs

    inbound, their_inbound = room_left(capacity.inbound, *of_all_days("inbound"), queues=True)
    outbound, their_outbound = room_left(capacity.outbound, *of_all_days("outbound"), queues=False)
    lane, their_lane = room_left(capacity.lane, *of_all_days("lane"), queues=True)
    limit = np.moveaxis(world.nodes.storage_m3[:, :, clock.period], 2, 0)
    shelf, their_shelf = room_left(limit, *of_all_days("storage_m3"), queues=False)
    counted = slice(-clock.first_day, clock.end_day - clock.first_day)
    volume = their_shelf[counted]
    units = load.storage_units * np.divide(volume, load.storage_m3, out=np.ones_like(volume), where=load.storage_m3 > 0)
    passed = Use(volume, units, their_inbound[counted], their_outbound[counted], their_lane[counted])
    left = Capacity(in_units(inbound, their_inbound), in_units(outbound, their_outbound), in_units(lane, their_lane))
    shelves = Shelves(shelf, limit)
    return Shelves.opened(world._replace(capacity=left), shelf[0]), shelves, passed
