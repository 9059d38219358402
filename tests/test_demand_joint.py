"""Sample paths keep the quantiles of periods and total, and learn how errors go together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from meio.demand.joint import past_ranks, sample_paths
from meio.demand.rolling import RollingForecasts
from meio.demand.spans import PROBABILITIES, QuantileForecast, Span

LEVELS = np.array(PROBABILITIES)
WINDOW = Span(1, 3)
SPANS = (Span(1, 1), Span(2, 2), Span(3, 3), WINDOW)
MEAN, SD = np.array([100.0, 140.0, 90.0]), np.array([10.0, 25.0, 15.0])


def covariance(correlation):
    return np.outer(SD, SD) * (correlation + (1 - correlation) * np.eye(3))


def gaussian(correlation, num_series=1):
    """The forecast of normal periods whose errors are correlated."""
    total = stats.norm(MEAN.sum(), np.sqrt(covariance(correlation).sum()))
    quantile = np.array([*(stats.norm(m, s).ppf(LEVELS) for m, s in zip(MEAN, SD, strict=True)), total.ppf(LEVELS)])
    series = pd.DataFrame({"product": [f"p{number}" for number in range(num_series)]})
    return QuantileForecast(series, pd.Timestamp("2026-01-05"), 7, SPANS, np.stack([quantile] * num_series))


def gaussian_ranks(correlation, num_windows=2000, seed=1):
    drawn = np.random.default_rng(seed).multivariate_normal(np.zeros(3), covariance(correlation), num_windows)
    return stats.norm.cdf(drawn / SD)[:, None, :]


def groups(num_series=1):
    return np.array(["all"] * num_series)


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.8])
def test_paths_keep_totals_exactly_and_periods_nearly(correlation):
    forecast = gaussian(correlation)
    paths = sample_paths(forecast, WINDOW, gaussian_ranks(correlation), groups(), num_paths=4000)[0]
    expected = stats.norm(MEAN.sum(), np.sqrt(covariance(correlation).sum())).ppf(LEVELS)
    totals = np.quantile(paths.sum(axis=1), LEVELS, method="hazen")
    assert totals == pytest.approx(expected, rel=5e-4)  # read off 4,000 values
    for period in range(3):
        found = np.quantile(paths[:, period], LEVELS, method="hazen")
        assert found == pytest.approx(forecast.quantile[0, period], abs=0.06 * SD[period])
    assert np.corrcoef(paths.T)[np.triu_indices(3, 1)] == pytest.approx(correlation, abs=0.08)


def test_dependence_follows_from_the_total_when_no_past_is_known():
    paths = sample_paths(gaussian(0.6), WINDOW, np.empty((0, 1, 3)), groups(), num_paths=4000)[0]
    assert np.corrcoef(paths.T)[np.triu_indices(3, 1)].mean() == pytest.approx(0.6, abs=0.12)


def neighbours(first, second, seed):
    """Ranks of windows in which two periods go together and the third does not."""
    drawn = np.random.default_rng(seed).standard_normal((500, 3))
    drawn[:, second] = 0.9 * drawn[:, first] + np.sqrt(1 - 0.9**2) * drawn[:, second]
    return stats.norm.cdf(drawn)[:, None, :]


def test_groups_learn_which_periods_go_together_and_small_ones_learn_from_all():
    unknown = np.full((500, 1, 3), np.nan)
    ranks = np.concatenate([neighbours(0, 1, 1), neighbours(1, 2, 2), unknown], axis=1)
    names = np.array(["early", "late", "new"])
    paths = sample_paths(gaussian(0.3, num_series=3), WINDOW, ranks, names, num_paths=2000)
    early, late, new = (np.corrcoef(one.T) for one in paths)
    assert early[0, 1] > 0.5 > 0.3 > early[1, 2]
    assert late[1, 2] > 0.5 > 0.3 > late[0, 1]
    assert new[0, 1] == pytest.approx(new[1, 2], abs=0.3)
    assert min(new[0, 1], new[1, 2]) > 0.2


def test_a_window_of_slow_demand_keeps_its_zeros_and_its_total():
    period, total = stats.nbinom(0.5, 0.5), stats.nbinom(1.5, 0.5)
    quantile = np.array([[of.ppf(LEVELS) for of in (period, period, period, total)]])
    forecast = QuantileForecast(pd.DataFrame({"product": ["p"]}), pd.Timestamp("2026-01-05"), 7, SPANS, quantile)
    paths = sample_paths(forecast, WINDOW, np.empty((0, 1, 3)), groups(), num_paths=2000)[0]
    assert (paths >= 0).all()
    found = np.quantile(paths.sum(axis=1), LEVELS, method="hazen")
    assert found == pytest.approx(total.ppf(LEVELS), abs=0.01)
    assert (paths == 0).mean() == pytest.approx(period.pmf(0), abs=0.06)


def test_the_same_seed_draws_the_same_paths():
    first, again, other = (
        sample_paths(gaussian(0.4), WINDOW, gaussian_ranks(0.4), groups(), num_paths=50, seed=seed)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_ranks_of_outcomes_are_even_where_the_forecast_is_right():
    demand = np.random.default_rng(3).poisson(4.0, (40, 100, 4)).astype(float)
    demand[0, 0, 1] = np.nan
    quantile = np.broadcast_to(stats.nbinom(1e6, 1 - 4e-6).ppf(LEVELS), (40, 100, 4, len(LEVELS)))
    past = RollingForecasts("poisson", SPANS, 7, np.arange(1, 41), quantile, demand, np.ones(100))
    ranks = past_ranks(past, WINDOW)
    assert ranks.shape == (40, 100, 3)
    assert np.isnan(ranks).sum() == 1
    share = [np.mean(ranks[np.isfinite(ranks)] <= level) for level in (0.2, 0.5, 0.8)]
    assert share == pytest.approx([0.2, 0.5, 0.8], abs=0.06)  # a quantile of counts is a whole number
