"""What to expect of a series without a history: what other series of its group sell."""

from __future__ import annotations

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
    past = Past.of(history)
    quantile = np.full((past.num_series, len(spans), len(PROBABILITIES)), np.nan)
    new = np.flatnonzero(past.born == past.num_periods)
    found: dict[bytes, Floats] = {}
    for row in new.tolist():
        peers = _peers(past, row)
        if peers.tobytes() not in found:
            found[peers.tobytes()] = np.stack([_over(past, peers, span.length) for span in spans])
        quantile[row] = found[peers.tobytes()]
    return quantile


def _peers(past: Past, row: int) -> Ints:
    """Series with a history in the smallest group of a series that has enough of them."""
    old = past.born < past.num_periods
    groups = [np.flatnonzero(old & (codes == codes[row])) for codes in past.groups.values()]
    return min((group for group in groups if group.size >= _FEWEST), key=len, default=np.flatnonzero(old))


def _over(past: Past, peers: Ints, length: int) -> Floats:
    """Quantiles over series of their total over the last `length` periods, scaled up where fewer are known."""
    end = np.full(peers.size, past.num_periods)
    total, known = past.total(peers, np.maximum(end - length, 0), end)
    sample = total * length / np.maximum(known, 1)
    quantile: Floats = np.nan_to_num(row_quantiles(sample[None, :])[0])
    return quantile
