"""Samples with quantiles of their own keep every law, and are those of the Gaussian where their quantiles are."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, poisson

from meio.demand import AddUp, Forecast, Known, keep_nonnegative, parts_of_whole, reconcile, reconcile_table
from meio.demand.moments import level_weights, moments
from meio.demand.spans import PROBABILITIES
from meio.demand.update import reconcile_samples

PARTS = pd.DataFrame({"zone": ["east", "west", "north", "all"], "mean": [40.0, 30.0, 20.0, 100.0]})
SD = np.array([6.0, 5.0, 4.0, 8.0])


@pytest.mark.parametrize("noise_sd", [0.0, 3.0])
def test_samples_of_the_forecast_become_samples_of_the_reconciled_one(noise_sd):
    random = np.random.default_rng(0)
    root = random.standard_normal((4, 4)) * SD[:, None]
    forecast, laws = (
        Forecast.from_covariance(PARTS["mean"], root @ root.T),
        [parts_of_whole("sum", [0, 1, 2], 3, noise_sd)],
    )
    moved = reconcile_samples(forecast, laws, forecast.sample(100_000, random), random)
    expected = reconcile(forecast, laws)
    np.testing.assert_allclose(moved.mean(axis=0), expected.mean, atol=0.1)
    np.testing.assert_allclose(np.cov(moved.T), expected.covariance(), atol=0.02 * np.trace(expected.covariance()))


def test_each_sample_moves_by_the_gain_of_the_textbook():
    forecast = Forecast.from_covariance(PARTS["mean"], np.diag(SD**2))
    weights = np.array([1.0, 1.0, 1.0, -1.0])
    samples = np.random.default_rng(1).exponential(30.0, (50, 4))
    gain = SD**2 * weights / (weights**2 @ SD**2)
    moved = reconcile_samples(forecast, [parts_of_whole("sum", [0, 1, 2], 3)], samples, np.random.default_rng(2))
    np.testing.assert_allclose(moved, samples - np.outer(samples @ weights, gain), atol=1e-10)
    np.testing.assert_array_equal(reconcile_samples(forecast, [], samples, np.random.default_rng(2)), samples)


def test_normal_quantiles_give_the_gaussian_back():
    quantile = norm.ppf(PROBABILITIES, PARTS["mean"].to_numpy()[:, None], SD[:, None])
    shaped, plain = (
        reconcile_table(PARTS, [AddUp("zone")], covariance=np.diag(SD**2), **of) for of in ({"quantile": quantile}, {})
    )
    pd.testing.assert_frame_equal(shaped.frame, plain.frame)
    levels = [0.05, 0.5, 0.95]
    own, other = (table.quantiles(levels, 20_000)[["0.05", "0.5", "0.95"]] for table in (shaped, plain))
    np.testing.assert_allclose(own, other, atol=0.15)


def test_a_slow_mover_keeps_its_zeros():
    """A Gaussian of the same mean and variance has hardly any."""
    rate = np.array([0.2, 0.3, 40.0, 40.5])
    quantile = poisson.ppf(np.array(PROBABILITIES), rate[:, None])
    table = PARTS.assign(mean=moments(quantile)[0])
    result = reconcile_table(table, [AddUp("zone")], covariance=np.diag(rate), quantile=quantile)
    samples = result.sample(4_000, seed=3)
    np.testing.assert_allclose(samples[:, :3].sum(axis=1), samples[:, 3], atol=1e-9)
    assert np.median(samples[:, 0]) == pytest.approx(0.0, abs=0.05)
    assert (samples[:, 0] < 0.1).mean() > 0.6
    np.testing.assert_array_equal(samples, result.sample(4_000, seed=3))


@given(seed=st.integers(0, 10_000), skew=st.floats(0.2, 3.0))
@settings(max_examples=30)
def test_whatever_the_shape_laws_hold_and_nothing_is_negative(seed, skew):
    random = np.random.default_rng(seed)
    quantile = np.sort(random.gamma(skew, 10.0, (4, len(PROBABILITIES))), axis=1)
    mean, variance = moments(quantile)
    known = Known(pd.DataFrame({"zone": ["north"], "value": [7.0]}))
    result = reconcile_table(
        PARTS.assign(mean=mean), [AddUp("zone"), known], covariance=np.diag(variance), quantile=quantile
    )
    samples = result.sample(50, seed)
    assert samples.min() >= 0
    np.testing.assert_allclose(samples[:, :3].sum(axis=1), samples[:, 3], atol=1e-9 * max(samples.max(), 1))
    np.testing.assert_allclose(samples[:, 2], 7.0, atol=1e-9)


def test_levels_are_read_between_quantiles():
    quantile = norm.ppf(PROBABILITIES, 50.0, 3.0)
    np.testing.assert_allclose(quantile @ level_weights(np.array(PROBABILITIES)), quantile)
    middle = quantile @ level_weights(np.array([0.25, 0.001]))
    np.testing.assert_allclose(middle, [quantile[4:6].mean(), quantile[0]])
    draws = np.random.default_rng(4).random(400_000).reshape(2, -1)
    mean, variance = moments(quantile)
    drawn = np.einsum("p,psc->sc", quantile, level_weights(draws))
    assert drawn.mean() == pytest.approx(mean, abs=0.02)
    assert drawn.var() == pytest.approx(variance, rel=0.01)


@pytest.mark.parametrize(
    ("quantile", "message"),
    [
        (np.zeros((4, 3)), r"found quantiles \(4, 3\), expected \(4, 15\)"),
        (np.tile(np.arange(15.0, 0.0, -1.0), (4, 1)), "quantile: found quantiles that fall"),
        (np.full((4, 15), -1.0), "expected rising ones ≥ 0"),
        (np.full((4, 15), np.nan), "not finite"),
    ],
)
def test_quantiles_are_checked(quantile, message):
    with pytest.raises(ValueError, match=message):
        reconcile_table(PARTS, [AddUp("zone")], covariance=np.diag(SD**2), quantile=quantile)


def test_keeping_parts_from_falling_below_zero_raises_no_total():
    mean = np.append(np.full(6, 1.0), 6.0)
    forecast = Forecast.from_covariance(mean, np.diag(np.append(np.full(6, 1.5**2), 6.0**2)))
    tied = keep_nonnegative(reconcile(forecast, [parts_of_whole("sum", range(6), 6)]))
    samples = tied.sample(2_000, np.random.default_rng(5))
    assert samples.min() >= 0
    np.testing.assert_allclose(samples[:, :6].sum(axis=1), samples[:, 6], atol=1e-9)
    assert samples[:, 6].mean() == pytest.approx(6.0, rel=0.05)
    once = np.maximum(tied.gaussian.sample(2_000, np.random.default_rng(5)), 0.0)  # what it would be, cell by cell
    assert once[:, :6].sum(axis=1).mean() > 1.15 * 6.0
