"""Each origin sees its past alone, and is compared with what was then demanded."""

from __future__ import annotations

import numpy as np
import pytest
from rolling_cases import LastSeason, history_of

from meio.demand.rolling import outcomes, roll
from meio.demand.spans import Span

SPANS = (Span(1, 1), Span(2, 3), Span(1, 4))
ORIGINS = np.array([8, 9, 11, 14])


@pytest.fixture
def units():
    return np.random.default_rng(3).poisson(4.0, size=(6, 14)).astype(float)


def test_outcomes_are_the_sums_of_the_periods_after_the_origin(units):
    found = outcomes(history_of(units), SPANS, ORIGINS)
    for (o, series, s), value in np.ndenumerate(found):
        first, last = ORIGINS[o] + SPANS[s].first, ORIGINS[o] + SPANS[s].last
        if last > units.shape[1]:
            assert np.isnan(value)
        else:
            assert value == sum(units[series, period - 1] for period in range(first, last + 1))


def test_demand_of_a_product_out_of_stock_or_not_yet_on_sale_is_not_known(units):
    in_stock = np.ones_like(units)
    in_stock[0, 9], units[1, :10] = 0.5, np.nan
    found = outcomes(history_of(units, in_stock), (Span(1, 1), Span(1, 3)), np.array([8, 9, 10]))
    assert np.isnan(found[:, 0]).tolist() == [[False, True], [True, True], [False, False]]
    assert np.isnan(found[:, 1]).tolist() == [[True, True], [True, True], [False, False]]


def test_no_origin_sees_what_comes_after_it(units):
    changed = units.copy()
    changed[:, 9:] += 50.0
    one, other = (roll(LastSeason(), history_of(of), SPANS, ORIGINS) for of in (units, changed))
    assert np.array_equal(one.quantile[:2], other.quantile[:2])
    assert not np.array_equal(one.quantile[2], other.quantile[2])


def test_model_is_fitted_as_often_as_asked(units):
    model = LastSeason()
    roll(model, history_of(units), SPANS, ORIGINS, refit_every=2)
    assert model.fitted_at == [8, 11]


def test_parts_keep_their_outcomes(units):
    whole = roll(LastSeason(), history_of(units), SPANS, ORIGINS)
    part = whole.since(11).of(np.array([4, 1]))
    assert part.origins.tolist() == [11, 14]
    assert part.value.tolist() == [5.0, 2.0]
    assert np.array_equal(part.quantile, whole.quantile[2:][:, [4, 1]])
    np.testing.assert_array_equal(part.demand, whole.demand[2:][:, [4, 1]])


@pytest.mark.parametrize("origins", [[], [0, 1], [3, 15], [5, 5], [6, 4]])
def test_origins_outside_the_history_are_refused(units, origins):
    with pytest.raises(ValueError, match=r"origins: found .*, expected rising numbers in 1 … 14"):
        roll(LastSeason(), history_of(units), SPANS, np.array(origins, dtype=int))


def test_quantiles_that_fall_are_refused(units):
    class Falling(LastSeason):
        def predict(self, history):
            forecast = super().predict(history)
            forecast.quantile[2, 1, 7] = 1e6
            return forecast

    with pytest.raises(ValueError, match="last_season: found quantiles that fall"):
        roll(Falling(), history_of(units), SPANS, ORIGINS)
