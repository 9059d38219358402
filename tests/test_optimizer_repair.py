"""Paths that stock can follow, and repair along them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning_cases import demand_of, evaluator, hub_and_coasts, planning_case, two_coasts
from scipy.optimize import isotonic_regression

from meio.network.compiled import CompiledScenario
from meio.optimizer.evaluation import Evaluation, Evaluator
from meio.optimizer.paths import left_over, levelled, lowered_before, taken_units
from meio.optimizer.planner import plan
from meio.optimizer.prices import no_prices, violation
from meio.optimizer.repair import TOLERANCE, repaired


@given(st.integers(0, 10_000))
def test_levelling_out_is_an_isotonic_regression(seed: int) -> None:
    random = np.random.default_rng(seed)
    level = random.integers(20, 60, (1, 1, 8)).astype(float)
    taken = np.cumsum(random.uniform(0.0, 4.0, 8))[None, None]
    expected = isotonic_regression((level + taken)[0, 0]).x - taken[0, 0]
    assert levelled(level, taken)[0, 0] == pytest.approx(np.maximum(expected, 0.0), abs=1e-9)


@given(st.integers(0, 10_000), st.integers(0, 7), st.booleans())
def test_a_cut_frees_its_period_and_raises_nothing(seed: int, period: int, whole: bool) -> None:
    random = np.random.default_rng(seed)
    taken = np.cumsum(random.uniform(0.0, 1.5, (3, 8)), axis=1)
    level = left_over(random.integers(0, 9, (3, 8)).astype(float), taken, whole)
    units = np.minimum(level[:, period], 2.0)
    lowered = lowered_before(level, taken, period, units, whole)
    assert (lowered <= level).all()
    assert (lowered >= 0.0).all()
    assert lowered[:, period] == pytest.approx(level[:, period] - units)
    assert (lowered[:, period + 1 :] == level[:, period + 1 :]).all()
    left = (lowered + taken)[:, :period] - taken[:, period : period + 1]
    assert (left <= lowered[:, period : period + 1] + (0.5 if whole else 1e-9)).all()


def _free(compiled: CompiledScenario) -> tuple[Evaluator, Evaluation]:
    evaluate = evaluator(compiled)
    chosen = evaluate(no_prices(evaluate.shared.limit))
    return evaluate, evaluate.follow(chosen.prices, chosen.decisions.lane_idx, chosen.decisions.level)


def _peak(**site: Any) -> CompiledScenario:
    """One site whose demand rises in the last of three weeks."""
    rows = [
        (f"p{index}", "town", mean, str(week))
        for index in range(20)
        for week, mean in ((1, 20.0), (2, 20.0), (3, 40.0))
    ]
    demand = pd.DataFrame(rows, columns=["product", "zone", "mean", "period"])
    lane = {"from": "vendor", "to": "site", "lead_time": {"mean": 3.0}, "review": {"every": 7.0}}
    where = {("site", "town"): 1.0}
    return planning_case(demand, where, sites={"site": site}, lanes=[lane], periods=3, period_days=7)


@pytest.mark.parametrize("case", [two_coasts, hub_and_coasts, _peak])
def test_taken_units_are_what_following_takes(case: Any) -> None:
    """Orders that levels and taken units add up to are the inflow that the evaluation counts."""
    evaluate, free = _free(case())
    taken = taken_units(evaluate.model, free.decisions)
    level = left_over(free.decisions.level, taken, whole_units=False)
    ordered = np.diff(level + taken, axis=2).sum(axis=0) / evaluate.model.period_days
    assert ordered == pytest.approx(free.use.inbound[:, 1:], abs=1e-9)


def test_orders_come_earlier_where_there_is_room() -> None:
    """Inflow is too small for the peak week alone: repair buys a week ahead, for little more than holding it."""
    free = _free(_peak())[1]
    limit = float(0.5 * (free.use.inbound[0].max() + free.use.inbound[0].mean()))
    evaluate, exceeded = _free(_peak(inbound_units_per_day=limit))
    mended = repaired(evaluate, exceeded, whole_units=True)
    assert violation(exceeded.use, evaluate.shared.limit) > 0.05
    assert violation(mended.use, evaluate.shared.limit) <= TOLERANCE
    ahead = mended.decisions.level[:, 0, 1].sum() - exceeded.decisions.level[:, 0, 1].sum()
    needed = 7 * (exceeded.use.inbound[0].max() - limit)
    assert needed <= ahead <= 1.05 * needed + 5
    assert mended.cost - exceeded.cost <= 2.0 * 0.1 * 7 * ahead + 1e-6  # holding is 0.1 a unit and day


def test_stock_that_nobody_takes_is_not_bought_before() -> None:
    """Storage shrinks in the last week; what lies there by then must have been cut from the first week on."""
    rows = [(f"p{index}", "town", 0.02) for index in range(100)]
    lane = {"from": "vendor", "to": "site", "lead_time": {"mean": 7.0}, "review": {"every": 7.0}}

    def case(**site: Any) -> CompiledScenario:
        where = {("site", "town"): 1.0}
        dear = {"promise": "2 d", "lost": {"per_unit": 5000.0}}
        return planning_case(
            demand_of(rows), where, sites={"site": site}, lanes=[lane], periods=4, period_days=7, speed=dear
        )

    used = _free(case())[1].use.storage[0, 0]
    evaluate, exceeded = _free(case(storage_m3={"standard": [*np.full(3, 2 * used.max()), 0.7 * used[3]]}))
    mended = repaired(evaluate, exceeded, whole_units=True)
    assert violation(mended.use, evaluate.shared.limit) <= TOLERANCE
    cut = (exceeded.decisions.level - mended.decisions.level)[:, 0]
    assert cut[:, 3].sum() >= 29.0
    assert (cut[:, 0] == cut[:, 3]).all()


@pytest.mark.parametrize("seed", range(6))
def test_the_dual_value_stays_below_the_cost_of_a_plan_that_fits(seed: int) -> None:
    """One site, so that no customer has a choice: the subproblem is exact, and weak duality must hold."""
    random = np.random.default_rng(seed)
    free = plan(_peak())
    storage = float(random.uniform(0.6, 1.0) * free.use.storage[0].max())
    inbound = float(random.uniform(0.85, 1.1) * free.use.inbound[0].max())
    planned = plan(_peak(storage_m3={"standard": storage}, inbound_units_per_day=inbound))
    assert planned.capacity_violation_max <= 0.01
    assert planned.dual_value >= free.planned_cost
    assert planned.dual_value <= planned.planned_cost * (1.0 + 1e-9)


def test_recovery_accounts_for_every_step() -> None:
    planned = plan(two_coasts(sites={"west": {"storage_m3": {"standard": 0.3}}}))
    last = planned.recovery.iloc[-1]
    assert last["cost_after"] == planned.planned_cost
    assert last["violation_after"] == planned.capacity_violation_max
    assert (planned.recovery["cost_before"].iloc[1:].to_numpy() == planned.recovery["cost_after"].iloc[:-1]).all()
