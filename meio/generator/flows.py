"""What capacities are sized by: the flow of each product group and the room its safety stock takes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meio.generator.assortment import Assortment, Floats
from meio.generator.groups import GROUPS


class Flows(NamedTuple):
    """Sums over products, in ordinary weeks.

    Attributes
    ----------
    units : array [group]
        Units a day.
    m3 : array [group]
        The same in m³ a day.
    spread_m3 : array [group]
        Standard deviation of a day's demand of each product, in m³, summed over the products.
    """

    units: Floats
    m3: Floats
    spread_m3: Floats

    def plus(self, some: Assortment) -> Flows:
        """Add some products."""
        of_each = (some.daily, some.volume_m3 * some.daily, some.volume_m3 * np.sqrt(some.daily * some.dispersion))
        return Flows(*(sums + _by_group(some.group_idx, terms) for sums, terms in zip(self, of_each, strict=True)))

    def frame(self) -> pd.DataFrame:
        """Return the sums by name of the group."""
        return pd.DataFrame(self._asdict(), index=list(GROUPS))


def no_flows() -> Flows:
    """Return the sums over no products."""
    return Flows(*(np.zeros(len(GROUPS)) for _ in Flows._fields))


def _by_group(group_idx: NDArray[np.int64], terms: Floats) -> Floats:
    return np.bincount(group_idx, terms, len(GROUPS)).astype(np.float64)
