"""Quantiles of samples of different size, row by row at once."""

from __future__ import annotations

import numpy as np

from meio.demand.spans import PROBABILITIES
from meio.network.compiled import Floats


def row_quantiles(samples: Floats) -> Floats:
    """Return quantiles at `PROBABILITIES`, [row, probability], of what is known in each row of [row, sample].

    Interpolated between order statistics as `numpy.nanquantile` does, without its loop over rows; NaN where nothing
    is known.
    """
    number = np.isfinite(samples).sum(axis=1)[:, None]
    ordered = np.sort(np.pad(samples, ((0, 0), (0, 1)), constant_values=np.nan), axis=1)  # NaN last, never empty
    place = np.maximum(number - 1, 0) * np.array(PROBABILITIES)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(number - 1, 0))
    low, high = (np.take_along_axis(ordered, at, axis=1) for at in (below, above))
    return np.where(number > 0, low + (place - below) * (high - low), np.nan)
