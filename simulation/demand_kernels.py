"""A day's customer orders, drawn from the product's streams and sorted by time."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from meio.network.compiled import EMPIRICAL, NEGATIVE_BINOMIAL, NORMAL, POISSON, Demand, Floats
from meio.network.jit import kernel
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.clock_kernels import period_of
from meio.simulation.drawn import ORDERS_PER_BUCKET, DayOrders, Drawing, ShortInts
from meio.simulation.streams import Keys
from meio.simulation.streams_kernels import (
    derived_key,
    gamma,
    negative_binomial,
    poisson,
    random_bits,
    standard_normal,
    start,
    uniform,
)
from meio.simulation.world import Clock, Guides

COUNT, CLASS_AND_TIME, DAY_OF_UNIT = range(3)  # purposes of a day's or a period's numbers
_HALF_WORD = np.uint64(32)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_TO_UNIT = 2.0**-32
_Scalar = TypeVar("_Scalar", bound=np.generic)


@kernel
def draw_day_orders(
    demand: Demand, guides: Guides, clock: Clock, stream_key: Keys, draws: Keys, scratch: Drawing, day: int
) -> DayOrders:
    """All orders of a day, by time.

    Parameters
    ----------
    demand : Demand
    guides : Guides
    clock : Clock
    stream_key : array of uint64 [stream]
        The replication's keys.
    draws : array of uint64 [2]
        Scratch.
    scratch : Drawing
        The orders of one day may stay here until the next is drawn.
    day : int
    """
    units, num_orders = _fitting(scratch.units, len(stream_key)), 0
    for stream in range(len(stream_key)):
        units[stream] = units_of_day(demand, clock, stream, stream_key[stream], draws, day)
        num_orders += units[stream]
    bucket_end = _fitting(scratch.bucket_end, num_orders // ORDERS_PER_BUCKET + 1)
    bucket_end[:] = 0
    minute = _fitting(scratch.as_drawn.minute, num_orders)
    product_idx = _fitting(scratch.as_drawn.product_idx, num_orders)
    class_idx = _fitting(scratch.as_drawn.class_idx, num_orders)
    order, buckets_per_minute = 0, num_orders / ORDERS_PER_BUCKET / MINUTES_PER_DAY
    for stream in range(len(stream_key)):
        if units[stream] == 0:
            continue
        key, product = key_of_units(stream_key[stream], day), guides.stream_product_idx[stream]
        for unit in range(units[stream]):
            minute[order], class_idx[order] = draw_unit(demand, guides, stream, key, unit)
            product_idx[order] = product
            bucket_end[int(minute[order] * buckets_per_minute)] += 1
            order += 1
    return _by_time(DayOrders(minute, product_idx, class_idx), bucket_end, buckets_per_minute, scratch.by_time)


@kernel
def _fitting(scratch: NDArray[_Scalar], length: int) -> NDArray[_Scalar]:
    """The beginning of an array, or a new one where it is too short."""
    return scratch[:length] if length <= len(scratch) else np.empty(length, dtype=scratch.dtype)


@kernel
def key_of_units(stream_key: np.uint64, day: int) -> np.uint64:
    """Key from which the units of a stream's day draw their moments and classes."""
    return derived_key(derived_key(stream_key, day), CLASS_AND_TIME)


@kernel
def draw_unit(demand: Demand, guides: Guides, stream: int, key: np.uint64, unit: int) -> tuple[float, int]:
    """Minute of the day and class of one unit of a stream's day."""
    bits = random_bits(key, unit)
    minute = _minute(guides, float(bits & _LOW_HALF) * _TO_UNIT)
    return minute, _class(demand, guides, stream, float(bits >> _HALF_WORD) * _TO_UNIT)


@kernel
def units_of_day(demand: Demand, clock: Clock, stream: int, key: np.uint64, draws: Keys, day: int) -> int:
    """Units that a stream sells on a day, drawn from the stream's key."""
    period = period_of(clock, day)
    mean, variance = demand.daily_mean[stream, period], demand.daily_variance[stream, period]
    kind = demand.stream_kind[stream]
    if mean <= 0.0 and kind != NORMAL:
        return 0
    if kind >= EMPIRICAL:
        return _units_of_period_on_day(demand, clock, stream, key, draws, day)
    start(draws, derived_key(derived_key(key, day), COUNT))
    if kind == POISSON:
        return poisson(draws, mean)
    if kind == NEGATIVE_BINOMIAL:
        return negative_binomial(draws, mean, variance)
    if kind == NORMAL:
        return _whole(mean + math.sqrt(variance) * standard_normal(draws))
    if variance <= 0.0:
        return _whole(mean)
    return _whole(gamma(draws, mean * mean / variance) * variance / mean)


@kernel
def _units_of_period_on_day(demand: Demand, clock: Clock, stream: int, key: np.uint64, draws: Keys, day: int) -> int:
    """Units of a period's total that fall on this day: every unit has a random day of the period."""
    calendar_period = day // clock.period_days
    # Distinct from the keys of days: a period's numbers are drawn below a key of their own.
    period_key = derived_key(derived_key(key, calendar_period), DAY_OF_UNIT)
    start(draws, derived_key(period_key, COUNT))
    total = _total_of_period(demand, stream * clock.num_periods + period_of(clock, day), stream, uniform(draws))
    today = day - calendar_period * clock.period_days
    day_key = derived_key(period_key, DAY_OF_UNIT)
    units = 0
    for unit in range(total):
        share = float(random_bits(day_key, unit) >> _HALF_WORD) * _TO_UNIT
        units += int(share * clock.period_days) == today
    return units


@kernel
def _total_of_period(demand: Demand, cell: int, stream: int, probability: float) -> int:
    """Inverse CDF: the first value that reaches the probability, or between two quantiles the straight line."""
    first, last = demand.table_ptr[cell], demand.table_ptr[cell + 1] - 1
    point = first
    while point < last and demand.table_probability[point] < probability:
        point += 1
    value = demand.table_value[point]
    if demand.stream_kind[stream] == EMPIRICAL or point == first or probability >= demand.table_probability[point]:
        return _whole(value)
    low, high = demand.table_probability[point - 1], demand.table_probability[point]
    below = demand.table_value[point - 1]
    return _whole(below + (value - below) * (probability - low) / (high - low))


@kernel
def _whole(units: float) -> int:
    return int(np.rint(max(units, 0.0)))


@kernel
def _minute(guides: Guides, share: float) -> float:
    """Minute of the day before which this share of a day's orders comes."""
    hour = guides.hour_guide[int(share * guides.hour_guide.shape[0])]
    while guides.hour_end[hour] <= share:
        hour += 1
    begin = guides.hour_end[hour - 1] if hour > 0 else 0.0
    length = min(guides.hour_end[hour], 1.0) - begin
    return float(60.0 * (hour + (share - begin) / length))


@kernel
def _class(demand: Demand, guides: Guides, stream: int, share: float) -> int:
    """Zone and speed: the class of the stream's mix at this share."""
    place = guides.class_guide[demand.mix_idx[stream], int(share * guides.class_guide.shape[1])]
    while guides.class_end[place] <= share:
        place += 1
    return int(demand.mix_class_idx[place])


@kernel
def _by_time(orders: DayOrders, bucket_end: ShortInts, buckets_per_minute: float, room: DayOrders) -> DayOrders:
    """Sorted by minute: spread over buckets of a few orders, then put right by insertion.

    Parameters
    ----------
    orders : DayOrders
    bucket_end : array of int [bucket]
        Orders in each bucket; changed.
    buckets_per_minute : float
    room : DayOrders
        Scratch.
    """
    num_orders = len(orders.minute)
    for bucket in range(1, len(bucket_end)):
        bucket_end[bucket] += bucket_end[bucket - 1]
    minute = _fitting(room.minute, num_orders)
    product_idx, class_idx = _fitting(room.product_idx, num_orders), _fitting(room.class_idx, num_orders)
    for order in range(num_orders - 1, -1, -1):
        bucket = int(orders.minute[order] * buckets_per_minute)
        place = bucket_end[bucket] - 1
        bucket_end[bucket] = place
        minute[place] = orders.minute[order]
        product_idx[place], class_idx[place] = orders.product_idx[order], orders.class_idx[order]
    for place in range(1, num_orders):
        if minute[place - 1] > minute[place]:
            _insert(minute, product_idx, class_idx, place)
    return DayOrders(minute, product_idx, class_idx)


@kernel
def _insert(minute: Floats, product_idx: ShortInts, class_idx: ShortInts, place: int) -> None:
    """Move one order down to its place among the sorted ones before it."""
    own_minute, product, order_class = minute[place], product_idx[place], class_idx[place]
    while place > 0 and minute[place - 1] > own_minute:
        minute[place], product_idx[place] = minute[place - 1], product_idx[place - 1]
        class_idx[place] = class_idx[place - 1]
        place -= 1
    minute[place], product_idx[place], class_idx[place] = own_minute, product, order_class
