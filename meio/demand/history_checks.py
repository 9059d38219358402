"""Mistakes in a history of demand that no treatment could mend without guessing."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from meio.demand.history_calendar import Calendar
from meio.network.cells import TypedTable, among, cell_problems, row_problems
from meio.network.problems import Problem, problem_at, shown

_LONGEST_GAP_DAYS = 366
_LARGEST = 1e12


def history_problems(table: TypedTable) -> Iterator[Problem]:
    """No rows, signs that are turned, prices in several currencies."""
    frame, raw = table.frame, table.raw
    if frame.empty:
        yield problem_at(raw.header("date"), raw.path(), "no rows", "a row for each day or week with demand")
        return
    yield from _vast(table, "units", "price")
    sold, returned = frame["units"] > 0, frame["units"] < 0
    if returned.sum() > sold.sum():
        found = f"{returned.sum():,} rows with units below 0 and {sold.sum():,} above"
        row = int(frame.index[int(returned.to_numpy().argmax())])
        expected = "demand as positive units, returns as negative ones"
        yield problem_at(raw.place(row, "units"), raw.path("units"), found, expected)
    elif not sold.any() and frame["units"].notna().all():
        yield problem_at(raw.header("units"), raw.path("units"), "no units in any row", "some demand")
    if "currency" in frame:
        usual = next(iter(frame["currency"].mode()), "")
        other = frame["currency"].notna() & (frame["currency"] != usual)
        yield from cell_problems(table, "currency", other, f"{shown(usual)}, as in most rows: prices in one currency")


def calendar_problems(table: TypedTable, calendar: Calendar) -> Iterator[Problem]:
    """Dates far from all others, no whole period, weekly rows where days are wanted."""
    raw, date = table.raw, table.frame["date"]
    yield from _lone_dates(table)
    place, path = raw.header("date"), raw.path("date")
    if calendar.end <= calendar.first:
        yield problem_at(place, path, f"no row before {calendar.end:%Y-%m-%d}, the end", "a history before its end")
    elif calendar.row_days > calendar.period_days:
        weekday = date.iloc[0].day_name()
        yield problem_at(place, path, f"rows on {weekday}s only", "rows for days; or forecast by week")
    elif not calendar.num_periods:
        days = (calendar.end - calendar.first).days
        found = f"{days} day{'s' * (days > 1)}, from {calendar.first:%Y-%m-%d}"
        yield problem_at(place, path, found, "at least one whole week; or forecast by day")


def _lone_dates(table: TypedTable) -> Iterator[Problem]:
    """Rows beyond a gap of more than a year, on the side that has fewer."""
    date = table.frame["date"]
    days = pd.Series(date.unique()).sort_values(ignore_index=True)
    for place in days.index[days.diff().dt.days > _LONGEST_GAP_DAYS]:
        after = date >= days[place]
        fewer = after if after.mean() < 0.5 else ~after
        gap = (days[place] - days[place - 1]).days
        expected = f"a date near the others: {gap:,} days without a row lie between"
        yield from row_problems(table.raw, "date", fewer, lambda row: f"{date.loc[row]:%Y-%m-%d}", expected)


def product_problems(table: TypedTable) -> Iterator[Problem]:
    """No rows, and products that stand there twice."""
    raw, product = table.raw, table.frame["product"]
    if product.empty:
        yield problem_at(raw.header("product"), raw.path(), "no rows", "a row for each product")
    yield from _vast(table, "price", "unit_cost")
    again = product.duplicated() & product.notna()
    yield from cell_problems(table, "product", again, "one row for each product", "a second row for {}")


def _vast(table: TypedTable, *columns: str) -> Iterator[Problem]:
    """Numbers that are no amounts, such as those that stand for a missing one."""
    for column in columns:
        if column in table.frame:
            yield from cell_problems(table, column, table.frame[column].abs() > _LARGEST, f"at most {_LARGEST:g}")


def names_problems(history: TypedTable, products: TypedTable) -> Iterator[Problem]:
    """Two tables that have no product in common."""
    sold, known = history.frame["product"].dropna(), products.frame["product"].dropna()
    if len(sold) and len(known) and not among(sold.drop_duplicates(), known).any():
        raw = products.raw
        found = f"{shown(known.iloc[0])} and other products, none of which the history has"
        expected = f"products such as {shown(sold.iloc[0])}"
        yield problem_at(raw.header("product"), raw.path("product"), found, expected)
