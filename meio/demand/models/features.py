"""What pooled models learn from: one row of numbers for a series, a moment, and a span that follows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meio.demand.models.past import Past
from meio.demand.spans import Span
from meio.network.compiled import Floats, Ints

if TYPE_CHECKING:
    from meio.demand.history import History

_RECENT = 4  # weeks that say how much a series sells now
_PRIOR = 1.0  # periods of others' demand that a series' own level is shrunk by


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows to learn from or to forecast.

    Attributes
    ----------
    series_idx : array [cell]
    origin : array [cell]
        Periods that are known: features look at nothing later.
    born : array [cell]
        First period of the series that features may look at; from `origin` on, the series has no history at all.
    first, last : array [cell]
        The span, counted as in `Span`.
    """

    series_idx: Ints
    origin: Ints
    born: Ints
    first: Ints
    last: Ints

    @property
    def length(self) -> Ints:
        """Periods in each span."""
        return self.last - self.first + 1


@dataclass(frozen=True, eq=False)
class Features:
    """Numbers that describe cells.

    Attributes
    ----------
    table : array [cell, feature]
        NaN where not known.
    names : tuple of str
    scale : array [cell]
        Units expected over the span if demand went on as lately, > 0: what totals are divided by.
    """

    table: npt.NDArray[np.float32]
    names: tuple[str, ...]
    scale: Floats


def cells_after(past: Past, spans: tuple[Span, ...]) -> Cells:
    """Each series with each span after the end of its history, in that order."""
    series_idx = np.repeat(np.arange(past.num_series), len(spans))
    first, last = (np.tile(ends, past.num_series) for ends in np.array(spans, dtype=np.int64).T)
    return Cells(series_idx, np.full(series_idx.size, past.num_periods), past.born[series_idx], first, last)


def features_of(past: Past, history: History, cells: Cells) -> Features:
    """Describe cells by what was known at their origins; takes time linear in cells.

    Parameters
    ----------
    past : Past
        Of `history`.
    history : History
    cells : Cells
    """
    weeks = 7 // history.period_days
    own, num_own = past.total(cells.series_idx, _from(cells, _RECENT * weeks), cells.origin)
    pooled = past.pooled_rate(cells.series_idx, cells.origin, _RECENT * weeks)
    level = (own + _PRIOR * pooled["all_groups"]) / (num_own + _PRIOR)
    columns = {
        "log_scale": np.log(level * cells.length),
        "log_level": np.log(level),
        "first": cells.first.astype(float),
        "length": cells.length.astype(float),
        "age": np.minimum(cells.origin - cells.born, 52 * weeks).clip(0).astype(float),
    }
    columns |= _windows(past, cells, level, weeks) | _intermittence(past, cells, weeks)
    columns |= _seasons(past, cells, level, weeks)
    columns |= {f"pooled_{name}": np.log(rate / level) for name, rate in pooled.items()}
    columns |= _prices(history, cells, weeks) | _calendar(history, cells)
    columns |= {
        f"attribute_{name}": values.to_numpy(float)[cells.series_idx]
        for name, values in history.attributes.select_dtypes("number").items()
    }
    table = np.column_stack(list(columns.values())).astype(np.float32)
    return Features(table, tuple(columns), level * cells.length)


def _from(cells: Cells, width: int) -> Ints:
    """First period of a window that ends at the origin, [cell]."""
    return np.minimum(np.maximum(cells.origin - width, cells.born), cells.origin).clip(0)


def _windows(past: Past, cells: Cells, level: Floats, weeks: int) -> dict[str, Floats]:
    """Mean demand of the last periods over the level; NaN where a window holds no more than the one before it."""
    widths = (1, 2, 4, 8, 13, 26, 52) if weeks == 1 else (1, 2, 4, 7, 14, 28, 56, 91, 182, 364)
    columns, before = {}, 0
    for width in widths:
        total, known = past.total(cells.series_idx, _from(cells, width), cells.origin)
        mean = np.divide(total, known * level, out=np.full(level.size, np.nan), where=known > before)
        columns[f"mean_{width}"] = mean
        before = width // 2
    return columns


def _intermittence(past: Past, cells: Cells, weeks: int) -> dict[str, Floats]:
    """How often and how evenly a series sells, as far as it is visible."""
    since = cells.origin - past.last_sale[cells.series_idx, cells.origin]
    visible = past.last_sale[cells.series_idx, cells.origin] >= cells.born
    columns = {"periods_since_sale": np.where(visible, since, np.nan)}
    for width in (8 * weeks, 26 * weeks):
        begin = _from(cells, width)
        total, known = past.total(cells.series_idx, begin, cells.origin)
        sold = past.between(past.sold, cells.series_idx, begin, cells.origin)
        square = past.between(past.square, cells.series_idx, begin, cells.origin)
        nothing = np.full(total.size, np.nan)
        columns[f"share_zero_{width}"] = 1 - np.divide(sold, known, out=nothing.copy(), where=known > 0)
        mean = np.divide(total, known, out=nothing.copy(), where=known > 0)
        # E[x²] / E[x] − E[x] is variance over mean, the scale of counts; over the mean again, that of ratios
        scatter = np.divide(square, total, out=nothing.copy(), where=total > 0) - mean
        columns[f"dispersion_{width}"] = np.log1p(np.maximum(scatter, 0))
        squared = np.divide(np.maximum(scatter, 0), mean, out=nothing.copy(), where=mean > 0)
        columns[f"variation_{width}"] = np.sqrt(squared)
    return columns


def _seasons(past: Past, cells: Cells, level: Floats, weeks: int) -> dict[str, Floats]:
    """The same span a year ago (and the last same weekdays), over the level: the series' own, and all series'."""
    columns = {}
    for season in (52,) if weeks == 1 else (7, 364):
        shift = season * -(-cells.last // season)
        begin = cells.origin + cells.first - 1 - shift
        known = (begin >= cells.born) & (begin >= 0)
        safe = np.where(known, begin, 0)
        total, num = past.total(cells.series_idx, safe, safe + cells.length)
        whole = known & (num == cells.length)
        columns[f"season_{season}"] = np.where(whole, total / (level * cells.length), np.nan)
        columns[f"season_{season}_of_all"] = past.seasonal_change(cells.origin, begin, cells.length, shift, 8 * weeks)
    return columns


def _prices(history: History, cells: Cells, weeks: int) -> dict[str, Floats]:
    """The last known price, by itself and against the weeks before, and the last promotion."""
    columns: dict[str, Floats] = {}
    latest = np.maximum(cells.origin - 1, 0), np.maximum(cells.origin - 1 - 8 * weeks, 0)
    if history.price is not None:
        price = np.where(history.price > 0, history.price, np.nan)
        now, before = (np.log(price[cells.series_idx, at]) for at in latest)
        columns |= {"log_price": now, "price_change": now - before}
    if history.promotion is not None:
        now, before = (history.promotion[cells.series_idx, at] for at in latest)
        columns |= {"promotion": now, "promotion_before": before}
    return columns


def _calendar(history: History, cells: Cells) -> dict[str, Floats]:
    """Where in the week and in the year the span lies; the year only once the history holds one and a half."""
    columns: dict[str, Floats] = {}
    begin = (cells.origin + cells.first - 1) * history.period_days
    if history.period_days == 1:
        columns["weekday"] = ((begin + history.start.day_of_week) % 7).astype(float)
    if history.num_periods * history.period_days >= 1.5 * 365:
        middle = begin + cells.length * history.period_days / 2 + history.start.day_of_year
        columns |= {"year_sin": np.sin(2 * np.pi * middle / 365.25), "year_cos": np.cos(2 * np.pi * middle / 365.25)}
    return columns
