"""The benchmark's cases are what they say: exact solutions keep their laws, forecasts look at nothing later."""

from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def benchmarks_on_path(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")


def test_heat_solves_its_equation_and_keeps_its_mass():
    from reconciling.heat import CONDUCTIVITY, PLACE, TIME, flat_ends, mass_laws, temperature

    modes = np.array([0.7, 1.0, -0.5, 0.3, 0.2])
    truth = temperature(modes, np.tile(PLACE, TIME.size), np.repeat(TIME, PLACE.size))
    for law in mass_laws(modes[0]):
        assert truth[law.cells_idx] @ law.weights == pytest.approx(law.value, abs=1e-12)
    for law in flat_ends():
        assert abs(truth[law.cells_idx] @ law.weights) < 3e-3
    place, time, step = np.array([0.37]), np.array([0.4]), 1e-4
    by_time = (temperature(modes, place, time + step) - temperature(modes, place, time - step)) / (2 * step)
    left, here, right = (temperature(modes, place + move, time) for move in (-step, 0, step))
    assert by_time == pytest.approx(CONDUCTIVITY * (left - 2 * here + right) / step**2, rel=1e-4)


@pytest.mark.parametrize("conductivity", [0.5, 1.0, 2.0])
def test_front_holds_what_flowed_in(conductivity):
    from reconciling.stefan import EDGES, MELT, front, front_of, inflow, solution

    profile = solution(conductivity)
    assert profile @ np.diff(EDGES) == pytest.approx(inflow(conductivity), rel=1e-12)
    assert front_of(profile) == pytest.approx(front(conductivity), abs=0.006)
    assert profile[EDGES[:-1] > front(conductivity)].max() == 0
    assert profile[EDGES[1:] < front(conductivity)].min() == pytest.approx(MELT, abs=0.01)


def test_front_moves_as_fast_as_what_melts():
    from reconciling import stefan

    here, step = stefan.front(1.0), 1e-6
    slope = (
        stefan.MELT
        - (1 - (1 - stefan.MELT) * stefan.erf((here - step) / 2 / stefan.TIME**0.5) / stefan.erf(stefan.SPEED))
    ) / step
    assert -slope == pytest.approx(stefan.MELT * here / (2 * stefan.TIME), rel=1e-4)


def test_forecasts_look_at_nothing_later():
    from reconciling.hierarchy import NUM_ORIGINS, all_levels, forecasts_of, generated

    cells = np.array([all_levels(weeks) for weeks in generated(2, np.random.default_rng(0))])
    later = cells.copy()
    later[:, -NUM_ORIGINS:] += 100.0
    known, changed = (forecasts_of(of, "seasonal_naive", 0, calibrated=True) for of in (cells, later))
    np.testing.assert_array_equal(known[: NUM_ORIGINS + 1], changed[: NUM_ORIGINS + 1])
    assert (known[NUM_ORIGINS + 1] != changed[NUM_ORIGINS + 1]).any()


def test_levels_add_up():
    from reconciling.hierarchy import KEYS, all_levels, generated, missed_by

    demand = generated(2, np.random.default_rng(2))[0]
    cells = all_levels(demand)
    assert missed_by(cells) == 0
    assert cells[0, (KEYS == "all").all(axis=1)] == demand[0].sum()
    assert missed_by(cells + np.eye(24)[3]) > 0
