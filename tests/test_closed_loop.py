"""The closed loop: what the planner is told at a midnight, and what its replans are worth."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from planning_cases import COASTS, demand_of, planning_scenario
from random_networks import Size, random_network, random_plan
from toy import toy_scenario

from meio.closed_loop.levels import expected_until
from meio.closed_loop.loop import replan_days, simulate_closed_loop
from meio.closed_loop.periods import from_period, without_first
from meio.closed_loop.replanner import Loop, Replanner
from meio.closed_loop.stock import stock_at
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
