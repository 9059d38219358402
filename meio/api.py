"""The steps of the method one by one, for programs: ``meio.load``, ``meio.plan``, ``meio.simulate``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from meio import explanation, frames
from meio.network.compile import compile_scenario
from meio.network.model import Policy, Scenario
from meio.network.scenario import load_scenario
from meio.optimizer import planner
from meio.outcome import Outcome
from meio.parts import in_parts
from meio.plans import Plan
from meio.refinement import planner as refining_planner
from meio.simulation import engine
from meio.simulation.measures import SimulationResult
from meio.simulation.policies import AssignmentPolicy
from meio.simulation.stopping import MOST_REPLICATIONS
from meio.stakes import stakes


def load(path: Path | str, overrides: Sequence[str] = ()) -> Scenario:
    """Read a scenario and check it.

    Parameters
    ----------
    path : path
        The YAML file.
    overrides : sequence of str
        ``path=value``; they win over the file.

    Raises
    ------
    ScenarioError
        With every problem of the scenario and its tables.
    """
    return load_scenario(Path(path), overrides)


def plan(scenario: Scenario, *, method: planner.Method = "decomposition", workers: int | None = None) -> Plan:
    """Plan a scenario: inventory targets, capacity prices, lower bound.

    Parameters
    ----------
    scenario : Scenario
        As `load` returns it.
    method : str
        ``decomposition`` by capacity prices, or ``extensive``: one linear program over sampled demand, for small
        scenarios.
    workers : int, optional
        Threads; none: one a core. The plan does not depend on it.

    Raises
    ------
    TooLargeError
        When the scenario is too large for ``extensive``.
    """
    file = scenario.file
    return refining_planner.plan(
        compile_scenario(scenario), file.planning, method=method, policy=file.simulation.policy, workers=workers
    )


def simulate(
    scenario: Scenario,
    plan: Plan,
    *,
    policy: Policy | AssignmentPolicy | None = None,
    replications: int | None = None,
    precision: float | None = None,
    most_replications: int = MOST_REPLICATIONS,
    seed: int = 0,
    workers: int | None = None,
    daily: bool = False,
    events: bool = False,
    sample: float | None = None,
    shards: int | None = None,
) -> SimulationResult:
    """Put a plan to work on random orders.

    Parameters
    ----------
    scenario : Scenario
        The one that was planned.
    plan : Plan
        As `plan` returns it.
    policy : str or AssignmentPolicy, optional
        How orders are assigned, ``nearest``, ``priced``, ``reserve``, ``batch`` or a policy of your own; none: as the
        scenario says.
    replications : int, optional
        Sample paths, ≥ 2; none: as the scenario says.
    precision : float, optional
        Go on beyond `replications`, and beyond ten, until half the 95% interval of mean total cost is at most this
        share of it.
    most_replications : int
        Where to stop then at the latest.
    seed : int
        Of the random streams, ≥ 0. The same seed gives every plan the same orders.
    workers : int, optional
        Threads; none: one a core. The result does not depend on it.
    daily, events : bool
        Whether to keep a table of every day and of every event; `SimulationResult` says what is in them.
    sample : float, optional
        Simulate so many of the products, or (below 1) this share of them, and estimate the whole.
    shards : int, optional
        Simulate the products in so many parts one after another, which needs less memory and gives the same result.

    Raises
    ------
    ValueError
        When products depend on each other and cannot be simulated apart (`CouplingError`), the sample is too small, or
        a sample or shards are asked for together with a precision, days or events.
    """
    settings = scenario.file.simulation
    if sample is not None or shards is not None:
        if precision is not None or daily or events or (sample is not None and shards is not None):
            raise ValueError("sample, shards: found other ways to simulate beside, expected one of them alone")
        return in_parts(
            compile_scenario(scenario),
            plan,
            sample=sample,
            shards=shards,
            replications=replications or settings.replications,
            seed=seed,
            policy=policy or settings.policy,
            workers=workers,
        )
    return engine.simulate(
        compile_scenario(scenario),
        plan,
        replications=replications or settings.replications,
        precision=precision,
        most_replications=most_replications,
        seed=seed,
        policy=policy or settings.policy,
        workers=workers,
        daily=daily,
        events=events,
    )


def tables(
    scenario: Scenario, plan: Plan, results: SimulationResult | Mapping[str, SimulationResult] | None = None
) -> dict[str, pd.DataFrame]:
    """Return everything about a plan and its simulation as tidy data frames.

    Parameters
    ----------
    scenario : Scenario
        The one that was planned.
    plan : Plan
        As `plan` returns it.
    results : SimulationResult, or mapping of str to SimulationResult, optional
        As `simulate` returns it; several by name, the plan's first.

    Returns
    -------
    dict of str to DataFrame
        The tables of an output folder by the same names: ``targets``, ``prices``, ``orders``, ``usage``,
        ``convergence``, ``recovery``, ``network/nodes`` and more; with results ``measures/cost``, ``measures/service``
        and more, in which a column ``system`` tells the results apart.
    """
    systems = results if isinstance(results, Mapping) else {} if results is None else {"plan": results}
    proof, *_ = [*systems.values(), None]
    rivals = dict(list(systems.items())[1:])
    compiled = compile_scenario(scenario)
    outcome = Outcome(Path(), (), scenario, compiled, plan, {}, proof, rivals)
    return {**frames.output_tables(outcome), **stakes(compiled, plan, scenario.file.costs.currency)}


def explain(
    scenario: Scenario, plan: Plan, product: str, node: str, period: int | None = None
) -> explanation.Explanation:
    """Take a target apart: demand, underage and overage, prices paid, spill, and which capacity moved it.

    Parameters
    ----------
    scenario : Scenario
        The one that was planned.
    plan : Plan
        As `plan` returns it.
    product, node : str
        Names in the scenario.
    period : int, optional
        From 1; every period when left out.

    Raises
    ------
    OutputError
        When a name is not in the scenario, the period is not in the horizon, or the node does not stock the product.
    """
    return explanation.explain(compile_scenario(scenario), plan, product, node, period)
