"""Policies of the user's in whole simulations: a twin of a built-in one, memory, and misbehaviour."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from priced_twin import Priced
from random_networks import Size, random_network, random_plan

from meio.network.compiled import RecordedOrders
from meio.simulation.engine import simulate
from meio.simulation.policies import Parcel, PolicyError

SIZE = Size(products=4, centres=1, serving=4, weight_classes=3)
TABLES = ("cost", "service", "use", "nodes", "network", "inventory")


class Twin(Priced):
    name, batch_minutes = "priced", 0


class Remembering:
    """Sends every order of one unit to a node that depends on all it saw before on its path."""

    name, batch_minutes = "remembering", 45

    def __init__(self):
        self.seen = 0

    def assign(self, orders):
        given = set()
        for order in orders:
            self.seen += order.number
            product = order.lines[0].product
            options = [
                option for option in order.options if option.free[product] and (option.node, product) not in given
            ]
            options = [option for option in options if option.room >= len(orders)]
            if options:
                option = options[self.seen % len(options)]
                given.add((option.node, product))
                yield Parcel(order.number, option.node, product, 1)


class FailingLater:
    """As the twin until the sixth day."""

    name, batch_minutes = "failing", 0

    def assign(self, orders):
        if orders[0].day == 5:
            raise RuntimeError("enough")
        return Twin().assign(orders)


def network(seed, baskets=(1.0,), recorded=None):
    compiled = random_network(seed, SIZE)
    conditions = compiled.conditions._replace(basket_share=np.array(baskets) / sum(baskets))
    if recorded is not None:
        conditions = conditions._replace(recorded=recorded)
    return compiled._replace(conditions=conditions), random_plan(compiled, seed)


def random_orders(seed, num_orders=150):
    rng = np.random.default_rng(seed)
    lines = rng.integers(1, SIZE.products + 1, num_orders)
    return RecordedOrders(
        given=True,
        minute=np.sort(1440.0 * rng.uniform(-SIZE.warm_up_days, SIZE.periods * SIZE.period_days, num_orders)),
        class_idx=rng.integers(0, SIZE.zones * SIZE.speeds, num_orders),
        line_ptr=np.concatenate([[0], np.cumsum(lines)]),
        product_idx=np.concatenate([rng.choice(SIZE.products, number, replace=False) for number in lines]),
        units=rng.integers(1, 5, lines.sum()),
    )


def assert_same(one, other):
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table), check_exact=True)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("baskets", [(1.0,), (0.4, 0.2, 0.2, 0.1, 0.1)])
def test_a_twin_in_python_gives_exactly_the_same_result(seed, baskets):
    given = network(seed, baskets)
    built_in = simulate(*given, replications=2, seed=seed, policy="priced")
    assert_same(built_in, simulate(*given, replications=2, seed=seed, policy=Twin()))


@pytest.mark.parametrize("seed", range(6))
def test_a_twin_assigns_recorded_orders_alike(seed):
    given = network(seed, recorded=random_orders(seed))
    built_in = simulate(*given, replications=2, seed=seed, policy="priced")
    assert_same(built_in, simulate(*given, replications=2, seed=seed, policy=Twin()))


def test_a_policy_that_remembers_gives_the_same_on_any_number_of_threads():
    policy = Remembering()
    one, two = (simulate(*network(4), replications=4, seed=2, policy=policy, workers=number) for number in (1, 2))
    assert_same(one, two)
    assert policy.seen == 0
    assert one.service["filled"].sum() > 100


def test_what_was_simulated_before_a_failure_is_kept():
    compiled, plan = network(3)
    with pytest.raises(
        PolicyError, match=r"^policy failing, order \d+ \(placed 2026-01-10.*: RuntimeError: enough, at "
    ) as caught:
        simulate(compiled, plan, replications=3, seed=1, policy=FailingLater())
    kept = caught.value.result
    assert kept.stopped == str(caught.value)
    whole = simulate(compiled, plan, replications=3, seed=1, policy="priced")
    assert (kept.policy, kept.replications, kept.units_lost) == ("failing", 1, 0)
    assert 0 < kept.service["demand"].sum() < whole.service.query("replication == 1")["demand"].sum()
    assert 0 <= kept.days < whole.days
    assert 0 < kept.cost["outbound"][0] < whole.cost["outbound"][0]
