"""Each picture shows the numbers of its table, and leaves out what would mislead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sample_report import sample_tables

from meio.report.capacity_use import capacity_use
from meio.report.convergence import bound_and_cost, left_to_close
from meio.report.costs import cost_by_kind, cost_table
from meio.report.network_map import network_map
from meio.report.prices import price_map
from meio.report.service import service_by_speed
from meio.report.shipping import shipping_table

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


def test_every_lane_is_drawn_from_end_to_end():
    vendor, transfer = (traces(drawn_map(0))[name] for name in ("vendor lane", "transfer lane"))
    assert (len(vendor.x), len(transfer.x)) == (2 * 3, 3 * 3)
    np.testing.assert_array_equal(vendor.x[:3], [-118.2, -76.9, np.nan])
