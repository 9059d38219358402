"""Read a table of forecasts: its key columns, moments and correlation, and which rows depend on each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from meio.demand.laws import Law, law_arrays
from meio.network.compiled import Floats, Ints
from meio.network.problems import one_of, shown

Shares = Mapping[str | tuple[str, ...], float]


def key_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns that name a cell: all but ``mean`` and ``sd``.

    Raises
    ------
    ValueError
        If there are none, a label is missing, or two rows name the same cell.
    """
    keys = frame.drop(columns=["mean", "sd"], errors="ignore").reset_index(drop=True)
    if keys.columns.empty:
        raise ValueError("the forecast has no key columns; expected some, such as product, zone, speed, period")
    for column in keys.columns[keys.isna().any()]:
        raise ValueError(f"column '{column}', row {int(keys[column].isna().argmax())}: found no label, expected one")
    twice = keys.duplicated()
    if twice.any():
        row = int(twice.argmax())
        labels = ", ".join(f"{column} {label}" for column, label in keys.iloc[row].to_dict().items())
        raise ValueError(f"row {row}: found {labels} a second time; expected one row for each cell")
    return keys


def numbers(frame: pd.DataFrame, column: str, least: float = -np.inf) -> Floats:
    """Return a column as finite numbers, array [row]; ValueError says which row is none or below the least."""
    if column not in frame.columns:
        raise ValueError(f"found no column '{column}', expected {one_of(list(map(str, frame.columns)))} and '{column}'")
    values = pd.to_numeric(frame[column], errors="coerce").to_numpy(float)
    bad = np.flatnonzero(~np.isfinite(values) | (values < least))
    if bad.size:
        wanted = "a finite number" if least == -np.inf else f"a finite number of {least:g} or more"
        raise ValueError(
            f"column '{column}', row {bad[0]}: found {shown(frame[column].iloc[bad[0]])}, expected {wanted}"
        )
    return values


def shared_factors(keys: pd.DataFrame, correlation: Shares) -> tuple[sparse.csr_array, float]:
    """Return the factors that rows share, and what is left as their own share of standard deviation.

    Returns
    -------
    loading : array [row, factor]
        Square root of the share of a row's variance.
    own : float

    Raises
    ------
    ValueError
        If a column is unknown, or shares are negative or add up to more than 1.
    """
    left = 1.0 - sum(correlation.values())
    if left < -1e-12 or any(not 0 <= share <= 1 for share in correlation.values()):
        raise ValueError(
            f"correlation: found {shown(dict(correlation))}, expected shares of 0 to 1, at most 1 together"
        )
    loadings = [sparse.csr_array((len(keys), 0))]
    for names, share in correlation.items():
        columns = [names] if isinstance(names, str) else list(names)
        for name in columns:
            if name not in keys.columns:
                raise ValueError(f"correlation: found no column '{name}', expected {one_of(list(keys.columns))}")
        label_idx = keys.groupby(columns, observed=True, sort=False).ngroup().to_numpy()
        entries = (np.full(len(keys), np.sqrt(share)), (np.arange(len(keys)), label_idx))
        loadings.append(sparse.csr_array(entries, shape=(len(keys), int(label_idx.max(initial=-1)) + 1)))
    return sparse.csr_array(sparse.hstack(loadings)), float(np.sqrt(max(left, 0.0)))


def independent_blocks(laws: Sequence[Law], ties: sparse.csr_array) -> Iterator[tuple[Ints, list[Law]]]:
    """Rows that laws or ties connect, as positions, with their laws over positions within the block.

    Parameters
    ----------
    laws : sequence of Law
    ties : array [row, tie]
        Rows with an entry in the same column depend on each other.
    """
    num_rows = ties.shape[0]
    joins = sparse.hstack([ties, abs(law_arrays(laws, num_rows).weights).T])
    graph = sparse.block_array([[None, joins], [joins.T, None]])
    block_of = connected_components(graph, directed=False)[1][:num_rows]
    order = np.argsort(block_of, kind="stable")
    place = np.empty(num_rows, np.int64)
    members = np.split(order, np.flatnonzero(np.diff(block_of[order])) + 1) if num_rows else []
    for rows in members:
        place[rows] = np.arange(rows.size)
    inner: dict[int, list[Law]] = {}
    for law in laws:
        inner.setdefault(int(block_of[law.cells_idx[0]]), []).append(replace(law, cells_idx=place[law.cells_idx]))
    for rows in members:
        yield rows, inner.get(int(block_of[rows[0]]), [])
