"""Synthetic histories of demand with known truth, negative-binomial weeks of slow and fast movers; and as tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from meio.demand.history import History
from meio.demand.history_read import read_history
from meio.network.compiled import Floats
from meio.network.problems import ScenarioError

CATEGORIES = ("garden", "kitchen", "toys")
START = pd.Timestamp("2023-01-02")


@dataclass(frozen=True, eq=False)
class KnownDemand:
    """A history and the truth behind it.

    Attributes
    ----------
    history : History
        Its units are sales: at most the stock, where products ran out.
    mean : array [series, period]
        Mean of the demand, with season, promotions and price.
    dispersion : array [series]
        Variance of a period's demand over its mean.
    demand : array [series, period]
        What customers wanted.
    """

    history: History
    mean: Floats
    dispersion: Floats
    demand: Floats


def known_demand(
    num_series: int = 300, num_periods: int = 104, *, seed: int = 0, running_out: float = 0.0, new: float = 0.0
) -> KnownDemand:
    """Weeks of demand whose law is known.

    Parameters
    ----------
    num_series, num_periods : int
    seed : int
    running_out : float
        Share of the weeks whose stock is short: some units around the mean, sold in the order in which customers come,
        so that high demand runs out first and most. A tenth of these weeks begins without any stock.
    new : float
        Share of products first sold somewhere in the second half.
    """
    random = np.random.default_rng(seed)
    category = random.integers(len(CATEGORIES), size=num_series)
    level = np.exp(random.normal(1.0, 1.3, num_series))  # units a week: 10% below 0.5, 10% above 14
    dispersion = 1.2 + 0.8 * random.random(num_series) + 0.05 * level
    week = np.arange(num_periods)
    season = 1 + 0.4 * np.sin(2 * np.pi * (week / 52 + np.arange(len(CATEGORIES))[:, None] / 3))
    price = np.round(np.exp(random.normal(2.0, 0.6, num_series)), 2)
    promotion = (random.random((num_series, num_periods)) < 0.06).astype(float)
    paid = price[:, None] * (1 - 0.2 * promotion)
    mean = level[:, None] * season[category] * (1 + 0.8 * promotion)
    shape = mean / (dispersion - 1)[:, None]
    demand = random.poisson(random.gamma(shape, mean / shape)).astype(float)
    units, in_stock = _sold(random, demand, mean, running_out)
    launch = np.where(random.random(num_series) < new, random.integers(num_periods // 2, num_periods, num_series), 0)
    units[week < launch[:, None]] = np.nan
    names = pd.DataFrame({"product": [f"p{number:05d}" for number in range(num_series)]}).astype("str")
    attributes = pd.DataFrame({"category": np.array(CATEGORIES, object)[category], "price": price})
    history = History(names, START, 7, units, in_stock, paid, promotion, attributes.astype({"category": "str"}), price)
    return KnownDemand(history, mean, dispersion, demand)


def _sold(random: np.random.Generator, demand: Floats, mean: Floats, running_out: float) -> tuple[Floats, Floats]:
    """Sales, and the share of each week in stock, where customers come one by one at random times of the week."""
    short = random.random(demand.shape) < running_out
    stock = np.where(short, random.poisson(mean * random.uniform(0.3, 1.3, demand.shape)), np.inf)
    stock[short & (random.random(demand.shape) < 0.1)] = 0
    sold = np.minimum(demand, stock)
    out = demand >= stock
    last = random.beta(np.maximum(sold, 1), np.maximum(demand - sold + 1, 1))  # of d uniform times, the s-th smallest
    in_stock = np.where(out, np.where(sold > 0, last, 0.0), 1.0)
    return sold, in_stock


def as_rows(history: History) -> pd.DataFrame:
    """Rows of a history as a planner's file has them: one a week, those without units left out unless out of stock."""
    series, period = np.nonzero((history.units > 0) | (history.in_stock < 1))
    frame = history.series.iloc[series].reset_index(drop=True)
    frame.insert(0, "date", history.start + pd.to_timedelta(history.period_days * period, unit="D"))
    frame["units"], frame["in_stock"] = history.units[series, period], history.in_stock[series, period]
    for name in ("price", "promotion"):
        if (table := getattr(history, name)) is not None:
            frame[name] = table[series, period]
    return frame


def days(*units: float, product: str = "A", first: str = "2026-01-05") -> pd.DataFrame:
    """Rows of successive days."""
    dates = pd.date_range(first, periods=len(units)).strftime("%Y-%m-%d")
    return pd.DataFrame({"date": dates, "product": product, "units": units})


def read_frame(frame: pd.DataFrame, products: pd.DataFrame | None = None, **options: object) -> History:
    """A history of rows, by way of the files ``h.csv`` and ``p.csv`` where the test runs."""
    frame.to_csv("h.csv", index=False)
    if products is not None:
        products.to_csv("p.csv", index=False)
    return read_history("h.csv", None if products is None else "p.csv", **options)


def problems_of_frame(frame: pd.DataFrame, products: pd.DataFrame | None = None, **options: object) -> list[str]:
    """Everything that is wrong with rows, read as `read_frame` does."""
    with pytest.raises(ScenarioError) as caught:
        read_frame(frame, products, **options)
    return list(map(str, caught.value.problems))
