"""Calibration against a slow twin, no look ahead, and coverage of distributions forecast wrongly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rolling_cases import LEVELS, WEEK, poisson_quantiles, rolling_of

from meio.demand import conformal
from meio.demand.conformal import calibrate, calibrate_next, shifted, shifts
from meio.demand.scores import covered, levels_of_demand, quantile_loss, share_below
from meio.demand.spans import QuantileForecast, Span


@pytest.fixture
def wrong():
    """Slow movers, half of their weeks zero, forecast too narrow; fast ones forecast 30% too low."""
    random = np.random.default_rng(11)
    mean = np.concatenate([random.gamma(2.0, 0.4, size=150), random.uniform(20, 60, size=150)])
    size = 1.5
    demand = random.negative_binomial(size, size / (size + mean), size=(30, 300))[..., None]
    groups = np.repeat(["slow", "fast"], 150)
    forecast = poisson_quantiles(np.where(groups == "slow", mean, 0.7 * mean))
    return rolling_of(forecast[None, :, None], demand), groups


def coverages(forecasts, of, coverage):
    low, high = levels_of_demand(forecasts.quantile[:, of], forecasts.demand[:, of])
    return np.nanmean(covered(low, high, coverage))


@pytest.mark.parametrize(("group", "within"), [("slow", 0.03), ("fast", 0.015)])
def test_calibrated_intervals_cover_as_they_say(wrong, group, within):
    forecasts, groups = wrong
    after = calibrate(forecasts, groups).since(16)
    before = forecasts.since(16)
    for coverage in (0.8, 0.95):
        assert abs(coverages(after, groups == group, coverage) - coverage) < within
    assert abs(coverages(before, groups == group, 0.8) - 0.8) > 0.03
    assert np.mean(quantile_loss(after.quantile, after.demand)) < np.mean(quantile_loss(before.quantile, before.demand))


def test_right_forecasts_of_slow_movers_stay_right():
    """Zeros that were forecast move no quantile, neither their own nor those of faster products of the group."""
    random = np.random.default_rng(4)
    mean = random.uniform(0.2, 5.0, size=400)
    demand = random.poisson(mean, size=(20, 400))[..., None]
    before = rolling_of(poisson_quantiles(mean)[None, :, None], demand)
    after = calibrate(before, np.repeat("all", 400))
    for forecasts in (before.since(16), after.since(16)):
        assert coverages(forecasts, np.arange(400), 0.8) == pytest.approx(0.8, abs=0.02)


def test_levels_of_calibrated_forecasts_are_right(wrong):
    """All of them for fast movers; for slow ones those above the zeros, which one shift for all cannot tell apart."""
    forecasts, groups = wrong
    after = calibrate(forecasts, groups).since(16)
    low, high = levels_of_demand(after.quantile, after.demand)
    for group, levels, within in (("fast", LEVELS, 0.015), ("slow", LEVELS[LEVELS >= 0.7], 0.04)):
        for level in levels:
            assert np.mean(share_below(low, high, level)[:, groups == group]) == pytest.approx(level, abs=within)


def test_no_outcome_is_used_before_it_is_known():
    """A span of weeks 2 to 3 is known three weeks after its origin, not before."""
    random = np.random.default_rng(5)
    spans = (Span(1, 1), Span(2, 3))
    demand = random.poisson(5.0, size=(8, 250, 2)).astype(float)
    late = demand.copy()
    late[4:, :, 0] += 9.0  # known at origin 15 (the first) and later
    late[2:, :, 1] += 9.0  # made at 12 and later, known at 15 and later
    one, other = (
        calibrate(rolling_of(poisson_quantiles([[5.0, 10.0]]), of, spans), np.repeat("all", 250))
        for of in (demand, late)
    )
    assert np.array_equal(one.quantile[:5], other.quantile[:5])
    assert not np.array_equal(one.quantile[5, :, 0], other.quantile[5, :, 0])
    assert not np.array_equal(one.quantile[5, :, 1], other.quantile[5, :, 1])


def slow_spread(quantile):
    """Quantiles below a half, replaced one by one by where their level stands among those of zero."""
    if quantile[-1] < 0.5:
        zeros = 1.0
    elif quantile[0] >= 0.5:
        zeros = 0.0
    else:
        zeros = float(np.interp(0.5, quantile, LEVELS))
    return [q if q >= 0.5 else level / max(zeros, level) - 0.5 for q, level in zip(quantile, LEVELS, strict=True)]


def slow_shift(quantile, demand, weight, next_weight):
    """Loops over the sorted residuals, one level after the other."""
    found, quantile = [], np.array([slow_spread(row) for row in quantile])
    for position, level in enumerate(LEVELS):
        offset = [(k + 1) * (np.sqrt(5) - 1) / 2 % 1 - 0.5 for k in range(demand.size)]
        spread = [y + v if y == round(y) else y for y, v in zip(demand, offset, strict=True)]
        residual = [np.sqrt(y + 0.5) - np.sqrt(q + 0.5) for y, q in zip(spread, quantile[:, position], strict=True)]
        total, reached = sum(weight) + next_weight, 0.0
        for at in np.argsort(residual, kind="stable"):
            reached += weight[at]
            found_here = residual[at]
            if reached >= level * total - 1e-12:
                break
        found.append(found_here)
    return np.array(found)


def test_shifts_equal_those_of_a_slow_twin():
    random = np.random.default_rng(8)
    demand = np.where(
        random.random((5, 60, 1)) < 0.5, random.poisson(2.0, (5, 60, 1)), random.gamma(2.0, 2.0, (5, 60, 1))
    )
    demand[3, 5:20] = np.nan
    forecasts = rolling_of(poisson_quantiles(random.uniform(1, 4, (5, 60, 1))), demand)
    found = shifts(forecasts, np.repeat("all", 60), np.array([15]))[0, 0, 0]
    known = np.isfinite(demand[..., 0])
    weight = np.broadcast_to(0.5 ** (np.arange(4, -1, -1) / 4.0)[:, None], known.shape)[known]
    expected = slow_shift(forecasts.quantile[:, :, 0][known], demand[known][:, 0], weight, 1.0)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_few_outcomes_take_the_shifts_of_all_and_fewer_none():
    demand = np.random.default_rng(2).poisson(3.0, size=(3, 100, 1)).astype(float)
    forecasts = rolling_of(poisson_quantiles(2.0), demand)
    groups = np.array(["large"] * 90 + ["small"] * 10)
    found = shifts(forecasts, groups, np.array([11, 12, 13]))
    assert not found[0].any()  # 100 outcomes
    assert np.array_equal(
        found[1], np.broadcast_to(found[1, 0], found[1].shape)
    )  # 200: for all alike, none of 200 its own
    assert not np.array_equal(found[2, 0], found[2, -1])
    assert conformal.FEWEST == 200
    np.testing.assert_array_equal(found[2, -1], shifts(forecasts, np.repeat("all", 100), np.array([13]))[0, -1])


@given(st.lists(st.floats(0, 50), min_size=15, max_size=15), st.lists(st.floats(-9, 9), min_size=15, max_size=15))
def test_shifted_quantiles_rise_and_are_not_negative(quantile, shift):
    moved = shifted(np.sort(np.array(quantile)), np.array(shift))
    assert (moved >= 0).all()
    assert (np.diff(moved) >= 0).all()


def test_no_shift_changes_nothing():
    quantile = poisson_quantiles([0.3, 4.0, 1e6])
    moved = shifted(quantile, np.zeros(15))
    np.testing.assert_allclose(np.where(quantile > 0, moved, 0.0), quantile, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(np.round(moved), np.round(quantile))  # a zero is spread below a half


def test_next_forecast_is_shifted_by_all_that_is_known(wrong):
    forecasts, groups = wrong
    last = forecasts.quantile[-1]
    names = pd.DataFrame({"product": [f"p{row}" for row in range(len(groups))]})
    forecast = QuantileForecast(names, pd.Timestamp("2025-01-06"), 7, WEEK, last)
    moved = calibrate_next(forecast, forecasts, groups).quantile
    np.testing.assert_array_equal(moved, shifted(last, shifts(forecasts, groups, np.array([10_000]))[0]))
    assert not np.array_equal(moved, last)


def test_a_forecast_of_more_series_is_shifted_as_the_tried_ones_of_their_group(wrong):
    forecasts, groups = wrong
    last, num_series = forecasts.quantile[-1], len(groups)
    of_more, more = np.concatenate([last, last[::-1]]), np.concatenate([groups, groups[::-1]])
    names = pd.DataFrame({"product": [f"p{row}" for row in range(2 * num_series)]})
    forecast = QuantileForecast(names, pd.Timestamp("2025-01-06"), 7, WEEK, of_more)
    moved = calibrate_next(forecast, forecasts, more, np.arange(num_series)).quantile
    alone = calibrate_next(replace(forecast, quantile=last), forecasts, groups).quantile
    np.testing.assert_array_equal(moved, np.concatenate([alone, alone[::-1]]))
