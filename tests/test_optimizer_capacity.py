"""Capacity prices: zero until a capacity binds, positive where it does, and the plan answers to them."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from planning_cases import evaluator, hub_and_coasts, two_coasts
from toy import FILE, toy_scenario

from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.optimizer import prices as priced_capacity
from meio.optimizer.planner import plan
from meio.optimizer.prices import Capacities, capacities, met_by_a_unit, priced, use_of
from meio.plans import CapacityPrices, Plan

WEST, EAST = 0, 1


@pytest.fixture(scope="module")
def free() -> Plan:
    """The two coasts without limits."""
    return plan(two_coasts())


def _limited(free: Plan, resource: str, share: float) -> CompiledScenario:
    """The two coasts with the west's capacity at a share of what it uses when free."""
    used = float(getattr(free.use, resource)[WEST].max())
    match resource:
        case "storage":
            return two_coasts(sites={"west": {"storage_m3": {"standard": share * used}}})
        case "lane":
            return two_coasts(west_lane={"capacity_units_per_day": share * used})
    return two_coasts(sites={"west": {f"{resource}_units_per_day": share * used}})


def _largest_price(planned: Plan) -> float:
    return max(float(np.abs(getattr(planned.prices, part.name)).max()) for part in fields(CapacityPrices))


@pytest.mark.parametrize("resource", ["storage", "inbound", "outbound", "lane"])
def test_capacity_that_does_not_bind_has_no_price(free: Plan, resource: str) -> None:
    planned = plan(_limited(free, resource, 1.001))
    for result in (free, planned):
        assert _largest_price(result) == 0.0
        assert result.iterations == 1
    assert planned.targets.tolist() == free.targets.tolist()
    assert planned.planned_cost == free.planned_cost


def test_use_of_a_closed_capacity_is_a_violation(free: Plan) -> None:
    limit = capacities(two_coasts(sites={"west": {"inbound_units_per_day": 0.0}})).limit
    assert free.use.inbound[WEST].max() > 0.0
    assert priced_capacity.violation(free.use, limit) > 1.0


def test_the_unlimited_toy_has_no_prices() -> None:
    unlimited = {
        name: {
            "storage_m3": dict.fromkeys(node["storage_m3"], "unlimited"),
            "inbound_units_per_day": None,
            "outbound_units_per_day": None,
        }
        for name, node in FILE["nodes"].items()
        if node["kind"] != "vendor"
    }
    planned = plan(compile_scenario(toy_scenario(nodes=unlimited)))
    assert _largest_price(planned) == 0.0
    assert planned.iterations == 1


@pytest.mark.parametrize("share", [0.9, 0.5])
@pytest.mark.parametrize("resource", ["storage", "inbound", "outbound", "lane"])
def test_a_binding_capacity_has_a_price_and_is_respected(free: Plan, resource: str, share: float) -> None:
    compiled = _limited(free, resource, share)
    planned = plan(compiled)
    price = getattr(planned.prices, resource)
    assert price[WEST].max() > 0.0
    assert all((getattr(planned.prices, part.name) >= 0.0).all() for part in fields(CapacityPrices))
    assert price.sum() == pytest.approx(
        sum(getattr(planned.prices, part.name).sum() for part in fields(CapacityPrices))
    )
    assert price[EAST].max() == 0.0
    assert planned.capacity_violation_max <= 0.01
    use, limit = getattr(planned.use, resource), getattr(capacities(compiled).limit, resource)
    assert (use <= 1.01 * limit).all()


@pytest.mark.parametrize("share", [0.9, 0.5])
@pytest.mark.parametrize("resource", ["storage", "inbound", "outbound"])
def test_a_binding_capacity_moves_stock_elsewhere(free: Plan, resource: str, share: float) -> None:
    planned = plan(_limited(free, resource, share))
    before, after = free.targets.sum(axis=(0, 2)), planned.targets.sum(axis=(0, 2))
    assert after[WEST] < before[WEST]
    assert after[EAST] >= before[EAST]


@pytest.mark.parametrize("resource", ["inbound", "outbound"])
def test_an_upstream_capacity_has_a_price_and_is_respected(resource: str) -> None:
    """Nine tenths of what the hub moves when free: the rest of the demand is lost."""
    hub = hub_and_coasts().names.nodes.index("hub")
    without = plan(hub_and_coasts())
    used = float(getattr(without.use, resource)[hub].max())
    planned = plan(hub_and_coasts(sites={"hub": {f"{resource}_units_per_day": 0.9 * used}}))
    assert getattr(planned.prices, resource)[hub].max() > 0.0
    assert planned.capacity_violation_max <= 0.01
    assert planned.planned_cost >= (1 - 2e-3) * without.planned_cost


@pytest.mark.parametrize("resource", ["storage", "inbound", "outbound", "lane"])
def test_a_tighter_capacity_does_not_make_the_plan_cheaper(free: Plan, resource: str) -> None:
    tighter = [plan(_limited(free, resource, share)).planned_cost for share in (1.1, 0.95, 0.85, 0.7)]
    allowed = 2e-3 * free.planned_cost  # prices stop at a gap of 0.1%
    assert (np.diff([free.planned_cost, *tighter]) >= -allowed).all()


def test_a_dearer_capacity_is_used_less() -> None:
    evaluate = evaluator(two_coasts())
    used = []
    for price in (0.0, 20.0, 60.0, 80.0, 100.0, 200.0):
        prices = priced_capacity.no_prices(evaluate.shared.limit)
        prices.storage[WEST] = price
        used.append(float(evaluate(prices).use.storage[WEST].sum()))
    assert (np.diff(used) <= 1e-9).all()


def test_no_price_makes_the_plan_dearer_than_leaving_the_node_empty() -> None:
    """A subproblem's least priced cost is at most that of any choice, such as everything from the east."""
    evaluate = evaluator(two_coasts())
    prices = priced_capacity.no_prices(evaluate.shared.limit)
    prices.storage[WEST] = 120.0
    at_high_price = evaluate(prices)
    lagrangian = at_high_price.cost + evaluate.model.period_days * priced(prices, at_high_price.use)
    east_only = two_coasts(
        lanes=[{"from": "vendor", "to": "east", "lead_time": {"mean": 3.0}, "review": {"every": 7.0}}]
    )
    assert lagrangian <= plan(east_only).planned_cost * 1.02


def _random_prices(random: np.random.Generator, like: CapacityPrices) -> CapacityPrices:
    return CapacityPrices(*(random.exponential(1.0, array.shape) for array in priced_capacity.fields(like)))


@pytest.mark.parametrize("seed", range(5))
def test_price_met_times_flow_is_price_times_use(seed: int) -> None:
    random = np.random.default_rng(seed)
    shared: Capacities = capacities(compile_scenario(toy_scenario()))
    prices = _random_prices(random, shared.limit)
    met = met_by_a_unit(prices, shared)
    nothing = evaluator(compile_scenario(toy_scenario()))._no_totals()
    totals = nothing._replace(
        storage=random.exponential(1.0, nothing.storage.shape),
        customers=random.exponential(1.0, nothing.customers.shape),
        lane=random.exponential(1.0, nothing.lane.shape),
    )
    paid = (
        (met.storage * totals.storage).sum() + (met.outbound * totals.customers).sum() + (met.lane * totals.lane).sum()
    )
    assert priced(prices, use_of(totals, shared)) == pytest.approx(paid, rel=1e-12)


def _results(planned: Plan) -> list[Any]:
    parts = [getattr(group, part.name) for group in (planned.prices, planned.use) for part in fields(CapacityPrices)]
    arrays = [planned.targets, planned.lane_idx, planned.unit_value, *parts]
    scalars = [planned.lower_bound, planned.dual_value, planned.planned_cost, planned.dual_gap, planned.iterations]
    return [array.tobytes() for array in arrays] + scalars


def test_the_plan_does_not_depend_on_the_number_of_threads() -> None:
    many = {"num_products": 150, "sites": {"west": {"storage_m3": {"standard": 9.0}}}}
    compiled = two_coasts(**many)
    alone, *others = (_results(plan(compiled, workers=workers)) for workers in (1, 2, 3))
    assert plan(compiled).iterations > 1  # capacity binds, so that sums over blocks matter
    for other in others:
        assert other == alone
