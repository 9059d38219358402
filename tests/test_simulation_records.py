"""The tables of days and events against the measures they must add up to, and read back from files."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from random_networks import Size, random_network, random_plan

from meio.simulation.engine import simulate
from meio.simulation.events import ARRIVED, EVENTS, SHIPPED
from meio.simulation.records import daily_table, events_table
from meio.simulation.state import Log
from meio.simulation.tally import MONEY, NUM_SERVICE_KINDS, ON_TIME


@pytest.fixture(scope="module")
def network():
    compiled = random_network(33, Size(products=6, centres=2, serving=4, period_days=6, warm_up_days=0, daily_mean=4.0))
    return compiled, random_plan(compiled, 5, cover_days=9)


@pytest.fixture(scope="module")
def result(network):
    return simulate(*network, replications=3, seed=2, daily=True, events=True)


def units(result, *events):
    """Units of these events by replication and speed."""
    rows = result.events[result.events["event"].isin(events)]
    return rows.groupby(["replication", "speed"], observed=False)["units"].sum()


def test_they_are_kept_on_request_only(network):
    plain = simulate(*network, replications=1, seed=2)
    assert plain.daily is None
    assert plain.events is None


def test_days_add_up_to_the_measures(result):
    cost = result.cost.set_index("replication")
    by_day = result.daily.groupby("replication")[[*MONEY, "total"]].sum()
    np.testing.assert_allclose(by_day, cost[by_day.columns], rtol=1e-9, atol=1e-9)
    service = result.service.set_index(["replication", "speed"])
    for measure in ("demand", "on_time", "late", "lost"):
        for speed, of_speed in service[measure].groupby("speed"):
            by_day = result.daily.groupby("replication")[f"{measure}:{speed}"].sum()
            assert by_day.tolist() == of_speed.tolist()


def test_days_are_those_of_the_calendar(network, result):
    compiled, _ = network
    days = compiled.num_periods * compiled.period_days
    assert result.daily["day"].tolist() == 3 * list(range(1, days + 1))
    first = result.daily.drop_duplicates("replication")["date"]
    assert (first == pd.Timestamp(compiled.start)).all()
    assert (result.daily["date"].diff().dropna().dt.days.value_counts().index == [1, 1 - days]).all()


def test_events_tell_the_same_units_as_the_measures(result):
    service = result.service.set_index(["replication", "speed"])
    assert units(result, "ordered").to_dict() == service["demand"].to_dict()
    assert units(result, "lost").to_dict() == service["lost"].to_dict()
    assert units(result, "shipped", "shipped_late", "shipped_owed").to_dict() == service["filled"].to_dict()
    still_owed = units(result, "owed") - units(result, "shipped_owed")
    assert still_owed.to_dict() == service["owed"].to_dict()


def test_events_come_in_the_order_of_their_moments(network, result):
    moments = result.events.groupby("replication")["moment"]
    assert moments.apply(lambda column: column.is_monotonic_increasing).all()
    end = pd.Timestamp(network[0].start) + pd.Timedelta(days=network[0].num_periods * network[0].period_days)
    assert result.events["moment"].between(pd.Timestamp(network[0].start), end).all()


@pytest.mark.parametrize("name", ["daily", "events"])
def test_they_are_read_back_as_they_were(result, tmp_path, name):
    table = getattr(result, name)
    table.to_parquet(tmp_path / "table.parquet", index=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "table.parquet"), table)


def test_an_event_has_names_and_a_moment(network):
    compiled = network[0]._replace(start="2026-02-28")
    log = Log(
        kind=np.array([ARRIVED, SHIPPED, 0]),
        minute=np.array([-720.0, 1440.5, 0.0]),
        product_idx=np.array([1, 0, 0]),
        node_idx=np.array([2, 3, 0]),
        zone_idx=np.array([-1, 1, 0]),
        speed_idx=np.array([-1, 2, 0]),
        units=np.array([12, 1, 0]),
        number=np.array([5, 7, 0]),
        size=np.array([2]),  # the third row was never written
    )
    events = events_table(compiled, [SimpleNamespace(log=log)])
    names = compiled.names
    assert events["event"].cat.categories.tolist() == list(EVENTS)
    rows = events.astype(object).where(events.notna(), None).to_numpy().tolist()
    noon, after = pd.Timestamp("2026-02-27 12:00"), pd.Timestamp("2026-03-01 00:00:30")
    assert rows == [
        [1, noon, "arrived", 5, names.products[1], names.nodes[2], None, None, 12],
        [1, after, "shipped", 8, names.products[0], names.nodes[3], names.zones[1], names.speeds[2], 1],
    ]


def test_only_complete_days_are_told(network):
    compiled, speeds = network[0], len(network[0].names.speeds)
    service = np.zeros((4, speeds, NUM_SERVICE_KINDS))
    service[1, 2, ON_TIME] = 3.0
    tally = SimpleNamespace(
        money_by_day=np.arange(40.0).reshape(4, 10),
        service_by_day=service,
        storage_m3=np.ones((4, 2, 3)),
        yard_m3=np.full((4, 2), 0.5),
    )
    daily = daily_table(compiled, [SimpleNamespace(tally=tally, days=2)])
    assert daily["total"].tolist() == [sum(range(9)), sum(range(10, 19))]
    assert daily["unavoidable"].tolist() == [9.0, 19.0]
    assert daily[f"on_time:{compiled.names.speeds[2]}"].tolist() == [0.0, 3.0]
    assert daily[["stock_m3", "yard_m3"]].to_numpy().tolist() == [[6.0, 1.0]] * 2
