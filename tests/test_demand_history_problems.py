"""A long table that is no history is refused, with the place of every mistake."""
# ruff: noqa: E501 (messages are compared whole)

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from demand_cases import days, problems_of_frame, read_frame
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from meio.demand import read_history, unconstrain
from meio.network.problems import ScenarioError


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_everything_wrong_is_said_at_once():
    frame = days(*[1] * 7).assign(price="£2.55", currency="GBP", in_stock="1").astype({"units": object})
    frame.loc[1:4, "price"] = "2.5"
    frame.loc[1, "date"] = "06/01/2026"
    frame.loc[2, "units"] = "three"
    frame.loc[3, "product"] = ""
    frame.loc[4, "currency"] = "EUR"
    frame.loc[5, "in_stock"] = "maybe"
    products = pd.DataFrame({"product": ["A", "A"], "price": ["1,20", "3"], "category": "toys"})
    assert problems_of_frame(frame, products) == [
        "h.csv:2:4: history.price: found '£2.55', expected a number of at least 0",
        "h.csv:3:1: history.date: found '06/01/2026', expected a date such as '2026-01-05'",
        "h.csv:4:3: history.units: found 'three', expected a number",
        "h.csv:5:2: history.product: found an empty cell, expected a name",
        "h.csv:6:5: history.currency: found 'EUR', expected 'GBP', as in most rows: prices in one currency",
        "h.csv:7:4: history.price: found '£2.55', expected a number of at least 0",
        "h.csv:7:6: history.in_stock: found 'maybe', expected a number from 0 to 1",
        "h.csv:8:4: history.price: found '£2.55', expected a number of at least 0",
        "p.csv:2:2: products.price: found '1,20', expected a number of at least 0",
        "p.csv:3:1: products.product: found a second row for 'A', expected one row for each product",
    ]


HEADERS = {
    "misspelt": (
        {"units": "unit"},
        "h.csv:1:3: history: found column 'unit', expected one of date, product, units; did you mean 'units'?",
    ),
    "another name": (
        {"units": "qty"},
        "h.csv:1:1: history: found no column 'units', expected the columns date, product, units",
    ),
    "misspelt and optional": (
        {"extra": "promotoin"},
        "h.csv:1:4: history: found column 'promotoin', expected one of date, product, units, promotion; did you mean 'promotion'?",
    ),
}


@pytest.mark.parametrize("case", HEADERS)
def test_headers(case):
    renamed, message = HEADERS[case]
    assert problems_of_frame(days(*[1] * 7).assign(extra=1).rename(columns=renamed)) == [message]


def test_a_date_far_from_all_others():
    frame = pd.concat([days(*[1] * 7), days(1, first="1900-01-01")])
    assert problems_of_frame(frame) == [
        "h.csv:9:1: history.date: found 1900-01-01, expected a date near the others: 46,025 days without a row lie between"
    ]


def test_tables_that_do_not_belong_together():
    assert problems_of_frame(days(*[1] * 7, product="007"), pd.DataFrame({"product": ["7", "8"]})) == [
        "p.csv:1:1: products.product: found '7' and other products, none of which the history has, expected products such as '007'"
    ]


def test_no_rows_no_file_no_table():
    assert problems_of_frame(days()) == [
        "h.csv:1:1: history: found no rows, expected a row for each day or week with demand"
    ]
    with pytest.raises(
        ScenarioError, match=r"x\.csv:1:1: history: found 'x\.csv', no such file.* did you mean 'h\.csv'"
    ):
        read_history("x.csv")
    Path("b.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(ScenarioError, match=r"b\.parquet:1:1: history: found a damaged file"):
        read_history("b.parquet")
    assert problems_of_frame(days(*[1] * 7), end="2026-01-01") == [
        "h.csv:1:1: history.date: found no row before 2026-01-01, the end, expected a history before its end"
    ]
    with pytest.raises(ValueError, match="period: found 'month', expected 'day' or 'week'"):
        read_history("h.csv", period="month")


NASTY = [
    "",
    " ",
    "nan",
    "inf",
    "-1",
    "1e308",
    "-1e308",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "£1",
    "true",
    "*",
    "\0",
    "é",
    "1,5",
    '"',
]


@settings(
    max_examples=40,
    derandomize=True,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_whatever_a_cell_holds_it_is_read_or_refused(data):
    frame = days(1, 0, 2, -1, 5, 1, 1, 2, 2).assign(zone="n", price=2.5, promotion=0, in_stock=1, currency="EUR", x="y")
    frame = frame.astype(object)
    for _ in range(data.draw(st.integers(0, 3))):
        row, column = data.draw(st.integers(0, 8)), data.draw(st.integers(0, len(frame.columns) - 1))
        frame.iloc[row, column] = data.draw(st.sampled_from(NASTY))
    frame = frame.drop(columns=data.draw(st.sets(st.sampled_from(list(frame)), max_size=2)))
    products = pd.DataFrame(
        {"product": ["A", data.draw(st.sampled_from(NASTY))], "price": data.draw(st.sampled_from(NASTY))}
    )
    try:
        history = read_frame(frame, products, period=data.draw(st.sampled_from(["day", "week"])))
    except ScenarioError:
        return
    assert (history.units[~np.isnan(history.units)] >= 0).all()
    assert ((history.in_stock >= 0) & (history.in_stock <= 1)).all()
    assert (history.value >= 0).all()
    repr(history)
    unconstrain(history)
