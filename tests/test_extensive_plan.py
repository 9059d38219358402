"""`meio plan --method extensive` from end to end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planning_cases import hub_and_coasts, two_coasts

from meio.explanation.explain import explain
from meio.optimizer.extensive_plan import extensive_plan
from meio.optimizer.planner import plan
from meio.plans import load_plan

QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.yaml"
US_RETAIL = QUICKSTART.parent / "us-retail.yaml"


def test_method_plans_and_simulates(meio, tmp_path):
    ended = meio("plan", QUICKSTART, "--method", "extensive", "-o", tmp_path / "out", "--json")
    assert ended.code == 0, ended.err
    planned = json.loads(ended.out)["plan"]
    assert (planned["bound_kind"], planned["iterations"], planned["dual_gap"]) == ("valid", 1, 0.0)
    assert len(pd.read_parquet(tmp_path / "out" / "convergence.parquet")) == 1
    simulated = meio("simulate", QUICKSTART, "--plan", tmp_path / "out", "--json")
    assert simulated.code == 0, simulated.err
    cost = json.loads(simulated.out)["simulation"]["cost"]["mean"]
    assert cost == pytest.approx(planned["planned_cost"], rel=0.25)


def test_too_large_a_scenario_is_refused(meio, tmp_path):
    ended = meio("plan", US_RETAIL, "--method", "extensive", "-o", tmp_path / "out")
    assert ended.code == 2
    assert "has up to 312,096,200 shipments in 50 samples of demand" in ended.err
    assert "at most 250,000: plan with --method decomposition" in ended.err
    assert not (tmp_path / "out").exists()


def test_plan_is_like_any_other(tmp_path):
    compiled = two_coasts(4, sites={"west": {"storage_m3": {"standard": 0.5}}})
    planned = plan(compiled, method="extensive")
    assert (planned.prices.storage > 0).any()
    assert (planned.targets == np.floor(planned.targets)).all()
    planned.save(tmp_path, compiled)
    again = load_plan(tmp_path, compiled)
    np.testing.assert_array_equal(again.targets, planned.targets)
    row = explain(compiled, planned, "p0", "west", 1).periods[0]
    assert row.target == planned.targets[0, 0, 0]
    assert row.overage["storage price"] > 0


def test_hub_covers_what_passes_through_it():
    compiled = hub_and_coasts()
    planned = extensive_plan(compiled)
    hub, window = compiled.names.nodes.index("hub"), 17.0
    daily = compiled.demand.daily_mean.reshape(3, 2, 3).sum(axis=1)
    assert (planned.targets[:, hub] > 0.9 * daily * window).all()
    assert (planned.targets[:, hub] < 1.5 * daily * window + 10).all()


def test_seed_fixes_the_plan():
    compiled = two_coasts(2)
    first, again, other = (extensive_plan(compiled, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.targets, again.targets)
    assert first.planned_cost == again.planned_cost != other.planned_cost
