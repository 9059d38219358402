"""The verb forecast: what it writes, what it says, and a history made into a plan by one command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import run_meio
from scenario_files import QUICKSTART
from test_scenario_forecast import BY_PRODUCT, PRODUCTS

from meio import forecasts
from meio.demand.folder import read_forecast
from meio.demand.spans import PROBABILITIES, Span

MEAN = {"lamp": 70, "kettle": 45, "mug": 160, "chair": 12, "clock": 5}
NAIVE = ("--model", "seasonal_naive")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write_history(num_weeks=60, start="2023-11-06"):
    random = np.random.default_rng(0)
    weeks = pd.date_range(start, periods=num_weeks, freq="7D")
    rows = [
        (week, name, units)
        for name, mean in MEAN.items()
        for week, units in zip(weeks, random.poisson(mean, num_weeks), strict=True)
    ]
    frame = pd.DataFrame(rows, columns=["date", "product", "units"])
    frame.assign(date=frame["date"].dt.strftime("%Y-%m-%d")).to_csv("history.csv", index=False)
    return frame


def meio(*arguments, output=lambda: ("", "")):
    return run_meio([*arguments], output)


def test_forecast_folder_holds_all_that_is_promised(capfd):
    write_history()
    ended = meio(
        "forecast",
        "history.csv",
        "-o",
        "ahead",
        "--horizon",
        4,
        "--window",
        2,
        "--window",
        3,
        "--paths",
        40,
        *NAIVE,
        output=capfd.readouterr,
    )
    assert ended.code == 0, ended.err
    assert "5 series, 4 weeks from 2024-12-30, window of 3 weeks" in ended.out
    files = {path.name for path in Path("ahead").iterdir()}
    assert files >= {
        "forecast.parquet",
        "forecast.json",
        "demand.parquet",
        "scores.parquet",
        "choice.parquet",
        "paths.parquet",
        "run.json",
    }
    assert set(json.loads(Path("ahead/run.json").read_text())["files"]) == files
    forecast = read_forecast(Path("ahead"))
    assert forecast.spans == (Span(1, 1), Span(2, 2), Span(3, 3), Span(4, 4), Span(1, 2), Span(1, 3))
    assert list(forecast.series["product"]) == sorted(PRODUCTS)
    paths = pd.read_parquet("ahead/paths.parquet")
    assert len(paths) == 5 * 40 * 3
    totals = paths.groupby(["product", "path"])["units"].sum().groupby("product").median()
    medians = forecast.quantile[:, forecast.spans.index(Span(1, 3)), PROBABILITIES.index(0.5)]
    assert totals.loc[forecast.series["product"]].to_numpy() == pytest.approx(medians, rel=0.03)


def test_the_same_seed_writes_the_same_forecast():
    write_history()
    asked = forecasts.request("week", 4, [2])
    for folder in ("one", "two"):
        forecasts.forecast("history.csv", folder, asked, models=["seasonal_naive"], paths=10, seed=3)
    for name in ("forecast.parquet", "demand.parquet", "scores.parquet", "paths.parquet"):
        pd.testing.assert_frame_equal(pd.read_parquet(f"one/{name}"), pd.read_parquet(f"two/{name}"))


def test_a_history_becomes_a_plan_and_its_simulation_by_one_command(capfd):
    write_history(num_weeks=70)  # until after the scenario's start, which is not read
    Path("s.yaml").write_text(QUICKSTART.replace("periods: 13", "periods: 4").replace("period: 9,", "period: 3,"))
    ended = meio(
        "forecast",
        "history.csv",
        "--scenario",
        "s.yaml",
        "-o",
        "out",
        "--json",
        *NAIVE,
        *("--set", "simulation.replications=3"),
        *("--set", "planning.refinement_rounds=0"),
        output=capfd.readouterr,
    )
    assert ended.code == 0, ended.err
    printed = json.loads(ended.out)
    facts = printed["forecast"]
    assert (facts["start"], facts["periods"], facts["window"]) == (
        "2025-01-06",
        4,
        3,
    )  # two weeks on the way, one of review
    assert printed["run"]["simulation"]["fill_rate"]
    mean = pd.read_parquet("out/forecast/demand.parquet").groupby("product")["mean"].mean()
    assert mean.to_dict() == pytest.approx(MEAN, rel=0.25)
    run = json.loads(Path("out/run/run.json").read_text())
    assert any("forecast.json" in name for name in run["data_hashes"])


def test_a_short_history_is_forecast_without_trials():
    write_history(num_weeks=2)
    facts = forecasts.forecast("history.csv", "ahead", forecasts.request("week", 2), models=["seasonal_naive"])
    assert facts["models"] == {"every group": "seasonal_naive"}
    assert not Path("ahead/scores.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--model", "prophecy"), 2, "--model: found 'prophecy', expected auto or one of seasonal_naive"),
        (
            ("--horizon", 3, "--window", 4),
            2,
            "windows: found [4], expected numbers of periods from 1 to the horizon, 3",
        ),
        (("--products", "absent.csv"), 3, "absent.csv"),
        (("--scenario", "absent.yaml"), 3, "absent.yaml:1:1: scenario: found no such file"),
    ],
)
def test_mistakes_are_told(arguments, code, message, capfd):
    write_history(num_weeks=20)
    ended = meio("forecast", "history.csv", "-o", "ahead", *arguments, output=capfd.readouterr)
    assert ended.code == code
    assert message in ended.err
    assert not Path("ahead").exists()


def test_only_a_forecast_is_replaced(capfd):
    write_history(num_weeks=20)
    Path("ahead").mkdir()
    Path("ahead/notes.txt").write_text("mine")
    ended = meio("forecast", "history.csv", "-o", "ahead", *NAIVE, output=capfd.readouterr)
    assert ended.code == 2
    assert "ahead holds notes.txt, which meio did not write" in ended.err


def test_a_scenario_by_the_month_is_told():
    Path("s.yaml").write_text(BY_PRODUCT.replace("periods: 13", "periods: 3, period_days: 30"))
    with pytest.raises(Exception, match="found 30 days, expected 1 or 7: forecasts are by day or week"):
        forecasts.request_of_scenario(Path("s.yaml"))
