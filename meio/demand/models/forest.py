"""One pooled quantile model of all series and spans: a quantile regression forest.

References
----------
Meinshausen (2006), "Quantile regression forests".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from meio.demand.models.features import cells_after, features_of
from meio.demand.models.past import Past
from meio.demand.models.training import training_cells
from meio.demand.spans import PROBABILITIES, QuantileForecast, Span

if TYPE_CHECKING:
    from meio.demand.history import History

_MAX_ROWS = 30_000  # a forest keeps the rows of every leaf, and takes longer than boosting for each
_AT_ONCE = 20_000  # cells forecast together, so that memory does not grow with series


@dataclass
class Forest:
    """A forest grown on the logarithm of totals over what each series sells lately; quantiles are of its leaves.

    Attributes
    ----------
    seed : int
    num_threads : int
        Results do not depend on it.
    """

    seed: int = 0
    num_threads: int = 1
    name: str = "forest"
    _forest: Any = field(default=None, init=False, repr=False)
    _spans: tuple[Span, ...] = field(default=(), init=False, repr=False)

    def fit(self, history: History, spans: tuple[Span, ...]) -> None:
        """Learn from past moments of a history."""
        from quantile_forest import RandomForestQuantileRegressor

        past = Past.of(history)
        cells, total = training_cells(past, spans, 7 // history.period_days, self.seed, _MAX_ROWS)
        features = features_of(past, history, cells)
        self._spans = spans
        self._forest = RandomForestQuantileRegressor(
            n_estimators=100, min_samples_leaf=20, max_features=0.4, random_state=self.seed, n_jobs=self.num_threads
        ).fit(features.values, np.log1p(total / features.scale))

    def predict(self, history: History) -> QuantileForecast:
        """Forecast the spans after a history."""
        past = Past.of(history)
        features = features_of(past, history, cells_after(past, self._spans))
        parts = np.array_split(features.values, max(len(features.values) // _AT_ONCE, 1))
        ratio = np.expm1(np.concatenate([self._forest.predict(part, quantiles=list(PROBABILITIES)) for part in parts]))
        quantile = np.maximum.accumulate(ratio, axis=1) * features.scale[:, None]
        shape = past.num_series, len(self._spans), len(PROBABILITIES)
        return QuantileForecast(history.series, history.end, history.period_days, self._spans, quantile.reshape(shape))
