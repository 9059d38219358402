"""Series that are calibrated and chosen for together: slow and fast movers, of each category that is large enough."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from meio.demand.history import History

FEWEST_SERIES = 50
"""Series from which slow, or fast, movers of a category are a group of their own."""


def demand_groups(history: History, category: str | None = None) -> NDArray[np.str_]:
    """Return the name of each series' group [series]: ``slow`` or ``fast``, and its category where that is large.

    A series is slow when it sold fewer units a period, since it was first on sale, than half of all series did; one
    that was never on sale is slow.

    Parameters
    ----------
    history : History
        As known where the first of the forecasts is made.
    category : str, optional
        An attribute of the history.

    Raises
    ------
    ValueError
        If the history has no such attribute.
    """
    on_sale = np.isfinite(history.units)
    rate = np.where(on_sale, history.units, 0.0).sum(axis=1) / np.maximum(on_sale.sum(axis=1), 1)
    speed = np.where(rate < np.median(rate), "slow", "fast")
    if category is None:
        return speed
    if category not in history.attributes:
        known = ", ".join(map(str, history.attributes.columns)) or "none"
        raise ValueError(f"category: found {category!r}, expected an attribute of the products: {known}")
    names = np.array([f"{own}, {kind}" for own, kind in zip(speed, history.attributes[category], strict=True)])
    found, position, counts = np.unique(names, return_inverse=True, return_counts=True)
    return np.where(counts[position] >= FEWEST_SERIES, found[position], speed)
