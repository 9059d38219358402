"""Steps of the refinement's search: targets find the least noisy cost, prices the use that is allowed."""

import numpy as np
import pytest

from meio.plans import CapacityPrices
from meio.refinement.price_steps import PriceSteps
from meio.refinement.shift_steps import DOWN, NEAREST, ShiftSteps


def followed(base, best, rounds=300, seed=1):
    """Shifts after noisy derivatives of the cost (target - best)² / 2, interpolated between whole units."""
    noise = np.random.default_rng(seed)
    steps = ShiftSteps(base, np.ones(base.shape[:2], dtype=bool))
    shifts = []
    for _ in range(rounds):
        slope = steps.targets(DOWN) + 0.5 - best  # of one unit more
        steps.follow(slope + noise.normal(0.0, 2.0, slope.shape))
        shifts.append(steps.shift)
    steps.shift = np.mean(shifts[-100:], axis=0)
    return steps


@pytest.mark.parametrize("best", [0.0, 3.0, 17.0])
def test_shifts_find_the_least_cost_under_noise(best):
    steps = followed(np.full((1, 2, 4), 8.0), best)
    np.testing.assert_allclose(steps.targets(NEAREST), best, atol=1.0)


def test_products_that_do_not_move_keep_their_targets():
    base = np.full((2, 1, 3), 5.0)
    steps = ShiftSteps(base, np.array([[True], [False]]))
    steps.follow(np.full(base.shape, -1.0))
    assert (steps.targets(NEAREST)[0] > 5.0).all()
    assert (steps.targets(NEAREST)[1] == 5.0).all()


def test_busier_periods_shift_more_and_no_target_falls_below_nothing():
    base = np.array([[[4.0, 100.0]]])
    steps = ShiftSteps(base, np.ones((1, 1), dtype=bool))
    steps.cut(np.array([[3.0]]))
    low, high = (base - steps.targets(NEAREST))[0, 0]
    assert 0.0 < low < high
    steps.cut(np.array([[1000.0]]))
    assert steps.targets(NEAREST).max() == 0.0


def prices_of(value):
    return CapacityPrices(
        np.full((1, 1, 2), value), np.full((1, 2), value), np.full((1, 2), value), np.full((1, 2), value)
    )


@pytest.mark.parametrize(("limit", "expected"), [(6.0, 2.0), (20.0, 0.0), (np.inf, 0.0)])
def test_prices_settle_where_use_meets_what_is_allowed(limit, expected):
    noise = np.random.default_rng(2)
    steps = PriceSteps(prices_of(0.0), prices_of(limit), prices_of(1.0))
    paid = []
    for _ in range(300):
        use = CapacityPrices(
            *(10.0 - 2.0 * part + noise.normal(0.0, 0.3, part.shape) for part in vars(steps.paid).values())
        )
        steps.follow(use)
        paid.append(steps.paid.inbound)
    np.testing.assert_allclose(np.mean(paid[-100:], axis=0), expected, atol=0.05)


def test_a_search_may_begin_from_a_shift_of_another():
    base = np.full((2, 1, 3), 5.0)
    steps = ShiftSteps(base, np.array([[True], [False]]))
    steps.begin(np.array([[[2.0]], [[2.0]]]))
    assert (steps.targets(NEAREST)[0] == 7.0).all()
    assert (steps.targets(NEAREST)[1] == 5.0).all()
    steps.begin(np.full((2, 1, 1), -9.0))
    assert (steps.targets(NEAREST)[0] == 0.0).all()
