"""One evaluation of the dual: its levels are the best ones, and its money adds up."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from planning_cases import COASTS, demand_of, evaluator, planning_case, two_coasts
from toy import toy_scenario

from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.optimizer.evaluation import Evaluation, Evaluator
from meio.optimizer.planner import plan
from meio.optimizer.prices import fields, no_prices
from meio.plan import CapacityPrices

RESOURCES = ["storage", "inbound", "outbound", "lane"]


def _random_prices(evaluate: Evaluator, seed: int) -> CapacityPrices:
    """Prices that vary from period to period around a tenth of what a package costs."""
    random = np.random.default_rng(seed)
    scale = {"storage": 5.0, "inbound": 0.3, "outbound": 0.3, "lane": 0.3}
    like = evaluate.shared.limit
    return CapacityPrices(**{name: scale[name] * random.random(getattr(like, name).shape) for name in RESOURCES})


def _layered(**fields: Any) -> CompiledScenario:
    """A hub that feeds the two coasts."""
    lanes = [
        {"from": "vendor", "to": "hub", "lead_time": {"mean": 10.0}, "review": {"every": 7.0}},
        {"from": "hub", "to": "west", "lead_time": {"mean": 2.0}},
        {"from": "hub", "to": "east", "lead_time": {"mean": 3.0}},
    ]
    rows = [(f"p{index}", zone, 3.0 + 5.0 * index) for index in range(3) for zone in ("seattle", "boston")]
    given = {"sites": {"hub": {}}, "lanes": lanes, "periods": 3, "period_days": 7, **fields}
    return planning_case(demand_of(rows), COASTS, **given)


CASES = {"two coasts": two_coasts, "hub": _layered, "toy": lambda: compile_scenario(toy_scenario())}


def _same(one: CapacityPrices, other: CapacityPrices) -> bool:
    return all((left == right).all() for left, right in zip(fields(one), fields(other), strict=True))


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize("case", CASES)
def test_following_its_own_decisions_changes_nothing(case: str, seed: int | None) -> None:
    evaluate = evaluator(CASES[case]())
    prices = no_prices(evaluate.shared.limit) if seed is None else _random_prices(evaluate, seed)
    chosen = evaluate(prices)
    followed = evaluate.follow(prices, chosen.decisions.lane_idx, chosen.decisions.level)
    assert followed.cost == chosen.cost
    assert followed.dual_value == chosen.dual_value
    assert _same(followed.use, chosen.use)
    assert (followed.decisions.level == chosen.decisions.level).all()


def test_following_continuous_levels_costs_what_they_cost() -> None:
    demand = demand_of([("item", "seattle", 40.0, 12.0), ("item", "boston", 25.0, 10.0)], ["mean", "sd"])
    evaluate = evaluator(planning_case(demand, COASTS, distribution="normal"))
    chosen = evaluate(no_prices(evaluate.shared.limit))
    followed = evaluate.follow(chosen.prices, chosen.decisions.lane_idx, chosen.decisions.level)
    assert followed.cost == pytest.approx(chosen.cost, rel=1e-9)


def _moved(evaluate: Evaluator, chosen: Evaluation, node: int, units: float) -> float:
    level = chosen.decisions.level.copy()
    level[:, node] = np.maximum(0.0, level[:, node] + units)
    return evaluate.follow(chosen.prices, chosen.decisions.lane_idx, level).dual_value


@pytest.mark.parametrize("units", [-3.0, -1.0, 1.0, 3.0])
@pytest.mark.parametrize("seed", [None, 1, 2, 3])
@pytest.mark.parametrize("case", ["two coasts", "hub", "toy"])
def test_no_other_level_is_cheaper(case: str, seed: int | None, units: float) -> None:
    evaluate = evaluator(CASES[case]())
    prices = no_prices(evaluate.shared.limit) if seed is None else _random_prices(evaluate, seed)
    chosen = evaluate(prices)
    for node in np.flatnonzero(evaluate.model.serves_customers):
        assert _moved(evaluate, chosen, int(node), units) >= chosen.dual_value - 1e-6 * abs(chosen.dual_value)


@pytest.mark.parametrize("units", [-2.0, 2.0])
def test_no_other_continuous_level_is_cheaper(units: float) -> None:
    demand = demand_of([("item", "seattle", 40.0, 12.0), ("item", "boston", 25.0, 10.0)], ["mean", "sd"])
    evaluate = evaluator(planning_case(demand, COASTS, distribution="normal"))
    chosen = evaluate(no_prices(evaluate.shared.limit))
    for node in (0, 1):
        assert _moved(evaluate, chosen, node, units) >= chosen.dual_value


@pytest.mark.parametrize("varying", [False, True])
@pytest.mark.parametrize("resource", RESOURCES)
def test_what_prices_take_is_price_times_use(resource: str, varying: bool) -> None:
    """The same levels cost the same whatever the prices, once price times use is taken off."""
    rows = [("item", "town", mean, str(period)) for period, mean in enumerate([10.0, 20.0, 40.0, 10.0], start=1)]
    demand = pd.DataFrame(rows, columns=["product", "zone", "mean", "period"])
    lane = {"from": "vendor", "to": "site", "lead_time": {"mean": 3.0}, "review": {"every": 7.0}}
    speed = {"promise": "2 d", "lost": {"per_unit": 50.0}}
    evaluate = evaluator(
        planning_case(demand, {("site", "town"): 1.0}, periods=4, period_days=7, lanes=[lane], speed=speed)
    )
    free = evaluate(no_prices(evaluate.shared.limit))
    prices = no_prices(evaluate.shared.limit)
    getattr(prices, resource)[...] = np.array([0.0, 1.0, 2.0, 0.5]) if varying else 2.0
    priced = evaluate.follow(prices, free.decisions.lane_idx, free.decisions.level)
    assert priced.cost == pytest.approx(free.cost, rel=1e-9)


def _reordered(compiled: CompiledScenario, order: list[int]) -> tuple[CompiledScenario, list[str]]:
    names = [compiled.names.products[index] for index in order]
    rows = [
        (name, zone, 4.0 + 3.0 * (int(name[1:]) % 4) + (2.0 if zone == "boston" else 0.0))
        for name in names
        for zone in ("seattle", "boston")
    ]
    lanes = [
        {"from": "vendor", "to": site, "lead_time": {"mean": 3.0}, "review": {"every": 7.0}} for site in ("west", "east")
    ]
    return planning_case(demand_of(rows), COASTS, periods=3, period_days=7, lanes=lanes), names


def test_the_order_of_products_does_not_matter() -> None:
    first = two_coasts(num_products=70)
    order = np.random.default_rng(0).permutation(70).tolist()
    second, names = _reordered(first, order)
    assert second.names.products == tuple(names)
    forward, shuffled = evaluator(first), evaluator(second)
    for prices in (no_prices(forward.shared.limit), _random_prices(forward, 1)):
        one, other = forward(prices), shuffled(prices)
        assert other.decisions.level.tolist() == one.decisions.level[order].tolist()
        assert other.cost == pytest.approx(one.cost, rel=1e-9)
    one, other = plan(first), plan(second)
    assert other.targets.tolist() == one.targets[order].tolist()
    assert other.planned_cost == pytest.approx(one.planned_cost, rel=1e-9)
