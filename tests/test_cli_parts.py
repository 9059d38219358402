"""A simulation in parts from the command line: an estimate that says so, shards, and how both refuse."""

import json
from pathlib import Path

import pandas as pd
import pytest
from conftest import run_meio
from scenario_files import edited

import meio

QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.yaml"
SETTINGS = ("--set", "planning.refinement_rounds=0", "--set", "simulation.replications=3")


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    return planned_in(tmp_path_factory.mktemp("plan") / "out", QUICKSTART)


def planned_in(folder, scenario):
    assert run_meio(["plan", scenario, *SETTINGS, "-o", folder], lambda: ("", "")).code in (0, 5)
    return folder


def test_an_estimate_says_so_everywhere(meio, planned, tmp_path):
    folder = tmp_path / "out"
    ended = meio("simulate", QUICKSTART, *SETTINGS, "--plan", planned, "--sample", "3", "-o", folder)
    assert ended.code == 0
    drawn = "from 3 of 5 products, 1 of them for certain"
    said = f"{drawn}; the others are a load on what all share, whose error intervals leave out"
    assert f"estimate         {said}" in ended.out
    summary = json.loads((folder / "summary.json").read_text())["simulation"]
    assert summary["estimate"] == {
        "products": 3,
        "of": 5,
        "certain": 1,
        "shared": ["storage of FC", "receiving at FC"],
    }
    found = pd.read_parquet(folder / "sample" / "intervals.parquet").set_index("measure")
    assert summary["cost"] == {
        "mean": pytest.approx(found.loc["cost:total", "mean"]),
        "ci95": pytest.approx(found.loc["cost:total", ["low", "high"]].tolist()),
    }
    assert summary["fill_rate"]["express"] == pytest.approx(found.loc["fill_rate:express", "mean"])
    assert pd.read_parquet(folder / "sample" / "strata.parquet")["drawn"].sum() == 3
    if (report := folder / "report.html").exists():
        assert f"An estimate {said}" in report.read_text("utf-8")


def test_shards_are_the_whole(meio, tmp_path):
    scenario = tmp_path / "free.yaml"
    roomy = (
        ("storage_m3: {standard: 3}  ", "storage_m3: {standard: unlimited}"),
        ("    inbound_units_per_day: 250\n", ""),
    )
    scenario.write_text(edited(*roomy))
    arguments = ("simulate", scenario, *SETTINGS, "--plan", planned_in(tmp_path / "out", scenario), "--json")
    whole, shards = (json.loads(meio(*arguments, *more).out)["simulation"] for more in ((), ("--shards", "3")))
    assert whole["estimate"] is None
    for figures in (whole, shards):
        del figures["orders_per_second"], figures["cost"], figures["controllable_cost"]
        del figures["outbound_cost_per_unit"], figures["outbound_cost_per_unit_ci95"], figures["capacity_use_max"]
    assert shards == whole


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--shards", "2"), "products share storage of FC, receiving at FC: they can only be simulated together"),
        (("--sample", "1"), "sample: found 1 of 5 products, expected at least 2"),
        (("--sample", "3", "--policy", "batch"), "the policy 'batch'"),
        (("--sample", "3", "--shards", "2"), "alone, without other ways to simulate"),
        (("--sample", "3", "--precision", "0.01"), "alone, without other ways to simulate"),
    ],
)
def test_what_cannot_be_done_in_parts_is_a_usage_error(meio, planned, options, said):
    ended = meio("simulate", QUICKSTART, *SETTINGS, "--plan", planned, *options)
    assert ended.code == 2
    assert said in " ".join(ended.err.split())


def test_from_python():
    scenario = meio.load(QUICKSTART, ["simulation.replications=2", "planning.refinement_rounds=0"])
    plan = meio.plan(scenario)
    found = meio.simulate(scenario, plan, sample=0.6)
    assert (found.estimate.products, found.estimate.of) == (3, 5)
    assert "estimate from 3 of 5 products" in repr(found)
    with pytest.raises(ValueError, match="products share storage of FC"):
        meio.simulate(scenario, plan, shards=2)
    with pytest.raises(ValueError, match="expected one of them alone"):
        meio.simulate(scenario, plan, sample=0.8, daily=True)
