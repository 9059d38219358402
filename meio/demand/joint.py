"""Demand of the periods of a planning window together: paths that keep the quantiles of periods and of the total.

The errors of a forecast go together from period to period: a product that sells above its median this week will next
week too. How, is learned from past forecasts: where each outcome fell between the quantiles forecast for it, its rank,
for all periods of the window at once. A path borrows the ranks of a past window of some product of the same group
(an empirical copula); each period's demand is then read off its quantiles at those ranks, and the totals are fitted to
the quantiles forecast for them. Products are drawn independently of each other.

References
----------
Clark Gangopadhyay Hay Rajagopalan Wilby; Deming Stephan; Czado Gneiting Held.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meio.demand.moments import level_weights
from meio.demand.rolling import RollingForecasts
from meio.demand.scores import levels_of_demand
from meio.demand.spans import QuantileForecast, Span
from meio.network.compiled import Floats, Ints

FEWEST_WINDOWS = 100
"""Past windows from which a group has a dependence of its own; with fewer it takes that of all series."""

_ROUNDS = 20
_SERIES_AT_ONCE = 200


def past_ranks(past: RollingForecasts, window: Span, seed: int = 0) -> Floats:
    """Ranks of past outcomes among the quantiles forecast for them.

    Parameters
    ----------
    past : RollingForecasts
        With the spans of the window's single periods.
    window : Span
    seed : int
        A whole number of units stands for all between it and its neighbours: its rank is drawn.

    Returns
    -------
    array [origin, series, period]
        0 to 1; NaN where the outcome is not known.
    """
    at = _positions(past.spans, window)
    low, high = levels_of_demand(past.quantile[:, :, at], past.demand[:, :, at])
    return np.asarray(low + (high - low) * np.random.default_rng(seed).random(low.shape))


def sample_paths(
    forecast: QuantileForecast,
    window: Span,
    ranks: Floats,
    groups: NDArray[np.str_],
    num_paths: int = 1000,
    seed: int = 0,
) -> Floats:
    """Draw demand of a window's periods.

    Parameters
    ----------
    forecast : QuantileForecast
        Of the window and of its single periods.
    window : Span
    ranks : array [origin, series, period]
        Of past outcomes (`past_ranks`); without origins, dependence follows from the total alone.
    groups : array [series]
        Name of each series' group.
    num_paths : int
    seed : int

    Returns
    -------
    array [series, path, period]
        Units. The totals of a series' paths have the quantiles forecast for the window exactly, its periods nearly:
        quantiles of periods and of their total need not fit any one joint distribution.

    Notes
    -----
    Totals and periods are fitted in turn: paths are scaled to the total that their rank among the totals asks for, then
    each period's values are replaced by those of its own quantiles in the same order; last of all come the totals.
    """
    random = np.random.default_rng(seed)
    weights = level_weights((np.arange(num_paths) + 0.5) / num_paths)
    periods = forecast.quantile[:, _positions(forecast.spans, window)] @ weights
    totals = forecast.quantile[:, forecast.spans.index(window)] @ weights
    paths = np.empty((len(periods), num_paths, window.length))
    for name in np.unique(groups):
        rows = np.flatnonzero(groups == name)
        pool = _pool(ranks, rows)
        for some in np.array_split(rows, -(-len(rows) // _SERIES_AT_ONCE)):
            order = _orders(pool, (len(some), num_paths, window.length), random)
            paths[some] = _fitted(order, np.swapaxes(periods[some], 1, 2), totals[some])
    return paths


def _positions(spans: tuple[Span, ...], window: Span) -> list[int]:
    return [spans.index(Span(period, period)) for period in range(window.first, window.last + 1)]


def _pool(ranks: Floats, rows: Ints) -> Floats:
    """Past windows [window, period] that series may borrow: their own group's, or all if those are few."""
    for of in (ranks[:, rows], ranks):
        windows = of.reshape(-1, ranks.shape[-1])
        windows = windows[np.isfinite(windows).all(axis=1)]
        if len(windows) >= FEWEST_WINDOWS:
            break
    return windows


def _orders(pool: Floats, shape: tuple[int, int, int], random: np.random.Generator) -> Ints:
    """Order [series, path, period] of each path among the paths of its series, period by period."""
    drawn = random.random(shape)
    if len(pool):
        drawn = pool[random.integers(len(pool), size=shape[:2])] + 1e-9 * drawn  # ties are broken at random
    return _order(drawn)


def _order(values: Floats) -> Ints:
    """Order of each value along the axis of the paths, from 0."""
    return np.asarray(values.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable"))


def _fitted(order: Ints, periods: Floats, totals: Floats) -> Floats:
    """Paths [series, path, period] with the rising values of periods (of the same shape) and totals [series, path]."""
    for _ in range(_ROUNDS):
        paths = np.take_along_axis(periods, order, axis=1)
        total = paths.sum(axis=2)
        wanted = np.take_along_axis(totals, _order(total), axis=1)
        even = np.broadcast_to(wanted[..., None] / paths.shape[2], paths.shape)
        scale = np.divide(wanted, total, out=np.zeros_like(total), where=total > 0)
        paths = np.where((total > 0)[..., None], paths * scale[..., None], even)
        order = _order(paths)
    return paths
