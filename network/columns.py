"""Table columns as arrays the kernels accept: contiguous, writable, of one width."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
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
    return integers(pd.Index(names).get_indexer(pd.Index(wanted)))
