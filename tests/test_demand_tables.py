"""Tables of forecasts with laws by column names."""

import numpy as np
import pandas as pd
import pytest

from meio.demand import AddUp, ClosedCycle, FlatEnd, Forecast, Known, LawError, reconcile, reconcile_table, total

ZONES, SPEEDS = ["north", "south", "all"], ["fast", "slow", "all"]


def table(products=("p", "q"), seed=0):
    random = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product([products, ZONES, SPEEDS], names=["product", "zone", "speed"])
    frame = index.to_frame(index=False).sample(frac=1, random_state=seed)  # rows in any order
    return frame.assign(mean=random.uniform(1, 9, len(frame)), sd=random.uniform(0.5, 2, len(frame)))


def weeks(means=(1.0, 2.0, 3.0, 4.0)):
    frame = pd.DataFrame({"product": "p", "period": ["w1", "w2", "w3", "w4"], "mean": means, "sd": 1.0})
    return pd.concat([frame, pd.DataFrame({"product": ["p"], "period": ["May"], "mean": [16.0], "sd": [2.0]})])


def adds_up(values, keys):
    """Whether a column of values adds up over zone and over speed."""
    cell = dict(zip(keys.itertuples(index=False, name=None), values, strict=True))
    miss = [sum(cell[p, zone, s] for zone in ("north", "south")) - cell[p, "all", s] for p in "pq" for s in SPEEDS]
    miss += [sum(cell[p, z, speed] for speed in ("fast", "slow")) - cell[p, z, "all"] for p in "pq" for z in ZONES]
    return max(map(abs, miss)) < 1e-10


@pytest.mark.parametrize("correlation", [None, {"product": 0.3, ("product", "zone"): 0.2}, {"speed": 0.9}])
def test_zones_and_speeds_add_up(correlation):
    frame = table()
    result = reconcile_table(frame, [AddUp("zone"), AddUp("speed")], correlation=correlation)
    keys = frame[["product", "zone", "speed"]]
    assert result.frame.index.equals(frame.index)
    assert adds_up(result.frame["mean"], keys)
    for sample in result.sample(5, seed=1):
        assert adds_up(sample, keys)
        assert sample.min() >= 0
    np.testing.assert_array_equal(result.sample(3, seed=2), result.sample(3, seed=2))
    quantiles = result.quantiles([0.1, 0.9], num_samples=50)
    assert list(quantiles.columns) == ["product", "zone", "speed", "0.1", "0.9"]
    assert (quantiles["0.1"] <= quantiles["0.9"]).all()


def test_blocks_are_the_whole_at_once():
    frame = table()
    apart = reconcile_table(frame, [AddUp("zone")], correlation={"product": 0.4}, nonnegative=False)
    same = frame["product"].to_numpy()[:, None] == frame["product"].to_numpy()
    covariance = np.where(np.eye(len(frame), dtype=bool), 1.0, 0.4 * same) * np.outer(frame["sd"], frame["sd"])
    together = reconcile_table(frame, [AddUp("zone")], covariance=covariance, nonnegative=False)
    assert len(apart.blocks) == 2
    laws = list(AddUp("zone").laws(frame[["product", "zone", "speed"]].reset_index(drop=True)))
    whole = reconcile(Forecast.from_covariance(frame["mean"], covariance), laws)
    for result in (apart, together):
        np.testing.assert_allclose(result.frame["mean"], whole.mean, atol=1e-10)
        np.testing.assert_allclose(result.frame["sd"], whole.sd, atol=1e-10)


def test_weeks_add_up_to_a_known_month():
    month = pd.DataFrame({"period": ["May"], "value": [20.0]})
    laws = [AddUp("period", {"May": ["w1", "w2", "w3", "w4"]}), Known(month)]
    result = reconcile_table(weeks(), laws)
    np.testing.assert_allclose(result.frame["mean"], [3.5, 4.5, 5.5, 6.5, 20.0])
    expected = reconcile(Forecast.from_covariance([1.0, 2, 3, 4], np.eye(4)), [total("", range(4), 20.0)])
    np.testing.assert_allclose(result.frame["sd"], [*expected.sd, 0.0], atol=1e-10)


def test_first_day_flat_end_and_closed_cycle():
    first = Known(pd.DataFrame({"product": ["p"], "period": ["w1"], "value": [7.0]}))
    result = reconcile_table(weeks(), [first, FlatEnd("period", "w3", "w4")])
    np.testing.assert_allclose(result.frame["mean"], [7.0, 2.0, 3.5, 3.5, 16.0])
    result = reconcile_table(weeks(), [ClosedCycle("period", "w1", "w4")])
    np.testing.assert_allclose(result.frame["mean"], [2.5, 2.0, 3.0, 2.5, 16.0])


def test_known_sum_over_columns_left_out():
    noisy = Known(pd.DataFrame({"product": ["p"], "value": [36.0], "noise_sd": [1.0]}))
    result = reconcile_table(weeks(), [noisy])
    assert result.frame["mean"].sum() == pytest.approx(26 + 10 * 8 / 9)  # variance 8 against noise 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.assign(mean="£3"), "column 'mean', row 0: found '£3', expected a finite number"),
        (lambda frame: frame.assign(sd=-1.0), "column 'sd', row 0: found -1, expected a finite number of 0 or more"),
        (lambda frame: frame.drop(columns="sd"), "found no column 'sd'"),
        (lambda frame: pd.concat([frame, frame[:1]]), "a second time"),
        (lambda frame: frame.assign(period=None), "column 'period', row 0: found no label"),
        (lambda frame: frame[["mean", "sd"]], "no key columns"),
    ],
)
def test_tables_that_are_none(change, message):
    with pytest.raises(ValueError, match=message):
        reconcile_table(change(weeks()), [])


@pytest.mark.parametrize(
    ("law", "message"),
    [
        (AddUp("zone"), "found no column 'zone' in the forecast, expected one of product, period"),
        (AddUp("period"), "no total over 'period'"),
        (FlatEnd("period", "w4", "w5"), "no group has both period w4 and period w5"),
        (Known(pd.DataFrame({"period": ["w9"], "value": [1.0]})), "'period w9 is known': no row"),
        (Known(pd.DataFrame({"period": ["w1"]})), "no column 'value'"),
        (Known(pd.DataFrame({"period": ["w1", "w1"], "value": [1.0, 2.0]})), "'period w1 is known' says"),
    ],
)
def test_table_laws_that_are_none(law, message):
    with pytest.raises(LawError, match=message):
        reconcile_table(weeks(), [law])


def test_correlation_that_is_none():
    with pytest.raises(ValueError, match="at most 1 together"):
        reconcile_table(weeks(), [], correlation={"product": 0.7, "period": 0.7})
    with pytest.raises(ValueError, match="found no column 'zone'"):
        reconcile_table(weeks(), [], correlation={"zone": 0.7})
