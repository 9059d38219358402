"""How far demand lies above its forecast: a level per product, from what was seen so far.

References
----------
Jewell, W. (1975), "The use of collateral data in credibility theory: a hierarchical model".
Bühlmann, H. and Gisler, A. (2005), A Course in Credibility Theory and its Applications, chapters 3 and 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meio.network.compiled import NEGATIVE_BINOMIAL, POISSON, CompiledScenario, Demand, Floats, Ints

SPREAD = 0.2  # standard deviation of what a forecast is off by: of all products together, and of each beside that


@dataclass(frozen=True, eq=False)
class Expected:
    """A forecast of the days seen, [product]."""

    mean: Floats
    """Units."""
    variance: Floats


def expected_until(compiled: CompiledScenario, day: int) -> Expected:
    """Forecast of all days before one, warm-up included."""
    days = np.arange(-compiled.warm_up_days, day) // compiled.period_days
    num_days = np.bincount(np.maximum(days, 0), minlength=compiled.num_periods)
    demand = compiled.demand
    product_idx = np.repeat(np.arange(len(compiled.names.products)), np.diff(demand.product_ptr))

    def of_product(daily: Floats) -> Floats:
        units = np.zeros(len(compiled.names.products))
        np.add.at(units, product_idx, daily @ num_days)
        return units

    return Expected(of_product(demand.daily_mean), of_product(demand.daily_variance))


def levels(observed: Ints, expected: Expected) -> Floats:
    """Best linear estimate of demand over forecast, [product].

    Parameters
    ----------
    observed : array of int [product]
        Units asked for, filled or not.
    expected : Expected
        Forecast of the same days.

    Notes
    -----
    Each product's level is 1 on average, off by `SPREAD` together with all others and by `SPREAD` on its own. A
    product's own ratio weighs ``expected / (expected + dispersion / SPREAD²)``: for Poisson demand the estimate is the
    mean of a gamma posterior whose prior is worth 1 / SPREAD² = 25 units. The rest of the weight is on the common
    level, in which every product counts by that weight, and the forecast as one product that is known for certain.
    """
    mean, noise = expected.mean, expected.variance / SPREAD**2
    ratio = np.divide(observed, mean, out=np.zeros_like(mean), where=mean > 0)
    weight = np.divide(mean**2, mean**2 + noise, out=np.zeros_like(mean), where=mean > 0)
    common = (1.0 + weight @ ratio) / (1.0 + weight.sum())
    level: Floats = weight * ratio + (1.0 - weight) * common
    return level


def scaled(demand: Demand, product_level: Floats) -> Demand:
    """Demand at another level of each product; its coefficient of variation (counts: its dispersion) stays."""
    level = np.repeat(product_level, np.diff(demand.product_ptr))[:, None]
    counted = np.isin(demand.stream_kind, (POISSON, NEGATIVE_BINOMIAL))[:, None]
    points = np.diff(demand.table_ptr).reshape(demand.daily_mean.shape).sum(axis=1)
    return demand._replace(
        daily_mean=demand.daily_mean * level,
        daily_variance=demand.daily_variance * np.where(counted, level, level**2),
        table_value=demand.table_value * np.repeat(level[:, 0], points),
    )
