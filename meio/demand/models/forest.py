"""One pooled quantile model of all series and spans: a quantile regression forest.

References
----------
Meinshausen (2006), "Quantile regression forests".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from meio.demand.models.pooled import Pooled, Table
from meio.demand.spans import PROBABILITIES
from meio.network.compiled import Floats

_UNKNOWN = -99.0  # lower than any feature: what is not known is one split away
_AT_ONCE = 20_000  # rows forecast together, so that memory does not grow with series


@dataclass
class Forest(Pooled):
    """A forest grown on roots of ratios, for their tail; quantiles are those of its leaves."""

    name: str = "forest"
    _forest: Any = field(default=None, init=False, repr=False)

    def _learn(self, table: Table, ratio: Floats) -> None:
        from quantile_forest import RandomForestQuantileRegressor

        self._forest = RandomForestQuantileRegressor(
            n_estimators=100, min_samples_leaf=20, max_features=0.25, random_state=self.seed, n_jobs=self.num_threads
        )
        self._forest.fit(np.nan_to_num(table, nan=_UNKNOWN), np.sqrt(ratio))

    def _ratios(self, table: Table) -> Floats:
        parts = np.array_split(np.nan_to_num(table, nan=_UNKNOWN), max(len(table) // _AT_ONCE, 1))
        roots = np.concatenate([self._forest.predict(part, quantiles=list(PROBABILITIES)) for part in parts])
        return np.asarray(np.square(roots), dtype=float)
