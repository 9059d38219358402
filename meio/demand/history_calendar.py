"""Days of a history cut into periods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from meio.network.columns import integers
from meio.network.compiled import Ints


@dataclass(frozen=True)
class Calendar:
    """Periods of a history.

    Attributes
    ----------
    first : Timestamp
        Day of the first row.
    end : Timestamp
        First day that is not read.
    period_days : int
        Days in a period: 1 or 7.
    row_days : int
        Days that a row stands for: 1 or 7.
    """

    first: pd.Timestamp
    end: pd.Timestamp
    period_days: int
    row_days: int

    @property
    def num_periods(self) -> int:
        """Number of whole periods."""
        return max(0, (self.end - self.first).days // self.period_days)

    @property
    def start(self) -> pd.Timestamp:
        """First day of the first whole period."""
        return self.end - pd.Timedelta(days=self.period_days * self.num_periods)

    def day_of(self, dates: pd.Series) -> Ints:
        """Day of each date counted from the start; negative before."""
        return integers((dates - self.start).dt.days)


def calendar_of(dates: pd.Series, period: str, end: pd.Timestamp | None) -> Calendar | None:
    """Periods that rows on these dates cover, None if a date is missing or there is no row.

    Rows are weekly where all dates fall on one weekday, and on it in most weeks.
    """
    if dates.empty or dates.isna().any():
        return None
    days = pd.Series(dates.unique())
    first, last = days.min(), days.max()
    weeks = (last - first).days // 7 + 1
    weekly = 1 < len(days) > weeks / 2 and (days.dt.day_of_week == first.day_of_week).all()
    row_days = 7 if weekly else 1
    after = last + pd.Timedelta(days=row_days)
    if end is None:
        end = after
    elif row_days == 7:
        end = first + pd.Timedelta(days=(end - first).days // 7 * 7)
    return Calendar(first, end, 7 if period == "week" else 1, row_days)


def rows_in(calendar: Calendar, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Rows of whole periods, and notes on those left out."""
    notes = []
    date = frame["date"]
    late, early = date >= calendar.end, date < calendar.start
    if late.any():
        notes.append(f"{late.sum():,} rows from {calendar.end:%Y-%m-%d} on: not read, the history ends there")
    if early.any():
        days = (calendar.start - calendar.first).days
        notes.append(f"{early.sum():,} rows of the first {days} days, which are no whole week: not read")
    found = calendar.day_of(date[~late & ~early])
    missing = np.setdiff1d(np.arange(0, calendar.period_days * calendar.num_periods, calendar.row_days), found)
    if len(missing):
        notes.append(_missing(calendar, missing))
    return (frame[~late & ~early] if late.any() or early.any() else frame), notes


def _missing(calendar: Calendar, missing: Ints) -> str:
    """Note on the days without any row."""
    if calendar.row_days == 7:
        return f"{len(missing)} weeks without any row: no demand, unless noted as unknown"
    weekday = pd.Series(calendar.start + pd.to_timedelta(missing, unit="D")).dt.day_name()
    counts = weekday.value_counts(sort=False)
    shown = ", ".join(f"{count} {name}s" for name, count in counts.items())
    return f"{len(missing)} days without any row ({shown}): no demand, unless noted as unknown"
