"""When a product was on sale, and when nothing was recorded, judged from which periods have rows.

Tables leave out days without demand, so a period without rows may be one without demand, one before the product was
on sale, or one whose records are lost. A gap that chance rarely leaves is read as the latter two.
"""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Bools, Floats, Ints

_LAUNCH = 0.05  # probability of so long a gap before the first row, below which the product was not on sale yet
_LOST = 0.001  # probability of a period without any row of any product, below which its records are lost


def before_sale(rows: Bools, product_idx: Ints) -> tuple[Bools, list[str]]:
    """Periods before a product was on sale.

    Parameters
    ----------
    rows : array [series, period]
        Whether there is a row.
    product_idx : array [series]
        Not falling.

    Returns
    -------
    array [series, period]
        The same for all series of a product.
    list of str
        Note with the number of products.
    """
    sold = _any_of(rows, product_idx)
    num_periods = rows.shape[1]
    first = sold.argmax(axis=1)
    share = sold.sum(axis=1) / (num_periods - first)
    new = (1.0 - share) ** first < _LAUNCH
    before = np.arange(num_periods) < np.where(new, first, 0)[:, None]
    num_new = int((before.any(axis=1)).sum())
    notes = [f"{num_new:,} products first sold later: no demand is read before"] if num_new else []
    return before[product_idx], notes


def not_recorded(rows: Bools, unsold: Bools, product_idx: Ints, cycle: int) -> tuple[Bools, list[str]]:
    """Periods in which no product has a row, although chance would hardly leave none.

    Parameters
    ----------
    rows, unsold : array [series, period]
        Whether there is a row; whether the product was not on sale yet.
    cycle : int
        Periods after which the usual share of rows repeats: 7 for days, of which some the shop may be closed.

    Returns
    -------
    array [period]
    list of str
        Note with their number.
    """
    sold, late = _any_of(rows, product_idx), _any_of(unsold, product_idx)
    lost = np.zeros(rows.shape[1], bool)
    for first in range(cycle):
        part = slice(first, None, cycle)
        usual = _usual_share(sold[:, part], late[:, part])
        with np.errstate(divide="ignore"):
            chance = np.where(late[:, part], 0.0, np.log1p(-usual)[:, None]).sum(axis=0)
        lost[part] = ~sold[:, part].any(axis=0) & (chance < np.log(_LOST))
    count = int(lost.sum())
    notes = [f"{count:,} periods without any row, which chance hardly leaves: demand unknown"] if count else []
    return lost, notes


def _usual_share(sold: Bools, late: Bools) -> Floats:
    """Share of the periods on sale that have a row, array [product]."""
    on_sale = (~late).sum(axis=1)
    share = np.zeros(len(sold))
    np.divide(sold.sum(axis=1), on_sale, out=share, where=on_sale > 0)
    return share


def _any_of(cells: Bools, product_idx: Ints) -> Bools:
    """Whether any series of a product has it, array [product, period]."""
    return np.logical_or.reduceat(cells, np.flatnonzero(np.diff(product_idx, prepend=-1)))
