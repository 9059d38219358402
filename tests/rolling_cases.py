"""Histories, models and rolling forecasts that tests of calibration share."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from meio.demand.history import History
from meio.demand.rolling import RollingForecasts
from meio.demand.spans import PROBABILITIES, QuantileForecast, Span

LEVELS = np.array(PROBABILITIES)
WEEK = (Span(1, 1),)


def history_of(units, in_stock=None, attributes=None) -> History:
    units = np.asarray(units, dtype=float)
    names = pd.DataFrame({"product": [f"p{row}" for row in range(len(units))]})
    return History(
        series=names,
        start=pd.Timestamp("2025-01-06"),
        period_days=7,
        units=units,
        in_stock=np.ones_like(units) if in_stock is None else np.asarray(in_stock, dtype=float),
        price=None,
        promotion=None,
        attributes=names[[]] if attributes is None else pd.DataFrame(attributes),
        value=np.arange(1.0, len(units) + 1),
    )


class LastSeason:
    """What the last span of that length sold, and quantiles of how far that was off before."""

    name = "last_season"

    def __init__(self):
        self.fitted_at: list[int] = []

    def fit(self, history: History, spans: tuple[Span, ...]) -> None:
        self.fitted_at.append(history.num_periods)
        self.spans = spans

    def predict(self, history: History) -> QuantileForecast:
        quantile = np.stack([self._quantile(history.units, span) for span in self.spans], axis=1)
        return QuantileForecast(history.series, history.end, history.period_days, self.spans, quantile)

    def _quantile(self, units, span: Span):
        last = units[:, -span.length :].sum(axis=1)
        away = np.quantile(np.diff(units, axis=1), LEVELS, axis=1).T * np.sqrt(span.length)
        return np.maximum(last[:, None] + away, 0.0)


def poisson_quantiles(mean):
    """Quantiles [..., probability] of Poisson demand of these means [...]."""
    return stats.poisson.ppf(LEVELS, np.asarray(mean)[..., None])


def rolling_of(quantile, demand, spans=WEEK, model="model") -> RollingForecasts:
    """Forecasts of one week after another; demand [origin, series, span]."""
    demand = np.asarray(demand, dtype=float)
    num_origins, num_series, _ = demand.shape
    return RollingForecasts(
        model=model,
        spans=spans,
        period_days=7,
        origins=np.arange(10, 10 + num_origins),
        quantile=np.broadcast_to(np.asarray(quantile, dtype=float), (*demand.shape, len(LEVELS))),
        demand=demand,
        value=np.ones(num_series),
    )
