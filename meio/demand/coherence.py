"""How forecasts of totals and of their parts go together, learned from forecasts of weeks that are over.

What a total's forecast misses the sum of its parts' forecasts by, u, is known when they are made. Two things are not:

- *How far u tells the parts' errors e.* A linear regression over all series and weeks, e = B u + rest, in standard
  deviations, its correlations shrunk.
- *How the rest goes together.* Of a part's variance, as much as its mean is chance of single units (Poisson), its own.
  What is beyond rises and falls together in all parts, as much as makes their sums vary as the forecasts of their own
  totals say: so much in a fast mover, hardly in a slow one.

Correlations of totals estimated from their past errors would make totals too certain: their errors are nearly the sums
of their parts', and noise in an estimate of "nearly" passes for knowledge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from meio.demand.forecast import finite
from meio.demand.laws import LawError, law_arrays
from meio.demand.table_cells import key_columns
from meio.demand.table_laws import AddUp
from meio.network.compiled import Bools, Floats

_SHRUNK = 0.5  # of correlations of what totals miss with each other, and with parts' errors
_LEAST_SHARED = 0.05  # of a part's variance
_MOST_ALIKE = 0.99
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Coherence:
    """What makes a covariance of cells, parts and their totals, out of standard deviations.

    Attributes
    ----------
    is_total : array [cell]
    whole : array [total, part]
        1 where the part belongs to the total.
    slope : array [part, total]
        What a total that misses its parts tells of a part's error, in standard deviations of both.
    missed : array [total, total]
        Covariance of what totals miss their parts by, in standard deviations of the totals.
    """

    is_total: Bools
    whole: Floats
    slope: Floats
    missed: Floats

    @classmethod
    def learned(
        cls, keys: pd.DataFrame, laws: Sequence[AddUp], mean: ArrayLike, sd: ArrayLike, actual: ArrayLike
    ) -> Coherence:
        """Learn from forecasts whose outcome is known.

        Parameters
        ----------
        keys : data frame
            A row for each cell: its labels.
        laws : sequence of AddUp
        mean, sd, actual : array [..., cell]
            Forecasts of many series and weeks, their standard deviations, above 0, and what came.

        Raises
        ------
        LawError
            If the laws leave no part, or a total that is not the sum of parts.
        ValueError
            If the arrays do not fit, or hold no number somewhere.
        """
        num_cells = len(keys)
        mean, sd, actual = (
            finite(np.reshape(values, (-1, np.shape(values)[-1])), name, 2)
            for name, values in (("mean", mean), ("sd", sd), ("actual", actual))
        )
        if not mean.shape == sd.shape == actual.shape == (len(mean), num_cells) or not len(mean):
            raise ValueError(f"found shapes {mean.shape}, {sd.shape} and {actual.shape}, expected (…, {num_cells})")
        _check_positive(sd)
        is_total, whole = _whole_of(keys, laws)
        missed = ((mean[:, ~is_total] @ whole.T) - mean[:, is_total]) / sd[:, is_total]
        errors = (actual - mean)[:, ~is_total] / sd[:, ~is_total]
        own = missed.T @ missed / len(mean)
        own += _SHRUNK * (np.diag(np.diag(own)) - own)
        together = (1 - _SHRUNK) * errors.T @ missed / len(mean)
        return cls(is_total, whole, np.asarray(together @ np.linalg.pinv(own)), np.asarray(own))

    def covariance(self, mean: ArrayLike, sd: ArrayLike) -> Floats:
        """Covariance [..., cell, cell] of forecasts with means and (positive) standard deviations [..., cell]."""
        mean, sd = np.asarray(mean, float), np.asarray(sd, float)
        _check_positive(sd)
        of_part, of_total = sd[..., ~self.is_total], sd[..., self.is_total]
        num_totals, num_parts = self.whole.shape
        slope = _scaled(self.slope, of_part, 1.0 / of_total)
        missed = _scaled(self.missed, of_total, of_total)
        both = np.empty((*sd.shape[:-1], num_parts + num_totals, num_parts + num_totals))
        both[..., :num_parts, num_parts:] = slope @ missed
        both[..., num_parts:, :num_parts] = both[..., :num_parts, num_parts:].swapaxes(-1, -2)
        both[..., :num_parts, :num_parts] = self._rest(mean[..., ~self.is_total], of_part, of_total)
        both[..., :num_parts, :num_parts] += slope @ missed @ slope.swapaxes(-1, -2)
        both[..., num_parts:, num_parts:] = missed
        cells = np.zeros((sd.shape[-1], num_parts + num_totals))  # errors of parts, and what totals miss → errors
        cells[~self.is_total, :num_parts] = np.eye(num_parts)
        cells[self.is_total] = np.hstack([self.whole, np.eye(num_totals)])
        return np.asarray(cells @ both @ cells.T)

    def _rest(self, mean: Floats, of_part: Floats, of_total: Floats) -> Floats:
        """Covariance of parts [..., part, part] that fits the variances of their totals best."""
        shared = np.sqrt(np.maximum(of_part**2 - np.maximum(mean, 0.0), _LEAST_SHARED * of_part**2))
        variance, apart = of_total**2, of_part**2 @ self.whole.T
        together = ((shared @ self.whole.T) ** 2 - shared**2 @ self.whole.T) / variance
        wanted = (variance - apart) / variance
        alike = (together * wanted).sum(axis=-1) / np.maximum((together**2).sum(axis=-1), _TINY)
        found = _scaled(alike.clip(0.0, _MOST_ALIKE)[..., None, None], shared, shared)
        place = np.arange(of_part.shape[-1])
        found[..., place, place] = of_part**2
        return found


def _check_positive(sd: Floats) -> None:
    if not (sd > 0).all():
        raise ValueError(f"sd: found {sd.min():g}, expected more than 0")


def _scaled(matrix: Floats, rows: Floats, columns: Floats) -> Floats:
    return np.asarray(rows[..., :, None] * matrix * columns[..., None, :])


def _whole_of(keys: pd.DataFrame, laws: Sequence[AddUp]) -> tuple[Bools, Floats]:
    """Which cells are totals, and of which of the others, [total, part]."""
    names = key_columns(keys)
    weights = law_arrays([law for each in laws for law in each.laws(names)], len(keys)).weights.toarray()
    is_total = (weights < 0).any(axis=0)
    if is_total.all():
        raise LawError("every row is a total; expected rows that others add up from")
    whole, *_ = np.linalg.lstsq(weights[:, is_total], -weights[:, ~is_total], rcond=None)
    whole = whole.round(9)
    if not np.allclose(weights[:, is_total] @ whole, -weights[:, ~is_total]):
        raise LawError("a total does not follow from the rows that are none; give each total the law that makes it")
    return np.asarray(is_total), np.asarray(whole)
