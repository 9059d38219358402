"""Scores against closed forms, numerical integrals and the exact coverage of known distributions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rolling_cases import LEVELS, poisson_quantiles
from scipy import integrate, stats

from meio.demand.scores import (
    covered,
    crps,
    inside,
    level_of,
    levels_of_demand,
    mean_demand,
    quantile_loss,
    quantile_losses,
    share_below,
)

rising_quantiles = st.lists(st.integers(0, 12), min_size=15, max_size=15).map(lambda q: np.sort(np.array(q) / 2.0))


def quantile_function(quantile, level):
    """The distribution that scores mean: linear between the levels, constant outside them."""
    return np.interp(level, LEVELS, quantile)


def test_loss_of_exponential_demand_is_the_closed_form():
    """E loss at level p of its own quantile −ln(1 − p) is −(1 − p) ln(1 − p) for mean 1."""
    demand = stats.expon.ppf((np.arange(200_000) + 0.5) / 200_000)
    found = quantile_losses(stats.expon.ppf(LEVELS), demand).mean(axis=0)
    np.testing.assert_allclose(found, -(1 - LEVELS) * np.log(1 - LEVELS), atol=2e-5)


def test_loss_is_least_at_the_quantile_itself():
    demand = stats.gamma.ppf((np.arange(10_000) + 0.5) / 10_000, 3.0)
    right = stats.gamma.ppf(LEVELS, 3.0)
    least = quantile_loss(right, demand).mean()
    for factor in (0.9, 1.1):
        assert quantile_loss(factor * right, demand).mean() > least


@given(rising_quantiles, st.integers(-1, 14).map(lambda y: y / 2.0))
def test_crps_is_the_integral_of_squared_distance_of_distributions(quantile, demand):
    points, weights = np.polynomial.legendre.leggauss(3)  # exact: between two halves the square is a parabola
    cells = np.arange(-1.0, 8.0, 0.5)[:, None] + (points + 1) / 4
    level = level_of(np.broadcast_to(quantile, (*cells.shape, 15)), cells)
    assert crps(quantile, np.array(demand)) == pytest.approx((((level - (cells >= demand)) ** 2) @ weights).sum() / 4)


@given(rising_quantiles, st.floats(0.0, 8.0))
def test_crps_is_twice_the_loss_over_all_levels(quantile, demand):
    def loss(level):
        above = demand - quantile_function(quantile, level)
        return max(level * above, (level - 1) * above)

    knots = np.concatenate([[0.0], LEVELS, [1.0]])
    parts = [integrate.quad(loss, low, high, limit=200)[0] for low, high in itertools.pairwise(knots)]
    assert crps(quantile, np.array(demand)) == pytest.approx(2 * sum(parts), abs=1e-6)


def test_crps_of_a_certain_forecast_is_the_distance():
    np.testing.assert_allclose(crps(np.full(15, 4.0), np.array([1.0, 4.0, 9.5])), [3.0, 0.0, 5.5], atol=1e-12)


@given(rising_quantiles)
def test_mean_is_the_integral_of_the_quantile_function(quantile):
    level = (np.arange(100_000) + 0.5) / 100_000
    assert mean_demand(quantile) == pytest.approx(quantile_function(quantile, level).mean(), abs=1e-4)


@given(rising_quantiles, st.integers(-1, 14).map(lambda y: y / 2.0))
def test_level_is_the_middle_of_the_levels_with_that_quantile(quantile, value):
    level = np.linspace(0, 1, 200_001)
    own = quantile_function(quantile, level)
    expected = ((own < value).mean() + (own <= value).mean()) / 2
    # below the first and above the last quantile the distribution of the scores has atoms of 1%
    assert level_of(quantile, np.array(value)) == pytest.approx(expected, abs=0.0051 + 1e-4)


def test_intervals_of_a_right_forecast_of_any_number_cover_exactly():
    demand = stats.lognorm.ppf((np.arange(20_000) + 0.5) / 20_000, 1.0)
    low, high = levels_of_demand(np.broadcast_to(stats.lognorm.ppf(LEVELS, 1.0), (demand.size, 15)), demand)
    for coverage in (0.8, 0.95):
        assert covered(low, high, coverage).mean() == pytest.approx(coverage, abs=2e-4)
    for level in LEVELS:
        assert share_below(low, high, level).mean() == pytest.approx(level, abs=2e-4)


@pytest.mark.parametrize("mean", [0.2, 0.7, 2.0, 6.0, 40.0])
def test_intervals_of_a_right_forecast_of_counts_cover_as_they_say(mean):
    """Exactly, over the Poisson distribution; what is left is how well 15 levels tell its steps."""
    demand = np.arange(stats.poisson.ppf(1 - 1e-12, mean) + 1)
    weight = stats.poisson.pmf(demand, mean)
    quantile = poisson_quantiles(np.full(demand.size, mean))
    low, high = levels_of_demand(quantile, demand)
    for coverage in (0.8, 0.95):
        assert weight @ covered(low, high, coverage) == pytest.approx(coverage, abs=0.03)
        assert weight @ inside(quantile, demand, coverage) >= coverage - 1e-9


def test_half_zeros_fill_the_lower_tail():
    """Demand 0 or 1, half each: every interval of whole units is all of it, yet 80% of the levels are covered."""
    quantile = np.where(LEVELS <= 0.5, 0.0, 1.0) * np.ones((2, 1))
    demand = np.array([0.0, 1.0])
    low, high = levels_of_demand(quantile, demand)
    np.testing.assert_allclose(low, [0.0, 0.55])  # the step is somewhere between the levels 0.5 and 0.6
    np.testing.assert_allclose(high, [0.55, 1.0])
    assert inside(quantile, demand, 0.8).tolist() == [1.0, 1.0]
    assert covered(low, high, 0.8).mean() == pytest.approx((0.45 / 0.55 + 0.35 / 0.45) / 2)


def test_a_certain_forecast_that_comes_true_covers_as_it_says():
    low, high = levels_of_demand(np.full((1, 15), 3.0), np.array([3.0]))
    assert (low[0], high[0]) == (0.0, 1.0)
    assert covered(low, high, 0.8)[0] == pytest.approx(0.8)


def test_unknown_demand_has_no_score():
    quantile, unknown = poisson_quantiles([3.0]), np.array([np.nan])
    low, high = levels_of_demand(quantile, unknown)
    scores = [quantile_loss(quantile, unknown), crps(quantile, unknown), covered(low, high, 0.8)]
    scores += [inside(quantile, unknown, 0.8), share_below(low, high, 0.5)]
    assert np.isnan(scores).all()
