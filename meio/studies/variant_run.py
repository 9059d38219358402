"""One variant of a study, planned and simulated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import nan
from time import perf_counter
from typing import Any

from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.network.model import Policy, Scenario
from meio.optimizer.planner import solved
from meio.optimizer.stopping import Progress
from meio.plans import Plan
from meio.refinement.refine import refined
from meio.simulation.engine import simulate
from meio.studies.measures import Measure, measures_of
from meio.studies.model import Planned
from meio.studies.records import Record
from meio.studies.warm_start import Start, carried_over

Tell = Callable[[float], None]
"""Told which share of the variant is done."""


class StudyError(Exception):
    """A variant that cannot be had as the study asks for it."""


@dataclass(frozen=True, eq=False)
class Based:
    """A scenario with its plan, and the plan that its search began from.

    Attributes
    ----------
    scenario, compiled : Scenario, CompiledScenario
    plan : Plan
    start : Plan
        The base's first, from prices of zero. The base itself is planned once more from there, as every variant is:
        else variants would look better for having been searched longer.
    """

    scenario: Scenario
    compiled: CompiledScenario
    plan: Plan
    start: Plan


@dataclass(frozen=True)
class Settings:
    """How every variant is simulated.

    Attributes
    ----------
    policies : tuple of str
        Assignment policies, the first is what others are compared with.
    replications : int
        Sample paths.
    precision : float or None
        Of the base's total cost; variants then have as many replications as it took.
    seed : int
    workers : int
        Threads of one variant.
    """

    policies: tuple[Policy, ...]
    replications: int
    precision: float | None
    seed: int
    workers: int


def planned(scenario: Scenario, base: Based, how: Planned, workers: int, tell: Tell) -> tuple[str, Based]:
    """A variant's plan, from the base's prices on, and how it was had: anew, base or unchanged.

    Raises
    ------
    StudyError
        When the base's plan is asked for but has other nodes, lanes, products or periods.
    """
    compiled = compile_scenario(scenario)
    if _same_task(scenario, base.scenario):
        return "unchanged", replace(base, scenario=scenario, compiled=compiled)
    if how == "base":
        if different := _differing(base.compiled, compiled):
            raise StudyError(f"the base's plan does not fit: the variant has other {different}; plan it anew")
        unproven = replace(base.plan, lower_bound=nan, bound_kind="none")
        return "base", Based(scenario, compiled, unproven, base.start)
    start = carried_over(base.start, base.compiled, compiled)
    plan = plan_from(scenario, compiled, start, workers, tell)
    return "anew", Based(scenario, compiled, plan, base.start)


def plan_from(scenario: Scenario, compiled: CompiledScenario, start: Start, workers: int, tell: Tell) -> Plan:
    """A refined plan from given prices and shifts on."""
    settings, policy = scenario.file.planning, scenario.file.simulation.policy
    most, rounds = settings.max_iterations, settings.refinement_rounds
    steps = most + rounds

    def tell_iteration(now: Progress) -> None:
        tell(now.iteration / steps)

    made = solved(compiled, settings, workers=workers, start=start.prices, progress=tell_iteration)
    return refined(
        compiled,
        made.plan,
        rounds,
        policy=policy,
        workers=workers,
        progress=lambda done: tell((most + done) / steps),
        start=start.refinement,
    )


def proven(name: str, how: str, based: Based, settings: Settings, began: float, tell: Tell) -> Record:
    """Simulate a variant's plan under each policy; all on the same random numbers."""
    scenario, count = based.scenario, settings.replications
    systems: dict[str, list[Measure]] = {}
    for policy in settings.policies:
        result = simulate(
            based.compiled,
            based.plan,
            replications=count,
            precision=None if systems else settings.precision,
            seed=settings.seed,
            policy=policy,
            workers=settings.workers,
            progress=_telling(tell, len(systems), count, len(settings.policies)),
        )
        count = result.replications
        systems[policy] = list(measures_of(result, scenario.file.costs.currency))
    return Record(name, None, _facts(how, based), systems, scenario.data_hashes, perf_counter() - began)


def _telling(tell: Tell, before: int, replications: int, policies: int) -> Callable[[int], None]:
    """What a simulation calls with the number of finished replications."""
    return lambda done: tell((before + min(done / replications, 1.0)) / policies)


def _same_task(scenario: Scenario, base: Scenario) -> bool:
    """Whether both would be planned alike, and so have one plan: what only the simulator reads may differ."""
    return (scenario.hash, scenario.file.planning, scenario.file.simulation.policy) == (
        base.hash,
        base.file.planning,
        base.file.simulation.policy,
    )


def _differing(former: CompiledScenario, compiled: CompiledScenario) -> str:
    """What a plan's tables are about that two scenarios do not share; empty when they share all."""
    parts: dict[str, tuple[Any, Any]] = {
        "products": (former.names.products, compiled.names.products),
        "nodes": (former.names.nodes, compiled.names.nodes),
        "lanes": (former.names.lanes, compiled.names.lanes),
        "storage types": (former.names.storage_types, compiled.names.storage_types),
        "periods": (former.num_periods, compiled.num_periods),
    }
    return " and ".join(name for name, (one, other) in parts.items() if one != other)


def _facts(how: str, based: Based) -> dict[str, Any]:
    plan = based.plan
    return {
        "planned": how,
        "planned_cost": plan.planned_cost,
        "lower_bound": plan.lower_bound if plan.bound_kind != "none" else nan,
        "dual_gap": plan.dual_gap,
        "reached_gap": bool(plan.dual_gap <= based.scenario.file.planning.target_gap),
        "iterations": plan.iterations,
    }
