"""Rules that a change of some products could break: those of the whole scenario, asked of these products only."""

from __future__ import annotations

import pandas as pd

from meio.network.cells import TypedTable
from meio.network.checks import OF_PRODUCTS, problems_in
from meio.network.model import NodeKind, Scenario
from meio.network.positions import Located
from meio.network.problems import Place, Problem
from meio.network.table_files import RawTable
from meio.network.tables import TABLES, Table, columns_of, only_simulated
from meio.network.world import World

CHANGES = "changes"
"""The file that a problem's place names."""


def problems_of_changed(scenario: Scenario) -> list[Problem]:
    """Problems of a scenario's products, their supply, demand and stock."""
    if scenario.tables["products"].empty:
        return []
    return problems_in(_world(scenario), [], OF_PRODUCTS)


def raw_table(table: Table, cells: pd.DataFrame) -> RawTable:
    """Rows of a table that come with changes; a row's number, from 1, is its line."""
    numbers = {str(name): number for number, name in enumerate(cells, start=1)}

    def place(row: int, column: str) -> Place:
        return Place(CHANGES, row + 1, numbers.get(column, 1))

    return RawTable(table, cells, place, lambda column: Place(CHANGES, 1, numbers.get(column, 1)), inline=False)


def _world(scenario: Scenario) -> World:
    """What the checks look at."""
    file, place = scenario.file, Place(CHANGES)
    lanes = Located([Located(None, place, place)] * len(file.lanes), place, place)
    tables = {
        table.name: TypedTable(
            RawTable(table, frame, lambda *_: place, lambda *_: place, inline=False),
            columns_of(table, file.demand.distribution),
            frame,
        )
        for table in TABLES
        if (frame := scenario.tables.get(table.name)) is not None and not only_simulated(table.name)
    }
    stocking = [name for name, node in file.nodes.items() if node.kind is not NodeKind.VENDOR]
    names = {
        "node": list(file.nodes),
        "vendor": [name for name in file.nodes if name not in stocking],
        "stocking node": stocking,
        "customer node": [name for name in stocking if file.nodes[name].serves_customers],
        "speed": list(file.speeds),
        "storage type": list(file.storage_types),
        "zone": list(scenario.tables["zones"]["zone"]),
        "product": list(scenario.tables["products"]["product"]),
        "service": [],  # not asked: no change names one
        "group": [],
    }
    return World(
        document=Located({"lanes": lanes}, place, place),
        file=file,
        tables=tables,
        nodes=file.nodes,
        lanes=dict(enumerate(file.lanes)),
        horizon=file.horizon,
        outbound=file.outbound,
        demand=file.demand,
        simulation=None,  # nor what it is simulated under
        disruptions={},
        names=names,
    )
