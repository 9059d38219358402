"""The baseline and the registry."""

import numpy as np
import pandas as pd
import pytest
from demand_model_cases import forecast, history_of

from meio.demand.models import MODELS, model_named
from meio.demand.models.samples import row_quantiles
from meio.demand.spans import PROBABILITIES, Span


def test_a_year_ago_is_repeated_with_its_past_errors():
    random = np.random.default_rng(0)
    units = random.poisson(30, (3, 104)).astype(float)
    span = Span(2, 4)
    quantile = forecast(model_named("seasonal_naive"), history_of(units), (span,))
    total = lambda row, begin: units[row, begin : begin + 3].sum()  # noqa: E731
    for row in range(3):
        errors = [total(row, at + 1) - total(row, at + 1 - 52) for at in range(51, 101)]
        expected = total(row, 104 + 1 - 52) + np.quantile(errors, PROBABILITIES)
        np.testing.assert_allclose(quantile[row, 0], np.maximum(expected, 0))


def test_a_short_history_repeats_the_last_four_weeks():
    units = np.random.default_rng(1).poisson(9, (1, 30)).astype(float)
    quantile = forecast(model_named("seasonal_naive"), history_of(units), (Span(1, 2),))
    errors = [units[0, at : at + 2].sum() - 2 * units[0, max(at - 4, 0) : at].mean() for at in range(1, 29)]
    expected = 2 * units[0, -4:].mean() + np.quantile(errors, PROBABILITIES)
    np.testing.assert_allclose(quantile[0, 0], np.maximum(expected, 0))


def test_days_repeat_their_weekday():
    week = np.array([5.0, 0, 1, 2, 3, 4, 20])
    quantile = forecast(model_named("seasonal_naive"), history_of([np.tile(week, 8)], 1), (Span(7, 7), Span(6, 9)))
    np.testing.assert_allclose(quantile[0, 0, 7], 20)
    np.testing.assert_allclose(quantile[0, 1, 7], 4 + 20 + 5 + 0)


def test_a_series_without_a_history_sells_what_its_category_does():
    random = np.random.default_rng(2)
    units = random.poisson(np.repeat([[2.0], [50.0]], 20, axis=0), (40, 60)).astype(float)
    units[[0, 20]] = np.nan
    attributes = pd.DataFrame({"category": ["slow"] * 20 + ["fast"] * 20})
    quantile = forecast(model_named("seasonal_naive"), history_of(units, attributes=attributes), (Span(1, 4),))
    assert abs(quantile[0, 0, 7] - 8) < 3
    assert abs(quantile[20, 0, 7] - 200) < 20


def test_new_series_get_the_quantiles_of_their_smallest_group_of_ten():
    random = np.random.default_rng(5)
    units = random.poisson(random.uniform(1, 30, 90)[:, None], (90, 20)).astype(float)
    units[random.random(90) < 0.3] = np.nan
    attributes = pd.DataFrame(
        {"category": random.choice(["a", "b", "c"], 90), "brand": random.choice(list("klmnopqr"), 90)}
    )
    quantile = forecast(model_named("seasonal_naive"), history_of(units, attributes=attributes), (Span(1, 3),))
    old = np.isfinite(units[:, 0])
    for row in np.flatnonzero(~old):
        groups = [old & (attributes[name] == attributes[name][row]).to_numpy() for name in attributes]
        peers = min((group for group in groups if group.sum() >= 10), key=np.sum, default=old)
        np.testing.assert_allclose(quantile[row, 0], np.quantile(units[peers, -3:].sum(axis=1), PROBABILITIES))


@pytest.mark.parametrize("num_periods", [0, 1, 2])
def test_hardly_any_history_is_no_trouble(num_periods):
    quantile = forecast(model_named("seasonal_naive"), history_of(np.ones((3, num_periods))), (Span(1, 1), Span(1, 3)))
    assert np.isfinite(quantile).all()
    assert (np.diff(quantile, axis=2) >= 0).all()


def test_quantiles_of_rows_are_numpy_s():
    samples = np.random.default_rng(3).normal(size=(20, 9))
    samples[np.random.default_rng(4).random(samples.shape) < 0.3] = np.nan
    np.testing.assert_allclose(row_quantiles(samples), np.nanquantile(samples, PROBABILITIES, axis=1).T)
    assert np.isnan(row_quantiles(np.full((1, 3), np.nan))).all()


def test_an_unknown_model_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"found model 'magic', expected one of seasonal_naive, smoothing") as error:
        model_named("magic")
    assert all(name in str(error.value) for name in MODELS)
