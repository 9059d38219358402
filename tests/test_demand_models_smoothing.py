"""Smoothing by series: near the truth, and totals that vary as their derivation says."""

import numpy as np
import pytest
from demand_model_cases import excess_loss, forecast, history_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from meio.demand.models import model_named
from meio.demand.models.counts import count_quantiles
from meio.demand.models.smoothing import _growth
from meio.demand.spans import PROBABILITIES, Span

SPANS = (Span(1, 1), Span(3, 3), Span(1, 6))
MOST = (0.07, 0.07, 0.25)  # the error of a smoothed mean weighs more in a total than in a period


@pytest.mark.parametrize("mean", [0.3, 3.0, 40.0])
def test_steady_demand_is_forecast_nearly_as_its_distribution(mean):
    units = np.random.default_rng(0).poisson(mean, (40, 104))
    quantile = forecast(model_named("smoothing"), history_of(units), SPANS)
    for at, (span, most) in enumerate(zip(SPANS, MOST, strict=True)):
        truth = stats.poisson(np.full((40, 1), mean * span.length))
        assert excess_loss(quantile[:, at], truth) < most


def test_overdispersed_demand_is_forecast_nearly_as_its_distribution():
    units = np.random.default_rng(1).negative_binomial(2.0, 0.1, (40, 104))
    quantile = forecast(model_named("smoothing"), history_of(units), SPANS)
    assert excess_loss(quantile[:, 0], stats.nbinom(np.full((40, 1), 2.0), 0.1)) < MOST[0]
    assert excess_loss(quantile[:, 2], stats.nbinom(np.full((40, 1), 12.0), 0.1)) < MOST[2]


@settings(max_examples=20, deadline=None)
@given(st.floats(0.02, 0.5), st.integers(1, 6), st.integers(0, 6))
def test_totals_vary_as_a_simulated_smoothing_process(rate, first, more):
    span = Span(first, first + more)
    moves = np.zeros(span.last)  # what an error in each period adds to the total
    for period in range(1, span.last + 1):
        for later in range(max(span.first, period), span.last + 1):
            moves[period - 1] += 1.0 if later == period else rate
    np.testing.assert_allclose(_growth(np.array([rate]), span), [(moves**2).sum()])


def test_counts_have_the_mean_and_variance_asked_for():
    quantile = count_quantiles(np.array([0.0, 4.0, 12.0]), np.array([0.0, 3.0, 36.0]))
    assert not quantile[0].any()
    np.testing.assert_array_equal(quantile[1], stats.poisson.ppf(PROBABILITIES, 4.0))
    truth = stats.nbinom(6.0, 1 / 3)
    assert truth.mean() == pytest.approx(12)
    assert truth.var() == pytest.approx(36)
    np.testing.assert_array_equal(quantile[2], truth.ppf(PROBABILITIES))


def test_series_of_zeros_new_ones_and_short_ones_are_no_trouble():
    units = np.full((4, 20), np.nan)
    units[0] = 0
    units[1, -1] = 5
    units[2] = 1
    quantile = forecast(model_named("smoothing"), history_of(units), SPANS)
    assert not quantile[0].any()
    assert np.isfinite(quantile).all()
    assert (np.diff(quantile, axis=2) >= 0).all()
