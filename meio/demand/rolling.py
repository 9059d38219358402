"""Forecasts made again and again through a history, each from what was known at the time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from meio.demand.history import History
from meio.demand.models.protocol import DemandModel
from meio.demand.spans import Span, checked_quantiles, totals
from meio.network.compiled import Floats, Ints


@dataclass(frozen=True, eq=False)
class RollingForecasts:
    """What a model forecast at many origins, beside what was then demanded.

    Attributes
    ----------
    model : str
        Its name.
    spans : tuple of Span
        Counted from each origin.
    period_days : int
        Days in a period.
    origins : array [origin]
        How many periods of the history were known; rising.
    quantile : array [origin, series, span, probability]
        Units, ≥ 0, not falling with `PROBABILITIES`.
    demand : array [origin, series, span]
        Units; NaN where it is not known: the history ends before the span does, the product was not yet on sale, or
        not in stock all the time.
    value : array [series]
        Money per unit.
    """

    model: str
    spans: tuple[Span, ...]
    period_days: int
    origins: Ints
    quantile: Floats
    demand: Floats
    value: Floats

    def since(self, origin: int) -> RollingForecasts:
        """Only the origins from this one on."""
        kept = self.origins >= origin
        return replace(self, origins=self.origins[kept], quantile=self.quantile[kept], demand=self.demand[kept])

    def of(self, rows: Ints | NDArray[np.bool_]) -> RollingForecasts:
        """Only the series at these rows, by position or by mask."""
        return replace(self, quantile=self.quantile[:, rows], demand=self.demand[:, rows], value=self.value[rows])


def roll(
    model: DemandModel, history: History, spans: tuple[Span, ...], origins: Ints, refit_every: int = 1
) -> RollingForecasts:
    """Let a model forecast at each origin from the history until then.

    Parameters
    ----------
    model : DemandModel
    history : History
    spans : tuple of Span
    origins : array [origin]
        Numbers of periods known, rising, each at least 1.
    refit_every : int
        Origins from one fit of the model to the next; between them it forecasts with what it has learned.

    Raises
    ------
    ValueError
        If an origin is not in the history, or the model returns quantiles that fall, are negative or not finite.
    """
    if origins.size == 0 or origins.min() < 1 or origins.max() > history.num_periods or (np.diff(origins) <= 0).any():
        raise ValueError(f"origins: found {origins.tolist()}, expected rising numbers in 1 … {history.num_periods}")
    forecasts = []
    for position, origin in enumerate(origins):
        known = history.until(int(origin))
        if position % refit_every == 0:
            model.fit(known, spans)
        shape = history.num_series, len(spans)
        forecasts.append(checked_quantiles(model.predict(known).quantile, model.name, shape))
    demand = outcomes(history, spans, origins)
    return RollingForecasts(model.name, spans, history.period_days, origins, np.stack(forecasts), demand, history.value)


def outcomes(history: History, spans: tuple[Span, ...], origins: Ints) -> Floats:
    """Demand [origin, series, span] of the spans after each origin, units; NaN where it is not known."""
    ahead = max(span.last for span in spans)
    known = np.where(history.in_stock < 1, np.nan, history.units)
    padded = np.pad(known, ((0, 0), (0, ahead)), constant_values=np.nan)
    return np.stack([totals(padded[:, origin : origin + ahead], spans) for origin in origins])
