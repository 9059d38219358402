"""Shortage kernels against SciPy, brute-force sums and Erlang's loss formula."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import special, stats

from meio.optimizer import loss_kernels as loss

SHAPES = [1e-3, 0.1, 0.9, 3.0, 47.0, 400.0, 999.0]
means = st.floats(0.01, 300.0)
dispersions = st.floats(1.05, 8.0)


def _counts(mean: float, dispersion: float):
    """The count distribution with this mean and variance over mean."""
    if dispersion == 1.0:
        return stats.poisson(mean)
    return stats.nbinom(mean / (dispersion - 1.0), 1.0 / dispersion)


def _lost_by_enumeration(lead_mean: float, cycle_mean: float, dispersion: float, level: int) -> float:
    """E[(X + C − y)⁺ | X ≤ y] with X the lead time's demand and C the independent demand of one review interval."""
    before = np.arange(level + 1)
    weight = _counts(lead_mean, dispersion).pmf(before) if lead_mean > 0 else (before == 0) * 1.0
    cycle = np.arange(level + int(cycle_mean + 40.0 * np.sqrt(cycle_mean * dispersion) + 60.0))
    short = np.maximum(0, before[:, None] + cycle - level) @ _counts(cycle_mean, dispersion).pmf(cycle)
    return float(weight @ short / weight.sum())


def _count_shortage(
    window_mean: float, lead_mean: float, dispersion: float, size: int
) -> tuple[np.ndarray, np.ndarray]:
    lost, backlog = np.empty(size), np.empty(size)
    variances = window_mean * dispersion, lead_mean * dispersion
    none = loss.NO_POINTS
    loss.fill_shortage(loss.COUNT, window_mean, variances[0], lead_mean, variances[1], none, none, 1.0, lost, backlog)
    return lost, backlog


@given(st.floats(-50.0, 50.0), st.floats(1e-3, 1e4), st.floats(-8.0, 8.0))
def test_normal(mean: float, deviation: float, z: float) -> None:
    level = mean + z * deviation
    survival, short = loss.normal_survival_and_loss(mean, deviation**2, level)
    assert survival == pytest.approx(stats.norm.sf(level, mean, deviation), rel=1e-9)
    expected = deviation * (stats.norm.pdf(z) - z * stats.norm.sf(z))
    assert short == pytest.approx(expected, rel=1e-9, abs=1e-11 * deviation)


@given(st.floats(-5.0, 5.0), st.floats(-5.0, 5.0))
def test_no_variance_is_a_point_mass(mean: float, level: float) -> None:
    assert loss.normal_survival_and_loss(mean, 0.0, level) == (float(mean > level), max(0.0, mean - level))


@given(st.floats(-3.0, 3.0).map(lambda power: 10.0**power), st.floats(0.0, 4000.0))
def test_regularized_gamma(shape: float, x: float) -> None:
    assert loss.regularized_gamma_survival(shape, x) == pytest.approx(special.gammaincc(shape, x), rel=1e-8, abs=1e-11)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mean", [0.05, 8.0, 3000.0])
def test_gamma(shape: float, mean: float) -> None:
    for level in mean * np.array([-0.5, 0.0, 1e-6, 0.3, 0.97, 1.0, 1.4, 3.0, 40.0]):
        survival, short = loss.gamma_survival_and_loss(mean, mean**2 / shape, level)
        above = special.gammaincc([shape, shape + 1.0], max(0.0, level) * shape / mean)
        assert survival == pytest.approx(above[0], rel=1e-9, abs=1e-11)
        assert short == pytest.approx(mean * above[1] - level * above[0], rel=1e-9, abs=1e-10 * mean)


def test_gamma_of_little_variance_is_nearly_its_own() -> None:
    mean, shape = 500.0, 1500.0
    deviation = mean / np.sqrt(shape)
    for level in mean + deviation * np.linspace(-3.0, 3.0, 13):
        _, short = loss.gamma_survival_and_loss(mean, deviation**2, level)
        above = special.gammaincc([shape, shape + 1.0], level * shape / mean)
        assert short == pytest.approx(mean * above[1] - level * above[0], abs=0.01 * deviation)


@pytest.mark.parametrize("dispersion", [1.0, 1.3, 6.0])
@pytest.mark.parametrize(("lead_mean", "cycle_mean"), [(0.0, 0.4), (0.0, 50.0), (0.3, 0.7), (12.0, 5.0), (4.0, 60.0)])
def test_counts_against_enumeration(lead_mean: float, cycle_mean: float, dispersion: float) -> None:
    size = int(1.5 * (lead_mean + cycle_mean)) + 6
    lost, backlog = _count_shortage(lead_mean + cycle_mean, lead_mean, dispersion, size)
    window = _counts(lead_mean + cycle_mean, dispersion)
    demand = np.arange(2000)
    for level in range(size):
        owed = float(np.maximum(0, demand - level) @ window.pmf(demand))
        assert backlog[level] == pytest.approx(owed, rel=1e-8, abs=1e-10)
        if lead_mean > 0.0 and _counts(lead_mean, dispersion).cdf(level) < 1e-4:
            continue  # the condition is too rare for the kernel's digits
        expected = _lost_by_enumeration(lead_mean, cycle_mean, dispersion, level)
        assert lost[level] == pytest.approx(expected, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("window_mean", [600.0, 730.0, 780.0])
def test_counts_of_long_windows(window_mean: float) -> None:
    lost, backlog = _count_shortage(window_mean, 0.95 * window_mean, 1.0, 1000)
    window = stats.poisson(window_mean)
    levels = np.arange(1000)
    owed = window_mean * window.sf(levels - 1) - levels * window.sf(levels)
    assert backlog == pytest.approx(owed, abs=1e-3 * window_mean)
    for level in (int(window_mean), int(1.03 * window_mean)):
        expected = _lost_by_enumeration(0.95 * window_mean, 0.05 * window_mean, 1.0, level)
        assert lost[level] == pytest.approx(expected, abs=0.02 * 0.05 * window_mean)


@pytest.mark.parametrize("offered_load", [0.2, 3.0, 18.0])
def test_erlangs_loss_formula_when_reviewed_all_the_time(offered_load: float) -> None:
    review = 1e-6  # of a lead time
    lost, _ = _count_shortage(offered_load * (1.0 + review), offered_load, 1.0, 20)
    blocked = 1.0
    for level in range(20):
        blocked = offered_load * blocked / (level + offered_load * blocked) if level else 1.0
        assert lost[level] / (offered_load * review) == pytest.approx(blocked, rel=1e-3, abs=1e-6)


@given(means, dispersions, st.floats(0.0, 2.0))
def test_newsvendor_without_lead_time(mean: float, dispersion: float, ratio: float) -> None:
    level = ratio * mean
    none = loss.NO_POINTS
    for family in (loss.NORMAL_FAMILY, loss.GAMMA_FAMILY):
        _, short = loss.survival_and_loss(family, mean, mean * dispersion, level)
        lost, backlog, lost_slope, backlog_slope = loss.shortage(
            family, mean, mean * dispersion, 0.0, 0.0, none, none, level
        )
        assert lost == pytest.approx(min(short, mean), rel=1e-12, abs=1e-12)
        assert backlog == short
        assert lost_slope == backlog_slope


@given(means, means, dispersions, st.floats(0.02, 2.5))
def test_slopes_are_those_of_the_shortage(lead_mean: float, cycle_mean: float, dispersion: float, ratio: float) -> None:
    window_mean = lead_mean + cycle_mean
    level, step = ratio * window_mean, 1e-4 * max(1.0, window_mean)

    def at(level: float) -> tuple[float, float, float, float]:
        variances = window_mean * dispersion, lead_mean * dispersion
        none = loss.NO_POINTS
        return loss.shortage(loss.GAMMA_FAMILY, window_mean, variances[0], lead_mean, variances[1], none, none, level)

    covered = stats.gamma(lead_mean / dispersion, scale=dispersion).cdf(level - step)
    assume(covered > 1e-3)
    _, _, lost_slope, backlog_slope = at(level)
    below, above = at(level - step), at(level + step)
    assert lost_slope == pytest.approx((above[0] - below[0]) / (2 * step), abs=2e-3)
    assert backlog_slope == pytest.approx((above[1] - below[1]) / (2 * step), abs=2e-3)


@given(means, means, dispersions)
def test_losses_fall_from_a_cycles_demand_to_nothing(lead_mean: float, cycle_mean: float, dispersion: float) -> None:
    window_mean = lead_mean + cycle_mean
    size = int(window_mean + 12.0 * np.sqrt(window_mean * dispersion)) + 40
    lost, backlog = _count_shortage(window_mean, lead_mean, dispersion, size)
    assert lost[0] == pytest.approx(cycle_mean, rel=1e-6)
    assert (lost >= 0.0).all()
    assert (lost <= cycle_mean * (1 + 1e-12)).all()
    assert (lost <= backlog + 1e-6 * window_mean).all()
    assert lost[-1] <= 1e-3 * cycle_mean + 1e-6
    likely = stats.nbinom(lead_mean / (dispersion - 1.0), 1.0 / dispersion).cdf(np.arange(size)) > 1e-4
    assert (np.diff(lost[likely]) <= 1e-6 * window_mean).all()


@given(
    st.lists(st.tuples(st.floats(0.0, 100.0), st.floats(0.01, 1.0)), min_size=1, max_size=12),
    st.floats(-5.0, 110.0),
)
def test_points(points: list[tuple[float, float]], level: float) -> None:
    values, weights = np.array(sorted(points)).T
    weights /= weights.sum()
    survival, short = loss.points_survival_and_loss(values, np.cumsum(weights), level)
    assert survival == pytest.approx(weights[values > level].sum(), abs=1e-12)
    assert short == pytest.approx(np.maximum(0.0, values - level) @ weights, abs=1e-10)


@given(st.floats(0.01, 599.0), st.floats(1.0, 5.0), st.integers(1, 900))
def test_count_mass(mean: float, dispersion: float, size: int) -> None:
    mass = np.empty(size)
    loss.fill_count_mass(mean, mean * dispersion, 1.0, mass)
    expected = _counts(mean, max(dispersion, 1.0)).pmf(np.arange(size)) if dispersion > 1.001 else None
    if expected is not None:
        assert mass[:-1] == pytest.approx(expected[:-1], rel=1e-7, abs=1e-12)
    assert mass.sum() == pytest.approx(1.0, abs=1e-9)
    assert (mass >= 0.0).all()


@given(st.floats(1.0, 5000.0), st.floats(1.5, 9.0), st.floats(2.0, 20.0))
def test_count_mass_in_steps_of_several_units(mean: float, dispersion: float, step: float) -> None:
    edges = (np.arange(int((mean + 10.0 * np.sqrt(mean * dispersion)) / step) + 12) + 0.5) * step
    mass = np.empty(edges.size)
    loss.fill_count_mass(mean, mean * dispersion, step, mass)
    demand = stats.gamma(mean / dispersion, scale=dispersion)
    assert mass[:-1] == pytest.approx(np.diff(demand.cdf(edges[:-1]), prepend=0.0), abs=2e-3)
    assert mass.sum() == pytest.approx(1.0, abs=1e-9)
