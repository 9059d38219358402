"""A forecast on disk and as the demand of periods: read back as it was, with the moments of known distributions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from meio.demand.folder import read_forecast, write_forecast
from meio.demand.moments import demand_table, moments
from meio.demand.spans import PROBABILITIES, QuantileForecast, Span
from meio.network.problems import ScenarioError

SPANS = (Span(1, 1), Span(2, 2), Span(3, 3), Span(4, 4), Span(1, 3))
NEGATIVE = stats.nbinom(8, 0.02)


def forecast_of(*distributions, series=("lamp",)):
    """A forecast with the quantiles of a distribution a span, the same for every series."""
    quantile = np.array([of.ppf(PROBABILITIES) for of in distributions])
    names = pd.DataFrame({"product": list(series)})
    return QuantileForecast(names, pd.Timestamp("2026-01-05"), 7, SPANS, np.stack([quantile] * len(series)))


@pytest.mark.parametrize(
    ("of", "mean_error", "variance_error"),
    [
        (stats.norm(100, 20), 0.002, 0.03),
        (stats.gamma(2, scale=30), 0.01, 0.06),
        (stats.gamma(0.5, scale=30), 0.03, 0.08),
        (NEGATIVE, 0.01, 0.05),
        (stats.uniform(10, 30), 0.005, 0.05),
    ],
)
def test_moments_are_those_of_the_distribution(of, mean_error, variance_error):
    mean, variance = moments(of.ppf(PROBABILITIES))
    assert mean == pytest.approx(of.mean(), rel=mean_error)
    assert variance == pytest.approx(of.var(), rel=variance_error)


def test_a_demand_that_never_varies_has_no_variance():
    mean, variance = moments(np.full((2, len(PROBABILITIES)), 1e6))
    assert mean == pytest.approx([1e6, 1e6])
    assert np.abs(variance).max() < 1e-6


def test_independent_periods_add_up_to_the_variance_of_the_window():
    period = stats.norm(100, 20)
    correlated = stats.norm(300, 20 * np.sqrt(3 + 6 * 0.5))  # errors of the periods correlated by a half
    table = demand_table(forecast_of(period, period, period, period, correlated), Span(1, 3))
    _, of_window = moments(correlated.ppf(PROBABILITIES))
    variance = (table["mean"] * table["dispersion"]).to_numpy()
    assert variance[:3].sum() == pytest.approx(of_window)
    assert variance[3] == pytest.approx(variance[0])  # one factor for all periods of a series
    assert table["mean"].to_numpy() == pytest.approx(100.0, rel=0.002)


def test_no_period_varies_less_than_poisson_demand():
    steady = stats.norm(100, 1)
    table = demand_table(forecast_of(steady, steady, steady, steady, stats.norm(300, 2)), Span(1, 3))
    assert (table["dispersion"] == 1).all()


def test_a_product_without_demand_has_a_mean_of_zero():
    forecast = forecast_of(*[stats.norm(0, 1e-12)] * 5)
    table = demand_table(QuantileForecast(**{**vars(forecast), "quantile": np.zeros((1, 5, 15))}), Span(1, 3))
    assert (table["mean"] == 0).all()
    assert (table["dispersion"] == 1).all()


def test_a_forecast_is_read_as_it_was_written(tmp_path):
    forecast = forecast_of(*[NEGATIVE] * 4, stats.nbinom(24, 0.02), series=("lamp", "mug"))
    write_forecast(tmp_path, forecast, Span(1, 3))
    again = read_forecast(tmp_path)
    assert again.spans == forecast.spans
    assert again.start == forecast.start
    pd.testing.assert_frame_equal(again.series, forecast.series, check_dtype=False)
    np.testing.assert_array_equal(again.quantile, forecast.quantile)
    tidy = pd.read_parquet(tmp_path / "forecast.parquet")
    row = tidy.query("product == 'mug' and first == 1 and last == 3 and probability == 0.9")
    assert row["units"].item() == stats.nbinom(24, 0.02).ppf(0.9)


def test_a_folder_without_a_forecast_is_told(tmp_path):
    with pytest.raises(ScenarioError, match="no forecast"):
        read_forecast(tmp_path)
