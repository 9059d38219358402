"""Pooled models: near the truth, in order, repeatable on any threads, blind to the future, ready for new products."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from demand_model_cases import excess_loss, forecast, history_of
from scipy import stats

from meio.demand.models import model_named
from meio.demand.models.features import Cells, features_of
from meio.demand.models.past import Past
from meio.demand.models.training import evened, training_cells
from meio.demand.spans import Span

SPANS = (Span(1, 1), Span(1, 4))
MEANS = np.tile([2.0, 6.0, 20.0], 20)[:, None]
NEW = np.array([0, 30])
MODELS = ("boosted", "forest")


def shop():
    """60 products of known demand; two of them new, one of each of two categories."""
    random = np.random.default_rng(0)
    fast = np.arange(60) >= 30
    units = random.negative_binomial(MEANS * np.where(fast, 5, 1)[:, None], 0.5, (60, 52)).astype(float)
    units[NEW] = np.nan
    attributes = pd.DataFrame({"category": np.where(fast, "fast", "slow")})
    return history_of(units, attributes=attributes)


@pytest.fixture(scope="module", params=MODELS)
def quantile(request):
    return forecast(model_named(request.param), shop(), SPANS)


def test_known_demand_is_forecast_nearly_as_its_distribution(quantile):
    mean = MEANS * np.where(np.arange(60) >= 30, 5, 1)[:, None]
    old = np.setdiff1d(np.arange(60), NEW)
    assert excess_loss(quantile[old, 0], stats.nbinom(mean[old], 0.5)) < 0.12
    assert excess_loss(quantile[old, 1], stats.nbinom(4 * mean[old], 0.5)) < 0.25


def test_quantiles_are_in_order_and_not_negative(quantile):
    assert (np.diff(quantile, axis=2) >= 0).all()
    assert (quantile >= 0).all()


def test_new_products_are_forecast_as_their_category(quantile):
    slow, fast = quantile[NEW, 1, 7]
    assert 4 * 2 <= slow <= 4 * 20
    assert 4 * 10 <= fast <= 4 * 100
    assert fast > 2 * slow
    widths = np.diff(quantile[:, 1][:, [3, 11]], axis=1)[:, 0] / quantile[:, 1, 7]
    assert widths[NEW].min() > 1.5 * np.median(widths)  # less is known of them


@pytest.mark.parametrize("name", MODELS)
def test_threads_and_repetition_change_nothing(name, monkeypatch):
    monkeypatch.setattr("meio.demand.models.boosted._ROUNDS", 5)
    history = shop().of(np.arange(0, 60, 3))
    once, again, threads = (forecast(model_named(name, 7, number), history, SPANS) for number in (1, 1, 2))
    np.testing.assert_array_equal(once, again)
    np.testing.assert_array_equal(once, threads)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("num_periods", [0, 1, 6])
def test_hardly_any_history_is_no_trouble(name, num_periods):
    quantile = forecast(model_named(name), history_of(np.ones((3, num_periods))), SPANS)
    assert np.isfinite(quantile).all()


@pytest.mark.parametrize("period_days", [1, 7])
def test_features_see_nothing_after_their_origin(period_days):
    random = np.random.default_rng(1)
    units = random.poisson(3.0, (10, 120)).astype(float)
    units[:3, :20] = np.nan
    attributes = pd.DataFrame({"brand": list("aabbccddee"), "size": np.arange(10.0)})
    known = history_of(
        units,
        period_days,
        attributes=attributes,
        price=1 + random.random((10, 120)),
        promotion=random.random((10, 120)),
    )
    later = np.arange(120) >= 70
    changed = replace(
        known, **{name: np.where(later, 9.0, getattr(known, name)) for name in ("units", "price", "promotion")}
    )
    cells = Cells(*np.stack([np.arange(10), np.full(10, 70), np.full(10, 5), np.full(10, 2), np.full(10, 3)]))
    first, second = (features_of(Past.of(history), history, cells) for history in (known, changed))
    np.testing.assert_array_equal(first.table, second.table)
    np.testing.assert_array_equal(first.scale, second.scale)
    earlier = replace(known, units=np.where(np.arange(120) == 69, 9.0, units))
    assert not np.array_equal(features_of(Past.of(earlier), earlier, cells).table, first.table)


def test_a_hidden_history_is_not_seen():
    units = np.random.default_rng(2).poisson(np.arange(1, 9)[:, None], (8, 60)).astype(float)
    row = np.array([5])
    cells = Cells(row, np.array([40]), np.array([40]), np.array([1]), np.array([2]))
    hidden = features_of(Past.of(history_of(units)), history_of(units), cells)
    units[5, :40] = 77
    changed = features_of(Past.of(history_of(units)), history_of(units), cells)
    np.testing.assert_array_equal(hidden.table, changed.table)
    np.testing.assert_allclose(hidden.scale, 2 * np.delete(units, 5, axis=0)[:, 36:40].mean(), rtol=0.05)


def test_windows_are_means_counted_by_hand():
    units = np.random.default_rng(3).poisson(2.0, (4, 30)).astype(float)
    units[0, :22] = np.nan
    history = history_of(units)
    past = Past.of(history)
    cells = Cells(*np.stack([np.arange(4), np.full(4, 26), past.born, np.full(4, 1), np.full(4, 3)]))
    found = features_of(past, history, cells)
    column = dict(zip(found.names, found.table.T, strict=True))
    level = found.scale / 3
    for name, width in (("mean_1", 1), ("mean_4", 4), ("mean_13", 13)):
        by_hand = np.nanmean(units[:, 26 - width : 26], axis=1) / level
        if width == 13:
            by_hand[0] = np.nan  # four weeks old: says no more than mean_8
        np.testing.assert_allclose(column[name], by_hand, rtol=1e-6)
    zeros = np.array([np.mean(row[np.isfinite(row)] == 0) for row in units[:, 18:26]])
    np.testing.assert_allclose(column["share_zero_8"], zeros, rtol=1e-6)


def test_training_rows_are_bounded_known_and_their_own_totals():
    units = np.random.default_rng(4).poisson(2.0, (50, 40)).astype(float)
    units[:10, :30] = np.nan
    cells, total = training_cells(Past.of(history_of(units)), SPANS, 1, 0, 500)
    assert 200 < total.size <= 500
    for series, origin, first, last, expected in zip(
        cells.series_idx, cells.origin, cells.first, cells.last, total, strict=True
    ):
        assert units[series, origin + first - 1 : origin + last].sum() == expected
    assert (cells.origin + cells.last <= 40).all()


def test_what_all_series_share_is_evened_out():
    """Each moment sells a share of its own of what was expected; a bulk order of one series is left as it is."""
    random = np.random.default_rng(6)
    origin = np.repeat(np.arange(10, 30), 2000)
    scale = random.gamma(2.0, 5.0, origin.size)
    share = random.uniform(0.5, 2.0, 20)
    last = np.where(np.arange(origin.size) % 2 == 0, 1, 4)
    cells = Cells(np.zeros_like(origin), origin, np.zeros_like(origin), np.ones_like(origin), last)
    total = scale * share[origin - 10]
    ratio = evened(cells, total, scale) / scale
    assert np.ptp(ratio) < 0.1 * np.ptp(share)
    assert ratio.mean() == pytest.approx(share.mean(), rel=0.05)
    total[0] *= 50
    assert evened(cells, total, scale)[0] / scale[0] == pytest.approx(50 * ratio[0], rel=0.05)


def test_moments_alike_and_moments_of_few_rows_keep_their_totals():
    scale = np.random.default_rng(7).gamma(2.0, 5.0, 40)
    cells = Cells(*np.stack([np.arange(40), np.arange(40), np.zeros(40, int), np.ones(40, int), np.ones(40, int)]))
    np.testing.assert_allclose(evened(cells, 3 * scale, scale), 3 * scale, rtol=1e-12)
    total = scale.copy()
    total[5] *= 4  # the only row of its moment: its own demand, not that of all
    assert evened(cells, total, scale)[5] > 0.75 * total[5]
    assert not evened(cells, 0 * scale, scale).any()
