"""Demand behind sales: what would have been ordered while a product was out of stock.

A period's demand is negative binomial with mean m and variance φ m: customers come at random at a rate λ, which is
gamma distributed over periods with mean m and shape r = m / (φ − 1). When the product could be bought for a share s of
the period and y units were sold, λ is again gamma, with shape r + y and mean a = (r + y) / (r / m + s), whether the
stock-out came by itself or because the y units were all there were: the likelihood of y arrivals in a time s is the
same. The lost demand is then negative binomial too, with mean l = (1 − s) a and variance l + l² / (r + y).
Where s is 0 and something was sold all the same, only demand ≥ y is known.

m is the product of a series' level around the period and an index of its category in the period; both and φ are
re-estimated from the completed demand until they stand (expectation maximisation).

References
----------
Dempster, Laird, Rubin (1977), "Maximum likelihood from incomplete data via the EM algorithm".
Nahmias (1994), "Demand estimation in lost sales inventory systems".
Conrad (1976), "Sales data and the estimation of demand".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np
import pandas as pd

from meio.demand.history import History
from meio.demand.levels import Pool, Shared, Sums
from meio.demand.lost import Lost
from meio.network.columns import floats, integers
from meio.network.compiled import Bools, Floats, Ints

_MOST_ROUNDS = 30
_STANDS = 1e-3  # a round that changes lost demand by less than this share is the last
_CELLS_OF_PART = 100_000


def unconstrain(history: History, *, seed: int | None = None) -> History:
    """Return the history with demand in place of sales where a product was out of stock.

    Give a history only until the day from which is forecast: what is filled in depends on periods before and after.

    Parameters
    ----------
    history : History
        Series are pooled by the attribute ``category`` where there is one.
    seed : int, optional
        Without: lost demand is its conditional mean, right for means and totals. With: a draw from its conditional
        distribution, right for quantiles, which means would pull together.

    Returns
    -------
    History
        In stock everywhere; units as they were where `in_stock` was 1, at least the sales elsewhere.
    """
    partly = history.in_stock < 1
    partly &= ~np.isnan(history.units)
    if not partly.any():
        return history
    units, random = history.units.copy(), np.random.default_rng(seed)
    for part in _estimated(history, partly):
        lost = part.lost()
        units[part.rows][part.partly] += lost.moments()[0] if seed is None else lost.draw(random)
    note = f"{partly.sum():,} periods out of stock or unknown, at least in part: sales completed to demand"
    return replace(history, units=units, in_stock=np.ones_like(units), notes=(*history.notes, note))


@dataclass(eq=False)
class _Part:
    """Series that fit the processor's cache together, with the state of their estimate.

    Attributes
    ----------
    rows : slice
        The series.
    sold, in_stock, partly : array [series, period]
        Sales, 0 before a product was on sale; share in stock; whether to complete.
    demand, level : array [series, period]
        Demand expected given the sales; level at an index of 1 without promotion.
    mean : array [series, period]
        Level times season and promotion.
    dispersion : array [series]
    more : array [cell]
        Lost demand expected in the cells to complete.
    """

    rows: slice
    pool: Pool
    sold: Floats
    in_stock: Floats
    partly: Bools
    demand: Floats
    level: Floats
    mean: Floats
    dispersion: Floats
    more: Floats

    @classmethod
    def of(cls, history: History, partly: Bools, category_idx: Ints, rows: slice, shared: Shared) -> _Part:
        """First estimate: levels from sales over the share in stock, no season, no promotion."""
        promotion = None if history.promotion is None else history.promotion[rows]
        on_sale = (~np.isnan(history.units[rows])).astype(float)
        pool = Pool.of(category_idx[rows], len(shared.rate), on_sale, promotion, history.period_days)
        sold = np.nan_to_num(history.units[rows])
        level = pool.level(sold, on_sale * history.in_stock[rows], shared)
        dispersion = shared.dispersion[category_idx[rows]]
        cells = partly[rows]
        more = np.zeros(int(cells.sum()))
        return cls(rows, pool, sold, history.in_stock[rows], cells, sold.copy(), level, level, dispersion, more)

    def lost(self) -> Lost:
        """Distribution of the lost demand in the cells to complete."""
        dispersion = self.dispersion[np.nonzero(self.partly)[0]]
        return Lost(self.sold[self.partly], self.in_stock[self.partly], self.mean[self.partly], dispersion)

    def step(self, shared: Shared) -> tuple[Sums, float]:
        """Complete the demand, then estimate anew; returns sums and how much the completion has changed, in units."""
        self.mean = self.level * self.pool.factor(shared)
        more, variance = self.lost().moments()
        changed = float(np.abs(more - self.more).sum())
        self.more = more
        self.demand[self.partly] = self.sold[self.partly] + more
        squares = (self.demand - self.mean) ** 2 * self.pool.on_sale
        squares[self.partly] += variance
        mean = (self.mean * self.pool.on_sale).sum(axis=1)
        self.dispersion, own = self.pool.dispersion(squares.sum(axis=1), mean, shared)
        return self.pool.sums(self.demand, self.level, own, shared), changed

    def renew_level(self, shared: Shared) -> None:
        """Level of the completed demand."""
        self.level = self.pool.level(self.demand, self.pool.on_sale * self.pool.factor(shared), shared)


def _estimated(history: History, partly: Bools) -> list[_Part]:
    """Series in parts, with estimates that stand."""
    category_idx = _category(history)
    exposure = np.where(np.isnan(history.units), 0.0, history.in_stock).sum(axis=1)
    sold = np.nansum(history.units, axis=1)
    units, periods = (floats(np.bincount(category_idx, values)) for values in (sold, exposure))
    shared = Shared.first(units, periods, history.num_periods)
    size = max(1, _CELLS_OF_PART // history.num_periods)
    rows = [slice(first, first + size) for first in range(0, history.num_series, size)]
    parts = [_Part.of(history, partly, category_idx, part, shared) for part in rows]
    for _ in range(_MOST_ROUNDS):
        steps = [part.step(shared) for part in parts]
        if sum(changed for _, changed in steps) < _STANDS * sum(part.more.sum() for part in parts):
            break
        shared = reduce(add, (sums for sums, _ in steps)).shared(shared)
        for part in parts:
            part.renew_level(shared)
    return parts


def _category(history: History) -> Ints:
    """Category of each series as a number; one for all where the attributes have none."""
    if "category" not in history.attributes:
        return np.zeros(history.num_series, np.int64)
    return integers(pd.factorize(history.attributes["category"], use_na_sentinel=False)[0])
