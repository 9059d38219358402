"""How long a simulation still shows its start: the days with other stock than it keeps later."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from meio.network.compiled import CompiledScenario, Floats
from meio.plans import Plan
from meio.simulation.statistics import mean_ci95
from meio.simulation.tally import Outcome

BATCH_DAYS = 5
WEEK = 7
FEWEST_DAYS = 28
NOTABLE = 0.1
"""Share of a level by which another must differ to count as another."""


def suggested_warm_up(compiled: CompiledScenario, plan: Plan, outcomes: Sequence[Outcome]) -> int | None:
    """Days at the horizon's beginning that still look like a start-up; None when the horizon does not tell.

    Without initial stock a replication starts with the first period's targets on hand and nothing on the way, so its
    stock lies above what it keeps later (or below, when large packs and minimum orders lift it above the targets). With
    initial stock the start is no artefact, and no day is one of a start-up.
    The horizon tells when there are two replications or more, and the plan's total target stays within a tenth of its
    first for four weeks and two reviews or more: a season would look like a start-up otherwise. Only these days are
    looked at.
    """
    return suggested_at(compiled, target_m3(compiled, plan), outcomes)


def suggested_at(compiled: CompiledScenario, level: Floats, outcomes: Sequence[Outcome]) -> int | None:
    """The same for a plan whose targets add up to `level`, m³ [period]."""
    if compiled.stock.given:
        return 0
    steady = _steady_days(compiled, level)
    window = max(WEEK, int(compiled.lanes.review_every_days.max(initial=0)))
    complete = [outcome.tally for outcome in outcomes if outcome.failure is None]
    if len(complete) < 2 or steady < max(FEWEST_DAYS, 2 * window):
        return None
    stock = np.array([tally.storage_m3.sum(axis=(1, 2)) + tally.yard_m3.sum(axis=1) for tally in complete])
    return start_up_days(stock[:, :steady], window)


def start_up_days(stock: Floats, window: int) -> int:
    """Days whose stock lies notably above or below the level that it settles at.

    Parameters
    ----------
    stock : array, [replication, day]
        Two replications or more.
    window : int
        Days to average over, so that weekdays and reviews even out.

    Notes
    -----
    The level is the mean after MSER's truncation point, of stock averaged over replications and window (Welch). A
    start-up lasts while the window that begins on the day lies a tenth off the level, by more than chance.
    """
    level = stock[:, truncation(stock.mean(axis=0)) :].mean(axis=1)
    excess = sliding_window_view(stock, window, axis=1).mean(axis=-1) - level[:, np.newaxis]
    days = 0
    for of_day in excess.T:
        mean, low, high = mean_ci95(of_day)
        if abs(mean) <= NOTABLE * level.mean() or low <= 0 <= high:
            break
        days += 1
    return days


def truncation(series: Floats) -> int:
    """MSER-5: entries to leave out so that the mean of the others has the least standard error; at most half of them.

    References
    ----------
    White (1997), An effective truncation heuristic for bias reduction in simulation output.
    Hoad, Robinson and Davies (2010), Automating warm-up length estimation.
    """
    num_batches = len(series) // BATCH_DAYS
    batches = series[: num_batches * BATCH_DAYS].reshape(num_batches, BATCH_DAYS).mean(axis=1)
    errors = [batches[first:].var() / (num_batches - first) for first in range(num_batches // 2 + 1)]
    return BATCH_DAYS * int(np.argmin(errors))


def target_m3(compiled: CompiledScenario, plan: Plan) -> Floats:
    """Volume of all targets of a plan, m³ [period]."""
    level: Floats = np.einsum("p,pnt->t", compiled.products.volume_m3, plan.targets)
    return level


def _steady_days(compiled: CompiledScenario, level: Floats) -> int:
    """Days at the horizon's beginning over which the total target in m³ stays about the same."""
    others = np.flatnonzero(np.abs(level - level[0]) > NOTABLE * level[0])
    periods = others[0] if len(others) else compiled.num_periods
    return int(periods) * compiled.period_days
