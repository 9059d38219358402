"""What capacity is worth, against a newsvendor whose price of storage is known, and how the check is told."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from planning_cases import demand_of, planning_scenario, two_coasts
from scenario_files import ROOT
from scipy import optimize, stats

import meio as library
from meio.network.compile import compile_scenario
from meio.network.model import Planning
from meio.optimizer.prices import capacities, fields
from meio.plans import CapacityPrices
from meio.refinement.planner import plan as planned
from meio.sensitivities.capacity import Capacity, of_capacity, scaled, scaled_use
from meio.sensitivities.check import Terms, checked
from meio.sensitivities.kept import held, kept_change
from meio.sensitivities.table import sensitivity
from meio.sensitivities.worth import worth_table

MEAN, SD, HOLDING, PENALTY, VOLUME = 40.0, 10.0, 0.5, 10.0, 0.02
PERIODS, ROOM = 4, 0.9


def short_of_room(room: float = ROOM):
    """One site, daily periods, stock for the day's demand, room for less than it wants."""
    return planning_scenario(
        demand_of([("item", "town", MEAN, SD)], ["mean", "sd"]),
        {("site", "town"): 1.0},
        distribution="normal",
        periods=PERIODS,
        sites={"site": {"storage_m3": {"standard": room}}},
        products={"item": {"volume_m3": VOLUME, "unit_cost": 4.0}},
        speed={"promise": "2 d", "when_unserved": "backordered", "backordered_per_day": {"per_unit": PENALTY}},
        holding={"per_unit_day": HOLDING},
        planning={"max_iterations": 60, "target_gap": 1e-9, "refinement_rounds": 0},
    )


def newsvendor_price(room: float) -> float:
    """Money a day for one more m³: stock on the shelf at the close, E(y − D)⁺, fills the room."""
    demand = stats.norm(MEAN, SD)

    def left(level):
        score = (level - MEAN) / SD
        return (level - MEAN) * stats.norm.cdf(score) + SD * stats.norm.pdf(score)

    level = optimize.brentq(lambda level: VOLUME * left(level) - room, 0.0, 500.0)
    # one more unit: −(holding·F − penalty·(1 − F)) a day for volume·F more room
    covered = demand.cdf(level)
    return (PENALTY * (1.0 - covered) - HOLDING * covered) / (VOLUME * covered)


def test_a_price_is_the_slope_of_the_newsvendors_cost():
    scenario = short_of_room(0.2)
    table = sensitivity(scenario, library.plan(scenario), check=0)
    whole = table[table["period"].isna()].iloc[0]
    weekly = table[table["period"].notna()]
    assert (whole["resource"], whole["at"], whole["unit"]) == ("storage", "site", "m³")
    assert list(weekly["period"]) == list(range(1, PERIODS + 1))
    assert whole["worth_of_one"] == pytest.approx(weekly["worth_of_one"].sum())
    assert whole["worth_of_share"] == pytest.approx(0.05 * 0.2 * whole["worth_of_one"])
    assert weekly["price"].to_numpy() == pytest.approx(newsvendor_price(0.2), rel=0.02)


@pytest.fixture(scope="module")
def tight():
    """The quickstart with little room, planned: its scenario and plan."""
    scenario = library.load(
        ROOT / "scenarios" / "quickstart.yaml", ["nodes.FC.storage_m3.standard=2.2", "planning.refinement_rounds=0"]
    )
    return scenario, library.plan(scenario)


def test_checks_stand_beside_the_capacity_they_are_of(tight):
    scenario, plan = tight
    table = sensitivity(scenario, plan, check=1, share=0.1, replications=5)
    checked = table[table["simulated_minus"].notna()]
    assert len(checked) == 1
    row = checked.iloc[0]
    assert (row["at"], row["share"]) == ("FC", 0.1)
    assert row["worth_of_share"] == table["worth_of_share"][table["period"].isna()].max()
    # less room never makes the model's least cost less, and what prices say bounds it from both sides
    assert row["planned_minus"] >= 0.0 >= row["planned_plus"]
    for side in ("minus", "plus"):
        assert row[f"simulated_{side}_low"] < row[f"simulated_{side}"] < row[f"simulated_{side}_high"]


@pytest.fixture(scope="module")
def refined_case():
    """Two sites that help out each other, one short of storage, refined: compiled scenario, settings and plan."""
    compiled = two_coasts(4, sites={"west": {"storage_m3": {"standard": 0.25}}, "east": {}})
    settings = Planning(max_iterations=10, refinement_rounds=8)
    return compiled, settings, planned(compiled, settings, workers=1)


def test_worth_is_by_the_price_that_targets_follow(refined_case):
    compiled, _, plan = refined_case
    table = worth_table(plan, compiled, 0.05)
    weekly = table[table["period"].notna() & (table["at"] == "west") & (table["resource"] == "storage")]
    prices = of_capacity(plan.refinement.prices, compiled, Capacity("storage", "west", "standard"))
    assert prices.max() > 0.0
    assert weekly["worth_of_one"].to_numpy() == pytest.approx(7.0 * prices)
    assert weekly["worth_of_share"].to_numpy() == pytest.approx(0.05 * 0.25 * 7.0 * prices)


def test_where_nothing_changes_plans_made_again_do_not_differ(refined_case):
    compiled, settings, plan = refined_case
    capacity, terms = Capacity("storage", "west", "standard"), Terms(settings, "priced", 3, 2, 0, 1)
    same, other = (checked(compiled, plan, [capacity], share, terms, lambda _: None) for share in (1e-12, 0.5))
    for column in ("simulated", "simulated_minus", "simulated_plus"):
        assert same[column].item() == same[f"{column}_low"].item() == same[f"{column}_high"].item() == 0.0
    assert other["simulated"].item() > 0.0
    assert np.isnan(other["planned_minus"].item())
    half = (other["simulated_minus"] - other["simulated_plus"]).item() / 2.0
    assert other["simulated"].item() == pytest.approx(half)


OVERFLOW, SIZE, UNITS = 6.0, 0.01, 300


@pytest.fixture(scope="module")
def overfull():
    """A site that opens with three times what it has room for, and no customers: compiled scenario and plan."""
    scenario = planning_scenario(
        demand_of([("item", "town", 0.0)]),
        {("site", "town"): 1.0},
        periods=PERIODS,
        sites={"site": {"storage_m3": {"standard": SIZE * UNITS / 3.0}}},
        products={"item": {"volume_m3": SIZE, "unit_cost": 4.0}},
        costs={"overflow_per_m3_day": OVERFLOW},
        stock=pd.DataFrame([("item", "site", UNITS)], columns=["product", "node", "units"]),
        planning={"max_iterations": 5, "refinement_rounds": 0},
    )
    return compile_scenario(scenario), library.plan(scenario)


def test_room_that_is_short_whatever_is_ordered_is_worth_its_overflow(overfull):
    compiled, plan = overfull
    capacity, terms = Capacity("storage", "site", "standard"), Terms(Planning(), "priced", 2, 1, 0, 1)
    found = kept_change(compiled, plan, capacity, 0.1, terms)
    assert found == pytest.approx((0.1 * SIZE * UNITS / 3.0 * OVERFLOW * PERIODS,) * 3)


def test_worths_are_held_to_what_targets_kept_would_lose(overfull):
    compiled, plan = overfull
    capacity, terms = Capacity("storage", "site", "standard"), Terms(Planning(), "priced", 2, 1, 0, 1)
    dear, cheap = 1000.0, 1.0  # a day; overflow is 6
    for price, day in ((dear, OVERFLOW), (cheap, cheap)):
        prices = CapacityPrices(*(np.zeros_like(part) for part in fields(plan.prices)))
        prices.storage[:] = price
        table = worth_table(replace(plan, prices=prices), compiled, 0.1).assign(share=0.1)
        tried = []
        after = held(table, compiled, plan, 1, terms, tried.append)
        whole, daily = after[after["period"].isna()].iloc[0], after[after["period"].notna()]
        room = of_capacity(capacities(compiled).limit, compiled, capacity)[0]
        assert tried == [1]
        assert whole["by_price"] == pytest.approx(0.1 * room * price * PERIODS)
        assert whole["worth_of_share"] == pytest.approx(0.1 * room * day * PERIODS)
        assert daily["worth_of_one"].to_numpy() == pytest.approx(day)
        assert daily["kept"].isna().all()


def test_the_most_valuable_are_found_without_trying_all(refined_case):
    compiled, settings, plan = refined_case
    terms, tried = Terms(settings, "priced", 3, 1, 0, 1), []
    table = worth_table(plan, compiled, 0.1).assign(share=0.1)
    after = held(table, compiled, plan, 1, terms, tried.append)
    whole = after[after["period"].isna()]
    best, others = whole.iloc[0], whole.iloc[1:]
    assert best["worth_of_share"] <= best["by_price"]
    assert np.isfinite(best["kept"])
    assert (others.loc[others["kept"].isna(), "by_price"] <= best["worth_of_share"]).all()
    assert len(tried) == whole["kept"].notna().sum()


def test_one_use_alone_is_scaled(refined_case):
    compiled, _, plan = refined_case
    capacity = Capacity("storage", "west", "standard")
    after = scaled_use(plan.use, compiled, capacity, 0.5)
    used = of_capacity(plan.use, compiled, capacity)
    assert of_capacity(after, compiled, capacity) == pytest.approx(0.5 * used)
    assert after.storage.sum() == pytest.approx(plan.use.storage.sum() - 0.5 * used.sum())
    assert after.inbound is plan.use.inbound


def test_a_capacity_alone_is_scaled(tight):
    compiled = compile_scenario(tight[0])
    for capacity in (Capacity("storage", "FC", "standard"), Capacity("inbound", "FC", "")):
        after = scaled(compiled, capacity, 0.5)
        changed = {
            field: not np.array_equal(getattr(compiled.nodes, field), getattr(after.nodes, field))
            for field in compiled.nodes._fields
        }
        field = "storage_m3" if capacity.resource == "storage" else "inbound_units_per_day"
        assert changed.pop(field)
        assert not any(changed.values())
        assert after.lanes is compiled.lanes
    assert of_capacity(tight[1].prices, compiled, Capacity("storage", "FC", "standard")).shape == (13,)


def test_the_table_goes_into_the_plans_folder(meio, tmp_path):
    scenario, folder = ROOT / "scenarios" / "quickstart.yaml", tmp_path / "out"
    room = ("--set", "nodes.FC.storage_m3.standard=2.2", "--set", "planning.refinement_rounds=0")
    ended = meio("sensitivity", scenario, *room, "-o", folder, "--check", 1, "--replications", 2, "--quiet")
    assert ended.code == 0, ended.err
    assert "storage FC standard" in ended.out
    again = meio("sensitivity", folder, "--check", 0, "--json")
    table = pd.read_parquet(folder / "sensitivity.parquet")
    assert len(json.loads(again.out)) == len(table)
    listed = json.loads((folder / "run.json").read_text())["files"]
    assert {"sensitivity.parquet", "sensitivity.csv", "plan.json"} <= set(listed)
    assert meio("plan", scenario, *room, "-o", folder, "--quiet").code in {0, 5}  # an output it may replace
    assert not (folder / "sensitivity.parquet").exists()


def test_mistakes_are_told(meio, tmp_path):
    assert "is not an output folder of meio" in meio("sensitivity", tmp_path / "none").err
    assert meio("sensitivity", ROOT / "scenarios" / "quickstart.yaml").code == 2
    with pytest.raises(ValueError, match=r"share: found 1\.5, expected above 0 and below 1"):
        sensitivity(short_of_room(), None, share=1.5)
