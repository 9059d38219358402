"""Reconcile a table of forecasts: a row for each cell, laws by column names, products apart where nothing ties them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from meio.demand.forecast import Forecast, finite
from meio.demand.nonnegative import NonnegativeForecast, keep_nonnegative
from meio.demand.shaped import ShapedForecast
from meio.demand.spans import checked_quantiles
from meio.demand.table_cells import Shares, independent_blocks, key_columns, numbers, shared_factors
from meio.demand.table_laws import TableLaw
from meio.demand.update import reconcile
from meio.network.compiled import Floats, Ints


@dataclass(frozen=True, eq=False)
class ReconciledTable:
    """A table of forecasts that keeps its laws.

    Attributes
    ----------
    frame : data frame
        As given, with the columns ``mean`` and ``sd`` renewed.
    blocks : sequence of (rows, forecast)
        Rows that laws or correlation tie together, as positions, and their forecast; all rows are in one block each.
    """

    frame: pd.DataFrame
    blocks: Sequence[tuple[Ints, Forecast | NonnegativeForecast | ShapedForecast]]

    def sample(self, num_samples: int, seed: int = 0) -> Floats:
        """Array [sample, row]; every sample keeps the exact laws. Same seed, same samples."""
        samples = np.empty((num_samples, len(self.frame)))
        streams = np.random.SeedSequence(seed).spawn(len(self.blocks))
        for (rows, forecast), stream in zip(self.blocks, streams, strict=True):
            samples[:, rows] = forecast.sample(num_samples, np.random.default_rng(stream))
        return samples

    def quantiles(self, probabilities: Sequence[float], num_samples: int = 1000, seed: int = 0) -> pd.DataFrame:
        """Key columns, and a column of quantiles over samples for each probability, such as ``0.9``."""
        values = np.quantile(self.sample(num_samples, seed), probabilities, axis=0)
        columns = {f"{probability:g}": value for probability, value in zip(probabilities, values, strict=True)}
        return self.frame.drop(columns=["mean", "sd"]).assign(**columns)


def reconcile_table(
    frame: pd.DataFrame,
    laws: Sequence[TableLaw],
    *,
    correlation: Shares | None = None,
    covariance: ArrayLike | None = None,
    quantile: ArrayLike | None = None,
    nonnegative: bool = True,
) -> ReconciledTable:
    """Return a table of forecasts that keeps laws, and has no negative demand.

    Parameters
    ----------
    frame : data frame
        Columns ``mean`` and ``sd``, and key columns that together name a cell: all others.
    laws : sequence of AddUp, Known, FlatEnd, ClosedCycle
    correlation : mapping of column, or of a tuple of columns, to a share of variance, optional
        Rows with the same labels there share a random factor, which is this share of each one's variance: two rows
        correlate by the sum of the shares they have in common. At most 1 together. A total's label is a label too.
    covariance : array [row, row], optional
        In place of ``sd`` and `correlation`.
    quantile : array [row, probability], optional
        Of each row's demand at `meio.demand.spans.PROBABILITIES`, as forecasts hold them. Samples then are spread as
        these say (a slow mover's counts stay counts, but for what the laws move them), not as a Gaussian; never below
        zero. ``mean`` and ``sd`` remain those of the Gaussian.
    nonnegative : bool
        Whether demand is kept from falling below zero.

    Raises
    ------
    LawError
        If laws contradict each other, or name what is not there.
    ValueError
        If the table, the correlation, the covariance or the quantiles are not as described above.
    """
    keys, mean = key_columns(frame), numbers(frame, "mean")
    ties, forecast_of = (
        _by_factors(frame, keys, correlation or {}) if covariance is None else _by_covariance(covariance, len(frame))
    )
    shapes = None if quantile is None else checked_quantiles(np.asarray(quantile, float), "quantile", (len(frame),))
    blocks: list[tuple[Ints, Forecast | NonnegativeForecast | ShapedForecast]] = []
    for rows, inner in independent_blocks([law for each in laws for law in each.laws(keys)], ties):
        before = forecast_of(rows, mean[rows])
        after = reconcile(before, inner)
        if shapes is not None:
            blocks.append((rows, ShapedForecast(before, inner, keep_nonnegative(after), shapes[rows])))
        else:
            blocks.append((rows, keep_nonnegative(after) if nonnegative else after))
    moments = np.empty((2, len(frame)))
    for rows, result in blocks:
        moments[:, rows] = result.mean, result.sd
    return ReconciledTable(frame.assign(mean=moments[0], sd=moments[1]), blocks)


_Part = Callable[[Ints, Floats], Forecast]


def _by_factors(frame: pd.DataFrame, keys: pd.DataFrame, correlation: Shares) -> tuple[sparse.csr_array, _Part]:
    """Ties between rows, and the forecast of some rows with their mean, from ``sd`` and shared factors."""
    sd = numbers(frame, "sd", least=0.0)
    loading, own = shared_factors(keys, correlation)

    def forecast_of(rows: Ints, mean: Floats) -> Forecast:
        part = loading[rows]
        factor = part[:, np.unique(part.indices)].toarray()
        return Forecast.from_factors(mean, sd[rows, None] * factor, own * sd[rows])

    return loading, forecast_of


def _by_covariance(covariance: ArrayLike, num_rows: int) -> tuple[sparse.csr_array, _Part]:
    """Ties between rows, and the forecast of some rows with their mean, from a covariance."""
    matrix = finite(covariance, "covariance", 2)
    if matrix.shape != (num_rows, num_rows):
        raise ValueError(f"covariance: found shape {matrix.shape}, expected {(num_rows, num_rows)} as the table's rows")

    def forecast_of(rows: Ints, mean: Floats) -> Forecast:
        return Forecast.from_covariance(mean, matrix[np.ix_(rows, rows)])

    return sparse.csr_array(abs(matrix) + abs(matrix.T)), forecast_of
