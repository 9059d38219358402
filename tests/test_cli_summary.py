"""The summary against figures worked out by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from toy import toy_scenario

from meio.network.compile import compile_scenario
from meio.outcome import Outcome
from meio.plans import CapacityPrices, Plan
from meio.simulation.measures import SimulationResult
from meio.simulation.statistics import mean_ci95, relative_half_width
from meio.summary import json_text, summarize

SCENARIO = toy_scenario()
COMPILED = compile_scenario(SCENARIO)


def plan(**changes: Any) -> Plan:
    """A plan with two prices above zero and a bound of 80."""
    prices = CapacityPrices(np.array([[[0.0, 2.0]]]), np.array([[0.0, 0.0]]), np.array([[0.5, 0.0]]), np.zeros((1, 2)))
    shape = (len(COMPILED.names.products), len(COMPILED.names.nodes))
    made = Plan(
        name="toy",
        targets=np.zeros((*shape, 4)),
        lane_idx=np.zeros(shape, np.int64),
        unit_value=np.zeros((*shape, 4)),
        prices=prices,
        use=prices,
        lower_bound=80.0,
        bound_kind="valid",
        planned_cost=90.0,
        dual_gap=1e-4,
        capacity_violation_max=0.01,
        iterations=5,
        seconds=0.5,
        convergence=pd.DataFrame(),
        recovery=pd.DataFrame(),
    )
    return replace(made, **changes)


def result(*totals: float, seed: int = 3) -> SimulationResult:
    """A simulation with these total costs, of which 60 is unavoidable and 10 outbound each."""
    replication = np.arange(1, len(totals) + 1)
    cost = pd.DataFrame({"replication": replication, "outbound": 10.0, "total": totals}).assign(unavoidable=60.0)
    speeds = pd.DataFrame({"speed": ["two_day", "same_day"], "demand": [100, 0], "filled": [90, 0], "on_time": [80, 0]})
    empty = pd.DataFrame({"capacity": [10.0, np.inf], "mean": [9.0, 50.0], "max": [11.0, 60.0]})
    return SimulationResult(
        policy="priced",
        seed=seed,
        replications=len(totals),
        days=28,
        seconds=1.0,
        orders_per_second=400.0,
        units_lost=0,
        cost=cost.assign(controllable=cost["total"] - 60.0),
        service=speeds,
        use=empty,
        nodes=empty,
        network=pd.DataFrame({"replication": replication, "orders": 200, "units_shipped": 5}),
        inventory=empty,
        bands=empty,
        shipments=empty,
    )


def summary(planned: Plan, proof: SimulationResult | None, **baselines: SimulationResult) -> dict[str, Any]:
    made = summarize(Outcome(Path("toy.yaml"), (), SCENARIO, COMPILED, planned, {}, proof, baselines))
    read: dict[str, Any] = json.loads(json_text(made))
    return read


def test_counts():
    counts = summary(plan(), None)["scenario"]
    assert counts == {
        "name": "toy", "hash": "toy", "products": 4, "nodes": 5, "zones": 4, "speeds": 3, "periods": 4,
    }  # fmt: skip


def test_binding_prices_are_counted():
    assert summary(plan(), None)["plan"]["binding_prices"] == 2


def test_gap_is_above_the_bound_over_simulated_cost():
    assert summary(plan(), result(95.0, 105.0))["gap"] == {"total": 20 / 100, "controllable": 20 / 40}


@pytest.mark.parametrize(("kind", "shown"), [("valid", True), ("statistical", True), ("none", False)])
def test_no_gap_without_a_bound(kind: str, shown: bool):
    gap = summary(plan(bound_kind=kind), result(95.0, 105.0))["gap"]
    assert (gap["total"] is not None, gap["controllable"] is not None) == (shown, shown)


def test_saving_is_paired():
    saving = summary(plan(), result(90.0, 110.0), pool=result(100.0, 120.0))["baselines"]["pool"]["cost_saving"]
    assert saving == {"mean": 10.0, "ci95": [10.0, 10.0]}


def test_rates_costs_and_use():
    simulation = summary(plan(), result(95.0, 105.0))["simulation"]
    assert simulation["fill_rate"] == {"two_day": 0.9, "same_day": None}
    assert simulation["on_time"] == {"two_day": 0.8, "same_day": None}
    assert simulation["outbound_cost_per_unit"] == 2.0
    assert simulation["capacity_use_max"] == 0.9
    assert simulation["orders"] == 400


def test_rates_and_costs_carry_intervals():
    proof = result(95.0, 105.0)
    service = pd.concat([proof.service, proof.service.assign(filled=[80, 0])])
    simulation = summary(plan(), replace(proof, service=service))["simulation"]
    assert simulation["fill_rate"]["two_day"] == 0.85
    _, low, high = mean_ci95([0.9, 0.8])
    assert high > 1
    assert simulation["fill_rate_ci95"]["two_day"] == pytest.approx([low, 1.0])
    assert simulation["fill_rate_ci95"]["same_day"] == [None, None]
    assert simulation["on_time_ci95"]["two_day"] == pytest.approx([0.8, 0.8])
    assert simulation["outbound_cost_per_unit_ci95"] == [2.0, 2.0]


def test_precision_is_that_of_total_cost():
    proof = replace(result(95.0, 105.0), precision=0.01)
    found = relative_half_width([95.0, 105.0])
    assert summary(plan(), proof)["simulation"]["precision"] == {"asked": 0.01, "found": found, "reached": False}
    assert summary(plan(), replace(proof, precision=0.9))["simulation"]["precision"]["reached"]
    assert summary(plan(), result(95.0, 105.0))["simulation"]["precision"] is None


def test_infinite_figures_become_null():
    assert summary(plan(dual_gap=float("inf")), None)["plan"]["dual_gap"] is None
