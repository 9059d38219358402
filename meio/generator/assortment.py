"""The catalogue, drawn in groups of rows: what a product is like, and how much of it is wanted when."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from meio.generator.groups import GROUPS, HEAVIEST_KG

Floats = NDArray[np.float64]

ROW_GROUP = 10_000  # products; each group of rows is drawn whole, from a seed of its own
SLOW_SHARE = 0.8  # of the products
SLOW_UNITS_A_WEEK = 3.0  # what a slow mover sells less than, in the whole network, in ordinary weeks
RANK_EXPONENT = 0.871  # sales fall with rank to this power: Brynjolfsson, Hu, Smith (2003)
NON_SORTABLE_SALES = 0.55  # of what a sortable product sells
MEDIAN_DISPERSION = 1.5  # variance over mean of a week's demand
PEAK_SHAPE = (0, 0, 0, 0, 0, 0, 0.05, 0.2, 0.75, 0.95, 1.0, 0.9, 0.25)  # of the weeks before the year's end
_GOLDEN_RATIO = np.uint64(0x9E3779B97F4A7C15)  # less 1, times 2^64


class Assortment(NamedTuple):
    """Some consecutive products.

    Attributes
    ----------
    first : int
        Position of the first in the catalogue.
    group_idx : array [product]
        Position in `GROUPS`.
    volume_m3, weight_kg, unit_cost, price : array [product]
        As in the table of products.
    daily : array [product]
        Mean demand in units a day, in ordinary weeks.
    height : array [product]
        Demand at the height of the peak over that of an ordinary week, less 1.
    drift : array [product]
        Factor by which demand grows from the middle of the horizon to its end.
    dispersion : array [product]
        Variance over mean of a period's demand.
    quote : array [product]
        What the usual vendor asks, over the unit cost.
    """

    first: int
    group_idx: NDArray[np.int64]
    volume_m3: Floats
    weight_kg: Floats
    unit_cost: Floats
    price: Floats
    daily: Floats
    height: Floats
    drift: Floats
    dispersion: Floats
    quote: Floats

    def names(self) -> list[str]:
        """Names of the products; the same whatever the size of the catalogue."""
        return [f"P{number:09d}" for number in range(self.first + 1, self.first + 1 + len(self.daily))]


def draw_assortment(number: int, count: int, seed: int) -> Assortment:
    """Draw the first products of a group of rows.

    Parameters
    ----------
    number : int
        Which group of rows, from 0.
    count : int
        How many of its `ROW_GROUP` products; they do not depend on it.
    seed : int
        Of the scenario.
    """
    random = np.random.default_rng([seed, 1, number])
    shares = np.cumsum([group.share for group in GROUPS.values()])
    group_idx = np.searchsorted(shares, random.random(ROW_GROUP) * shares[-1], side="right")
    size = random.normal(0, 0.45, ROW_GROUP)
    price = _of_group("price", group_idx) * np.exp(0.5 * size + random.normal(0, 0.35, ROW_GROUP))
    weight = _of_group("weight_kg", group_idx) * np.exp(0.9 * size + random.normal(0, 0.2, ROW_GROUP))
    volume = _of_group("volume_m3", group_idx) * np.exp(size + random.normal(0, 0.2, ROW_GROUP))
    bulky = np.array([group.storage_type == "non_sortable" for group in GROUPS.values()])[group_idx]
    first = number * ROW_GROUP
    drawn = Assortment(
        first,
        group_idx,
        np.maximum(volume.round(5), 1e-5),
        np.minimum(weight, np.where(bulky, HEAVIEST_KG["non_sortable"], HEAVIEST_KG["sortable"])).round(2),
        (price * random.uniform(0.45, 0.60, ROW_GROUP)).round(2),
        price.round(2),
        ordinary_daily(first, seed) * np.where(bulky, NON_SORTABLE_SALES, 1.0),
        (_of_group("peak", group_idx) - 1) * random.gamma(12, 1 / 12, ROW_GROUP),
        np.exp(random.normal(0, 0.06, ROW_GROUP)),
        (1 + (MEDIAN_DISPERSION - 1) * np.exp(random.normal(0, 0.4, ROW_GROUP))).round(3),
        random.uniform(0.98, 1.02, ROW_GROUP),
    )
    return Assortment(first, group_idx[:count], *(column[:count] for column in drawn[2:]))


def ordinary_daily(first: int, seed: int) -> Floats:
    """Mean units a day in ordinary weeks of a group of rows of sortable products: lognormal over the catalogue.

    It is as wide as the top fifth's share of the sales asks that follows from `RANK_EXPONENT`; unlike under the power
    law itself, sales fall the faster with rank the rarer the product, as Brynjolfsson, Hu and Smith (2010) found. The
    quantiles are a golden-ratio sequence, so that any stretch of the catalogue has nearly the same mix.
    """
    start = np.random.default_rng([seed, 0]).integers(2**64, dtype=np.uint64)
    with np.errstate(over="ignore"):
        turns = start + np.arange(first, first + ROW_GROUP, dtype=np.uint64) * _GOLDEN_RATIO
    quantile = ((turns >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return np.asarray(SLOW_UNITS_A_WEEK / 7 * np.exp(tail_width() * (ndtri(quantile) - ndtri(SLOW_SHARE))))


def tail_width() -> float:
    """Standard deviation of the logarithm of demand: the top fifth sells 0.2^(1 - `RANK_EXPONENT`) of the units."""
    top = 1 - SLOW_SHARE
    return float(ndtri(top ** (1 - RANK_EXPONENT)) - ndtri(top))


def weekly_means(some: Assortment, num_weeks: int) -> Floats:
    """Mean units a week [product, week]."""
    drift = some.drift[:, None] ** np.linspace(-1, 1, num_weeks)
    peak = 1 + some.height[:, None] * np.array(peak_shape(num_weeks))
    return np.asarray((7 * some.daily[:, None] * drift * peak).round(4))


def peak_shape(num_weeks: int) -> list[float]:
    """Height of the peak by week, 1 at its height; it lies in the last weeks, whatever their number."""
    return [0.0] * (num_weeks - len(PEAK_SHAPE)) + list(PEAK_SHAPE[-num_weeks:])


def _of_group(trait: str, group_idx: NDArray[np.int64]) -> Floats:
    return np.array([float(getattr(group, trait)) for group in GROUPS.values()])[group_idx]
