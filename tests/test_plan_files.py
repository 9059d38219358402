"""A plan as files and as data frames."""

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planning_cases import two_coasts
from toy import FILE, toy_scenario

from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.optimizer.planner import plan
from meio.optimizer.prices import capacities
from meio.plans import CapacityPrices, Plan, load_plan, prices_frame, targets_frame


@pytest.fixture(scope="module")
def compiled() -> CompiledScenario:
    """The toy with a warehouse too small, and a hub that ships every day."""
    every_day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    nodes = {"south": {"storage_m3": {"sortable": 0.05, "bulky": 0.5}}, "hub": {"ship_days": every_day}}
    return compile_scenario(toy_scenario(nodes=nodes))


@pytest.fixture(scope="module")
def planned(compiled: CompiledScenario) -> Plan:
    return plan(compiled)


def test_saving_and_loading(planned: Plan, compiled: CompiledScenario, tmp_path: Path) -> None:
    planned.save(tmp_path, compiled)
    loaded = load_plan(tmp_path, compiled)
    for name in ("targets", "lane_idx"):
        assert getattr(loaded, name).tolist() == getattr(planned, name).tolist()
        assert getattr(loaded, name).dtype == getattr(planned, name).dtype
    stocked = planned.lane_idx >= 0
    assert (loaded.unit_value[stocked] == planned.unit_value[stocked]).all()
    for part in fields(CapacityPrices):
        limited = np.isfinite(getattr(capacities(compiled).limit, part.name))
        assert (getattr(loaded.prices, part.name) == getattr(planned.prices, part.name)).all()
        used = getattr(loaded.use, part.name)
        assert (used[limited] == getattr(planned.use, part.name)[limited]).all()
        assert np.isnan(used[~limited]).all()
    for scalar in (
        "name",
        "lower_bound",
        "bound_kind",
        "bound_conditions",
        "dual_value",
        "planned_cost",
        "dual_gap",
        "iterations",
        "seconds",
    ):
        np.testing.assert_equal(getattr(loaded, scalar), getattr(planned, scalar))  # the toy has no bound: NaN
    pd.testing.assert_frame_equal(loaded.convergence, planned.convergence)
    pd.testing.assert_frame_equal(loaded.recovery, planned.recovery)


def test_a_plan_of_another_scenario_is_refused(planned: Plan, compiled: CompiledScenario, tmp_path: Path) -> None:
    planned.save(tmp_path, compiled)
    with pytest.raises(ValueError, match="is not in the scenario"):
        load_plan(tmp_path, two_coasts(2))


@pytest.mark.parametrize("name", ["plan.json", "targets.parquet", "prices.parquet", "convergence.parquet"])
def test_a_missing_file_is_an_error(planned: Plan, compiled: CompiledScenario, tmp_path: Path, name: str) -> None:
    planned.save(tmp_path, compiled)
    (tmp_path / name).unlink()
    with pytest.raises(OSError, match=name):
        load_plan(tmp_path, compiled)


def test_a_missing_figure_is_an_error(planned: Plan, compiled: CompiledScenario, tmp_path: Path) -> None:
    planned.save(tmp_path, compiled)
    (tmp_path / "plan.json").write_text(json.dumps({"name": "plan"}), "utf-8")
    with pytest.raises(KeyError):
        load_plan(tmp_path, compiled)


def test_targets_frame(planned: Plan, compiled: CompiledScenario) -> None:
    frame = targets_frame(planned, compiled)
    assert frame.columns.tolist() == ["product", "node", "period", "target", "shift", "lane", "unit_value"]
    assert len(frame) == (planned.lane_idx >= 0).sum() * compiled.num_periods
    assert not ((frame["product"] == "sofa") & (frame["node"] == "city")).any()
    rows = frame[(frame["product"] == "mug") & (frame["node"] == "south")]
    mug, south = compiled.names.products.index("mug"), compiled.names.nodes.index("south")
    assert rows["period"].tolist() == [1, 2, 3, 4]
    assert rows["target"].tolist() == planned.targets[mug, south].tolist()
    assert set(rows["lane"]) == {compiled.names.lanes[planned.lane_idx[mug, south]]} == {"hub→south"}


def test_prices_frame_has_every_limited_capacity(planned: Plan, compiled: CompiledScenario) -> None:
    frame = prices_frame(planned, compiled)
    keys = set(frame[["resource", "at", "storage_type"]].itertuples(index=False, name=None))
    nodes = FILE["nodes"]
    stored = {("storage", name, kind) for name in ("north", "south", "city") for kind in nodes[name]["storage_m3"]}
    flows = {("inbound", "north", ""), ("outbound", "north", ""), ("outbound", "south", ""), ("lane", "hub→north", "")}
    assert keys == stored | flows
    assert len(frame) == 4 * len(keys)
    assert (frame["price"] >= 0.0).all()
    assert (frame["capacity"] > 0.0).all()
    south = frame[(frame["at"] == "south") & (frame["storage_type"] == "sortable")]
    assert south["capacity"].tolist() == [0.05] * 4
    assert south["price"].tolist() == planned.prices.storage[compiled.names.nodes.index("south"), 0].tolist()
    assert south["price"].max() > 0.0
