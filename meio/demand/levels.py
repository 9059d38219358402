"""Mean and dispersion of demand by series and period: a series' own level, and what its category shares."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from meio.network.compiled import Floats, Ints

_HALF_WINDOW = {1: 28, 7: 13}  # periods, by days in a period
_OWN_PERIODS = 4.0  # weight, in periods, of a series' mean over all periods beside that of its window
_PRIOR_UNITS = 0.25  # weight, in units, of the category's mean beside a series' own: levels spread over decades
_PRIOR_PERIODS = 20.0  # weight of the category's dispersion beside a series' own
_INDEX_VARIANCE = 0.1  # of a category's index about the one of all categories, and of that about 1
_LEAST_DISPERSION = 1.05
_FIRST_DISPERSION = 2.0


@dataclass(frozen=True, eq=False)
class Shared:
    """What series of a category have in common.

    Attributes
    ----------
    rate : array [category]
        Units per period of a series, a weak prior of its level.
    index : array [category, period]
        Factor of demand in a period: season, weekday, trend of the category; about 1.
    lift : float
        Factor of demand on promotion, the same everywhere.
    dispersion : array [category]
        Variance of demand over its mean.
    """

    rate: Floats
    index: Floats
    lift: float
    dispersion: Floats

    @classmethod
    def first(cls, units: Floats, exposure: Floats, num_periods: int) -> Shared:
        """Neither season nor lift, from units and periods in stock of each category [category]."""
        rate = np.maximum(units / np.maximum(exposure, 1.0), 1e-3)
        return cls(rate, np.ones((len(rate), num_periods)), 1.0, np.full(len(rate), _FIRST_DISPERSION))


@dataclass(frozen=True, eq=False)
class Sums:
    """What series add to the estimate of what they share.

    Attributes
    ----------
    units, level : array [category, period]
        Demand; what it would be at an index of 1.
    promoted : array [2]
        Demand on promotion; what it would be at a lift of 1.
    spread : array [category]
        Dispersions times periods.
    periods : array [category]
    """

    units: Floats
    level: Floats
    promoted: Floats
    spread: Floats
    periods: Floats

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))

    def shared(self, before: Shared) -> Shared:
        """What the series share; an index is drawn to that of all categories, and this to 1, where units are few."""
        dispersion = self.spread / np.maximum(self.periods, 1.0)
        weight = float(dispersion.mean()) / _INDEX_VARIANCE
        everywhere = (self.units.sum(axis=0) + weight) / (self.level.sum(axis=0) + weight)
        index = (self.units + weight * everywhere) / (self.level + weight)
        lift = float((self.promoted[0] + weight) / (self.promoted[1] + weight))
        return replace(before, index=index, lift=max(lift, 0.1), dispersion=dispersion)


@dataclass(frozen=True, eq=False)
class Pool:
    """Some series.

    Attributes
    ----------
    category_idx : array [series]
    members : sparse array [category, series]
        1 where a series belongs to a category.
    on_sale : array [series, period]
        1 where a product was on sale, 0 before.
    promotion : array [series, period] or None
    half_window : int
        Periods to either side that tell a period's level.
    """

    category_idx: Ints
    members: sparse.csr_array
    on_sale: Floats
    promotion: Floats | None
    half_window: int

    @classmethod
    def of(
        cls, category_idx: Ints, num_categories: int, on_sale: Floats, promotion: Floats | None, period_days: int
    ) -> Pool:
        """Pool with the window that suits a length of period."""
        num_series = len(category_idx)
        entries = np.ones(num_series), (category_idx, np.arange(num_series))
        members = sparse.csr_array(entries, shape=(num_categories, num_series))
        return cls(category_idx, members, on_sale, promotion, _HALF_WINDOW.get(period_days, 13))

    def lifts(self, shared: Shared) -> Floats | float:
        """Factor of demand by promotion, array [series, period]; 1 without promotions."""
        return 1.0 if self.promotion is None else 1.0 + (shared.lift - 1.0) * self.promotion

    def factor(self, shared: Shared) -> Floats:
        """Factor of demand by season and promotion, array [series, period]."""
        factor: Floats = shared.index[self.category_idx] * self.lifts(shared)
        return factor

    def level(self, units: Floats, exposure: Floats, shared: Shared) -> Floats:
        """Units per period of exposure around each period, array [series, period]."""
        rate = shared.rate[self.category_idx]
        own = (units.sum(axis=1) + _PRIOR_UNITS) / (exposure.sum(axis=1) + _PRIOR_UNITS / rate)
        near = self._window(units) + _OWN_PERIODS * own[:, None]
        level: Floats = near / (self._window(exposure) + _OWN_PERIODS)
        return level

    def dispersion(self, squares: Floats, mean: Floats, shared: Shared) -> tuple[Floats, Floats]:
        """Variance over mean of each series, drawn to its category's and by itself, each [series].

        Parameters
        ----------
        squares : array [series]
            Expected squared deviations from the mean, added up over periods on sale.
        mean : array [series]
            Means added up.
        shared : Shared
        """
        periods = self.on_sale.sum(axis=1)
        window = np.clip(periods, 1.0, 2 * self.half_window + 1)
        fitted = 1.0 - 1.0 / (window + _OWN_PERIODS)  # a level fitted to a period is nearer to it than the truth
        own = np.divide(squares, fitted * mean, out=np.ones(len(mean)), where=mean > 0)
        prior = shared.dispersion[self.category_idx]
        drawn = (own * periods + prior * _PRIOR_PERIODS) / (periods + _PRIOR_PERIODS)
        return np.maximum(drawn, _LEAST_DISPERSION), own

    def sums(self, demand: Floats, level: Floats, own_dispersion: Floats, shared: Shared) -> Sums:
        """What these series add to the estimate of what all share."""
        base = level * self.on_sale
        periods = self.on_sale.sum(axis=1)
        promoted = np.zeros(2)
        if self.promotion is not None:
            plain = base * shared.index[self.category_idx]
            promoted[1] = (plain * self.promotion).sum()
            promoted[0] = (demand - plain)[self.promotion > 0].sum() + promoted[1]
        levels = self.members @ (base * self.lifts(shared))
        spread = self.members @ (own_dispersion * periods)
        return Sums(self.members @ demand, levels, promoted, spread, self.members @ periods)

    def _window(self, values: Floats) -> Floats:
        """Sum over the periods around each one, array [series, period]."""
        num_periods = values.shape[1]
        running = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
        period = np.arange(num_periods)
        after = np.minimum(period + self.half_window + 1, num_periods)
        return running[:, after] - running[:, np.maximum(period - self.half_window, 0)]
