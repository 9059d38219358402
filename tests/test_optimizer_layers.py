"""Deeper networks: Clark and Scarf's chain by a recursion of its own, what flows, what prices take, what it costs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from planning_cases import COASTS, demand_of, evaluator, planning_case
from scipy import stats

from meio.network.compiled import CompiledScenario
from meio.optimizer.baselines import baseline_plans
from meio.optimizer.planner import plan
from meio.optimizer.prices import no_prices
from meio.plans import CapacityPrices, Plan
from meio.simulation.engine import simulate

BACKORDERED = {"promise": "2 d", "when_unserved": "backordered", "backordered_per_day": {"per_unit": 2.0}}


def chain(
    leads: list[float], holding: list[float], rate: float, review: float = 1.0, **fields: Any
) -> CompiledScenario:
    """A vendor and stages in a row, the last of which serves; `leads` and `holding` from upstream down."""
    names = [*(f"stage{index}" for index in range(len(leads) - 1)), "site"]
    lanes = [
        {"from": source, "to": node, "lead_time": {"mean": lead}, "review": {"every": review}}
        for source, node, lead in zip(["vendor", *names], names, leads, strict=False)
    ]
    sites = {name: {"holding": {"per_unit_day": cost}} for name, cost in zip(names, holding, strict=True)}
    demand = demand_of([("item", "town", rate)])
    return planning_case(demand, {("site", "town"): 1.0}, sites=sites, lanes=lanes, **fields)


def _clark_scarf(leads: list[float], holding: list[float], rate: float, backorder: float) -> tuple[list[int], float]:
    """Echelon levels from upstream down and least cost per day, by recursion on a grid, all stages reviewing daily."""
    units = np.arange(120)  # more than any window's demand
    grid = np.arange(-units.size * len(leads), 300)
    window = stats.poisson.pmf(units, rate * (leads[-1] + 1.0))
    backlog = np.maximum(units[None, :] - grid[:, None], 0.0) @ window
    upstream = [0.0, *holding]
    cost = (holding[-1] - upstream[-2]) * grid + (backorder + holding[-1]) * backlog
    levels = [int(grid[np.argmin(cost)])]
    for stage in range(len(leads) - 2, -1, -1):
        best = int(np.argmin(cost))
        allocated = np.where(np.arange(grid.size) < best, cost, cost[best])
        mean, half_a_day = rate * (leads[stage] + 0.5), rate**2 / 12.0  # half a review interval, which varies
        demand = stats.nbinom.pmf(units, mean**2 / half_a_day, mean / (mean + half_a_day))
        grid = grid[units.size :]
        smeared = np.convolve(allocated, demand)[units.size : allocated.size]
        cost = (holding[stage] - upstream[stage]) * grid + smeared
        levels.insert(0, int(grid[np.argmin(cost)]))
    passing = sum(cost * (lead + 0.5) for cost, lead in zip(holding[:-1], leads[:-1], strict=True))
    return levels, float(cost.min()) - rate * (holding[-1] * (leads[-1] + 1.0) + passing)


CHAINS = [
    ([4.0, 6.0, 3.0], [0.1, 0.2, 0.3], 1.0),
    ([9.0, 2.0, 5.0], [0.05, 0.06, 0.4], 2.5),
    ([5.0, 7.0, 2.0, 4.0], [0.05, 0.1, 0.2, 0.4], 1.5),
    ([12.0, 3.0, 3.0, 1.0], [0.1, 0.11, 0.12, 0.13], 0.6),
]


@pytest.mark.parametrize(("leads", "holding", "rate"), CHAINS)
def test_a_chain_has_clark_and_scarfs_levels_and_cost(leads: list[float], holding: list[float], rate: float) -> None:
    compiled = chain(leads, holding, rate, speed=BACKORDERED)
    evaluate = evaluator(compiled)
    evaluate.model = evaluate.model._replace(is_tree=np.zeros(1, dtype=bool))  # as if customers could go elsewhere
    planned = evaluate(no_prices(evaluate.shared.limit))
    levels, cost = _clark_scarf(leads, holding, rate, 2.0)
    assert planned.decisions.level[0, :, 0].tolist() == levels
    assert planned.cost - rate == pytest.approx(cost, rel=1e-6)  # a package costs 1


@pytest.mark.parametrize(("leads", "holding"), [(case[0], case[1]) for case in CHAINS[:3]])
@pytest.mark.parametrize(
    ("speed", "most"), [(BACKORDERED, 1.02), ({"promise": "2 d", "lost": {"per_unit": 15.0}}, 1.15)]
)
def test_no_other_level_of_a_chain_simulates_much_cheaper(
    leads: list[float], holding: list[float], speed: dict[str, Any], most: float
) -> None:
    """A coordinate search over the levels of all stages on common random numbers.

    Where customers are lost, upstream stages also stock for demand that is lost while they are short: too much.
    """
    horizon = {"start": "2026-01-05", "periods": 20, "period_days": 7, "warm_up_days": 50}
    compiled = chain(leads, holding, 10.0, speed=speed, horizon=horizon, periods=20, period_days=7)
    planned = plan(compiled, workers=1)

    def cost(levels: tuple[float, ...]) -> float:
        targets = np.broadcast_to(np.array(levels)[None, :, None], planned.targets.shape).copy()
        result = simulate(compiled, replace(planned, targets=targets), replications=6, seed=3)
        return float(result.cost["controllable"].mean())

    levels = tuple(planned.targets[0, :, 3])
    first = best = cost(levels)
    for change in (4.0, -4.0, 2.0, -2.0, 1.0, -1.0):
        for stage in range(len(levels)):
            moved = tuple(max(0.0, level + change * (index == stage)) for index, level in enumerate(levels))
            if (found := cost(moved)) < best:
                best, levels = found, moved
    assert first <= most * best


def _lane(source: str, node: str, lead: float, review: float = 1.0) -> dict[str, Any]:
    return {"from": source, "to": node, "lead_time": {"mean": lead}, "review": {"every": review}}


def four_layers(seed: int, num_products: int = 4, periods: int = 8) -> CompiledScenario:
    """A centre, two regional centres, four sites, and a small site that one of them feeds; one centre also serves.

    The last site can be supplied by a regional centre, by the centre, or by the vendor.
    """
    random = np.random.default_rng(seed)
    zones, sites = [f"z{index}" for index in range(4)], [f"f{index}" for index in range(4)]
    cost = {(site, zone): 3.0 + 4.0 * abs(i - j) for i, site in enumerate(sites) for j, zone in enumerate(zones)}
    cost |= {("city", "z0"): 2.0, ("city", "z1"): 4.5, ("r0", "z3"): 9.0}
    lanes = [
        _lane("vendor", "dc", float(random.choice([7.0, 14.0])), 7.0),
        *(_lane("dc", centre, float(random.choice([3.0, 5.0]))) for centre in ("r0", "r1")),
        *(_lane(f"r{index // 2}", site, 1.0 + index % 3) for index, site in enumerate(sites)),
        _lane("f0", "city", 1.0),
        _lane("dc", "f3", 6.0),
        _lane("vendor", "f3", 20.0, 7.0),
    ]
    holding = {"dc": 0.03, "r0": 0.05, "r1": 0.05, **dict.fromkeys(sites, 0.1), "city": 0.2}
    rates = random.choice([5.0, 10.0, 30.0, 60.0], num_products)
    rows = [(f"p{index}", zone, rate * random.uniform(0.5, 1.5)) for index, rate in enumerate(rates) for zone in zones]
    return planning_case(
        demand_of(rows),
        cost,
        sites={site: {"holding": {"per_unit_day": each}} for site, each in holding.items()},
        lanes=lanes,
        speed={"promise": "2 d", "lost": {"per_unit": 30.0}},
        periods=periods,
        period_days=7,
        horizon={"start": "2026-01-05", "periods": periods, "period_days": 7, "warm_up_days": 42},
    )


@pytest.mark.parametrize("seed", range(3))
def test_what_comes_into_a_node_leaves_it(seed: int) -> None:
    """At constant demand every node receives what it ships to customers and sends on, in every period."""
    compiled = four_layers(seed)
    totals = (evaluate := evaluator(compiled))(no_prices(evaluate.shared.limit)).totals
    received, sent = np.zeros_like(totals.customers), np.zeros_like(totals.customers)
    np.add.at(received, evaluate.shared.lane_node_idx, totals.lane)
    inside = evaluate.shared.lane_source_idx < len(compiled.names.nodes)
    np.add.at(sent, evaluate.shared.lane_source_idx[inside], totals.lane[inside])
    assert received == pytest.approx(totals.customers + sent, rel=1e-9)
    assert received[compiled.names.nodes.index("dc")].min() > 0.0
    assert sent[compiled.names.nodes.index("f0")].min() > 0.0


@pytest.mark.parametrize("seed", range(3))
def test_following_its_own_decisions_changes_nothing_in_four_layers(seed: int) -> None:
    evaluate = evaluator(four_layers(seed))
    chosen = evaluate(no_prices(evaluate.shared.limit))
    followed = evaluate.follow(chosen.prices, chosen.decisions.lane_idx, chosen.decisions.level)
    assert followed.cost == pytest.approx(chosen.cost, rel=1e-12)
    assert followed.totals.storage == pytest.approx(chosen.totals.storage, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_four_layers_cost_less_than_newsvendors_and_than_other_levels(seed: int) -> None:
    """Simulated controllable cost of the plan, of a newsvendor at every site, and of all levels a fifth off."""
    compiled = four_layers(seed)
    planned = plan(compiled, workers=1)

    def controllable(candidate: Plan) -> float:
        result = simulate(compiled, candidate, replications=4, seed=3)
        assert result.units_lost == 0
        return float(result.cost["controllable"].mean())

    cost = controllable(planned)
    assert cost < 0.9 * controllable(baseline_plans(compiled)["independent_newsvendor"])
    for factor in (0.8, 1.25):
        assert cost < controllable(replace(planned, targets=np.rint(factor * planned.targets)))


def _three_layers_of_normal_demand() -> CompiledScenario:
    lanes = [_lane("vendor", "dc", 14.0, 7.0), _lane("dc", "hub", 4.0), _lane("hub", "west", 2.0)]
    lanes.append(_lane("hub", "east", 3.0))
    holding = {"dc": 0.03, "hub": 0.05, "west": 0.1, "east": 0.12}
    rows = [
        (f"p{index}", zone, (60.0 + 50.0 * index) * more, 12.0 + 6.0 * index)
        for index in range(8)
        for zone, more in (("seattle", 1.0), ("boston", 1.3))
    ]
    return planning_case(
        demand_of(rows, ["mean", "sd"]),
        COASTS,
        distribution="normal",
        lanes=lanes,
        sites={site: {"holding": {"per_unit_day": each}} for site, each in holding.items()},
        periods=4,
        period_days=7,
        speed={"promise": "2 d", "lost": {"per_unit": 30.0}},
    )


@pytest.mark.parametrize(("resource", "step", "tolerance"), [("storage", 0.5, 0.06), ("inbound", 0.05, 0.01)])
def test_the_price_of_a_capacity_takes_what_is_used_of_it(resource: str, step: float, tolerance: float) -> None:
    """What the least priced cost rises by per unit of price is the use, at every node of three layers.

    Use counts children's stock as if their supplier were never short, hence the wider tolerance for storage.
    """
    evaluate = evaluator(_three_layers_of_normal_demand())
    random, free = np.random.default_rng(1), no_prices(evaluate.shared.limit)
    scale = {"storage": 2.0, "inbound": 0.2, "outbound": 0.2, "lane": 0.0}
    shapes = {name: getattr(free, name).shape for name in scale}
    base = CapacityPrices(
        **{
            name: np.ones(shape) * size * random.uniform(0.5, 1.0, (shape[0],) + (1,) * (len(shape) - 1))
            for (name, shape), size in zip(shapes.items(), scale.values(), strict=True)
        }
    )
    use = getattr(evaluate(base).use, resource)
    for node in range(use.shape[0]):
        costs = []
        for sign in (1.0, -1.0):
            moved = getattr(base, resource).copy()
            moved[node] += sign * step
            costs.append(float(evaluate(replace(base, **{resource: moved})).totals.cost.sum()))
        per_day = (costs[0] - costs[1]) / (2.0 * step) / evaluate.model.period_days
        assert per_day == pytest.approx(use[node].sum(), rel=tolerance)
