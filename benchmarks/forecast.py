"""Forecast a real retailer's last 12 weeks, origin by origin, and check losses and intervals of pooled models.

Run as ``python benchmarks/forecast.py [RAW_DIR] [--seed N] [--json]``; RAW_DIR (../shared/data/online-retail unless
given) holds the public orders that ``scenarios/online-retail/prepare.py`` reads; without them there is nothing to run.
The 1,000 products with most turnover before these weeks are forecast for weeks 1, 2, 4, 1 to 2 and 1 to 4 ahead, from
every week on; models are fitted again every third. Demand is measured twice: in order lines and in units.

The figures are one JSON object on the last line; the exit code is 1 when a bar is missed. For both pooled models
(boosted, forest), calibrated as seasonal-naive is: quantile loss at least 15% below it at the median product and by
money-weighted total; and 80% and 95% intervals that cover within 3 points of nominal, for slow and fast movers.
Seasonal-naive is the textbook's, the last week repeated (`last_week`); the package's own ``seasonal_naive``, which
takes the mean of four weeks where a year ago is not recorded, is a moving average here and compared with as well.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from forecasting.last_week import LastWeek
from forecasting.orders import FILES, MEASURES, recorded

from meio.demand.conformal import calibrate
from meio.demand.groups import demand_groups
from meio.demand.history import History
from meio.demand.models import model_named
from meio.demand.rolling import RollingForecasts, roll
from meio.demand.score_table import pooled, score_table
from meio.demand.scores import quantile_loss
from meio.demand.spans import Span

RAW = Path(__file__).parents[2] / "shared" / "data" / "online-retail"
NUM_PRODUCTS, NUM_ORIGINS, NUM_WARM_UP, REFIT_EVERY = 1000, 12, 12, 3
SPANS = (Span(1, 1), Span(2, 2), Span(4, 4), Span(1, 2), Span(1, 4))
SIMPLE, POOLED = ("last_week", "seasonal_naive"), ("boosted", "forest")
COMPARED = (*SIMPLE, "smoothing", *POOLED)
SAVING, POINTS = 0.15, 0.03
COVERAGES = {"covered_80%": 0.8, "covered_95%": 0.95}


def main() -> int:
    """Forecast both measures of demand and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw", metavar="RAW_DIR", nargs="?", type=Path, default=RAW)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    missing = [name for name in FILES if not (options.raw / name).exists()]
    if missing:
        print(f"skipped: {options.raw} has no {' and no '.join(missing)}", file=sys.stderr)
        print(json.dumps({"skipped": f"no {', '.join(missing)}"}))
        return 0
    began = time.perf_counter()
    figures = {measure: measured(options.raw, measure, options.seed) for measure in MEASURES}
    passed = {name: holds for measure in MEASURES for name, holds in bars(measure, figures[measure]).items()}
    if not options.json:
        for measure, models in figures.items():
            print_table(measure, models)
        for bar, holds in passed.items():
            print(f"{bar:<60} {'holds' if holds else 'MISSED'}")
    seconds = round(time.perf_counter() - began, 1)
    print(json.dumps({"measures": figures, "products": NUM_PRODUCTS, "seconds": seconds, "passed": passed}))
    return 0 if all(passed.values()) else 1


def measured(raw: Path, measure: str, seed: int) -> dict[str, Any]:
    """Return the figures of every model, by its name."""
    history = recorded(raw, measure, NUM_PRODUCTS, -NUM_ORIGINS)
    first = history.num_periods - NUM_ORIGINS
    groups = demand_groups(history.until(first))
    before: dict[str, RollingForecasts] = {}
    after: dict[str, RollingForecasts] = {}
    seconds: dict[str, float] = {}
    for name in COMPARED:
        began = time.perf_counter()
        forecasts = rolled(name, history, seed)
        seconds[name] = round(time.perf_counter() - began, 1)
        before[name], after[name] = forecasts.since(first), calibrate(forecasts, groups).since(first)
    return {
        name: {
            "as_forecast": figures_of(name, before, groups, calibrated=False),
            "calibrated": figures_of(name, after, groups, calibrated=True),
            "seconds": seconds[name],
        }
        for name in COMPARED
    }


def rolled(name: str, history: History, seed: int) -> RollingForecasts:
    """Forecasts of a model from every week on, the weeks from which calibration begins to learn included."""
    origins = np.arange(history.num_periods - NUM_ORIGINS - NUM_WARM_UP, history.num_periods)
    model = LastWeek() if name == LastWeek.name else model_named(name, seed=seed, num_threads=2)
    return roll(model, history, SPANS, origins, REFIT_EVERY)


def figures_of(
    name: str, rolled_of: dict[str, RollingForecasts], groups: np.ndarray, *, calibrated: bool
) -> dict[str, Any]:
    """Losses of a model, savings against the simple ones, and coverage by group and by group and span."""
    forecasts = rolled_of[name]
    scores = score_table(forecasts, groups, calibrated=calibrated)
    whole = pooled(scores, ["model"]).iloc[0]
    return {
        "quantile_loss": round(float(whole["quantile_loss"]), 4),
        "money_loss": round(float(whole["money_loss"]), 4),
        "crps": round(float(whole["crps"]), 4),
        "bias": round(float(whole["mean_forecast"] / whole["mean_demand"] - 1), 4),
        "saving_against": {simple: saving(forecasts, rolled_of[simple]) for simple in SIMPLE},
        "coverage": shares(scores, ["group"]),
        "coverage_by_span": shares(scores, ["group", "first", "last"]),
    }


def saving(forecasts: RollingForecasts, simple: RollingForecasts) -> dict[str, float]:
    """Share of a simple model's loss that is saved: at the median product, and of the total weighted by money."""
    own, other = (loss_by_product(of) for of in (forecasts, simple))
    rest = np.divide(own, other, out=np.ones_like(own), where=other > 0)
    money = float(1 - (own @ forecasts.value) / (other @ forecasts.value))
    return {"median_product": round(float(1 - np.median(rest)), 4), "money_weighted": round(money, 4)}


def loss_by_product(forecasts: RollingForecasts) -> np.ndarray:
    """Mean quantile loss of each product over all that is known, units."""
    return np.nanmean(quantile_loss(forecasts.quantile, forecasts.demand), axis=(0, 2))


def shares(scores: Any, by: list[str]) -> dict[str, dict[str, float]]:
    """Coverage, and that of the intervals of whole units, by the values of these columns."""
    names = [*COVERAGES, "inside_80%", "inside_95%"]
    means = pooled(scores, by).to_dict("records")
    return {" ".join(str(row[key]) for key in by): {name: round(row[name], 4) for name in names} for row in means}


def bars(measure: str, models: dict[str, Any]) -> dict[str, bool]:
    """Return whether each bar holds."""
    held = {}
    for model in POOLED:
        own = models[model]["calibrated"]
        for kind, share in own["saving_against"][LastWeek.name].items():
            held[f"{measure}, {model}: saving, {kind}"] = share >= SAVING
        for group, coverage in own["coverage"].items():
            for name, nominal in COVERAGES.items():
                held[f"{measure}, {model}: {name}, {group}"] = abs(coverage[name] - nominal) <= POINTS
    return held


def print_table(measure: str, models: dict[str, Any]) -> None:
    """Print a line for each model, before calibration and after."""
    print(f"{measure}: saving at the median product and by money, against {' and '.join(SIMPLE)}")
    print(f"{'':<28}{'loss':>9}{'money':>9}{'bias':>8}{'savings':>32}   80% and 95% cover: slow, fast")
    for model, stages in models.items():
        for stage in ("as_forecast", "calibrated"):
            own = stages[stage]
            covered = [own["coverage"][group][name] for group in ("slow", "fast") for name in COVERAGES]
            savings = "".join(f"{share:>8.1%}" for of in own["saving_against"].values() for share in of.values())
            losses = f"{own['quantile_loss']:>9.3f}{own['money_loss']:>9.3f}{own['bias']:>8.1%}"
            print(f"{model:<16}{stage:<12}{losses}{savings}   " + "  ".join(f"{share:.1%}" for share in covered))


if __name__ == "__main__":
    sys.exit(main())
