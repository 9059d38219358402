"""Where storage is exceeded: cut the units worth least per m³, with whatever stock they would leave behind."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats
from meio.optimizer.evaluation import Evaluation, Evaluator
from meio.optimizer.paths import lowered_before

MOST_CUT = 0.1  # share of a level that one cut may take


def cut_storage(
    level: Floats, taken: Floats, current: Evaluation, evaluate: Evaluator, margin: float, whole_units: bool
) -> Floats:
    """Lower levels in place where storage is exceeded; return the use left, [node, storage type, period].

    It aims below capacity by a margin, a share of it.

    A slow mover's unit that is not wanted in one period must not have come in the periods before, for nobody takes it
    away. So a cut also lowers the earlier levels that would leave it there, and is worth all of them.
    """
    use, limit = current.use.storage.copy(), evaluate.shared.limit.storage
    kinds, lane_idx = evaluate.model.storage_type_idx, current.decisions.lane_idx
    for node, kind in np.argwhere((use > limit).any(axis=2)).tolist():
        rows = np.flatnonzero((kinds == kind) & (lane_idx[:, node] >= 0))
        volume = evaluate.model.volume_m3[rows]
        worth = np.maximum(current.decisions.worth[rows, node], 0.0)
        own, gone = level[rows, node], taken[rows, node]
        for period in range(own.shape[1] - 1, -1, -1):
            if use[node, kind, period] > limit[node, kind, period]:
                need = use[node, kind, period] - (1.0 - margin) * limit[node, kind, period]
                use[node, kind] -= _cut_period(own, gone, worth, volume, period, need, whole_units)
        level[rows, node] = own
    return use


def _cut_period(
    own: Floats, gone: Floats, worth: Floats, volume: Floats, period: int, need: float, whole_units: bool
) -> Floats:
    """Cut levels [row, period] until a period has `need` m³ less; return the m³ freed, [period]."""
    units = MOST_CUT * own[:, period]
    if whole_units:
        units = np.minimum(own[:, period], np.ceil(units))
    lowered = lowered_before(own, gone, period, units, whole_units)
    cut = own - lowered
    candidates = np.flatnonzero((units > 0) & (volume > 0))
    cost = (cut * worth)[candidates].sum(axis=1) / (units * volume)[candidates]
    order = candidates[np.argsort(cost, kind="stable")]
    freed = np.cumsum((units * volume)[order])
    chosen = order[: int(np.searchsorted(freed, need)) + 1]
    own[chosen] = lowered[chosen]
    return np.asarray((cut[chosen] * volume[chosen, None]).sum(axis=0))
