"""What holds for every simulation: repeatable, comparable, within capacity, and right where the answer is known."""

import numpy as np
import pandas as pd
import pytest
from random_networks import Size, random_network, random_plan
from scipy import stats

from meio.network.compiled import BACKORDERED, DETERMINISTIC, GAMMA_LEAD_TIME, LOST, POISSON
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.build import build_world
from meio.simulation.clock_kernels import day_of
from meio.simulation.empty_state import new_state
from meio.simulation.engine import simulate
from meio.simulation.engine_kernels import COMPLETE, NO_ROOM, close_replication, open_replication, run_days
from meio.simulation.replication import Assignment, Setting, run_path

TABLES = ("cost", "service", "use", "nodes", "network", "inventory")
SIZE = Size(products=6, centres=2, serving=4, warm_up_days=4)


@pytest.fixture(scope="module")
def network():
    compiled = random_network(21, SIZE)
    return compiled, random_plan(compiled, 3)


@pytest.fixture(scope="module")
def result(network):
    return simulate(*network, replications=5, seed=8, policy="priced", workers=1)


def test_same_seed_same_result_on_any_number_of_threads(network, result):
    again = simulate(*network, replications=5, seed=8, workers=2)
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(result, table), getattr(again, table), check_exact=True)


def test_another_seed_is_another_result(network, result):
    other = simulate(*network, replications=5, seed=9)
    assert (other.cost["total"] != result.cost["total"]).all()


def test_replications_do_not_depend_on_their_number(network, result):
    fewer = simulate(*network, replications=2, seed=8)
    pd.testing.assert_frame_equal(fewer.cost, result.cost.head(2), check_exact=True)


def test_demand_does_not_change_with_the_plan_or_the_policy(network, result):
    compiled, _ = network
    other = simulate(compiled, random_plan(compiled, 99, cover_days=1.0), replications=5, seed=8, policy="nearest")
    assert other.service["demand"].tolist() == result.service["demand"].tolist()
    assert other.cost["unavoidable"].tolist() == pytest.approx(result.cost["unavoidable"].tolist(), rel=1e-12)
    assert other.cost["total"].tolist() != result.cost["total"].tolist()


def test_progress_counts_the_replications(network):
    seen = []
    simulate(*network, replications=3, seed=1, progress=seen.append)
    assert seen == [1, 2, 3]


@pytest.mark.parametrize("day", [-400, -1, 0, 1, 7, 12_345, 10**6])
def test_a_minute_lies_in_the_day_of_its_quotient_rounded_down(day):
    midnight = float(day * MINUTES_PER_DAY)
    for minute in (midnight, np.nextafter(midnight, -np.inf), np.nextafter(midnight, np.inf), midnight + 1439.9):
        assert day_of(minute) == minute // MINUTES_PER_DAY


def test_lists_without_room_are_noticed_and_more_room_changes_nothing(network):
    compiled, plan = network
    world = build_world(compiled, plan)
    crammed, roomy = new_state(world, 3), new_state(world, 100_000)
    open_replication(world, roomy, 8, 0)
    open_replication(world, crammed, 8, 0)
    assert run_days(world, crammed, 1, 0, world.clock.end_day, False)[0] == NO_ROOM
    assert run_days(world, roomy, 1, 0, world.clock.end_day, False)[0] == COMPLETE
    close_replication(world, roomy)
    state = run_path(Setting(compiled, world, Assignment("priced", 1), seed=8), 0).state
    assert len(state.transit.slot) < 100_000
    assert roomy.tally.money.tolist() == state.tally.money.tolist()


@pytest.mark.parametrize("seed", range(6))
def test_capacity_holds_every_day(seed):
    """Constant capacities: a falling one may leave what is stored above it."""
    compiled = random_network(seed, SIZE._replace(periods=1, period_days=20, daily_mean=6.0))
    use = simulate(compiled, random_plan(compiled, seed, cover_days=10), replications=3, seed=seed).use
    limited = use[np.isfinite(use["capacity"])]
    assert (limited["max"] <= limited["capacity"] + 1e-6).all()
    assert (limited["max"] > 0.9 * limited["capacity"]).any()


def single_node(lead_time_days, kind=DETERMINISTIC, unserved=LOST, daily_mean=5.0, crossover=False):
    """One vendor, one node, one product and class, Poisson demand, no limit, review every midnight."""
    size = Size(products=1, centres=0, serving=1, vendors=1, zones=1, speeds=1, types=1, weight_classes=1)
    size = size._replace(periods=1, period_days=400, warm_up_days=20, daily_mean=daily_mean)
    compiled = random_network(0, size, tight=False)
    demand = compiled.demand
    one = np.ones((1, 1))
    return compiled._replace(
        nodes=compiled.nodes._replace(
            ship_delay_days=np.zeros((1, 7, 2), dtype=np.int64),
            holding_per_unit_day=np.array([1.0]),
            holding_per_m3_day=np.zeros(1),
            holding_of_unit_cost_per_day=np.zeros(1),
        ),
        lanes=compiled.lanes._replace(
            lead_time_kind=np.array([kind]),
            lead_time_mean_days=np.array([lead_time_days]),
            lead_time_sd_days=np.array([0.6 * lead_time_days]),
            review_every_days=np.array([1]),
            review_offset_days=np.array([0]),
            minimum_order=np.array([1]),
            pack=np.array([1]),
            crossover=np.array([crossover]),
        ),
        products=compiled.products._replace(supply_minimum_order=np.array([1]), supply_pack=np.array([1])),
        outbound=compiled.outbound._replace(
            cost=np.full((1, 1, 2, 1, 1), 4.0),
            transit_days=np.ones((1, 1, 2, 1, 1)),
            promise_days=np.array([1.0]),
            unserved=np.array([unserved]),
        ),
        penalties=compiled.penalties._replace(lost=7 * one, backordered_per_day=3 * one),
        demand=demand._replace(
            product_ptr=np.array([0, 1]),
            stream_kind=np.array([POISSON]),
            daily_mean=daily_mean * one,
            daily_variance=daily_mean * one,
            mix_idx=np.array([0]),
            mix_ptr=np.array([0, 1]),
            mix_class_idx=np.array([0]),
            mix_share=np.array([1.0]),
            table_ptr=np.array([0, 0]),
        ),
        stock=compiled.stock._replace(
            given=False,
            order_product_idx=np.array([], dtype=np.int64),
            order_lane_idx=np.array([], dtype=np.int64),
            order_units=np.array([], dtype=np.int64),
            order_arrives_day=np.array([]),
        ),
    )


def order_up_to(compiled, level):
    plan = random_plan(compiled, 0)
    lane_idx, targets = np.zeros_like(plan.lane_idx), np.full_like(plan.targets, level)
    return type(plan)(**{**vars(plan), "lane_idx": lane_idx, "targets": targets})


def assert_near(values, expected):
    """The mean of a sample of replications is within four standard errors."""
    assert abs(np.mean(values) - expected) < 4 * stats.sem(values)


def test_lost_sales_without_lead_time_are_the_newsvendor_s():
    compiled, level = single_node(0.0), 6
    result = simulate(compiled, order_up_to(compiled, level), replications=20, seed=3)
    demand = stats.poisson(5.0)
    units = np.arange(60)
    lost = (np.maximum(units - level, 0) * demand.pmf(units)).sum()
    left = (np.maximum(level - units, 0) * demand.pmf(units)).sum()
    assert_near(result.service["lost"] / result.days, lost)
    assert_near(result.cost["lost"] / result.days, 7 * lost)
    assert_near(result.cost["holding"] / result.days, left)
    assert_near(result.cost["outbound"] / result.days, 4 * (5.0 - lost))
    assert result.nodes["on_hand_mean"].item() == pytest.approx(result.cost["holding"].mean() / result.days)


def test_backorders_of_a_base_stock_system_with_a_lead_time():
    """Net stock at a day's close is the level minus the demand of lead time + 1 days."""
    compiled, level = single_node(2.0, unserved=BACKORDERED), 17
    result = simulate(compiled, order_up_to(compiled, level), replications=20, seed=4)
    demand, units = stats.poisson(15.0), np.arange(100)
    assert_near(result.cost["holding"] / result.days, (np.maximum(level - units, 0) * demand.pmf(units)).sum())
    assert_near(result.cost["backorder"] / result.days, 3 * (np.maximum(units - level, 0) * demand.pmf(units)).sum())
    assert not result.service["lost"].any()


def test_mean_pipeline_is_demand_times_lead_time():
    """As in a queue with infinitely many servers: orders of a day are on the way with the lead time's survival."""
    compiled, level = single_node(3.5, kind=GAMMA_LEAD_TIME, crossover=True), 200
    result = simulate(compiled, order_up_to(compiled, level), replications=20, seed=5)
    lead_time = stats.gamma(1 / 0.6**2, scale=3.5 * 0.6**2)
    on_the_way = 5.0 * lead_time.sf(np.arange(1, 200)).sum()
    per_replication = result.cost["holding"] / result.days  # one per unit on hand
    assert_near(per_replication, level - 5.0 - on_the_way)
    assert not result.service["lost"].any()


def test_orders_do_not_overtake_unless_they_may():
    """With the same lead times, waiting for the one before keeps more on the way."""
    held = [
        simulate(compiled, order_up_to(compiled, 200), replications=5, seed=6).nodes["on_hand_mean"].item()
        for compiled in (single_node(3.5, kind=GAMMA_LEAD_TIME, crossover=crossover) for crossover in (False, True))
    ]
    assert held[0] < held[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"replications": 0}, "replications: found 0, expected at least 1"),
        ({"seed": -1}, "seed: found -1, expected 0 to 2⁶³ − 1"),
    ],
)
def test_numbers_out_of_range_are_refused(network, arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate(*network, **{"replications": 5, "seed": 8, **arguments})


def test_a_plan_of_another_network_is_refused(network):
    compiled, _ = network
    other = random_network(1, SIZE._replace(products=2))
    with pytest.raises(ValueError, match=r"plan plan 1: targets has shape \(2, 6, 3\), the scenario needs \(6, 6, 3\)"):
        simulate(compiled, random_plan(other, 1), replications=1, seed=1)


def test_a_vendor_that_does_not_sell_the_product_is_refused(network):
    compiled, _ = network
    plan = random_plan(compiled, 3)
    products = compiled.products
    for name in ("supply_vendor_idx", "supply_unit_cost", "supply_minimum_order", "supply_pack"):
        products = products._replace(**{name: getattr(products, name)[2:]})  # nobody sells the first product
    products = products._replace(supply_ptr=np.maximum(products.supply_ptr - 2, 0))
    with pytest.raises(ValueError, match=r"the plan orders product 0 from vendor \d, which does not sell it"):
        simulate(compiled._replace(products=products), plan, replications=1, seed=1)
