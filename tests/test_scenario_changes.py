"""Changes to a checked scenario: what they do to its tables, and what they refuse."""

import numpy as np
import pandas as pd
import pytest
from planning_cases import demand_of, planning_scenario
from toy import toy_scenario

from meio.network.changes import Changes, changed, of_products
from meio.network.compile import compile_scenario
from meio.network.problems import ScenarioError


def _rows(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def _demand(table: pd.DataFrame, product: str) -> pd.DataFrame:
    return table[table["product"] == product].reset_index(drop=True)


def test_demand_by_a_factor():
    before = toy_scenario()
    after = changed(before, Changes(demand_scale={"mug": 1.5}))
    old, new = (compile_scenario(scenario).demand for scenario in (before, after))
    mug = compile_scenario(before).names.products.index("mug")
    scaled = np.where(np.arange(len(old.daily_mean)) == mug, 1.5, 1.0)[:, None]
    assert new.daily_mean == pytest.approx(scaled * old.daily_mean)
    assert new.daily_variance == pytest.approx(scaled * old.daily_variance)
    assert before.tables["product_demand"]["mean"].tolist() != after.tables["product_demand"]["mean"].tolist()


def test_normal_demand_keeps_its_coefficient_of_variation():
    demand = demand_of([("p", "z", 40.0, 12.0), ("q", "z", 25.0, 10.0)], ["mean", "sd"])
    before = planning_scenario(demand, {("a", "z"): 1.0}, distribution="normal")
    after = changed(before, Changes(demand_scale={"p": 2.0})).tables["demand"]
    assert after[["mean", "sd"]].to_numpy().tolist() == [[80.0, 24.0], [25.0, 10.0]]


def test_rows_take_the_place_of_a_products_rows():
    rows = _rows(product=["mug", "mug"], period=["*", 2], mean=[7.0, 9.0], dispersion=[1.0, 2.0])
    before = toy_scenario()
    table = changed(before, Changes(rows={"product_demand": rows})).tables["product_demand"]
    assert _demand(table, "mug")["mean"].tolist() == [7.0, 9.0]
    assert _demand(table, "mug")["period"].tolist() == ["*", "2"]
    assert _demand(table, "kettle").equals(_demand(before.tables["product_demand"], "kettle"))


def test_columns_left_out_of_products_stay():
    before = toy_scenario()
    after = changed(before, Changes(rows={"products": _rows(product=["kettle"], unit_cost=[1.0], price=[2])}))
    expected = before.tables["products"].set_index("product").astype({"price": np.float64})
    expected.loc["kettle", ["unit_cost", "price"]] = [1.0, 2.0]
    pd.testing.assert_frame_equal(after.tables["products"], expected.reset_index())


def test_capacity_of_a_node_by_a_factor_for_each_period():
    before = toy_scenario()
    periods = before.file.horizon.periods
    factors = np.linspace(0.5, 1.0, periods).tolist()
    after = changed(before, Changes(capacity_scale={"north": factors, "hub→north": 0.5}))
    old, new = compile_scenario(before), compile_scenario(after)
    north, lane = old.names.nodes.index("north"), old.names.lanes.index("hub→north")
    assert new.nodes.storage_m3[north] == pytest.approx(old.nodes.storage_m3[north] * np.array(factors))
    assert new.nodes.inbound_units_per_day[north] == pytest.approx(old.nodes.inbound_units_per_day[north] * factors)
    scaled = np.where(np.arange(len(old.names.lanes)) == lane, 0.5, 1.0)[:, None]
    assert new.lanes.capacity_units_per_day == pytest.approx(scaled * old.lanes.capacity_units_per_day)
    others = np.arange(len(old.names.nodes)) != north
    assert (new.nodes.storage_m3[others] == old.nodes.storage_m3[others]).all()


def test_some_products_compile_as_they_do_among_all():
    scenario = toy_scenario()
    whole, part = compile_scenario(scenario), compile_scenario(of_products(scenario, ["sofa", "mug"]))
    rows = [whole.names.products.index(name) for name in part.names.products]
    assert part.names.products == ("mug", "sofa")
    assert (part.demand.daily_mean == whole.demand.daily_mean[rows]).all()
    assert (part.penalties.lost == whole.penalties.lost[rows]).all()
    assert (part.products.weight_class_idx == whole.products.weight_class_idx[rows]).all()
    assert (part.outbound.cost == whole.outbound.cost).all()


def test_the_hash_follows_from_the_changes():
    before = toy_scenario()
    hashes = [
        before.hash,
        changed(before, Changes(demand_scale={"mug": 1.5})).hash,
        changed(before, Changes(demand_scale={"mug": 1.4})).hash,
        changed(before, Changes(rows={"products": _rows(product=["mug"], price=[1.5])})).hash,
        changed(before, Changes(capacity_scale={"north": 0.5})).hash,
    ]
    assert len(set(hashes)) == len(hashes)
    assert changed(before, Changes(demand_scale={"mug": 1.5})).hash == hashes[1]


def test_only_the_products_of_stock_tables_are_left_out():
    stock = _rows(product=["sofa"], node=["north"], units=[3])
    changes = Changes(demand_scale={"mug": 2.0}, rows={"initial_stock": stock})
    assert changes.products() == ["mug", "sofa"]
    assert changes.products(stock=False) == ["mug"]


BAD = {
    "product": (Changes(demand_scale={"mugg": 1.0}), "'mugg', expected one of mug, book, kettle, sofa; did you mean"),
    "factor": (Changes(demand_scale={"mug": -0.5}), "demand_scale.mug: found -0.5, expected a factor of at least 0"),
    "text": (Changes(demand_scale={"mug": "2"}), "demand_scale.mug: found '2', expected a factor of at least 0"),
    "table": (Changes(rows={"prices": _rows(product=["mug"])}), "rows: found 'prices', expected one of products"),
    "no product": (Changes(rows={"products": _rows(price=[1.0])}), "rows.products: found no column 'product'"),
    "column": (
        Changes(rows={"products": _rows(product=["mug"], prise=[1.0])}),
        "products: found column 'prise', expected one of",
    ),
    "negative": (
        Changes(rows={"products": _rows(product=["mug"], price=[-1.0])}),
        "changes:1:2: products.price: found -1, expected a number of at least 0",
    ),
    "twice": (Changes(rows={"products": _rows(product=["mug", "mug"], price=[1, 2])}), "products: found 'mug' twice"),
    "periods": (
        Changes(rows={"product_demand": _rows(product=["mug"], period=[2], mean=[1.0], dispersion=[1.0])}),
        "no row of mug for period 1 and 2 more, expected rows for all 4 periods, or for '*'",
    ),
    "period": (
        Changes(rows={"product_demand": _rows(product=["mug"], period=[9], mean=[1.0], dispersion=[1.0])}),
        "found 9, expected a period from 1 to 4, or '*'",
    ),
    "weight": (
        Changes(rows={"products": _rows(product=["mug"], weight_kg=[900.0])}),
        "found 900, expected at most 20, the heaviest package in the table rates",
    ),
    "vendor": (
        Changes(rows={"supply": _rows(product=["mug"], vendor=["mil"])}),
        "found 'mil', expected mill; did you mean 'mill'?",
    ),
    "node": (Changes(capacity_scale={"nort": 0.5}), "did you mean 'north'?"),
    "length": (Changes(capacity_scale={"north": [0.5, 1.0]}), "expected a factor of at least 0, or 4 of them"),
}


@pytest.mark.parametrize("case", BAD)
def test_errors(case: str):
    changes, message = BAD[case]
    with pytest.raises(ScenarioError) as raised:
        changed(toy_scenario(), changes)
    assert message in str(raised.value)
