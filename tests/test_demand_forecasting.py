"""From a history to a forecast: nothing of the future is seen, the cheaper model is chosen, names are checked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from meio.demand import forecasting
from meio.demand.forecasting import ModelNameError, WindowError, forecast_demand, models_named, spans_of, trial_origins
from meio.demand.history import History
from meio.demand.spans import PROBABILITIES, QuantileForecast, Span
from meio.demand.trials import most_tried, tried_series

RATE = 9.0


def history_of(units, in_stock=None):
    num_series = len(units)
    return History(
        series=pd.DataFrame({"product": [f"p{number}" for number in range(num_series)]}),
        start=pd.Timestamp("2025-01-06"),
        period_days=7,
        units=units,
        in_stock=np.ones_like(units) if in_stock is None else in_stock,
        price=None,
        promotion=None,
        attributes=pd.DataFrame(index=range(num_series)),
        value=np.ones(num_series),
    )


@dataclass
class Known:
    """Knows the rate of Poisson demand, up to a factor; notes what it is shown."""

    name: str
    factor: float
    shown: list[History] = field(default_factory=list)

    def fit(self, history, spans):
        self.shown.append(history)
        self.spans = spans

    def predict(self, history):
        self.shown.append(history)
        of_span = [stats.poisson(self.factor * RATE * span.length).ppf(PROBABILITIES) for span in self.spans]
        quantile = np.broadcast_to(np.array(of_span), (history.num_series, len(self.spans), len(PROBABILITIES)))
        return QuantileForecast(history.series, history.end, history.period_days, self.spans, quantile.copy())


@pytest.fixture
def models(monkeypatch):
    made = {"right": Known("right", 1.0), "low": Known("low", 0.5)}
    monkeypatch.setattr(forecasting, "model_named", lambda name, *_: made[name])
    monkeypatch.setattr(forecasting, "calibrate", lambda forecasts, _: forecasts)  # or both would become right
    return made


def test_models_see_demand_and_only_what_was_known(models):
    units = np.random.default_rng(0).poisson(RATE, (60, 20)).astype(float)
    in_stock = np.ones_like(units)
    in_stock[:, 5] = 0.5
    forecast_demand(history_of(units, in_stock), 4, [2], models=["right"])
    shown = models["right"].shown
    assert {history.num_periods for history in shown} == set(range(10, 21))
    assert all((history.in_stock == 1).all() for history in shown)
    for history in shown:
        np.testing.assert_array_equal(
            np.delete(history.units, 5, axis=1), np.delete(units[:, : history.num_periods], 5, axis=1)
        )


@pytest.mark.usefixtures("models")
def test_each_group_takes_the_model_with_which_stock_costs_least():
    units = np.random.default_rng(1).poisson(RATE, (60, 24)).astype(float)
    made = forecast_demand(history_of(units), 4, [2, 3], models=["low", "right"])
    assert set(made.models.values()) == {"right"}
    assert made.window == Span(1, 3)
    assert made.forecast.start == pd.Timestamp("2025-01-06") + pd.Timedelta(weeks=24)
    assert made.ranks.shape == (12, 60, 3)
    cost = made.choice.groupby("model")["cost"].sum()
    assert cost["right"] < cost["low"]
    assert set(made.scores["model"]) == {"low", "right", "chosen"}


@pytest.mark.usefixtures("models")
def test_models_are_tried_on_some_of_very_many_series(monkeypatch):
    monkeypatch.setattr(forecasting, "most_tried", lambda *_: 40)
    units = np.random.default_rng(1).poisson(RATE, (90, 24)).astype(float)
    made = forecast_demand(history_of(units), 4, [2], models=["low", "right"])
    assert set(made.models.values()) == {"right"}
    assert made.forecast.quantile.shape == (90, 5, len(PROBABILITIES))
    tried = np.isfinite(made.ranks[0, :, 0]).sum()
    assert made.notes == (f"models tried on {tried} of 90 series, drawn at random",)
    assert 40 <= tried <= 42


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 5))
def test_whole_products_of_every_group_are_tried(num_series, most, seed):
    random = np.random.default_rng(seed)
    history = history_of(np.ones((num_series, 4)))
    product = np.sort(random.integers(20, size=num_series))
    history.series["product"] = product.astype(str)
    groups = random.choice(["fast", "slow"], num_series, p=[0.9, 0.1])
    tried = tried_series(history, groups, most, seed)
    assert set(groups[tried]) == set(groups)
    assert set(tried) == set(np.flatnonzero(np.isin(product, product[tried])))
    assert len(tried) >= min(most, num_series)
    largest = np.bincount(product).max()
    assert len(tried) < most + 3 * largest


def test_trials_stay_as_large_whatever_is_asked():
    assert most_tried(21, 14) == 3061
    assert most_tried(60, 54) == 1000


def test_half_of_the_history_is_known_at_each_origin():
    assert trial_origins(history_of(np.ones((1, 104))), 13).tolist() == list(range(83, 104))
    assert trial_origins(history_of(np.ones((1, 20))), 13).tolist() == list(range(10, 20))
    assert trial_origins(history_of(np.ones((1, 3))), 13).size == 0


def test_spans_are_the_periods_and_the_windows():
    assert spans_of(3, [1, 3, 2]) == (Span(1, 1), Span(2, 2), Span(3, 3), Span(1, 3), Span(1, 2))
    with pytest.raises(WindowError, match="found \\[4\\], expected numbers of periods from 1 to the horizon, 3"):
        spans_of(3, [4])


def test_names_of_models_are_checked(monkeypatch):
    with pytest.raises(ModelNameError, match="found 'prophecy', expected auto or one of"):
        models_named(["prophecy"])
    monkeypatch.setattr(forecasting, "find_spec", lambda _: None)
    assert models_named(["auto"]) == ("seasonal_naive",)
    with pytest.raises(ModelNameError, match="model boosted needs lightgbm"):
        models_named(["auto", "boosted"])
