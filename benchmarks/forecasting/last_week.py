"""Seasonal naive as textbooks have it for days with a season of a week: the last week comes again, and again."""

from __future__ import annotations

import numpy as np

from meio.demand.history import History
from meio.demand.models.samples import row_quantiles
from meio.demand.spans import QuantileForecast, Span, totals


class LastWeek:
    """For weekly periods: a span's total is its number of weeks × the last week, plus this rule's own past errors.

    Summed over whole weeks, a day's demand a week ago, repeated, is the last week's demand, repeated. A season of a
    year cannot be had from a history of one year.
    """

    name = "last_week"

    def __init__(self) -> None:
        self._spans: tuple[Span, ...] = ()

    def fit(self, history: History, spans: tuple[Span, ...]) -> None:  # noqa: ARG002 - nothing is learned
        """Keep the spans."""
        self._spans = spans

    def predict(self, history: History) -> QuantileForecast:
        """Forecast the spans after a history."""
        last = np.nan_to_num(history.units[:, -1])
        quantile = np.empty((history.num_series, len(self._spans), 15))
        for position, span in enumerate(self._spans):
            errors = np.nan_to_num(row_quantiles(_errors(history.units, span)))
            quantile[:, position] = np.maximum(span.length * last[:, None] + errors, 0.0)
        return QuantileForecast(history.series, history.end, history.period_days, self._spans, quantile)


def _errors(units: np.ndarray, span: Span) -> np.ndarray:
    """Past errors of the rule [series, origin]; NaN where demand was not known."""
    origins = range(1, units.shape[1] - span.last + 1)
    errors = [totals(units[:, at : at + span.last], (span,))[:, 0] - span.length * units[:, at - 1] for at in origins]
    return np.stack(errors, axis=1) if errors else np.full((len(units), 1), np.nan)
