"""How large an experiment must be, and what one of a given size can find."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit

from meio.network.compiled import Floats, Ints

SIZE = 0.05  # of the two-sided test
_MOST_UNITS = 10**9


def smallest_effect(standard_error: float, power: float) -> float:
    """Effect that an experiment with this standard error finds with the given power; the unit of the error."""
    return float(ndtri(1.0 - SIZE / 2.0) + ndtri(power)) * standard_error


def units_needed(spread: float, effect: float, power: float) -> int:
    """Differences with this standard deviation until their mean shows an effect with the given power, by Student's t.

    Units without a spread need two, all others at least three.
    """
    if spread == 0.0:
        return 2
    number = 3
    for _ in range(100):
        quantiles = stdtrit(number - 1, 1.0 - SIZE / 2.0) + stdtrit(number - 1, power)
        next_number = max(3, math.ceil((float(quantiles) * spread / effect) ** 2))
        if next_number >= _MOST_UNITS or next_number == number:
            return next_number
        number = next_number
    return number


def components(weekly: Floats, group: Ints) -> tuple[float, float]:
    """Variance between products of a group that stays over weeks, and variance from week to week.

    Parameters
    ----------
    weekly : array [week, product]
        Adjusted outcomes; weeks count as independent.
    group : array of int [product]
        Arms of strata.
    """
    num_weeks = len(weekly)
    size = np.bincount(group)
    mean = weekly.mean(axis=0)
    inside = mean - (np.bincount(group, mean) / np.maximum(size, 1))[group]
    of_means = float((inside**2).sum()) / max(len(mean) - int((size > 0).sum()), 1)
    within = float(weekly.var(axis=0, ddof=1).mean()) if num_weeks > 1 else 0.0
    return max(of_means - within / num_weeks, 0.0), within


def products_table(between: float, within: float, weeks: int, effect: float, power: float) -> pd.DataFrame:
    """Products needed, half of them treated, for experiments of several lengths.

    Returns
    -------
    DataFrame
        Columns design, weeks (that count), products, pairs (missing).
    """
    rows = []
    for length in (weeks, 2 * weeks, 4 * weeks):
        spread = 2.0 * math.sqrt(between + within / length)  # of the effect, times the root of the number of products
        number = units_needed(spread, effect, power)
        rows.append(("products", length, number + number % 2))
    return pd.DataFrame(rows, columns=["design", "weeks", "products"])


def weeks_table(spread: float, num_products: int, block_weeks: int, effect: float, power: float) -> pd.DataFrame:
    """Weeks needed for a switchback, from the standard deviation of the differences within pairs of blocks.

    Returns
    -------
    DataFrame
        Columns as `products_table`; the weeks are all weeks of the experiment.
    """
    pairs = max(units_needed(spread, effect, power), 6)  # below six pairs no p-value can be under 5%
    return pd.DataFrame([("weeks", 2 * block_weeks * pairs, num_products)], columns=["design", "weeks", "products"])
