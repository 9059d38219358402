"""What an interrupt at each step leaves: exactly what was finished, as if no more had been asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scenario_files import ROOT

import meio
from meio.network.compile import compile_scenario
from meio.optimizer.stopping import PlanInterrupted
from meio.outcome import OutcomeInterrupted
from meio.refinement.planner import plan as planned
from meio.simulation.engine import simulate
from meio.simulation.stopping import SimulationInterrupted
from meio.workflow import Trial, run, saved_plan, simulate_plan

QUICKSTART = ROOT / "scenarios" / "quickstart.yaml"
FEW = ["planning.refinement_rounds=0", "simulation.replications=2"]


def interrupting(step: str, at: int) -> Callable[[str, int, int], None]:
    """Presses Ctrl-C when so much of a step is done."""

    def show(name: str, done: int, _: int) -> None:
        if name.startswith(step) and done == at:
            raise KeyboardInterrupt

    return show


@pytest.fixture(scope="module")
def scenario():
    return meio.load(QUICKSTART, FEW)


@pytest.fixture(scope="module")
def compiled(scenario):
    return compile_scenario(scenario)


def test_dual_ascent_interrupted_is_a_plan_of_fewer_iterations(scenario, compiled):
    settings = scenario.file.planning.model_copy(update={"target_gap": 1e-300})
    with pytest.raises(PlanInterrupted) as stopped:
        planned(compiled, settings, progress=interrupting("plan", 3))
    fewer = planned(compiled, settings.model_copy(update={"max_iterations": 3}))
    np.testing.assert_array_equal(stopped.value.plan.targets, fewer.targets)
    assert stopped.value.plan.iterations == 3
    assert stopped.value.plan.lower_bound == fewer.lower_bound


def test_refinement_interrupted_is_the_plan_before(scenario, compiled):
    settings = scenario.file.planning
    with pytest.raises(PlanInterrupted) as stopped:
        planned(compiled, settings.model_copy(update={"refinement_rounds": 5}), progress=interrupting("refine", 2))
    before = planned(compiled, settings)
    np.testing.assert_array_equal(stopped.value.plan.targets, before.targets)
    assert stopped.value.plan.refinement is None


def test_simulation_interrupted_is_of_its_replications(scenario, compiled):
    plan = planned(compiled, scenario.file.planning)

    def press(done: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(SimulationInterrupted) as stopped:
        simulate(compiled, plan, replications=50, seed=1, progress=press)
    fewer = simulate(compiled, plan, replications=3, seed=1)
    pd.testing.assert_frame_equal(stopped.value.result.cost, fewer.cost)
    assert stopped.value.result.stopped == "interrupted after 3 replications"


def test_simulation_interrupted_before_the_first_replication_leaves_nothing(compiled, monkeypatch):
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("meio.simulation.engine.in_order", press)
    plan = planned(compiled, meio.load(QUICKSTART, FEW).file.planning)
    with pytest.raises(KeyboardInterrupt) as stopped:
        simulate(compiled, plan, replications=2, seed=1)
    assert not isinstance(stopped.value, SimulationInterrupted)


@pytest.mark.parametrize(
    ("step", "kept"),
    [
        ("simulate_plan", []),
        ("simulate_independent_newsvendor", []),
        ("simulate_national_pool", ["independent_newsvendor"]),
    ],
)
def test_run_keeps_the_systems_that_were_finished(tmp_path: Path, step: str, kept: list[str]):
    with pytest.raises(OutcomeInterrupted) as stopped:
        run(QUICKSTART, tmp_path / "out", overrides=FEW, progress=interrupting(step, 1))
    assert str(stopped.value) == f"interrupted; what was finished is in {tmp_path / 'out'}"
    assert list(stopped.value.outcome.baselines) == kept
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["simulation"]["replications"] == (1 if step == "simulate_plan" else 2)
    assert list(summary["baselines"]) == kept


def test_comparison_of_policies_keeps_the_first(tmp_path: Path):
    run(QUICKSTART, tmp_path / "plan", overrides=FEW)
    outcome = saved_plan(QUICKSTART, tmp_path / "plan", overrides=FEW)
    trial = Trial(progress=interrupting("simulate_nearest", 1))
    with pytest.raises(OutcomeInterrupted):
        simulate_plan(outcome, trial, against="nearest", folder=tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["simulation"]["stopped"] is None
    assert summary["baselines"] == {}


def test_what_is_kept_can_be_simulated(tmp_path: Path):
    with pytest.raises(OutcomeInterrupted):
        run(QUICKSTART, tmp_path / "out", overrides=FEW, progress=interrupting("plan", 2))
    outcome = saved_plan(QUICKSTART, tmp_path / "out", overrides=FEW)
    assert outcome.plan.iterations == 2
    assert simulate_plan(outcome, Trial()).proof is not None
