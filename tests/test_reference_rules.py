"""The rules of docs/simulation.md on examples worked out by hand, in the engine and in the reference simulator."""

import numpy as np
import pytest
from reference_examples import (
    CENTRE,
    FAST,
    FROM_VENDOR,
    NOON,
    NORTH,
    SLOW,
    SOUTH,
    TO_NORTH,
    TO_SOUTH,
    A,
    B,
    disruption,
    example,
    simulated,
)

from meio.network.compiled import BACKORDERED, LATE, Stock
from meio.simulation.transportation import BatchPolicy

DAY = 1440.0
NEVER = (np.inf, np.inf)
BOTH_SITES = [NORTH, SOUTH]


@pytest.fixture(params=["reference", "engine"])
def simulator(request):
    return request.param


def service(orders=0, demand=0, on_time=0, late=0, lost=0, owed=0):
    return [orders, demand, on_time, late, lost, owed]


@pytest.mark.parametrize(
    ("whole_cost", "packages", "paid"),
    [
        pytest.param(4.5, [1, 0], 4.5, id="whole"),
        pytest.param(5.0, [1, 0], 5.0, id="as dear as split"),
        pytest.param(5.5, [1, 1], 5.0, id="split"),
    ],
)
def test_whole_at_no_more_than_the_split(simulator, whole_cost, packages, paid):
    """The split: 2 for the first product from the south, then 3 for the other one from the north."""
    stock = {(A, NORTH): 1, (B, NORTH): 1, (A, SOUTH): 1}
    compiled, plan = example([(NOON, FAST, {A: 1, B: 1})], stock, cost=((3, 2), (whole_cost, 6)))
    result = simulated(simulator, compiled, plan)
    assert result["packages"][BOTH_SITES, 0].tolist() == packages
    assert result["service"][FAST].tolist() == service(orders=1, demand=2, on_time=2)
    assert result["outbound"] == pytest.approx(paid)


@pytest.mark.parametrize(
    ("heavy", "packages", "paid"),
    [
        pytest.param((4, 4), 3, 12, id="3 of 5/3 kg"),
        pytest.param(NEVER, 5, 15, id="5 of 1 kg, as nobody takes heavier ones in time"),
    ],
)
def test_too_heavy_travels_in_packages_of_equal_weight(simulator, heavy, packages, paid):
    compiled, plan = example([(NOON, FAST, {A: 5})], {(A, NORTH): 5}, cost=((3, 3), heavy))
    result = simulated(simulator, compiled, plan)
    assert result["packages"].sum() == packages
    assert result["outbound"] == pytest.approx(paid)


def test_protected_stock_is_only_for_the_second_round(simulator):
    """First 1 from the south (2) and 1 from the north (3); of the protected 2 and 1, the north's two in one package."""
    compiled, plan = example([(NOON, SLOW, {A: 4})], {(A, NORTH): 3, (A, SOUTH): 2})
    protection = np.zeros((2, 1, 2, 3), dtype=np.int64)
    protection[SLOW, 0, A, BOTH_SITES] = 2, 1
    result = simulated(simulator, compiled, plan, "reserve", protection)
    assert result["packages"][BOTH_SITES, 0].tolist() == [2, 1]
    assert result["on hand"][A, BOTH_SITES].tolist() == [0, 1]
    assert result["outbound"] == pytest.approx(2 + 3 + 4.5)


@pytest.mark.parametrize(("proportional", "first_day"), [(True, [4, 3]), (False, [3, 4])])
def test_a_shortage_goes_to_all_or_to_the_most_valuable(simulator, proportional, first_day):
    """Of 7 for 6 and 4: 4.2 and 2.8; or 4 for the south, the rest for the north. What waits comes a day later."""
    targets = {(A, NORTH): 6, (A, SOUTH): 4}
    compiled, plan = example([], {(A, CENTRE): 7}, targets=targets, shortage_in_proportion=proportional)
    plan.unit_value[A, SOUTH] = 1.0
    result = simulated(simulator, compiled, plan)
    assert result["lane"][0].tolist() == [3, *first_day]
    assert result["lane"][1].tolist() == [0, 6 - first_day[0], 4 - first_day[1]]
    assert result["lane"][2:].sum() == 0
    assert result["on hand"][A].tolist() == [0, 6, 4]


def test_the_largest_remainders_get_the_rest_and_of_equal_ones_the_first(simulator):
    """Of 3 for 3 and 3: 1.5 each, and the half unit for the north, which comes first."""
    targets = {(A, NORTH): 3, (A, SOUTH): 3}
    compiled, plan = example([], {(A, CENTRE): 3}, targets=targets, shortage_in_proportion=True)
    assert simulated(simulator, compiled, plan)["lane"][0].tolist() == [3, 2, 1]


def test_a_disrupted_node_ships_its_share(simulator):
    orders = [(day * DAY + NOON, FAST, {A: 2}) for day in range(4)]
    compiled, plan = example(orders, {(A, NORTH): 8}, disruptions=disruption(1, 3, 0.5, node=NORTH))
    compiled.nodes.outbound_units_per_day[NORTH] = 3.0
    result = simulated(simulator, compiled, plan)
    assert result["outbound units"][:4, NORTH].tolist() == [2, 1, 1, 2]
    assert result["service"][FAST].tolist() == service(orders=4, demand=8, on_time=6, lost=2)


def test_a_node_that_is_down_keeps_its_stock_and_receives_nothing(simulator):
    orders = [(NOON, FAST, {A: 1}), (DAY + NOON, FAST, {A: 1})]
    down = disruption(0, 2, 0, node=NORTH)
    compiled, plan = example(orders, {(A, NORTH): 1, (A, CENTRE): 1}, targets={(A, NORTH): 2}, disruptions=down)
    result = simulated(simulator, compiled, plan)
    assert result["service"][FAST].tolist() == service(orders=2, demand=2, lost=2)
    assert result["inbound"][:4, NORTH].tolist() == [0, 0, 1, 0]
    assert result["on hand"][A, NORTH] == 2


def test_a_disrupted_lane_without_capacity_waits(simulator):
    compiled, plan = example([], targets={(A, CENTRE): 2}, disruptions=disruption(0, 2, 0, lane=FROM_VENDOR))
    assert simulated(simulator, compiled, plan)["lane"][:4, FROM_VENDOR].tolist() == [0, 0, 2, 0]


def test_an_order_leaves_on_its_lanes_next_departure_day(simulator):
    """A Wednesday lane holds nothing back: the south's order takes the stock that waits for it."""
    targets = {(A, NORTH): 2, (A, SOUTH): 2}
    compiled, plan = example([], {(A, CENTRE): 2}, targets=targets)
    plan.unit_value[A, NORTH] = 1.0
    compiled.lanes.departs[TO_NORTH] = np.arange(7) == 2
    result = simulated(simulator, compiled, plan)
    assert result["lane"][:3, [TO_NORTH, TO_SOUTH]].tolist() == [[0, 2], [0, 0], [2, 0]]


def test_owed_units_ship_as_they_come_and_the_last_one_is_late(simulator):
    """1 at once; the lane brings 1 on day 2 (delivered on day 3, as promised) and 1 on day 3."""
    compiled, plan = example([(NOON, FAST, {A: 3})], {(A, NORTH): 1, (A, CENTRE): 2}, unserved=BACKORDERED)
    compiled.lanes.capacity_units_per_day[TO_NORTH] = 1.0
    compiled.outbound.cost[:, :, :, SOUTH] = np.inf
    compiled.penalties.backordered_per_day[A, FAST] = 10.0
    result = simulated(simulator, compiled, plan)
    assert result["service"][FAST].tolist() == service(orders=1, demand=3, on_time=2, late=1)
    assert result["packages"][NORTH, 0] == 3
    assert result["outbound"] == pytest.approx(9)
    assert result["backorder"] == pytest.approx(10 * (2 + 2 + 1))
    assert result["delivery days"][FAST] == 1 + 3 + 4


def test_late_units_go_from_the_cheapest_node_then_the_next(simulator):
    """1 from the south (4), 2 in a heavy package from the north (7); the fourth is lost."""
    stock = {(A, NORTH): 2, (A, SOUTH): 1}
    late_cost = ((5, 4), (7, 6))
    compiled, plan = example([(NOON, FAST, {A: 4})], stock, (NEVER, NEVER), late_cost, unserved=LATE)
    compiled.penalties.late[A, FAST] = 10.0
    compiled.penalties.lost[A, FAST] = 100.0
    result = simulated(simulator, compiled, plan)
    assert result["service"][FAST].tolist() == service(orders=1, demand=4, late=3, lost=1)
    assert [result[kind] for kind in ("outbound", "late", "lost")] == pytest.approx([11, 30, 100])


def test_unavoidable_cost_is_the_least_of_whole_and_one_by_one(simulator):
    """Landed at 1 a unit. Two: one heavy package, 2 + 4.5. Three: three light ones from the south, 3 + 6."""
    orders = [(NOON, FAST, {A: 1, B: 1}), (NOON, FAST, {A: 3})]
    compiled, plan = example(orders, cost=((3, 2.5), (4.5, 6)))
    compiled.penalties.lost[:] = 100.0
    result = simulated(simulator, compiled, plan)
    assert result["unavoidable"] == pytest.approx((2 + 4.5) + (3 + 3 * 2.5))


def test_no_package_takes_a_unit_too_heavy_for_it(simulator):
    """A heavy unit that no service takes does not travel at the mean weight of the order: it is lost, at 20."""
    compiled, plan = example([(NOON, FAST, {A: 3, B: 1})], {(A, NORTH): 3, (B, NORTH): 1}, cost=((3, 3), NEVER))
    compiled.products.weight_kg[B], compiled.products.weight_class_idx[B] = 1.5, 1
    compiled.products.weight_kg[A] = 0.25
    compiled.penalties.lost[:] = 20.0
    result = simulated(simulator, compiled, plan)
    assert result["service"][FAST].tolist() == service(orders=1, demand=4, on_time=3, lost=1)
    assert [result["outbound"], result["lost"], result["unavoidable"]] == pytest.approx([3, 20, 3 * 4 + 20])


def test_a_batch_is_assigned_at_its_end_and_the_days_last_one_at_its_close(simulator):
    """Nobody has the first product, so the north owes it; the second one leaves, and makes room for the first in the
    yard, which ships at the close: after the cut-off, so a day later. The order itself came before it."""
    orders = [(NOON, FAST, {A: 1}), (NOON + 1, FAST, {B: 1})]
    compiled, plan = example(orders, {(B, NORTH): 1}, unserved=BACKORDERED)
    compiled.products.volume_m3[:] = 1.0
    compiled.nodes.storage_m3[NORTH] = 1.0
    compiled.outbound.cost[:, :, :, SOUTH] = np.inf
    arriving = [np.array([one]) for one in (A, TO_NORTH, 1)]
    compiled = compiled._replace(stock=Stock(True, compiled.stock.on_hand, *arriving, np.array([0.25])))
    result = simulated(simulator, compiled, plan, BatchPolicy(1440))
    assert result["service"][FAST].tolist() == service(orders=2, demand=2, on_time=2)
    assert result["outbound units"][:2, NORTH].tolist() == [1, 1]
    assert result["backorder"] == 0
