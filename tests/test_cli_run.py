"""A run from the command line: what it prints, what it writes, and that a seed fixes both."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import Ended, run_meio

from meio import workflow

QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.yaml"
FEW = ("--set", "simulation.replications=3")
BASELINES = {"independent_newsvendor", "national_pool"}
KEYS = {
    "scenario": {"name", "hash", "products", "nodes", "zones", "speeds", "periods"},
    "plan": {
        *("lower_bound", "bound_kind", "planned_cost", "dual_gap", "iterations", "seconds", "binding_prices"),
        *("capacity_violation_max", "bound_conditions", "dual_value", "recovery", "refinement"),
    },
    "simulation": {
        *("replications", "days", "orders", "orders_per_second", "seed", "cost", "controllable_cost", "fill_rate"),
        *("on_time", "outbound_cost_per_unit", "capacity_use_max", "units_lost", "precision", "warm_up_days"),
        *(
            "warm_up_days_suggested",
            "stopped",
            "estimate",
            "fill_rate_ci95",
            "on_time_ci95",
            "outbound_cost_per_unit_ci95",
        ),
    },
    "gap": {"total", "controllable"},
    "baselines": BASELINES,
    "closed_loop": set(),
}
Meio = Callable[..., Ended]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of one run."""
    folder = tmp_path_factory.mktemp("run") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.echo", lambda *_, **__: None)
        assert run_meio(["run", QUICKSTART, *FEW, "-o", folder, "--seed", 7], lambda: ("", "")).code in (0, 5)
    return folder


def summary_of(folder: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return summary


def without_clock(summary: dict[str, Any]) -> dict[str, Any]:
    """The summary without what depends on the machine's speed."""
    plan = {key: value for key, value in summary["plan"].items() if key != "seconds"}
    simulation = {key: value for key, value in summary["simulation"].items() if key != "orders_per_second"}
    return {**summary, "plan": plan, "simulation": simulation}


def test_summary_has_exactly_these_keys(folder: Path):
    assert {key: set(part or ()) for key, part in summary_of(folder).items()} == KEYS
    for baseline in summary_of(folder)["baselines"].values():
        rates = ("outbound_cost_per_unit", "fill_rate")
        assert set(baseline) == {"cost", "cost_saving", *rates, *(f"{rate}_ci95" for rate in rates)}


def test_folder_holds_what_it_lists(folder: Path):
    facts = json.loads((folder / "run.json").read_text())
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == set(facts["files"])
    assert {"orders.parquet", "prices.parquet", "report.html", "targets.parquet", "usage.parquet"} < found
    assert facts["seed"] == 7
    assert set(facts["data_hashes"]) == {"quickstart.yaml"}


def test_savings_are_paired_differences(folder: Path):
    cost = pd.read_parquet(folder / "measures" / "cost.parquet").pivot_table("total", "replication", "system")
    for name, baseline in summary_of(folder)["baselines"].items():
        assert baseline["cost_saving"]["mean"] == pytest.approx((cost[name] - cost["plan"]).mean())


def test_usage_covers_every_price(folder: Path):
    usage, prices = (pd.read_parquet(folder / f"{name}.parquet") for name in ("usage", "prices"))
    place = ["resource", "at", "storage_type", "period"]
    pd.testing.assert_frame_equal(usage[place], prices[place])
    assert usage["mean"].notna().all()


def test_json_is_the_summary(meio: Meio, tmp_path: Path):
    ended = meio("plan", QUICKSTART, *FEW, "-o", tmp_path / "out", "--json")
    assert json.loads(ended.out) == summary_of(tmp_path / "out")


def test_same_seed_same_result_with_any_number_of_workers(meio: Meio, folder: Path, tmp_path: Path):
    meio("run", QUICKSTART, *FEW, "-o", tmp_path / "out", "--seed", 7, "--workers", 1)
    assert without_clock(summary_of(tmp_path / "out")) == without_clock(summary_of(folder))


def test_another_seed_another_result(meio: Meio, folder: Path):
    ended = meio("simulate", QUICKSTART, *FEW, "--plan", folder, "--seed", 8, "--json")
    assert json.loads(ended.out)["simulation"]["cost"] != summary_of(folder)["simulation"]["cost"]


def test_saved_plan_simulates_as_the_run_did(meio: Meio, folder: Path):
    ended = meio("simulate", QUICKSTART, *FEW, "--plan", folder, "--seed", 7, "--json")
    assert ended.code == 0
    again, once = without_clock(json.loads(ended.out)), without_clock(summary_of(folder))
    assert {**once, "baselines": {}} == again


def test_policies_meet_the_same_orders(meio: Meio, folder: Path):
    arguments = ("simulate", QUICKSTART, *FEW, "--plan", folder, "--policy", "nearest", "--against", "nearest")
    saving = json.loads(meio(*arguments, "--json").out)["baselines"]["nearest"]["cost_saving"]
    assert saving == {"mean": 0, "ci95": [0, 0]}


def test_a_precision_decides_the_number_of_replications(meio: Meio, folder: Path):
    ended = meio("simulate", QUICKSTART, "--plan", folder, "--precision", 0.02, "--against", "nearest", "--json")
    assert ended.code == 0
    summary = json.loads(ended.out)
    simulation = summary["simulation"]
    low, high = simulation["cost"]["ci95"]
    assert (high - low) / 2 / simulation["cost"]["mean"] == pytest.approx(simulation["precision"]["found"])
    assert simulation["precision"]["found"] <= 0.02
    assert simulation["precision"]["reached"]
    assert summary["baselines"]["nearest"]["cost_saving"]["mean"] is not None


def test_a_precision_not_reached_has_the_code_of_stopping_early(meio: Meio, folder: Path):
    arguments = ("simulate", QUICKSTART, "--plan", folder, "--precision", 0.0001, "--most-replications", 12)
    ended = meio(*arguments)
    assert ended.code == 5
    assert ended.err == "stopped after 12 replications, before the precision of 0.0001\n"
    assert "12 replications" in ended.out
    assert "0.01% asked for, not reached" in ended.out


def test_days_and_events_are_written_on_request(meio: Meio, folder: Path, tmp_path: Path):
    arguments = ("simulate", QUICKSTART, *FEW, "--plan", folder, "--seed", 7, "--against", "nearest")
    assert meio(*arguments, "-o", tmp_path / "plain").code == 0
    assert not list((tmp_path / "plain").glob("daily*")) + list((tmp_path / "plain").glob("events*"))
    assert meio(*arguments, "--daily", "--events", "-o", tmp_path / "out").code == 0
    daily, events = (pd.read_parquet(tmp_path / "out" / f"{name}.parquet") for name in ("daily", "events"))
    cost = pd.read_parquet(tmp_path / "out" / "measures" / "cost.parquet").set_index(["system", "replication"])
    totals = daily.groupby(["system", "replication"])["total"].sum().reindex(cost.index)
    assert totals.to_numpy() == pytest.approx(cost["total"].to_numpy())
    assert set(events["system"]) == set(daily["system"]) == {"plan", "nearest"}
    assert {"daily.parquet", "events.parquet"} <= set(json.loads((tmp_path / "out" / "run.json").read_text())["files"])


def test_tables_need_a_folder(meio: Meio, folder: Path):
    ended = meio("simulate", QUICKSTART, "--plan", folder, "--events")
    assert (ended.code, ended.err) == (2, "--daily and --events write tables: name a folder with --output\n")


def test_rounds_of_refinement_are_an_option(meio: Meio, tmp_path: Path):
    ended = meio("plan", QUICKSTART, "--refine", 0, "-o", tmp_path / "closed", "--json")
    assert json.loads(ended.out)["plan"]["refinement"] is None
    ended = meio("plan", QUICKSTART, "--refine", 5, "-o", tmp_path / "refined", "--json")
    assert json.loads(ended.out)["plan"]["refinement"]["products"] > 0
    again = meio("simulate", QUICKSTART, *FEW, "--plan", tmp_path / "refined", "--json")
    assert again.code == 0


def test_plan_of_another_scenario_is_refused(meio: Meio, folder: Path):
    ended = meio("simulate", QUICKSTART, "--set", "horizon.periods=12", "--plan", folder)
    assert ended.code == 2
    assert ended.err == f"the plan in {folder} was made for another scenario, or for 'quickstart' as it then was\n"


def test_text_names_units_and_report(meio: Meio, tmp_path: Path):
    ended = meio("run", QUICKSTART, *FEW, "-o", tmp_path / "out")
    assert ended.out.startswith("quickstart: 5 products, 3 nodes, 2 zones, 2 speeds, 13 periods\n")
    assert "total cost, USD" in ended.out
    assert ended.out.endswith(f"report: {tmp_path / 'out' / 'report.html'}\n")
    assert "\x1b" not in ended.out + ended.err


def test_explanation_is_of_what_was_asked(meio: Meio, folder: Path):
    ended = meio("explain", folder, "--product", "lamp", "--node", "FC", "--period", 3, "--json")
    reasons = json.loads(ended.out)
    assert (reasons["product"], reasons["node"]) == ("lamp", "FC")
    assert [row["period"] for row in reasons["periods"]] == [3]


def test_explanation_in_words(meio: Meio, folder: Path):
    ended = meio("explain", folder, "--product", "lamp", "--node", "FC", "--period", 3)
    assert ended.out.startswith("lamp at FC: ordered on DC→FC, 2 days on the way, reviewed every 1 day\n\nperiod 3 ")
    assert "USD a unit" in ended.out


def test_report_is_drawn_anew(meio: Meio, folder: Path):
    before = (folder / "report.html").read_text()
    (folder / "report.html").unlink()
    assert meio("report", folder).code == 0
    assert len((folder / "report.html").read_text()) == len(before)


def test_stopping_early_has_its_own_code(meio: Meio, tmp_path: Path):
    arguments = ("plan", QUICKSTART, *FEW, "--set", "planning.max_iterations=1", "--set", "planning.target_gap=1e-12")
    ended = meio(*arguments, "-o", tmp_path / "out", "--set", "nodes.FC.storage_m3.standard=0.5")
    assert ended.code == 5
    assert ended.err == "stopped at a limit before the target gap of 1e-12; the results are written\n"
    assert summary_of(tmp_path / "out")["simulation"] is None


def test_interrupted_run_keeps_its_plan(meio: Meio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(workflow, "simulate", interrupted)
    ended = meio("run", QUICKSTART, *FEW, "-o", tmp_path / "out")
    assert ended.code == 130
    summary = summary_of(tmp_path / "out")
    assert summary["plan"]["planned_cost"] > 0
    assert (summary["simulation"], summary["baselines"]) == (None, {})
