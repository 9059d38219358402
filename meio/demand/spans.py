"""What is forecast: total demand over runs of periods ahead, as quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from meio.network.compiled import Floats

PROBABILITIES = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975, 0.99)
"""Levels of every forecast: the ends of its 95%, 90% and 80% intervals are among them."""


class Span(NamedTuple):
    """A run of periods ahead.

    Attributes
    ----------
    first, last : int
        Periods counted from 1, the one that begins where the history ends; 1 ≤ first ≤ last.
    """

    first: int
    last: int

    @property
    def length(self) -> int:
        """Number of periods."""
        return self.last - self.first + 1


@dataclass(frozen=True, eq=False)
class QuantileForecast:
    """Quantiles of each series' total demand over spans.

    Attributes
    ----------
    series : DataFrame
        One row a series, its name in the columns ``product``, ``zone`` and ``speed`` (those that the history has).
    start : Timestamp
        First day of period 1.
    period_days : int
        Days in a period.
    spans : tuple of Span
    quantile : array [series, span, probability]
        Units, ≥ 0, not falling with `PROBABILITIES`.
    """

    series: pd.DataFrame
    start: pd.Timestamp
    period_days: int
    spans: tuple[Span, ...]
    quantile: Floats


def totals(units: Floats, spans: tuple[Span, ...]) -> Floats:
    """What was demanded over each span, [series, span], of units [series, period] from period 1 on; NaN if unknown."""
    return np.stack([units[:, span.first - 1 : span.last].sum(axis=1) for span in spans], axis=1)


def checked_quantiles(quantile: Floats, name: str, shape: tuple[int, ...]) -> Floats:
    """Quantiles as they are, if there is one for each probability and each entry of a shape, and all could be demand.

    Raises
    ------
    ValueError
        If their shape is another, or they fall, are negative or not finite.
    """
    if quantile.shape != (*shape, len(PROBABILITIES)):
        raise ValueError(f"{name}: found quantiles {quantile.shape}, expected {(*shape, len(PROBABILITIES))}")
    if not np.isfinite(quantile).all() or (quantile < 0).any() or (np.diff(quantile) < 0).any():
        raise ValueError(f"{name}: found quantiles that fall, are negative or not finite, expected rising ones ≥ 0")
    return quantile
