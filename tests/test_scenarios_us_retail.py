"""The scenario us-retail is what it says it is, and its generator makes it."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from meio.network.compile import compile_scenario
from meio.network.scenario import load_scenario

SCENARIOS = Path(__file__).parents[1] / "scenarios"
FOLDER = SCENARIOS / "us-retail"
WRITTEN_BY_HAND = ["zones.csv", "sites.csv", "template.yaml"]


@pytest.fixture(scope="module")
def scenario():
    return load_scenario(SCENARIOS / "us-retail.yaml")


@pytest.fixture(scope="module")
def compiled(scenario):
    return compile_scenario(scenario)


@pytest.fixture(scope="module")
def demand(scenario):
    return scenario.tables["product_demand"].astype({"period": int})


def test_generator_makes_the_committed_files_byte_for_byte(tmp_path):
    folder = tmp_path / "us-retail"
    folder.mkdir()
    for source in [*FOLDER.glob("*.py"), *(FOLDER / name for name in WRITTEN_BY_HAND)]:
        shutil.copy(source, folder)
    subprocess.run([sys.executable, "-W", "error", folder / "generate.py"], check=True)
    made = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.suffix in (".csv", ".yaml")}
    committed = {path.relative_to(SCENARIOS) for path in FOLDER.iterdir() if path.suffix in (".csv", ".yaml")}
    assert made == committed | {Path("us-retail.yaml")}
    assert [path for path in made if (tmp_path / path).read_bytes() != (SCENARIOS / path).read_bytes()] == []


def test_files_are_small():
    files = [SCENARIOS / "us-retail.yaml", *FOLDER.glob("*.*")]
    assert sum(file.stat().st_size for file in files) <= 3_000_000


def test_network_has_the_sites_it_names(scenario):
    nodes = scenario.file.nodes
    kinds = pd.Series([node.kind.value for node in nodes.values()]).value_counts().to_dict()
    assert kinds == {"vendor": 6, "distribution_centre": 3, "fulfilment_centre": 10, "same_day_site": 4}
    held = [tuple(sorted(node.storage_m3)) for node in nodes.values() if node.kind.value == "fulfilment_centre"]
    assert sorted(map(held.count, set(held))) == [1, 3, 6]
    same_day = [tuple(node.storage_m3) for node in nodes.values() if node.kind.value == "same_day_site"]
    assert same_day == [("sortable",)] * 4
    tables, horizon = scenario.tables, scenario.file.horizon
    assert (len(tables["zones"]), len(tables["products"]), horizon.periods) == (40, 1000, 13)
    assert list(scenario.file.speeds) == ["same_day", "two_day", "standard"]


def test_every_fulfilment_centre_is_fed_by_its_two_nearest_distribution_centres(scenario):
    nodes = scenario.file.nodes
    centres = [name for name, node in nodes.items() if node.kind.value == "distribution_centre"]
    for name, node in nodes.items():
        if node.kind.value != "fulfilment_centre":
            continue
        east = np.cos(np.radians(node.lat))
        offset = {c: (nodes[c].lat - node.lat) ** 2 + (east * (nodes[c].lon - node.lon)) ** 2 for c in centres}
        lanes = [lane for lane in scenario.file.lanes if lane.destination == name and lane.source in centres]
        assert [lane.source for lane in lanes] == sorted(centres, key=offset.__getitem__)[:2]
        assert all(1 <= lane.lead_time.mean <= 4 for lane in lanes)


def test_top_tenth_of_the_products_sells_about_half_of_the_units(demand):
    units = demand.groupby("product")["mean"].sum().sort_values(ascending=False)
    assert 0.45 <= units.head(100).sum() / units.sum() <= 0.55


def test_demand_is_as_dispersed_as_measured(demand):
    dispersion = demand.groupby("product")["dispersion"].first()
    assert 1.4 <= dispersion.median() <= 1.6
    assert dispersion.min() > 1


def test_orders_peak_in_weeks_9_to_12(demand):
    per_day = demand.groupby("period")["mean"].sum() / 7
    assert per_day[:6].between(5000, 6000).all()
    assert per_day.nlargest(4).index.sort_values().tolist() == [9, 10, 11, 12]
    assert 1.5 <= per_day.max() / per_day[1] <= 1.8


def test_same_day_is_wanted_where_a_same_day_site_delivers_in_time_and_nowhere_else(compiled):
    outbound, speeds = compiled.outbound, len(compiled.names.speeds)
    zones, speed_idx = np.divmod(compiled.demand.mix_class_idx, speeds)
    wanted = {compiled.names.zones[zone] for zone in zones[speed_idx == compiled.names.speeds.index("same_day")]}
    sites = [index for index, name in enumerate(compiled.names.nodes) if name.startswith("sd_")]
    in_time = np.isfinite(outbound.cost[0, compiled.names.speeds.index("same_day"), 0, sites]).any(axis=0)
    assert wanted == {zone for zone, reached in zip(compiled.names.zones, in_time, strict=True) if reached}
    assert {"New York", "Los Angeles", "Chicago", "Dallas"} <= wanted


def test_snapshot_covers_the_lead_time_of_the_usual_vendor(compiled):
    stock, lanes = compiled.stock, compiled.lanes
    position = stock.on_hand.astype(float)
    np.add.at(position, (stock.order_product_idx, lanes.node_idx[stock.order_lane_idx]), stock.order_units)
    daily = compiled.demand.daily_mean[:, 0].sum()
    days = position.sum() / daily
    assert stock.given
    assert 14 + 45 <= days <= 45 + 45  # shortest and longest lead time, each with the safety days
    assert (stock.order_arrives_day >= 0).all()


def test_ordinary_weeks_fit_the_inbound_capacity_and_peak_weeks_nearly_fill_it(scenario, demand):
    per_day = demand.groupby("period")["mean"].sum() / 7
    centres = [node for node in scenario.file.nodes.values() if node.kind.value == "fulfilment_centre"]
    inbound = np.sum([node.inbound_units_per_day for node in centres], axis=0)
    use = per_day.to_numpy() / inbound
    assert use[:6].max() < 0.9
    assert use[8:12].max() > 0.9
