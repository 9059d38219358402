"""Demand of a window of whole days as the simulator draws it: probabilities of every number of units.

Probability in the far tail is left out, never moved: expectations of non-negative costs come out too low, not too high.
"""

from __future__ import annotations

import math

import numpy as np

from meio.network.compiled import EMPIRICAL, GAMMA, NEGATIVE_BINOMIAL, NORMAL, POISSON, Demand, Floats
from meio.network.jit import kernel
from meio.optimizer.loss_kernels import regularized_gamma_survival

MOST_UNITS = 4096  # windows with more demand than this are not worked out
_LEAST_PROBABILITY = 1e-15
_SPREAD = 10.0  # standard deviations
_SAME_DISPERSION = 1e-12


@kernel
def window_demand(
    demand: Demand, product: int, share: Floats, first_day: int, days: int, period_days: int, result: Floats
) -> int:
    """Fill `result` with the probabilities of a window's demand; their number, or 0 when it is too large.

    Parameters
    ----------
    share : array [stream of the product]
        Share of the stream's units that count.
    first_day, days : int
        The window, from the first day that counts.
    result : array [MOST_UNITS]
    """
    first_stream, end_stream = demand.product_ptr[product], demand.product_ptr[product + 1]
    part, scratch = np.empty(MOST_UNITS), np.empty(MOST_UNITS)
    result[0] = 1.0
    length = 1
    for stream in range(first_stream, end_stream):
        if share[stream - first_stream] <= 0.0:
            continue
        length = _add_stream(
            demand, stream, share[stream - first_stream], first_day, days, period_days, result, length, part, scratch
        )
        if length == 0:
            return 0
    return length


@kernel
def daily_units(demand: Demand, stream: int, period: int, num_periods: int, period_days: int) -> float:
    """Mean units of one day of a stream after rounding; a little too few beyond `MOST_UNITS`."""
    kind = demand.stream_kind[stream]
    mean = demand.daily_mean[stream, period]
    if kind <= NEGATIVE_BINOMIAL:
        return float(max(mean, 0.0))
    if mean <= 0.0 and kind != NORMAL:
        return 0.0
    if kind >= EMPIRICAL:
        cell = stream * num_periods + period
        return _mean_of_table(demand, cell, kind == EMPIRICAL) / period_days
    variance = demand.daily_variance[stream, period]
    if kind == NORMAL and variance >= 4.0 and mean - _SPREAD * math.sqrt(variance) > 1.0:
        return float(mean)  # rounding a wide normal away from zero is unbiased: the error is below exp(−2π²·variance)
    pmf = np.empty(MOST_UNITS)
    length = _rounded_day(kind, mean, variance, pmf)
    if length == 0:
        return float(max(mean - 0.5, 0.0))
    total = 0.0
    for units in range(length):
        total += units * pmf[units]
    return total


@kernel
def _add_stream(
    demand: Demand,
    stream: int,
    share: float,
    first_day: int,
    days: int,
    period_days: int,
    result: Floats,
    length: int,
    part: Floats,
    scratch: Floats,
) -> int:
    """Convolve `result` with what a stream brings in a window."""
    kind, num_periods = demand.stream_kind[stream], demand.daily_mean.shape[1]
    day, end = first_day, first_day + days
    run_mean, run_variance = 0.0, 0.0
    while day < end and length > 0:
        period = min(day // period_days, num_periods - 1)
        here = min(end, (period + 1) * period_days) - day
        mean, variance = demand.daily_mean[stream, period], demand.daily_variance[stream, period]
        day += here
        if mean <= 0.0 and kind != NORMAL:
            continue
        if kind <= NEGATIVE_BINOMIAL:
            variance = mean if kind == POISSON else max(variance, mean)
            more = here * (share * mean + share * share * (variance - mean))
            if run_mean > 0.0 and abs(run_variance / run_mean - more / (here * share * mean)) > _SAME_DISPERSION:
                size = _counts(run_mean, run_variance, part)
                length = _convolved(result, length, part, size, scratch)
                run_mean, run_variance = 0.0, 0.0
            run_mean += here * share * mean
            run_variance += more
        elif kind >= EMPIRICAL:
            size = _thinned_total(
                demand, stream * num_periods + period, kind == EMPIRICAL, share * here / period_days, part, scratch
            )
            length = _convolved(result, length, part, size, scratch)
        else:
            size = _thinned(part, _rounded_day(kind, mean, variance, part), share, scratch)
            for _ in range(here):
                length = _convolved(result, length, part, size, scratch)
    if run_mean > 0.0 and length > 0:
        length = _convolved(result, length, part, _counts(run_mean, run_variance, part), scratch)
    return length


@kernel
def _counts(mean: float, variance: float, pmf: Floats) -> int:
    """Poisson or negative binomial probabilities, from the most likely number outwards; 0: too many."""
    if mean + _SPREAD * math.sqrt(variance) + 20.0 >= MOST_UNITS:
        return 0
    if variance <= mean * (1.0 + _SAME_DISPERSION):
        mode = int(mean)
        log_mode = mode * math.log(mean) - mean - math.lgamma(mode + 1.0)
        ratio, size = 0.0, mean
    else:
        ratio = 1.0 - mean / variance
        shape = mean * mean / (variance - mean)
        mode = max(0, int((shape - 1.0) * ratio / (1.0 - ratio)))
        log_mode = math.lgamma(shape + mode) - math.lgamma(shape) - math.lgamma(mode + 1.0)
        log_mode += shape * math.log1p(-ratio) + mode * math.log(ratio)
        size = shape * ratio
    pmf[mode] = math.exp(log_mode)
    for units in range(mode, 0, -1):  # pmf[k + 1] / pmf[k] = (size + ratio k) / (k + 1)
        pmf[units - 1] = pmf[units] * units / (size + ratio * (units - 1))
    last = mode
    while last + 1 < MOST_UNITS and (last < mean or pmf[last] > _LEAST_PROBABILITY):
        pmf[last + 1] = pmf[last] * (size + ratio * last) / (last + 1)
        last += 1
    return last + 1


@kernel
def _rounded_day(kind: int, mean: float, variance: float, pmf: Floats) -> int:
    """A day of normal or gamma demand rounded to whole units, negative ones to 0; 0: too many."""
    deviation = math.sqrt(max(variance, 0.0))
    largest = int(max(mean, 0.0) + _SPREAD * deviation * (3.0 if kind == GAMMA else 1.0)) + 2
    if largest >= MOST_UNITS:
        return 0
    pmf[: largest + 1] = 0.0
    if variance <= 0.0:
        pmf[int(np.rint(max(mean, 0.0)))] = 1.0
        return largest + 1
    above = 1.0  # P(demand > units − ½)
    for units in range(largest + 1):
        edge = units + 0.5
        if kind == GAMMA:
            beyond = regularized_gamma_survival(mean * mean / variance, edge * mean / variance)
        else:
            beyond = 0.5 * math.erfc((edge - mean) / deviation / math.sqrt(2.0))
        pmf[units] = max(above - beyond, 0.0)
        above = beyond
    return largest + 1


@kernel
def _total_of_period(demand: Demand, cell: int, is_empirical: bool, pmf: Floats) -> int:
    """Probabilities of a period's rounded total; 0: too many."""
    first, last = demand.table_ptr[cell], demand.table_ptr[cell + 1] - 1
    largest = int(np.rint(max(demand.table_value[last], 0.0)))
    if largest + 1 >= MOST_UNITS:
        return 0
    pmf[: largest + 1] = 0.0
    before = 0.0
    for point in range(first, last + 1):
        probability = demand.table_probability[point] - before
        before = demand.table_probability[point]
        value = max(demand.table_value[point], 0.0)
        if is_empirical or point == first:
            pmf[int(np.rint(value))] += probability
        else:
            _spread(max(demand.table_value[point - 1], 0.0), value, probability, pmf)
    pmf[int(np.rint(max(demand.table_value[last], 0.0)))] += max(1.0 - before, 0.0)
    return largest + 1


@kernel
def _spread(low: float, high: float, probability: float, pmf: Floats) -> None:
    """Add a uniform amount between two values, rounded."""
    if high <= low:
        pmf[int(np.rint(low))] += probability
        return
    for units in range(int(np.rint(low)), int(np.rint(high)) + 1):
        overlap = min(high, units + 0.5) - max(low, units - 0.5)
        pmf[units] += probability * max(overlap, 0.0) / (high - low)


@kernel
def _mean_of_table(demand: Demand, cell: int, is_empirical: bool) -> float:
    pmf = np.empty(MOST_UNITS)
    length = _total_of_period(demand, cell, is_empirical, pmf)
    if length == 0:  # half a unit of rounding either way
        first, last = demand.table_ptr[cell], demand.table_ptr[cell + 1] - 1
        mean, before, former = 0.0, 0.0, demand.table_value[first]
        for point in range(first, last + 1):
            value, probability = demand.table_value[point], demand.table_probability[point]
            mean += (probability - before) * (value if is_empirical else 0.5 * (value + former))
            before, former = probability, value
        return float(max(mean + (1.0 - before) * former - 0.5, 0.0))
    total = 0.0
    for units in range(length):
        total += units * pmf[units]
    return total


@kernel
def _thinned_total(demand: Demand, cell: int, is_empirical: bool, share: float, pmf: Floats, scratch: Floats) -> int:
    return _thinned(pmf, _total_of_period(demand, cell, is_empirical, pmf), share, scratch)


@kernel
def _thinned(pmf: Floats, length: int, share: float, scratch: Floats) -> int:
    """Keep each unit with a probability, in place."""
    if share >= 1.0 or length <= 1:
        return length
    scratch[:length] = 0.0
    log_keep, log_drop = math.log(share), math.log1p(-share)
    for units in range(length):
        if pmf[units] <= _LEAST_PROBABILITY:
            continue
        log_all = math.lgamma(units + 1.0)
        for kept in range(units + 1):
            log_ways = log_all - math.lgamma(kept + 1.0) - math.lgamma(units - kept + 1.0)
            scratch[kept] += pmf[units] * math.exp(log_ways + kept * log_keep + (units - kept) * log_drop)
    pmf[:length] = scratch[:length]
    return length


@kernel
def _convolved(result: Floats, length: int, part: Floats, size: int, scratch: Floats) -> int:
    """Convolve in place and drop the empty end; 0: too many units."""
    if size == 0:
        return 0
    while size > 1 and part[size - 1] <= _LEAST_PROBABILITY:
        size -= 1
    total = length + size - 1
    if total > MOST_UNITS:
        return 0
    scratch[:total] = 0.0
    for units in range(length):
        if result[units] > 0.0:
            for more in range(size):
                scratch[units + more] += result[units] * part[more]
    while total > 1 and scratch[total - 1] <= _LEAST_PROBABILITY:
        total -= 1
    result[:total] = scratch[:total]
    return total
