"""Read a history of demand from tables as planners have them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

import pandas as pd

from meio.demand.history import History
from meio.demand.history_calendar import Calendar, calendar_of
from meio.demand.history_checks import calendar_problems, history_problems, names_problems, product_problems
from meio.demand.history_periods import demand_by_period
from meio.demand.history_products import with_products, with_value
from meio.demand.history_tables import HISTORY, PRODUCTS, given_columns
from meio.network.cells import TypedTable, typed
from meio.network.positions import Located
from meio.network.problems import Place, Problem, ScenarioError
from meio.network.table_files import RawTable, read_table
from meio.network.tables import Table

_FLAGS = {"true": "1", "false": "0"}


def read_history(
    path: str | Path,
    products: str | Path | None = None,
    *,
    period: Literal["day", "week"] = "week",
    end: str | date | None = None,
) -> History:
    """Return the demand that a long table holds, by day or week.

    What is treated rather than refused (returns, repeated rows, days without a row …) is counted in the history's
    notes.

    Parameters
    ----------
    path : path
        CSV or Parquet file with the columns date, product, units and, if known, zone, speed, price, promotion,
        in_stock, currency; rows by day, or by week where all dates fall on one weekday.
    products : path, optional
        CSV or Parquet file with a row for each product: its attributes, price, unit_cost.
    period : 'day' or 'week'
        Weeks are counted back from the end, so that the last is whole.
    end : date, optional
        First day that is not read; the day (in weekly rows, the week) after the last row if none is given.

    Raises
    ------
    ScenarioError
        With everything that is wrong with the tables.
    ValueError
        If `period` or `end` is none.
    """
    if period not in ("day", "week"):
        raise ValueError(f"period: found '{period}', expected 'day' or 'week'")
    problems: list[Problem] = []
    rows = _read(HISTORY, Path(path), problems)
    known = _read(PRODUCTS, Path(products), problems) if products is not None else None
    if rows is None or (known is None and products is not None):
        raise ScenarioError(problems)
    problems += history_problems(rows.table)
    if known is not None:
        problems += [*product_problems(known.table), *names_problems(rows.table, known.table)]
    calendar = calendar_of(rows.table.frame["date"], period, None if end is None else pd.Timestamp(end).normalize())
    problems += calendar_problems(rows.table, calendar) if calendar else []
    if problems or calendar is None:
        raise ScenarioError(problems)
    return _history(rows, known, calendar)


@dataclass(frozen=True)
class _Read:
    """A table with typed columns, and the names of columns that nobody declared."""

    table: TypedTable
    others: list[str]


def _read(table: Table, file: Path, problems: list[Problem]) -> _Read | None:
    """Return a table's cells; None, and a problem more, where it cannot be read or lacks a column."""
    place = Place(str(file))
    raw = read_table(table, Located(str(file), place, place), Path(), {}, problems)
    if raw is None:
        return None
    raw = _with_flags(raw)
    columns, others = given_columns(raw)
    cells, misfits = typed(replace(raw, cells=raw.cells.drop(columns=others)), columns, None)
    problems += misfits
    return None if cells is None else _Read(replace(cells, raw=raw), others)


def _with_flags(raw: RawTable) -> RawTable:
    """Write true and false as 1 and 0 in the columns that hold shares."""
    cells = raw.cells
    for name in {column.name for column in raw.table.columns if column.most == 1} & set(cells):
        if not pd.api.types.is_numeric_dtype(cells[name]):
            flag = cells[name].astype("str").str.lower()
            cells = cells.assign(**{name: cells[name].mask(flag.isin(_FLAGS), flag.map(_FLAGS))})
    return replace(raw, cells=cells)


def _history(rows: _Read, known: _Read | None, calendar: Calendar) -> History:
    history = demand_by_period(rows.table, calendar)
    if rows.others:
        note = f"columns not read: {', '.join(rows.others)} (attributes belong in the table of products)"
        history = replace(history, notes=(note, *history.notes))
    if known is not None:
        history = with_products(history, known.table, known.others)
    return with_value(history)
