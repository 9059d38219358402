"""The shares of rounds that together keep capacities at the least cost, against every mix of two rounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meio.blocks.mixture import MARGIN, Rounds, best_mixture
from meio.blocks.settling import round_of

CAPACITY = np.array([10.0, np.inf])


def rounds_of(use: list[float], cost: list[float]) -> Rounds:
    """Rounds that use a limited resource so much, and one without limit."""
    limited = np.array(use)
    return Rounds(
        np.zeros((len(use), 2)), np.stack([limited, 5.0 * limited], axis=1), np.array(cost), np.zeros(len(use))
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0.0, 30.0), st.floats(1.0, 100.0)), min_size=1, max_size=6))
def test_no_pair_of_rounds_is_cheaper(drawn: list[tuple[float, float]]) -> None:
    """With one limit the best mix is of one or two rounds: try all of them, at every share that meets the limit."""
    use, cost = (list(column) for column in zip((1.0, 200.0), *drawn, strict=True))  # one keeps the limit, at a price
    mixture = best_mixture(rounds_of(use, cost), CAPACITY, np.array([1e6, 1.0]), 7.0)
    aim, best = (1.0 - MARGIN) * CAPACITY[0], np.inf
    for first_use, first_cost in zip(use, cost, strict=True):
        for second_use, second_cost in zip(use, cost, strict=True):
            if first_use <= aim < second_use:
                share = (aim - first_use) / (second_use - first_use)
                best = min(best, (1.0 - share) * first_cost + share * second_cost)
            if first_use <= aim:
                best = min(best, first_cost)
    assert mixture.share.sum() == pytest.approx(1.0)
    assert mixture.share @ np.array(cost) == pytest.approx(best, abs=1e-4)
    assert mixture.excess <= 1e-7


def test_its_price_is_what_a_unit_more_is_worth() -> None:
    rounds = rounds_of([4.0, 20.0], [100.0, 20.0])
    more = CAPACITY * 1.01
    cost, dearer = (
        best_mixture(rounds, capacity, np.array([1e6, 1.0]), 7.0).share @ rounds.cost for capacity in (CAPACITY, more)
    )
    price = best_mixture(rounds, CAPACITY, np.array([1e6, 1.0]), 7.0).prices
    assert price[0] * 7.0 * (1.0 - MARGIN) * 0.1 == pytest.approx(cost - dearer)
    assert price[1] == 0.0


def test_what_no_mixture_keeps_is_exceeded_least_where_it_is_dearest() -> None:
    mixture = best_mixture(rounds_of([12.0, 30.0], [100.0, 1.0]), CAPACITY, np.array([1e6, 1.0]), 7.0)
    assert mixture.share == pytest.approx([1.0, 0.0])
    assert mixture.excess == pytest.approx(12.0 / ((1.0 - MARGIN) * 10.0) - 1.0)


def test_values_of_the_dual_follow_capacity() -> None:
    rounds = rounds_of([4.0, 20.0], [100.0, 20.0])._replace(
        prices=np.array([[0.0, 0.0], [3.0, 0.0]]), priced_cost=np.array([20.0, 400.0])
    )
    assert rounds.dual_value(CAPACITY, 7.0) == pytest.approx([20.0, 400.0 - 7.0 * 3.0 * 10.0])


def test_every_run_of_products_is_shared_out_evenly() -> None:
    share = np.array([0.5, 0.3, 0.2])
    for first in (0, 12_345):
        turn = round_of(first + np.arange(1_000), share)
        assert np.bincount(turn) / 1_000 == pytest.approx(share, abs=0.005)
