"""The parts of the reference simulator by themselves: its clock, its baskets, shares in proportion."""

from itertools import chain, repeat
from types import SimpleNamespace

import numpy as np
import pytest
from reference_clock import ARRIVAL, ORDER, YARD, Clock
from reference_orders import Order, orders_of_day
from reference_supply import in_proportion

DAY = 1440


def test_what_is_meant_for_one_instant_happens_at_it_in_the_order_of_ranks():
    """The third of 0.1 + 0.2 and 0.3 is a rounding apart, and is no rounding apart from itself."""
    clock, happened = Clock(-1), []
    for minute in (0.1, 0.2):  # schedule the same instants from different ones
        for rank in (ORDER, ARRIVAL, YARD):
            clock.call_at(minute, rank, clock.call_at, 0.1 + 0.2, rank, happened.append, (rank, minute))
            clock.call_at(0.3, rank, happened.append, (rank, "before"))
    clock.run()
    before = [(rank, "before") for rank in (YARD, ARRIVAL, ORDER) for _ in range(2)]
    assert happened == before + [(rank, minute) for rank in (YARD, ARRIVAL, ORDER) for minute in (0.1, 0.2)]


@pytest.mark.parametrize(
    ("asked", "there", "shares"),
    [
        ([5, 3, 2], 7, [4, 2, 1]),  # 3.5, 2.1, 1.4
        ([3, 3], 3, [2, 1]),  # 1.5 each
        ([1, 1, 1], 2, [1, 1, 0]),
        ([2, 4], 9, [2, 4]),
        ([2, 4], 0, [0, 0]),
        ([2, 4], -1, [0, 0]),
    ],
)
def test_shares_in_proportion(asked, there, shares):
    assert in_proportion(asked, there) == shares


class Drawn:
    """A stand-in for the draws: these units, and orders of these sizes, then of one unit, in every class."""

    def __init__(self, units, sizes):
        recorded = SimpleNamespace(given=False)
        conditions = SimpleNamespace(recorded=recorded, basket_share=np.full(4, 0.25))
        self.c = SimpleNamespace(conditions=conditions, names=SimpleNamespace(speeds=("fast", "slow")))
        self.drawn, self.sizes = units, sizes

    def units(self, _day):
        return self.drawn

    def basket_sizes(self, _day, _order_class):
        return chain(self.sizes, repeat(1))


def test_the_days_units_are_cut_into_orders_by_zone_and_speed():
    """Class 3 is zone 1, speed 1; the last order is cut short, and an order comes with its first unit."""
    units = [(10.0, 7, 3), (20.0, 5, 0), (20.0, 7, 3), (30.0, 7, 3), (40.0, 5, 3), (50.0, 7, 3), (60.0, 6, 0)]
    draws = Drawn(units, [2, 3])
    assert orders_of_day(draws.c, draws, day=2) == [
        Order(2 * DAY + 10.0, 1, 1, {7: 2}),
        Order(2 * DAY + 20.0, 0, 0, {5: 1, 6: 1}),
        Order(2 * DAY + 30.0, 1, 1, {7: 2, 5: 1}),
    ]


def test_orders_of_one_moment_come_as_their_first_units_do():
    units = [(10.0, 1, 2), (10.0, 2, 1), (10.0, 3, 2), (10.0, 4, 0)]
    draws = Drawn(units, [1, 1, 1])
    assert [order.lines for order in orders_of_day(draws.c, draws, 0)] == [{1: 1}, {2: 1}, {3: 1}, {4: 1}]
