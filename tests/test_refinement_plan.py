"""What refining a plan on sampled paths does to its targets, its use of capacity, and its simulated cost."""

from dataclasses import replace

import numpy as np
import pytest
from planning_cases import demand_of, hub_and_coasts, planning_scenario, two_coasts

import meio
from meio.network.compile import compile_scenario
from meio.network.supply import landed_cost
from meio.optimizer.planner import plan
from meio.plans import CapacityPrices, load_plan
from meio.refinement.refine import refined, unrefined
from meio.refinement.sampling import paths_of, sampled
from meio.refinement.unit_values import unit_values
from meio.simulation.engine import simulate

ROUNDS = 40
DEAR_IS_NEAR = [("near", 2.0), ("far", 0.0)]
NEAR_SERVES_ALL = {("near", "town"): 1.0, ("far", "town"): 2.0, ("near", "village"): 1.0}


@pytest.fixture(scope="module")
def case():
    compiled = hub_and_coasts()
    planned = plan(compiled, workers=1)
    return compiled, planned, refined(compiled, planned, ROUNDS, workers=1)


def test_no_rounds_change_nothing(case):
    assert refined(*case[:2], 0) is case[1]


def test_any_number_of_workers_refines_alike(case):
    one, two = (refined(*case[:2], 2, workers=workers) for workers in (1, 2))
    assert one.targets.tolist() == two.targets.tolist()
    assert one.refinement.saved == two.refinement.saved


def test_the_closed_forms_plan_is_found_again(case):
    compiled, planned, better = case
    again = unrefined(compiled, better)
    np.testing.assert_allclose(again.targets, planned.targets)
    np.testing.assert_allclose(again.unit_value, planned.unit_value)
    assert again.refinement is None
    assert unrefined(compiled, planned) is planned


def test_every_seed_has_paths_of_its_own(case):
    one, same, other = (refined(*case[:2], 2, workers=1, seed=seed) for seed in (0, 0, 1))
    assert one.refinement.shift.tolist() == same.refinement.shift.tolist()
    assert one.refinement.shift.tolist() != other.refinement.shift.tolist()


def test_refined_targets_simulate_cheaper(case):
    compiled, planned, better = case
    cost = [simulate(compiled, one, replications=40, seed=11).cost["total"].mean() for one in (planned, better)]
    assert better.refinement.products > 0
    assert better.refinement.saved > 0.0
    assert cost[1] < cost[0]


def test_a_search_over_whole_rows_finds_next_to_nothing_more(case):
    compiled, planned, better = case
    paths, prices = paths_of(compiled, better, "priced"), better.refinement.prices

    def cost(targets):
        return sampled(paths, targets, prices, 77, 200).cost.sum()

    reached, began = cost(better.targets), cost(planned.targets)
    for node in range(better.targets.shape[1]):
        for scale in (0.75, 0.9, 1.1, 1.25):
            moved = better.targets.copy()
            moved[:, node] = np.rint(scale * moved[:, node])
            assert cost(moved) > reached - 0.1 * (began - reached)


def test_targets_are_refined_under_the_policy_that_assigns():
    review = {"lead_time": {"mean": 3.0}, "review": {"every": 7.0}}
    lanes = [{"from": "vendor", "to": site, "cost": {"per_unit": cost}, **review} for site, cost in DEAR_IS_NEAR]
    settings = {"planning": {"refinement_rounds": 10}, "simulation": {"policy": "nearest"}}
    demand = demand_of([("p", zone, 20.0) for zone in ("town", "village")])
    scenario = planning_scenario(demand, NEAR_SERVES_ALL, periods=6, period_days=7, lanes=lanes, **settings)
    compiled = compile_scenario(scenario)
    closed = plan(compiled, scenario.file.planning)
    near, far = refined(compiled, closed, 10, policy="nearest").targets[0]
    assert (near > closed.targets[0, 0]).all()  # who is near serves everybody, whatever it costs to stock it
    assert (far < closed.targets[0, 1]).all()
    np.testing.assert_array_equal(meio.plan(scenario).targets[0], [near, far])


def test_use_stays_within_storage():
    compiled = two_coasts(6, sites={"west": {"storage_m3": {"standard": 6.0}}})
    planned = plan(compiled, workers=1)
    better = refined(compiled, planned, ROUNDS)
    assert better.capacity_violation_max <= 0.01
    assert better.use.storage.shape == planned.use.storage.shape


def test_products_stocked_at_one_node_keep_their_targets():
    compiled = two_coasts(3)
    planned = plan(compiled, workers=1)
    alone = planned.lane_idx.copy()
    alone[:, 1] = -1
    only = replace(planned, lane_idx=alone)
    assert refined(compiled, only, 3) is only


def test_unit_values_follow_the_prices_on_the_way_in(case):
    compiled, planned, _ = case
    raised = CapacityPrices(**{kind: part.copy() for kind, part in vars(planned.prices).items()})
    raised.inbound[:] += 2.0
    more = unit_values(compiled, planned, raised) - planned.unit_value
    lanes, num_nodes = compiled.lanes, len(compiled.names.nodes)
    for product, node in np.argwhere(planned.lane_idx >= 0):
        receipts, at = 0, node
        while at < num_nodes:
            receipts, at = receipts + 1, lanes.source_idx[planned.lane_idx[product, at]]
        np.testing.assert_allclose(more[product, node], 2.0 * receipts)
    assert np.isfinite(landed_cost(compiled)[planned.lane_idx >= 0]).all()


def test_a_refined_plan_survives_saving(case, tmp_path):
    compiled, _, better = case
    better.save(tmp_path, compiled)
    again = load_plan(tmp_path, compiled)
    assert again.refinement[:2] == better.refinement[:2]
    np.testing.assert_array_equal(again.refinement.shift, better.targets - case[1].targets)
    limited = np.isfinite(compiled.nodes.storage_m3)
    assert (again.refinement.prices.storage[limited] == better.refinement.prices.storage[limited]).all()
    np.testing.assert_array_equal(again.targets, better.targets)
