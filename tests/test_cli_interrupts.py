"""On a terminal there are bars, and Ctrl-C keeps what is finished; elsewhere it is quiet."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import Ended
from terminal import ROOT, on_terminal

from meio import workflow
from meio.progress import progress_bars

QUICKSTART = ROOT / "scenarios" / "quickstart.yaml"
FEW = ("--set", "simulation.replications=3", "--set", "planning.refinement_rounds=0")
ENDLESS = ("--set", "simulation.replications=100000", "--set", "planning.refinement_rounds=0")


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An uninterrupted plan's folder, and what the terminal showed."""
    folder = tmp_path_factory.mktemp("planned") / "out"
    code, shown = on_terminal(["plan", QUICKSTART, "-o", folder, "--set", "planning.refinement_rounds=3"])
    assert code == 0, shown
    return folder, shown


def summary_of(folder: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    return summary


def test_terminal_shows_iterations_gap_and_time_left(planned: tuple[Path, str]):
    _, shown = planned
    assert "plan" in shown
    assert "/30" in shown
    assert "gap 0." in shown
    assert "refine" in shown
    assert "3/3" in shown
    assert "left" in shown


def test_bars_vanish_before_the_result(planned: tuple[Path, str]):
    _, shown = planned
    result = shown[shown.rindex("quickstart: 5 products") :]
    assert "planned cost" in result
    assert "refine " not in result


def test_quiet_shows_no_bar(planned: tuple[Path, str]):
    code, shown = on_terminal(["simulate", QUICKSTART, *FEW, "--plan", planned[0], "--quiet"])
    assert code == 0
    assert shown.startswith("quickstart: 5 products")


def test_pipe_shows_no_bar(planned: tuple[Path, str]):
    command = [sys.executable, ROOT / "cli.py", "simulate", QUICKSTART, *FEW, "--plan", planned[0], "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    assert json.loads(ended.stdout)["simulation"]["replications"] == 3


def test_interrupted_plan_is_finished_from_what_was_found(tmp_path: Path, planned: tuple[Path, str]):
    out, never = tmp_path / "out", ("--set", "planning.target_gap=1e-300", "--set", "planning.max_iterations=1000000")
    code, shown = on_terminal(["plan", QUICKSTART, "-o", out, *never], lambda shown: "gap" in shown)
    assert code == 130, shown
    assert "interrupted: finishing what is begun" in shown
    assert f"interrupted; what was finished is in {out}" in shown.replace("\r\n", "")
    plan = summary_of(out)["plan"]
    assert 0 < plan["iterations"] < 1_000_000
    assert plan["refinement"] is None
    assert plan["planned_cost"] == pytest.approx(summary_of(planned[0])["plan"]["planned_cost"], rel=0.05)
    code, shown = on_terminal(["simulate", QUICKSTART, *FEW, *never, "--plan", out])
    assert code == 0, shown


def test_interrupted_simulation_keeps_its_replications(tmp_path: Path, planned: tuple[Path, str]):
    out = tmp_path / "out"
    code, shown = on_terminal(
        ["simulate", QUICKSTART, *ENDLESS, "--plan", planned[0], "-o", out, "--seed", 7],
        lambda shown: "simulate plan" in shown,
    )
    assert code == 130, shown
    simulation = summary_of(out)["simulation"]
    kept = simulation["replications"]
    assert 0 < kept < 100_000
    assert simulation["stopped"] == f"interrupted after {kept} replications"
    whole = tmp_path / "whole"
    few = ("--set", "planning.refinement_rounds=0", "--replications", max(kept, 2))
    assert on_terminal(["simulate", QUICKSTART, *few, "--plan", planned[0], "-o", whole, "--seed", 7])[0] == 0
    same, again = (pd.read_parquet(folder / "measures" / "cost.parquet") for folder in (out, whole))
    pd.testing.assert_frame_equal(same, again.head(kept))


def test_interrupted_run_keeps_finished_steps(tmp_path: Path):
    out = tmp_path / "out"
    code, shown = on_terminal(["run", QUICKSTART, "-o", out, *ENDLESS], lambda shown: "simulate plan" in shown)
    assert code == 130, shown
    summary = summary_of(out)
    assert summary["plan"]["planned_cost"] > 0
    assert summary["simulation"]["replications"] > 0
    assert summary["baselines"] == {}


def press_ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


def test_interrupt_waits_for_the_next_call_of_progress():
    with progress_bars(quiet=True) as show:
        show("plan", 1, 3)
        press_ctrl_c()  # nothing happens yet
        with pytest.raises(KeyboardInterrupt):
            show("plan", 2, 3)


def test_second_interrupt_stops_at_once():
    with progress_bars(quiet=True) as show:
        show("plan", 1, 3)
        press_ctrl_c()
        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c()


def test_interrupt_before_anything_is_finished_stops_at_once(meio: Callable[..., Ended], tmp_path: Path, monkeypatch):
    monkeypatch.setattr(workflow, "load_scenario", lambda *_: press_ctrl_c())
    ended = meio("plan", QUICKSTART, "-o", tmp_path / "out")
    assert (ended.code, ended.err) == (130, "interrupted\n")
    assert not (tmp_path / "out").exists()


def test_ctrl_c_is_as_before_afterwards():
    before = signal.getsignal(signal.SIGINT)
    with progress_bars(quiet=True):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
