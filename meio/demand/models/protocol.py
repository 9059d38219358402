"""What every model of demand does."""

from __future__ import annotations

from typing import Protocol

from meio.demand.history import History
from meio.demand.spans import QuantileForecast, Span


class DemandModel(Protocol):
    """Learns from histories, and forecasts what comes after one.

    A model is made with what it needs (a seed, threads) and is deterministic: the same history gives the same forecast.
    """

    name: str

    def fit(self, history: History, spans: tuple[Span, ...]) -> None:
        """Learn from a history, of which no period after its end is known, to forecast these spans."""

    def predict(self, history: History) -> QuantileForecast:
        """Forecast the spans that follow a history: the one fitted, or the same series known for longer."""
