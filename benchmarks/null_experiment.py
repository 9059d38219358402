"""Experiments with the same planner on both sides, which must find something about as often as chance allows.

Run as ``python benchmarks/null_experiment.py [--experiments N] [--seed N] [--json]``. Each of 200 experiments has
customers and lots of its own: 40 products of the quickstart's network, 4 weeks before and 52 weeks of which products or
blocks of two weeks are drawn (one week of washout). The figures are one JSON object on the last line; the exit code is
1 when the share of experiments that find an effect at the 5% level, by the p-value of drawing the lots again or by the
95% interval, lies outside the central 99% of a binomial distribution with a chance of 5%.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

import meio
from meio.experiments.experiment import experiment_with
from meio.experiments.request import Request
from meio.experiments.systems import System
from meio.network.compile import compile_scenario
from meio.network.model import Scenario

QUICKSTART = Path(__file__).parents[1] / "scenarios" / "quickstart.yaml"
LEVEL, CENTRAL = 0.05, 0.99


def main() -> int:
    """Run the experiments and print how often they find what is not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    began = time.perf_counter()
    scenario = assortment(40, 56)
    compiled = compile_scenario(scenario)
    system = System(meio.plan(scenario), "priced")
    request = Request(scenario=QUICKSTART, replications=options.experiments, seed=options.seed)
    frame = experiment_with(compiled, system, system, request).frame
    least, most = stats.binom.interval(CENTRAL, options.experiments, LEVEL)
    found = {f"{design}, {way}": rejections(rows) for (design, way), rows in frame.groupby(["design", "estimator"])}
    passed = {
        f"{name}, {test}": bool(least <= count <= most)
        for name, counts in found.items()
        for test, count in counts.items()
    }
    if not options.json:
        for name, counts in found.items():
            shares = ", ".join(f"{test} {count / options.experiments:.1%}" for test, count in counts.items())
            print(f"{name:<20} finds an effect by {shares}; {least:.0f} to {most:.0f} of {options.experiments} allowed")
    figures = {"found": found, "allowed": [least, most], "seconds": round(time.perf_counter() - began, 1)}
    print(json.dumps(figures | {"seed": options.seed, "passed": passed}))
    return 0 if all(passed.values()) else 1


def rejections(rows: pd.DataFrame) -> dict[str, int]:
    """Return how many experiments find an effect, by p-value and by interval."""
    by_interval = (rows["ci_low"] > 0.0) | (rows["ci_high"] < 0.0)
    return {"p_value": int((rows["p_value"] <= LEVEL).sum()), "interval": int(by_interval.sum())}


def assortment(num_products: int, weeks: int, seed: int = 0) -> Scenario:
    """Return the quickstart with other products: 2 to 20 units a week, room for four weeks of them."""
    generator = np.random.default_rng(seed)
    weekly = np.exp(generator.uniform(np.log(2.0), np.log(20.0), num_products)).round(2)
    volume, cost = generator.uniform(0.002, 0.02, (2, num_products)).round(4)
    products: list[dict[str, Any]] = [
        {
            "product": f"p{place:03d}",
            "volume_m3": size,
            "weight_kg": 1.0,
            "unit_cost": 1000.0 * unit,
            "price": 2500.0 * unit,
        }
        for place, (size, unit) in enumerate(zip(volume.tolist(), cost.tolist(), strict=True))
    ]
    demand = [
        {"product": one["product"], "period": "*", "mean": mean, "dispersion": 1.5}
        for one, mean in zip(products, weekly.tolist(), strict=True)
    ]
    changes = {
        "products": products,
        "demand.products": demand,
        "horizon.periods": weeks,
        "nodes.FC.storage_m3.standard": float((4.0 * weekly * volume).sum()),
    }
    return meio.load(QUICKSTART, [f"{path}={json.dumps(value)}" for path, value in changes.items()])


if __name__ == "__main__":
    sys.exit(main())
