"""Experiments from a file to a folder: effects are found where there are any, mistakes are told."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from planning_cases import COASTS, demand_of, planning_case
from scenario_files import ROOT
from scipy import stats

from meio.experiments.experiment import experiment, experiment_with
from meio.experiments.lab import outcome_of
from meio.experiments.ledger import COLUMNS
from meio.experiments.request import Request
from meio.experiments.systems import System
from meio.network.problems import ScenarioError
from meio.optimizer.baselines import baseline_plans

QUICKSTART = ROOT / "scenarios" / "quickstart.yaml"
RIVALS = {
    "scenario": str(QUICKSTART),
    "treatment": {"plan": "independent_newsvendor", "policy": "nearest"},
    "control": {"plan": "national_pool", "policy": "nearest"},
    "replications": 2,
}


@pytest.fixture(scope="module")
def coasts():
    """Two sites, 24 products, 14 weeks."""
    rows = [(f"p{place:02d}", zone, 3.0 + place % 5) for place in range(24) for zone in ("seattle", "boston")]
    lanes = [{"from": "vendor", "to": site, "lead_time": {"mean": 1.0}} for site in ("west", "east")]
    return planning_case(demand_of(rows), COASTS, lanes=lanes, periods=14, period_days=7)


def scarce(plan, share=0.5):
    return plan.__class__(**(vars(plan) | {"targets": np.floor(share * plan.targets)}))


def test_the_same_planner_on_both_sides_differs_by_chance_only(coasts):
    system = System(baseline_plans(coasts)["independent_newsvendor"], "nearest")
    request = Request(scenario=QUICKSTART, replications=20, block_weeks=1, washout_weeks=0)
    result = experiment_with(coasts, system, system, request)
    _, most = stats.binom.interval(0.999, 20, 0.05)
    for _, rows in result.frame.groupby(["design", "estimator"]):
        assert (rows["p_value"] <= 0.05).sum() <= most
        assert ((rows["ci_low"] > 0.0) | (rows["ci_high"] < 0.0)).sum() <= most
        assert (rows["rollout"] == 0.0).all()
    assert result.summary["products"]["variance_left"] < 0.9


def test_a_planner_with_too_little_stock_is_found_out(coasts):
    full = baseline_plans(coasts)["independent_newsvendor"]
    request = Request(scenario=QUICKSTART, replications=4, pre_weeks=2)
    result = experiment_with(coasts, System(scarce(full), "nearest"), System(full, "nearest"), request)
    for found in result.summary.values():
        low, high = found["effect"]["ci95"]
        assert found["rollout"]["mean"] > 0.0
        assert low > 0.0
        assert low < found["rollout"]["mean"] < high or abs(found["interference"]["mean"]) < 0.5 * high


def test_threads_and_calls_agree(coasts):
    plans = baseline_plans(coasts)
    systems = [System(plans[name], "nearest") for name in ("independent_newsvendor", "national_pool")]
    request = Request(scenario=QUICKSTART, replications=2)
    first, second = (experiment_with(coasts, *systems, request, workers=workers).frame for workers in (1, 2))
    pd.testing.assert_frame_equal(first, second)


def test_profit_is_sales_less_cost_and_a_lost_order_costs_the_sale_only():
    money = np.random.default_rng(0).gamma(1.0, size=(3, 4, len(COLUMNS)))
    column = dict(zip(COLUMNS, np.moveaxis(money, 2, 0), strict=True))
    cost = sum(column[kind] for kind in COLUMNS if kind not in {"sales", "wanted"})
    np.testing.assert_allclose(outcome_of(money, "cost"), cost)
    np.testing.assert_allclose(outcome_of(money, "profit"), column["sales"] - (cost - column["lost"]))


def test_files_are_read_and_tables_written(meio, tmp_path):
    file = tmp_path / "rivals.yaml"
    file.write_text(json.dumps(RIVALS | {"overrides": ["horizon.periods=14"]}))
    ended = meio("experiment", file, "-o", tmp_path / "out", "--quiet")
    assert ended.code == 0, ended.err
    assert "products drawn by lot, 2 experiments" in ended.out
    table = pd.read_parquet(tmp_path / "out" / "experiments.parquet")
    assert set(table["design"]) == {"products", "weeks"}
    listed = json.loads((tmp_path / "out" / "run.json").read_text())["files"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == listed
    again = meio("experiment", file, "-o", tmp_path / "out", "--json")
    assert json.loads(again.out)["weeks"]["experiments"] == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blocks": 3}, "blocks: found an unknown key"),
        ({"power": 2.0}, "power: found 2, expected input should be less than 1"),
        ({"control": {"polcy": "priced"}}, "did you mean 'policy'?"),
        ({"washout_weeks": 2}, "washout_weeks: found 2, expected less than block_weeks, 2"),
        ({"pre_weeks": 13}, "horizon: found 13 weeks, expected more than pre_weeks and washout_weeks, 14"),
        ({"control": {"overrides": ["horizon.periods=9"]}}, "expected only what leaves products"),
    ],
)
def test_mistakes_are_told(change, message, meio, tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text(json.dumps(RIVALS | change))
    ended = meio("experiment", file, "-o", tmp_path / "out")
    assert ended.code == 3
    assert message in ended.err
    with pytest.raises(ScenarioError):
        experiment(RIVALS | change)
