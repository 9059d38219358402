"""One node, one speed, no capacity: the plan is the newsvendor's."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from planning_cases import demand_of, planning_case
from scipy import stats

from meio.network.compiled import CompiledScenario
from meio.optimizer.planner import plan

KNOWN_ANSWERS = Path(__file__).parents[2] / "shared" / "answers" / "known_answers.json"
HOME = {("site", "town"): 0.0}


def _instance(name: str) -> dict[str, Any]:
    if not KNOWN_ANSWERS.exists():
        pytest.skip(f"no {KNOWN_ANSWERS.name} beside the repository")
    instances = json.loads(KNOWN_ANSWERS.read_text("utf-8"))["instances"]
    return next(instance for instance in instances if instance["id"] == name)


def _demand(demand: dict[str, Any]) -> tuple[str, pd.DataFrame]:
    match demand["type"]:
        case "normal":
            row = ("item", "town", demand["mean"], demand["sd"])
            return "normal", demand_of([row], ["mean", "sd"])
        case "poisson":
            return "poisson", demand_of([("item", "town", demand["mean"])])
    points = [("item", "town", float(value), share) for value, share in demand["pmf"].items()]
    return "empirical", demand_of(points, ["value", "probability"])


def _case(inputs: dict[str, Any], periods: int) -> CompiledScenario:
    distribution, demand = _demand(inputs["demand"])
    days, penalty = inputs.get("L", 0), {"per_unit": inputs["p"]}
    owed = {"when_unserved": "backordered", "backordered_per_day": penalty}
    return planning_case(
        demand,
        HOME,
        distribution=distribution,
        periods=periods,
        lanes=[{"from": "vendor", "to": "site", "lead_time": {"mean": days}}],
        speed={"promise": "2 d", **(owed if days else {"lost": penalty})},
        holding={"per_unit_day": inputs["h"]},
    )


@pytest.mark.parametrize("periods", [1, 3])
@pytest.mark.parametrize(
    "name",
    ["newsvendor_normal_ex4_1", "base_stock_leadtime_ex4_4", "newsvendor_discrete_pr4_7b", "newsvendor_poisson_pr4_8a"],
)
def test_known_answers(name: str, periods: int) -> None:
    instance = _instance(name)
    optimal = instance["optimal"]
    planned = plan(_case(instance["inputs"], periods))
    assert planned.targets.ravel() == pytest.approx(np.full(periods, optimal["S"]), rel=1e-9)
    assert planned.planned_cost / periods == pytest.approx(optimal["cost"], rel=1e-9)
    assert planned.dual_value / periods == pytest.approx(optimal["cost"], rel=1e-9)


def _grid(penalties: list[float], means: list[float]) -> list[tuple[str, float, float]]:
    return [(f"m{mean:g}-p{penalty:g}", mean, penalty) for mean in means for penalty in penalties]


@pytest.mark.parametrize("dispersion", [1.0, 1.3, 4.0])
def test_levels_are_quantiles_of_counts(dispersion: float) -> None:
    grid = _grid([0.15, 0.5, 3.0, 20.0, 900.0], [0.2, 3.0, 41.0])
    holding = 0.1
    compiled = planning_case(
        demand_of([(name, "town", mean, dispersion) for name, mean, _ in grid], ["mean", "dispersion"]),
        HOME,
        distribution="negative_binomial",
        products={name: {"price": penalty} for name, _, penalty in grid},
        speed={"promise": "2 d", "lost": {"of_price": 1.0}},
        holding={"per_unit_day": holding},
    )
    planned = plan(compiled)
    for name, mean, penalty in grid:
        counts = stats.poisson(mean) if dispersion == 1.0 else stats.nbinom(mean / (dispersion - 1), 1 / dispersion)
        level = planned.targets[compiled.names.products.index(name), 0, 0]
        assert level == counts.ppf(penalty / (penalty + holding)), name


@pytest.mark.parametrize("distribution", ["normal", "gamma"])
def test_levels_are_quantiles_of_continuous_demand(distribution: str) -> None:
    grid = _grid([0.15, 0.5, 3.0, 20.0], [0.7, 41.0])
    holding, spread = 0.1, 0.3
    compiled = planning_case(
        demand_of([(name, "town", mean, spread * mean) for name, mean, _ in grid], ["mean", "sd"]),
        HOME,
        distribution=distribution,
        products={name: {"price": penalty} for name, _, penalty in grid},
        speed={"promise": "2 d", "lost": {"of_price": 1.0}},
        holding={"per_unit_day": holding},
    )
    planned = plan(compiled)
    for name, mean, penalty in grid:
        gamma = stats.gamma(spread**-2, scale=mean * spread**2)
        demand = stats.norm(mean, spread * mean) if distribution == "normal" else gamma
        level = planned.targets[compiled.names.products.index(name), 0, 0]
        assert level == pytest.approx(demand.ppf(penalty / (penalty + holding)), rel=1e-7), name


@pytest.mark.parametrize("dispersion", [1.0, 2.5])
@pytest.mark.parametrize("lead_days", [0.0, 3.0])
def test_zones_of_one_node_are_pooled(dispersion: float, lead_days: float) -> None:
    lanes = [{"from": "vendor", "to": "site", "lead_time": {"mean": lead_days}}]
    common = {"distribution": "negative_binomial", "lanes": lanes}
    apart = planning_case(
        demand_of([("item", "town", 11.0, dispersion), ("item", "port", 6.0, dispersion)], ["mean", "dispersion"]),
        {("site", "town"): 1.0, ("site", "port"): 1.0},
        **common,
    )
    together = planning_case(
        demand_of([("item", "town", 17.0, dispersion)], ["mean", "dispersion"]), {("site", "town"): 1.0}, **common
    )
    pooled, sole = plan(apart), plan(together)
    assert pooled.targets.tolist() == sole.targets.tolist()
    assert pooled.planned_cost == pytest.approx(sole.planned_cost, rel=1e-12)


def test_purchase_transport_and_shipping_are_paid_for_what_is_sold() -> None:
    demand = demand_of([("item", "town", 18.0)])
    lane = {"from": "vendor", "to": "site", "lead_time": {"mean": 0.0}}
    plain = plan(planning_case(demand, HOME, speed={"promise": "2 d", "lost": {"per_unit": 10.0}}))
    dear = plan(
        planning_case(
            demand,
            {("site", "town"): 2.0},
            lanes=[{**lane, "cost": {"per_unit": 0.5, "per_kg": 0.25}}],
            products={"item": {"unit_cost": 4.0, "weight_kg": 2.0}},
            speed={"promise": "2 d", "lost": {"per_unit": 17.0}},
        )
    )
    assert dear.targets.tolist() == plain.targets.tolist()
    assert dear.planned_cost - plain.planned_cost == pytest.approx(18.0 * (4.0 + 0.5 + 0.5 + 2.0), rel=1e-12)


@pytest.mark.parametrize("package", [10.1, 15.0, 40.0])
def test_customers_are_lost_where_serving_them_costs_more(package: float) -> None:
    speed = {"promise": "2 d", "lost": {"per_unit": 10.0}}
    planned = plan(planning_case(demand_of([("item", "town", 18.0)]), {("site", "town"): package}, speed=speed))
    assert planned.targets.sum() == 0.0
    assert planned.planned_cost == pytest.approx(18.0 * 10.0, rel=1e-9)


@pytest.mark.parametrize("package", [2.0, 9.0])
def test_customers_are_served_where_losing_them_costs_more(package: float) -> None:
    speed = {"promise": "2 d", "lost": {"per_unit": 10.0}}
    planned = plan(planning_case(demand_of([("item", "town", 18.0)]), {("site", "town"): package}, speed=speed))
    margin = 10.0 - package
    assert planned.targets[0, 0, 0] == stats.poisson(18.0).ppf(margin / (margin + 0.1))
