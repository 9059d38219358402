"""A closed loop from the command line: what it prints and writes, and how it refuses."""

import json
from pathlib import Path

import pandas as pd
import pytest
from conftest import run_meio

QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.yaml"
FEW = ("--set", "simulation.replications=3")
MORE = """extends: {base}
demand:
  products:
    - {{product: lamp, period: "*", mean: 105, dispersion: 2}}
    - {{product: kettle, period: "*", mean: 68, dispersion: 1.5}}
    - {{product: mug, period: "*", mean: 240, dispersion: 3}}
    - {{product: chair, period: "*", mean: 18, dispersion: 1.2}}
    - {{product: clock, period: "*", mean: 8, dispersion: 1}}
"""


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan") / "out"
    assert run_meio(["plan", QUICKSTART, "--refine", "5", "-o", folder], lambda: ("", "")).code in (0, 5)
    return folder


def test_it_is_compared_with_the_plan_as_it_is(meio, planned, tmp_path):
    ended = meio("simulate", QUICKSTART, "--plan", planned, "--replan", "weekly", *FEW, "-o", tmp_path / "out")
    assert ended.code == 0
    assert "12 replans a replication" in ended.out
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    replans = pd.read_parquet(tmp_path / "out" / "replans.parquet")
    assert set(summary["baselines"]) == {"static"}
    assert summary["plan"]["bound_kind"] != "none"
    assert summary["closed_loop"]["replans"] == 12
    assert summary["closed_loop"]["targets_moved_mean"] == pytest.approx(replans["targets_moved"].mean())
    assert replans[["replication", "period"]].to_numpy().tolist() == [
        [replication, period] for replication in (1, 2, 3) for period in range(2, 14)
    ]


def test_the_scenario_of_the_plan_is_the_forecast_of_another(meio, planned, tmp_path):
    truth = tmp_path / "more.yaml"
    truth.write_text(MORE.format(base=QUICKSTART))
    ended = meio("simulate", truth, "--plan", planned, "--replan", "4", *FEW, "--json")
    assert ended.code == 0
    summary = json.loads(ended.out)
    assert summary["plan"]["lower_bound"] is None
    assert summary["gap"] == {"total": None, "controllable": None}
    assert summary["closed_loop"]["replans"] == 3
    assert summary["closed_loop"]["demand_level_last"] == pytest.approx(1.5, abs=0.1)


FAILING = """
class Failing:
    name, batch_minutes = "failing", 0

    def assign(self, orders):
        if orders[0].number > 1000:
            raise RuntimeError("enough")
        return []
"""


def test_what_a_failing_policy_left_is_kept(meio, planned, tmp_path):
    policy, out = tmp_path / "policy.py", tmp_path / "out"
    policy.write_text(FAILING)
    given = ("--policy", f"{policy}:Failing", "--replan", "weekly")
    ended = meio("simulate", QUICKSTART, "--plan", planned, *given, *FEW, "-o", out)
    assert ended.code == 3
    assert "RuntimeError: enough" in ended.err
    summary = json.loads((out / "summary.json").read_text())
    assert "RuntimeError: enough" in summary["simulation"]["stopped"]
    assert summary["simulation"]["orders"] == 1000


@pytest.mark.parametrize(
    ("option", "code", "message"),
    [
        (("--replan", "hourly"), 3, "found 'hourly', expected 'weekly' or a number of periods, which have 7 days here"),
        (("--replan", "weekly", "--against", "nearest"), 2, "not together with --replan"),
        (("--replan", "weekly", "--set", "horizon.periods=12"), 3, "found a plan for 13, expected 12"),
    ],
)
def test_it_refuses(meio, planned, option, code, message):
    ended = meio("simulate", QUICKSTART, "--plan", planned, *option)
    assert ended.code == code
    assert message in " ".join(ended.err.replace("│", " ").split())
