"""Rules that every table keeps by its declaration: rows there are, each key once, names that the scenario defines."""

from __future__ import annotations

from collections.abc import Iterator

from meio.network.cells import TypedTable, among, cell_problems, row_problems
from meio.network.model import EVERY
from meio.network.problems import Problem, one_of, problem_at
from meio.network.world import World

_MAY_BE_EMPTY = ("initial_stock", "open_orders")


def empty_tables(world: World) -> Iterator[Problem]:
    """Tables without rows, where the scenario needs some."""
    for name, table in world.tables.items():
        if table.frame.empty and name not in _MAY_BE_EMPTY:
            yield problem_at(table.raw.header(""), table.raw.path(), "no rows", "at least one row")


def duplicate_rows(world: World) -> Iterator[Problem]:
    """Two rows with the same key."""
    for table in world.tables.values():
        if keys := [column.name for column in table.columns if column.key]:
            yield from _duplicates(table, keys)


def _duplicates(table: TypedTable, keys: list[str]) -> Iterator[Problem]:
    cells = table.frame[keys]

    def found(row: int) -> str:
        first = int((cells == cells.loc[row]).all(axis=1).to_numpy().argmax())
        line = table.raw.place(cells.index[first], keys[0]).line
        return f"a second row for {table.key_of(row, keys)} (the first is in line {line})"

    again = cells.duplicated() & cells.notna().all(axis=1)
    yield from row_problems(table.raw, keys[0], again, found, f"one row for each {', '.join(keys)}")


def unknown_names(world: World) -> Iterator[Problem]:
    """Names that the scenario does not define."""
    for table in world.tables.values():
        for column in table.columns:
            if column.names and (names := world.names[column.names]):
                cells = table.frame[column.name]
                wrong = ~among(cells, [*names, EVERY] if column.wildcard else names) & cells.notna()
                yield from cell_problems(table, column.name, wrong, one_of(names, column.names), names=names)
