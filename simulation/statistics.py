"""Statistics over replications: intervals of means and of ratios, and paired comparison."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from meio.simulation.measures import SimulationResult

Estimate = tuple[float, float, float]
"""A mean and the ends of its 95% confidence interval; the ends are NaN where there are too few values to tell."""


def mean_ci95(values: ArrayLike) -> Estimate:
    """Mean and the ends of its 95% confidence interval (Student's t); both ends are NaN for a single value."""
    sample = np.asarray(values, dtype=np.float64)
    mean = float(sample.mean())
    if len(sample) < 2:
        return mean, float("nan"), float("nan")
    half_width = float(stdtrit(len(sample) - 1, 0.975) * sample.std(ddof=1) / np.sqrt(len(sample)))
    return mean, mean - half_width, mean + half_width


def ratio_ci95(part: ArrayLike, whole: ArrayLike) -> Estimate:
    """Sum of parts over sum of wholes with its 95% interval by the delta method; NaN when the wholes sum to 0.

    Parameters
    ----------
    part, whole : array, [replication]
        Such as units filled and units demanded.

    Notes
    -----
    A replication with more demand weighs more. The interval is that of the mean of (part − ratio × whole) over the mean
    whole (Law 2015, section 9.5.3).
    """
    parts, wholes = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    if wholes.sum() == 0:
        return float("nan"), float("nan"), float("nan")
    ratio = float(parts.sum() / wholes.sum())
    _, low, high = mean_ci95((parts - ratio * wholes) / wholes.mean())
    return ratio, ratio + low, ratio + high


def relative_half_width(values: ArrayLike) -> float:
    """Half the 95% interval of the mean over the mean's size; infinite for a single value, 0 when all values are 0."""
    mean, _, high = mean_ci95(values)
    if np.isnan(high):
        return float("inf")
    half_width = high - mean
    return half_width / abs(mean) if mean != 0 else float("inf") if half_width > 0 else 0.0


def paired_saving(baseline: SimulationResult, plan: SimulationResult, column: str) -> Estimate:
    """Mean and 95% interval of baseline minus plan in a column of `cost`, paired by replication.

    Raises
    ------
    ValueError
        When the two were not simulated on the same random numbers.
    """
    if (baseline.seed, baseline.replications) != (plan.seed, plan.replications):
        raise ValueError("a paired comparison needs the same seed and number of replications in both simulations")
    return mean_ci95(baseline.cost[column].to_numpy() - plan.cost[column].to_numpy())


def cost_ci95(result: SimulationResult, kind: str) -> Estimate:
    """Mean of a column of `cost` and its 95% interval, with the sample's error where the result is an estimate."""
    if result.estimate is not None:
        return result.estimate.interval(f"cost:{kind}")
    return mean_ci95(result.cost[kind])


def rate_ci95(result: SimulationResult, speed: str, units: str) -> Estimate:
    """Units ``filled`` or ``on_time`` over those demanded at a speed, with a 95% interval that ends at 0 and 1."""
    if result.estimate is not None:
        rate, low, high = result.estimate.interval(f"{'fill_rate' if units == 'filled' else units}:{speed}")
    else:
        rows = result.service[result.service["speed"] == speed]
        rate, low, high = ratio_ci95(rows[units], rows["demand"])
    return rate, max(low, 0.0), min(high, 1.0)


def outbound_cost_ci95(result: SimulationResult) -> Estimate:
    """Outbound cost per unit shipped and its 95% interval."""
    if result.estimate is not None:
        return result.estimate.interval("outbound_cost_per_unit")
    return ratio_ci95(result.cost["outbound"], result.network["units_shipped"])
