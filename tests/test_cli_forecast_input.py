"""What the verb forecast says to tables as planners have them: refused with all mistakes at once, or treated and told."""
# ruff: noqa: E501 (messages are compared whole)

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import run_meio

from meio.demand.folder import read_forecast

HEADER = "date,product,units"
WEEKS = pd.date_range("2025-01-06", periods=20, freq="7D")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def forecast(capfd):
    def of(history, *arguments):
        if isinstance(history, pd.DataFrame):
            history.to_csv("h.csv", index=False)
        elif isinstance(history, str):
            Path("h.csv").write_text(history, "utf-8")
        asked = ("h.csv", "-o", "ahead", "--horizon", 2, "--window", 2, "--model", "seasonal_naive", *arguments)
        ended = run_meio(["forecast", *asked], capfd.readouterr)
        assert "Traceback" not in ended.err
        assert (ended.code == 0) == Path("ahead").exists()
        return ended

    return of


def weeks_of(units=5, product="lamp"):
    return pd.DataFrame({"date": WEEKS.strftime("%Y-%m-%d"), "product": product, "units": units})


def days_of(num_days, product="lamp"):
    dates = pd.date_range("2025-01-06", periods=num_days).strftime("%Y-%m-%d")
    return pd.DataFrame({"date": dates, "product": product, "units": 2})


REFUSED = {
    "an empty file": ("", ["h.csv:1:1: history: found an empty file, expected a line of column names, then rows"]),
    "no rows": (
        f"{HEADER}\n",
        ["h.csv:1:1: history: found no rows, expected a row for each day or week with demand"],
    ),
    "no demand": (weeks_of(0), ["h.csv:1:3: history.units: found no units in any row, expected some demand"]),
    "returns only": (
        weeks_of(-1),
        [
            "h.csv:2:3: history.units: found 20 rows with units below 0 and 0 above, expected demand as positive units, returns as negative ones"
        ],
    ),
    "less than a week": (
        days_of(5),
        [
            "h.csv:1:1: history.date: found 5 days, from 2025-01-06, expected at least one whole week; or forecast by day"
        ],
    ),
    "semicolons": (
        f"{HEADER}\n2025-01-06,a,1\n".replace(",", ";"),
        ["h.csv:1:1: history: found cells between ';', expected cells between commas"],
    ),
    "everything at once": (
        (
            f"{HEADER},price,currency\n2025-01-06,a,2,£2.55,GBP\n01/07/2025,a,2,2.55 GBP,GBP\n2025-1-8,a,2,2.55,GBP\n"
            "20250109,a,1e13,2.55,GBP\n2025-01-10,,two,2.55,GBP\n2025-01-11,a,,2.55,EUR\n2025-02-30,a,inf,2.55,GBP\n"
        ),
        [
            "h.csv:2:4: history.price: found '£2.55', expected a number of at least 0",
            "h.csv:3:1: history.date: found '01/07/2025', expected a date such as '2026-01-05'",
            "h.csv:3:4: history.price: found '2.55 GBP', expected a number of at least 0",
            "h.csv:4:1: history.date: found '2025-1-8', expected a date such as '2026-01-05'",
            "h.csv:5:1: history.date: found 20250109, expected a date such as '2026-01-05'",
            "h.csv:5:3: history.units: found 1e+13, expected at most 1e+12",
            "h.csv:6:2: history.product: found an empty cell, expected a name",
            "h.csv:6:3: history.units: found 'two', expected a number",
            "h.csv:7:3: history.units: found an empty cell, expected a number",
            "h.csv:7:5: history.currency: found 'EUR', expected 'GBP', as in most rows: prices in one currency",
            "h.csv:8:1: history.date: found '2025-02-30', expected a date such as '2026-01-05'",
            "h.csv:8:3: history.units: found 'inf', expected a number",
        ],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused(case, forecast):
    history, messages = REFUSED[case]
    ended = forecast(history)
    assert ended.code == 3
    *found, count = ended.err.strip().splitlines()
    assert found == messages
    assert count == f"{len(messages)} problem{'s' * (len(messages) > 1)}"


def test_other_encodings_folders_and_products_are_refused(forecast):
    Path("h.csv").write_bytes(weeks_of(product="Küche").to_csv(index=False).encode("latin-1"))
    assert "h.csv:2:13: history: found a byte that is not UTF-8" in forecast(None).err
    pd.DataFrame({"product": ["sofa"], "category": ["seats"]}).to_csv("p.csv", index=False)
    ended = forecast(weeks_of(), "--products", "p.csv")
    assert ended.code == 3
    assert "p.csv:1:1: products.product: found 'sofa' and other products, none of which the history has" in ended.err
    assert (forecast(weeks_of(), "--products", ".").code, forecast(weeks_of(), "--products", "q.csv").code) == (3, 3)
    assert "found '.', expected" in forecast(weeks_of(), "--products", ".").err
    ended = forecast(weeks_of(), "--period", "day")
    assert ended.code == 3
    assert (
        "h.csv:1:1: history.date: found rows on Mondays only, expected rows for days; or forecast by week" in ended.err
    )


def test_every_treatment_is_told(forecast):
    units = np.random.default_rng(0).poisson(4, 70)
    lamp = days_of(70).assign(units=units).drop(index=[30, 31, 47])
    nothing = days_of(70, "clock").iloc[::5].assign(units=0)
    back = days_of(70).iloc[[9]].assign(units=-3)
    ended = forecast(pd.concat([lamp, lamp.iloc[[3, 4]], back, nothing]).assign(remark=""))
    assert ended.code == 0, ended.err
    notes = json.loads(Path("ahead/forecast.json").read_text())["notes"]
    assert [line.removeprefix("note").strip() for line in ended.out.splitlines() if line.startswith("note")] == notes
    assert notes == [
        "columns not read: remark (attributes belong in the table of products)",
        "2 days without any row (1 Thursdays, 1 Saturdays): no demand, unless noted as unknown",
        "2 rows equal to another in every column: read once",
        "2 rows share their day and series with others that differ: added up",
        "1 rows with 3 units below 0 (returns): not read as demand",
        "1 series without any demand: kept, with zeros",
    ]


def test_one_week_is_forecast_and_told(forecast):
    ended = forecast(days_of(7))
    assert ended.code == 0
    assert "fewer than 4 periods: no model is tried, seasonal_naive forecasts all, uncalibrated" in ended.out


def test_names_and_amounts_of_all_kinds_come_back(forecast):
    names = ["Küche ⚙️ 日本", "=1+1", "a,b", 'q"t', "null", "007", "x" * 500]
    history = pd.concat([weeks_of(10**position, name) for position, name in enumerate(names)])
    ended = forecast(pd.concat([history, weeks_of(10**12, "vast")]))
    assert ended.code == 0, ended.err
    made = read_forecast(Path("ahead"))
    assert set(made.series["product"]) == {*names, "vast"}
    at = made.series.set_index("product").index.get_indexer([*names, "vast"])
    assert made.quantile[at, 0, 7] == pytest.approx([*10.0 ** np.arange(7), 1e12])
    assert np.isfinite(made.quantile).all()


def test_a_series_by_itself_and_new_products_are_forecast(forecast):
    pd.DataFrame({"product": ["new", "lamp"], "category": ["light", ""]}).to_csv("p.csv", index=False)
    ended = forecast(weeks_of(), "--products", "p.csv")
    assert ended.code == 0
    assert "1 products of the table have no row in the history: read as not on sale yet" in ended.out
    assert read_forecast(Path("ahead")).quantile[:, 0, 7] == pytest.approx([5, 5])
