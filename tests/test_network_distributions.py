"""Moments against SciPy and against numeric integration of the inverse CDF."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from meio.network.compiled import DETERMINISTIC, EMPIRICAL_LEAD_TIME, GAMMA_LEAD_TIME, LOGNORMAL
from meio.network.distributions import empirical_moments, lead_time_moments, quantile_moments
from meio.network.model import LeadTime

Points = list[tuple[float, float]]
values = st.floats(0, 1000).map(lambda value: round(value, 2))
weights = st.floats(0.01, 1)
discrete = st.lists(st.tuples(values, weights), min_size=1, max_size=6, unique_by=lambda point: point[0])


@pytest.mark.parametrize("cv", [0.2, 1.0, 2.5])
def test_varying_lead_times(cv: float) -> None:
    gamma = stats.gamma(a=cv**-2, scale=8 * cv**2)
    sigma = np.sqrt(np.log1p(cv**2))
    lognormal = stats.lognorm(s=sigma, scale=8 * np.exp(-(sigma**2) / 2))
    for name, kind, oracle in (("gamma", GAMMA_LEAD_TIME, gamma), ("lognormal", LOGNORMAL, lognormal)):
        moments = lead_time_moments(LeadTime.model_validate({"distribution": name, "mean": 8, "cv": cv}))
        assert moments == pytest.approx((kind, oracle.mean(), oracle.std(), oracle.support()[0]))


@pytest.mark.parametrize("name", ["gamma", "lognormal"])
def test_a_lead_time_without_variation_is_deterministic(name: str) -> None:
    constant = LeadTime.model_validate({"distribution": name, "mean": 3, "cv": 0})
    assert lead_time_moments(constant) == (DETERMINISTIC, 3, 0, 3) == lead_time_moments(LeadTime(mean=3.0))


def test_observed_lead_times_are_equally_likely() -> None:
    moments = lead_time_moments(LeadTime.model_validate({"distribution": "empirical", "values": [4, 2, 2, 8]}))
    oracle = stats.rv_discrete(values=([2, 4, 8], [0.5, 0.25, 0.25]))
    assert moments == pytest.approx((EMPIRICAL_LEAD_TIME, oracle.mean(), oracle.std(), 2))


@given(st.lists(discrete, min_size=1, max_size=4))
def test_empirical_demand(distributions: list[Points]) -> None:
    ptr, value, probability, expected = [0], [], [], []
    for points in distributions:
        points.sort()
        x, weight = np.array(points).T
        share = weight / weight.sum()
        ptr.append(ptr[-1] + len(points))
        value.extend(x)
        probability.extend([*np.cumsum(share)[:-1], 1.0])
        expected.append((share @ x, share @ (x - share @ x) ** 2))
    mean, variance = empirical_moments(np.array(ptr), np.array(value), np.array(probability))
    np.testing.assert_allclose(mean, [moments[0] for moments in expected], rtol=1e-9)
    np.testing.assert_allclose(variance, [moments[1] for moments in expected], rtol=1e-6, atol=1e-6)


@given(st.lists(discrete, min_size=1, max_size=4), st.floats(0, 1))
def test_quantile_demand(distributions: list[Points], beyond_last: float) -> None:
    ptr, value, probability, expected = [0], [], [], []
    for points in distributions:
        x = np.sort([point[0] for point in points])
        weight = np.cumsum([point[1] for point in points])
        level = weight / (weight[-1] + beyond_last)
        ptr.append(ptr[-1] + len(points))
        value.extend(x)
        probability.extend(level)
        expected.append([_integral(level, x, power) for power in (1, 2)])
    mean, variance = quantile_moments(np.array(ptr), np.array(value), np.array(probability))
    np.testing.assert_allclose(mean, [moments[0] for moments in expected], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(variance + mean**2, [moments[1] for moments in expected], rtol=1e-7, atol=1e-9)


def _integral(level: np.ndarray, x: np.ndarray, power: int) -> float:
    """E[X**power], the integral of the inverse CDF over (0, 1), piece by piece."""
    edges = np.concatenate([[0], level, [1]])
    return sum(
        integrate.fixed_quad(lambda u: np.interp(u, level, x) ** power, *piece, n=4)[0] for piece in pairwise(edges)
    )
