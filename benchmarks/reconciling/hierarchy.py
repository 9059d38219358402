"""Weekly demand by zone and speed, each level forecast by itself, then made to add up.

A cell's forecast is the mean of its last weeks: 13 by zone and speed, 8 by zone or by speed, 4 in total. The covariance
is that of errors so far: variances of the product's own, correlations of all products together, both of the cells that
totals are made of and of what each total's forecast misses them by. Estimated for the totals themselves, noise would
pass for knowledge: a total's errors are nearly the sum of its parts', and shrinking that makes a total certain by
averaging. Nothing later than a week's start is used to forecast it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from reconciling.scores import ratios

from meio.demand import AddUp, reconcile_table

ZONES, SPEEDS = ("A", "B", "C", "D", "E"), ("next day", "standard", "economy")
COUNTRIES = {"United Kingdom": "A", "Germany": "B", "France": "C", "EIRE": "D"}  # all others are E
NUM_ORIGINS = 12
PROBABILITIES = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
KEYS = pd.MultiIndex.from_product([(*ZONES, "all"), (*SPEEDS, "all")], names=["zone", "speed"]).to_frame(index=False)
LEVELS = {
    "zone x speed": (KEYS["zone"] != "all") & (KEYS["speed"] != "all"),
    "zone": (KEYS["zone"] != "all") & (KEYS["speed"] == "all"),
    "speed": (KEYS["zone"] == "all") & (KEYS["speed"] != "all"),
    "total": (KEYS["zone"] == "all") & (KEYS["speed"] == "all"),
}
PART = LEVELS["zone x speed"].to_numpy()
CELLS = KEYS.to_numpy(object)
WITHIN = ((CELLS[:, None] == CELLS[PART]) | (CELLS[:, None] == "all")).all(axis=2)  # [cell, part]
APART = np.eye(len(KEYS))  # errors [cell] → errors of parts, and how far each total's error is from its parts'
APART[np.ix_(~PART, PART)] -= WITHIN[~PART]
WEEKS = np.select([PART, LEVELS["total"]], [13, 4], 8)  # the less a cell sells, the longer its mean
SHARES = np.array([[0.2, 0.6, 0.2], [0.1, 0.6, 0.3], [0.1, 0.5, 0.4], [0.3, 0.6, 0.1], [0.05, 0.45, 0.5]])


def recorded(folder: Path, num_products: int, random: np.random.Generator) -> np.ndarray:
    """Order lines [product, week, zone, speed] of the products with most of them, in the 52 full weeks recorded.

    Countries are the zones; speeds are not recorded, so each line draws one.
    """
    daily = pd.read_parquet(folder / "daily_demand_sku_country.parquet")
    day = (daily["date"] - pd.Timestamp("2010-12-06")).dt.days
    daily = daily.assign(week=day // 7, zone=daily["country"].map(COUNTRIES).fillna("E"))[day.between(0, 52 * 7 - 1)]
    most = daily.groupby("stock_code")["lines"].sum().nlargest(num_products).index
    counts = daily[daily["stock_code"].isin(most)].groupby(["stock_code", "week", "zone"])["lines"].sum()
    axes = [most, range(52), list(ZONES)]
    full = counts.reindex(pd.MultiIndex.from_product(axes), fill_value=0).to_numpy(int)
    return random.multinomial(full.reshape(num_products, 52, len(ZONES)), SHARES)


def generated(num_products: int, random: np.random.Generator) -> np.ndarray:
    """Orders [product, week, zone, speed]: gamma levels that wander, for product and for zone, times Poisson."""

    def wander(*shape: int) -> np.ndarray:
        return np.exp(0.15 * random.standard_normal((*shape, 52)).cumsum(axis=-1) / np.sqrt(4))

    level = random.gamma(2.0, 20.0, (num_products, 1, 1)) * wander(num_products)[:, :, None]
    zone = random.dirichlet(np.full(len(ZONES), 3.0), num_products)[:, None, :] * wander(num_products, 5).swapaxes(1, 2)
    noise = random.gamma(5.0, 1 / 5.0, (num_products, 52, 1))
    return random.multinomial(random.poisson(level * zone * noise), SHARES)


def all_levels(demand: np.ndarray) -> np.ndarray:
    """Demand [week, zone, speed] with its totals, in the order of `KEYS`: array [week, cell]."""
    wide = np.concatenate([demand, demand.sum(axis=1, keepdims=True)], axis=1)
    return np.concatenate([wide, wide.sum(axis=2, keepdims=True)], axis=2).reshape(len(demand), -1).astype(float)


def moving_means(history: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Forecast of the next week [cell], and errors so far [week, cell], of a history [week, cell]."""
    total = np.vstack([np.zeros(history.shape[1]), history.cumsum(axis=0)])
    weeks, cells = np.arange(WEEKS.max(), len(history) + 1)[:, None], np.arange(history.shape[1])
    means = (total[weeks, cells] - total[weeks - WEEKS, cells]) / WEEKS
    return means[-1], history[WEEKS.max() :] - means[:-1]


def covariances(errors: np.ndarray) -> np.ndarray:
    """Covariance [product, cell, cell] of errors [product, week, cell]."""
    apart = errors @ APART.T
    sd = np.maximum(np.sqrt(np.mean(apart**2, axis=1)), 0.05)  # none is certain
    unit = apart / sd[:, None]
    correlation = np.einsum("pwc,pwd->cd", unit, unit) / (unit.shape[0] * unit.shape[1])
    scale = np.sqrt(np.diag(correlation))
    back = np.linalg.inv(APART)
    inner = sd[:, :, None] * (correlation / np.outer(scale, scale)) * sd[:, None, :]
    return back @ inner @ back.T


def pinball(quantiles: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Quantile loss [cell] of quantiles [probability, cell], over probabilities."""
    short = actual - quantiles
    return np.maximum(PROBABILITIES[:, None] * short, (PROBABILITIES[:, None] - 1) * short).mean(axis=0)


def hierarchy(demand: np.ndarray, seed: int, num_samples: int = 200) -> dict[str, object]:
    """Figures over products and the last weeks of demand [product, week, zone, speed]."""
    loss, errors, misses = [], [], []
    history = np.array([all_levels(weeks) for weeks in demand])
    for origin in range(history.shape[1] - NUM_ORIGINS, history.shape[1]):
        past = [moving_means(cells[:origin]) for cells in history]
        spread = covariances(np.array([missed for _, missed in past]))
        for product, (mean, _) in enumerate(past):
            actual = history[product, origin]
            before, after, equal, miss = one_origin(mean, spread[product], (seed, product, origin), num_samples)
            loss.append([pinball(before, actual), pinball(after[1:], actual)])
            errors.append([np.abs(way - actual) for way in (mean, equal, after[0])])
            misses.append(miss)
    by_level = {name: np.array(loss)[:, :, cells].sum(axis=(0, 2)) for name, cells in LEVELS.items()}
    return {
        "quantile_loss_ratio": {name: round(float(after / before), 4) for name, (before, after) in by_level.items()},
        "error": {name: ratios(np.array(errors)[:, :, cells].mean(axis=2)) for name, cells in LEVELS.items()},
        "largest_miss": max(misses),
        "forecasts": len(loss),
    }


def one_origin(
    mean: np.ndarray, covariance: np.ndarray, key: tuple[int, ...], num_samples: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Quantiles before; mean and quantiles after; mean by equal variances; largest miss of mean and samples."""
    laws = [AddUp("zone"), AddUp("speed")]
    frame = KEYS.assign(mean=mean)
    before, tied = (reconcile_table(frame, which, covariance=covariance) for which in ([], laws))
    equal = reconcile_table(frame, laws, covariance=np.eye(mean.size))
    seed = int(np.random.SeedSequence(key).generate_state(1)[0])
    samples = tied.sample(num_samples, seed)
    first = np.quantile(before.sample(num_samples, seed), PROBABILITIES, axis=0)
    after = np.vstack([tied.frame["mean"], np.quantile(samples, PROBABILITIES, axis=0)])
    return first, after, equal.frame["mean"].to_numpy(), missed_by(np.vstack([after[0], samples]))


def missed_by(demand: np.ndarray) -> float:
    """Largest difference of totals [case, cell] from the sums of their parts, as a share of the total."""
    cube = demand.reshape(-1, len(ZONES) + 1, len(SPEEDS) + 1)
    scale = np.maximum(cube[:, -1, -1], 1.0)[:, None]
    by_zone = np.abs(cube[:, :-1].sum(axis=1) - cube[:, -1]) / scale
    by_speed = np.abs(cube[:, :, :-1].sum(axis=2) - cube[:, :, -1]) / scale
    return float(max(by_zone.max(), by_speed.max()))
