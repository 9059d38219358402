"""When orders can leave on each lane, how long they are on their way, and before when they cannot be sold."""

from __future__ import annotations

import numpy as np
from scipy import stats

from meio.network.compiled import (
    DETERMINISTIC,
    EMPIRICAL_LEAD_TIME,
    GAMMA_LEAD_TIME,
    Bools,
    CompiledScenario,
    Floats,
    Ints,
)
from meio.optimizer.departures import days_until_departure, departure_days

DEPARTURES_PER_DAY = 24  # of one product on one lane, where the scenario does not say how many there can be
NO_END = 1 << 30  # days: no longest lead time
_TINY = 1e-9


def _from_vendor(compiled: CompiledScenario) -> Bools:
    return np.asarray(compiled.lanes.source_idx >= len(compiled.names.nodes))


def _at_midnight(compiled: CompiledScenario) -> Bools:
    """Lanes whose departures are all at midnight: from vendors, at reviews."""
    return np.asarray(_from_vendor(compiled) & (compiled.lanes.review_every_days > 0))


def _longest(compiled: CompiledScenario) -> Floats:
    """Longest lead time of each lane, days; inf where there is none."""
    lanes = compiled.lanes
    longest = np.full(len(lanes.source_idx), np.inf)
    fixed = lanes.lead_time_kind == DETERMINISTIC
    longest[fixed] = lanes.lead_time_mean_days[fixed]
    for lane in np.flatnonzero(lanes.lead_time_kind == EMPIRICAL_LEAD_TIME):
        longest[lane] = lanes.lead_time_values[lanes.lead_time_ptr[lane] : lanes.lead_time_ptr[lane + 1]].max()
    return longest


def most_transit_days(compiled: CompiledScenario) -> Ints:
    """Closes between departure and arrival, at most."""
    longest = _longest(compiled)
    finite = np.where(np.isfinite(longest), longest, 0.0)
    days = np.where(_at_midnight(compiled), np.floor(finite + _TINY), np.ceil(finite - _TINY))
    return np.where(np.isfinite(longest), days, NO_END).astype(np.int64)


def _survival(compiled: CompiledScenario, lane: int, days: Floats) -> Floats:
    """P(lead time ≥ days) of one lane."""
    lanes = compiled.lanes
    kind, mean, sd = lanes.lead_time_kind[lane], lanes.lead_time_mean_days[lane], lanes.lead_time_sd_days[lane]
    if kind == DETERMINISTIC:
        return np.asarray(days <= mean + _TINY, dtype=np.float64)
    if kind == EMPIRICAL_LEAD_TIME:
        values = lanes.lead_time_values[lanes.lead_time_ptr[lane] : lanes.lead_time_ptr[lane + 1]]
        return np.asarray((values[:, None] >= days.ravel() - _TINY).mean(axis=0)).reshape(days.shape)
    if kind == GAMMA_LEAD_TIME:
        return np.asarray(stats.gamma.sf(days, (mean / sd) ** 2, scale=sd**2 / mean))
    log_variance = np.log1p((sd / mean) ** 2)
    return np.asarray(stats.lognorm.sf(days, np.sqrt(log_variance), scale=mean * np.exp(-log_variance / 2)))


def still_in_transit(compiled: CompiledScenario) -> Floats:
    """Bound on P(more than x closes on the way), whatever is known at departure, [lane, x].

    Where later departures wait for earlier ones, a unit may wait for any that is still on its way; given that it is,
    its remaining time is known in distribution. The bound takes all of them to be still on their way.
    """
    lanes = compiled.lanes
    num_days = compiled.num_periods * compiled.period_days
    day = np.arange(num_days + 1)
    most, at_midnight = most_transit_days(compiled), _at_midnight(compiled)
    bound = (day < most[:, None]).astype(np.float64)
    for lane in range(len(lanes.source_idx)):
        own = _survival(compiled, lane, day + at_midnight[lane] * 1.0)
        if lanes.crossover[lane]:
            bound[lane] = np.minimum(own, bound[lane])
        elif most[lane] == NO_END:
            bound[lane] = _behind_others(compiled, lane, bool(at_midnight[lane]), own, day)
    return bound


def _behind_others(compiled: CompiledScenario, lane: int, at_midnight: bool, own: Floats, day: Ints) -> Floats:
    """The bound of `still_in_transit` for a lane without a longest lead time that keeps its order, [day].

    Remaining times are longest at one of the ends of each interval of elapsed time, since hazards rise, fall, or rise
    and then fall; every such end is counted.
    """
    lanes = compiled.lanes
    can_wait = np.isfinite(lanes.capacity_units_per_day[lane]).any() or not departure_days(compiled)[lane].all()
    by_calendar = at_midnight and not can_wait
    spacing = int(lanes.review_every_days[lane]) if by_calendar else 1
    together = 1 if by_calendar else DEPARTURES_PER_DAY
    longest = int(day[-1]) + compiled.warm_up_days + spacing
    earlier = np.arange(spacing, longest + 1, spacing, dtype=np.float64)
    arrived = (1.0 - own) ** together
    ends: tuple[Floats, ...] = (earlier,) if at_midnight else (np.maximum(earlier - 1.0, 0.0), earlier + 1.0)
    for at in ends:
        left = _survival(compiled, lane, at)
        known = left > 1e-280
        later = _survival(compiled, lane, at[known, None] + day[None, :] + at_midnight * 1.0)
        remaining = np.minimum(later / left[known, None], 1.0)
        arrived = arrived * np.prod((1.0 - remaining) ** together, axis=0)
    return np.asarray(1.0 - arrived)


def next_departure(compiled: CompiledScenario) -> Ints:
    """First day on which an order can leave after a day's reviews, [lane, day].

    The next review, the next day where orders can wait, the same day where they are placed at each demand; or the first
    day of departure after that.
    """
    lanes = compiled.lanes
    every, offset = np.maximum(lanes.review_every_days, 1)[:, None], lanes.review_offset_days[:, None]
    limited = np.asarray(np.isfinite(lanes.capacity_units_per_day).any(axis=1))
    waits = (limited | ~departure_days(compiled).all(axis=1) | ~_from_vendor(compiled))[:, None]
    day = np.arange(compiled.num_periods * compiled.period_days)[None, :]
    reviewed = np.where(waits, day + 1, day + every - (day - offset) % every)
    ordered = np.where(lanes.review_every_days[:, None] > 0, reviewed, day)
    weekday = (compiled.first_weekday + ordered) % 7
    return np.asarray(ordered + np.take_along_axis(days_until_departure(compiled), weekday, axis=1))


def not_yet_sellable(compiled: CompiledScenario) -> Floats:
    """P(what leaves next cannot be sold before x days have passed), [lane, x]."""
    lanes, num_nodes = compiled.lanes, len(compiled.names.nodes)
    onward = np.where(compiled.nodes.serves_customers, 0.0, np.inf)
    for node in range(num_nodes)[::-1]:  # downstream first
        out = lanes.source_idx == node
        further = lanes.lead_time_least_days[out] + onward[lanes.node_idx[out]]
        onward[node] = min(float(onward[node]), float(further.min(initial=np.inf)))
    day = np.arange(compiled.num_periods * compiled.period_days + 1, dtype=np.float64)
    rows = []
    for lane, node in enumerate(lanes.node_idx):
        if not np.isfinite(onward[node]):
            rows.append(np.ones_like(day))
        elif lanes.crossover[lane]:
            rows.append((day <= lanes.lead_time_least_days[lane] + onward[node] + _TINY).astype(np.float64))
        else:
            rows.append(_survival(compiled, lane, day - onward[node]))
    return np.array(rows).reshape(len(lanes.node_idx), len(day))
