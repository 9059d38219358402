"""Each series by itself: exponential smoothing, and Teunter, Syntetos and Babai's method where demand is intermittent.

References
----------
Teunter, Syntetos, Babai (2011), "Intermittent demand: linking forecasting to inventory obsolescence".
Syntetos, Boylan, Croston (2005), "On the categorization of demand patterns".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from meio.demand.models.counts import count_quantiles
from meio.demand.models.newcomers import newcomer_quantiles
from meio.demand.spans import QuantileForecast, Span
from meio.network.compiled import Floats

if TYPE_CHECKING:
    from meio.demand.history import History

_RATES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
_INTERMITTENT = 1.32  # periods between sales from which demand is called intermittent
_FEWEST = 4  # errors that it takes to say how large they are; Poisson's are assumed before


class _Smoothed(NamedTuple):
    """Demand of a series at its end: mean a period, weight of the latest period in it, and variance a period."""

    mean: float
    rate: float
    variance: float


@dataclass
class Smoothing:
    """A mean a period by smoothing, with the rate of least squared error; negative binomial totals around it.

    What a total over a span varies by follows from errors of variance σ² a period, of which the share `rate` goes
    into the mean of all periods after it.
    """

    name: str = "smoothing"
    _spans: tuple[Span, ...] = field(default=(), init=False, repr=False)

    def fit(self, history: History, spans: tuple[Span, ...]) -> None:  # noqa: ARG002 - a series is smoothed to its end
        """Keep the spans: series are smoothed when they are forecast."""
        self._spans = spans

    def predict(self, history: History) -> QuantileForecast:
        """Forecast the spans after a history."""
        quantile = newcomer_quantiles(history, self._spans)
        old = np.isnan(quantile[:, 0, 0])
        smoothed = np.array([_smoothed(row[np.isfinite(row)]) for row in history.units[old]]).reshape(-1, 3)
        mean, rate, variance = smoothed.T[:, :, None]
        length = np.array([span.length for span in self._spans])
        growth = np.stack([_growth(rate[:, 0], span) for span in self._spans], axis=1)
        quantile[old] = count_quantiles(mean * length, variance * growth)
        return QuantileForecast(history.series, history.end, history.period_days, self._spans, quantile)


def _smoothed(units: Floats) -> _Smoothed:
    """Smooth a series of known periods with each rate, and keep the one that forecast the next period best."""
    from statsforecast.models import TSB, SimpleExponentialSmoothing

    sold = np.count_nonzero(units)
    if units.size <= _FEWEST or not sold:
        return _Smoothed(float(units.mean()), _RATES[2], float(units.mean()))
    intermittent = units.size / sold >= _INTERMITTENT
    best = _Smoothed(0.0, 0.0, np.inf)
    for rate in _RATES:
        model = TSB(rate, rate) if intermittent else SimpleExponentialSmoothing(rate)
        result = model.forecast(units, h=1, fitted=True)
        variance = float(np.mean((units - result["fitted"])[_FEWEST // 2 :] ** 2))
        best = min(best, _Smoothed(float(result["mean"][0]), rate, variance), key=lambda each: each.variance)
    return best


def _growth(rate: Floats, span: Span) -> Floats:
    """Variance of the error of a total over a span, in variances of a period's error, array as `rate`.

    An error before the span moves the mean of all its periods; one within, itself and the periods after it.
    """
    length = span.length
    within = length + rate * length * (length - 1) + rate**2 * (length - 1) * length * (2 * length - 1) / 6
    return (span.first - 1) * (rate * length) ** 2 + within
