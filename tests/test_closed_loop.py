"""The closed loop: what the planner is told at a midnight, and what its replans are worth."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_cases import COASTS, demand_of, planning_scenario
from random_networks import Size, random_network, random_plan
from toy import TABLES, toy_scenario

from meio.closed_loop.levels import SPREAD, Expected, expected_until, levels, scaled
from meio.closed_loop.loop import replan_days, simulate_closed_loop
from meio.closed_loop.periods import from_period, without_first
from meio.closed_loop.remaining import remaining
from meio.closed_loop.replanner import Loop, Replanner
from meio.closed_loop.stock import stock_at
from meio.network.changes import Changes, changed
from meio.network.compile import compile_scenario
from meio.network.problems import ScenarioError
from meio.optimizer.planner import plan
from meio.simulation.build import build_world
from meio.simulation.engine import simulate
from meio.simulation.replication import Assignment, Setting, run_replication
from meio.simulation.statistics import paired_saving

NAMES = [f"p{index}" for index in range(8)]


def _coasts(factor=1.0, **fields):
    """Two sites on two coasts, six weeks, lost sales."""
    rows = [(name, zone, factor * (6.0 + index)) for index, name in enumerate(NAMES) for zone in ("seattle", "boston")]
    lanes = [
        {"from": "vendor", "to": site, "lead_time": {"mean": 3.0}, "review": {"every": 7.0}}
        for site in ("west", "east")
    ]
    given = {"periods": 6, "period_days": 7, "lanes": lanes, "planning": {"refinement_rounds": 0}, **fields}
    return planning_scenario(demand_of(rows), COASTS, **given)


@pytest.fixture(scope="module")
def coasts():
    scenario = _coasts()
    compiled = compile_scenario(scenario)
    return scenario, compiled, plan(compiled, scenario.file.planning)


def _loop_over(compiled, first, plan_anew, note=lambda _: None):
    """One replication of random demand whose plan is changed by hand."""
    loop = Loop(compiled, compiled, first, "priced", plan_anew, note)
    return _one_replication(compiled, first, replan_days("1", compiled), partial(Replanner, loop))


def _one_replication(compiled, first, days, new_adapt):
    from meio.simulation.assignment_kernels import PRICED

    setting = Setting(compiled, build_world(compiled, first), Assignment("priced", PRICED), 4, False, days, new_adapt)
    return run_replication(setting, 0)


def test_a_replan_that_changes_nothing_changes_no_bit(coasts):
    scenario, compiled, first = coasts
    loop = simulate_closed_loop(scenario, first, replications=3, seed=5, plan_anew=lambda _, former: former)
    static = simulate(compiled, first, replications=3, seed=5)
    for table in ("cost", "service", "use", "nodes", "network", "inventory"):
        pd.testing.assert_frame_equal(getattr(loop.result, table), getattr(static, table), check_exact=True)
    assert loop.replans["targets_moved"].tolist() == [0.0] * 15


@pytest.mark.parametrize("policy", ["nearest", "reserve", "batch"])
def test_replans_under_other_policies(policy):
    scenario = toy_scenario()
    compiled = compile_scenario(scenario)
    first = random_plan(compiled, 1)
    seen = []

    def anew(left, former):
        seen.append(left)
        return former

    loop = simulate_closed_loop(scenario, first, policy=policy, replications=2, plan_anew=anew)
    static = simulate(compiled, first, replications=2, seed=0, policy=policy)
    assert len(seen) == 6
    assert loop.result.units_lost == 0
    if policy != "reserve":  # it protects for the demand by now expected
        pd.testing.assert_frame_equal(loop.result.cost, static.cost, check_exact=True)


@pytest.mark.parametrize("seed", range(4))
def test_lanes_and_targets_that_change_on_the_way_lose_no_unit(seed):
    compiled = random_network(seed, Size(products=5, centres=2, serving=4, warm_up_days=3))
    seen = []

    def anew(left, former):
        if seen:  # the last plan, a period later
            np.testing.assert_array_equal(former.lane_idx, seen[-1].lane_idx)
            np.testing.assert_array_equal(former.targets, seen[-1].targets[:, :, 1:])
        seen.append(random_plan(left, 100 * seed + left.num_periods))
        return seen[-1]

    outcome = _loop_over(compiled, random_plan(compiled, seed), anew)
    assert outcome.units_lost == 0  # an imbalance raises besides
    assert len(seen) == compiled.num_periods - 1
    assert any((a.lane_idx != b.lane_idx).any() for a, b in pairwise(seen))


def test_a_new_plan_leaves_the_past_as_it_was(coasts):
    _, _, first = coasts
    new = without_first(first, 2)
    new = replace(new, targets=new.targets + 1.0, unit_value=new.unit_value + 2.0, lane_idx=new.lane_idx[:, ::-1])
    joined = from_period(2, first, new)
    np.testing.assert_array_equal(joined.targets - first.targets, np.broadcast_to([0, 0, 1, 1, 1, 1], (8, 2, 6)))
    assert joined.unit_value - first.unit_value == pytest.approx(np.broadcast_to([0, 0, 2, 2, 2, 2], (8, 2, 6)))
    np.testing.assert_array_equal(joined.lane_idx, new.lane_idx)
    assert joined.prices.storage.shape == first.prices.storage.shape


def test_a_day_is_planned_once_however_often_it_is_run(coasts):
    _, compiled, first = coasts
    calls = []

    def anew(left, former):
        calls.append(left.num_periods)
        return former

    replanner = Replanner(Loop(compiled, compiled, first, "priced", anew, lambda _: None), 0)
    worlds = []

    def adapt(state, before, day):
        worlds.append(replanner(state, before, day))
        return worlds[-1]

    for _ in range(2):
        _one_replication(compiled, first, (7, 14), lambda _: adapt)
    assert calls == [5, 4]
    assert worlds[0] is worlds[2]
    assert worlds[1] is worlds[3]


@given(
    st.lists(st.tuples(st.integers(0, 400), st.floats(0.5, 300.0), st.floats(0.5, 5.0)), min_size=1, max_size=6),
)
@settings(max_examples=50)
def test_levels_are_the_best_linear_estimate(products):
    observed, mean, dispersion = (np.array(column) for column in zip(*products, strict=True))
    found = levels(observed, Expected(mean, mean * dispersion))
    prior = SPREAD**2 * (np.eye(len(mean)) + np.ones((len(mean), len(mean))))
    noise = np.diag(dispersion / mean)
    expected = 1.0 + prior @ np.linalg.solve(prior + noise, observed / mean - 1.0)
    assert found == pytest.approx(expected, rel=1e-9)


def test_a_poisson_product_among_known_ones_has_the_gamma_posterior_mean():
    known = 10**7  # products that together fix the common level at 1
    observed, mean = np.array([30, known]), np.array([20.0, known])
    found = levels(observed, Expected(mean, np.array([20.0, 1e-9])))
    common = (1.0 + 20 / 45 * 1.5 + 1.0) / (1.0 + 20 / 45 + 1.0)
    assert found[0] == pytest.approx((25 * common + 30) / (25 + 20))


def test_a_product_without_a_forecast_takes_the_common_level():
    assert levels(np.array([0, 60]), Expected(np.array([0.0, 40.0]), np.array([0.0, 40.0])))[0] > 1.0


@pytest.mark.parametrize("distribution", ["poisson", "negative_binomial", "normal", "gamma", "empirical", "quantiles"])
def test_demand_at_another_level_is_that_of_a_scaled_scenario(distribution):
    columns = {
        "negative_binomial": ["mean", "dispersion"],
        "normal": ["mean", "sd"],
        "gamma": ["mean", "sd"],
        "empirical": ["value", "probability"],
        "quantiles": ["probability", "value"],
    }.get(distribution, ["mean"])
    points = [(4.0, 0.25), (9.0, 0.75)] if distribution == "empirical" else [(0.1, 4.0), (0.9, 9.0)]
    rows = [(name, "seattle", *(point[: len(columns)])) for name in ("a", "b") for point in points]
    if distribution not in ("empirical", "quantiles"):
        rows = [("a", "seattle", *(8.0, 2.0)[: len(columns)]), ("b", "seattle", *(5.0, 3.0)[: len(columns)])]
    scenario = planning_scenario(demand_of(rows, columns), COASTS, distribution=distribution, periods=3)
    expected = compile_scenario(changed(scenario, Changes(demand_scale={"a": 1.5, "b": 0.5}))).demand
    found = scaled(compile_scenario(scenario).demand, np.array([1.5, 0.5]))
    for name, part in expected._asdict().items():
        assert getattr(found, name) == pytest.approx(part), name


def test_what_is_left_is_the_scenario_written_for_the_later_weeks():
    both = {"mug": 70.0, "book": 21.0, "kettle": 7.0, "sofa": 3.5}
    later = pd.DataFrame(
        [(name, "*", mean, 1.0) for name, mean in both.items()]
        + [("mug", "1", 140.0, 1.5), ("kettle", "1", 14.0, 2.0)],
        columns=TABLES["product_demand"].columns,
    )
    whole = later.assign(period=later["period"].replace("1", "3"))
    nodes = {"north": {"storage_m3": {"bulky": [24.0, 20.0]}}, "south": {"outbound_units_per_day": [100.0, 80.0]}}
    expected = compile_scenario(
        toy_scenario({"product_demand": later}, horizon={"start": "2026-01-19", "periods": 2}, nodes=nodes)
    )
    full = compile_scenario(toy_scenario({"product_demand": whole}, horizon={"warm_up_days": 9}))
    found = remaining(full, 2, full.stock)
    for part, name in ((expected, "start"), (expected, "first_weekday"), (expected, "num_periods")):
        assert getattr(found, name) == getattr(part, name)
    assert found.warm_up_days == 0
    for name in ("nodes", "lanes", "demand", "outbound", "products"):
        for field, part in getattr(expected, name)._asdict().items():
            np.testing.assert_array_equal(getattr(getattr(found, name), field), part, err_msg=f"{name}.{field}")


def test_reviews_stay_on_their_days():
    lanes = [{"from": "vendor", "to": "west", "review": {"every": 7.0, "offset": 2.0}, "lead_time": {"mean": 1.0}}]
    rows = [("a", "seattle", 4.0)]
    small = planning_scenario(demand_of(rows), {("west", "seattle"): 1.0}, lanes=lanes, periods=4, period_days=5)
    compiled = compile_scenario(small)
    assert remaining(compiled, 3, compiled.stock).first_weekday == 1
    left = remaining(compiled, 3, compiled.stock).lanes
    days = np.arange(15, 60)
    reviewed = (days - 2) % 7 == 0
    assert (((days - 15) - left.review_offset_days[0]) % 7 == 0).tolist() == reviewed.tolist()


@pytest.mark.parametrize("distribution", ["empirical", "quantiles"])
def test_points_of_later_periods_are_kept(distribution):
    rows = [
        (name, "seattle", value + period, probability, period)
        for name in ("a", "b")
        for period in (1, 2, 3)
        for value, probability in ((2.0, 0.2), (5.0, 0.3 if distribution == "empirical" else 0.8))[: 1 + period % 2 + 1]
    ]
    demand = pd.DataFrame(rows, columns=["product", "zone", "value", "probability", "period"])
    later = demand[demand["period"] > 1].assign(period=lambda rows: rows["period"] - 1)
    full, expected = (
        compile_scenario(planning_scenario(table, COASTS, distribution=distribution, periods=periods))
        for table, periods in ((demand, 3), (later, 2))
    )
    for name, part in expected.demand._asdict().items():
        np.testing.assert_array_equal(getattr(remaining(full, 1, full.stock).demand, name), part, err_msg=name)


def test_the_forecast_of_the_days_seen_counts_the_warm_up_as_first_period():
    scenario = _coasts(horizon={"start": "2026-01-05", "periods": 6, "period_days": 7, "warm_up_days": 10})
    compiled = compile_scenario(scenario)
    assert expected_until(compiled, 14).mean == pytest.approx([2 * (6.0 + index) / 7 * 24 for index in range(8)])


def _scarce_lanes():
    """Orders that wait at the vendor for room on their lane."""
    lanes = [
        {"from": "vendor", "to": site, "lead_time": {"mean": 3.0}, "capacity_units_per_day": 4.0}
        for site in ("west", "east")
    ]
    return compile_scenario(_coasts(lanes=lanes))


@pytest.mark.parametrize(
    "compiled", [random_network(3, Size(products=5, centres=2, serving=4, warm_up_days=3)), _scarce_lanes()]
)
def test_the_planner_is_told_every_unit(compiled):
    compared, waiting = [], []

    def adapt(state, world, day):
        found = stock_at(state, world, day)
        slots, orders = len(state.stock.on_hand), state.orders
        size = int(orders.size[0])
        at_nodes = orders.slot[:size] >= 0
        upstream = np.bincount(orders.detail[:size, 0][at_nodes], orders.units[:size][at_nodes], slots)
        owed = np.bincount(orders.slot[:size][at_nodes], orders.units[:size][at_nodes], slots)
        slot = found.order_product_idx * world.sizes.num_nodes + compiled.lanes.node_idx[found.order_lane_idx]
        on_order = np.bincount(slot, found.order_units, slots)
        free = state.stock.owed == 0  # elsewhere what is owed hides units on hand
        told = found.on_hand.ravel() + on_order
        known = state.stock.position + owed - upstream
        compared.append(int(free.sum()))
        waiting.append(
            np.bincount(orders.detail[:size, 0][~at_nodes], orders.units[:size][~at_nodes], slots)[free].sum()
        )
        assert told[free].tolist() == known[free].tolist()
        assert (found.order_arrives_day >= 0).all()
        return world

    first = random_plan(compiled, 3)
    _one_replication(compiled, first, replan_days("1", compiled), lambda _: adapt)
    assert min(compared) > 0
    assert max(waiting) > 0 or (compiled.lanes.capacity_units_per_day > 4.0).any()


def test_the_loop_catches_up_with_demand_above_its_forecast(coasts):
    scenario, _, first = coasts
    truth = _coasts(1.4)
    loop = simulate_closed_loop(truth, first, forecast=scenario, replications=8, seed=2)
    static = simulate(compile_scenario(truth), first, replications=8, seed=2)
    mean, low, _ = paired_saving(static, loop.result, "total")
    assert low > 0.0
    assert mean > 0.02 * static.cost["total"].mean()
    level = loop.replans.groupby("period")["demand_level"].mean()
    assert level[6] == pytest.approx(1.4, abs=0.06)


def test_the_loop_changes_little_when_the_forecast_is_right(coasts):
    scenario, compiled, first = coasts
    loop = simulate_closed_loop(scenario, first, replications=8, seed=2)
    static = simulate(compiled, first, replications=8, seed=2)
    assert loop.result.cost["total"].mean() == pytest.approx(static.cost["total"].mean(), rel=0.02)


def test_a_loop_does_not_depend_on_the_number_of_threads(coasts):
    scenario, _, first = coasts
    one, two = (
        simulate_closed_loop(_coasts(1.2), first, forecast=scenario, replications=3, seed=7, workers=workers)
        for workers in (1, 2)
    )
    pd.testing.assert_frame_equal(one.result.cost, two.result.cost, check_exact=True)
    told = ["replication", "period", "demand_level", "targets_moved"]
    pd.testing.assert_frame_equal(one.replans[told], two.replans[told], check_exact=True)


def test_progress_counts_replans_and_replications(coasts):
    scenario, _, first = coasts
    seen = []
    simulate_closed_loop(
        scenario, first, replan="2", replications=2, plan_anew=lambda _, former: former, progress=seen.append
    )
    assert seen == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("replan", "period_days", "days"),
    [("weekly", 7, (7, 14, 21)), ("2", 7, (14,)), ("daily", 1, (1, 2, 3)), ("weekly", 1, ()), ("1", 10, (10, 20, 30))],
)
def test_when_to_replan(replan, period_days, days):
    assert replan_days(replan, compile_scenario(_coasts(periods=4, period_days=period_days))) == days


@pytest.mark.parametrize(("replan", "period_days"), [("weekly", 10), ("daily", 7), ("0", 7), ("monthly", 7), ("-1", 7)])
def test_what_is_no_whole_number_of_periods_is_refused(replan, period_days):
    with pytest.raises(ScenarioError, match=f"found '{replan}', expected .*periods, which have {period_days} days"):
        replan_days(replan, compile_scenario(_coasts(periods=4, period_days=period_days)))


def test_a_plan_for_another_network_is_refused(coasts):
    _, _, first = coasts
    with pytest.raises(ScenarioError, match="a plan for other nodes"):
        simulate_closed_loop(toy_scenario(), first, forecast=_coasts(), replications=2)
    with pytest.raises(ScenarioError, match="a plan for 6, expected 5"):
        simulate_closed_loop(_coasts(periods=5), first, forecast=_coasts(), replications=2)
