"""Which rows pooled models learn from: past moments of every series, some with their history hidden."""

from __future__ import annotations

import numpy as np

from meio.demand.models.features import Cells
from meio.demand.models.past import Past
from meio.demand.spans import Span
from meio.network.compiled import Floats

SHARE_HIDDEN = 0.1  # of rows that see no history, or hardly any: how a new product is learned
_HIDDEN_PERIODS = (0, 0, 1, 2, 4, 8)  # periods of history that such a row sees
_EARLIEST = 4  # weeks before the first moment learned from


def training_cells(past: Past, spans: tuple[Span, ...], weeks: int, seed: int, max_rows: int) -> tuple[Cells, Floats]:
    """Draw past moments and spans of which the total is known, and return them with these totals [cell].

    Drawn with equal chance from all series, moments and spans, so that fitting takes no longer for more series.

    Parameters
    ----------
    past : Past
    spans : tuple of Span
    weeks : int
        Periods in a week.
    seed : int
    max_rows : int
        Rows at most.
    """
    random = np.random.default_rng(seed)
    horizon = np.array([span.last for span in spans])
    earliest = min(_EARLIEST * weeks, past.num_periods // 2)
    num_origins = np.maximum(past.num_periods - horizon - earliest + 1, 0)
    number = past.num_series * num_origins.sum()
    drawn = random.permutation(number) if number <= max_rows else random.integers(0, number, max_rows)
    series_idx, moment = np.divmod(np.sort(drawn), max(num_origins.sum(), 1))
    ends = np.cumsum(num_origins)
    span_idx = np.searchsorted(ends, moment, side="right")
    origin = earliest + moment - (ends - num_origins)[span_idx]
    first, last = np.array(spans, dtype=np.int64)[span_idx].T
    born = past.born[series_idx]
    hidden = random.random(series_idx.size) < SHARE_HIDDEN
    seen = random.choice(_HIDDEN_PERIODS, series_idx.size) * weeks
    born = np.where(hidden, np.maximum(born, origin - seen), born)
    total, known = past.total(series_idx, origin + first - 1, origin + last)
    keep = known == last - first + 1
    cells = Cells(*(each[keep] for each in (series_idx, origin, born, first, last)))
    return cells, total[keep]
