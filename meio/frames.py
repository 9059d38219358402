"""The tables of an output folder, from the outcome of a run."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from meio.network.model import Scenario
from meio.orders import orders_frame
from meio.outcome import Outcome
from meio.plans import prices_frame, targets_frame
from meio.simulation.measures import SimulationResult

MEASURES = ("cost", "service", "use", "nodes", "network", "bands", "shipments", "inventory")
RECORDS = ("daily", "events")
SIMULATED_USE = ["mean", "p95", "max"]
PLACE = ["resource", "at", "storage_type", "period"]


def output_tables(outcome: Outcome) -> dict[str, pd.DataFrame]:
    """Return every table to write, by its path in the folder without the ending."""
    return {
        "targets": targets_frame(outcome.plan, outcome.compiled),
        "orders": orders_frame(outcome.plan, outcome.compiled),
        **shared_tables(outcome),
        **({} if outcome.replans is None else {"replans": outcome.replans}),
        **{f"measures/{name}": measure(outcome.systems, name) for name in MEASURES if outcome.proof is not None},
        **_sample_tables(outcome.proof),
        **{name: measure(outcome.systems, name) for name in RECORDS if getattr(outcome.proof, name, None) is not None},
    }


def shared_tables(outcome: Outcome) -> dict[str, pd.DataFrame]:
    """Return the tables of what all products share, by their paths."""
    prices = prices_frame(outcome.plan, outcome.compiled)
    return {
        "prices": prices,
        "usage": usage(prices, outcome.proof),
        "convergence": outcome.plan.convergence,
        "recovery": outcome.plan.recovery,
        **{f"network/{name}": table for name, table in network_tables(outcome.scenario).items()},
    }


def _sample_tables(proof: SimulationResult | None) -> dict[str, pd.DataFrame]:
    """Return what a simulation of some products says of its own error."""
    estimate = None if proof is None else proof.estimate
    return {} if estimate is None else {"sample/intervals": estimate.intervals, "sample/strata": estimate.strata}


def usage(prices: pd.DataFrame, proof: SimulationResult | None) -> pd.DataFrame:
    """Return planned and simulated use of every capacity side by side.

    Parameters
    ----------
    prices : DataFrame
        As `meio.plans.prices_frame` returns it.
    proof : SimulationResult or None
        The plan simulated.

    Returns
    -------
    DataFrame
        Columns resource (storage, inbound, outbound or lane), at (node or lane), storage_type, period, capacity,
        planned, and mean, p95 and max over the simulated days (missing without a simulation): m³ for storage, else
        units per day.
    """
    planned = prices[[*PLACE, "capacity", "use"]].rename(columns={"use": "planned"})
    if proof is None:
        return planned.assign(**dict.fromkeys(SIMULATED_USE, float("nan")))
    resource = proof.use["resource"].str.partition(":")
    simulated = proof.use.rename(columns={"place": "at"}).assign(resource=resource[0], storage_type=resource[2])
    return planned.merge(simulated[[*PLACE, *SIMULATED_USE]], on=PLACE, how="left", validate="one_to_one")


def measure(systems: Mapping[str, SimulationResult], name: str) -> pd.DataFrame:
    """Return one table of measures for all systems, told apart by a column `system`."""
    tables = {system: getattr(result, name) for system, result in systems.items()}
    together: pd.DataFrame = pd.concat(tables, names=["system"]).reset_index(level="system")
    return together


def network_tables(scenario: Scenario) -> dict[str, pd.DataFrame]:
    """Return where everything lies: nodes with kind, lat and lon; lanes with source and destination; zones."""
    nodes, lanes = scenario.file.nodes, scenario.file.lanes
    return {
        "nodes": pd.DataFrame(
            [(name, node.kind.value, node.lat, node.lon) for name, node in nodes.items()],
            columns=["node", "kind", "lat", "lon"],
        ),
        "lanes": pd.DataFrame([(lane.source, lane.destination) for lane in lanes], columns=["source", "destination"]),
        "zones": scenario.tables["zones"],
    }
