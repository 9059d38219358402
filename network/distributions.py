"""Moments of lead times and of demand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import DETERMINISTIC, EMPIRICAL_LEAD_TIME, GAMMA_LEAD_TIME, LOGNORMAL, Floats, Ints
from meio.network.model import LeadTime

_LEAD_TIME_KIND = {
    "deterministic": DETERMINISTIC,
    "gamma": GAMMA_LEAD_TIME,
    "lognormal": LOGNORMAL,
    "empirical": EMPIRICAL_LEAD_TIME,
}


class LeadTimeMoments(NamedTuple):
    """A lead time as the kernels know it, days."""

    kind: int
    mean: float
    sd: float
    least: float


def lead_time_moments(lead_time: LeadTime) -> LeadTimeMoments:
    """Kind, mean, standard deviation and least value; a gamma or lognormal that does not vary is deterministic."""
    if lead_time.values is not None:
        values = np.asarray(lead_time.values)
        return LeadTimeMoments(EMPIRICAL_LEAD_TIME, float(values.mean()), float(values.std()), float(values.min()))
    mean = lead_time.mean or 0.0
    sd = mean * (lead_time.cv or 0.0)
    if sd == 0:
        return LeadTimeMoments(DETERMINISTIC, mean, 0.0, mean)
    return LeadTimeMoments(_LEAD_TIME_KIND[lead_time.distribution], mean, sd, 0.0)


def empirical_moments(ptr: Ints, value: Floats, probability: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of discrete distributions given by points and cumulative probabilities.

    Parameters
    ----------
    ptr : array [distribution + 1]
        Points of each distribution, at least one.
    value : array [point]
        Ascending within a distribution.
    probability : array [point]
        Cumulative probability at each value; the last of each distribution is 1.
    """
    step = np.diff(probability, prepend=0.0)
    step[ptr[:-1]] = probability[ptr[:-1]]
    return _mean_and_variance(ptr, step * value, step * value**2)


def quantile_moments(ptr: Ints, value: Floats, probability: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of distributions whose inverse CDF is piecewise linear through the points.

    The inverse CDF is constant below the first and above the last probability. Parameters as `empirical_moments`,
    but for the last probability, which may be below 1.

    Notes
    -----
    Between two points the value is uniform: mean (a + b) / 2 and mean square (a² + ab + b²) / 3.
    """
    first = ptr[:-1]
    lower, step = np.roll(value, 1), np.diff(probability, prepend=0.0)
    lower[first], step[first] = value[first], probability[first]
    square = step * (lower**2 + lower * value + value**2) / 3
    mean = step * (lower + value) / 2
    last = ptr[1:] - 1
    mean[last] += (1 - probability[last]) * value[last]
    square[last] += (1 - probability[last]) * value[last] ** 2
    return _mean_and_variance(ptr, mean, square)


def _mean_and_variance(ptr: Ints, mean_part: Floats, square_part: Floats) -> tuple[Floats, Floats]:
    mean = np.add.reduceat(mean_part, ptr[:-1])
    return mean, np.maximum(np.add.reduceat(square_part, ptr[:-1]) - mean**2, 0.0)
