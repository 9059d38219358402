"""Which rows of a table belong to which run of products: the table has its rows in the products' order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from meio.network.cells import MOST_ROWS_SHOWN
from meio.network.compiled import Bools, Ints
from meio.network.model import EVERY
from meio.network.parquet_rows import ParquetRows
from meio.network.problems import Problem, problem_at, shown

_IN_ORDER = "the order of the table products: sort the table by product in that order"


@dataclass(frozen=True, eq=False)
class ProductOrder:
    """The products of a scenario in their order, cut into blocks.

    Attributes
    ----------
    names : pyarrow.LargeStringArray [product]
        All different.
    block_ptr : array of int [block + 1]
        First product of each block, and the number of products.
    """

    names: pa.LargeStringArray
    block_ptr: Ints

    def prefix(self, wanted: pa.Array, start: int) -> Ints:
        """Positions of names as long as they are products from `start` on, each behind the one before it."""
        positions: list[Ints] = []
        done = 0
        while done < len(wanted):
            first = -1 if wanted[done].as_py() is None else pc.index(self.names, wanted[done], start=start).as_py()
            if first < 0:
                break
            end = self.block_ptr[np.searchsorted(self.block_ptr, first, side="right")]
            found = pc.index_in(wanted.slice(done, end - first), self.names.slice(first, end - first))
            place = pc.fill_null(found, -1).to_numpy()
            good = np.append(True, place[1:] > place[:-1])
            count = len(good) if good.all() else int(good.argmin())
            positions.append(first + place[:count].astype(np.int64))
            start, done = int(positions[-1][-1]) + 1, done + count
        return np.concatenate(positions) if positions else np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class RowRanges:
    """Rows of each block, and those of every product.

    Attributes
    ----------
    ptr : array of int [block + 1]
        First row of each block, and the number of rows.
    every : array of int
        Rows for `*`, wherever they stand.
    """

    ptr: Ints
    every: Ints


def ordered_names(rows: ParquetRows, problems: list[Problem]) -> pa.LargeStringArray:
    """Names of all products; those that are empty or stand there twice are problems."""
    names = pa.chunked_array(list(rows.texts("product")), type=pa.large_string()).combine_chunks()
    empty = np.flatnonzero(names.is_null())
    wrong = [(int(row), "an empty cell", "a name") for row in empty[:MOST_ROWS_SHOWN]]
    if pc.count_distinct(names, mode="only_valid").as_py() < len(names) - len(empty):
        wrong += _twice(names)
    problems += [
        problem_at(rows.place(row, "product"), (*rows.table.path, "product"), found, expected)
        for row, found, expected in wrong
    ]
    return names


def _twice(names: pa.LargeStringArray) -> Iterator[tuple[int, str, str]]:
    code = pc.dictionary_encode(names).indices.fill_null(-1).to_numpy()
    first = np.unique(code, return_index=True)[1]
    again = np.setdiff1d(np.arange(len(names)), first)
    again = again[code[again] >= 0]
    for number, row in enumerate(again[:MOST_ROWS_SHOWN], start=1):
        rest = len(again) - number if number == MOST_ROWS_SHOWN else 0
        line = int(np.flatnonzero(code == code[row])[0]) + 1
        found = f"a second row for {names[int(row)]} (the first is in line {line})" + f" (and {rest} more)" * bool(rest)
        yield int(row), found, "one row for each product"


def row_ranges(rows: ParquetRows, order: ProductOrder, wildcard: bool, problems: list[Problem]) -> RowRanges | None:
    """Rows of each block; none, and a problem more, where the table is not in the products' order.

    Only names are read, a row group at a time.

    Parameters
    ----------
    wildcard : bool
        Whether rows may be for `*`, every product without rows of its own.
    """
    ptr = np.full(len(order.block_ptr), rows.num_rows, dtype=np.int64)
    every, first_row, last, before = [np.empty(0, dtype=np.int64)], 0, -1, None
    for texts in rows.texts("product"):
        cells, row = texts, first_row + np.arange(len(texts))
        end_row = first_row + len(cells)
        if wildcard:
            of_every = pc.fill_null(pc.equal(cells, EVERY), False)
            every.append(row[of_every.to_numpy(zero_copy_only=False)])
            row, cells = np.delete(row, every[-1] - first_row), cells.filter(pc.invert(of_every))
        begins = _differ_from_the_one_before(cells, before)
        row, names = row[begins], cells.filter(pa.array(begins))
        position = order.prefix(names, last + 1)
        if len(position) < len(names):
            wrong, earlier = len(position), names[len(position) - 1] if len(position) else before
            problems.append(_out_of_order(rows, order, int(row[wrong]), names[wrong], earlier))
            return None
        np.minimum.at(ptr, np.searchsorted(order.block_ptr, position, side="right") - 1, row)
        first_row, last = end_row, int(position[-1]) if len(position) else last
        before = cells[-1] if len(cells) else before
    return RowRanges(np.minimum.accumulate(ptr[::-1])[::-1].copy(), np.concatenate(every))


def _differ_from_the_one_before(names: pa.LargeStringArray, before: pa.LargeStringScalar | None) -> Bools:
    """Whether each name is another than the one before it; `before` stands before the first."""
    ahead = pa.array([None if before is None else before.as_py()], names.type)
    previous = pa.concat_arrays([ahead, names.slice(0, max(0, len(names) - 1))]).slice(0, len(names))
    return np.asarray(pc.fill_null(pc.not_equal(names, previous), True).to_numpy(zero_copy_only=False))


def _out_of_order(
    rows: ParquetRows, order: ProductOrder, row: int, name: pa.LargeStringScalar, before: pa.LargeStringScalar | None
) -> Problem:
    place, path = rows.place(row, "product"), (*rows.table.path, "product")
    if name.as_py() is None:
        return problem_at(place, path, "an empty cell", "a name")
    if pc.index(order.names, name).as_py() < 0:
        alike = order.names.filter(pc.starts_with(order.names, name.as_py()[:3], ignore_case=True)).to_pylist()
        found, expected = shown(name.as_py()), f"one of the scenario's {len(order.names)} products"
        return problem_at(place, path, found, expected, (name.as_py(), alike))
    found = f"{shown(name.as_py())} after {shown(before.as_py() if before else None)}"
    return problem_at(place, path, found, _IN_ORDER)
