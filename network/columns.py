"""Table columns as arrays the kernels accept: contiguous, writable, of one width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from meio.network.compiled import Floats, Ints


def floats(column: ArrayLike | pd.Series) -> Floats:
    """Column as 64-bit floats."""
    return np.array(column, dtype=np.float64)


def integers(column: ArrayLike | pd.Series) -> Ints:
    """Column as 64-bit integers."""
    return np.array(column, dtype=np.int64)


def positions(names: Sequence[str] | pd.Series, wanted: Sequence[str] | pd.Series) -> Ints:
    """Position of each wanted name among the names; -1 for a name that is not among them."""
    found = pc.index_in(texts(wanted), value_set=texts(names))
    return integers(pc.fill_null(found, -1))


def texts(names: Iterable[str] | pd.Series) -> pa.Array:
    """Names as Arrow holds them, without a Python object for each where pandas holds them so too; missing ones null."""
    return pa.array(names if isinstance(names, pd.Series) else list(names), pa.large_string(), from_pandas=True)
