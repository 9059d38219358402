"""Tables as they are written, inline, in CSV or in Parquet: cells as found, and the place of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from meio.network.positions import Located, not_utf8, unreadable
from meio.network.problems import KeyPath, Place, Problem, problem_at, shown
from meio.network.tables import Table

DAMAGED = (OSError, ValueError, pa.ArrowException)
"""What reading a Parquet file raises that is not one, or no longer."""
_ROWS_OR_FILE = "a list of rows, or the path of a CSV or Parquet file"


@dataclass(frozen=True)
class RawTable:
    """Cells of a table before any check.

    Attributes
    ----------
    cells : pandas.DataFrame
        As read; the index is the number of the row, from 0.
    place : callable
        Place of a cell, from its row and column; the column may be one that the row lacks.
    header : callable
        Place where a column is named, or where it should be.
    inline : bool
        Whether the rows stand in the scenario file.
    """

    table: Table
    cells: pd.DataFrame
    place: Callable[[int, str], Place]
    header: Callable[[str], Place]
    inline: bool

    def path(self, column: str | None = None, row: int | None = None) -> KeyPath:
        """Key path of a column or cell, for messages."""
        index = (row,) if row is not None and self.inline else ()
        return (*self.table.path, *index, *((column,) if column else ()))


def read_table(
    table: Table, source: Located, folder: Path, hashes: dict[Path, str], problems: list[Problem]
) -> RawTable | None:
    """Cells of a table; the hash of its file and what is wrong with it are added to the last two."""
    if isinstance(source.value, list):
        return _inline(table, source, problems)
    if not isinstance(source.value, str):
        problems.append(problem_at(source.place, table.path, shown(source.value), _ROWS_OR_FILE))
        return None
    file = folder / source.value
    try:
        read = {".csv": _read_csv, ".parquet": _read_parquet}[file.suffix.lower()]
        content = file.read_bytes()
    except KeyError:
        problems.append(problem_at(source.place, table.path, shown(source.value), _ROWS_OR_FILE))
    except (OSError, ValueError) as error:
        problems.append(no_table(table, source, file, error))
    else:
        hashes[file] = sha256(content).hexdigest()
        return read(table, content, file, problems)
    return None


def no_table(table: Table, source: Located, file: Path, error: Exception) -> Problem:
    """Problem of a table whose file cannot be read."""
    found = f"{shown(source.value)}, {unreadable(error)}"
    return problem_at(source.place, table.path, found, _ROWS_OR_FILE, _tables_beside(source.value, file))


def _tables_beside(name: str, file: Path) -> tuple[str, list[str]]:
    """Name of a file that cannot be read, and the tables it might stand for."""
    beside: list[str] = []
    with suppress(OSError, ValueError):
        beside = sorted(other.name for suffix in ("*.csv", "*.parquet") for other in file.parent.glob(suffix))
    return name, [str(Path(name).with_name(other)) for other in beside]


def _inline(table: Table, source: Located, problems: list[Problem]) -> RawTable | None:
    rows: list[Located] = source.value
    bad = [(index, row) for index, row in enumerate(rows) if not isinstance(row.value, dict)]
    for index, row in bad:
        found = shown(row.value)
        problems.append(problem_at(row.place, (*table.path, index), found, "a row: a mapping from column to value"))
    if bad:
        return None

    columns = list(dict.fromkeys(key for row in rows for key in row.value))
    content = [[cell.plain() if (cell := row.child(column)) else None for column in columns] for row in rows]
    cells = pd.DataFrame(content, columns=columns, dtype=object)
    places = _InlinePlaces(rows, source.place)
    return RawTable(table, cells, places.cell, places.header, inline=True)


def _read_csv(table: Table, content: bytes, file: Path, problems: list[Problem]) -> RawTable | None:
    start = Place(str(file))
    try:
        cells = pd.read_csv(
            BytesIO(content), dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8-sig"
        )
    except pd.errors.EmptyDataError:
        problems.append(problem_at(start, table.path, "an empty file", "a line of column names, then rows"))
    except pd.errors.ParserError as error:
        problems.append(_misshapen(str(error), start, table))
    except UnicodeDecodeError:
        problems.append(not_utf8(content, start, table.path))
    else:
        if (misfit := _misfit(cells, start, table)) is None:
            blank = (cells.isna() | (cells == "")).all(axis=1)
            return from_file(table, cells[~blank] if blank.any() else cells, file, _CsvLines(cells).line)
        problems.append(misfit)
    return None


def _misfit(cells: pd.DataFrame, start: Place, table: Table) -> Problem | None:
    """Problem of a CSV file whose cells are not those that its writer meant."""
    header = str(cells.columns[0])
    if len(cells.columns) == 1 and (separator := re.search("[;\t|]", header)):
        return problem_at(start, table.path, f"cells between '{separator[0]}'", "cells between commas")
    if not isinstance(cells.index, pd.RangeIndex):  # pandas takes cells beyond the header for names of rows
        expected = f"{len(cells.columns)}, as in the first line"
        return problem_at(replace(start, line=2), table.path, "more cells in every line", expected)
    return None


def _misshapen(error: str, start: Place, table: Table) -> Problem:
    """Problem of a CSV file that pandas cannot parse; its message tells the line."""
    if counts := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", error):
        expected, line, found = counts.groups()
        place = replace(start, line=int(line))
        return problem_at(place, table.path, f"{found} cells", f"{expected}, as in the first line")
    line = int(row[1]) + 1 if (row := re.search(r"at row (\d+)", error)) else 1
    return problem_at(replace(start, line=line), table.path, "a quote that is never closed", "a CSV file")


def _read_parquet(table: Table, content: bytes, file: Path, problems: list[Problem]) -> RawTable | None:
    try:
        cells = plain_cells(table, pq.read_table(BytesIO(content)))
    except DAMAGED:
        problems.append(problem_at(Place(str(file)), table.path, "a damaged file", "a Parquet file"))
        return None
    return from_file(table, cells, file)


def plain_cells(table: Table, rows: pa.Table) -> pd.DataFrame:
    """Cells of rows read from a Parquet file: numbers or texts, and moments where the table has them."""
    moments = {column.name for column in table.columns if column.kind in ("moment", "day")}
    for number, field in enumerate(rows.schema):
        if field.name in moments and pa.types.is_date(field.type):
            rows = rows.set_column(number, field.name, rows.column(number).cast(pa.timestamp("us")))
    cells = rows.replace_schema_metadata(None).to_pandas()  # what pandas noted of its own is not asked, nor read
    plain: pd.DataFrame = cells.apply(lambda column: _plain(column, as_moment=column.name in moments))
    return plain


def _plain(column: pd.Series, *, as_moment: bool) -> pd.Series:
    """Column of numbers or texts; dates, lists, truth values… become texts, moments where they are wanted do not."""
    if as_moment and pd.api.types.is_datetime64_dtype(column):
        return column
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column
    texts = column if column.dtype == "str" else column.map(str, na_action="ignore").astype("str")
    return texts.fillna("")


def _from_first(row: int) -> int:
    return row + 1


def from_file(table: Table, cells: pd.DataFrame, file: Path, line: Callable[[int], int] = _from_first) -> RawTable:
    """Cells of a file; `line` tells where a row stands, by itself as many lines down as its number."""
    numbers = {str(name): number for number, name in enumerate(cells, start=1)}
    places = _FilePlaces(str(file), numbers, line)
    return RawTable(table, cells, places.cell, places.header, inline=False)


@dataclass(frozen=True)
class _FilePlaces:
    """Places of the cells of a file; `numbers` are those of its columns."""

    file: str
    numbers: dict[str, int]
    line: Callable[[int], int]

    def cell(self, row: int, column: str) -> Place:
        return Place(self.file, self.line(row), self.numbers.get(column, 1))

    def header(self, column: str) -> Place:
        return Place(self.file, 1, self.numbers.get(column, 1))


@dataclass(frozen=True)
class _InlinePlaces:
    """Places of the cells of rows in a scenario file."""

    rows: list[Located]
    source: Place

    def cell(self, row: int, column: str) -> Place:
        cell = self.rows[row].child(column)
        return cell.place if cell else self.rows[row].place

    def header(self, column: str) -> Place:
        return next((cell.key for row in self.rows if (cell := row.child(column))), self.source)


@dataclass(frozen=True)
class _CsvLines:
    """Lines of a CSV file on which rows begin: quoted cells may span several."""

    cells: pd.DataFrame

    def line(self, row: int) -> int:
        cells = self.cells
        return row + 2 + sum(int(cells[name].iloc[: max(row, 0)].str.count("\n").sum()) for name in cells)
