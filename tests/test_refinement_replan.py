"""A planner's replans: what they change, what they leave alone, and what they cost."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_cases import COASTS, demand_of, planning_scenario
from toy import toy_scenario

import meio
from meio.network.changes import Changes
from meio.network.compile import compile_scenario
from meio.network.model import Scenario
from meio.network.problems import ScenarioError
from meio.optimizer import selection
from meio.optimizer.evaluation import Evaluator
from meio.optimizer.model import planning_model
from meio.optimizer.planner import evaluator_of, plan
from meio.optimizer.prices import capacities, fields, no_prices
from meio.plans import CapacityPrices, Plan
from meio.refinement.proof import proven
from meio.refinement.replan import Planner
from meio.refinement.sampling import paths_of

PRODUCTS = 24
NAMES = [f"p{index}" for index in range(PRODUCTS)]


def _scenario(**fields_of: object) -> Scenario:
    """Two coasts; the west has room for less than it would hold, and receives less than it would."""
    rows = [
        (name, zone, 3.0 + 5.0 * (index % 5) + (2.0 if zone == "boston" else 0.0))
        for index, name in enumerate(NAMES)
        for zone in ("seattle", "boston")
    ]
    lanes = [
        {"from": "vendor", "to": site, "lead_time": {"mean": 3.0}, "review": {"every": 7.0}}
        for site in ("west", "east")
    ]
    sites = {"west": {"storage_m3": {"standard": 2.2}, "inbound_units_per_day": 42.0}}
    closed = {"refinement_rounds": 0}
    given_fields = {"periods": 3, "period_days": 7, "lanes": lanes, "sites": sites, "planning": closed, **fields_of}
    return planning_scenario(demand_of(rows), COASTS, **given_fields)


@pytest.fixture
def planner() -> Planner:
    """The two coasts, planned."""
    planner = Planner(_scenario(), workers=2)
    planner.plan()
    return planner


def _followed(planner: Planner) -> tuple[CapacityPrices, float]:
    """Use and unpriced cost of the whole changed scenario at the planner's levels, by one evaluator of all products.

    Products meet the prices at which they were planned, so that one pass a vector of prices is needed.
    """
    standing, compiled = planner._standing, compile_scenario(planner.scenario)
    evaluate = evaluator_of(compiled, capacities(compiled), 1)
    lane_idx = standing.plan.lane_idx
    total = list(fields(evaluate.fixed))
    for index, prices in enumerate(standing.paid):
        rows = np.flatnonzero(standing.price_idx == index)
        if rows.size:
            part = Evaluator(selection.of_products(evaluate.model, rows), evaluate.shared, 1)
            use = part.follow(prices, lane_idx[rows], standing.level[rows]).use
            total = [before + own for before, own in zip(total, fields(use), strict=True)]
    unpriced = evaluate.follow(no_prices(evaluate.shared.limit), lane_idx, standing.level)
    return CapacityPrices(*total), unpriced.cost


def _same(first: CapacityPrices, second: CapacityPrices) -> bool:
    return all(one == pytest.approx(other, abs=1e-9) for one, other in zip(fields(first), fields(second), strict=True))


def plan_in_full(scenario: Scenario) -> Plan:
    """The plan before it is refined on sampled paths."""
    return plan(compile_scenario(scenario), scenario.file.planning)


def test_the_first_plan_is_the_optimizers(planner: Planner) -> None:
    plan, other = planner.plan(), plan_in_full(_scenario())
    assert plan.targets.tolist() == other.targets.tolist()
    assert plan.planned_cost == other.planned_cost
    assert plan.prices.storage.max() > 0.0


def test_no_change_is_the_same_plan(planner: Planner) -> None:
    before = planner.plan()
    assert planner.replan(Changes()) is before
    assert planner.drift == (0.0, 0.0, 0.0)


def test_unchanged_products_keep_their_targets(planner: Planner) -> None:
    before = planner.plan()
    kept = before.targets.copy()
    after = planner.replan(Changes(demand_scale={"p3": 1.6, "p7": 0.5}))
    changed = np.isin(NAMES, ["p3", "p7"])
    for name in ("targets", "lane_idx", "unit_value"):
        assert (getattr(after, name)[~changed] == getattr(before, name)[~changed]).all()
    assert after.targets[3].sum() > before.targets[3].sum()
    assert after.targets[7].sum() < before.targets[7].sum()
    assert (before.targets == kept).all()


@settings(max_examples=5)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(NAMES), st.floats(0.0, 2.0), min_size=1, max_size=4), min_size=1, max_size=4
    )
)
def test_use_cost_and_dual_value_are_those_of_the_whole_scenario(draws: list[dict[str, float]]) -> None:
    planner = Planner(_scenario(), workers=1)
    before = planner.plan()
    for draw in draws:
        after = planner.replan(Changes(demand_scale=draw))
    use, cost = _followed(planner)
    assert _same(after.use, use)
    assert after.planned_cost == pytest.approx(cost, rel=1e-9)
    whole = compile_scenario(planner.scenario)
    evaluate = evaluator_of(whole, capacities(whole), 1)
    assert after.dual_value == pytest.approx(evaluate(planner._standing.dual_prices).dual_value, rel=1e-9)
    assert after.capacity_violation_max <= max(0.01, before.capacity_violation_max)


@pytest.mark.parametrize("seed", range(3))
def test_a_replan_costs_little_more_than_a_full_plan(planner: Planner, seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(3):
        chosen = random.choice(PRODUCTS, 2, replace=False)
        after = planner.replan(Changes(demand_scale={NAMES[index]: random.uniform(0.7, 1.3) for index in chosen}))
    assert after.planned_cost <= 1.005 * meio.plan(planner.scenario).planned_cost
    assert after.capacity_violation_max <= 0.01


def test_all_products_with_the_same_data_are_nearly_the_same_plan(planner: Planner) -> None:
    before = planner.plan()
    after = planner.replan(Changes(demand_scale=dict.fromkeys(NAMES, 1.0)))
    assert after.planned_cost == pytest.approx(before.planned_cost, rel=2e-3)
    assert after.targets.sum() == pytest.approx(before.targets.sum(), rel=0.02)
    assert after.dual_value == pytest.approx(planner._standing.dual_value, rel=1e-12)
    assert after.capacity_violation_max <= 0.01


def test_there_and_back_leads_back(planner: Planner) -> None:
    before = planner.plan()
    planner.replan(Changes(demand_scale={"p3": 2.0}))
    after = planner.replan(Changes(demand_scale={"p3": 0.5}))
    assert after.planned_cost == pytest.approx(before.planned_cost, rel=3e-3)
    assert planner.drift.products == pytest.approx(1.0 / PRODUCTS)


def test_a_product_nobody_wants_any_more_frees_its_room(planner: Planner) -> None:
    before = planner.plan()
    after = planner.replan(Changes(demand_scale={"p4": 0.0}))
    assert after.targets[4].sum() == 0.0
    assert after.use.storage.sum() < before.use.storage.sum()
    assert after.planned_cost < before.planned_cost


def test_a_dearer_product_is_stocked_less() -> None:
    planner = Planner(_scenario(holding={"per_unit_day": 0.02, "of_unit_cost_per_year": 0.5}), workers=1)
    before = planner.plan()
    after = planner.replan(Changes(rows={"products": pd.DataFrame({"product": ["p2"], "unit_cost": [150.0]})}))
    assert after.targets[2].sum() < before.targets[2].sum()


def test_capacity_moves_prices_from_where_they_are() -> None:
    planner = Planner(_scenario(sites={"west": {"storage_m3": {"standard": 2.2}}}), workers=1)
    before = planner.plan()
    after = planner.replan(Changes(capacity_scale={"west": 0.95}))
    assert after.prices.storage.max() > before.prices.storage.max()
    assert after.capacity_violation_max <= 0.01
    assert planner.drift == (0.0, 0.0, 0.0)
    cold = meio.plan(planner.scenario)
    assert after.planned_cost == pytest.approx(cold.planned_cost, rel=5e-3)
    assert after.iterations <= cold.iterations


def test_stock_leaves_the_plan_as_it_is() -> None:
    table = pd.DataFrame({"product": ["mug", "book"], "node": ["north", "north"], "units": [20, 10]})
    planner = Planner(toy_scenario({"initial_stock": table}, initial_stock="initial_stock.csv"), workers=1)
    before = planner.plan()
    stock = pd.DataFrame({"product": ["mug"], "node": ["north"], "units": [400]})
    assert planner.replan(Changes(rows={"initial_stock": stock})) is before
    names = planner.compiled.names
    on_hand = planner.compiled.stock.on_hand[:, names.nodes.index("north")]
    assert dict(zip(names.products, on_hand.tolist(), strict=True)) == {"mug": 400, "book": 10, "kettle": 0, "sofa": 0}


def test_replans_do_not_depend_on_the_number_of_threads() -> None:
    plans = []
    for workers in (1, 2, 3):
        planner = Planner(_scenario(), workers=workers)
        planner.plan()
        planner.replan(Changes(demand_scale={"p3": 1.3}))
        plans.append(planner.replan(Changes(demand_scale={"p5": 0.8, "p6": 1.2})))
    first, *others = [(plan.targets.tolist(), plan.planned_cost, plan.use.storage.tolist()) for plan in plans]
    assert all(other == first for other in others)


def test_a_refused_change_changes_nothing(planner: Planner) -> None:
    before, scenario = planner.plan(), planner.scenario
    with pytest.raises(ScenarioError):
        planner.replan(Changes(demand_scale={"p99": 2.0}))
    assert planner.scenario is scenario
    assert planner.replan(Changes()) is before


def test_without_a_plan_the_changed_scenario_is_planned() -> None:
    planner = Planner(_scenario(), workers=1)
    plan = planner.replan(Changes(demand_scale={"p3": 2.0}))
    assert plan.targets.tolist() == plan_in_full(planner.scenario).targets.tolist()


@pytest.fixture(scope="module")
def refining() -> Planner:
    """The two coasts, planned and refined on sampled paths."""
    planner = Planner(_scenario(planning={"refinement_rounds": 30}), workers=2)
    planner.plan()
    return planner


def test_the_first_plan_is_refined_as_elsewhere(refining: Planner) -> None:
    other = meio.plan(_scenario(planning={"refinement_rounds": 30}))
    assert refining.replan(Changes()).targets.tolist() == other.targets.tolist()
    assert other.refinement is not None
    assert other.refinement.products > 0


def test_changed_products_are_refined_at_the_refined_prices(refining: Planner) -> None:
    before = refining.replan(Changes())
    after = refining.replan(Changes(demand_scale={"p3": 1.3, "p7": 0.8}))
    changed = (after.targets != before.targets).any(axis=(1, 2))
    assert [NAMES[index] for index in np.flatnonzero(changed)] == ["p3", "p7"]
    assert before.refinement is not None
    assert after.refinement is not None
    assert after.refinement.prices is before.refinement.prices
    closed = refining._standing.plan.targets  # type: ignore[union-attr]
    np.testing.assert_array_equal(after.targets - after.refinement.shift, closed)
    paths = paths_of(refining.compiled, after, "priced")
    assert _same(after.use, proven(paths, after.targets).use)


def test_a_part_of_a_model_answers_as_the_whole() -> None:
    compiled = compile_scenario(toy_scenario())
    model, shared = planning_model(compiled), capacities(compiled)
    whole = Evaluator(model, shared, 1)(no_prices(shared.limit))
    rows = np.array([3, 0])
    part = Evaluator(selection.of_products(model, rows), shared, 1)(no_prices(shared.limit))
    assert (part.decisions.level == whole.decisions.level[rows]).all()
    assert (part.decisions.lane_idx == whole.decisions.lane_idx[rows]).all()


def test_a_part_of_tabled_demand_keeps_its_tables() -> None:
    rows = [
        ("a", "z", 1.0, 0.4),
        ("a", "z", 5.0, 0.6),
        ("b", "z", 2.0, 1.0),
        ("c", "z", 3.0, 0.5),
        ("c", "z", 9.0, 0.5),
    ]
    demand = demand_of(rows, ["value", "probability"])
    model = planning_model(
        compile_scenario(planning_scenario(demand, {("site", "z"): 1.0}, distribution="empirical", periods=2))
    )
    part = selection.of_products(model, np.array([2, 0]))
    assert part.table_value.tolist() == [3.0, 9.0, 3.0, 9.0, 1.0, 5.0, 1.0, 5.0]
    assert part.table_ptr.tolist() == [0, 2, 4, 6, 8]
    assert part.product_ptr.tolist() == [0, 1, 2]
