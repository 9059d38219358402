"""Rows of a block in a table that is in the products' order, against looking at every row."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meio.network.parquet_rows import ParquetRows, open_rows
from meio.network.problems import Problem
from meio.network.product_order import ProductOrder, ordered_names, row_ranges
from meio.network.tables import TABLES

SUPPLY = next(table for table in TABLES if table.name == "supply")
PRODUCTS = next(table for table in TABLES if table.name == "products")


def written(folder: Path, names: list[str | None], rows_per_group: int) -> ParquetRows:
    file = folder / "supply.parquet"
    pq.write_table(pa.table({"product": pa.array(names, pa.string())}), file, row_group_size=rows_per_group)
    rows = open_rows(SUPPLY, file, [])
    assert rows is not None
    return rows


def order_of(names: list[str], cuts: list[int]) -> ProductOrder:
    return ProductOrder(pa.array(names, pa.large_string()), np.array([0, *sorted(set(cuts)), len(names)]))


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[int], list[str]]:
    """Names of products, inner cuts between blocks, and a table's names in order with some `*` among them."""
    count = draw(st.integers(1, 12))
    names = [f"p{number}" for number in draw(st.permutations(range(count)))]
    cuts = draw(st.lists(st.integers(1, count - 1), max_size=3)) if count > 1 else []
    lengths = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    rows = [name for name, length in zip(names, lengths, strict=True) for _ in range(length)]
    for place in draw(st.lists(st.integers(0, len(rows)), max_size=3)):
        rows.insert(place, "*")
    return names, cuts, rows


@settings(max_examples=150, deadline=None)
@given(tables(), st.integers(1, 9))
def test_each_block_has_the_rows_of_its_products(case: tuple[list[str], list[int], list[str]], rows_per_group: int):
    names, cuts, rows = case
    order, problems = order_of(names, cuts), list[Problem]()
    with tempfile.TemporaryDirectory() as folder:
        ranges = row_ranges(written(Path(folder), rows, rows_per_group), order, wildcard=True, problems=problems)
    assert not problems
    assert ranges is not None
    assert list(ranges.every) == [row for row, name in enumerate(rows) if name == "*"]
    for block in range(len(order.block_ptr) - 1):
        mine = names[order.block_ptr[block] : order.block_ptr[block + 1]]
        found = range(ranges.ptr[block], ranges.ptr[block + 1])
        assert [row for row in found if rows[row] != "*"] == [row for row, name in enumerate(rows) if name in mine]


@settings(max_examples=100, deadline=None)
@given(tables(), st.integers(1, 9), st.data())
def test_a_row_out_of_order_is_told(
    case: tuple[list[str], list[int], list[str]], rows_per_group: int, data: st.DataObject
):
    names, cuts, rows = case
    rows = [*rows, data.draw(st.sampled_from([*names, "stranger", None]))]
    rows = list(data.draw(st.permutations(rows)))
    place = {name: number for number, name in enumerate(names)}
    last, wrong = -1, None
    for row, name in enumerate(rows):
        if name != "*":
            if name not in place or place[name] < last:
                wrong = row
                break
            last = place[name]
    problems: list[Problem] = []
    with tempfile.TemporaryDirectory() as folder:
        table = written(Path(folder), rows, rows_per_group)
        ranges = row_ranges(table, order_of(names, cuts), wildcard=True, problems=problems)
    assert (ranges is None) == (wrong is not None)
    assert [problem.line for problem in problems] == ([] if wrong is None else [wrong + 1])


def test_what_is_said_of_a_row_out_of_order(tmp_path: Path):
    order = order_of(["lamp", "mug", "chair"], [2])
    cases = {
        ("lamp", "chair", "mug"): "found 'mug' after 'chair', expected the order of the table products: sort the table"
        " by product in that order",
        ("mug", "*", "lamp"): "found 'lamp' after 'mug', expected the order of the table products: sort the table by"
        " product in that order",
        ("lamp", "lamp", "lamq"): "found 'lamq', expected one of the scenario's 3 products; did you mean 'lamp'?",
        ("lamp", "mug", ""): "found an empty cell, expected a name",
    }
    for names, said in cases.items():
        problems: list[Problem] = []
        assert row_ranges(written(tmp_path, list(names), 2), order, wildcard=True, problems=problems) is None
        assert [str(problem) for problem in problems] == [f"{tmp_path}/supply.parquet:3:1: supply.product: {said}"]


def test_a_star_is_no_name_where_it_does_not_stand_for_every_product(tmp_path: Path):
    problems: list[Problem] = []
    order = order_of(["lamp"], [])
    assert row_ranges(written(tmp_path, ["*", "lamp"], 2), order, wildcard=False, problems=problems) is None
    assert "found '*', expected one of the scenario's 1 products" in str(problems[0])


@pytest.mark.parametrize("rows_per_group", [1, 2, 7])
def test_names_of_products_that_are_empty_or_stand_there_twice(tmp_path: Path, rows_per_group: int):
    problems: list[Problem] = []
    ordered_names(written(tmp_path, ["a", "b", None, "a", "c", "", "b"], rows_per_group), problems)
    assert sorted((problem.line, problem.found) for problem in problems) == [
        (3, "an empty cell"),
        (4, "a second row for a (the first is in line 1)"),
        (6, "an empty cell"),
        (7, "a second row for b (the first is in line 2)"),
    ]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 20), st.integers(1, 9), st.data())
def test_any_rows_are_read_under_their_numbers(num_rows: int, rows_per_group: int, data: st.DataObject):
    start = data.draw(st.integers(0, num_rows))
    stop = data.draw(st.integers(start, num_rows))
    with tempfile.TemporaryDirectory() as folder:
        rows = written(Path(folder), [f"p{row}" for row in range(num_rows)], rows_per_group)
        cells = rows.cells(start, stop).cells
    assert list(cells.index) == list(range(start, stop))
    assert list(cells["product"]) == [f"p{row}" for row in range(start, stop)]
