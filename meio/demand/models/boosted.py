"""One pooled quantile model of all series and spans: gradient boosting (LightGBM)."""

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

_MAX_ROWS = 100_000
_ROUNDS = 100
_PARAMETERS: dict[str, Any] = {
    "objective": "quantile",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.7,
    "lambda_l2": 1.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


@dataclass
class Boosted:
    """A booster for each probability, on totals over what each series sells lately.

    Attributes
    ----------
    seed : int
    num_threads : int
        Of LightGBM. Results do not depend on it; more than there are idle cores makes it slow.
    """

    seed: int = 0
    num_threads: int = 1
    name: str = "boosted"
    _boosters: list[Any] = field(default_factory=list, init=False, repr=False)
    _spans: tuple[Span, ...] = field(default=(), init=False, repr=False)

    def fit(self, history: History, spans: tuple[Span, ...]) -> None:
        """Learn from past moments of a history."""
        import lightgbm

        past = Past.of(history)
        cells, total = training_cells(past, spans, 7 // history.period_days, self.seed, _MAX_ROWS)
        features = features_of(past, history, cells)
        weight = np.sqrt(features.scale)
        ratio, weight = total / features.scale, weight / weight.mean()
        data = lightgbm.Dataset(features.values, ratio, weight=weight, params=_PARAMETERS)
        self._spans = spans
        self._boosters = [
            lightgbm.train(
                _PARAMETERS | {"alpha": level, "seed": self.seed, "num_threads": self.num_threads}, data, _ROUNDS
            )
            for level in PROBABILITIES
        ]

    def predict(self, history: History) -> QuantileForecast:
        """Forecast the spans after a history."""
        past = Past.of(history)
        features = features_of(past, history, cells_after(past, self._spans))
        ratio = np.column_stack(
            [booster.predict(features.values, num_threads=self.num_threads) for booster in self._boosters]
        )
        quantile = np.maximum(np.sort(ratio, axis=1), 0) * features.scale[:, None]
        shape = past.num_series, len(self._spans), len(PROBABILITIES)
        return QuantileForecast(history.series, history.end, history.period_days, self._spans, quantile.reshape(shape))
