"""What happens at the midnights of one replication: look at the network, forecast anew, plan anew."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

import numpy as np

from meio.closed_loop.anew import PlanAnew
from meio.closed_loop.levels import expected_until, levels, scaled
from meio.closed_loop.periods import from_period, without_first
from meio.closed_loop.remaining import remaining
from meio.closed_loop.stock import stock_at
from meio.network.compiled import CompiledScenario, Floats
from meio.plans import Plan
from meio.simulation.build import with_plan
from meio.simulation.engine import protection_for
from meio.simulation.state import State
from meio.simulation.world import World


class Replan(NamedTuple):
    """What one replan did."""

    replication: int
    """From 1."""
    period: int
    """The first that was planned, from 1."""
    demand_level: float
    """Units now expected in what is left, over those of the first forecast."""
    targets_moved: float
    """Sum of all changes of targets, as a share of their sum before."""
    seconds: float


class Loop(NamedTuple):
    """What the replications of a closed loop have in common."""

    truth: CompiledScenario
    """What happens."""
    forecast: CompiledScenario
    """What the planner expects at first."""
    plan: Plan
    """The first plan."""
    policy: str
    """Name of the one that assigns orders."""
    plan_anew: PlanAnew
    tell: Callable[[Replan], None]


class Replanner:
    """The planner of one replication.

    A day is planned once: when the replication is run again with more room, it meets the same worlds.
    """

    def __init__(self, loop: Loop, replication: int) -> None:
        self._loop, self._replication = loop, replication
        self._plan = loop.plan
        self._worlds: dict[int, World] = {}

    def __call__(self, state: State, world: World, day: int) -> World:
        """The world from the midnight that begins a day, the first of a period."""
        if day not in self._worlds:
            self._worlds[day] = self._replanned(state, world, day)
        return self._worlds[day]

    def _replanned(self, state: State, world: World, day: int) -> World:
        began, loop, former = perf_counter(), self._loop, self._plan
        period = day // loop.forecast.period_days
        level = levels(state.ledger.demand, expected_until(loop.forecast, day))
        expected = loop.forecast._replace(demand=scaled(loop.forecast.demand, level))
        left = remaining(expected, period, stock_at(state, world, day))
        self._plan = from_period(period, former, loop.plan_anew(left, without_first(former, period)))
        protection = protection_for(loop.policy, expected, self._plan)
        after = with_plan(world, loop.truth, self._plan, protection)
        loop.tell(
            Replan(
                replication=self._replication + 1,
                period=period + 1,
                demand_level=_demand_from(period, expected) / max(_demand_from(period, loop.forecast), 1e-12),
                targets_moved=_moved(former.targets[:, :, period:], self._plan.targets[:, :, period:]),
                seconds=perf_counter() - began,
            )
        )
        return after


def _demand_from(period: int, compiled: CompiledScenario) -> float:
    return float(compiled.demand.daily_mean[:, period:].sum())


def _moved(before: Floats, after: Floats) -> float:
    return float(np.abs(after - before).sum() / max(before.sum(), 1.0))
