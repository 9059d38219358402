"""One pooled quantile model of all series and spans: gradient boosting (LightGBM)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from meio.demand.models.pooled import Pooled, Table
from meio.demand.spans import PROBABILITIES
from meio.network.compiled import Floats

_ROUNDS = 80
_PARAMETERS: dict[str, Any] = {
    "objective": "quantile",
    "learning_rate": 0.07,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.7,
    "lambda_l2": 1.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


@dataclass
class Boosted(Pooled):
    """A booster for each probability; quantiles that cross are sorted."""

    name: str = "boosted"
    _boosters: list[Any] = field(default_factory=list, init=False, repr=False)

    def _learn(self, table: Table, ratio: Floats) -> None:
        import lightgbm

        own = {"seed": self.seed, "num_threads": self.num_threads}
        data = lightgbm.Dataset(table, ratio, params=_PARAMETERS | own)
        self._boosters = [
            lightgbm.train(_PARAMETERS | own | {"alpha": probability}, data, _ROUNDS) for probability in PROBABILITIES
        ]

    def _ratios(self, table: Table) -> Floats:
        return np.column_stack([booster.predict(table, num_threads=self.num_threads) for booster in self._boosters])
