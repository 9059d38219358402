"""A long table read as a history: what adds up, and what is treated how."""
# ruff: noqa: E501 (messages are compared whole)

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from demand_cases import as_rows, days, known_demand, problems_of_frame, read_frame

from meio.demand import History, read_history
from meio.network.problems import ScenarioError

ONLINE_RETAIL = Path(__file__).parents[2] / "shared" / "data" / "online-retail" / "daily_demand_sku_country.parquet"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_weeks_and_days_add_up_as_pandas_says(suffix):
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "date": pd.Timestamp("2024-02-25") + pd.to_timedelta(random.integers(0, 56, 3000), unit="D"),
            "product": random.choice(["b", "a", "c"], 3000),
            "zone": random.choice(["north", "south"], 3000),
            "speed": random.choice(["fast", "slow"], 3000),
            "units": random.integers(0, 9, 3000),
            "order": np.arange(3000),
        }
    )
    getattr(frame, f"to_{suffix}")(f"h.{suffix}", index=False)
    keys = ["product", "zone", "speed"]
    for period, length in (("day", 1), ("week", 7)):
        history = read_history(f"h.{suffix}", period=period)
        assert (history.start, history.end) == (pd.Timestamp("2024-02-25"), pd.Timestamp("2024-04-21"))
        expected = frame.pivot_table(
            index=keys, columns=(frame["date"] - history.start).dt.days // length, values="units", aggfunc="sum"
        )
        assert history.series.to_numpy().tolist() == [list(key) for key in expected.index]
        np.testing.assert_array_equal(history.units, expected.fillna(0))
        assert (history.in_stock == 1).all()


def test_weeks_count_back_from_the_last_day_and_a_broken_first_one_is_left_out():
    history = read_frame(days(5, 6, *[1] * 14))
    assert (history.start, history.num_periods) == (pd.Timestamp("2026-01-07"), 2)
    assert history.units.tolist() == [[7, 7]]
    assert history.notes == ("2 rows of the first 2 days, which are no whole week: not read",)


def test_rows_from_the_end_on_are_not_read():
    history = read_frame(days(*range(1, 16)), end="2026-01-12")
    assert history.units.tolist() == [[sum(range(1, 8))]]
    assert history.notes == ("8 rows from 2026-01-12 on: not read, the history ends there",)


def test_rows_on_one_weekday_are_weeks():
    frame = pd.concat([days(units, first=first) for units, first in ((3, "2026-01-06"), (4, "2026-01-13"))])
    history = read_frame(frame.assign(in_stock=[0.5, 1]))
    assert (history.start, history.end) == (pd.Timestamp("2026-01-06"), pd.Timestamp("2026-01-20"))
    assert history.units.tolist() == [[3, 4]]
    assert history.in_stock.tolist() == [[0.5, 1]]
    assert problems_of_frame(frame, period="day") == [
        "h.csv:1:1: history.date: found rows on Tuesdays only, expected rows for days; or forecast by week"
    ]


def test_a_history_of_one_week_is_read():
    history = read_frame(days(1, 2, 3, 4, 5, 6, 7))
    assert history.units.tolist() == [[28]]
    assert repr(history) == "History(1 series (product); 1 week from 2026-01-05 to 2026-01-11; 28 units)"
    assert problems_of_frame(days(1, 2, 3)) == [
        "h.csv:1:1: history.date: found 3 days, from 2026-01-05, expected at least one whole week; or forecast by day"
    ]
    assert read_frame(days(1, 2, 3), period="day").units.tolist() == [[1, 2, 3]]


def test_missing_days_are_without_demand():
    frame = days(*[1] * 14).drop(index=[3, 10])
    history = read_frame(frame)
    assert history.units.tolist() == [[6, 6]]
    assert history.notes == ("2 days without any row (2 Thursdays): no demand, unless noted as unknown",)


def test_a_week_that_is_lost_is_unknown_but_a_closed_weekday_is_not():
    frame = pd.concat([days(*[2] * 70, product=product) for product in "ABCD"])
    lost = frame["date"].between("2026-02-02", "2026-02-08")
    history = read_frame(frame[~lost])
    assert history.in_stock.tolist() == [[1.0] * 4 + [0.0] + [1.0] * 5] * 4
    assert history.notes[-1] == "1 periods without any row, which chance hardly leaves: demand unknown"
    sunday = pd.to_datetime(frame["date"]).dt.day_of_week == 6
    history = read_frame(frame[~sunday], period="day")
    assert (history.in_stock == 1).all()
    assert history.units[0, :14].tolist() == [2, 2, 2, 2, 2, 2, 0] * 2


def test_a_slow_mover_without_rows_had_no_demand():
    history = read_frame(days(*[1, *[0] * 69, 1]).query("units > 0"), period="day")
    assert (history.in_stock == 1).all()
    assert np.nansum(history.units) == 2


def test_repeated_rows_are_read_once_and_different_ones_added_up():
    frame = pd.concat([days(*[1] * 7), days(1), days(5)])
    history = read_frame(frame)
    assert history.units.tolist() == [[7 + 5]]
    assert history.notes == (
        "1 rows equal to another in every column: read once",
        "2 rows share their day and series with others that differ: added up",
    )
    numbered = read_frame(frame.assign(order=range(9)))
    assert numbered.units.tolist() == [[7 + 1 + 5]]
    assert numbered.notes[0] == "columns not read: order (attributes belong in the table of products)"


def test_returns_are_no_demand():
    history = read_frame(days(5, -2, 3, 0, 4, -1, 6))
    assert history.units.tolist() == [[18]]
    assert history.notes == ("2 rows with 3 units below 0 (returns): not read as demand",)
    assert problems_of_frame(days(-5, -2, -3, 0, 4, -1, -6)) == [
        "h.csv:2:3: history.units: found 5 rows with units below 0 and 1 above, expected demand as positive units, returns as negative ones"
    ]


def test_products_without_demand_keep_their_zeros():
    history = read_frame(pd.concat([days(*[1] * 14), days(*[0] * 14, product="B")]))
    assert history.units.tolist() == [[7, 7], [0, 0]]
    assert history.notes == ("1 series without any demand: kept, with zeros",)
    assert problems_of_frame(days(*[0] * 14)) == [
        "h.csv:1:3: history.units: found no units in any row, expected some demand"
    ]


def test_a_product_is_on_sale_from_its_first_row_unless_that_may_be_chance():
    steady = pd.concat([days(*[1] * 70), days(*[1] * 21, product="new", first="2026-02-23")])
    rare = pd.concat([days(1, product="rare", first=first) for first in ("2026-01-23", "2026-02-21")])
    history = read_frame(pd.concat([steady, rare]))
    assert history.series["product"].tolist() == ["A", "new", "rare"]
    assert np.isnan(history.units).sum(axis=1).tolist() == [0, 7, 0]
    assert "1 products first sold later: no demand is read before" in history.notes


def test_a_week_is_in_stock_for_its_share_of_days():
    frame = days(1, 2, 0, 0, 3, 1, 1).assign(in_stock=["true", "True", "false", "False", "0", "1", "0.5"])
    missing = 1 + 1 + 0.5 + 0.5  # the third zero has sales
    assert read_frame(frame).in_stock.tolist() == [[pytest.approx(1 - missing / 7)]]
    assert read_frame(frame, period="day").in_stock.tolist() == [[1, 1, 0, 0, 0, 1, 0.5]]


def test_prices_and_promotions():
    frame = days(1, 3, 0, 0, 0, 0, 0, *[0] * 7, *[2] * 7).assign(price="", promotion=0.0)
    frame.loc[:1, "price"] = ["4", "8"]
    frame.loc[14:, "price"] = "10"
    frame.loc[:6, "promotion"] = [1, 1, 0, 0, 0, 0, 0.1]
    history = read_frame(frame)
    np.testing.assert_allclose(history.price, [[7, 7, 10]])
    np.testing.assert_allclose(history.promotion, [[0.3, 0, 0]])
    np.testing.assert_allclose(history.value, [8])


def test_attributes_values_and_products_without_history():
    frame = pd.concat([days(*[1] * 7, product=product).assign(zone=zone) for product in "AB" for zone in ("n", "s")])
    products = pd.DataFrame(
        {"product": ["C", "A"], "category": ["toys", "garden"], "size": [3, None], "unit_cost": [5, None]}
    )
    history = read_frame(frame, products.assign(price=[None, 20]))
    assert history.series.to_numpy().tolist() == [[product, zone] for product in "ABC" for zone in "ns"]
    assert np.isnan(history.units[4:]).all()
    assert history.attributes["category"].fillna("?").tolist() == ["garden"] * 2 + ["?"] * 2 + ["toys"] * 2
    assert history.attributes["size"].fillna(-1).tolist() == [-1] * 4 + [3, 3]
    assert history.value.tolist() == [20, 20, 12.5, 12.5, 5, 5]
    assert history.notes == (
        "1 products are not in the table of products (the first: B)",
        "1 products of the table have no row in the history: read as not on sale yet",
        "2 series without a price: valued at the median of the others",
    )


def test_parquet_of_other_types():
    frame = days(*[2] * 7).assign(in_stock=True, units=np.int32(2))
    frame["date"] = pd.to_datetime(frame["date"]).dt.date
    frame["product"] = 17
    frame.to_parquet("h.parquet")
    history = read_history("h.parquet")
    assert (history.series.loc[0, "product"], history.units.tolist()) == ("17", [[14]])
    frame["date"] = pd.to_datetime(frame["date"]).dt.tz_localize("UTC")
    frame.to_parquet("h.parquet")
    with pytest.raises(
        ScenarioError, match=r"h\.parquet:1:1: history\.date: found '2026-01-05 00:00:00\+00:00', expected"
    ):
        read_history("h.parquet")


def test_a_written_history_is_read_back():
    known = known_demand(40, 60, seed=3, running_out=0.2).history
    as_rows(known).to_parquet("h.parquet")
    read_back = read_history("h.parquet")
    rows = known.series["product"].isin(read_back.series["product"]).to_numpy()
    known, sold = known.of(np.flatnonzero(rows)), ~np.isnan(read_back.units)
    assert read_back.start == known.start
    np.testing.assert_allclose(read_back.units[sold], known.units[sold])
    np.testing.assert_allclose(read_back.in_stock[sold], known.in_stock[sold])
    np.testing.assert_allclose(read_back.promotion[known.units > 0], known.promotion[known.units > 0])


def test_a_history_cut_in_time_and_by_series():
    history = known_demand(5, 30).history
    cut = history.until(20).of(np.array([3, 1]))
    np.testing.assert_array_equal(cut.units, history.units[[3, 1], :20])
    assert cut.series["product"].tolist() == ["p00003", "p00001"]
    assert cut.end == history.start + pd.Timedelta(days=140)
    with pytest.raises(ValueError, match=r"price: found shape \(5, 2\), expected \(5, 30\) as units have"):
        History(**{**vars(history), "price": np.ones((5, 2))})


def test_the_online_retailer(tmp_path):
    if not ONLINE_RETAIL.exists():
        pytest.skip("the history is not here: ../shared/data/online-retail")
    frame = pd.read_parquet(ONLINE_RETAIL).rename(columns={"stock_code": "product", "country": "zone", "qty": "units"})
    frame.to_parquet(tmp_path / "h.parquet")
    history = read_history(tmp_path / "h.parquet")
    assert (history.num_periods, f"{history.end:%Y-%m-%d}") == (53, "2011-12-10")
    assert np.nansum(history.units) == frame.loc[frame["date"] >= history.start, "units"].sum()
