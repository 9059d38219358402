"""Sums over any window of a history at once, by differences of running sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from meio.network.compiled import Floats, Ints

if TYPE_CHECKING:
    from meio.demand.history import History

_OF_ALL = 5.0  # series' worth of the overall rate that a group's rate is shrunk by
_LEAST = 1e-3  # units a period that a rate is at least, so that it can be divided by


@dataclass(frozen=True, eq=False)
class Past:
    """Running sums of a history; entry `p` sums the periods before `p`, so a window is one difference.

    Attributes
    ----------
    units, known, sold, square : array [series, period + 1]
        Units, periods in which they are known, periods with demand, and units squared.
    last_sale : array [series, period + 1]
        The latest period with demand before a period; -1 where there is none.
    born : array [series]
        First period that is known; the number of periods where none is.
    groups : dict of name to codes, array [series]
        Which group of each attribute of text, and of zone, speed and product, a series is in.
    """

    units: Floats
    known: Floats
    sold: Floats
    square: Floats
    last_sale: Ints
    born: Ints
    groups: dict[str, Ints]

    @classmethod
    def of(cls, history: History) -> Past:
        """Sum a history up; the only pass over all of it."""
        known = np.isfinite(history.units)
        units = np.where(known, history.units, 0.0)
        period = np.where(units > 0, np.arange(history.num_periods), -1)
        latest = np.maximum.accumulate(period, axis=1, dtype=np.int64)
        return cls(
            units=_running(units),
            known=_running(known),
            sold=_running(units > 0),
            square=_running(units**2),
            last_sale=np.pad(latest, ((0, 0), (1, 0)), constant_values=-1),
            born=np.pad(known, ((0, 0), (0, 1)), constant_values=True).argmax(axis=1),
            groups=_groups(history),
        )

    @property
    def num_series(self) -> int:
        """Number of series."""
        return len(self.units)

    @property
    def num_periods(self) -> int:
        """Number of periods."""
        return int(self.units.shape[1]) - 1

    def between(self, sums: Floats, series_idx: Ints, begin: Ints, end: Ints) -> Floats:
        """Sum of a series' periods begin ≤ p < end, [cell]."""
        return sums[series_idx, end] - sums[series_idx, begin]

    def total(self, series_idx: Ints, begin: Ints, end: Ints) -> tuple[Floats, Floats]:
        """Units over begin ≤ p < end, and how many of these periods are known, [cell] each."""
        return self.between(self.units, series_idx, begin, end), self.between(self.known, series_idx, begin, end)

    def seasonal_change(self, origin: Ints, begin: Ints, length: Ints, shift: Ints, width: int) -> Floats:
        """How all series' demand changed a season ago from the `width` periods before to the span, [cell]."""
        units, known = self.units.sum(axis=0), self.known.sum(axis=0)
        then = origin - shift - width
        there = np.where(then >= 0, then, 0)
        begin = np.where(then >= 0, begin, 0)
        before = _rate(units, known, there, there + width)
        return np.where(then >= 0, _rate(units, known, begin, begin + length) / before, np.nan)

    def pooled_rate(self, series_idx: Ints, origin: Ints, width: int) -> dict[str, Floats]:
        """Units a period of the *other* series in each group of a series, and ``all_groups`` together, [cell] each.

        The series itself is left out, so that it says the same of a series with and without a history.
        """
        begin = np.maximum(origin - width, 0)
        own, num_own = self.total(series_idx, begin, origin)
        everyone = np.zeros(self.num_series, dtype=np.int64)
        rates: dict[str, Floats] = {}
        overall = self._rate_of_others(everyone, series_idx, begin, origin, own, num_own, None)
        for name, group in self.groups.items():
            rates[name] = self._rate_of_others(group, series_idx, begin, origin, own, num_own, overall)
        together = np.exp(np.mean([np.log(rate) for rate in rates.values()], axis=0)) if rates else overall
        return rates | {"all_groups": together}

    def _rate_of_others(
        self, group: Ints, series_idx: Ints, begin: Ints, end: Ints, own: Floats, num_own: Floats, prior: Floats | None
    ) -> Floats:
        units, known = (_grouped(sums, group) for sums in (self.units, self.known))
        mine = group[series_idx]
        total = units[mine, end] - units[mine, begin] - own
        number = known[mine, end] - known[mine, begin] - num_own
        if prior is not None:
            weight = _OF_ALL * (end - begin)
            total, number = total + weight * prior, number + weight
        return np.maximum(total / np.maximum(number, 1), _LEAST)


def _running(table: npt.NDArray[np.float64 | np.bool_]) -> Floats:
    return np.pad(np.cumsum(table, axis=1, dtype=float), ((0, 0), (1, 0)))


def _grouped(sums: Floats, group: Ints) -> Floats:
    """Running sums of each group, [group, period + 1]."""
    together = np.zeros((group.max(initial=0) + 1, sums.shape[1]))
    np.add.at(together, group, sums)
    return together


def _rate(units: Floats, known: Floats, begin: Ints, end: Ints) -> Floats:
    return np.maximum((units[end] - units[begin]) / np.maximum(known[end] - known[begin], 1), _LEAST)


def _groups(history: History) -> dict[str, Ints]:
    """Codes of every column of text that puts several series together."""
    columns = {f"{name}": history.series[name] for name in history.series}
    columns |= {f"{name}": values for name, values in history.attributes.select_dtypes(exclude="number").items()}
    coded = {name: pd.factorize(values.astype(str))[0].astype(np.int64) for name, values in columns.items()}
    return {name: codes for name, codes in coded.items() if 1 < codes.max(initial=0) + 1 < codes.size}
