"""Rows of a history added up by series and period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from meio.demand.history import History
from meio.demand.history_calendar import Calendar, rows_in
from meio.demand.history_tables import KEYS
from meio.demand.on_sale import before_sale, not_recorded
from meio.network.cells import TypedTable
from meio.network.compiled import Bools, Floats, Ints

_WHEN_SOLD_OUT = 0.5  # share in stock of a day that is flagged as out of stock and has sales: it sold out at some hour


@dataclass(frozen=True, eq=False)
class _Cells:
    """Where each row belongs.

    Attributes
    ----------
    series_idx, day : array [row]
        Its series, and its day from the start.
    of_day : array [row]
        One over the number of rows of the same series and day.
    """

    series_idx: Ints
    day: Ints
    of_day: Floats
    num_series: int
    calendar: Calendar

    @property
    def period_idx(self) -> Ints:
        """Period of each row, array [row]."""
        return self.day // self.calendar.period_days

    def total(self, values: Floats) -> Floats:
        """Values [row] added up, array [series, period]."""
        shape = self.num_series, self.calendar.num_periods
        cell = self.series_idx * shape[1] + self.period_idx
        return np.bincount(cell, values, shape[0] * shape[1]).astype(float).reshape(shape)


def demand_by_period(table: TypedTable, calendar: Calendar) -> History:
    """Demand of the series of a table without mistakes; what was treated is in the notes."""
    frame, notes = rows_in(calendar, table.frame)
    series_idx, series = _series(frame)
    day = calendar.day_of(frame["date"])
    once, of_day, repeats = _once(table, frame, series_idx * (day.max() + 1) + day)
    frame = frame[once] if repeats else frame
    cells = _Cells(series_idx[once], day[once], of_day[once], len(series), calendar)
    units, returns = _sales(frame["units"].to_numpy())
    rows = cells.total(np.ones(len(units))) > 0
    demand = cells.total(units)
    product_idx = pd.factorize(series["product"])[0]
    unsold, launches = before_sale(rows, product_idx)
    lost, gaps = not_recorded(rows, unsold, product_idx, 7 if calendar.period_days == 1 else 1)
    demand[unsold] = np.nan
    in_stock = _in_stock(cells, frame, units)
    in_stock[:, lost] = 0.0
    never = int((np.nansum(demand, axis=1) == 0).sum())
    idle = [f"{never:,} series without any demand: kept, with zeros"] if never else []
    return History(
        series,
        calendar.start,
        calendar.period_days,
        demand,
        in_stock,
        _price(cells, frame, units),
        _promotion(cells, frame, rows),
        pd.DataFrame(index=series.index),
        np.ones(len(series)),
        (*notes, *repeats, *returns, *launches, *gaps, *idle),
    )


def _series(frame: pd.DataFrame) -> tuple[Ints, pd.DataFrame]:
    """Series of each row, and the names of the series, in order."""
    names = [name for name in KEYS if name in frame]
    code = np.zeros(len(frame), np.int64)
    levels = []
    for name in names:
        place, level = pd.factorize(frame[name], sort=True)
        code = code * len(level) + place
        levels.append(level)
    distinct, series_idx = np.unique(code, return_inverse=True)
    places = np.unravel_index(distinct, [len(level) for level in levels])
    named = {name: level.take(place) for name, level, place in zip(names, levels, places, strict=True)}
    return series_idx, pd.DataFrame(named)


def _once(table: TypedTable, frame: pd.DataFrame, day_code: Ints) -> tuple[Bools, Floats, list[str]]:
    """Rows to read [row], one over the rows of the same series and day [row], and notes."""
    code = pd.Series(day_code)
    once, of_day = np.ones(len(frame), bool), np.ones(len(frame))
    several = code.duplicated(keep=False).to_numpy()
    if not several.any():
        return once, of_day, []
    once[several] = ~table.raw.cells.loc[frame.index[several]].duplicated().to_numpy()
    copies = int((~once).sum())
    read = several & once
    of_day[read] = 1 / code[read].groupby(code[read]).transform("size").to_numpy()
    added = int((of_day < 1).sum())
    notes = [f"{copies:,} rows equal to another in every column: read once"] if copies else []
    notes += [f"{added:,} rows share their day and series with others that differ: added up"] if added else []
    return once, of_day, notes


def _sales(units: Floats) -> tuple[Floats, list[str]]:
    """Units [row] without returns, and a note on these."""
    back = units < 0
    if not back.any():
        return units, []
    note = f"{back.sum():,} rows with {-units[back].sum():,.12g} units below 0 (returns): not read as demand"
    return np.maximum(units, 0.0), [note]


def _in_stock(cells: _Cells, frame: pd.DataFrame, units: Floats) -> Floats:
    """Share of each period in stock, array [series, period]; a day without a row counts as in stock."""
    if "in_stock" not in frame:
        return np.ones((cells.num_series, cells.calendar.num_periods))
    share = frame["in_stock"].to_numpy()
    days = cells.calendar.row_days / cells.calendar.period_days
    if days < 1:
        share = np.where((share == 0) & (units > 0), _WHEN_SOLD_OUT, share)
    return np.clip(1.0 - cells.total((1.0 - share) * cells.of_day) * days, 0.0, 1.0)


def _price(cells: _Cells, frame: pd.DataFrame, units: Floats) -> Floats | None:
    """Mean price per unit, array [series, period]; of the nearest period, first the one before, where none is given."""
    if "price" not in frame:
        return None
    given = frame["price"].notna().to_numpy()
    weight = np.where(given, units + 1e-9, 0.0)  # the plain mean where nothing was sold
    total = cells.total(weight * frame["price"].fillna(0.0).to_numpy())
    weight = cells.total(weight)
    price = pd.DataFrame(np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0).T)
    return np.ascontiguousarray(price.ffill().bfill().to_numpy().T)


def _promotion(cells: _Cells, frame: pd.DataFrame, rows: Bools) -> Floats | None:
    """Mean share on promotion over the days with a row, array [series, period]; 0 in periods without one."""
    if "promotion" not in frame:
        return None
    days = cells.total(cells.of_day)
    share = cells.total(cells.of_day * frame["promotion"].to_numpy())
    return np.divide(share, days, out=np.zeros_like(share), where=rows)
