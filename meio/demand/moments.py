"""Mean and variance of a demand whose quantiles are known, and the periods' demand that a scenario draws."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meio.demand.spans import PROBABILITIES, QuantileForecast, Span
from meio.network.compiled import Floats

_LEVELS = np.array(PROBABILITIES)
_LEAST_MEAN = 1e-9


def moments(quantile: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of demand from its quantiles [..., probability].

    Between two levels demand is uniform, below the first it is constant. Above the last its excess is exponential, as
    steep as between the last two: cut off there, a skewed demand would lose much of its variance.
    """
    low, high, step = quantile[..., :-1], quantile[..., 1:], np.diff(_LEVELS)
    last, tail = quantile[..., -1], 1 - _LEVELS[-1]
    excess = (last - quantile[..., -2]) / np.log((1 - _LEVELS[-2]) / tail)
    first, below = quantile[..., 0], _LEVELS[0]
    mean = below * first + (step * (low + high) / 2).sum(axis=-1) + tail * (last + excess)
    # around the mean, so that nothing is lost where the variance is small beside the square of the mean
    low, high, first, last = (
        part - mean[(..., *[None] * (part.ndim - mean.ndim))] for part in (low, high, first, last)
    )
    square = below * first**2 + (step * (low**2 + low * high + high**2) / 3).sum(axis=-1)
    return mean, square + tail * (last**2 + 2 * last * excess + 2 * excess**2)


def level_weights(level: Floats) -> Floats:
    """Weights [probability, ...] of quantiles that add up to the demand at a level in 0 to 1, exclusive, of any shape.

    Demand is as `moments` has it: linear between two probabilities, constant below the first, exponential above the
    last.
    """
    weights = np.array([np.interp(level, _LEVELS, unit) for unit in np.eye(len(_LEVELS))])
    tail = 1 - _LEVELS[-1]
    excess = np.log(np.maximum(tail / (1 - level), 1.0)) / np.log((1 - _LEVELS[-2]) / tail)
    weights[-1] += excess
    weights[-2] -= excess
    return weights


def demand_table(forecast: QuantileForecast, window: Span) -> pd.DataFrame:
    """Demand of each period as a scenario draws it: independent, negative binomial.

    Parameters
    ----------
    forecast : QuantileForecast
        With the spans of single periods (1, 1), (2, 2) … without a gap, and the window.
    window : Span
        From period 1: lead time and review together, what stock has to cover.

    Returns
    -------
    DataFrame
        The columns of the series, then ``period``, ``mean`` and ``dispersion`` (variance over mean), the columns of a
        demand table.

    Notes
    -----
    A period's mean is that of its quantiles. Its errors go together with those of other periods, but a scenario draws
    each period by itself: all variances of a series are multiplied by one factor, such that the periods of the window
    add up to the variance of the forecast of their total. No variance is below the mean, that of a Poisson demand.
    """
    num_periods = single_periods(forecast.spans)
    at = [forecast.spans.index(Span(period, period)) for period in range(1, num_periods + 1)]
    mean, variance = moments(forecast.quantile[:, at])
    _, of_window = moments(forecast.quantile[:, forecast.spans.index(window)])
    added = variance[:, : window.last].sum(axis=1)
    factor = np.divide(of_window, added, out=np.ones(len(added)), where=added > 0)
    dispersion = np.maximum(factor[:, None] * variance / np.maximum(mean, _LEAST_MEAN), 1.0)
    rows = forecast.series.loc[forecast.series.index.repeat(num_periods)].reset_index(drop=True)
    period = np.tile(np.arange(1, num_periods + 1), len(mean))
    return rows.assign(period=period, mean=mean.ravel(), dispersion=dispersion.ravel())


def single_periods(spans: tuple[Span, ...]) -> int:
    """How many periods are forecast one by one, from the first without a gap."""
    singles = {span.first for span in spans if span.length == 1}
    return next(count for count in range(len(singles) + 1) if count + 1 not in singles)
