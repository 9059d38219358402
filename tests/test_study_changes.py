"""Every change that a study can make gives the scenario that a person would have written by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from scenario_files import edited
from study_cases import assert_same, problems_of_variant, variant, write_quickstart, write_toy
from toy import TABLES

from meio.network.compile import compile_scenario
from meio.network.scenario import load_scenario

STOCK = """
initial_stock: [{product: lamp, node: FC, units: 12}, {product: lamp, node: DC, units: 30}]
open_orders:
  - {product: lamp, from: MILL, to: DC, units: 24, arrives_day: 3}
  - {product: mug, from: DC, to: FC, units: 9, arrives_day: 1}
"""
FC_LANE = "  - {from: DC, to: FC, lead_time: {mean: 2 d}, cost: {per_unit: 0.15, per_kg: 0.05}}\n"
SITE = {
    "kind": "fulfilment_centre",
    "lat": 42.3,
    "lon": -71.0,
    "storage_m3": {"standard": 1.5},
    "outbound_units_per_day": 90,
}
SITE_LINE = (
    "  FC2: {kind: fulfilment_centre, lat: 42.3, lon: -71.0, storage_m3: {standard: 1.5}, outbound_units_per_day: 90}\n"
)


@pytest.fixture
def quickstart(tmp_path):
    return write_quickstart(tmp_path)


@pytest.fixture
def toy(tmp_path):
    return write_toy(tmp_path)


def by_hand(tmp_path, *edits, more=""):
    folder = tmp_path / "by_hand"
    folder.mkdir()
    return load_scenario(write_quickstart(folder, edited(*edits) + more))


def toy_by_hand(folder, **tables):
    """The toy read anew with some of its tables written by hand."""
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return load_scenario(folder / "toy.yaml")


def test_values_by_path(quickstart, tmp_path):
    changed = variant(quickstart, set={"nodes.FC.storage_m3.standard": 5, "lanes.1.cost.per_unit": 0.3})
    hand = by_hand(tmp_path, ("{standard: 3}", "{standard: 5}"), ("per_unit: 0.15", "per_unit: 0.3"))
    assert_same(changed, hand)
    assert changed.hash == hand.hash


def test_tables_of_a_value_stand_beside_the_study(quickstart, tmp_path):
    rows = [{"product": "*", "vendor": "MILL", "pack": 12}]
    assert_same(variant(quickstart, set={"supply": rows}), by_hand(tmp_path, ("pack: 6", "pack: 12")))


def test_an_opened_node_brings_its_lanes(quickstart, tmp_path):
    opened = {"FC2": {**SITE, "lanes": [{"from": "DC", "lead_time": {"mean": "1 d"}}]}}
    hand = by_hand(
        tmp_path,
        ("\nlanes:", f"{SITE_LINE}\nlanes:"),
        (FC_LANE, f"{FC_LANE}  - {{from: DC, to: FC2, lead_time: {{mean: 1 d}}}}\n"),
    )
    assert_same(variant(quickstart, nodes={"open": opened}), hand)


def test_an_opened_node_offers_the_services_it_names(tmp_path):
    listed = ("ground: {transit_days: [1, 2]}", "ground: {transit_days: [1, 2], nodes: [FC]}")
    listed_air = ("air: {transit_days: [1, 1]}", "air: {transit_days: [1, 1], nodes: [FC]}")
    base = write_quickstart(tmp_path, edited(listed, listed_air))
    opened = {"FC2": {**SITE, "services": ["ground"], "lanes": [{"from": "DC", "lead_time": {"mean": "1 d"}}]}}
    hand = by_hand(
        tmp_path,
        ("\nlanes:", f"{SITE_LINE}\nlanes:"),
        (FC_LANE, f"{FC_LANE}  - {{from: DC, to: FC2, lead_time: {{mean: 1 d}}}}\n"),
        (listed[0], "ground: {transit_days: [1, 2], nodes: [FC, FC2]}"),
        listed_air,
    )
    assert_same(variant(base, nodes={"open": opened}), hand)


def test_a_closed_node_takes_everything_that_names_it_along(tmp_path):
    services = ("ground: {transit_days: [1, 2]}", "ground: {transit_days: [1, 2], nodes: [FC, FC2]}")
    lane = "  - {from: DC, to: FC2, lead_time: {mean: 1 d}}\n"
    more = (
        "initial_stock: [{product: lamp, node: FC, units: 12}, {product: lamp, node: FC2, units: 5}]\n"
        "open_orders: [{product: mug, from: DC, to: FC2, units: 9, arrives_day: 1}]\n"
        "simulation: {disruptions: [{node: FC2, begins: 2025-01-08, ends: 2025-01-09},"
        " {lane: {from: DC, to: FC2}, begins: 2025-01-08, ends: 2025-01-09},"
        " {node: FC, begins: 2025-01-08, ends: 2025-01-09}]}\n"
    )
    text = edited(("\nlanes:", f"{SITE_LINE}\nlanes:"), (FC_LANE, FC_LANE + lane), services) + more
    changed = variant(write_quickstart(tmp_path, text), nodes={"close": ["FC2"]})
    kept = (
        "initial_stock: [{product: lamp, node: FC, units: 12}]\nopen_orders: []\n"
        "simulation: {disruptions: [{node: FC, begins: 2025-01-08, ends: 2025-01-09}]}\n"
    )
    hand = by_hand(tmp_path, (services[0], "ground: {transit_days: [1, 2], nodes: [FC]}"), more=kept)
    assert_same(changed, hand)


def test_a_closed_vendor_leaves_the_supply_table(tmp_path):
    second = "  MILL: {kind: vendor, lat: 35.05, lon: -85.31}\n  FARM: {kind: vendor, lat: 40, lon: -80}\n"
    lane = "  - {from: FARM, to: DC, lead_time: {mean: 3 d}}\n"
    text = edited(
        ("  MILL: {kind: vendor, lat: 35.05, lon: -85.31}\n", second),
        (FC_LANE, FC_LANE + lane),
        ("pack: 6}]", 'pack: 6}, {product: "*", vendor: FARM, pack: 2}]'),
    )
    assert_same(variant(write_quickstart(tmp_path, text), nodes={"close": ["FARM"]}), by_hand(tmp_path))


def test_an_altered_node_keeps_its_other_keys(quickstart, tmp_path):
    changed = variant(
        quickstart, nodes={"alter": {"FC": {"ship_days": ["mon", "tue"], "cutoff": {"standard": "09:00"}}}}
    )
    line = 'cutoff: {express: "12:00"}'
    hand = by_hand(tmp_path, (line, 'cutoff: {express: "12:00", standard: "09:00"}\n    ship_days: [mon, tue]'))
    assert_same(changed, hand)


def test_lanes_open_close_and_change(quickstart, tmp_path):
    lanes = {
        "open": [{"from": "MILL", "to": "FC", "lead_time": {"mean": "9 d"}, "cost": {"per_unit": 2}}],
        "close": [{"from": "DC", "to": "FC"}],
        "alter": [{"from": "MILL", "to": "DC", "departs": ["mon"], "lead_time": {"cv": 0.1}}],
    }
    hand = by_hand(
        tmp_path,
        (FC_LANE, "  - {from: MILL, to: FC, lead_time: {mean: 9 d}, cost: {per_unit: 2}}\n"),
        ("cv: 0.3}", "cv: 0.1}, departs: [mon]"),
    )
    assert_same(variant(quickstart, lanes=lanes), hand)


def test_orders_on_a_closed_lane_go_with_it(tmp_path):
    base = write_quickstart(tmp_path, edited() + STOCK)
    second = [{"from": "MILL", "to": "FC", "lead_time": {"mean": "9 d"}}]
    changed = variant(base, lanes={"close": [{"from": "DC", "to": "FC"}], "open": second})
    assert list(changed.tables["open_orders"]["product"]) == ["lamp"]


def test_an_earlier_cutoff(quickstart, tmp_path):
    changed = variant(quickstart, speeds={"standard": {"cutoff": "14:00"}})
    assert_same(changed, by_hand(tmp_path, ('cutoff: "20:00"', 'cutoff: "14:00"')))


@pytest.mark.parametrize(
    ("change", "edits"),
    [
        ({"node": "FC", "factor": 0.5}, [("{standard: 3}", "{standard: 1.5}"), ("day: 250", "day: 125")]),
        ({"node": "FC", "resource": "storage", "factor": 0.8}, [("{standard: 3}", "{standard: 2.4000000000000004}")]),
        (
            {"node": "FC", "resource": "inbound", "factor": 2, "periods": [2, 13]},
            [("day: 250", f"day: {[250, 500, *[250] * 10, 500]}")],
        ),
    ],
)
def test_capacities_by_a_factor(quickstart, tmp_path, change, edits):
    assert_same(variant(quickstart, capacities=[change]), by_hand(tmp_path, *edits))


def test_a_list_of_capacities_and_a_lane_by_a_factor(toy):
    base = load_scenario(toy).file
    changed = variant(
        toy,
        capacities=[
            {"node": "north", "resource": "storage", "storage_type": "bulky", "factor": 0.5, "periods": [3]},
            {"lane": {"from": "hub", "to": "north"}, "factor": 0.1},
        ],
    ).file
    assert changed.nodes["north"].storage_m3 == {"sortable": 4.0, "bulky": [20.0, 20.0, 12.0, 20.0]}
    limits = [lane.capacity_units_per_day for lane in changed.lanes]
    assert limits == [lane.capacity_units_per_day and 15.0 for lane in base.lanes]


def test_a_vendor_that_slips_delays_its_orders_and_keeps_the_spread(tmp_path):
    base = write_quickstart(tmp_path, edited() + STOCK)
    slipped = compile_scenario(variant(base, lead_times=[{"from": "MILL", "plus": "1 w"}]))
    before = compile_scenario(load_scenario(base))
    mill = before.names.lanes.index("MILL→DC")
    other = 1 - mill
    for field, difference in (("lead_time_mean_days", 7.0), ("lead_time_sd_days", 0.0)):
        now, then = getattr(slipped.lanes, field), getattr(before.lanes, field)
        assert now[mill] - then[mill] == pytest.approx(difference, abs=1e-12)
        assert now[other] == then[other]
    assert sorted(slipped.stock.order_arrives_day) == [1.0, 10.0]


def test_lead_times_by_a_factor_and_observed_ones(toy):
    changed = variant(
        toy, lead_times=[{"from": "north", "to": "city", "factor": 2}, {"from": "mill", "factor": 0.5}]
    ).file
    assert changed.lanes[5].lead_time.model_dump()["values"] == [1.0, 2.0, 2.0, 4.0]
    assert [(lane.lead_time.mean, lane.lead_time.cv) for lane in changed.lanes[:2]] == [(3.5, 0.3), (4.5, 0.4)]


def test_disruptions_are_added(tmp_path):
    first, second = (
        {"node": "FC", "begins": "2025-01-08", "ends": "2025-01-09"},
        {"vendor": "MILL", "begins": "2025-02-01", "ends": "2025-02-20"},
    )
    words = "simulation: {disruptions: [{node: FC, begins: 2025-01-08, ends: 2025-01-09}"
    changed = variant(write_quickstart(tmp_path, edited() + f"{words}]}}\n"), disruptions=[second])
    more = f"{words}, {{vendor: MILL, begins: 2025-02-01, ends: 2025-02-20}}]}}\n"
    assert_same(changed, by_hand(tmp_path, more=more))
    assert_same(
        variant(write_quickstart(tmp_path), disruptions=[first]),
        load_scenario(write_quickstart(tmp_path, edited() + f"{words}]}}\n")),
    )


def test_demand_of_products_groups_and_periods(toy, tmp_path):
    demand = TABLES["product_demand"]
    changed = variant(
        toy, demand=[{"factor": 2, "products": ["mug"]}, {"factor": 3, "groups": ["media"], "periods": [2, 4]}]
    )
    rows = [("mug", "*", 140.0, 1.5), ("mug", "3", 280.0, 1.5), ("book", "2", 63.0, 1.2), ("book", "4", 63.0, 1.2)]
    rows += [row for row in demand.itertuples(index=False) if row[0] != "mug"]
    assert_same(changed, toy_by_hand(tmp_path, product_demand=pd.DataFrame(rows, columns=demand.columns)))


def test_a_period_with_a_row_of_its_own_is_scaled_once(toy, tmp_path):
    demand = TABLES["product_demand"]
    changed = variant(toy, demand=[{"factor": 2, "products": ["mug"], "periods": [3, 1]}])
    rows = [("mug", "*", 70.0, 1.5), ("mug", "1", 140.0, 1.5), ("mug", "3", 280.0, 1.5)]
    rows += [row for row in demand.itertuples(index=False) if row[0] != "mug"]
    assert_same(changed, toy_by_hand(tmp_path, product_demand=pd.DataFrame(rows, columns=demand.columns)))


@pytest.mark.parametrize(
    "change",
    [
        {"zones": ["newark", "trenton"]},
        {"speeds": ["same_day"]},
        {"zones": ["new_york"], "speeds": ["two_day"], "groups": ["homeware", "furniture"]},
    ],
)
def test_demand_by_zone_and_speed_multiplies_exactly_those_rates(toy, change):
    """Rates of every product, zone and speed before and after: the chosen ones double, all others stay."""
    before, after = rates(load_scenario(toy)), rates(variant(toy, demand=[{"factor": 2, **change}]))
    groups = TABLES["products"].set_index("product")["group"]
    chosen = pd.Series(True, index=before.index)
    for level, key in (("zone", "zones"), ("speed", "speeds")):
        if key in change:
            chosen &= before.index.get_level_values(level).isin(change[key])
    if "groups" in change:
        chosen &= before.index.get_level_values("product").map(groups).isin(change["groups"])
    assert chosen.any()
    assert not chosen.all()
    pd.testing.assert_frame_equal(after, before.mul(chosen.map({True: 2.0, False: 1.0}), axis=0))


def rates(scenario):
    """Units a day by product, zone and speed (rows) and period (columns)."""
    compiled = compile_scenario(scenario)
    demand, names = compiled.demand, compiled.names
    found = {}
    for product, name in enumerate(names.products):
        for stream in range(demand.product_ptr[product], demand.product_ptr[product + 1]):
            mix = demand.mix_idx[stream]
            for place in range(demand.mix_ptr[mix], demand.mix_ptr[mix + 1]):
                zone, speed = divmod(int(demand.mix_class_idx[place]), len(names.speeds))
                key = name, names.zones[zone], names.speeds[speed]
                found[key] = demand.mix_share[place] * demand.daily_mean[stream]
    return pd.DataFrame(found).T.rename_axis(["product", "zone", "speed"]).sort_index()


def test_zones_by_population_and_no_demand_at_all(quickstart):
    people = rates(load_scenario(quickstart))
    only_boston = rates(variant(quickstart, demand=[{"factor": 0, "zones": ["New York"]}]))
    pd.testing.assert_frame_equal(only_boston, people[people.index.get_level_values("zone") == "Boston"])
    nothing = rates(variant(quickstart, demand=[{"factor": 0, "zones": ["New York", "Boston"]}]))
    assert (nothing == 0).all(axis=None)


def test_demand_given_whole(tmp_path):
    rows = [
        (p, z, s, "*", 3.0) for p in ("mug", "lamp") for z in ("Boston", "New York") for s in ("express", "standard")
    ]
    table = pd.DataFrame(rows, columns=["product", "zone", "speed", "period", "mean"])
    table.to_csv(tmp_path / "demand.csv", index=False)
    kept = edited()[: edited().index("demand:  ")] + "demand: {distribution: poisson, whole: demand.csv}\n"
    products = [
        line for line in kept.splitlines() if not any(f"{{product: {p}," in line for p in ("kettle", "chair", "clock"))
    ]
    base = write_quickstart(tmp_path, "\n".join(products) + "\n")
    before = rates(load_scenario(base))
    after = rates(variant(base, demand=[{"factor": 2, "zones": ["Boston"], "products": ["mug"], "periods": [13]}]))
    expected = before.copy()
    mugs_in_boston = [key[:2] == ("mug", "Boston") for key in expected.index]
    expected.loc[mugs_in_boston, 12] *= 2
    pd.testing.assert_frame_equal(after, expected)


def test_changes_are_made_in_the_order_of_the_keys(quickstart, tmp_path):
    changed = variant(
        quickstart,
        capacities=[{"node": "FC", "resource": "storage", "factor": 2}],
        set={"nodes.FC.storage_m3.standard": 5},
    )
    assert_same(changed, by_hand(tmp_path, ("{standard: 3}", "{standard: 10}")))
    assert problems_of_variant(quickstart) == []
