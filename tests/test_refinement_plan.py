"""What refining a plan on sampled paths does to its targets, its storage, and its simulated cost."""

from dataclasses import replace

import pytest
from planning_cases import hub_and_coasts, two_coasts

from meio.optimizer.planner import plan
from meio.refinement.refine import refined
from meio.simulation.engine import simulate


@pytest.fixture(scope="module")
def case():
    compiled = hub_and_coasts()
    return compiled, plan(compiled, workers=1)


def test_no_rounds_change_nothing(case):
    assert refined(*case, 0) is case[1]


def test_any_number_of_workers_refines_alike(case):
    one, two = (refined(*case, 2, workers=workers) for workers in (1, 2))
    assert one.targets.tolist() == two.targets.tolist()
    assert one.refinement == two.refinement


def test_refined_targets_simulate_cheaper(case):
    compiled, planned = case
    better = refined(compiled, planned, 4)
    cost = [simulate(compiled, one, replications=40, seed=11).cost["total"].mean() for one in (planned, better)]
    assert better.refinement.products > 0
    assert better.refinement.saved > 0.0
    assert cost[1] < cost[0]


def test_storage_keeps_its_room():
    compiled = two_coasts(6, sites={"west": {"storage_m3": {"standard": 6.0}}})
    planned = plan(compiled, workers=1)
    better = refined(compiled, planned, 6)
    assert better.capacity_violation_max <= 0.05
    assert better.use.storage.shape == planned.use.storage.shape


def test_products_stocked_at_one_node_keep_their_targets():
    compiled = two_coasts(3)
    planned = plan(compiled, workers=1)
    alone = planned.lane_idx.copy()
    alone[:, 1] = -1
    only = replace(planned, lane_idx=alone)
    assert refined(compiled, only, 3) is only
