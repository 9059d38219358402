"""Every kind of mistake in a CSV or Parquet file, each with its exact message."""
# ruff: noqa: E501 (messages are compared whole)

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from scenario_files import PRODUCTS_CSV, edited, problems_of, with_source

Cases = dict[str, tuple[list[tuple[str, str]], list[str]]]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


CSV: Cases = {
    "unit of another kind": (
        [("volume_m3", "volume_l")],
        [
            "p.csv:1:2: products: found column 'volume_l', expected one of product, group, volume_m3, weight_kg, unit_cost, price, storage_type; did you mean 'volume_m3'?"
        ],
    ),
    "missing column": (
        [(",price", ""), (",29", ""), (",35", ""), (",8", ""), (",95", ""), (",25", "")],
        [
            "p.csv:1:1: products: found no column 'price', expected the columns product, group, volume_m3, weight_kg, unit_cost, price, storage_type"
        ],
    ),
    "unknown column": (
        [
            ("price", "price,colour"),
            (",29", ",29,red"),
            (",35", ",35,red"),
            (",8", ",8,red"),
            (",95", ",95,red"),
            (",25", ",25,red"),
        ],
        [
            "p.csv:1:6: products: found column 'colour', expected one of product, group, volume_m3, weight_kg, unit_cost, price, storage_type"
        ],
    ),
    "negative": ([(",11,", ",-11,")], ["p.csv:2:4: products.unit_cost: found -11, expected a number of at least 0"]),
    "not a number": (
        [(",11,", ",cheap,")],
        ["p.csv:2:4: products.unit_cost: found 'cheap', expected a number of at least 0"],
    ),
    "NaN": ([(",11,", ",nan,")], ["p.csv:2:4: products.unit_cost: found 'nan', expected a number of at least 0"]),
    "empty cell": (
        [(",11,", ",,")],
        ["p.csv:2:4: products.unit_cost: found an empty cell, expected a number of at least 0"],
    ),
    "thousands": (
        [(",11,", ',"1,100",')],
        ["p.csv:2:4: products.unit_cost: found '1,100', expected a number of at least 0"],
    ),
    "no name": (
        [("lamp,", ",")],
        [
            "p.csv:2:1: products.product: found an empty cell, expected a name",
            "s.yaml:45:17: demand.products.0.product: found 'lamp', expected one of kettle, mug, chair, clock",
        ],
    ),
    "duplicate row": (
        [("kettle", "lamp"), ("mug", "lamp")],
        [
            "p.csv:3:1: products.product: found a second row for lamp (the first is in line 2), expected one row for each product",
            "p.csv:4:1: products.product: found a second row for lamp (the first is in line 2), expected one row for each product",
            "s.yaml:46:17: demand.products.1.product: found 'kettle', expected one of lamp, chair, clock",
            "s.yaml:47:17: demand.products.2.product: found 'mug', expected one of lamp, chair, clock",
        ],
    ),
    "unclosed quote": (
        [("mug", '"mug')],
        ["p.csv:4:1: products: found a quote that is never closed, expected a CSV file"],
    ),
    "cell too many": ([("mug,", "mug,7,")], ["p.csv:4:1: products: found 6 cells, expected 5, as in the first line"]),
    "cell too few": (
        [(",2,8", ",2")],
        ["p.csv:4:5: products.price: found an empty cell, expected a number of at least 0"],
    ),
    "cell too many everywhere": (
        [(",29", ",29,1"), (",35", ",35,1"), (",8", ",8,1"), (",95", ",95,1"), (",25", ",25,1")],
        ["p.csv:2:1: products: found more cells in every line, expected 5, as in the first line"],
    ),
    "no rows": ([(PRODUCTS_CSV[44:], "")], ["p.csv:1:1: products: found no rows, expected at least one row"]),
    "empty file": (
        [(PRODUCTS_CSV, "")],
        ["p.csv:1:1: products: found an empty file, expected a line of column names, then rows"],
    ),
    "semicolons": (
        [(PRODUCTS_CSV, PRODUCTS_CSV.replace(",", ";"))],
        ["p.csv:1:1: products: found cells between ';', expected cells between commas"],
    ),
    "row after a cell of two lines": (
        [("lamp", '"la\nmp"'), ("mug,0.001", "mug,-0.001")],
        [
            "p.csv:2:1: products.product: found 'la\\nmp' without demand, expected rows in the table product_demand",
            "p.csv:5:2: products.volume_m3: found -0.001, expected a number of at least 0",
            "s.yaml:45:17: demand.products.0.product: found 'lamp', expected one of la\\nmp, kettle, mug, chair, clock; did you mean 'la\\nmp'?",
        ],
    ),
    "storage type": (
        [
            ("price\n", "price,storage_type\n"),
            (",29", ",29,standrd"),
            (",35", ",35,standard"),
            (",8", ",8,standard"),
            (",95", ",95,standard"),
            (",25", ",25,"),
        ],
        ["p.csv:2:6: products.storage_type: found 'standrd', expected standard; did you mean 'standard'?"],
    ),
    "too heavy": (
        [("0.09,7", "0.09,70")],
        ["p.csv:5:3: products.weight_kg: found 70, expected at most 20, the heaviest package in the table rates"],
    ),
}


@pytest.mark.parametrize(("edits", "expected"), CSV.values(), ids=CSV.keys())
def test_csv(edits: list[tuple[str, str]], expected: list[str]):
    Path("p.csv").write_text(edited(*edits, text=PRODUCTS_CSV), encoding="utf-8")
    assert problems_of(with_source("products", "p.csv")) == expected


def test_csv_in_another_encoding():
    Path("p.csv").write_bytes(PRODUCTS_CSV.replace("mug", "m\xfcg").encode("latin-1"))
    assert problems_of(with_source("products", "p.csv")) == [
        "p.csv:4:2: products: found a byte that is not UTF-8, expected a text in UTF-8"
    ]


def products_parquet(**columns: object) -> Path:
    frame = pd.DataFrame({"product": ["lamp", "kettle", "mug", "chair", "clock"], "volume_m3": 0.01, "weight_kg": 1.0})
    frame.assign(**{"unit_cost": 5, "price": 9, **columns}).to_parquet("p.parquet")
    return Path("p.parquet")


def test_truncated_parquet():
    whole = products_parquet().read_bytes()
    Path("p.parquet").write_bytes(whole[:-40])
    assert problems_of(with_source("products", "p.parquet")) == [
        "p.parquet:1:1: products: found a damaged file, expected a Parquet file"
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([5.0, 5.0, None, 5.0, 5.0], "3:4: products.unit_cost: found nan"),
        ([5.0, 5.0, -2.0, 5.0, 5.0], "3:4: products.unit_cost: found -2"),
        (["5", "5", "5", "x", "5"], "4:4: products.unit_cost: found 'x'"),
        (["5", "5", None, "5", "5"], "3:4: products.unit_cost: found an empty cell"),
    ],
    ids=["missing number", "negative", "text", "missing text"],
)
def test_parquet_tells_row_and_column(cells: list[object], expected: str):
    products_parquet(unit_cost=cells)
    assert problems_of(with_source("products", "p.parquet")) == [
        f"p.parquet:{expected}, expected a number of at least 0"
    ]


@pytest.mark.parametrize(
    "cells",
    [[True] * 5, pd.date_range("2025-01-01", periods=5), [[1.0]] * 5],
    ids=["truths", "dates", "lists"],
)
def test_parquet_of_other_types_is_no_number(cells: object):
    products_parquet(price=cells)
    found = problems_of(with_source("products", "p.parquet"))
    assert len(found) == 5
    assert all(problem.endswith("expected a number of at least 0") for problem in found)


def test_rows_that_break_the_same_rule_are_counted_after_the_fifth():
    rows = [f"p{number},0.01,1,{-number},9" for number in range(1, 41)]
    Path("p.csv").write_text("\n".join(["product,volume_m3,weight_kg,unit_cost,price", *rows]), encoding="utf-8")
    found = [problem for problem in problems_of(with_source("products", "p.csv")) if "unit_cost" in problem]
    assert found == [
        "p.csv:2:4: products.unit_cost: found -1, expected a number of at least 0",
        "p.csv:3:4: products.unit_cost: found -2, expected a number of at least 0",
        "p.csv:4:4: products.unit_cost: found -3, expected a number of at least 0",
        "p.csv:5:4: products.unit_cost: found -4, expected a number of at least 0",
        "p.csv:6:4: products.unit_cost: found -5 (and 35 more), expected a number of at least 0",
    ]
