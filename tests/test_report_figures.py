"""Each picture shows the numbers of its table, and leaves out what would mislead."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sample_report import sample_sensitivity, sample_study, sample_tables

from meio.report.capacity_use import capacity_use
from meio.report.convergence import bound_and_cost, left_to_close
from meio.report.costs import cost_by_kind, cost_table
from meio.report.inventory import inventory_over_time, stock_by_layer
from meio.report.map_marks import STEPS
from meio.report.network_map import network_map
from meio.report.prices import price_map
from meio.report.service import service_by_speed
from meio.report.shipping import shipping_table
from meio.report.tornado import tornado
from meio.report.traffic import lane_flows, site_loads
from meio.report.variants import against_base, cost_parts
from meio.report.waterfall import savings_by_kind, waterfall

TABLES = sample_tables()


def traces(figure) -> dict[str, object]:
    return {trace.name: trace for trace in figure.data}


def prices(**rows: list[float]) -> pd.DataFrame:
    """Prices of storage by place."""
    return pd.concat(
        pd.DataFrame({"resource": "storage", "at": at, "storage_type": "", "period": [1, 2], "price": price})
        for at, price in rows.items()
    )


def test_price_map_shows_only_priced_places_dearest_on_top():
    heat = price_map(prices(free=[0.0, 0.0], dear=[0.0, 3.0], cheap=[2.0, 1.0]), "storage").data[0]
    assert list(heat.y) == ["cheap", "dear"]
    np.testing.assert_array_equal(heat.z, [[2.0, 1.0], [0.0, 3.0]])


def test_no_price_no_map():
    assert price_map(prices(free=[0.0, 0.0]), "storage") is None
    assert price_map(prices(dear=[1.0, 1.0]), "inbound") is None


def test_price_map_of_a_large_network_keeps_the_dearest():
    heat = price_map(prices(**{f"node {rank:02}": [rank, 0.0] for rank in range(50)}), "storage").data[0]
    assert (heat.y[0], heat.y[-1], len(heat.y)) == ("node 20", "node 49", 30)


def test_capacity_use_shows_shares_fullest_first():
    drawn = capacity_use(TABLES["usage"])
    assert list(drawn) == ["newark · sortable, storage", "reno · sortable, storage", "newark, inbound"]
    newark = TABLES["usage"].query("resource == 'storage' and at == 'newark'")
    for column, name in {"mean": "simulated, mean", "planned": "planned", "p95": "simulated, 95th percentile"}.items():
        shown = traces(drawn["newark · sortable, storage"])[name]
        np.testing.assert_allclose(shown.y, newark[column] / newark["capacity"])


@pytest.mark.parametrize("capacity", [np.inf, 0.0])
def test_capacity_without_a_meaningful_share_is_not_drawn(capacity: float):
    assert capacity_use(TABLES["usage"].assign(capacity=capacity)) == {}


def test_capacity_use_without_a_simulation():
    planned = TABLES["usage"].assign(mean=np.nan, p95=np.nan)
    assert list(capacity_use(planned)) == ["newark · sortable, storage", "reno · sortable, storage", "newark, inbound"]


def test_service_pools_replications():
    service = pd.DataFrame(
        {"system": "plan", "replication": [1, 2], "speed": "two_day", "demand": [100, 300], "filled": [100, 100]}
    )
    bar = service_by_speed(service, "filled").data[0]
    assert (bar.name, list(bar.x), list(bar.y)) == ("plan", ["two day"], [0.5])


def test_stacked_costs_and_goods_add_up_to_the_total():
    cost = TABLES["measures/cost"]
    stacked = sum(np.array(bar.x) for bar in cost_by_kind(cost, "USD").data)[::-1]
    goods = (cost["purchase"] + cost["stock_change"]).groupby(cost["system"], sort=False).mean()
    total = cost.groupby("system", sort=False)["total"].mean()
    np.testing.assert_allclose(stacked + goods, total)


def test_shipping_table_has_a_row_for_each_band_with_an_end():
    heading, packages, *_, band = shipping_table(TABLES["measures/network"], TABLES["measures/bands"], "USD")
    assert heading == ["", "plan", "independent newsvendor", "national pool"]
    assert packages == ["packages per order", "1.05", "1.20", "1.10"]
    assert band == ["units of the band up to 500 km", "70.0%", "70.0%", "70.0%"]


def test_cost_table_ends_with_the_total():
    heading, *_, last = cost_table(TABLES["measures/cost"], "USD")
    assert heading == ["USD", "plan", "independent newsvendor", "national pool"]
    assert last == ["total", "798,000", "878,300", "958,600"]


def test_convergence_draws_its_columns():
    frame = TABLES["convergence"]
    drawn = {**traces(bound_and_cost(frame, "USD")), **traces(left_to_close(frame))}
    columns = {"dual value": "dual_value", "planned cost": "planned_cost", "dual gap": "dual_gap"}
    for name, column in columns.items():
        np.testing.assert_array_equal(drawn[name].y, frame[column])


def drawn_map(shift_lon: float):
    nodes, zones = (TABLES[f"network/{name}"] for name in ("nodes", "zones"))
    nodes, zones = (frame.assign(lon=frame["lon"] + shift_lon) for frame in (nodes, zones))
    return network_map(nodes, TABLES["network/lanes"], zones)


def test_map_stretches_degrees_of_latitude_as_the_globe_does():
    lat = pd.concat([TABLES["network/nodes"]["lat"], TABLES["network/zones"]["lat"]]).mean()
    assert drawn_map(0).layout.yaxis.scaleratio == pytest.approx(1 / np.cos(np.deg2rad(lat)))


def test_outline_only_where_it_belongs():
    assert len(drawn_map(0).data) - len(drawn_map(120).data) == 1


def test_every_lane_is_drawn_from_end_to_end_by_who_sends_and_how_much():
    vendor, transfer = ([traces(drawn_map(0))[f"{kind}, class 1"]] for kind in ("from a vendor", "between sites"))
    assert (len(vendor[0].x), len(transfer[0].x)) == (2 * 3, 3 * 3)
    np.testing.assert_array_equal(vendor[0].x[:3], [-118.2, -76.9, np.nan])


def weekly_map():
    nodes, lanes, zones = (TABLES[f"network/{name}"] for name in ("nodes", "lanes", "zones"))
    use = TABLES["measures/use"]
    flows = lane_flows(use[use["system"] == "plan"])
    return network_map(nodes, lanes, zones, flows, site_loads(TABLES["usage"]), None, "week")


def test_a_frame_of_the_map_has_each_lane_in_the_class_of_its_flow():
    drawn = weekly_map()
    assert [frame.name for frame in drawn.frames] == [str(period) for period in range(1, 14)]
    largest = 5 * 100 * 13
    for period, frame in enumerate(drawn.frames, start=1):
        assert len(frame.data) == len(frame.traces)
        by_name = {trace.name: trace for trace in frame.data}
        flows = {"from a vendor": [100, 200], "between sites": [300, 400, 500]}
        for kind, first in flows.items():
            shares = np.array(first) * period / largest
            counts = [np.sum((shares >= low) & (shares < high)) for low, high in pairwise((*STEPS, np.inf))]
            assert [len(by_name[f"{kind}, class {nth}"].x) // 3 for nth in (1, 2, 3, 4)] == counts


def test_captions_tell_flow_and_fullest_site():
    captions = weekly_map().layout.meta["captions"]
    newark = TABLES["usage"].query("at == 'newark' and resource == 'storage' and period == 2")
    share = float((newark["mean"] / newark["capacity"]).iloc[0])
    assert captions[1] == f"Week 2 of 13: 3,000 units a day on lanes; fullest: newark, {share:.0%} of its storage"


def test_a_site_is_as_full_as_its_fullest_capacity():
    usage = pd.DataFrame(
        {
            "resource": ["storage", "inbound", "storage", "lane"], "at": ["a", "a", "b", "b→a"], "period": 1,
            "capacity": [10.0, 10.0, np.inf, 1.0], "planned": [1.0, 9.0, 1.0, 1.0], "mean": [5.0, np.nan, 1.0, 1.0],
        }
    )  # fmt: skip
    assert site_loads(usage).to_dict("records") == [{"node": "a", "period": 1, "share": 0.9, "resource": "inbound"}]


def test_parallel_lanes_carry_together():
    use = pd.DataFrame(
        {"period": 1, "place": ["a→b", "a→b#2", "a"], "resource": ["lane", "lane", "inbound"], "mean": 2.0}
    )
    assert lane_flows(use).to_dict("records") == [
        {"source": "a", "destination": "b", "period": 1, "units_per_day": 4.0}
    ]


def test_stock_by_layer_adds_up_its_nodes():
    stock = stock_by_layer(TABLES["measures/inventory"], TABLES["network/nodes"])
    assert list(stock.columns) == ["distribution_centre", "fulfilment_centre", "same_day_site"]
    np.testing.assert_array_equal(stock.loc["plan"].loc[3], [4030.0, 2030.0 + 3030.0, 1030.0])
    drawn = traces(inventory_over_time(stock))
    np.testing.assert_array_equal(drawn["national pool, all"].y, stock.loc["national_pool"].sum(axis=1))


@pytest.mark.parametrize("baseline", ["independent_newsvendor", "national_pool"])
def test_steps_of_the_waterfall_lead_to_the_saving(baseline: str):
    cost = TABLES["measures/cost"]
    totals = cost.groupby("system")["total"].mean()
    saved = savings_by_kind(cost, baseline)
    assert saved.sum() == pytest.approx(totals[baseline] - totals["plan"])
    bars = [bar for bar in waterfall(saved, "USD").data if bar.type == "bar"]
    for before, after in pairwise(bars[:-1]):
        assert after.base[0] == pytest.approx(before.base[0] + before.x[0])
    assert (bars[-1].base[0], bars[-1].x[0]) == (0.0, pytest.approx(saved.sum()))


def test_small_savings_are_drawn_together():
    cost = TABLES["measures/cost"].copy()
    cost.loc[cost["system"] == "national_pool", "late"] += 7.0
    assert list(savings_by_kind(cost, "national_pool").index)[-1] == "other"
    assert savings_by_kind(cost, "national_pool")["other"] == pytest.approx(7.0)


def test_tornado_has_the_most_valuable_on_top_with_intervals():
    drawn = tornado(sample_sensitivity(), "USD").data[0]
    assert list(drawn.y) == ["newark, inbound", "reno · sortable, storage", "newark · sortable, storage"]
    assert drawn.x[2] + drawn.error_x.array[2] == 10_700.0
    assert drawn.x[2] - drawn.error_x.arrayminus[2] == 8_900.0


def test_variants_are_drawn_by_their_difference_shares_in_percentage_points():
    results = sample_study()["results"]
    drawn = traces(against_base(results, "fill_rate"))
    rows = results[
        (results["measure"] == "fill_rate") & (results["policy"] == "priced") & results["difference"].notna()
    ]
    np.testing.assert_allclose(drawn["priced"].x, 100 * rows["difference"])
    np.testing.assert_allclose(drawn["priced"].error_x.array, 100 * (rows["difference_high"] - rows["difference"]))


def test_parts_of_cost_add_up_to_its_difference():
    results = sample_study()["results"]
    stacked = sum(np.array(bar.x) for bar in cost_parts(results, "nearest").data)
    cost = results[(results["measure"] == "cost") & (results["policy"] == "nearest")]
    np.testing.assert_allclose(stacked, cost["difference"])


def test_the_bound_is_drawn_only_where_one_is_claimed():
    frame = TABLES["convergence"]
    assert list(traces(bound_and_cost(frame, "USD", 7.0))["lower bound"].y) == [7.0, 7.0]
    assert "lower bound" not in traces(bound_and_cost(frame, "USD"))
