"""A table in a Parquet file, read by ranges of rows: memory is set by the range and its row groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from meio.network.compiled import Ints
from meio.network.problems import Place, Problem, ScenarioError, problem_at
from meio.network.table_files import DAMAGED, RawTable, from_file, plain_cells
from meio.network.tables import Table


@dataclass(frozen=True, eq=False)
class ParquetRows:
    """A Parquet file as it was when it was opened.

    Attributes
    ----------
    file : Path
        Absolute, so that another process finds it.
    size : int
        Bytes.
    group_ptr : array of int [row group + 1]
        First row of each row group, and the number of rows.
    schema : pyarrow.Schema
    header : RawTable
        The table without its rows.
    """

    table: Table
    file: Path
    size: int
    group_ptr: Ints
    schema: pa.Schema
    header: RawTable

    @property
    def num_rows(self) -> int:
        """Rows of the file."""
        return int(self.group_ptr[-1])

    def cells(self, start: int, stop: int) -> RawTable:
        """Rows from one to another, exclusive, numbered as in the file.

        Raises
        ------
        ScenarioError
            When they cannot be read, or the file is another than was opened.
        """
        first = int(np.searchsorted(self.group_ptr, start, side="right")) - 1
        end = max(first, int(np.searchsorted(self.group_ptr, stop)))
        with self._open() as opened:
            try:
                rows = opened.read_row_groups(list(range(first, end))).slice(
                    start - self.group_ptr[first], stop - start
                )
                cells = plain_cells(self.table, rows)
            except DAMAGED as error:
                raise ScenarioError([self._damaged(first, end)]) from error
        return from_file(self.table, cells.set_axis(range(start, stop)), self.file)

    def texts(self, column: str) -> Iterator[pa.Array]:
        """One column, a row group at a time, as texts; empty cells are null.

        Raises
        ------
        ScenarioError
            When it cannot be read.
        """
        with self._open() as opened:
            for group in range(len(self.group_ptr) - 1):
                try:
                    read = opened.read_row_group(group, columns=[column])[column]
                    texts = read.combine_chunks().cast(pa.large_string())
                except DAMAGED as error:
                    raise ScenarioError([self._damaged(group, group + 1)]) from error
                yield pc.if_else(pc.equal(texts, ""), pa.scalar(None, texts.type), texts)

    def place(self, row: int, column: str) -> Place:
        """Where a cell stands."""
        return Place(str(self.file), row + 1, 1 + max(0, self.schema.get_field_index(column)))

    def _open(self) -> pq.ParquetFile:
        try:
            opened = pq.ParquetFile(self.file, page_checksum_verification=True)
            same = self.file.stat().st_size == self.size and opened.metadata.num_rows == self.num_rows
        except DAMAGED as error:
            raise ScenarioError([_damaged_file(self.table, self.file)]) from error
        if not same:
            opened.close()
            expected = "the file as it was when the scenario was opened: run again with files that stay"
            raise ScenarioError(
                [problem_at(Place(str(self.file)), self.table.path, "a file that has changed", expected)]
            )
        return opened

    def _damaged(self, first: int, end: int) -> Problem:
        start, stop = int(self.group_ptr[first]), int(self.group_ptr[end])
        found = f"damaged rows {start + 1} to {stop}"
        expected = "a Parquet file that can be read to its end: write or copy it again"
        return problem_at(Place(str(self.file), start + 1), self.table.path, found, expected)


def open_rows(table: Table, file: Path, problems: list[Problem]) -> ParquetRows | None:
    """Rows of a Parquet file; none, and a problem more, where it is none."""
    try:
        with pq.ParquetFile(file) as opened:
            counts = [opened.metadata.row_group(group).num_rows for group in range(opened.num_row_groups)]
            schema = opened.schema_arrow
        header = from_file(table, plain_cells(table, schema.empty_table()), file)
        return ParquetRows(table, file.absolute(), file.stat().st_size, np.cumsum([0, *counts]), schema, header)
    except DAMAGED:
        problems.append(_damaged_file(table, file))
        return None


def _damaged_file(table: Table, file: Path) -> Problem:
    expected = "a Parquet file that is whole: write or copy it again"
    return problem_at(Place(str(file)), table.path, "a damaged file", expected)
