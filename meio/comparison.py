"""Systems side by side: every measure with its interval, and its difference from the first, paired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from meio import api
from meio.network.model import Scenario
from meio.plans import Plan
from meio.simulation.measures import SimulationResult
from meio.simulation.statistics import Estimate
from meio.studies.measures import measures_of

COLUMNS = (
    *("system", "measure", "mean", "ci_low", "ci_high"),
    *("difference", "difference_low", "difference_high", "unit"),
)


def compare(
    systems: Mapping[str, SimulationResult | Plan],
    scenario: Scenario | None = None,
    *,
    replications: int | None = None,
    seed: int = 0,
    workers: int | None = None,
) -> pd.DataFrame:
    """Compare systems that met the same random orders, replication by replication.

    Parameters
    ----------
    systems : mapping of str to SimulationResult or Plan
        Two or more by name; the others are compared with the first.
    scenario : Scenario, optional
        What plans are simulated on, under its own policy; not needed for results.
    replications, seed, workers
        Of the plans' simulation, as in `meio.simulate`.

    Returns
    -------
    DataFrame
        One row a system and measure: system, measure, mean with its 95% interval (ci_low, ci_high), difference from the
        first system with its paired 95% interval (difference_low, difference_high), unit. ``cost`` is the total,
        ``cost:<kind>`` a part of it; ``fill_rate`` and ``on_time`` are shares of the units demanded, of all speeds and
        of each (``fill_rate:<speed>``).

    Raises
    ------
    ValueError
        When there are fewer than two systems, a plan comes without a scenario, or results were not simulated with the
        same seed and number of replications.

    Examples
    --------
    >>> import meio
    >>> scenario = meio.load("scenarios/quickstart.yaml", ["planning.refinement_rounds=0"])
    >>> plan = meio.plan(scenario)
    >>> near, priced = (meio.simulate(scenario, plan, policy=name, seed=7) for name in ("nearest", "priced"))
    >>> frame = meio.compare({"nearest": near, "priced": priced}).set_index(["system", "measure"])
    >>> float(frame.loc[("priced", "cost"), "difference"])  # one site serves all customers: no choice to make
    0.0
    """
    results = {name: _result(system, scenario, replications, seed, workers) for name, system in systems.items()}
    _check(results)
    return pd.DataFrame(_rows(results), columns=list(COLUMNS))


def _result(
    system: SimulationResult | Plan, scenario: Scenario | None, replications: int | None, seed: int, workers: int | None
) -> SimulationResult:
    if isinstance(system, SimulationResult):
        return system
    if scenario is None:
        raise ValueError("plans are compared by simulating them: give the scenario, compare({...}, scenario)")
    return api.simulate(scenario, system, replications=replications, seed=seed, workers=workers)


def _check(results: Mapping[str, SimulationResult]) -> None:
    if len(results) < 2:
        raise ValueError(f"found {len(results)} system, expected two or more: compare({{'old': ..., 'new': ...}})")
    drawn = {name: f"{result.replications} replications of seed {result.seed}" for name, result in results.items()}
    if len(set(drawn.values())) > 1:
        found = ", ".join(f"{name} {what}" for name, what in drawn.items())
        raise ValueError(f"systems are compared on the same random orders; found {found}")


def _rows(results: Mapping[str, SimulationResult]) -> Iterator[tuple[object, ...]]:
    first = next(iter(results.values()))
    base = {measure.name: measure for measure in measures_of(first, first.currency)}
    for name, result in results.items():
        for measure in measures_of(result, first.currency):
            difference: Estimate = measure.difference(base[measure.name])
            yield name, measure.name, *measure.estimate(), *difference, measure.unit
