"""Orders of several units: baskets keep the demand, recorded orders replace it, packages cost what they weigh."""

import numpy as np
import pytest
from random_networks import Size, random_network, random_plan

from meio.network.compiled import LOST, RecordedOrders
from meio.simulation.build import build_world
from meio.simulation.demand_kernels import draw_day_orders
from meio.simulation.drawn import room_to_draw
from meio.simulation.engine import simulate
from meio.simulation.order_kernels import in_baskets
from meio.simulation.replication import Assignment, Setting, run_path
from meio.simulation.tally import PACKAGES, SHIPPED_UNITS

SIZE = Size(products=4, serving=3, period_days=10, daily_mean=12.0)
BASKETS = np.array([0.5, 0.2, 0.0, 0.3])


@pytest.fixture(scope="module")
def compiled():
    return random_network(5, SIZE)


def with_conditions(compiled, **changes):
    return compiled._replace(conditions=compiled.conditions._replace(**changes))


def recorded(orders):
    """Orders (minute, class, units by product) as arrays."""
    lines = [(product, units) for _, _, wanted in orders for product, units in enumerate(wanted) if units]
    return RecordedOrders(
        True,
        np.array([minute for minute, _, _ in orders], dtype=np.float64),
        np.array([order_class for _, order_class, _ in orders]),
        np.cumsum([0, *(sum(units > 0 for units in wanted) for _, _, wanted in orders)]),
        np.array([product for product, _ in lines]),
        np.array([units for _, units in lines]),
    )


def day_of(compiled, day=0):
    world, draws = build_world(compiled, random_plan(compiled, 0)), np.empty(2, dtype=np.uint64)
    keys = np.arange(1, 1 + len(compiled.demand.stream_kind), dtype=np.uint64)
    return world, draw_day_orders(world.demand, world.guides, world.clock, keys, draws, room_to_draw(0, 0), day)


def test_baskets_hold_the_units_of_a_day_and_nothing_else(compiled):
    world, units = day_of(with_conditions(compiled, basket_share=BASKETS))
    num_classes = SIZE.zones * SIZE.speeds
    baskets = in_baskets(units, world.orders.basket_end, num_classes, np.uint64(7), np.empty(2, dtype=np.uint64), 0)
    order_class = np.repeat(baskets.class_idx, np.diff(baskets.line_ptr))
    found = np.zeros((num_classes, SIZE.products), dtype=int)
    np.add.at(found, (order_class, baskets.product_idx), baskets.units)
    drawn = np.zeros_like(found)
    np.add.at(drawn, (units.class_idx, units.product_idx), 1)
    assert found.tolist() == drawn.tolist()
    assert (np.diff(baskets.minute) >= 0).all()
    assert set(baskets.minute) <= set(units.minute)
    lines = np.split(baskets.product_idx, baskets.line_ptr[1:-1])
    assert all(len(set(line)) == len(line) for line in lines)


def test_sizes_of_baskets_have_their_shares():
    busy = random_network(6, Size(products=2, zones=1, speeds=1, daily_mean=1000.0))
    world, units = day_of(with_conditions(busy, basket_share=BASKETS))
    baskets = in_baskets(units, world.orders.basket_end, 1, np.uint64(7), np.empty(2, dtype=np.uint64), 0)
    sizes = np.add.reduceat(baskets.units, baskets.line_ptr[:-1])[:-1]  # the last one is cut short by the night
    share = np.bincount(sizes, minlength=5)[1:] / len(sizes)
    assert share == pytest.approx(BASKETS, abs=4 * np.sqrt(0.25 / len(sizes)))
    assert share[2] == 0


def test_baskets_change_no_demand_and_need_fewer_packages(compiled):
    plan = random_plan(compiled, 3, cover_days=8)
    single = simulate(compiled, plan, replications=2, seed=3)
    several = simulate(with_conditions(compiled, basket_share=BASKETS), plan, replications=2, seed=3)
    assert single.service["demand"].tolist() == several.service["demand"].tolist()
    assert (several.network["orders"] < 0.8 * single.network["orders"]).all()
    assert (several.network["packages_per_order"] < 1.5).all()
    assert (several.network["packages"] < single.network["packages"]).all()


def test_shares_of_one_unit_are_single_orders(compiled):
    """Baskets of one unit go through the other half of the engine, to the same result."""
    plan = random_plan(compiled, 4)
    for seed, policy in enumerate(("nearest", "priced")):
        single = simulate(compiled, plan, replications=1, seed=seed, policy=policy)
        ones = with_conditions(compiled, basket_share=np.array([1.0, 0.0]))
        assert simulate(ones, plan, replications=1, seed=seed, policy=policy).cost.equals(single.cost)


def plain(compiled, transit=1.0, stock=5):
    """Two sites, one weight class up to 5 kg, no supply in time: what is on hand is all there is."""
    outbound = compiled.outbound
    cost = np.array([[4.0], [6.0]]) * np.ones(outbound.cost.shape)
    nodes, lanes, num_nodes = compiled.nodes, compiled.lanes, len(compiled.names.nodes)
    unlimited = np.full_like(nodes.outbound_units_per_day, np.inf)
    return compiled._replace(
        warm_up_days=0,
        products=compiled.products._replace(
            weight_kg=np.array([1.0, 2.0]), weight_class_idx=np.zeros(2, dtype=np.int64)
        ),
        nodes=nodes._replace(
            serves_customers=np.ones(num_nodes, dtype=bool),
            storage_m3=np.full_like(nodes.storage_m3, np.inf),
            inbound_units_per_day=unlimited,
            outbound_units_per_day=unlimited,
            ship_delay_days=np.repeat([[[0, 1]]], 7, axis=1) * np.ones((num_nodes, 1, 1), dtype=np.int64),
        ),
        lanes=lanes._replace(capacity_units_per_day=np.zeros_like(lanes.capacity_units_per_day)),
        outbound=outbound._replace(
            cost=cost,
            transit_days=np.full_like(outbound.transit_days, transit),
            unserved=np.full(1, LOST),
            weight_limit_kg=np.array([5.0]),
        ),
        stock=compiled.stock._replace(given=True, on_hand=np.full((2, num_nodes), stock), order_units=np.zeros(4, int)),
    )


@pytest.fixture(scope="module")
def two_sites():
    size = Size(products=2, centres=0, serving=2, zones=1, speeds=1, types=1, weight_classes=1, vendors=1, periods=1)
    return random_network(1, size)


def shipped_of(compiled, orders):
    """Units, packages and outbound cost by node when recorded orders meet the stock."""
    compiled = with_conditions(compiled, recorded=recorded(orders))
    plan = random_plan(compiled, 1)
    state = run_path(Setting(compiled, build_world(compiled, plan), Assignment("nearest", 0), seed=0), 0).state
    assert state.ledger.demand.tolist() == np.sum([wanted for _, _, wanted in orders], axis=0).tolist()
    shipped = state.tally.shipped[:, 0]
    return shipped[:, SHIPPED_UNITS].tolist(), shipped[:, PACKAGES].tolist(), state.tally.money[2]


def test_an_order_travels_whole_when_one_node_has_it(two_sites):
    assert shipped_of(plain(two_sites), [(600.0, 0, (2, 1))]) == ([3, 0], [1, 0], 4.0)


def test_a_heavy_order_travels_in_as_few_packages_as_can_be(two_sites):
    assert shipped_of(plain(two_sites), [(600.0, 0, (1, 4))]) == ([5, 0], [2, 0], 8.0)  # 9 kg, 5 kg a package


def test_an_order_that_nobody_has_whole_is_split(two_sites):
    # the near site ships 5 of 7 in a package of 5 kg, the other the rest
    assert shipped_of(plain(two_sites), [(600.0, 0, (7, 0))]) == ([5, 2], [1, 1], 10.0)


def test_what_nobody_has_is_lost(two_sites):
    compiled = plain(two_sites)
    units, packages, _ = shipped_of(compiled, [(600.0, 0, (12, 0)), (700.0, 0, (0, 1))])
    assert units == [6, 5]
    assert packages == [2, 1]


def test_recorded_orders_are_the_same_in_every_replication(compiled):
    trace = recorded([(-100.5, 1, (1, 0, 0, 0)), (30.0, 2, (2, 1, 0, 0)), (1440.0, 5, (0, 0, 3, 1))])
    result = simulate(
        with_conditions(compiled, recorded=trace), random_plan(compiled, 2), replications=3, seed=1, events=True
    )
    assert result.network["orders"].tolist() == [2, 2, 2]
    assert result.service.groupby("replication")["demand"].sum().tolist() == [7, 7, 7]
