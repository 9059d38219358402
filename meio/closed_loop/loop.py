"""Simulate a plan that is made anew on the way, from what the network by then has sold and stocks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import NamedTuple

import pandas as pd

from meio.closed_loop.anew import PlanAnew, planner_of
from meio.closed_loop.replanner import Loop, Replan, Replanner
from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.network.model import Policy, Scenario
from meio.network.problems import Place, Problem, ScenarioError, problem_at, shown
from meio.plans import Plan
from meio.simulation.capacity import num_days
from meio.simulation.engine import simulate
from meio.simulation.measures import SimulationResult
from meio.simulation.policies import AssignmentPolicy

_DAYS = {"daily": 1, "weekly": 7}
_SAME = ("products", "nodes", "vendors", "zones", "speeds", "storage_types", "lanes")


class ClosedLoop(NamedTuple):
    """A simulation with replans."""

    result: SimulationResult
    replans: pd.DataFrame
    """One row a replan: ``replication`` and ``period`` (the first planned), both from 1; ``demand_level``, units now
    expected over those of the first forecast, in what is left; ``targets_moved``, the sum of all changes of targets as
    a share of their sum before; ``seconds``."""


def simulate_closed_loop(
    scenario: Scenario,
    plan: Plan,
    *,
    forecast: Scenario | None = None,
    replan: str = "weekly",
    policy: Policy | AssignmentPolicy | None = None,
    replications: int | None = None,
    seed: int = 0,
    workers: int | None = None,
    daily: bool = False,
    events: bool = False,
    plan_anew: PlanAnew | None = None,
    progress: Callable[[int], None] | None = None,
) -> ClosedLoop:
    """Put a plan to work on random orders, and plan what is left of the horizon anew again and again.

    Meets the same orders as `meio.simulate` with the same seed.

    Parameters
    ----------
    scenario : Scenario
        What happens.
    plan : Plan
        The first plan.
    forecast : Scenario, optional
        What the plan was made for, when it is another demand or other capacities than what happens.
    replan : str
        How often, at the first midnight of a period: ``daily``, ``weekly`` or a number of periods.
    policy : {"nearest", "priced", "reserve", "batch"} or AssignmentPolicy, optional
        How orders are assigned; none: as the scenario says. Replans are refined for the scenario's policy when it is
        one of the user's own.
    replications : int, optional
        Sample paths; none: as the scenario says.
    seed : int
        Of the random streams, ≥ 0.
    workers : int, optional
        Replications run at the same time, each planning on one thread; none: one a core. Does not change the result.
    daily, events : bool
        Whether to keep a table of every day and of every event.
    plan_anew : callable, optional
        Plans what is left of the forecast from the last prices on; none: as the scenario's `planning` says, with a
        fifth of its `refinement_rounds`.
    progress : callable, optional
        Called with the number of replans made and replications finished, after each; perhaps from other threads, one
        at a time.

    Raises
    ------
    ScenarioError
        When periods do not fit `replan`, or the forecast is for another network.
    PolicyError
        When a policy of the user's misbehaves.
    """
    settings = scenario.file.simulation
    truth, chosen = compile_scenario(scenario), policy or settings.policy
    expected = truth if forecast is None else compile_scenario(forecast)
    days = replan_days(replan, truth)
    _check_alike(truth, expected)
    counter, name = _Counter(progress), chosen if isinstance(chosen, str) else chosen.name
    refined_for = chosen if isinstance(chosen, str) else settings.policy
    planner = plan_anew or planner_of(scenario.file.planning, refined_for)
    result = simulate(
        truth,
        plan,
        replications=replications or settings.replications,
        seed=seed,
        policy=chosen,
        workers=workers,
        daily=daily,
        events=events,
        adapt_days=days,
        new_adapt=partial(Replanner, Loop(truth, expected, plan, name, planner, counter.note)),
        progress=counter.finished,
    )
    return ClosedLoop(result, pd.DataFrame(sorted(counter.replans), columns=list(Replan._fields)))


def replan_days(replan: str, compiled: CompiledScenario) -> tuple[int, ...]:
    """Days at whose midnight `simulate_closed_loop` plans anew.

    Raises
    ------
    ScenarioError
        When they are not a whole number of periods apart, at least 1.
    """
    period_days = compiled.period_days
    every = _DAYS.get(replan, period_days * int(replan) if replan.isdecimal() else 0)
    if every > 0 and every % period_days == 0:
        return tuple(range(every, num_days(compiled), every))
    whole = [f"'{name}'" for name, length in _DAYS.items() if length % period_days == 0]
    expected = " or ".join([*whole, f"a number of periods, which have {period_days} days here"])
    raise ScenarioError([problem_at(Place("--replan"), "replan", shown(replan), expected)])


def _check_alike(truth: CompiledScenario, forecast: CompiledScenario) -> None:
    """Make sure that a plan for the forecast fits what happens."""
    problems: list[Problem] = [
        problem_at(Place("--plan"), part, f"a plan for other {part} than the scenario's", "the same, in the same order")
        for part in _SAME
        if getattr(truth.names, part) != getattr(forecast.names, part)
    ]
    for part in ("start", "num_periods", "period_days", "warm_up_days"):
        found, here = getattr(forecast, part), getattr(truth, part)
        if found != here:
            problems.append(problem_at(Place("--plan"), part, f"a plan for {found}", f"{here}, as in the scenario"))
    if problems:
        raise ScenarioError(problems)


class _Counter:
    """Collects replans from all threads, and counts what is done."""

    def __init__(self, progress: Callable[[int], None] | None) -> None:
        self.replans: list[Replan] = []
        self._progress, self._replications, self._lock = progress, 0, Lock()

    def note(self, replan: Replan) -> None:
        with self._lock:
            self.replans.append(replan)
            self._show()

    def finished(self, replications: int) -> None:
        with self._lock:
            self._replications = replications
            self._show()

    def _show(self) -> None:
        if self._progress is not None:
            self._progress(len(self.replans) + self._replications)
