"""A neural model of demand: one network over all series, all spans and all probabilities at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from meio.demand.models.neural_attributes import AttributeCodes, learn_codes
from meio.demand.models.neural_inputs import window_of
from meio.demand.models.neural_panel import Panel
from meio.demand.spans import QuantileForecast, Span

if TYPE_CHECKING:
    from meio.demand.history import History
    from meio.demand.models.neural_network import QuantileNetwork

YEARS = 2
"""Years of history from which on the place in the year is told; with fewer, it would be a name for each period."""


@dataclass(frozen=True, eq=False)
class _Learned:
    """What was fitted: networks, spans, attributes, the units a period of an unknown series, and use of the year."""

    networks: list[QuantileNetwork]
    spans: tuple[Span, ...]
    attributes: AttributeCodes
    prior: float
    yearly: bool


@dataclass
class Neural:
    """Convolutions over the past of a series, a decoder of quantiles, and the mean over a few such networks.

    Parameters
    ----------
    seed : int
    num_threads : int
        Networks learned at once; 0 for one a core. Results do not depend on it.

    Raises
    ------
    ImportError
        If PyTorch is not installed.

    References
    ----------
    Wen, Torkkola, Narayanaswamy, Madeka 2017 (quantiles of all horizons at once, all origins of a series in one pass);
    van den Oord and others 2016 (dilated causal convolutions); Gasthaus and others 2019 (rising quantiles by
    construction); Lakshminarayanan, Pritzel, Blundell 2017 (several networks, averaged).
    """

    seed: int = 0
    num_threads: int = 0
    name: str = "neural"
    _learned: _Learned | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if find_spec("torch") is None:
            raise ImportError("the neural model needs PyTorch: pip install 'meio[neural]'")

    def fit(self, history: History, spans: tuple[Span, ...]) -> None:
        """Learn from every origin in a history.

        Raises
        ------
        ValueError
            If the history is too short to show one of the spans.
        """
        from meio.demand.models.neural_training import train

        yearly = history.num_periods * history.period_days >= YEARS * 365
        untrained = _Learned([], spans, learn_codes(history), _typical_units(history), yearly)
        networks = train(_panel(history, untrained), self.seed, self.num_threads or os.cpu_count() or 1)
        self._learned = _Learned(networks, spans, untrained.attributes, untrained.prior, yearly)

    def predict(self, history: History) -> QuantileForecast:
        """Forecast the spans after a history; of any series, also of products that were not there when fitted.

        Raises
        ------
        RuntimeError
            Before `fit`.
        """
        from meio.demand.models.neural_training import forecast

        if self._learned is None:
            raise RuntimeError("the neural model forecasts after `fit`")
        quantile = forecast(self._learned.networks, _panel(history, self._learned))
        return QuantileForecast(history.series, history.end, history.period_days, self._learned.spans, quantile)


def _panel(history: History, learned: _Learned) -> Panel:
    """A history as the networks take it."""
    codes, numbers = learned.attributes.code(history)
    return Panel(
        window_of(history, learned.yearly),
        history.units,
        history.in_stock,
        codes,
        learned.attributes.sizes,
        numbers,
        learned.spans,
        history.period_days,
        learned.prior,
    )


def _typical_units(history: History) -> float:
    """Units a period of the median series that sold anything; 1 if none did."""
    periods = (~np.isnan(history.units)).sum(axis=1)
    mean = np.nansum(history.units, axis=1) / np.maximum(periods, 1)
    return float(np.median(mean[mean > 0.0])) if np.any(mean > 0.0) else 1.0
