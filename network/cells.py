"""Cells of a table made into typed columns; every cell that does not fit is a problem with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from meio.network.columns import texts
from meio.network.model import EVERY
from meio.network.problems import Problem, closest, one_of, problem_at, shown
from meio.network.table_files import RawTable
from meio.network.tables import Column

MOST_ROWS_SHOWN = 5
_LARGEST_EXACT = 2**53  # beyond it a float skips whole numbers
_MOMENT = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?"
_DAY = rf"\d{{4}}-\d\d-\d\d|{_MOMENT}"
_EXAMPLE = {
    "moment": "a moment such as '2026-01-05 14:30', without a time zone",
    "day": "a date such as '2026-01-05'",
}
_NUMBER = re.compile(r"[-+]?[0-9.]+(e[-+]?[0-9]+)?", re.IGNORECASE)


@dataclass(frozen=True)
class TypedTable:
    """Table with typed columns; a cell that is wrong is missing (NaN), and already reported.

    Attributes
    ----------
    columns : tuple of Column
        All columns of the table's declaration.
    frame : pandas.DataFrame
        Those columns; the index is the number of the row, from 0.
    """

    raw: RawTable
    columns: tuple[Column, ...]
    frame: pd.DataFrame

    def key_of(self, row: int, columns: Sequence[str]) -> str:
        """Say which row it is by its values in some columns."""
        cells = (self.frame[column].loc[row] for column in columns)
        return ", ".join(f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in cells)


def among(cells: pd.Series, names: Iterable[str]) -> pd.Series[bool]:
    """Whether each text is one of many names; `Series.isin` makes Python objects of every name, one by one."""
    return pd.Series(np.asarray(pc.is_in(texts(cells), value_set=texts(names))), index=cells.index)


def row_problems(
    raw: RawTable,
    column: str,
    wrong: pd.Series[bool],
    found: Callable[[int], str],
    expected: str,
    names: Sequence[str] = (),
) -> Iterator[Problem]:
    """Report rows that are wrong, the first few in full; `names` are what the cell might have meant."""
    rows = wrong.index[wrong.to_numpy(dtype=bool)]
    for number, row in enumerate(rows[:MOST_ROWS_SHOWN], start=1):
        rest = len(rows) - number if number == MOST_ROWS_SHOWN else 0
        more = f" (and {rest} more)" if rest else ""
        meant = (str(raw.cells[column].loc[row]), names) if names else None
        yield problem_at(raw.place(row, column), raw.path(column, row), found(row) + more, expected, meant)


def cell_problems(
    table: TypedTable, column: str, wrong: pd.Series[bool], expected: str, found: str = "{}", names: Sequence[str] = ()
) -> Iterator[Problem]:
    """Report cells that are wrong; `found` says of the cell, in braces, what is wrong with it."""
    cells = table.frame[column]
    yield from row_problems(table.raw, column, wrong, lambda row: found.format(shown(cells.loc[row])), expected, names)


def typed(
    raw: RawTable, columns: tuple[Column, ...], num_periods: int | None
) -> tuple[TypedTable | None, list[Problem]]:
    """Make the cells of a table typed columns.

    Returns
    -------
    TypedTable or None
        None if the table lacks a column.
    list of Problem
        What is wrong with the header and single cells.
    """
    problems = list(_header_problems(raw, columns))
    if problems and any(column.required and column.name not in raw.cells for column in columns):
        return None, problems
    raw = _within_horizon(raw, columns, num_periods)
    frame = pd.DataFrame(index=raw.cells.index)
    for column in columns:
        frame[column.name], misfits = _typed_column(raw, column, num_periods)
        problems += misfits
    return TypedTable(raw, columns, frame), problems


def _within_horizon(raw: RawTable, columns: tuple[Column, ...], num_periods: int | None) -> RawTable:
    """The table without the rows beyond the horizon that it may have."""
    if num_periods is None or not any(column.beyond for column in columns):
        return raw
    beyond = _of_distinct(_numbers, raw.cells["period"]) > num_periods
    return replace(raw, cells=raw.cells[~beyond]) if beyond.any() else raw


def _header_problems(raw: RawTable, columns: tuple[Column, ...]) -> Iterator[Problem]:
    """Report columns that are unknown, and those that are missing unless an unknown one seems to be meant for them."""
    if raw.inline and not len(raw.cells):
        return
    known = [column.name for column in columns]
    absent = [column.name for column in columns if column.required and column.name not in raw.cells]
    unknown = [str(name) for name in raw.cells if name not in known]
    for name in unknown:
        yield problem_at(raw.header(name), raw.path(), f"column '{name}'", one_of(known), (name, absent or known))
    meant = {closest(name, absent) for name in unknown}
    for name in absent:
        if name not in meant:
            yield problem_at(raw.header(name), raw.path(), f"no column '{name}'", f"the columns {', '.join(known)}")


def _typed_column(raw: RawTable, column: Column, num_periods: int | None) -> tuple[pd.Series, list[Problem]]:
    if column.name not in raw.cells:
        return _filled(pd.Series(np.nan, index=raw.cells.index, dtype=object), column), []
    cells = raw.cells[column.name]
    values = _PARSE[column.kind](cells)
    empty = cells.isna()
    if not (pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_datetime64_dtype(cells)):
        empty |= (cells if cells.dtype == "str" else cells.astype(object)) == ""
    wrong = (values.isna() & (column.required | ~empty)) | _out_of_range(values, column, num_periods)
    expected = expected_cell(column, num_periods)
    misfits = row_problems(raw, column.name, wrong, lambda row: _shown_cell(cells.loc[row]), expected)
    return _filled(values.mask(wrong), column), list(misfits)


def _shown_cell(cell: object) -> str:
    if cell is None or cell is pd.NaT or cell == "":
        return "an empty cell"
    if isinstance(cell, str) and _NUMBER.fullmatch(cell):
        return cell
    return shown(cell.item() if isinstance(cell, np.generic) else cell)


def _texts(cells: pd.Series) -> pd.Series:
    if cells.dtype == object:
        cells = cells.map(lambda cell: str(cell) if type(cell) in (str, int) else None)
    texts = cells.astype("str")
    return texts.mask(texts == "")


def _numbers(cells: pd.Series) -> pd.Series:
    if cells.dtype == object:
        cells = cells.map(lambda cell: cell if type(cell) in (str, int, float) else None)
    numbers = pd.to_numeric(cells, errors="coerce").astype(np.float64)
    return numbers.mask(~np.isfinite(numbers))


def _whole_numbers(cells: pd.Series) -> pd.Series:
    numbers = _numbers(cells)
    return numbers.mask((numbers % 1 != 0) | (numbers.abs() >= _LARGEST_EXACT))


def _periods(cells: pd.Series) -> pd.Series:
    """Write numbers of periods as texts without leading zeros; ``*`` stays."""
    if cells.dtype != object:  # a few periods many times
        return _of_distinct(_each_period, cells)
    return _each_period(cells)


def _each_period(cells: pd.Series) -> pd.Series:
    every = cells.astype(object) == EVERY
    numbers = _whole_numbers(cells.mask(every))
    return numbers.astype("Int64").astype("str").mask(numbers.isna()).mask(every, EVERY)


def _of_distinct(function: Callable[[pd.Series], pd.Series], cells: pd.Series) -> pd.Series:
    """What a function says of each cell, asked once for equal cells."""
    code, distinct = pd.factorize(cells, use_na_sentinel=False)
    return function(pd.Series(distinct)).take(code).set_axis(cells.index)


def _moments(cells: pd.Series) -> pd.Series:
    """Moments of a column of Parquet timestamps, or of texts with a date and a clock time."""
    if not pd.api.types.is_datetime64_dtype(cells):
        texts = _texts(cells)
        cells = pd.to_datetime(texts.where(texts.str.fullmatch(_MOMENT, na=False)), format="ISO8601", errors="coerce")
    return cells.astype("datetime64[us]")


def _days(cells: pd.Series) -> pd.Series:
    """Days of a column of Parquet dates or timestamps, or of texts with a date and perhaps a clock time."""
    if cells.dtype != object and not pd.api.types.is_datetime64_dtype(cells):  # a few days many times
        return _of_distinct(_each_day, cells)
    return _each_day(cells)


def _each_day(cells: pd.Series) -> pd.Series:
    if not pd.api.types.is_datetime64_dtype(cells):
        texts = _texts(cells)
        cells = pd.to_datetime(texts.where(texts.str.fullmatch(_DAY, na=False)), format="ISO8601", errors="coerce")
    return cells.astype("datetime64[us]").dt.floor("D")


_PARSE = {
    "text": _texts,
    "number": _numbers,
    "whole number": _whole_numbers,
    "period": _periods,
    "moment": _moments,
    "day": _days,
}


def _out_of_range(values: pd.Series, column: Column, num_periods: int | None) -> pd.Series:
    if column.kind == "period":
        numbers = _of_distinct(_numbers, values)
        return (numbers < 1) | (numbers > (num_periods or np.inf))
    out = pd.Series(False, index=values.index)
    if column.least is not None:
        out |= values < column.least
    if column.above is not None:
        out |= values <= column.above
    if column.most is not None:
        out |= values > column.most
    return out


def expected_cell(column: Column, num_periods: int | None = None) -> str:
    """Say what a cell of the column must hold."""
    if column.kind == "text":
        return (f"the name of a {column.names}" if column.names else "a name") + (f", or '{EVERY}'" * column.wildcard)
    if column.kind in _EXAMPLE:
        return _EXAMPLE[column.kind]
    if column.kind == "period":
        return f"a period from 1 to {num_periods or 'the last'}, or '{EVERY}'"
    if column.least is not None and column.most is not None:
        return f"a {column.kind} from {column.least:g} to {column.most:g}"
    if column.least is not None:
        return f"a {column.kind} of at least {column.least:g}"
    return f"a {column.kind}" + (f" above {column.above:g}" if column.above is not None else "")


def _filled(values: pd.Series, column: Column) -> pd.Series:
    """Fill a column's defaults in and give it its final type."""
    if column.default is not None:
        values = values.fillna(column.default)
    if column.kind in ("moment", "day"):
        return values
    if column.kind in ("text", "period"):
        return values.astype("str")
    whole = column.kind == "whole number" and not values.isna().any()
    return values.astype(np.int64 if whole else np.float64)
