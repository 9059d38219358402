"""Intervals over replications against SciPy, the jackknife, and plain sums."""

import numpy as np
import pytest
from scipy import stats

from meio.simulation.statistics import mean_ci95, ratio_ci95, relative_half_width

VALUES = np.array([3.0, 5.0, 4.0, 8.0])


def test_interval_is_student_s():
    mean, low, high = mean_ci95(VALUES)
    assert mean == 5.0
    assert (low, high) == pytest.approx(stats.t.interval(0.95, 3, loc=5.0, scale=stats.sem(VALUES)))


def test_a_single_value_has_no_interval():
    mean, low, high = mean_ci95([3.0])
    assert mean == 3.0
    assert np.isnan([low, high]).all()
    assert relative_half_width([3.0]) == np.inf


def test_relative_half_width_is_half_the_interval_over_the_mean():
    _, low, high = mean_ci95(-VALUES)
    expected = pytest.approx((high - low) / 2 / 5.0)
    assert relative_half_width(VALUES) == expected
    assert relative_half_width(-VALUES) == expected


def test_relative_half_width_of_a_mean_of_zero():
    assert relative_half_width([-1.0, 1.0]) == np.inf
    assert relative_half_width([0.0, 0.0]) == 0


def test_ratio_with_equal_wholes_is_the_mean_of_the_ratios():
    assert ratio_ci95(VALUES, np.full(4, 2.0)) == pytest.approx(mean_ci95(VALUES / 2))


def test_ratio_s_interval_is_the_jackknife_s():
    rng = np.random.default_rng(1)
    whole = rng.uniform(50, 150, 400)
    part = rng.binomial(whole.astype(int), 0.9) + 0.02 * (whole - 100)
    ratio, low, high = ratio_ci95(part, whole)
    assert ratio == part.sum() / whole.sum()
    left_out = (part.sum() - part) / (whole.sum() - whole)
    error = np.sqrt(399 / 400 * ((left_out - left_out.mean()) ** 2).sum())
    assert (high - low) / 2 == pytest.approx(stats.t.ppf(0.975, 399) * error, rel=0.01)


def test_ratio_of_nothing_is_not_a_number():
    assert np.isnan(ratio_ci95([0.0, 0.0], [0.0, 0.0])).all()
