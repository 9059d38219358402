"""Quantiles shifted so that, group by group, past demand lay below them as often as it should.

Shifts are those of conformalized quantile regression, one for each probability, span and group of series: the quantile
at that very level of past residuals. Residuals are between square roots, whose spread hardly depends on how large
demand is. Later origins weigh more; only spans that had ended by the origin count.

References
----------
Romano, Y., Patterson, E. and Candès, E. (2019), "Conformalized quantile regression", NeurIPS 32.
Foygel Barber, R., Candès, E., Ramdas, A. and Tibshirani, R. (2023), "Conformal prediction beyond exchangeability",
Annals of Statistics 51: weights.
Anscombe, F. (1948), "The transformation of Poisson, binomial and negative-binomial data", Biometrika 35: the root.
Machado, J. and Santos Silva, J. (2005), "Quantiles for counts", JASA 100: counts spread over their unit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from meio.demand.rolling import RollingForecasts
from meio.demand.scores import LEVELS, level_of
from meio.demand.spans import QuantileForecast
from meio.network.compiled import Floats, Ints

FEWEST = 200
"""Known outcomes from which a group has shifts of its own: below, those of all series; below again, none."""

HALF_LIFE_DAYS = 28.0
"""An outcome this much older than the newest one weighs half as much."""

_GOLDEN = (np.sqrt(5) - 1) / 2


def calibrate(forecasts: RollingForecasts, groups: NDArray[np.str_]) -> RollingForecasts:
    """Shift the forecasts of each origin by what was known there.

    Parameters
    ----------
    forecasts : RollingForecasts
    groups : array [series]
        Name of each series' group.
    """
    shift = shifts(forecasts, groups, forecasts.origins)
    return replace(forecasts, quantile=shifted(forecasts.quantile, shift))


def calibrate_next(
    forecast: QuantileForecast, past: RollingForecasts, groups: NDArray[np.str_], tried: Ints | None = None
) -> QuantileForecast:
    """Shift a forecast by all that is known of the same model's past forecasts of the same spans.

    Parameters
    ----------
    forecast : QuantileForecast
    past : RollingForecasts
    groups : array [series]
        Name of the group of each series of the forecast.
    tried : array [series of `past`], optional
        Position in the forecast of each series that was forecast before, at least one of each group; none: all.
    """
    own = groups if tried is None else groups[tried]
    shift = shifts(past, own, past.origins[-1:] + max(span.last for span in past.spans))[0]
    _, one_of_group = np.unique(own, return_index=True)
    _, group_idx = np.unique(groups, return_inverse=True)
    return replace(forecast, quantile=shifted(forecast.quantile, shift[one_of_group][group_idx]))


def shifts(forecasts: RollingForecasts, groups: NDArray[np.str_], periods: Ints) -> Floats:
    """Return what to add to the root of each quantile, as outcomes had it when so many periods were over.

    Returns
    -------
    array [period, series, span, probability]
        √units.
    """
    weight = 0.5 ** ((forecasts.origins[-1] - forecasts.origins) * forecasts.period_days / HALF_LIFE_DAYS)
    shift = np.empty((len(periods), *forecasts.quantile.shape[1:]))
    for span_idx, span in enumerate(forecasts.spans):
        ended = forecasts.origins + span.last <= np.asarray(periods)[:, None]
        quantile, demand = forecasts.quantile[:, :, span_idx], forecasts.demand[:, :, span_idx]
        for_all = _shifts(quantile, demand, ended * weight)
        for group in np.unique(groups):
            own = groups == group
            of_group = _shifts(quantile[:, own], demand[:, own], ended * weight)
            shift[:, own, span_idx] = np.where(np.isnan(of_group), for_all, of_group)[:, None]
    return np.nan_to_num(shift)


def shifted(quantile: Floats, shift: Floats) -> Floats:
    """Quantiles [..., probability] moved by shifts, √units; none below zero, none below that of a lower level."""
    root = np.maximum(_root(spread_quantiles(quantile)) + shift, 0.0)
    return np.maximum.accumulate(np.maximum(root**2 - 0.5, 0.0), axis=-1)


def spread_counts(demand: Floats) -> Floats:
    """Demand [outcome] with whole numbers y spread evenly over y − ½ to y + ½, the same way every time."""
    offset = (np.arange(1, demand.size + 1) * _GOLDEN) % 1 - 0.5
    return np.where(demand == np.round(demand), demand + offset, demand)


def spread_quantiles(quantile: Floats) -> Floats:
    """Quantiles [..., probability] of demand spread over its unit: those below ½ rise evenly with the level from −½.

    So the zeros that a forecast expects are spread as those that come are, and a right forecast needs no shift.
    """
    zeros = level_of(quantile, np.full(quantile.shape[:-1], 0.5))[..., None]
    within = LEVELS / np.maximum(zeros, LEVELS) - 0.5
    return np.where(quantile < 0.5, within, quantile)


def _root(units: Floats) -> Floats:
    return np.sqrt(units + 0.5)


def _shifts(quantile: Floats, demand: Floats, weights: Floats) -> Floats:
    """Shift at each period and probability [period, probability]; NaN where too few outcomes are known.

    Parameters
    ----------
    quantile : array [origin, series, probability]
    demand : array [origin, series]
    weights : array [period, origin]
        Of the outcomes of each origin; 0 where they are not yet known.
    """
    known = np.isfinite(demand)
    origin_idx = np.nonzero(known)[0]
    residual = _root(spread_counts(demand[known]))[:, None] - _root(spread_quantiles(quantile[known]))
    order = np.argsort(residual, axis=0, kind="stable")
    residual, origin_idx = np.take_along_axis(residual, order, axis=0), origin_idx[order]
    num_known = (weights > 0) @ known.sum(axis=1)
    shift = np.full((len(weights), len(LEVELS)), np.nan)
    for period in np.flatnonzero(num_known >= FEWEST):
        shift[period] = _weighted_quantiles(residual, weights[period][origin_idx], weights[period].max())
    return shift


def _weighted_quantiles(ordered: Floats, weight: Floats, next_weight: float) -> Floats:
    """Quantile at each level of its own column [outcome, probability], which rises.

    The forecast to come counts as one more outcome, larger than all.
    """
    up_to = np.cumsum(weight, axis=0)
    wanted = np.minimum(LEVELS * (up_to[-1] + next_weight), up_to[-1])
    found: Floats = ordered[(up_to < wanted).sum(axis=0), np.arange(len(LEVELS))]
    return found
