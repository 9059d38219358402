"""Demand behind sales, against the law it was drawn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from demand_cases import known_demand
from scipy.stats import nbinom

from meio.demand import unconstrain
from meio.demand.lost import Lost


def bias(units, demand, cells=...):
    """Share by which units miss the demand, over some cells."""
    return units[cells].sum() / demand[cells].sum() - 1


@pytest.mark.parametrize("running_out", [0.1, 0.3, 0.6])
@pytest.mark.parametrize("flags_only", [False, True], ids=["shares", "flags"])
def test_mean_demand_is_found_where_products_run_out(running_out, flags_only):
    known = known_demand(400, 104, seed=5, running_out=running_out)
    history, cells = known.history, known.history.in_stock < 1
    if flags_only:
        history = replace(history, in_stock=np.where(cells, 0.0, 1.0))
    found = unconstrain(history).units
    ignored = bias(history.units, known.demand)
    assert ignored < -0.35 * running_out
    assert abs(bias(found, known.demand)) < 0.04 * abs(ignored)
    assert abs(bias(found, known.demand, cells)) < 0.04  # these sell half of their demand
    assert bias(history.units, known.demand, cells) < -0.45


@pytest.mark.parametrize(("least", "most"), [(0, 1), (10, np.inf)], ids=["slow", "fast"])
def test_slow_and_fast_movers_by_themselves(least, most):
    known = known_demand(600, 104, seed=6, running_out=0.3)
    level = known.mean.mean(axis=1)
    cells = (known.history.in_stock < 1) & ((level >= least) & (level < most))[:, None]
    found = bias(unconstrain(known.history).units, known.demand, cells)
    assert abs(found) < 0.1 * abs(bias(known.history.units, known.demand, cells))


def test_weeks_without_stock_have_the_demand_of_their_season_and_promotion():
    known = known_demand(400, 104, seed=7, running_out=0.3)
    history = known.history
    dark = history.in_stock == 0
    found, flat = unconstrain(history).units, np.broadcast_to(known.mean.mean(axis=1, keepdims=True), dark.shape)
    fast = dark & (flat > 5)
    missed = [np.abs(np.log(units[fast] / known.mean[fast])).mean() for units in (found, flat)]
    assert missed[0] < 0.5 * missed[1]  # than the true level without season and promotion
    for promoted in (True, False):
        cells = dark & ((history.promotion > 0) == promoted)
        assert abs(bias(found, known.mean, cells)) < 0.08


def test_draws_keep_the_spread_that_means_lose():
    known = known_demand(400, 104, seed=8, running_out=0.5)
    high = nbinom.ppf(0.95, known.mean / (known.dispersion - 1)[:, None], 1 / known.dispersion[:, None])
    cells = known.history.in_stock < 0.3
    above = [
        (units > high)[cells].mean()
        for units in (known.demand, *(unconstrain(known.history, seed=s).units for s in (None, 1)))
    ]
    assert above[1] < 0.5 * above[0]
    assert above[2] == pytest.approx(above[0], rel=0.25)
    again = unconstrain(known.history, seed=1).units
    np.testing.assert_array_equal(again, unconstrain(known.history, seed=1).units)


def test_what_was_in_stock_or_not_on_sale_is_left_alone():
    known = known_demand(50, 60, seed=9, running_out=0.3, new=0.5)
    history, found = known.history, unconstrain(known.history)
    whole = history.in_stock == 1
    np.testing.assert_array_equal(found.units[whole], history.units[whole])
    np.testing.assert_array_equal(np.isnan(found.units), np.isnan(history.units))
    assert (found.units >= history.units)[~np.isnan(history.units)].all()
    assert (found.in_stock == 1).all()
    assert unconstrain(found) is found
    assert "sales completed to demand" in found.notes[-1]


def test_series_never_in_stock_and_short_histories():
    history = known_demand(30, 40, seed=10, running_out=0.2).history
    history.units[3:6], history.in_stock[3:6] = 0.0, 0.0
    found = unconstrain(history).units
    rates = found.sum(axis=1) / 40
    assert (rates[3:6] > 0).all()
    assert rates[3:6].max() < 2 * rates.max()
    for num_periods in (0, 1, 2):
        assert np.isfinite(unconstrain(history.until(num_periods)).units).all()


@pytest.mark.parametrize("mean", [0.3, 4.0, 60.0])
@pytest.mark.parametrize("dispersion", [1.1, 3.0])
@pytest.mark.parametrize("in_stock", [0.0, 0.4])
def test_lost_demand_against_simulation(mean, dispersion, in_stock):
    """Draw rates and customers, keep the periods with some sales, look at what came beyond them."""
    random = np.random.default_rng(11)
    rate = random.gamma(mean / (dispersion - 1), dispersion - 1, 400_000)
    if in_stock:
        sold, after = random.poisson(in_stock * rate), random.poisson((1 - in_stock) * rate)
        typical = int(np.median(sold))
        beyond = after[sold == typical]
    else:
        typical, demand = max(1, int(mean)), random.poisson(rate)
        beyond = demand[demand >= typical] - typical
    one = np.ones(1)
    lost = Lost(typical * one, in_stock * one, mean * one, dispersion * one)
    moments = [float(each[0]) for each in lost.moments()]
    error = 5 * beyond.std() / np.sqrt(len(beyond))
    assert moments[0] == pytest.approx(beyond.mean(), abs=error)
    assert moments[1] == pytest.approx(beyond.var(), rel=0.1)
    many = Lost(*(np.repeat(each, 40_000) for each in (lost.sold, lost.in_stock, lost.demand, lost.dispersion)))
    drawn = many.draw(random)
    assert drawn.mean() == pytest.approx(moments[0], abs=5 * drawn.std() / 200)
    assert drawn.var() == pytest.approx(moments[1], rel=0.1)


def test_sales_far_beyond_any_demand_are_finite():
    cells = [np.full(1, value) for value in (1e5, 0.0, 0.01, 1.05)]
    for values in (*Lost(*cells).moments(), Lost(*cells).draw(np.random.default_rng(0))):
        assert np.isfinite(values).all()
