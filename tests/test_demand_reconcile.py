"""Laws on Gaussian forecasts: closed forms, brute force, and what must hold for any forecast."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from meio.demand import (
    Forecast,
    Law,
    LawError,
    closed_cycle,
    flat_end,
    keep_nonnegative,
    known,
    parts_of_whole,
    reconcile,
    total,
)
from meio.demand.laws import law_arrays


def random_forecast(seed, num_cells=6, rank=None, decades=0.0):
    random = np.random.default_rng(seed)
    sd = 10 ** random.uniform(-decades, decades, num_cells)
    root = random.standard_normal((num_cells, rank or num_cells)) * sd[:, None]
    return Forecast.from_covariance(random.uniform(0, 10, num_cells) * sd, root @ root.T)


def closed_form(forecast, laws):
    """Mean and covariance given the laws, by the inverse that the textbook writes."""
    arrays, covariance = law_arrays(laws, forecast.mean.size), forecast.covariance()
    weights = arrays.weights.toarray()
    gain = covariance @ weights.T @ np.linalg.inv(weights @ covariance @ weights.T + np.diag(arrays.noise_sd**2))
    return forecast.mean - gain @ arrays.excess(forecast.mean), covariance - gain @ weights @ covariance


LAWS = [total("sum", [0, 1, 2], 12.0), parts_of_whole("whole", [3, 4], 5), known("first day", 0, 2.0)]
NOISY = [total("about", [1, 5], 9.0, noise_sd=0.7), flat_end("flat", [2, 3, 4], noise_sd=0.1)]


@pytest.mark.parametrize("laws", [LAWS, NOISY, LAWS + NOISY, [closed_cycle("cycle", [0, 3, 5])]])
def test_update_is_the_closed_form(laws):
    forecast = random_forecast(1)
    mean, covariance = closed_form(forecast, laws)
    result = reconcile(forecast, laws)
    np.testing.assert_allclose(result.mean, mean, atol=1e-10)
    np.testing.assert_allclose(result.covariance(), covariance, atol=1e-10)
    np.testing.assert_allclose(result.sd**2, np.diag(covariance), atol=1e-10)


def test_factors_are_the_dense_covariance():
    random = np.random.default_rng(2)
    factor, own = random.standard_normal((1_200, 3)), random.uniform(0.5, 2, 1_200)
    mean = random.uniform(0, 9, 1_200)
    laws = [total("all", range(1_200), 7e3), known("one", 3, 4.0), total("noisy", range(50), 100.0, noise_sd=3.0)]
    result = reconcile(Forecast.from_factors(mean, factor, own), laws)
    dense = reconcile(Forecast.from_covariance(mean, factor @ factor.T + np.diag(own**2)), laws)
    np.testing.assert_allclose(result.mean, dense.mean, atol=1e-8)
    np.testing.assert_allclose(result.sd, dense.sd, atol=1e-6)
    samples = result.sample(50, random)
    np.testing.assert_allclose(samples.sum(axis=1), 7e3, rtol=1e-12)
    again = reconcile(result, [total("half", range(600), 3e3)])
    np.testing.assert_allclose(again.mean, reconcile(dense, [total("half", range(600), 3e3)]).mean, atol=1e-8)


def test_uncertain_cells_move_more():
    forecast = Forecast.from_covariance([5.0, 5.0, 5.0], np.diag([1.0, 4.0, 0.0]))
    np.testing.assert_allclose(reconcile(forecast, [total("sum", [0, 1, 2], 20.0)]).mean, [6.0, 9.0, 5.0])


def test_more_noise_moves_less():
    forecast = random_forecast(3)
    misses = [
        abs(reconcile(forecast, [total("sum", range(6), 99.0, noise)]).mean.sum() - 99) for noise in (0, 1, 10, 1e3)
    ]
    assert misses[0] < 1e-9
    assert misses == sorted(misses)
    assert misses[-1] == pytest.approx(abs(forecast.mean.sum() - 99), rel=1e-3)


def test_samples_and_quantiles_are_of_the_conditional():
    result = reconcile(random_forecast(4), LAWS)
    samples = result.sample(20_000, np.random.default_rng(5))
    np.testing.assert_allclose(np.cov(samples.T), result.covariance(), atol=0.08 * result.sd.max() ** 2)
    inner = np.quantile(samples, [0.1, 0.9], axis=0)
    np.testing.assert_allclose(inner, result.quantiles([0.1, 0.9]), atol=0.05 * result.sd.max())


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), rank=st.integers(4, 6), decades=st.sampled_from([0.0, 2.0, 4.0]))
def test_what_holds_for_any_forecast(seed, rank, decades):
    forecast = random_forecast(seed, rank=rank, decades=decades)
    size = forecast.mean.sum()
    laws = [total("a", [0, 1, 2], size), total("b", [3, 4, 5], size / 2), known("c", 0, size / 7)]
    redundant = [*laws, total("all", range(6), 1.5 * size)]
    result = reconcile(forecast, laws)
    arrays = law_arrays(redundant, 6)
    unit = np.maximum(forecast.sd, 1e-300)
    for demand in (result.mean, *result.sample(3, np.random.default_rng(seed))):
        assert (np.abs(arrays.excess(demand)) <= 1e-10 * arrays.scale(demand)).all()
    covariance = result.covariance() / np.outer(unit, unit)
    assert np.linalg.eigvalsh(covariance).min() >= -1e-12
    tight = 1e-6 * np.abs(result.mean - forecast.mean).max() + 1e-9
    for other in (redundant, redundant[::-1]):  # order does not matter, nor what is implied
        np.testing.assert_allclose(reconcile(forecast, other).mean, result.mean, atol=tight, rtol=1e-6)
    np.testing.assert_allclose(reconcile(result, laws).mean, result.mean, atol=tight, rtol=1e-9)  # idempotent
    one_by_one = reconcile(reconcile(reconcile(forecast, laws[2:]), laws[1:2]), laws[:1])
    np.testing.assert_allclose(one_by_one.mean, result.mean, atol=tight, rtol=1e-5)


@pytest.mark.parametrize(
    ("laws", "names"),
    [
        ([*LAWS, total("other sum", [0, 1, 2], 13.0)], ["sum", "other sum"]),
        ([known("x", 1, 3.0), known("y", 2, 3.0), total("x + y", [1, 2], 7.0)], ["x", "y", "x + y"]),
    ],
)
def test_contradictory_laws_are_named(laws, names):
    with pytest.raises(LawError, match="contradict") as raised:
        reconcile(random_forecast(6), laws)
    assert all(f"'{name}'" in str(raised.value) for name in names)
    assert "first day" not in str(raised.value)


def test_noise_reconciles_contradictory_laws():
    forecast = Forecast.from_covariance([0.0], [[1e12]])
    laws = [known("one", 0, 4.0, noise_sd=1.0), known("two", 0, 10.0, noise_sd=1.0)]
    assert reconcile(forecast, laws).mean == pytest.approx([7.0])


def test_a_certain_cell_is_not_moved():
    forecast = Forecast.from_covariance([3.0, 1.0], np.diag([0.0, 1.0]))
    with pytest.raises(LawError, match="law 'four' says 4, but the forecast is certain of 3"):
        reconcile(forecast, [known("four", 0, 4.0)])
    assert reconcile(forecast, [known("three", 0, 3.0)]).mean == pytest.approx([3.0, 1.0])


def nearest_by_trying_all(mean, left):
    """Nearest non-negative mean + left z: the shortest z over all sets of cells that could be zero."""
    best, nearest = np.inf, None
    for bits in product([False, True], repeat=mean.size):
        zero = np.array(bits)
        sources = np.linalg.lstsq(left[zero], -mean[zero], rcond=1e-10)[0]
        moved = mean + left @ sources
        if moved.min() > -1e-9 and np.abs(moved[zero]).max(initial=0) < 1e-9 and sources @ sources < best:
            best, nearest = sources @ sources, moved
    return nearest


@pytest.mark.parametrize("seed", range(12))
def test_nonnegative_mean_is_the_nearest_of_all(seed):
    forecast = reconcile(random_forecast(seed), [total("sum", range(6), 4.0)])
    result = keep_nonnegative(forecast)
    np.testing.assert_allclose(result.mean, nearest_by_trying_all(forecast.mean, forecast.root.matrix), atol=1e-8)
    assert result.mean.min() >= 0
    assert result.mean.sum() == pytest.approx(4.0, abs=1e-10)


@pytest.mark.parametrize("seed", range(4))
def test_nonnegative_mean_is_the_quadratic_program(seed):
    forecast = reconcile(random_forecast(seed, decades=0.3), [total("sum", range(6), 20.0)])
    left = forecast.root.matrix
    program = minimize(
        lambda z: z @ z / 2,
        np.zeros(left.shape[1]),
        jac=lambda z: z,
        constraints={"type": "ineq", "fun": lambda z: forecast.mean + left @ z, "jac": lambda _: left},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    np.testing.assert_allclose(keep_nonnegative(forecast).mean, forecast.mean + left @ program.x, atol=1e-4)


def test_samples_keep_laws_and_are_not_negative():
    parts, whole = [0, 1, 2, 3, 4], 5
    forecast = reconcile(random_forecast(9), [parts_of_whole("w", parts, whole), known("k", whole, 5.0)])
    samples = keep_nonnegative(forecast).sample(300, np.random.default_rng(0))
    assert samples.min() >= 0
    assert (samples == 0).any()
    np.testing.assert_allclose(samples[:, parts].sum(axis=1), 5.0, atol=1e-10)


def test_what_has_no_negative_cell_is_left_alone():
    forecast = Forecast.from_covariance([4.0, 5.0], np.eye(2))
    np.testing.assert_array_equal(keep_nonnegative(forecast).mean, forecast.mean)


def test_no_demand_without_negative_cells():
    forecast = reconcile(random_forecast(10), [total("sum", [0, 1], 3.0), known("more", 0, 5.0)])
    with pytest.raises(LawError, match="cell 1"):
        keep_nonnegative(forecast)
    with pytest.raises(LawError, match="no demand without negative cells"):
        keep_nonnegative(reconcile(random_forecast(10), [total("debt", [0, 1], -3.0)]))


def test_ensemble_of_few_samples():
    random = np.random.default_rng(11)
    samples = random.gamma(2.0, 2.0, (5, 40))
    forecast = Forecast.from_samples(samples)
    np.testing.assert_allclose(forecast.covariance(), np.cov(samples.T), atol=1e-12)
    assert reconcile(forecast, [total("sum", range(40), 170.0)]).mean.sum() == pytest.approx(170.0, abs=1e-10)


@pytest.mark.parametrize(
    ("mean", "covariance", "message"),
    [
        ([1.0, 2.0], np.eye(3), "shape"),
        ([1.0, np.nan], np.eye(2), r"mean\[1\]: found nan"),
        ([1.0, 2.0], [[1.0, 0.5], [0.0, 1.0]], "not symmetric"),
        ([1.0, 2.0], [[1.0, 2.0], [2.0, 1.0]], "negative variance"),
        ([1.0, 2.0], [[0.0, 1.0], [1.0, 1.0]], "varies with others"),
    ],
)
def test_covariances_that_are_none(mean, covariance, message):
    with pytest.raises(ValueError, match=message):
        Forecast.from_covariance(mean, covariance)


def test_laws_that_are_none():
    with pytest.raises(LawError, match="law 'far': found cell 9, expected 0 to 5"):
        reconcile(random_forecast(1), [known("far", 9, 1.0)])
    with pytest.raises(ValueError, match="2 cells and 1 weights"):
        Law("odd", np.array([0, 1]), np.ones(1))
    with pytest.raises(ValueError, match="noise_sd of law 'k'"):
        known("k", 0, 1.0, noise_sd=-1.0)
