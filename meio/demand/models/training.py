"""Which rows pooled models learn from: past moments of every series, some with their history hidden."""

from __future__ import annotations

import numpy as np

from meio.demand.models.features import Cells
from meio.demand.models.past import Past
from meio.demand.spans import Span
from meio.network.compiled import Floats, Ints

SHARE_HIDDEN = 0.1  # of rows that see no history, or hardly any: how a new product is learned
_HIDDEN_PERIODS = (0, 0, 1, 2, 4, 8)  # periods of history that such a row sees
_HALF_LIFE = 8  # weeks before the end at which a moment is drawn half as often
_EARLIEST = 4  # weeks before the first moment learned from
_OF_ALL = 20.0  # rows' worth of all moments' demand that a moment's is shrunk by
_LEAST = 0.05  # of all moments' demand that a moment's is taken to be at least


def training_cells(past: Past, spans: tuple[Span, ...], weeks: int, seed: int, max_rows: int) -> tuple[Cells, Floats]:
    """Draw past moments and spans of which the total is known, and return them with these totals [cell].

    Later moments are drawn more often. There are at most `max_rows`, so that fitting takes no longer for more series.

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
    span_idx, origin = _moments(past.num_periods, spans, weeks)
    chance = 0.5 ** ((past.num_periods - origin) / (_HALF_LIFE * weeks))
    if past.num_series * chance.sum() > max_rows:
        series_idx = random.integers(0, past.num_series, max_rows)
        moment = random.choice(origin.size, max_rows, p=chance / chance.sum())
    else:
        series_idx, moment = np.nonzero(random.random((past.num_series, origin.size)) < chance)
    origin = origin[moment]
    first, last = np.array(spans, dtype=np.int64)[span_idx[moment]].T
    born = past.born[series_idx]
    hidden = random.random(series_idx.size) < SHARE_HIDDEN
    seen = random.choice(_HIDDEN_PERIODS, series_idx.size) * weeks
    born = np.where(hidden, np.maximum(born, origin - seen), born)
    total, known = past.total(series_idx, origin + first - 1, origin + last)
    keep = known == last - first + 1
    cells = Cells(*(each[keep] for each in (series_idx, origin, born, first, last)))
    return cells, total[keep]


def evened(cells: Cells, total: Floats, scale: Floats) -> Floats:
    """Totals [cell] without the part of their moment's ups and downs that all series share.

    Weeks are few and rows are many, so a model takes a good week of all for what age or price does. A moment's level
    is its sum of √total over its sum of √scale, which single bulk orders hardly move; each is brought to the level of
    all moments of the span.

    Parameters
    ----------
    cells : Cells
    total, scale : array [cell]
        Units that came, and units expected if demand had gone on as before.
    """
    span = cells.first * (cells.last.max(initial=0) + 1) + cells.last
    _, span_idx = np.unique(span, return_inverse=True)
    _, moment = np.unique(np.stack([cells.origin, span]), axis=1, return_inverse=True)
    root_total, root_scale = np.sqrt(total), np.sqrt(scale)
    of_span = (np.bincount(span_idx, root_total) / np.bincount(span_idx, root_scale))[span_idx]
    weight = _OF_ALL * root_scale.mean()
    shrunk = np.bincount(moment, root_total)[moment] + weight * of_span
    of_moment = shrunk / (np.bincount(moment, root_scale)[moment] + weight)
    level = np.divide(of_moment, of_span, out=np.ones_like(scale), where=of_span > 0) ** 2
    return np.asarray(total / np.maximum(level, _LEAST))


def _moments(num_periods: int, spans: tuple[Span, ...], weeks: int) -> tuple[Ints, Ints]:
    """Spans, by position, and origins that they follow within the history, [moment] each."""
    earliest = min(_EARLIEST * weeks, num_periods // 2)
    origins = [np.arange(earliest, num_periods - span.last + 1) for span in spans]
    return np.repeat(np.arange(len(spans)), [each.size for each in origins]), np.concatenate(origins)
