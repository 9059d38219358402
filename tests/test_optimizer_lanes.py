"""The lane each node is supplied on, against planning with every combination of lanes forced."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from planning_cases import demand_of, evaluator, planning_case

from meio.network.compiled import CompiledScenario, Floats
from meio.optimizer.evaluation import Evaluator
from meio.optimizer.planner import plan
from meio.optimizer.prices import no_prices
from meio.plans import CapacityPrices
from meio.simulation.engine import simulate


def _case(seed: int) -> CompiledScenario:
    """One product; one to three sites with customers of their own, each fed by the vendor or by one or two centres."""
    random = np.random.default_rng(seed)
    sites = [f"f{index}" for index in range(random.integers(1, 4))]
    centres = ["d0", "d1"][: random.integers(1, 3)]

    def lane(source: str, node: str, leads: list[float], review: float, dearest: float, least: int) -> dict[str, Any]:
        return {
            "from": source,
            "to": node,
            "lead_time": {"mean": float(random.choice(leads))},
            "review": {"every": review},
            "cost": {"per_unit": random.uniform(0.0, dearest)},
            "minimum_order": int(random.choice([1, 1, least])),
        }

    far, near = [5.0, 14.0, 30.0], [1.0, 3.0]
    lanes = [lane("vendor", centre, far, 7.0, 0.3, 20) for centre in centres]
    lanes += [lane("vendor", site, far, float(random.choice([1.0, 7.0])), 0.8, 10) for site in sites]
    lanes += [lane(centre, site, near, 1.0, 0.8, 1) for centre in centres for site in sites]
    if len(centres) > 1 and random.random() < 0.5:
        lanes.append(lane("d0", "d1", near, 1.0, 0.1, 1))
    base, rate = random.choice([0.01, 0.05, 0.1]), random.choice([0.3, 2.0, 10.0, 50.0, 200.0])
    holding = {centre: base * random.uniform(0.4, 1.0) for centre in centres}
    holding |= {site: base * random.uniform(0.8, 1.5) for site in sites}
    return planning_case(
        demand_of([("item", f"z{index}", rate * random.uniform(0.3, 1.5)) for index in range(len(sites))]),
        {(site, f"z{index}"): 3.0 for index, site in enumerate(sites)},
        lanes=lanes,
        sites={name: {"holding": {"per_unit_day": cost}} for name, cost in holding.items()},
        periods=2,
        period_days=7,
        speed={"promise": "2 d", "lost": {"per_unit": float(random.choice([8.0, 20.0, 40.0]))}},
    )


def _prices(evaluate: Evaluator, seed: int) -> CapacityPrices:
    """No prices for even seeds, storage and inbound prices for odd ones."""
    prices = no_prices(evaluate.shared.limit)
    if seed % 2:
        random = np.random.default_rng(seed)
        prices.storage[:] = random.uniform(0.0, 4.0, (prices.storage.shape[0], 1, 1))
        prices.inbound[:] = random.uniform(0.0, 0.4, (prices.inbound.shape[0], 1))
    return prices


def _priced_cost(evaluate: Evaluator, prices: CapacityPrices, lane_cost: Floats) -> float:
    return float(Evaluator(evaluate.model._replace(lane_cost=lane_cost), evaluate.shared, 1)(prices).totals.cost.sum())


def _beyond_the_cheapest(seed: int) -> float:
    """By which share the chosen lanes cost more than the best combination."""
    evaluate = evaluator(_case(seed))
    model, prices = evaluate.model, _prices(evaluate, seed)
    into = [range(model.node_ptr[node], model.node_ptr[node + 1]) for node in range(len(model.node_ptr) - 1)]
    costs = []
    for lanes in product(*into):
        forced = np.full_like(model.lane_cost, np.inf)
        forced[:, list(lanes)] = model.lane_cost[:, list(lanes)]
        costs.append(_priced_cost(evaluate, prices, forced))
    return _priced_cost(evaluate, prices, model.lane_cost) / min(costs) - 1.0


def test_lanes_are_the_cheapest_or_within_a_hundredth() -> None:
    beyond = np.array([_beyond_the_cheapest(seed) for seed in range(60)])
    assert beyond.min() >= -1e-9
    assert (beyond <= 0.01).mean() >= 0.85
    assert beyond.mean() <= 0.02


@pytest.mark.parametrize(("transport", "through_the_hub"), [(0.1, True), (3.0, False)])
def test_slow_movers_share_a_hub_unless_it_costs_too_much(transport: float, through_the_hub: bool) -> None:
    """A hub with a daily truck pools what two sites would order a month ahead, each for itself."""
    lanes = [
        {"from": "vendor", "to": "hub", "lead_time": {"mean": 21.0}},
        *({"from": "vendor", "to": site, "lead_time": {"mean": 21.0}} for site in ("west", "east")),
        *(
            {"from": "hub", "to": site, "lead_time": {"mean": 1.0}, "cost": {"per_unit": transport}}
            for site in ("west", "east")
        ),
    ]
    compiled = planning_case(
        demand_of([("item", "seattle", 1.0), ("item", "boston", 1.0)]),
        {("west", "seattle"): 1.0, ("east", "boston"): 1.0},
        sites={"hub": {"holding": {"per_unit_day": 0.02}}},
        lanes=lanes,
        speed={"promise": "2 d", "lost": {"per_unit": 50.0}},
    )
    evaluate = evaluator(compiled)
    lane_idx = evaluate(no_prices(evaluate.shared.limit)).decisions.lane_idx[0]
    chosen = {
        compiled.names.lanes[lane] for lane in lane_idx[[compiled.names.nodes.index(s) for s in ("west", "east")]]
    }
    assert all(("hub" in name) == through_the_hub for name in chosen)


def test_sites_that_help_each_other_out_take_the_way_that_simulates_cheaper() -> None:
    """A neighbour is near, but through the hub there is less stock for the same service than from the vendor."""
    sites = [f"f{index}" for index in range(4)]
    cost = {(site, f"z{j}"): 3.0 + abs(i - j) for i, site in enumerate(sites) for j in range(4)}
    hub = {"from": "vendor", "to": "hub", "lead_time": {"mean": 10.0}, "review": {"every": 7.0}}
    from_hub = [{"from": "hub", "to": site, "lead_time": {"mean": 2.0}} for site in sites]
    direct = [{"from": "vendor", "to": site, "lead_time": {"mean": 20.0}, "review": {"every": 7.0}} for site in sites]
    horizon = {"start": "2026-01-05", "periods": 13, "period_days": 7, "warm_up_days": 60}
    demand = demand_of([(f"p{index}", f"z{j}", 2.0 + 2.0 * index) for index in range(3) for j in range(4)])

    def planned(*lanes: dict[str, Any]) -> tuple[float, set[str]]:
        compiled = planning_case(
            demand,
            cost,
            lanes=[hub, *lanes],
            sites={"hub": {"holding": {"per_unit_day": 0.05}}},
            horizon=horizon,
            periods=13,
            period_days=7,
        )
        result = plan(compiled, workers=1)
        simulated = simulate(compiled, result, replications=4, seed=1).cost["controllable"].mean()
        return float(simulated), {compiled.names.lanes[lane] for lane in result.lane_idx.ravel() if lane >= 0}

    open_choice, chosen = planned(*from_hub, *direct)
    assert "hub→f0" in chosen
    assert open_choice <= 0.9 * planned(*direct)[0]
