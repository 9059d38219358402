"""Weekly demand by zone and speed and its totals, each forecast by itself, then made to add up.

All levels are series of one history; a model of `meio.demand` (pooled boosting unless told otherwise) forecasts each of
them from every one of the last 24 weeks. The first twelve only show how errors go together; the others are judged.
The covariance is what `meio.demand.coherence` learns from the weeks before. Nothing later than a week's start is used
to forecast it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from reconciling.scores import ratios

from meio.demand import AddUp, Coherence, History, Span, reconcile_table, roll
from meio.demand.conformal import calibrate
from meio.demand.models import model_named
from meio.demand.moments import moments
from meio.demand.scores import quantile_loss
from meio.demand.spans import PROBABILITIES

ZONES, SPEEDS = ("A", "B", "C", "D", "E"), ("next day", "standard", "economy")
FILE = "daily_demand_sku_country.parquet"
COUNTRIES = {"United Kingdom": "A", "Germany": "B", "France": "C", "EIRE": "D"}  # all others are E
NUM_ORIGINS, REFIT_EVERY = 12, 3
NUM_SAMPLES = 400  # with 200, chance in their quantiles adds 0.5% to the loss
LEAST_SD = 0.05  # none is certain
KEYS = pd.MultiIndex.from_product([(*ZONES, "all"), (*SPEEDS, "all")], names=["zone", "speed"]).to_frame(index=False)
LEVELS = {
    "zone x speed": (KEYS["zone"] != "all") & (KEYS["speed"] != "all"),
    "zone": (KEYS["zone"] != "all") & (KEYS["speed"] == "all"),
    "speed": (KEYS["zone"] == "all") & (KEYS["speed"] != "all"),
    "total": (KEYS["zone"] == "all") & (KEYS["speed"] == "all"),
}
LAWS = (AddUp("zone"), AddUp("speed"))
SHARES = np.array([[0.2, 0.6, 0.2], [0.1, 0.6, 0.3], [0.1, 0.5, 0.4], [0.3, 0.6, 0.1], [0.05, 0.45, 0.5]])


def recorded(folder: Path, num_products: int, random: np.random.Generator) -> np.ndarray:
    """Order lines [product, week, zone, speed] of the products with most of them, in the 52 full weeks recorded.

    Countries are the zones; speeds are not recorded, so each line draws one.
    """
    daily = pd.read_parquet(folder / FILE)
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


def history_of(cells: np.ndarray) -> History:
    """Demand [product, week, cell] as a history with a series for each product and cell."""
    num_products, num_weeks, num_cells = cells.shape
    units = cells.swapaxes(1, 2).reshape(-1, num_weeks)
    names = np.repeat([f"p{number}" for number in range(num_products)], num_cells)
    series = pd.concat([KEYS] * num_products, ignore_index=True).assign(product=names)
    always, weights = np.ones_like(units), np.ones(len(units))
    return History(
        series, pd.Timestamp("2010-12-06"), 7, units, always, None, None, pd.DataFrame(index=series.index), weights
    )


def forecasts_of(cells: np.ndarray, model: str, seed: int, *, calibrated: bool) -> np.ndarray:
    """Quantiles [origin, product, cell, probability] of the week after each origin, of demand [product, week, cell]."""
    history = history_of(cells)
    origins = np.arange(history.num_periods - 2 * NUM_ORIGINS, history.num_periods)
    rolled = roll(model_named(model, seed=seed, num_threads=1), history, (Span(1, 1),), origins, REFIT_EVERY)
    if calibrated:
        level = np.select(list(LEVELS.values()), list(LEVELS), "")
        rolled = calibrate(rolled, np.tile(level, len(cells)))
    return rolled.quantile.reshape(len(origins), len(cells), len(KEYS), -1)


def hierarchy(demand: np.ndarray, seed: int, model: str, *, calibrated: bool = False) -> dict[str, object]:
    """Figures over products and the last weeks of demand [product, week, zone, speed].

    ``quantile_loss_ratio`` compares samples that keep the laws, drawn with the forecasts' own quantiles, with these
    quantiles; ``as_gaussian`` samples of the Gaussian with the same mean and covariance, likewise.
    """
    cells = np.array([all_levels(weeks) for weeks in demand])
    quantile = forecasts_of(cells, model, seed, calibrated=calibrated)
    actual = cells[:, -2 * NUM_ORIGINS :].swapaxes(0, 1)
    mean, variance = moments(quantile)
    sd = np.maximum(np.sqrt(variance), LEAST_SD)
    loss, errors, misses = [], [], []
    for origin in range(NUM_ORIGINS, 2 * NUM_ORIGINS):
        coherence = Coherence.learned(KEYS, LAWS, mean[:origin], sd[:origin], actual[:origin])
        spread = coherence.covariance(mean[origin], sd[origin])
        for product in range(len(cells)):
            ways, means, miss = one_week(
                quantile[origin, product], mean[origin, product], spread[product], (seed, product, origin)
            )
            loss.append(quantile_loss(ways, actual[origin, product]))
            errors.append(np.abs(means - actual[origin, product]))
            misses.append(miss)
    by_level = {name: np.array(loss)[:, :, at].sum(axis=(0, 2)) for name, at in LEVELS.items()}
    return {
        "model": model + (", calibrated" if calibrated else ""),
        "quantile_loss_ratio": {name: round(float(own / before), 4) for name, (before, own, _) in by_level.items()},
        "as_gaussian": {name: round(float(plain / before), 4) for name, (before, _, plain) in by_level.items()},
        "error": {name: ratios(np.array(errors)[:, :, at].mean(axis=2)) for name, at in LEVELS.items()},
        "largest_miss": max(misses),
        "forecasts": len(loss),
    }


def one_week(
    quantile: np.ndarray, mean: np.ndarray, covariance: np.ndarray, key: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, float]:
    """Reconcile one product's forecast of one week.

    Returns
    -------
    array [way, cell, probability]
        Quantiles before, after with the forecast's own shapes, after as a Gaussian.
    array [way, cell]
        Means before, by equal variances, by the covariance.
    float
        By how much means and samples miss their totals at most.
    """
    frame = KEYS.assign(mean=mean)
    seed = int(np.random.SeedSequence(key).generate_state(1)[0])
    equal = reconcile_table(frame, LAWS, covariance=np.eye(mean.size)).frame["mean"].to_numpy()
    shaped = reconcile_table(frame, LAWS, covariance=covariance, quantile=quantile)
    plain = reconcile_table(frame, LAWS, covariance=covariance)
    drawn = [table.sample(NUM_SAMPLES, seed) for table in (shaped, plain)]
    after = [np.quantile(samples, PROBABILITIES, axis=0).T for samples in drawn]
    tied = plain.frame["mean"].to_numpy()
    return np.stack([quantile, *after]), np.stack([mean, equal, tied]), missed_by(np.vstack([tied, *drawn]))


def missed_by(demand: np.ndarray) -> float:
    """Largest difference of totals [case, cell] from the sums of their parts, as a share of the total."""
    cube = demand.reshape(-1, len(ZONES) + 1, len(SPEEDS) + 1)
    scale = np.maximum(cube[:, -1, -1], 1.0)[:, None]
    by_zone = np.abs(cube[:, :-1].sum(axis=1) - cube[:, -1]) / scale
    by_speed = np.abs(cube[:, :, :-1].sum(axis=2) - cube[:, :, -1]) / scale
    return float(max(by_zone.max(), by_speed.max()))
