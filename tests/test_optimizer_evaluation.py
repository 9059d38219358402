"""One evaluation of the dual: its levels are the best ones, and its money adds up."""

import numpy as np
import pandas as pd
import pytest
from planning_cases import COASTS, demand_of, evaluator, hub_and_coasts, planning_case, two_coasts
from toy import toy_scenario

from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.optimizer.evaluation import Evaluation, Evaluator
from meio.optimizer.planner import plan
from meio.optimizer.prices import no_prices, priced
from meio.plans import CapacityPrices

RESOURCES = ["storage", "inbound", "outbound", "lane"]


def _random_prices(evaluate: Evaluator, seed: int) -> CapacityPrices:
    """Prices that vary from period to period around a tenth of what a package costs."""
    random = np.random.default_rng(seed)
    scale = {"storage": 5.0, "inbound": 0.3, "outbound": 0.3, "lane": 0.3}
    like = evaluate.shared.limit
    return CapacityPrices(**{name: scale[name] * random.random(getattr(like, name).shape) for name in RESOURCES})


CASES = {"two coasts": two_coasts, "hub": hub_and_coasts, "toy": lambda: compile_scenario(toy_scenario())}


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize("case", CASES)
def test_following_its_own_decisions_changes_nothing(case: str, seed: int | None) -> None:
    evaluate = evaluator(CASES[case]())
    prices = no_prices(evaluate.shared.limit) if seed is None else _random_prices(evaluate, seed)
    chosen = evaluate(prices)
    followed = evaluate.follow(prices, chosen.decisions.lane_idx, chosen.decisions.level)
    assert followed.cost == chosen.cost
    assert followed.dual_value == chosen.dual_value
    assert (followed.totals.storage == chosen.totals.storage).all()
    assert (followed.totals.customers == chosen.totals.customers).all()
    assert (followed.decisions.level == chosen.decisions.level).all()


def test_followed_levels_fall_no_faster_than_demand_takes_them() -> None:
    demand = demand_of([("item", "seattle", 40.0), ("item", "boston", 25.0)], ["mean"])
    falling = demand.assign(period=["1", "1"])
    low = demand.assign(period=["2", "2"], mean=[2.0, 1.0])
    compiled = planning_case(pd.concat([falling, low]), COASTS, distribution="poisson", periods=2)
    evaluate = evaluator(compiled)
    prices = no_prices(evaluate.shared.limit)
    chosen = evaluate(prices)
    followed = evaluate.follow(prices, chosen.decisions.lane_idx, chosen.decisions.level)
    assert chosen.use.inbound.min() < 0
    assert followed.use.inbound.min() >= 0
    assert followed.use.storage.sum() > chosen.use.storage.sum()


def test_following_continuous_levels_costs_what_they_cost() -> None:
    demand = demand_of([("item", "seattle", 40.0, 12.0), ("item", "boston", 25.0, 10.0)], ["mean", "sd"])
    evaluate = evaluator(planning_case(demand, COASTS, distribution="normal"))
    chosen = evaluate(no_prices(evaluate.shared.limit))
    followed = evaluate.follow(chosen.prices, chosen.decisions.lane_idx, chosen.decisions.level)
    assert followed.cost == pytest.approx(chosen.cost, rel=1e-9)


def _priced_cost(evaluate: Evaluator, evaluation: Evaluation) -> float:
    """What products pay, prices included."""
    return evaluation.cost + evaluate.model.period_days * priced(evaluation.prices, evaluation.use)


def _moved(evaluate: Evaluator, chosen: Evaluation, node: int, units: float) -> float:
    level = chosen.decisions.level.copy()
    level[:, node] = np.maximum(0.0, level[:, node] + units)
    return _priced_cost(evaluate, evaluate.follow(chosen.prices, chosen.decisions.lane_idx, level))


@pytest.mark.parametrize("units", [-3.0, -1.0, 1.0, 3.0])
@pytest.mark.parametrize("seed", [None, 1, 2, 3])
@pytest.mark.parametrize("case", ["two coasts", "hub", "toy"])
def test_no_other_level_is_cheaper(case: str, seed: int | None, units: float) -> None:
    evaluate = evaluator(CASES[case]())
    prices = no_prices(evaluate.shared.limit) if seed is None else _random_prices(evaluate, seed)
    chosen = evaluate(prices)
    least = _priced_cost(evaluate, chosen)
    assert least > 0.0
    # a hub answers to what its sites chose, not they to its answer; what losing dear customers saves moves no level
    slack = {"two coasts": 1e-9, "hub": 1e-3, "toy": 1.2e-2}[case]
    for node in np.flatnonzero(evaluate.model.serves_customers):
        assert _moved(evaluate, chosen, int(node), units) >= (1.0 - slack) * least


@pytest.mark.parametrize("units", [-2.0, 2.0])
def test_no_other_continuous_level_is_cheaper(units: float) -> None:
    demand = demand_of([("item", "seattle", 40.0, 12.0), ("item", "boston", 25.0, 10.0)], ["mean", "sd"])
    evaluate = evaluator(planning_case(demand, COASTS, distribution="normal"))
    chosen = evaluate(no_prices(evaluate.shared.limit))
    for node in (0, 1):
        assert _moved(evaluate, chosen, node, units) >= _priced_cost(evaluate, chosen)


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
    followed = evaluate.follow(prices, free.decisions.lane_idx, free.decisions.level)
    assert followed.cost == pytest.approx(free.cost, rel=1e-9)


def _reordered(compiled: CompiledScenario, order: list[int]) -> tuple[CompiledScenario, list[str]]:
    names = [compiled.names.products[index] for index in order]
    rows = [
        (name, zone, 4.0 + 3.0 * (int(name[1:]) % 4) + (2.0 if zone == "boston" else 0.0))
        for name in names
        for zone in ("seattle", "boston")
    ]
    lanes = [
        {"from": "vendor", "to": site, "lead_time": {"mean": 3.0}, "review": {"every": 7.0}}
        for site in ("west", "east")
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
