"""The neural model against what it should learn: true quantiles, levels of categories, nothing of the future."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from meio.demand.history import History
from meio.demand.models.neural import Neural
from meio.demand.models.neural_attributes import learn_codes
from meio.demand.models.neural_inputs import look, targets, window_of
from meio.demand.spans import PROBABILITIES, QuantileForecast, Span, totals

SPANS = (Span(1, 1), Span(2, 2), Span(1, 4))


def history_of(units, *, days=7, in_stock=None, **attributes):
    """A history of these units, without prices."""
    names = pd.DataFrame({"product": [f"p{number}" for number in range(len(units))]})
    return History(
        series=names,
        start=pd.Timestamp("2025-01-06"),
        period_days=days,
        units=units,
        in_stock=np.ones_like(units) if in_stock is None else in_stock,
        price=None,
        promotion=None,
        attributes=pd.DataFrame(attributes, index=names.index),
        value=np.ones(len(units)),
    )


def loss_of(quantile, units):
    """Mean quantile loss, as its definition says it."""
    missed = units[..., None] - quantile
    probability = np.array(PROBABILITIES)
    return np.where(missed > 0, probability * missed, (probability - 1) * missed).mean()


def fitted(history, spans=SPANS, *, members=1, steps=None, **options):
    """The model after it learned: one network is enough for what is asked here, a few steps for what always holds."""
    pytest.importorskip("torch")
    from meio.demand.models import neural_training

    model = Neural(**options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neural_training, "MEMBERS", members)
        if steps:
            patch.setattr(neural_training, "MIN_STEPS", steps)
            patch.setattr(neural_training, "MAX_STEPS", steps)
        model.fit(history, spans)
    return model


def poisson(rates, num_periods, seed=0):
    return np.random.default_rng(seed).poisson(np.asarray(rates)[:, None], (len(rates), num_periods)).astype(float)


def expected_loss(quantile, rate):
    """Mean quantile loss of quantiles [series, probability] when demand is Poisson of these rates, exactly."""
    units = np.arange(int(rate.max() + 12 * np.sqrt(rate.max()) + 12), dtype=float)
    chance = stats.poisson.pmf(units, rate[:, None])
    missed = units[None, :, None] - quantile[:, None, :]
    probability = np.array(PROBABILITIES)
    loss = np.where(missed > 0, probability * missed, (probability - 1) * missed)
    return np.einsum("su,sup->s", chance, loss) / len(probability)


def test_quantiles_of_poisson_demand_are_near_the_truth():
    rate = np.repeat([0.5, 3.0, 20.0], 40)
    units = poisson(rate, 40)
    history = history_of(units)
    quantile = fitted(history).predict(history).quantile
    probability = np.array(PROBABILITIES)
    for place, span in enumerate(SPANS):
        mean = rate * span.length
        # One who knows that demand is Poisson, and has to learn only its rate from the same history.
        estimated = stats.poisson.ppf(probability, np.maximum(units.mean(axis=1), 0.02)[:, None] * span.length)
        ratio = expected_loss(quantile[:, place], mean) / expected_loss(estimated, mean)
        assert np.all(ratio.reshape(3, 40).mean(axis=1) < 1.1)
        below = stats.poisson.cdf(quantile[80:, place], mean[80:, None]).mean(axis=0)
        assert below == pytest.approx(probability, abs=0.1)


def test_new_products_sell_as_their_category():
    rate = np.tile([2.0, 20.0], 30)
    units = poisson(rate, 30)
    units[:4] = np.nan
    units[4:10, :20] = np.nan
    history = history_of(units, category=np.tile(["spoon", "pan"], 30), weight=np.arange(60.0), colour="red")
    model = fitted(history)
    quantile = model.predict(history).quantile
    median = quantile[:4, 0, PROBABILITIES.index(0.5)]
    assert median == pytest.approx([2.0, 20.0, 2.0, 20.0], rel=0.25)
    unheard = replace(history, attributes=history.attributes.assign(category="fork"))
    assert np.all(np.isfinite(model.predict(unheard).quantile))


def test_weeks_out_of_stock_are_not_read_as_zero():
    units = poisson(np.full(60, 5.0), 30)
    in_stock = np.where(np.random.default_rng(1).random(units.shape) < 0.3, 0.0, 1.0)
    quantile = (
        fitted(history_of(units * in_stock, in_stock=in_stock), (Span(1, 1),)).predict(history_of(units)).quantile
    )
    assert np.median(quantile[:, 0, PROBABILITIES.index(0.5)]) == pytest.approx(5.0, rel=0.15)


def test_days_of_the_week_are_told_apart():
    rate = np.where(np.arange(49 + 7) % 7 < 5, 2.0, 10.0)
    units = np.random.default_rng(0).poisson(np.broadcast_to(rate, (48, len(rate)))).astype(float)
    spans = tuple(Span(day, day) for day in range(1, 8))
    history = history_of(units[:, :49], days=1)
    quantile = fitted(history, spans).predict(history).quantile
    flat = np.quantile(units[:, :49], PROBABILITIES)
    assert loss_of(quantile, totals(units[:, 49:], spans)) < 0.8 * loss_of(flat, units[:, 49:])
    medians = np.median(quantile[:, :, PROBABILITIES.index(0.5)], axis=0)
    assert medians == pytest.approx(rate[:7], rel=0.25)


def test_inputs_and_targets_know_nothing_of_the_other_side():
    units = poisson(np.full(6, 3.0), 30)
    units[0, :7] = np.nan
    history = history_of(units)
    later = units.copy()
    later[:, 20:] += 50
    for origin in range(31):
        seen = look(window_of(history, yearly=True), 7, 1.0)
        changed = look(window_of(history_of(later), yearly=True), 7, 1.0)
        same = np.all(seen.inputs[:, origin] == changed.inputs[:, origin])
        assert same == (origin <= 20)
    found = targets(units, np.ones_like(units), SPANS, 0, 31)
    for origin in range(31):
        for place, (first, last) in enumerate(SPANS):
            ahead = units[:, origin + first - 1 : origin + last]
            known = (origin + last <= 30) & ~np.isnan(units[:, min(origin, 29)]) & ~np.isnan(ahead).any(axis=1)
            assert np.array_equal(found[:, origin, place], np.where(known, ahead.sum(axis=1), np.nan), equal_nan=True)


def test_forecasts_at_an_origin_do_not_see_later_periods():
    torch = pytest.importorskip("torch")
    from meio.demand.models.neural_network import QuantileNetwork, Shape

    torch.manual_seed(0)
    inputs = torch.randn(3, 40, 5)
    network = QuantileNetwork(Shape(5, (4,), 2, 3), np.ones(3))
    later = inputs.clone()
    later[:, 25:] += 1.0
    with torch.no_grad():
        given = torch.tensor([[0], [1], [3]]), torch.randn(3, 2)
        before, after = (network.decode(network.encode(each, *given), torch.ones(3, 40, 3)) for each in (inputs, later))
    assert torch.equal(before[:, :25], after[:, :25])
    assert not torch.equal(before[:, 25:], after[:, 25:])


def test_same_seed_same_forecast_on_any_number_of_threads():
    torch = pytest.importorskip("torch")
    history = history_of(poisson(np.arange(1.0, 13.0), 20))
    torch.manual_seed(5)
    state, before = torch.random.get_rng_state(), torch.get_num_threads()
    forecasts = [
        fitted(history, members=2, steps=5, seed=seed, num_threads=threads).predict(history)
        for seed, threads in ((1, 1), (1, 2), (2, 1))
    ]
    one, other, reseeded = (forecast.quantile.tobytes() for forecast in forecasts)
    assert one == other != reseeded
    assert torch.equal(state, torch.random.get_rng_state())
    assert before == torch.get_num_threads()
    assert not torch.are_deterministic_algorithms_enabled()


def test_quantiles_rise_whatever_the_history():
    units = poisson(np.geomspace(0.01, 1000.0, 12), 20)
    units[0] = 0.0
    units[1] = np.nan
    units[2, 5] = 1e6
    history = history_of(units, size=np.r_[np.nan, np.arange(11.0)])
    model = fitted(history, steps=20)
    forecast = model.predict(history)
    assert isinstance(forecast, QuantileForecast)
    assert forecast.quantile.shape == (12, 3, len(PROBABILITIES))
    assert np.all(np.isfinite(forecast.quantile))
    assert forecast.quantile.min() >= 0.0
    assert np.all(np.diff(forecast.quantile, axis=2) >= 0.0)
    assert forecast.start == history.end
    assert model.predict(history.until(1)).quantile.shape == forecast.quantile.shape


def test_rare_categories_are_unknown():
    history = history_of(np.ones((12, 3)), brand=["a"] * 6 + ["b"] * 5 + ["c"], size=np.arange(12.0), one=1.0)
    codes = learn_codes(history)
    coded, numbers = codes.code(history)
    assert codes.sizes == (3,)
    assert coded[:, 0].tolist() == [1] * 6 + [2] * 5 + [0]
    assert numbers[:, 0] == pytest.approx((np.arange(12.0) - 5.5) / np.std(np.arange(12.0), ddof=1))


def test_spans_that_were_never_seen_whole_are_an_error():
    with pytest.raises(ValueError, match=r"3 periods.*periods 1 to 4"):
        fitted(history_of(np.ones((5, 3))))


def test_missing_torch_is_said_with_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"pip install 'meio\[neural\]'"):
        Neural()
