"""Rules of recorded orders: the rows of one order agree, and it comes on a day that is simulated."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from meio.network.cells import TypedTable, row_problems
from meio.network.compiled import Ints
from meio.network.problems import Problem, shown
from meio.network.world import World


def orders_at_odds(world: World) -> Iterator[Problem]:
    """Rows of one order that differ in what an order has only once."""
    if (table := world.tables.get("orders")) is not None:
        rows = table.frame[table.frame["order"].notna()]
        order, _ = pd.factorize(rows["order"])
        first = np.unique(order, return_index=True)[1][order]
        for column in ("placed", "zone", "speed"):
            yield from _unlike_the_first(table, rows, column, first)


def _unlike_the_first(table: TypedTable, rows: pd.DataFrame, column: str, first: Ints) -> Iterator[Problem]:
    """Report cells that differ from the one in the first row of their order; `first` is the place of that row."""
    cells, raw = rows[column], table.raw.cells[column]
    before, first_row = cells.iloc[first].set_axis(cells.index), pd.Series(cells.index.to_numpy()[first], cells.index)
    wrong = (cells != before) & cells.notna() & before.notna()

    def found(row: int) -> str:
        earlier = int(first_row.loc[row])
        line = table.raw.place(earlier, column).line
        return f"{shown(raw.loc[row])} for order {rows['order'].loc[row]}, {shown(raw.loc[earlier])} in line {line}"

    yield from row_problems(table.raw, column, wrong, found, f"the same {column} in all rows of an order")


def orders_outside_the_days(world: World) -> Iterator[Problem]:
    """Recorded orders on days that are not simulated."""
    table = world.tables.get("orders")
    if table is not None and world.horizon is not None:
        day = (table.frame["placed"] - pd.Timestamp(world.horizon.start)).dt.days  # rounded down
        first, end = world.horizon.simulated_days
        raw = table.raw.cells["placed"]
        expected = f"a moment {world.horizon.simulated_dates}"
        wrong = (day < first) | (day >= end)
        yield from row_problems(table.raw, "placed", wrong, lambda row: shown(raw.loc[row]), expected)
