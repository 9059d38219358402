"""A long table read as a history: what adds up, what is treated, and what is refused with its place."""
# ruff: noqa: E501 (messages are compared whole)

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from demand_cases import as_rows, known_demand
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from meio.demand import History, read_history, unconstrain
from meio.network.problems import ScenarioError

ONLINE_RETAIL = Path(__file__).parents[2] / "shared" / "data" / "online-retail" / "daily_demand_sku_country.parquet"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def days(*units: float, product: str = "A", first: str = "2026-01-05") -> pd.DataFrame:
    """Rows of successive days."""
    dates = pd.date_range(first, periods=len(units)).strftime("%Y-%m-%d")
    return pd.DataFrame({"date": dates, "product": product, "units": units})


def read(frame: pd.DataFrame, products: pd.DataFrame | None = None, **options: object) -> History:
    frame.to_csv("h.csv", index=False)
    if products is not None:
        products.to_csv("p.csv", index=False)
    return read_history("h.csv", None if products is None else "p.csv", **options)


def problems(frame: pd.DataFrame, products: pd.DataFrame | None = None, **options: object) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read(frame, products, **options)
    return list(map(str, caught.value.problems))


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
    history = read(days(5, 6, *[1] * 14))
    assert (history.start, history.num_periods) == (pd.Timestamp("2026-01-07"), 2)
    assert history.units.tolist() == [[7, 7]]
    assert history.notes == ("2 rows of the first 2 days, which are no whole week: not read",)


def test_rows_from_the_end_on_are_not_read():
    history = read(days(*range(1, 16)), end="2026-01-12")
    assert history.units.tolist() == [[sum(range(1, 8))]]
    assert history.notes == ("8 rows from 2026-01-12 on: not read, the history ends there",)


def test_rows_on_one_weekday_are_weeks():
    frame = pd.concat([days(units, first=first) for units, first in ((3, "2026-01-06"), (4, "2026-01-13"))])
    history = read(frame.assign(in_stock=[0.5, 1]))
    assert (history.start, history.end) == (pd.Timestamp("2026-01-06"), pd.Timestamp("2026-01-20"))
    assert history.units.tolist() == [[3, 4]]
    assert history.in_stock.tolist() == [[0.5, 1]]
    assert problems(frame, period="day") == [
        "h.csv:1:1: history.date: found rows on Tuesdays only, expected rows for days; or forecast by week"
    ]


def test_a_history_of_one_week_is_read():
    history = read(days(1, 2, 3, 4, 5, 6, 7))
    assert history.units.tolist() == [[28]]
    assert repr(history) == "History(1 series (product); 1 week from 2026-01-05 to 2026-01-11; 28 units)"
    assert problems(days(1, 2, 3)) == [
        "h.csv:1:1: history.date: found 3 days, from 2026-01-05, expected at least one whole week; or forecast by day"
    ]
    assert read(days(1, 2, 3), period="day").units.tolist() == [[1, 2, 3]]


def test_missing_days_are_without_demand():
    frame = days(*[1] * 14).drop(index=[3, 10])
    history = read(frame)
    assert history.units.tolist() == [[6, 6]]
    assert history.notes == ("2 days without any row (2 Thursdays): no demand, unless noted as unknown",)


def test_a_week_that_is_lost_is_unknown_but_a_closed_weekday_is_not():
    frame = pd.concat([days(*[2] * 70, product=product) for product in "ABCD"])
    lost = frame["date"].between("2026-02-02", "2026-02-08")
    history = read(frame[~lost])
    assert history.in_stock.tolist() == [[1.0] * 4 + [0.0] + [1.0] * 5] * 4
    assert history.notes[-1] == "1 periods without any row, which chance hardly leaves: demand unknown"
    sunday = pd.to_datetime(frame["date"]).dt.day_of_week == 6
    history = read(frame[~sunday], period="day")
    assert (history.in_stock == 1).all()
    assert history.units[0, :14].tolist() == [2, 2, 2, 2, 2, 2, 0] * 2


def test_a_slow_mover_without_rows_had_no_demand():
    history = read(days(*[1, *[0] * 69, 1]).query("units > 0"), period="day")
    assert (history.in_stock == 1).all()
    assert np.nansum(history.units) == 2


def test_repeated_rows_are_read_once_and_different_ones_added_up():
    frame = pd.concat([days(*[1] * 7), days(1), days(5)])
    history = read(frame)
    assert history.units.tolist() == [[7 + 5]]
    assert history.notes == (
        "1 rows equal to another in every column: read once",
        "2 rows share their day and series with others that differ: added up",
    )
    numbered = read(frame.assign(order=range(9)))
    assert numbered.units.tolist() == [[7 + 1 + 5]]
    assert numbered.notes[0] == "columns not read: order (attributes belong in the table of products)"


def test_returns_are_no_demand():
    history = read(days(5, -2, 3, 0, 4, -1, 6))
    assert history.units.tolist() == [[18]]
    assert history.notes == ("2 rows with 3 units below 0 (returns): not read as demand",)
    assert problems(days(-5, -2, -3, 0, 4, -1, -6)) == [
        "h.csv:2:3: history.units: found 5 rows with units below 0 and 1 above, expected demand as positive units, returns as negative ones"
    ]


def test_products_without_demand_keep_their_zeros():
    history = read(pd.concat([days(*[1] * 14), days(*[0] * 14, product="B")]))
    assert history.units.tolist() == [[7, 7], [0, 0]]
    assert history.notes == ("1 series without any demand: kept, with zeros",)
    assert problems(days(*[0] * 14)) == ["h.csv:1:3: history.units: found no units in any row, expected some demand"]


def test_a_product_is_on_sale_from_its_first_row_unless_that_may_be_chance():
    steady = pd.concat([days(*[1] * 70), days(*[1] * 21, product="new", first="2026-02-23")])
    rare = pd.concat([days(1, product="rare", first=first) for first in ("2026-01-23", "2026-02-21")])
    history = read(pd.concat([steady, rare]))
    assert history.series["product"].tolist() == ["A", "new", "rare"]
    assert np.isnan(history.units).sum(axis=1).tolist() == [0, 7, 0]
    assert "1 products first sold later: no demand is read before" in history.notes


def test_a_week_is_in_stock_for_its_share_of_days():
    frame = days(1, 2, 0, 0, 3, 1, 1).assign(in_stock=["true", "True", "false", "False", "0", "1", "0.5"])
    assert read(frame).in_stock.tolist() == [[pytest.approx(1 - (1 + 1 + 0.5 + 0.5) / 7)]]  # the third zero has sales
    assert read(frame, period="day").in_stock.tolist() == [[1, 1, 0, 0, 0, 1, 0.5]]


def test_prices_and_promotions():
    frame = days(1, 3, 0, 0, 0, 0, 0, *[0] * 7, *[2] * 7).assign(price="", promotion=0.0)
    frame.loc[:1, "price"] = ["4", "8"]
    frame.loc[14:, "price"] = "10"
    frame.loc[:6, "promotion"] = [1, 1, 0, 0, 0, 0, 0.1]
    history = read(frame)
    np.testing.assert_allclose(history.price, [[7, 7, 10]])
    np.testing.assert_allclose(history.promotion, [[0.3, 0, 0]])
    np.testing.assert_allclose(history.value, [8])


def test_attributes_values_and_products_without_history():
    frame = pd.concat([days(*[1] * 7, product=product).assign(zone=zone) for product in "AB" for zone in ("n", "s")])
    products = pd.DataFrame(
        {"product": ["C", "A"], "category": ["toys", "garden"], "size": [3, None], "unit_cost": [5, None]}
    )
    history = read(frame, products.assign(price=[None, 20]))
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


def test_everything_wrong_is_said_at_once():
    frame = days(*[1] * 7).assign(price="£2.55", currency="GBP", in_stock="1").astype({"units": object})
    frame.loc[1:4, "price"] = "2.5"
    frame.loc[1, "date"] = "06/01/2026"
    frame.loc[2, "units"] = "three"
    frame.loc[3, "product"] = ""
    frame.loc[4, "currency"] = "EUR"
    frame.loc[5, "in_stock"] = "maybe"
    products = pd.DataFrame({"product": ["A", "A"], "price": ["1,20", "3"], "category": "toys"})
    assert problems(frame, products) == [
        "h.csv:2:4: history.price: found '£2.55', expected a number of at least 0",
        "h.csv:3:1: history.date: found '06/01/2026', expected a date such as '2026-01-05'",
        "h.csv:4:3: history.units: found 'three', expected a number",
        "h.csv:5:2: history.product: found an empty cell, expected a name",
        "h.csv:6:5: history.currency: found 'EUR', expected 'GBP', as in most rows: prices in one currency",
        "h.csv:7:4: history.price: found '£2.55', expected a number of at least 0",
        "h.csv:7:6: history.in_stock: found 'maybe', expected a number from 0 to 1",
        "h.csv:8:4: history.price: found '£2.55', expected a number of at least 0",
        "p.csv:2:2: products.price: found '1,20', expected a number of at least 0",
        "p.csv:3:1: products.product: found a second row for 'A', expected one row for each product",
    ]


HEADERS = {
    "misspelt": (
        {"units": "unit"},
        "h.csv:1:3: history: found column 'unit', expected one of date, product, units; did you mean 'units'?",
    ),
    "another name": (
        {"units": "qty"},
        "h.csv:1:1: history: found no column 'units', expected the columns date, product, units",
    ),
    "misspelt and optional": (
        {"extra": "promotoin"},
        "h.csv:1:4: history: found column 'promotoin', expected one of date, product, units, promotion; did you mean 'promotion'?",
    ),
}


@pytest.mark.parametrize("case", HEADERS)
def test_headers(case):
    renamed, message = HEADERS[case]
    assert problems(days(*[1] * 7).assign(extra=1).rename(columns=renamed)) == [message]


def test_a_date_far_from_all_others():
    frame = pd.concat([days(*[1] * 7), days(1, first="1900-01-01")])
    assert problems(frame) == [
        "h.csv:9:1: history.date: found 1900-01-01, expected a date near the others: 46,025 days without a row lie between"
    ]


def test_tables_that_do_not_belong_together():
    assert problems(days(*[1] * 7, product="007"), pd.DataFrame({"product": ["7", "8"]})) == [
        "p.csv:1:1: products.product: found '7' and other products, none of which the history has, expected products such as '007'"
    ]


def test_no_rows_no_file_no_table():
    assert problems(days()) == ["h.csv:1:1: history: found no rows, expected a row for each day or week with demand"]
    with pytest.raises(
        ScenarioError, match=r"x\.csv:1:1: history: found 'x\.csv', no such file.* did you mean 'h\.csv'"
    ):
        read_history("x.csv")
    Path("b.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(ScenarioError, match=r"b\.parquet:1:1: history: found a damaged file"):
        read_history("b.parquet")
    assert problems(days(*[1] * 7), end="2026-01-01") == [
        "h.csv:1:1: history.date: found no row before 2026-01-01, the end, expected a history before its end"
    ]
    with pytest.raises(ValueError, match="period: found 'month', expected 'day' or 'week'"):
        read_history("h.csv", period="month")


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


NASTY = [
    "",
    " ",
    "nan",
    "inf",
    "-1",
    "1e308",
    "-1e308",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "£1",
    "true",
    "*",
    "\0",
    "é",
    "1,5",
    '"',
]


@settings(
    max_examples=40,
    derandomize=True,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_whatever_a_cell_holds_it_is_read_or_refused(data):
    frame = days(1, 0, 2, -1, 5, 1, 1, 2, 2).assign(zone="n", price=2.5, promotion=0, in_stock=1, currency="EUR", x="y")
    frame = frame.astype(object)
    for _ in range(data.draw(st.integers(0, 3))):
        row, column = data.draw(st.integers(0, 8)), data.draw(st.integers(0, len(frame.columns) - 1))
        frame.iloc[row, column] = data.draw(st.sampled_from(NASTY))
    frame = frame.drop(columns=data.draw(st.sets(st.sampled_from(list(frame)), max_size=2)))
    products = pd.DataFrame(
        {"product": ["A", data.draw(st.sampled_from(NASTY))], "price": data.draw(st.sampled_from(NASTY))}
    )
    try:
        history = read(frame, products, period=data.draw(st.sampled_from(["day", "week"])))
    except ScenarioError:
        return
    assert (history.units[~np.isnan(history.units)] >= 0).all()
    assert ((history.in_stock >= 0) & (history.in_stock <= 1)).all()
    assert (history.value >= 0).all()
    repr(history)
    unconstrain(history)
