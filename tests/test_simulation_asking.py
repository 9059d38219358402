"""Policies outside the engine: what they see, what becomes of their answers, and how misbehaviour is reported."""

from __future__ import annotations

import ctypes
from math import inf

import numpy as np
import pytest
from batch_cases import random_case
from priced_twin import Priced
from random_networks import Size

from meio.simulation.asking import FAILED, GO_ON, NO_ROOM_FOR_PARCELS, Asking, Callback
from meio.simulation.parcel_checks import Row
from meio.simulation.policies import Order, Parcel, PolicyError, check_policy
from meio.simulation.splitting import assign_in_turn, available
from meio.simulation.state import NUM_PARCELS

SIZE = Size(products=4, centres=1, serving=4, weight_classes=3)


class Answering:
    """Answers what it was given."""

    name, batch_minutes = "test", 60

    def __init__(self, answer):
        self.answer = answer

    def assign(self, orders):
        return self.answer(orders)


@pytest.fixture
def case():
    return random_case(4, 12, 3, 3, SIZE)


def asked(case, policy):
    asking = Asking(policy, case.compiled, case.world, case.state)
    callback = Callback(asking)
    status = ctypes.CFUNCTYPE(ctypes.c_int64)(callback.address)()
    return status, asking


def refusal(case, answer):
    status, asking = asked(case, Answering(answer))
    assert status == FAILED
    assert isinstance(asking.failure, PolicyError)
    assert case.state.batch.counters[NUM_PARCELS] == 0
    assert str(asking.failure).startswith("policy test, order")
    return str(asking.failure)


def parcels_of(batch):
    fields = ("parcel_order", "parcel_line", "parcel_node", "parcel_units", "parcel_ship_day")
    return [
        Row(*row) for row in np.array([getattr(batch, f)[: batch.counters[NUM_PARCELS]] for f in fields]).T.tolist()
    ]


def some_parcel(orders, **changes):
    """A parcel that can be done, but for the changes."""
    order = next(order for order in orders if order.options)
    option = order.options[0]
    product = next(product for product, units in option.free.items() if units)
    good = {"order": order.number, "node": option.node, "product": product, "units": 1}
    return Parcel(**(good | changes)), order, option


@pytest.mark.parametrize("seed", range(12))
def test_a_twin_in_python_answers_as_the_rule_of_one_order(seed):
    case = random_case(seed, 12, 3, 3, SIZE)
    status, asking = asked(case, Priced())
    assert status == GO_ON, asking.failure
    batch = case.batch
    ways = assign_in_turn(batch, np.arange(12), batch.left.copy())
    assert parcels_of(case.state.batch) == [
        Row(order, line, node, units[line], batch.ship_day[order, node])
        for order, way in ways.items()
        for node, units in zip(way.nodes, way.units, strict=True)
        for line in np.flatnonzero(units).tolist()
    ]


def test_orders_tell_what_each_node_could_do(case):
    seen: list[Order] = []
    asked(case, Answering(lambda orders: seen.extend(orders) or ()))
    assert [order.number for order in seen] == list(range(1, 13))
    batch, names, outbound = case.batch, case.compiled.names, case.world.outbound
    for place, order in enumerate(seen):
        zone, speed = names.zones.index(order.zone), names.speeds.index(order.speed)
        assert (order.day, order.placed[:10]) == (5, "2026-01-10")
        free, room = available(batch, place, batch.left)
        assert [option.node for option in order.options] == [
            names.nodes[node] for node in range(SIZE.nodes) if free[:, node].any() and room[node]
        ]
        for option in order.options:
            node, delay = names.nodes.index(option.node), option.ship_day - order.day
            for line in order.lines:
                product = names.products.index(line.product)
                cell = (case.world.products.weight_class_idx[product], speed, delay, node, zone)
                assert option.unit_cost[line.product] == option.package_cost({line.product: 1}) == outbound.cost[cell]
                assert option.delivery_days({line.product: 1}) == delay + outbound.transit_days[cell]
                slot = product * SIZE.nodes + node
                stock = case.state.stock.on_hand[slot] - case.state.stock.owed[slot]
                assert option.free[line.product] == (max(stock, 0) if outbound.cost[cell] < inf else 0)
                values = case.world.values
                above_least = values.unit_value[1, slot] - values.base_value[1, product]
                assert option.unit_value[line.product] == above_least


def test_parcels_of_one_package_are_put_together_and_sorted(case):
    order = {}

    def answer(orders):
        parcel, first, _ = some_parcel(orders)
        order["place"] = first.number - 1
        later = next(o for o in orders if o.number > first.number and o.options and o.options[0].node != parcel.node)
        product = next(product for product, units in later.options[0].free.items() if units)
        yield Parcel(later.number, later.options[0].node, product, 1)
        yield parcel

    status, asking = asked(case, Answering(answer))
    assert status == GO_ON, asking.failure
    rows = parcels_of(case.state.batch)
    assert [row.order for row in rows] == sorted(row.order for row in rows)
    assert rows[0].order == order["place"]


def test_orders_are_counted_on_and_a_policy_remembers_its_own_replication(case):
    class Counting:
        name, batch_minutes, numbers = "counting", 60, ()

        def assign(self, orders):
            self.numbers = (*self.numbers, *(order.number for order in orders))
            if len(self.numbers) > 20:
                raise ValueError(self.numbers[0], self.numbers[-1])
            return []

    policy = Counting()
    asking = Asking(policy, case.compiled, case.world, case.state)
    assert asking() == GO_ON
    case.state.order_number[0] = 12
    assert asking() == FAILED
    assert "ValueError: (1, 24)" in str(asking.failure)
    assert policy.numbers == ()


def test_no_room_for_so_many_parcels(case):
    tight = case.state.batch._replace(parcel_order=np.zeros(1, dtype=np.int64))
    assert asked(case._replace(state=case.state._replace(batch=tight)), Priced())[0] == NO_ROOM_FOR_PARCELS


def test_kernels_understand_what_they_are_told():
    from meio.simulation import outside_kernels

    assert (GO_ON, FAILED) == (outside_kernels.GO_ON, outside_kernels.STOP)


def test_what_interrupts_a_policy_is_kept(case):
    def interrupted(_):
        raise KeyboardInterrupt

    status, asking = asked(case, Answering(interrupted))
    assert status == FAILED
    assert isinstance(asking.failure, KeyboardInterrupt)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"node": "centr 0"}, "found node 'centr 0', expected a name of the scenario; did you mean 'centre 0'?"),
        ({"node": 3}, "found node 3, expected one of centre 0, site 0"),
        ({"product": "cheese"}, "found product 'cheese', expected one of product"),
        ({"units": -2}, "found units -2, expected a whole number from 1 on"),
        ({"units": 0}, "found units 0, expected a whole number from 1 on"),
        ({"units": 1.0}, "found units 1.0, expected a whole number from 1 on"),
        ({"units": True}, "found units True, expected a whole number from 1 on"),
        ({"units": 99}, "ordered that are still unassigned"),
        ({"ship_day": 1.5}, "found ship_day 1.5, expected a whole number of a day, or None for the earliest"),
        ({"ship_day": 4}, "found ship_day 4, in the past, expected "),
        ({"ship_day": 60}, "on day 60, expected a delivery within the promise of speed"),
    ],
)
def test_misbehaviour_is_refused_with_the_order_and_what_was_expected(case, changes, expected):
    def answer(orders):
        yield some_parcel(orders, **changes)[0]

    case.world.nodes.ship_delay_days[:, :, 0] = 0  # every node ships every day
    message = refusal(case, answer)
    order = []
    asked(case, Answering(lambda orders: order.append(some_parcel(orders)[1]) or ()))
    where = f"order {order[0].number} (placed {order[0].placed}, zone {order[0].zone}, speed {order[0].speed})"
    assert message.startswith(f"policy test, {where}: found ")
    assert expected in message
    assert "Parcel(order=" in message


def test_unknown_orders_and_things_that_are_no_parcels(case):
    assert "found ('a',), expected a Parcel" in refusal(case, lambda _: [("a",)])
    assert "found None, expected an iterable of parcels from assign" in refusal(case, lambda _: None)
    message = refusal(case, lambda orders: [some_parcel(orders, order=99)[0]])
    assert message.startswith("policy test, orders 1 to 12 (placed 2026-01-10T")
    assert "found a parcel of order 99; Parcel(order=99" in message


def test_too_much_is_refused_across_orders(case):
    def greedy(orders):
        """Take a node's free units once for each order that may have them."""
        for order in orders:
            for option in order.options:
                for product, units in option.offer(order.wanted).items():
                    if option.node == orders[0].options[0].node:
                        yield Parcel(order.number, option.node, product, units)

    case.state.stock.on_hand[:], case.state.stock.owed[:] = 1, 0
    case.state.used.outbound[:] = 0
    assert "has free; Parcel" in refusal(case, greedy)
    case.state.stock.on_hand[:] = 1000
    case.world.capacity.outbound[:] = 5.5
    assert "can still ship on day" in refusal(case, greedy)


def test_ship_dates_before_the_earliest_or_on_a_day_off_are_refused(case):
    earliest = case.batch.ship_day
    late = np.flatnonzero((earliest > 5).any(axis=1))
    assert len(late)

    def answer(orders, day):
        for order in orders:
            for option in order.options:
                if option.ship_day > order.day:
                    product = next(product for product, units in option.free.items() if units)
                    return [Parcel(order.number, option.node, product, 1, day(option))]
        raise AssertionError

    message = refusal(case, lambda orders: answer(orders, lambda option: option.ship_day - 1))
    assert "or later: the order came on day 5" in message
    case.world.nodes.ship_delay_days[:, :, 0] = 1
    assert "a day on which" in refusal(case, lambda orders: answer(orders, lambda option: option.ship_day))


def test_an_exception_names_the_line_in_the_users_file(case):
    def answer(orders):
        some_parcel(orders)[2].package_cost({"cheese": 1})

    message = refusal(case, answer)
    assert "KeyError: 'cheese', at " in message
    line = answer.__code__.co_firstlineno + 1
    assert f"{__file__}:{line} in answer" in message


def test_what_an_object_lacks_to_be_a_policy():
    policy = Priced()
    assert check_policy(policy, "mine") is policy
    with pytest.raises(PolicyError, match=r"^mine is no policy: it lacks a name .found None, .*, and a method assign"):
        check_policy(object(), "mine")
    policy.batch_minutes = 1441
    with pytest.raises(PolicyError, match=r"lacks batch_minutes .found 1441, expected a whole number from 0 to 1440.$"):
        check_policy(policy, "mine")
