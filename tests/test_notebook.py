"""The library in a notebook: results show themselves, tables and figures come from them, plans can be compared."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scenario_files import ROOT
from toy import toy_scenario

import meio
from meio.views import card

QUICKSTART = ROOT / "scenarios" / "quickstart.yaml"


@pytest.fixture(scope="module")
def scenario():
    return meio.load(QUICKSTART, ["planning.refinement_rounds=0", "simulation.replications=3"])


@pytest.fixture(scope="module")
def plan(scenario):
    return meio.plan(scenario)


@pytest.fixture(scope="module")
def result(scenario, plan):
    return meio.simulate(scenario, plan, seed=7)


def test_scenario_shows_its_size():
    shown = repr(toy_scenario())
    for part in ("'toy'", "products 4", "sites 4", "vendors 1", "zones 4", "4 periods of 7 days from 2026-01-05"):
        assert part in shown


def test_plan_and_simulation_show_money_with_its_unit(plan, result):
    assert f"planned cost {plan.planned_cost:,.0f} USD" in repr(plan)
    assert f"{result.cost['total'].mean():,.0f} [" in repr(result)
    assert "USD a unit" in repr(result)
    assert "fill rate, express" in repr(result)
    assert len(repr(plan)) < 500


def test_html_is_the_same_figures(scenario, plan, result):
    for shown in (scenario, plan, result):
        html = shown._repr_html_()
        assert html.startswith("<table>")
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", html)
        figures = "; ".join(f"{name} {figure}" for name, figure in zip(cells[::2], cells[1::2], strict=True))
        assert repr(shown).endswith(f": {figures}>")


def test_names_cannot_inject_html(scenario, plan):
    assert "<script>" not in card("<script>", [("<script>", "<script>")])
    assert "<script>" not in replace(plan, name="<script>")._repr_html_()
    changed = replace(scenario, file=scenario.file.model_copy(update={"name": "<script>"}))
    assert "<script>" not in changed._repr_html_()


def test_result_that_was_interrupted_says_so(result):
    assert "stopped interrupted after 2 replications" in repr(
        replace(result, stopped="interrupted after 2 replications")
    )


def test_tables_are_those_of_an_output_folder(scenario, plan, tmp_path):
    folder = tmp_path / "out"
    outcome = meio.run(
        QUICKSTART, folder, overrides=["planning.refinement_rounds=0", "simulation.replications=3"], seed=7
    )
    tables = meio.tables(scenario, plan, outcome.systems)
    written = {path.relative_to(folder).with_suffix("").as_posix(): path for path in folder.rglob("*.parquet")}
    assert set(tables) == set(written)
    for name in ("targets", "prices", "measures/cost", "measures/service"):
        found, expected = tables[name].reset_index(drop=True), pd.read_parquet(written[name])
        pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_categorical=False)


def test_tables_of_a_plan_alone(scenario, plan):
    tables = meio.tables(scenario, plan)
    assert not [name for name in tables if name.startswith("measures")]
    assert tables["targets"]["target"].sum() == pytest.approx(plan.targets.sum())


def test_plans_are_simulated_to_be_compared(scenario, plan, result):
    doubled = replace(plan, targets=2 * plan.targets)
    frame = meio.compare({"plan": plan, "doubled": doubled}, scenario, seed=7).set_index(["system", "measure"])
    assert frame.loc[("plan", "cost"), "mean"] == pytest.approx(result.cost["total"].mean())
    both = result.cost["total"], meio.simulate(scenario, doubled, seed=7).cost["total"]
    assert frame.loc[("doubled", "cost"), "difference"] == pytest.approx((both[1] - both[0]).mean())
    with pytest.raises(ValueError, match="give the scenario"):
        meio.compare({"plan": plan, "doubled": doubled})


def test_figures_show_the_numbers(scenario, plan, result):
    stock = meio.plotting.inventory(result, "m3")
    by_node = result.inventory.groupby("node")["m3_mean"].sum()
    assert {line.name: pytest.approx(np.sum(line.y)) for line in stock.data} == by_node.to_dict()
    (prices,) = meio.plotting.prices(scenario, plan).data
    np.testing.assert_allclose(prices.z[0], plan.prices.storage.max(axis=(0, 1)))
    assert len(meio.plotting.prices(scenario, plan, "outbound").data) == 0
    bars = {bar.name: bar.y for bar in meio.plotting.service({"a": result, "b": result}, "on_time").data}
    np.testing.assert_array_equal(bars["a"], bars["b"])
    outbound = next(bar for bar in meio.plotting.costs(result).data if bar.name == "outbound")
    assert outbound.x[0] == pytest.approx(result.cost["outbound"].mean())
    dual = next(line for line in meio.plotting.convergence(plan).data if line.name == "dual value")
    np.testing.assert_array_equal(dual.y, plan.convergence["dual_value"])
    assert "distribution centre" in {trace.name for trace in meio.plotting.network_map(scenario).data}
