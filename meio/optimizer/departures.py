"""The days on which orders leave on a lane, and how long they wait for one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Bools, CompiledScenario, Floats, Ints

_WEEK = np.arange(7)
_HOUR = (np.arange(24) + 0.5) / 24.0  # orders of an hour are taken to come in its middle


class Wait(NamedTuple):
    """Time from the placing of an order to the next departure."""

    mean_days: Floats
    """[lane]"""
    variance: Floats
    """[lane], days²"""


def source_ships(compiled: CompiledScenario) -> Bools:
    """Weekdays on which the source of a lane ships, [lane, weekday]; vendors always do."""
    nodes = compiled.nodes.ship_delay_days[:, :, 0] == 0
    vendors = np.ones((len(compiled.names.vendors), 7), dtype=bool)
    return np.asarray(np.concatenate([nodes, vendors])[compiled.lanes.source_idx])


def departure_days(compiled: CompiledScenario) -> Bools:
    """Weekdays on which an order can leave, [lane, weekday]: the lane departs and its source ships."""
    return np.asarray(compiled.lanes.departs & source_ships(compiled))


def days_until_departure(compiled: CompiledScenario) -> Ints:
    """Days from a weekday to the next day of departure, [lane, weekday]; 0 on such a day."""
    leaves = departure_days(compiled)
    return np.stack([leaves[:, (weekday + _WEEK) % 7].argmax(axis=1) for weekday in _WEEK], axis=1)


def wait_for_departure(compiled: CompiledScenario) -> Wait:
    """Wait of an order on each lane, over the reviews of many weeks; where every demand orders, over its moments.

    It is 0 where each review falls on a day of departure. A whole wait ends at midnight.
    """
    lanes, days = compiled.lanes, days_until_departure(compiled)
    first = (compiled.first_weekday + lanes.review_offset_days)[:, None]
    at_reviews = np.take_along_axis(days, (first + lanes.review_every_days[:, None] * _WEEK) % 7, axis=1)
    by_hour = np.maximum(days[:, :, None] - _HOUR, 0.0)  # [lane, weekday, hour]
    hourly = compiled.demand.hourly_share
    mean = (by_hour @ hourly).mean(axis=1)
    variance = ((by_hour - mean[:, None, None]) ** 2 @ hourly).mean(axis=1)
    at_each_demand = lanes.review_every_days == 0
    return Wait(
        np.where(at_each_demand, mean, at_reviews.mean(axis=1)),
        np.where(at_each_demand, variance, at_reviews.var(axis=1)),
    )
