"""Rules that a change of some products could break: those of the whole scenario, asked of these products only."""

from __future__ import annotations

import pandas as pd

from meio.network import checks_demand, checks_products, checks_tables
from meio.network.cells import TypedTable
from meio.network.model import NodeKind, Scenario
from meio.network.positions import Located
from meio.network.problems import Place, Problem
from meio.network.table_files import RawTable
from meio.network.tables import TABLES, Table, columns_of, only_simulated
from meio.network.world import World

CHANGES = "changes"
"""The file that a problem's place names."""

_CHECKS = (
    checks_tables.duplicate_rows,
    checks_tables.unknown_names,
    checks_products.products_without_supply,
    checks_products.products_too_heavy,
    checks_products.storage_types_not_stocked,
    checks_products.stock_without_room,
    checks_products.open_orders_without_lane,
    checks_products.products_that_reach_no_customer,
    checks_demand.products_without_demand,
    checks_demand.periods_without_demand,
    checks_demand.quantiles_that_fall,
    checks_demand.groups_without_mix,
    checks_demand.probabilities_that_do_not_sum_to_one,
)


def problems_of_products(scenario: Scenario) -> list[Problem]:
    """Problems of a scenario's products, their supply, demand and stock."""
    if scenario.tables["products"].empty:
        return []
    world = _world(scenario)
    return [problem for check in _CHECKS for problem in check(world)]


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
