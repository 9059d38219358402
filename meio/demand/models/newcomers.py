"""What to expect of a series without a history: what other series of its group sell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from meio.demand.models.past import Past
from meio.demand.models.samples import row_quantiles
from meio.demand.spans import PROBABILITIES, Span
from meio.network.compiled import Floats, Ints

if TYPE_CHECKING:
    from meio.demand.history import History

_FEWEST = 10  # series with a history that make a group


def newcomer_quantiles(history: History, spans: tuple[Span, ...]) -> Floats:
    """Return quantiles for the series without a history, [series, span, probability]; NaN for all others.

    They are the quantiles, over the series of the smallest group (category, brand, zone, …) of at least 10, of what
    each sold in the last as many periods; all series where no group is that large, 0 where no series has a history.
    """
    new = ~np.isfinite(history.units).any(axis=1)
    quantile = np.full((history.num_series, len(spans), len(PROBABILITIES)), np.nan)
    if not new.any():
        return quantile
    past = Past.of(history)
    for newcomers, peers in _peers(past, np.flatnonzero(new)):
        quantile[newcomers] = np.stack([_over(past, peers, span.length) for span in spans])
    return quantile


def _peers(past: Past, new: Ints) -> Iterator[tuple[Ints, Ints]]:
    """New series that share peers, and these: the series with a history in their smallest group of enough of them."""
    old = np.flatnonzero(past.born < past.num_periods)
    codes = [np.zeros(past.num_series, np.int64), *past.groups.values()]
    counts = [np.bincount(code[old], minlength=int(code.max(initial=0)) + 1) for code in codes]
    sizes = np.stack([count[code[new]] for count, code in zip(counts, codes, strict=True)])
    sizes[1:][sizes[1:] < _FEWEST] = past.num_series + 1
    smallest = np.argmin(sizes, axis=0)
    for column in np.unique(smallest):
        code, rows = codes[column], new[smallest == column]
        order, rows = (some[np.argsort(code[some], kind="stable")] for some in (old, rows))
        ends = counts[column].cumsum()
        groups, begins = np.unique(code[rows], return_index=True)
        for group, newcomers in zip(groups, np.split(rows, begins[1:]), strict=True):
            yield newcomers, order[ends[group] - counts[column][group] : ends[group]]


def _over(past: Past, peers: Ints, length: int) -> Floats:
    """Quantiles over series of their total over the last `length` periods, scaled up where fewer are known."""
    end = np.full(peers.size, past.num_periods)
    total, known = past.total(peers, np.maximum(end - length, 0), end)
    sample = total * length / np.maximum(known, 1)
    quantile: Floats = np.nan_to_num(row_quantiles(sample[None, :])[0])
    return quantile
