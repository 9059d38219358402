"""The honest baseline: what was demanded a year ago, or lately, with the spread that this rule has had so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from meio.demand.models.newcomers import newcomer_quantiles
from meio.demand.models.samples import row_quantiles
from meio.demand.spans import QuantileForecast, Span
from meio.network.compiled import Floats, Ints

if TYPE_CHECKING:
    from meio.demand.history import History

_RECENT = 4  # weeks whose mean is repeated where no season is known
_FEWEST = 13  # past errors of the seasonal rule that it takes to believe its spread
_MOST = 104  # latest past errors that a spread is taken from


@dataclass
class SeasonalNaive:
    """Total over the same span 52 weeks earlier, plus quantiles of this rule's own past errors of the series.

    Where fewer than 13 of these are known, the mean of the last 4 weeks (for days: of the last 4 same weekdays) is
    repeated instead, again with its past errors; a series without a history gets what others of its group sell.
    """

    name: str = "seasonal_naive"
    _spans: tuple[Span, ...] = field(default=(), init=False, repr=False)

    def fit(self, history: History, spans: tuple[Span, ...]) -> None:  # noqa: ARG002 - nothing is learned
        """Keep the spans: the rule has nothing to learn."""
        self._spans = spans

    def predict(self, history: History) -> QuantileForecast:
        """Forecast the spans after a history."""
        weeks = 7 // history.period_days
        quantile = newcomer_quantiles(history, self._spans)
        old = np.isnan(quantile[:, 0, 0])
        for at, span in enumerate(self._spans):
            quantile[old, at] = _quantiles(history.units[old], span, weeks)
        return QuantileForecast(history.series, history.end, history.period_days, self._spans, quantile)


def _quantiles(units: Floats, span: Span, weeks: int) -> Floats:
    """Quantiles of the total over a span, [series, probability]."""
    ahead = np.arange(span.first - 1, span.last)
    year = 52 * weeks
    season, season_errors = _rule(units, span, year * -(-span.last // year) - ahead, span.length)
    cycles = weeks * np.arange(1, _RECENT + 1)
    lately, lately_errors = _rule(units, span, np.subtract.outer(cycles, ahead % weeks).ravel(), 1)
    seasonal = np.isfinite(season) & (np.isfinite(season_errors).sum(axis=1) >= _FEWEST)
    centre = np.where(seasonal, season, np.nan_to_num(lately))
    spread = row_quantiles(np.where(seasonal[:, None], season_errors, lately_errors))
    quantile: Floats = np.maximum(centre[:, None] + np.nan_to_num(spread), 0)
    return quantile


def _rule(units: Floats, span: Span, lags: Ints, fewest: int) -> tuple[Floats, Floats]:
    """Forecast a span by the mean of earlier periods, and say how it missed before.

    Parameters
    ----------
    units : array [series, period]
    span : Span
    lags : array [lag]
        The earlier periods, counted back from the origin; 1 is the last known.
    fewest : int
        Periods of these that have to be known.

    Returns
    -------
    forecast : array [series]
        NaN where too few are known.
    errors : array [series, origin]
        Total less forecast at the latest past origins; NaN where not known.
    """
    num_periods = units.shape[1]
    origins = np.append(
        np.arange(max(num_periods - span.last - _MOST + 1, 0), num_periods - span.last + 1), num_periods
    )
    padded = np.pad(units, ((0, 0), (int(lags.max()), span.last)), constant_values=np.nan)
    total, known = np.zeros((2, len(units), origins.size))
    for lag in lags:
        value = padded[:, lags.max() + origins - lag]
        total += np.nan_to_num(value)
        known += np.isfinite(value)
    rule = np.divide(total * span.length, known, out=np.full(total.shape, np.nan), where=known >= fewest)
    actual = sum(padded[:, lags.max() + origins + ahead] for ahead in range(span.first - 1, span.last))
    return rule[:, -1], (actual - rule)[:, :-1]
