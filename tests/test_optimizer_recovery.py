"""From levels to targets: rounding, dating, and the room that packs and minimum orders take."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planning_cases import demand_of, evaluator, hub_and_coasts, planning_case

from meio.network.compiled import CompiledScenario, Floats
from meio.optimizer.prices import no_prices, violation
from meio.optimizer.recovery import _average_level, pack_excess, recovered, review_targets, rounded
from meio.optimizer.repair import TOLERANCE

DAYS = {"hub": (10.0, 7.0), "site": (3.0, 1.0)}  # lead time and review interval of each lane


def _chain(num_products: int = 1, periods: int = 4, pack: int = 1) -> CompiledScenario:
    """Vendor, hub and one site."""
    lanes = [
        {"from": source, "to": node, "lead_time": {"mean": DAYS[node][0]}, "review": {"every": DAYS[node][1]}}
        for source, node in (("vendor", "hub"), ("hub", "site"))
    ]
    lanes[0]["pack"] = pack
    rows = [(f"p{index}", "town", 35.0 + 7.0 * index) for index in range(num_products)]
    return planning_case(
        demand_of(rows), {("site", "town"): 1.0}, sites={"hub": {}}, lanes=lanes, periods=periods, period_days=7
    )


def _targets(compiled: CompiledScenario, level: Floats | None, whole_units: bool) -> tuple[Floats, Floats]:
    """Levels by period of use, the optimizer's own when not given, and the targets by period of review."""
    evaluate = evaluator(compiled)
    planned = evaluate(no_prices(evaluate.shared.limit))
    if level is not None:
        planned = evaluate.follow(planned.prices, planned.decisions.lane_idx, level)
    return planned.decisions.level, review_targets(compiled, evaluate.model, planned, whole_units)


@given(st.lists(st.floats(0.0, 500.0), min_size=1, max_size=60))
def test_rounding_moves_no_level_by_a_unit(levels: list[float]) -> None:
    level = np.array(levels)[:, None, None]
    assert (np.abs(rounded(level) - level) <= 1.0).all()
    assert (rounded(np.floor(level)) == np.floor(level)).all()
    assert (rounded(level) == np.rint(rounded(level))).all()


@given(st.floats(0.0, 50.0), st.integers(1, 3000))
def test_rounding_keeps_the_sum_of_equal_levels(level: float, num_products: int) -> None:
    total = rounded(np.full((num_products, 1, 1), level)).sum()
    assert abs(total - num_products * level) <= 1.0 + 0.5 * np.log1p(num_products)


@pytest.mark.parametrize("seed", range(5))
def test_rounding_nearly_keeps_the_sum_of_unequal_levels(seed: int) -> None:
    level = np.random.default_rng(seed).exponential(3.0, (10_000, 2, 3))
    drift = rounded(level).sum(axis=0) - level.sum(axis=0)
    assert (np.abs(drift) <= 5.0 * np.sqrt(10_000 / 6.0)).all()


def test_constant_levels_are_constant_targets() -> None:
    compiled = _chain(num_products=3)
    level, targets = _targets(compiled, None, whole_units=True)
    hub, site = (compiled.names.nodes.index(name) for name in ("hub", "site"))
    assert (targets == targets[:, :, :1]).all()
    assert (targets[:, site] == level[:, site]).all()
    assert (targets[:, hub] == level[:, hub] - level[:, site]).all()


def test_targets_lead_levels_by_lead_time_and_half_a_review() -> None:
    compiled = _chain(periods=8)
    hub, site = (compiled.names.nodes.index(name) for name in ("hub", "site"))
    periods = np.arange(8.0)
    level = np.zeros((1, 2, 8))
    level[0, hub], level[0, site] = 200.0 + 20.0 * periods, 40.0 + 5.0 * periods
    _, targets = _targets(compiled, level, whole_units=False)
    ahead = {name: np.minimum(periods + (lead + 0.5 * review) / 7.0, 7.0) for name, (lead, review) in DAYS.items()}
    at_site = 40.0 + 5.0 * ahead["site"]
    assert targets[0, site] == pytest.approx(at_site, rel=1e-12)
    assert targets[0, hub] == pytest.approx(200.0 + 20.0 * ahead["hub"] - at_site, rel=1e-12)


def _average_lift(pack: int, minimum: int, mean: float) -> float:
    """Average position after a review above the order-up-to level, on a long random walk of Poisson demand."""
    random = np.random.default_rng(5)
    lift, total, reviews = 0.0, 0.0, 40_000
    for demand in random.poisson(mean, reviews):
        lift -= demand
        if lift < 0.0:
            lift += pack * np.ceil(max(-lift, minimum) / pack)
        total += lift
    return total / reviews


@pytest.mark.parametrize(("pack", "minimum"), [(1, 1), (6, 1), (24, 1), (1, 40), (6, 60)])
def test_packs_and_minimum_orders_lift_the_position(pack: int, minimum: int) -> None:
    lane = {
        "from": "vendor",
        "to": "site",
        "lead_time": {"mean": 1.0},
        "review": {"every": 7.0},
        "pack": pack,
        "minimum_order": minimum,
    }
    rows = [("slow", "town", 7.0), ("fast", "town", 28.0)]
    compiled = planning_case(demand_of(rows), {("site", "town"): 1.0}, lanes=[lane], period_days=7)
    stated = pack_excess(compiled, np.zeros((2, 1), dtype=np.int64), np.array([[1.0], [4.0]]))[:, 0]
    for mean, excess in zip((7.0, 28.0), stated, strict=True):
        assert excess == pytest.approx(_average_lift(pack, minimum, mean), abs=0.05 * max(pack, minimum) + 0.5)


def test_packs_leave_room_below_the_level() -> None:
    plain, packed = _chain(), _chain(pack=13)
    hub = plain.names.nodes.index("hub")
    level, one_by_one = _targets(plain, None, whole_units=True)
    same, in_packs = _targets(packed, level, whole_units=True)
    assert (one_by_one[:, hub] - in_packs[:, hub] == 6.0).all()
    assert (np.delete(one_by_one, hub, axis=1) == np.delete(in_packs, hub, axis=1)).all()
    assert (same == level).all()


def test_nothing_is_ordered_where_the_product_cannot_come() -> None:
    compiled = planning_case(
        pd.concat([demand_of([("item", "seattle", 5.0)])]),
        {("west", "seattle"): 1.0, ("east", "seattle"): 2.0},
        sites={"east": {"storage_m3": {}}},
    )
    _, targets = _targets(compiled, None, whole_units=True)
    assert targets[0, compiled.names.nodes.index("east")].sum() == 0.0
    assert targets[0, compiled.names.nodes.index("west")].sum() > 0.0


def test_levels_of_other_lanes_are_not_averaged() -> None:
    """The hub's level counts the sites it feeds, so that it changes with their lanes too."""
    evaluate = evaluator(hub_and_coasts())
    last = evaluate(no_prices(evaluate.shared.limit))
    lane_idx, level = last.decisions.lane_idx.copy(), 3.0 * last.decisions.level
    lane_idx[0, -1] = -1
    before = replace(last, decisions=last.decisions._replace(lane_idx=lane_idx, level=level))
    averaged = _average_level([before, last], last.decisions.lane_idx)
    assert (averaged[0] == last.decisions.level[0]).all()
    assert averaged[1:] == pytest.approx(2.0 * last.decisions.level[1:])


def _falling(room: float) -> CompiledScenario:
    """Slow movers whose demand ends after two periods, when there is little room left."""
    rows = [
        (f"p{index}", "town", str(period), mean) for index in range(8) for period, mean in enumerate((9, 9, 1, 1), 1)
    ]
    demand = pd.DataFrame(rows, columns=["product", "zone", "period", "mean"])
    lanes = [{"from": "vendor", "to": "site", "lead_time": {"mean": 1.0}, "review": {"every": 7.0}}]
    sites = {"site": {"storage_m3": {"standard": [9.0, 9.0, room, room]}}}
    return planning_case(
        demand,
        {("site", "town"): 1.0},
        lanes=lanes,
        sites=sites,
        periods=4,
        period_days=7,
        holding={"per_unit_day": 1e-3},
    )


def test_stock_that_is_carried_over_is_cut_where_it_was_ordered() -> None:
    evaluate = evaluator(_falling(0.5))
    free = evaluate(no_prices(evaluate.shared.limit))
    followed = evaluate.follow(free.prices, free.decisions.lane_idx, free.decisions.level)
    assert followed.totals.carried[0, 0, 2] > 0.0
    assert violation(followed.use, evaluate.shared.limit) > 0.2
    repaired = recovered(evaluate, [free], whole_units=True).planned
    assert violation(repaired.use, evaluate.shared.limit) <= TOLERANCE
    assert (repaired.decisions.level[:, 0, 1] < free.decisions.level[:, 0, 1]).any()
