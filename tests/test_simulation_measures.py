"""Tables of a simulation: sums that must add up, shares that must be shares, intervals against SciPy."""

from dataclasses import replace

import numpy as np
import pytest
from random_networks import Size, random_network, random_plan

from meio.simulation.engine import simulate
from meio.simulation.statistics import mean_ci95, paired_saving

PARTS = ["purchase", "lane_transport", "outbound", "holding", "overflow", "late", "lost", "backorder", "stock_change"]


@pytest.fixture(scope="module")
def network():
    compiled = random_network(30, Size(products=6, centres=2, serving=4, period_days=6, daily_mean=4.0))
    return compiled, random_plan(compiled, 5, cover_days=9)


@pytest.fixture(scope="module")
def result(network):
    return simulate(*network, replications=6, seed=2)


def test_money_adds_up(result):
    cost = result.cost
    assert cost["total"].to_numpy() == pytest.approx(cost[PARTS].sum(axis=1).to_numpy(), rel=1e-12)
    assert (cost["controllable"] + cost["unavoidable"]).to_numpy() == pytest.approx(cost["total"].to_numpy(), rel=1e-12)
    assert cost["replication"].tolist() == [1, 2, 3, 4, 5, 6]


def test_service_adds_up(result):
    service = result.service
    assert set(service["speed"]) == {"speed 0", "speed 1", "speed 2"}
    assert (service["fill_rate"] * service["demand"]).to_numpy() == pytest.approx(service["filled"].to_numpy())
    assert (service["on_time_rate"] <= service["fill_rate"]).all()
    per_replication = service.groupby("replication")["demand"].sum().to_numpy()
    assert result.network["orders"].to_numpy() == pytest.approx(per_replication)
    days = (service["delivery_days_mean"] * service["filled"]).groupby(service["replication"]).sum()
    mean = days / service.groupby("replication")["filled"].sum()
    assert result.network["delivery_days_mean"].to_numpy() == pytest.approx(mean.to_numpy())


def test_shipping_adds_up(network, result):
    outbound = result.network["outbound_cost_per_unit"] * result.network["units_shipped"]
    assert outbound.to_numpy() == pytest.approx(result.cost["outbound"].to_numpy())
    assert result.network["local_share"].between(0, 1).all()
    serves = network[0].nodes.serves_customers
    distance = network[0].outbound.distance_km[serves]
    assert result.network["distance_km_mean"].between(distance.min(), distance.max()).all()


def test_bands_split_what_was_shipped(network, result):
    compiled, _ = network
    bands, shipped = result.bands, result.network
    assert bands["up_to_km"].unique().tolist() == [*compiled.outbound.distance_bands_km, np.inf]
    for measure, column in (("units", "units_shipped"), ("packages", "packages")):
        assert bands.groupby("replication")[measure].sum().tolist() == shipped[column].tolist()
    assert bands.groupby("replication")["share"].sum().to_numpy() == pytest.approx(np.ones(len(shipped)))
    at_most = (bands["units"] * bands["up_to_km"].clip(upper=900)).groupby(bands["replication"]).sum().to_numpy()
    assert (shipped["distance_km_mean"] * shipped["units_shipped"] <= at_most).all()


def test_a_network_without_bands_has_one(network):
    compiled, plan = network
    plain = compiled._replace(outbound=compiled.outbound._replace(distance_bands_km=np.zeros(0)))
    bands = simulate(plain, plan, replications=1, seed=2).bands
    assert bands[["band", "up_to_km", "share"]].to_numpy().tolist() == [[1, np.inf, 1.0]]


def test_cost_per_unit_is_total_over_units_shipped(result):
    per_unit = result.network["cost_per_unit"] * result.network["units_shipped"]
    assert per_unit.to_numpy() == pytest.approx(result.cost["total"].to_numpy())


def test_use_is_summed_up_by_period(network, result):
    compiled, _ = network
    use, days = result.use, compiled.period_days
    names = compiled.names
    num_places = len(names.nodes) * (len(names.storage_types) + 2) + len(names.lanes)
    assert len(use) == num_places * compiled.num_periods
    assert (use["mean"] <= use["max"] + 1e-12).all()
    assert (use["p95"] <= use["max"]).all()
    outbound = use[use["resource"] == "outbound"]
    sent_downstream = use[(use["resource"] == "lane") & (use["place"].str.match(r"[0-5]→"))]
    shipped = days * (outbound["mean"].sum() - sent_downstream["mean"].sum())
    assert shipped == pytest.approx(result.network["units_shipped"].mean(), rel=0.05)  # but for ship dates at the ends
    row = use.query("place == 'site 1' and resource == 'inbound' and period == 2").iloc[0]
    assert row["capacity"] == compiled.nodes.inbound_units_per_day[names.nodes.index("site 1"), 1]


def test_inventory_and_use_tell_the_same_stock(result):
    m3 = result.inventory.set_index(["period", "node", "storage_type"])["m3_mean"]
    storage = result.use[result.use["resource"].str.startswith("storage:")]
    storage = storage.assign(storage_type=storage["resource"].str.removeprefix("storage:"))
    same = storage.set_index(["period", "place", "storage_type"])["mean"]
    assert m3.sort_index().to_numpy() == pytest.approx(same.sort_index().to_numpy())
    units = result.inventory.groupby(["period", "node"])["units_mean"].sum().groupby("node").mean()
    assert result.nodes.set_index("node")["on_hand_mean"].to_dict() == pytest.approx(units.to_dict())


def test_turns_are_units_shipped_a_year_per_unit_on_hand(result):
    nodes = result.nodes.set_index("node")
    shipped = result.use[result.use["resource"] == "outbound"].groupby("place")["mean"].mean() * 365
    expected = (shipped / nodes["on_hand_mean"]).reindex(nodes.index)
    assert nodes["turns"].to_numpy() == pytest.approx(expected.to_numpy())


def test_capacity_use_max_is_the_fullest_of_all_limited_resources(result):
    rows = result.use[["capacity", "mean", "max"]].to_numpy()
    limited = [row for row in rows if 0 < row[0] < np.inf]
    assert result.capacity_use_max == pytest.approx(max(mean / capacity for capacity, mean, _ in limited))
    assert result.capacity_use_day_max == pytest.approx(max(most / capacity for capacity, _, most in limited))


def test_nothing_limited_uses_no_capacity():
    compiled = random_network(3, Size(), tight=False)
    assert simulate(compiled, random_plan(compiled, 1), replications=1, seed=1).capacity_use_max == 0


def test_every_kind_of_cost_and_service_occurs(result):
    assert (result.cost[PARTS].abs().sum() > 0).all()
    assert (result.service[["on_time", "late", "lost", "owed"]].sum() > 0).all()
    assert result.nodes["yard_m3_mean"].max() > 0


def test_saving_is_paired_by_replication(network, result):
    compiled, _ = network
    other = simulate(compiled, random_plan(compiled, 6), replications=6, seed=2)
    difference = other.cost["total"] - result.cost["total"]
    assert paired_saving(other, result, "total") == pytest.approx(mean_ci95(difference))
    with pytest.raises(ValueError, match="the same seed and number of replications"):
        paired_saving(replace(other, seed=3), result, "total")
