"""What models of all series and spans together have in common: they learn totals over what a series sells lately."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meio.demand.models.features import cells_after, features_of
from meio.demand.models.past import Past
from meio.demand.models.smoothing import Smoothing
from meio.demand.models.training import evened, training_cells
from meio.demand.spans import PROBABILITIES, QuantileForecast, Span
from meio.network.compiled import Floats

if TYPE_CHECKING:
    from meio.demand.history import History

Table = npt.NDArray[np.float32]

_FEWEST = 100  # rows that it takes to learn from others


@dataclass
class Pooled(ABC):
    """A model of the ratio of a total to its scale, learned from past moments of all series.

    Where the history holds fewer than 100 rows to learn from, each series is smoothed instead.

    Attributes
    ----------
    seed : int
    num_threads : int
        Results do not depend on it; more than there are idle cores makes it slow.
    max_rows : int
        Rows learned from at most.
    """

    seed: int = 0
    num_threads: int = 1
    max_rows: int = field(default=50_000, kw_only=True)
    _instead: Smoothing | None = field(default=None, init=False, repr=False)
    _spans: tuple[Span, ...] = field(default=(), init=False, repr=False)

    def fit(self, history: History, spans: tuple[Span, ...]) -> None:
        """Learn from past moments of a history."""
        past = Past.of(history)
        cells, total = training_cells(past, spans, 7 // history.period_days, self.seed, self.max_rows)
        self._spans, self._instead = spans, None
        if total.size < _FEWEST:
            self._instead = Smoothing()
            self._instead.fit(history, spans)
            return
        features = features_of(past, history, cells)
        self._learn(features.table, evened(cells, total, features.scale) / features.scale)

    def predict(self, history: History) -> QuantileForecast:
        """Forecast the spans after a history."""
        if self._instead is not None:
            return self._instead.predict(history)
        past = Past.of(history)
        features = features_of(past, history, cells_after(past, self._spans))
        quantile = np.maximum(np.sort(self._ratios(features.table), axis=1), 0) * features.scale[:, None]
        shape = past.num_series, len(self._spans), len(PROBABILITIES)
        return QuantileForecast(history.series, history.end, history.period_days, self._spans, quantile.reshape(shape))

    @abstractmethod
    def _learn(self, table: Table, ratio: Floats) -> None:
        """Learn ratios [row] from features [row, feature]."""

    @abstractmethod
    def _ratios(self, table: Table) -> Floats:
        """Quantiles of ratios, [row, probability], in any order."""
