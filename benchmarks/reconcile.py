"""Make forecasts keep laws: heat, a melting front, and demand by zone and speed; check what that is worth.

Run as ``python benchmarks/reconcile.py [RAW_DIR] [--model NAME] [--calibrated] [--seed N] [--json]``; RAW_DIR holds the
public orders that ``scenarios/online-retail/prepare.py`` reads (../shared/data/online-retail unless given); where it is
not, demand is generated. Every level of zone × speed is forecast by a model of `meio.demand`, pooled boosting unless
another is named. The figures are one JSON object on the last line; the exit code is 1 when a bar is missed: every law
holds to 1e-10, in means and in samples; heat and front are nearer the exact solution than without laws and than after
an equal-variance projection; and quantile loss is at no level of zone × speed more than 0.5% above that of the
forecasts' own quantiles.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from reconciling.heat import heat
from reconciling.hierarchy import FILE, generated, hierarchy, recorded
from reconciling.stefan import stefan

RAW = Path(__file__).parents[2] / "shared" / "data" / "online-retail"
NUM_PRODUCTS = 100


def main() -> int:
    """Run the three cases and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw", metavar="RAW_DIR", nargs="?", type=Path, default=RAW)
    parser.add_argument("--model", default="boosted")
    parser.add_argument("--calibrated", action="store_true", help="forecasts are calibrated level by level before")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    began = time.perf_counter()
    random = np.random.default_rng([options.seed, 3])
    found = (options.raw / FILE).exists()
    demand = recorded(options.raw, NUM_PRODUCTS, random) if found else generated(NUM_PRODUCTS, random)
    figures: dict[str, Any] = {
        "heat": heat(options.seed),
        "stefan": stefan(options.seed),
        "hierarchy": hierarchy(demand, options.seed, options.model, calibrated=options.calibrated)
        | {"demand": "recorded" if found else "generated"},
    }
    passed = bars(figures)
    if not options.json:
        for bar, holds in passed.items():
            print(f"{bar:<34} {'holds' if holds else 'MISSED'}")
    print(json.dumps(figures | {"seconds": round(time.perf_counter() - began, 1), "passed": passed}))
    return 0 if all(passed.values()) else 1


def bars(figures: dict[str, Any]) -> dict[str, bool]:
    """Return whether each bar holds."""
    physics = {
        "heat, mass": figures["heat"]["mass"],
        "heat, mass and flat ends": figures["heat"]["mass_and_flat_ends"],
        "front, profile": figures["stefan"]["profile"],
        "front, place": figures["stefan"]["front"],
    }
    width = figures["stefan"]["front_width"]
    passed = (
        {"laws hold": all(case["largest_miss"] <= 1e-10 for case in figures.values())}
        | {
            f"{name}: error": max(s["ratio_to_nothing"], s["ratio_to_equal_variance"]) < 1
            for name, s in physics.items()
        }
        | {"front is sharper": width["own"] < min(width["nothing"], width["equal"])}
        | {f"quantile loss, {k}": v <= 1.005 for k, v in figures["hierarchy"]["quantile_loss_ratio"].items()}
    )
    return {bar: bool(holds) for bar, holds in passed.items()}


if __name__ == "__main__":
    sys.exit(main())
