"""Levels that stock can follow, and what their orders bring in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.optimizer.model import PlanningModel

if TYPE_CHECKING:
    from meio.optimizer.block_kernels import Decisions


def taken_units(model: PlanningModel, decisions: Decisions) -> Floats:
    """Units taken from each position since the first period, [product, node, period]."""
    from meio.optimizer.path_kernels import fill_taken

    taken = np.empty_like(decisions.level)
    fill_taken(decisions.consumed, decisions.lane_idx, model.lead_days, model.period_days, taken)
    return taken


def levelled(level: Floats, taken: Floats) -> Floats:
    """Levels that can be followed, as near as can be."""
    from meio.optimizer.path_kernels import level_out

    level = level.copy()
    level_out(level, taken)
    return level


def left_over(level: Floats, taken: Floats, whole_units: bool) -> Floats:
    """Levels, and where they fall too fast, what demand leaves of the earlier ones."""
    highest = np.maximum.accumulate(level + taken, axis=-1) - taken
    return np.asarray(np.maximum(level, np.rint(highest)) if whole_units else highest)


def lowered_before(level: Floats, taken: Floats, period: int, units: Floats, whole_units: bool) -> Floats:
    """Levels [row, period] after taking units [row] off one period's, and off earlier ones that would leave more."""
    most = (level[:, period] - units)[:, None] + taken[:, period : period + 1] - taken[:, : period + 1]
    lowered = level.copy()
    lowered[:, : period + 1] = np.clip(np.rint(most) if whole_units else most, 0.0, level[:, : period + 1])
    return lowered


def ordered_units(level: Floats, taken: Floats) -> Floats:
    """Units that orders bring in each period after the first, [row, period]; those of the first are 0."""
    rise = np.diff(level + taken, axis=1, prepend=(level + taken)[:, :1])
    return np.asarray(np.maximum(0.0, rise))


def rows_on(lane_idx: Ints, node: int, lane: int | None) -> Ints:
    """Products that a node orders, or that it orders on one lane."""
    return np.flatnonzero(lane_idx[:, node] >= 0 if lane is None else lane_idx[:, node] == lane)
