"""What the neural model sees of a history: levels and inputs at every origin, and the targets that follow it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.signal import lfilter

from meio.demand.history import History
from meio.demand.spans import Span
from meio.network.compiled import Floats, Ints

LOOK_BACK = 104
"""Periods the model looks back from an origin, at most."""
LEVEL_DAYS = 56.0
RECENT_DAYS = 14.0
"""Days after which a period weighs half in a series' level, and in its recent level."""
PRIOR_PERIODS = 0.1
"""How many periods the level of all series counts for in a series' own."""

Singles = NDArray[np.float32]


class Look(NamedTuple):
    """Series as the network sees them; origin o knows the first o periods.

    Attributes
    ----------
    inputs : array [series, origin, input]
        Input o tells of period o - 1, the last one known there, and of the level then; all origins from 0 on.
    level : array [series, origin]
        Units a period, from the periods known: the scale of what is forecast there; above 0.
    """

    inputs: Singles
    level: Singles


@dataclass(frozen=True, eq=False)
class Window:
    """Some series over a run of periods.

    Attributes
    ----------
    units : array [series, period]
        Units sold; 0 where nothing was for sale.
    share : array [series, period]
        Share of the period in which the product could be bought; 0 before it was on sale.
    extra : array [series, period, input]
        Other inputs: price against its mean so far, promotion.
    calendar : array [origin, input]
        Place in the week and in the year of the first period not known, period + 1 of them.
    """

    units: Floats
    share: Floats
    extra: Floats
    calendar: Floats

    @property
    def num_periods(self) -> int:
        """Number of periods."""
        return int(self.units.shape[1])

    def rows(self, rows: Ints) -> Window:
        """Only these series."""
        return replace(self, units=self.units[rows], share=self.share[rows], extra=self.extra[rows])

    def crop(self, first: int, last: int) -> Window:
        """Only the periods from `first` to before `last`."""
        cut: dict[str, Any] = {name: getattr(self, name)[:, first:last] for name in ("units", "share", "extra")}
        return replace(self, **cut, calendar=self.calendar[first : last + 1])

    def blanked(self, until: Ints) -> Window:
        """The same, each series as though it went on sale after its first `until` periods; `until`: [series]."""
        kept = np.arange(self.units.shape[1]) >= until[:, None]
        return replace(self, units=self.units * kept, share=self.share * kept, extra=self.extra * kept[..., None])


def window_of(history: History, yearly: bool) -> Window:
    """All of a history; with the place in the year if `yearly`."""
    on_sale = ~np.isnan(history.units)
    share = np.where(on_sale, np.nan_to_num(history.in_stock), 0.0)
    units = np.where(share > 0.0, np.nan_to_num(history.units), 0.0)
    extra = [np.zeros((*units.shape, 0))]
    if history.price is not None:
        extra.append(_relative_price(history.price)[..., None])
    if history.promotion is not None:
        extra.append(np.nan_to_num(history.promotion)[..., None])
    return Window(units, share, np.concatenate(extra, axis=2), _calendar(history, yearly))


def _relative_price(price: Floats) -> Floats:
    """Logarithm of each price over the mean of those before and itself; 0 where unknown. [series, period]."""
    known = np.isfinite(price) & (price > 0.0)
    paid = np.where(known, price, 0.0)
    mean = paid.cumsum(axis=1) / np.maximum(known.cumsum(axis=1), 1)
    relative: Floats = np.log(np.divide(paid, mean, out=np.ones_like(paid), where=known))
    return relative


def _calendar(history: History, yearly: bool) -> Floats:
    """Sines and cosines of the first day of each period, and of the one after the last: [origin, input]."""
    days = pd.date_range(history.start, periods=history.num_periods + 1, freq=f"{history.period_days}D")
    turns = [days.day_of_week / 7.0 * wave for wave in (1, 2, 3)] if history.period_days == 1 else []
    turns += [days.day_of_year / 365.25 * wave for wave in (1, 2)] if yearly else []
    angles = 2.0 * np.pi * np.array(turns, dtype=float).reshape(len(turns), len(days)).T
    return np.concatenate((np.sin(angles), np.cos(angles)), axis=1)


def look(window: Window, period_days: int, prior: float) -> Look:
    """What the network sees at each origin; nothing at an origin depends on later periods.

    Parameters
    ----------
    window : Window
    period_days : int
    prior : float
        Units a period of a series of which nothing is known.
    """
    level, weight = _level(window, LEVEL_DAYS / period_days, prior)
    recent, _ = _level(window, RECENT_DAYS / period_days, prior)
    units, share = _before(window.units), _before(window.share)
    inputs = [
        share,
        share > 0.0,
        np.log1p(units) - np.log1p(level * share),
        np.log(recent / level),
        np.log(level) / 2.0,
        np.log1p(level),
        np.log1p(weight),
    ]
    repeated = np.broadcast_to(window.calendar, (len(units), *window.calendar.shape))
    stacked = np.concatenate((np.stack(inputs, axis=2), _before(window.extra), repeated), axis=2)
    return Look(stacked.astype(np.float32), level.astype(np.float32))


def _before(table: Floats) -> Floats:
    """What was in the period before each origin; 0 at the first."""
    return np.insert(table, 0, 0.0, axis=1)


def _level(window: Window, half_life: float, prior: float) -> tuple[Floats, Floats]:
    """Units a period and the weight of the periods it rests on, fading by half each `half_life`: [series, origin]."""
    fade = [1.0, -(0.5 ** (1.0 / half_life))]
    sold = lfilter([1.0], fade, _before(window.units), axis=1)
    weight = lfilter([1.0], fade, _before(window.share), axis=1)
    return (sold + PRIOR_PERIODS * prior) / (weight + PRIOR_PERIODS), weight


def targets(units: Floats, in_stock: Floats, spans: tuple[Span, ...], first: int, num_origins: int) -> Singles:
    """Total demand over the spans after origins: [series, origin, span], NaN where it is not known.

    Known it is where the product was on sale from the origin on, and in stock during the whole span.

    Parameters
    ----------
    units, in_stock : array [series, period]
        As in `History`.
    spans : tuple of Span
    first : int
        The first origin.
    num_origins : int
    """
    origins = first + np.arange(num_origins)
    num_periods = units.shape[1]
    known = ~np.isnan(units)
    sums = _before(np.where(known, units, 0.0).cumsum(axis=1))
    gaps = _before((~known | ~(in_stock >= 1.0)).cumsum(axis=1))
    on_sale = known[:, np.minimum(origins, num_periods - 1)]
    found = np.empty((len(units), num_origins, len(spans)), dtype=np.float32)
    for number, span in enumerate(spans):
        begin, end = (np.minimum(origins + ahead, num_periods) for ahead in (span.first - 1, span.last))
        whole = on_sale & (gaps[:, end] == gaps[:, begin]) & (origins + span.last <= num_periods)
        found[..., number] = np.where(whole, sums[:, end] - sums[:, begin], np.nan)
    return found
