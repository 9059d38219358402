"""Which series models are tried on: all, or so many products drawn at random that trials take no longer for more."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meio.demand.history import History
from meio.network.columns import integers
from meio.network.compiled import Ints

MOST_FORECASTS = 900_000
"""Series × origins × spans that a model is tried on: 3,061 series for 13 weeks and a window."""

FEWEST_TRIED = 1000
"""Series that are tried however many origins and spans there are."""


def most_tried(num_origins: int, num_spans: int) -> int:
    """Return how many series to try models on."""
    return max(FEWEST_TRIED, MOST_FORECASTS // (num_origins * num_spans))


def tried_series(history: History, groups: NDArray[np.str_], most: int, seed: int = 0) -> Ints:
    """Return the series to try models on, by position, rising.

    Parameters
    ----------
    history : History
    groups : array [series]
        Name of each series' group; at least one series of each is tried.
    most : int
        Products are drawn with all their series until these are as many; so a few more are possible.
    seed : int
    """
    if history.num_series <= most:
        return np.arange(history.num_series)
    product_idx = integers(pd.factorize(history.series["product"])[0])
    order = np.random.default_rng(seed).permutation(product_idx.max() + 1)
    drawn = order[: np.searchsorted(np.bincount(product_idx)[order].cumsum(), most) + 1]
    _, first_of_group = np.unique(groups, return_index=True)
    taken = np.concatenate([drawn, product_idx[first_of_group]])
    return np.flatnonzero(np.isin(product_idx, taken))
