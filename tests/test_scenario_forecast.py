"""A forecast folder as demand: the scenario it makes is that of its table, and what does not fit is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from catalogue_cases import catalogue_tables, write_catalogue
from scenario_files import QUICKSTART, problems_of
from scipy import stats

from meio.demand.folder import write_forecast
from meio.demand.spans import PROBABILITIES, QuantileForecast, Span
from meio.network.catalogue import is_catalogue, open_catalogue
from meio.network.compile import compile_scenario
from meio.network.scenario import load_scenario

PRODUCTS = ["lamp", "kettle", "mug", "chair", "clock"]
BEFORE, AFTER = QUICKSTART.split("demand:   ")[0], QUICKSTART.split("# a sale\n")[1]
CLOCK, MIX = AFTER.splitlines()[:2]
BY_PRODUCT = f"{BEFORE}demand:\n  forecast: ahead\n{MIX}\n"
ONE_SPEED = "\n".join(line for line in f"{BEFORE}demand: {{forecast: ahead}}\n".splitlines() if "express" not in line)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(names, *, periods=16, start="2025-01-06", period_days=7):
    """Write a forecast of rising negative binomial demand to the folder ahead."""
    spans = (*(Span(period, period) for period in range(1, periods + 1)), Span(1, 3))
    series = pd.DataFrame(names)
    size = 2.0 + np.arange(len(series))[:, None, None] + np.array([span.last for span in spans])[None, :, None]
    quantile = stats.nbinom(size, 0.3).ppf(np.array(PROBABILITIES))
    Path("ahead").mkdir(exist_ok=True)
    write_forecast(
        Path("ahead"), QuantileForecast(series, pd.Timestamp(start), period_days, spans, quantile), Span(1, 3)
    )


def loaded(text, *overrides):
    Path("s.yaml").write_text(text, encoding="utf-8")
    return load_scenario(Path("s.yaml"), overrides)


def same_demand(one, other):
    one, other = compile_scenario(one).demand, compile_scenario(other).demand
    for name, values in one._asdict().items():
        np.testing.assert_array_equal(values, getattr(other, name), err_msg=name)


def test_forecast_by_product_is_spread_by_the_mixes():
    write({"product": PRODUCTS})
    table = pd.read_parquet("ahead/demand.parquet").query("period <= 13")
    table.to_csv("table.csv", index=False)
    given = loaded(BY_PRODUCT)
    assert len(given.tables["product_demand"]) == 5 * 13
    assert given.file.demand.distribution == "negative_binomial"
    same_demand(
        given, loaded(BY_PRODUCT.replace("forecast: ahead", "distribution: negative_binomial\n  products: table.csv"))
    )


def test_forecast_by_zone_and_speed_is_the_whole_table():
    keys = [
        (product, zone, speed)
        for product in PRODUCTS
        for zone in ("New York", "Boston")
        for speed in ("express", "standard")
    ]
    write(pd.DataFrame(keys, columns=["product", "zone", "speed"]))
    pd.read_parquet("ahead/demand.parquet").query("period <= 13").to_csv("table.csv", index=False)
    given = loaded(f"{BEFORE}demand: {{forecast: ahead}}\n")
    same_demand(given, loaded(f"{BEFORE}demand: {{distribution: negative_binomial, whole: table.csv}}\n"))


def test_forecast_by_zone_takes_the_only_speed():
    keys = [(product, zone) for product in PRODUCTS for zone in ("New York", "Boston")]
    write(pd.DataFrame(keys, columns=["product", "zone"]))
    pd.read_parquet("ahead/demand.parquet").query("period <= 13").assign(speed="standard").to_csv(
        "table.csv", index=False
    )
    whole = "{distribution: negative_binomial, whole: table.csv}"
    same_demand(loaded(ONE_SPEED), loaded(ONE_SPEED.replace("{forecast: ahead}", whole)))


def test_forecast_takes_the_place_of_a_base_scenario_s_table():
    write({"product": PRODUCTS})
    Path("base.yaml").write_text(QUICKSTART, encoding="utf-8")
    text = "name: ahead\nextends: base.yaml\ndemand: {forecast: ahead, products: null}\n"
    same_demand(loaded(text), loaded(BY_PRODUCT))
    same_demand(loaded(QUICKSTART, "demand.products=null", "demand.forecast=ahead"), loaded(BY_PRODUCT))


def test_forecast_is_hashed_with_the_scenario():
    write({"product": PRODUCTS})
    given = loaded(BY_PRODUCT)
    assert {"ahead/forecast.json", "ahead/demand.parquet"} <= set(given.data_hashes)
    write({"product": PRODUCTS}, periods=17)
    assert loaded(BY_PRODUCT).hash == given.hash  # the horizon's periods are the same


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"periods": 12}, "found a forecast of 12 periods, expected at least 13, as horizon.periods"),
        ({"start": "2025-01-13"}, "found a forecast from 2025-01-13, expected one from 2025-01-06, as horizon.start"),
        ({"period_days": 1}, "found periods of 1 days, expected 7, as horizon.period_days"),
    ],
)
def test_forecast_of_other_days_is_told_once(given, message):
    write({"product": PRODUCTS}, **given)
    (problem,) = problems_of(BY_PRODUCT)
    assert problem.startswith("s.yaml:")
    assert f": demand.forecast: {message}" in problem


def test_a_folder_that_is_none_is_told_once():
    (problem,) = problems_of(BY_PRODUCT)
    assert "demand.forecast: found 'ahead', whose forecast.json is no such file, expected a folder that" in problem
    Path("ahead").mkdir()
    Path("ahead/forecast.json").write_text("[]", encoding="utf-8")
    (problem,) = problems_of(BY_PRODUCT)
    assert "whose forecast.json is damaged" in problem
    (problem,) = problems_of(BY_PRODUCT.replace("ahead", "[ahead]"))
    assert "demand.forecast: found a list" in problem


def test_products_without_a_forecast_and_forecasts_without_a_product_are_told():
    write({"product": PRODUCTS[:4]})
    (problem,) = problems_of(BY_PRODUCT)
    assert "products.4.product: found 'clock' without demand" in problem
    write({"product": [*PRODUCTS, "clok"]})
    assert any("found 'clok'" in problem and "did you mean 'clock'" in problem for problem in problems_of(BY_PRODUCT))


def test_a_table_beside_a_forecast_is_told():
    write({"product": PRODUCTS})
    problems = problems_of(QUICKSTART, "demand.forecast=ahead")
    told = "found a forecast beside the table products, expected one of them; set demand.products to null"
    assert problems == [f"--set:1:17: demand.forecast: {told}"]


def test_a_forecast_by_zone_needs_speeds_where_there_are_several():
    keys = [(product, zone) for product in PRODUCTS for zone in ("New York", "Boston")]
    write(pd.DataFrame(keys, columns=["product", "zone"]))
    (problem,) = problems_of(f"{BEFORE}demand: {{forecast: ahead}}\n")
    assert "found a forecast by zone, not by speed, with 2 speeds, expected one by product, zone and speed" in problem


def test_a_forecast_by_speed_alone_is_told():
    write(pd.DataFrame({"product": PRODUCTS, "speed": "express"}))
    (problem,) = problems_of(BY_PRODUCT)
    assert "found a forecast by speed, not by zone" in problem


def test_a_catalogue_reads_its_forecast_in_blocks(tmp_path):
    tables = catalogue_tables(60)
    names = tables["products"]["product"]
    del tables["product_demand"]
    write(pd.DataFrame({"product": names}), periods=6, start="2026-01-05")
    path = write_catalogue(tmp_path, tables, {"products": 20}, demand={"forecast": "ahead", "products": None})
    assert is_catalogue(path)
    catalogue = open_catalogue(path, products_per_block=20)
    whole = compile_scenario(load_scenario(path)).demand.daily_mean
    parts = [compile_scenario(catalogue.block(index)).demand.daily_mean for index in range(len(catalogue.blocks))]
    assert len(parts) == 3
    np.testing.assert_array_equal(np.concatenate(parts), whole)
