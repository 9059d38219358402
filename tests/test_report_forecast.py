"""The report of forecasts says what its table of scores says, alone and once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.offline
import pytest
from rolling_cases import LEVELS, poisson_quantiles, rolling_of

from meio.demand.choice import choose
from meio.demand.conformal import calibrate
from meio.demand.score_table import pooled, score_table
from meio.demand.spans import Span
from meio.report.forecast_contents import forecast_html
from meio.report.forecast_figures import bias, bias_bars, coverage_dots, loss_bars, reliability, span_name

FACTS = {"currency": "EUR", "seed": 3, "versions": {"meio": "1.2"}}
GROUPS = np.array(["slow"] * 40 + ["fast <b>"] * 40)
SPANS = (Span(1, 1), Span(1, 4))


@pytest.fixture(scope="module")
def rolled():
    random = np.random.default_rng(0)
    mean = np.where(GROUPS == "slow", 1.0, 30.0)[:, None] * np.array([1.0, 4.0])
    demand = random.poisson(mean, size=(12, 80, 2))
    return {
        name: rolling_of(poisson_quantiles(factor * mean)[None], demand, SPANS, name)
        for name, factor in (("last_week", 0.8), ("pooled", 1.0))
    }


@pytest.fixture(scope="module")
def scores(rolled):
    tables = [
        score_table(of, GROUPS, calibrated=after)
        for one in rolled.values()
        for after, of in ((False, one), (True, calibrate(one, GROUPS)))
    ]
    return pd.concat(tables, ignore_index=True)


@pytest.fixture(scope="module")
def page(rolled, scores):
    return forecast_html("Socks & co", scores, FACTS, choose(rolled, GROUPS, lambda *_: 7.0))


def test_page_stands_alone(page):
    script = plotly.offline.get_plotlyjs()
    assert page.count(script) == 1
    own = page.replace(script, "")
    assert not any(text in own for text in ("http:", "https:", "@import", "url("))
    assert "<b>" not in own
    assert "Socks &amp; co" in own


def test_every_section_is_there(page):
    for heading in ("At a glance", "Loss by model and group", "Reliability", "Coverage by group and horizon", "Bias"):
        assert f">{heading}</h2>" in page
    assert ">Model of each group</h2>" in page
    assert "weeks 1 to 4" in page


def test_headline_is_the_best_model(page, scores):
    after = pooled(scores[scores["calibrated"]], ["model"]).set_index("model")
    best = after["money_loss"].idxmin()
    assert f"<dd>{best.replace('_', ' ')}<small>{after['money_loss'].min():,.2f} EUR a forecast" in page
    assert f"{1 - after['money_loss'].min() / after['money_loss'].iloc[0]:.1%}" in page


def test_money_without_a_currency_and_the_chosen_models_that_are_no_model(rolled, scores):
    more = pd.concat([scores, scores[scores["model"] == "pooled"].assign(model="chosen")])
    page = forecast_html("Socks", more, FACTS | {"currency": ""}, choose(rolled, GROUPS, lambda *_: 7.0))
    assert "2 models, 2 spans ahead" in page
    assert " money a forecast" in page
    assert "quantile loss, money<" in page
    assert "money; less is better" in page


def test_page_without_calibration_or_choice(scores):
    page = forecast_html("raw", scores[~scores["calibrated"]], FACTS)
    assert "Model of each group" not in page
    assert ">Reliability</h2>" in page


def test_figures_draw_the_table(scores):
    after = scores[scores["calibrated"]]
    means = pooled(after, ["model"])
    _, *curves = reliability(after).data
    for row, curve in zip(means.to_dict("records"), curves, strict=True):
        assert list(curve.y) == [row[f"below_{level:g}"] for level in LEVELS]
    bars = {bar.name: dict(zip(bar.y, bar.x, strict=True)) for bar in loss_bars(scores, "crps", "units").data}
    expected = pooled(scores, ["group", "model", "calibrated"]).set_index(["group", "model", "calibrated"])["crps"]
    assert bars["calibrated"]["slow, last week"] == expected["slow", "last_week", True]
    assert bars["as forecast"]["slow, pooled"] == expected["slow", "pooled", False]
    dots = {dot.name: dict(zip(dot.y, dot.x, strict=True)) for dot in coverage_dots(after).data}
    assert set(dots) == {"80% interval, calibrated", "95% interval, calibrated"}
    (low, _) = bias_bars(scores[~scores["calibrated"]]).data
    assert low.x == pytest.approx([-0.2, -0.2], abs=0.05)


def test_spans_and_biases_have_names_and_values():
    assert span_name({"first": 2, "last": 2, "period_days": 7}) == "week 2"
    assert span_name({"first": 1, "last": 14, "period_days": 1}) == "days 1 to 14"
    assert bias({"mean_demand": 4.0, "mean_forecast": 5.0}) == 0.25
    assert np.isnan(bias({"mean_demand": 0.0, "mean_forecast": 5.0}))
