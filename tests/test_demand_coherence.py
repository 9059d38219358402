"""What past forecasts say of how totals and parts go together: the truth where it is known, and always a covariance."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from meio.demand import AddUp, Coherence, Forecast, LawError, reconcile
from meio.demand.laws import parts_of_whole

KEYS = pd.MultiIndex.from_product([("a", "b", "all"), ("x", "y", "all")], names=["zone", "speed"]).to_frame(index=False)
LAWS = (AddUp("zone"), AddUp("speed"))
PART = ((KEYS["zone"] != "all") & (KEYS["speed"] != "all")).to_numpy()
WITHIN = np.array(
    [[(row[row != "all"] == part[row != "all"]).all() for part in KEYS[PART].to_numpy()] for row in KEYS.to_numpy()]
)
ONE = pd.DataFrame({"zone": ["a", "b", "all"]})


def learned(mean, sd, actual):
    return Coherence.learned(KEYS, LAWS, mean, sd, actual)


def test_totals_are_told_from_parts():
    some = np.ones((3, len(KEYS)))
    found = learned(some, some, some)
    np.testing.assert_array_equal(found.is_total, ~PART)
    np.testing.assert_array_equal(found.whole, WITHIN[~PART])


def test_parts_of_a_product_that_rises_and_falls_as_one():
    """Poisson of a common gamma level: covariances φ m m', which the variances of totals and parts tell alone."""
    parts = np.array([[0.3, 1.0, 2.0, 0.5], [30.0, 10.0, 50.0, 5.0]])
    dispersion = np.array([0.5, 0.2])[:, None, None]
    true = dispersion * parts[:, :, None] * parts[:, None, :] + np.eye(4) * parts[:, None, :]
    full = WITHIN @ true @ WITHIN.T
    mean, sd = parts @ WITHIN.T, np.sqrt(np.diagonal(full, axis1=1, axis2=2))
    found = learned(mean, sd, mean).covariance(mean, sd)  # forecasts that were never wrong, nor ever missed each other
    np.testing.assert_allclose(found, full, rtol=0.03)  # at most 0.99 alike


def test_totals_that_miss_their_parts_tell_what_regression_says():
    random = np.random.default_rng(0)
    num = 200_000
    level, noise = random.normal(100.0, 10.0, (num, 2)), random.normal(0.0, 4.0, (num, 2))
    actual = np.column_stack([level, level.sum(axis=1)])
    mean = np.column_stack([level + noise, level.sum(axis=1) + random.normal(0.0, 2.0, num)])
    sd = np.tile([4.0, 4.0, 2.0], (num, 1))
    found = Coherence.learned(ONE, [AddUp("zone")], mean, sd, actual)
    by_hand = -16.0 / (16.0 + 16.0 + 4.0) * 2.0 / 4.0 / 2.0  # of the miss, of what each part is wrong; half of it
    np.testing.assert_allclose(found.slope, by_hand, atol=0.01)
    forecast = Forecast.from_covariance([103.0, 98.0, 190.0], found.covariance([103.0, 98.0, 190.0], sd[0]))
    moved = reconcile(forecast, [parts_of_whole("sum", [0, 1], 2)]).mean
    np.testing.assert_allclose(moved[:2], [103.0 - 11 * 16 / 36 / 2, 98.0 - 11 * 16 / 36 / 2], atol=0.1)


@given(
    arrays(float, (8, 9), elements=st.floats(0.0, 100.0)),
    arrays(float, (8, 9), elements=st.floats(0.1, 30.0)),
    arrays(float, (8, 9), elements=st.floats(0.0, 100.0)),
)
def test_it_is_always_a_covariance(mean, sd, actual):
    found = learned(mean, sd, actual).covariance(mean, sd)
    np.testing.assert_allclose(found, found.swapaxes(1, 2), atol=1e-9 * found.max())
    least, largest = np.linalg.eigvalsh(found)[:, [0, -1]].T
    assert (least >= -1e-9 * largest).all()


def test_a_certain_cell_is_refused():
    coherence = Coherence.learned(ONE, [AddUp("zone")], np.ones((2, 3)), np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="sd: found 0, expected more than 0"):
        coherence.covariance([1.0, 1.0, 2.0], [1.0, 1.0, 0.0])


@pytest.mark.parametrize(
    ("keys", "change", "message"),
    [
        (ONE, {"sd": np.zeros((2, 3))}, "sd: found 0, expected more than 0"),
        (ONE, {"mean": np.ones((3, 3))}, r"found shapes \(3, 3\), \(2, 3\) and \(2, 3\), expected"),
        (ONE, {"actual": np.full((2, 3), np.nan)}, r"actual\[0, 0\]: found nan, expected a finite number"),
        (ONE.assign(zone=["a", "b", "c"]), {}, "no total over 'zone'"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(keys, change, message):
    given = {"mean": np.ones((2, 3)), "sd": np.ones((2, 3)), "actual": np.ones((2, 3))} | change
    with pytest.raises((ValueError, LawError), match=message):
        Coherence.learned(keys, [AddUp("zone")], *given.values())
