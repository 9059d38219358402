"""Attributes of series as codes and numbers: how the neural model knows what a product with no history is like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from meio.demand.history import History
from meio.demand.models.neural_inputs import Singles
from meio.network.compiled import Ints

RARE = 5
"""Categories with fewer series than this are read as unknown."""


@dataclass(frozen=True, eq=False)
class AttributeCodes:
    """How attributes are told to the network, learned from the series of a history.

    Attributes
    ----------
    categories : dict of str to Index
        Of each text attribute, the categories that are not rare: code 1, 2, …; others are 0.
    numbers : dict of str to (mean, standard deviation)
        Of each attribute that is a number.
    """

    categories: dict[str, pd.Index]
    numbers: dict[str, tuple[float, float]]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Codes of each text attribute, that of the unknown included."""
        return tuple(len(index) + 1 for index in self.categories.values())

    def code(self, history: History) -> tuple[Ints, Singles]:
        """Codes [series, category], and standardized numbers (0 if unknown), [series, number]."""
        table = _attribute_table(history)
        codes = [index.get_indexer(pd.Index(table[name].astype(str))) + 1 for name, index in self.categories.items()]
        numbers = [
            np.nan_to_num((pd.to_numeric(table[name], errors="coerce").to_numpy(float) - mean) / deviation)
            for name, (mean, deviation) in self.numbers.items()
        ]
        return (
            np.array(codes, dtype=np.int64).reshape(len(codes), len(table)).T,
            np.array(numbers, dtype=np.float32).reshape(len(numbers), len(table)).T,
        )


def learn_codes(history: History) -> AttributeCodes:
    """Which categories and numbers the attributes of a history hold; rare or constant ones teach nothing."""
    categories, numbers = {}, {}
    table = _attribute_table(history)
    for name in table.columns:
        if pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name]):
            values = table[name].astype(float)
            if values.std() > 0.0:
                numbers[str(name)] = (float(values.mean()), float(values.std()))
            continue
        counts = table[name].dropna().astype(str).value_counts()
        kept = pd.Index(sorted(counts.index[counts >= RARE]))
        if len(kept):
            categories[str(name)] = kept
    return AttributeCodes(categories, numbers)


def _attribute_table(history: History) -> pd.DataFrame:
    """Attributes of the products, with the zone and speed of the series where there are any."""
    places = history.series[[name for name in ("zone", "speed") if name in history.series]]
    return pd.concat((places.astype(str), history.attributes.set_axis(places.index)), axis=1)
