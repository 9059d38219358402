"""A variant's changes made to the base scenario: first what it says in YAML, then its tables, then its demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd

from meio.network.cells import TypedTable
from meio.network.merge import overridden, put
from meio.network.model import Scenario
from meio.network.positions import Located
from meio.network.problems import Problem, problem_at, shown
from meio.network.scenario import load_scenario
from meio.studies.demand_edits import with_demand
from meio.studies.expansion import Variant
from meio.studies.model import LeadTimeChange
from meio.studies.network_edits import changed_lanes, changed_nodes, with_altered, with_value
from meio.studies.reading import Study
from meio.studies.scaling_edits import changed_lead_times, scaled_capacities


def scenario_of(study: Study, variant: Variant, overrides: Sequence[str] = ()) -> Scenario:
    """The scenario that a variant's changes make of the base.

    Parameters
    ----------
    study : Study
    variant : Variant
    overrides : sequence of str
        ``path=value``; they win over the base's file and the study's `set`, but not over the variant's changes.

    Raises
    ------
    ScenarioError
        With every problem of the changes and of what they make.
    """
    shared = [_Edit(Located({"set": given}, given.place, given.key))] if (given := study.document.child("set")) else []
    changes = [_Edit(change) for change in variant.changes]
    scenario = load_scenario(study.base, (), [*shared, _Overrides(overrides), *changes])
    for change in variant.changes:
        if given := change.child("demand"):
            scenario = with_demand(scenario, given)
    return scenario


class _Overrides:
    """The overrides of the command line, as `meio.network.scenario.Edit` wants them."""

    def __init__(self, overrides: Sequence[str]) -> None:
        self._overrides = overrides

    def document(self, document: Located, problems: list[Problem]) -> Located:
        """What the scenario says in YAML after the overrides."""
        return overridden(document, self._overrides, problems)

    def tables(self, tables: dict[str, TypedTable]) -> dict[str, TypedTable]:
        """The tables as they are."""
        return tables


class _Edit:
    """One change, as `meio.network.scenario.Edit` wants it."""

    def __init__(self, change: Located) -> None:
        self._change = change

    def document(self, document: Located, problems: list[Problem]) -> Located:
        """What the scenario says in YAML after the change."""
        for key, edit in _EDITS.items():
            if given := self._change.child(key):
                document = edit(document, given, problems)
        return document

    def tables(self, tables: dict[str, TypedTable]) -> dict[str, TypedTable]:
        """The tables without stock and supply of what closed, and with later arrivals where a lane is slower."""
        tables = dict(tables)
        for name in self._listed("nodes", "close"):
            for table, column in _NAMING:
                if table in tables:
                    _keep(tables, table, tables[table].frame[column] != name.value)
        for ends in self._listed("lanes", "close"):
            if "open_orders" in tables:
                orders, lane = tables["open_orders"].frame, ends.plain()
                _keep(tables, "open_orders", ~_on_lane(orders, lane["from"], lane["to"]))
        for item in self._listed("lead_times"):
            _delay(tables, item)
        return tables

    def _listed(self, *path: str) -> list[Located]:
        """What stands in a list of the change; nothing where it is not given."""
        given = self._change.find(path)
        return [] if given is None else [item for _, item in given.children()]


_NAMING = (
    ("initial_stock", "node"),
    ("open_orders", "from"),
    ("open_orders", "to"),
    ("supply", "vendor"),
    ("outbound", "node"),
)
"""Tables with a column that names nodes."""


def _keep(tables: dict[str, TypedTable], name: str, rows: pd.Series[bool]) -> None:
    """Leave the other rows of a table out."""
    tables[name] = replace(tables[name], frame=tables[name].frame[rows])


def _on_lane(orders: pd.DataFrame, source: str, destination: str | None) -> pd.Series[bool]:
    on_lane: pd.Series[bool] = orders["from"] == source
    return on_lane if destination is None else on_lane & (orders["to"] == destination)


def _delay(tables: dict[str, TypedTable], item: Located) -> None:
    """Let orders under way arrive later on lanes whose lead time grows by an amount."""
    change = LeadTimeChange.model_validate(item.plain())
    if change.plus is None or "open_orders" not in tables:
        return
    orders = tables["open_orders"].frame
    late = _on_lane(orders, change.source, change.destination)
    later = orders["arrives_day"].where(~late, orders["arrives_day"] + change.plus)
    tables["open_orders"] = replace(tables["open_orders"], frame=orders.assign(arrives_day=later))


def _set_values(document: Located, given: Located, problems: list[Problem]) -> Located:
    for path, value in given.value.items():
        if path == "extends":
            problems.append(problem_at(value.key, "set", shown(path), "a path other than extends"))
        else:
            document = put(document, path, value, problems)
    return document


def _with_speeds(document: Located, given: Located, problems: list[Problem]) -> Located:
    return with_altered(document, ("speeds",), given, problems)


def _with_disruptions(document: Located, given: Located, problems: list[Problem]) -> Located:  # noqa: ARG001 - as others
    simulation = document.child("simulation") or Located({}, given.place, given.key)
    former = simulation.child("disruptions")
    listed = former.value if former and isinstance(former.value, list) else []
    together = replace(given, value=[*listed, *given.value])
    return with_value(document, ("simulation",), with_value(simulation, ("disruptions",), together))


_EDITS: dict[str, Callable[[Located, Located, list[Problem]], Located]] = {
    "set": _set_values,
    "nodes": changed_nodes,
    "lanes": changed_lanes,
    "speeds": _with_speeds,
    "capacities": scaled_capacities,
    "lead_times": changed_lead_times,
    "disruptions": _with_disruptions,
}
