"""Measure how time and memory of planning grow with the number of products.

Run as ``python benchmarks/planner_scaling.py [--sizes 1000,10000,100000] [--seed N] [--json]``, on Linux. The network
is small: a vendor, a distribution centre, five fulfilment centres, four zones, two speeds, four weeks. Each size is a
process of its own that evaluates all subproblems three times, at no prices and at two drawn ones: CPU seconds of the
evaluations (compiled before), and the peak of memory beyond what the process held before it made the scenario. The
exponents of growth are least squares on logarithms; the exit code is 1 when one is above 1.05.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
from memory import forgotten_peak_mb, peak_mb
from own_process import measured_alone

MOST_EXPONENT = 1.05
EVALUATIONS = 3
WARM_UP_PRODUCTS = 64
ZONES = {"north": 45.0, "east": 40.0, "south": 33.0, "west": 38.0}


def main() -> int:
    """Measure each size in a process of its own and fit the exponents."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000", help="numbers of products, ascending")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(measured(options.one, options.seed)))
        return 0
    rows = [measured_alone(__file__, int(size), options.seed) for size in options.sizes.split(",")]
    exponents = {figure: exponent(rows, figure) for figure in ("seconds", "memory_mb")}
    passed = {figure: value <= MOST_EXPONENT for figure, value in exponents.items()}
    if not options.json:
        print(pd.DataFrame(rows).to_string(index=False))
        for figure, value in exponents.items():
            print(f"{figure:<10} exponent {value:.3f}  {'holds' if passed[figure] else 'MISSED'}")
    print(json.dumps({"seed": options.seed, "sizes": rows, "exponents": exponents, "passed": passed}))
    return 0 if all(passed.values()) else 1


def exponent(rows: list[dict[str, float]], figure: str) -> float:
    """Slope of a figure over the number of products, both as logarithms."""
    sizes, values = (np.log([row[name] for row in rows]) for name in ("products", figure))
    return float(np.polyfit(sizes, values, 1)[0])


def measured(size: int, seed: int) -> dict[str, float]:
    """CPU seconds and peak megabytes of evaluating so many products, net of what the process held."""
    evaluate_scenario(WARM_UP_PRODUCTS, seed)
    before = forgotten_peak_mb()
    seconds = evaluate_scenario(size, seed)
    return {"products": size, "seconds": seconds, "memory_mb": peak_mb() - before}


def evaluate_scenario(size: int, seed: int) -> float:
    """CPU seconds of the evaluations of a scenario of so many products."""
    from meio.network.compile import compile_scenario
    from meio.optimizer.evaluation import Evaluator
    from meio.optimizer.model import planning_model
    from meio.optimizer.prices import capacities
    from meio.plans import CapacityPrices

    compiled = compile_scenario(scenario(size, seed))
    evaluate = Evaluator(planning_model(compiled), capacities(compiled), workers=1)
    random, limit = np.random.default_rng(seed), evaluate.shared.limit
    scale = {"storage": 0.5, "inbound": 0.1, "outbound": 0.1, "lane": 0.1}
    began = time.process_time()
    for repeat in range(EVALUATIONS):
        most = min(repeat, 1)
        draws = {f.name: most * scale[f.name] * random.random(getattr(limit, f.name).shape) for f in fields(limit)}
        evaluate(CapacityPrices(**draws))
    return time.process_time() - began


def scenario(size: int, seed: int) -> Any:
    """A scenario of so many products, 80% of them slow movers."""
    from meio.network.model import Scenario, ScenarioFile

    random = np.random.default_rng(seed)
    sites = {f"fc_{zone}": lat for zone, lat in [*ZONES.items(), ("middle", 39.0)]}
    unlimited = {"storage_m3": {"standard": "unlimited"}}
    nodes: dict[str, Any] = {"vendor": {"kind": "vendor", "lat": 36.0, "lon": -90.0}}
    nodes["dc"] = {"kind": "distribution_centre", "lat": 37.0, "lon": -90.0, **unlimited}
    nodes |= {name: {"kind": "fulfilment_centre", "lat": lat, "lon": -90.0, **unlimited} for name, lat in sites.items()}
    first = {"from": "vendor", "to": "dc", "lead_time": {"mean": "2 w"}, "review": {"every": "1 w"}}
    lanes = [first, *({"from": "dc", "to": name, "lead_time": {"mean": "2 d"}} for name in sites)]
    file = {
        "name": "scaling",
        "horizon": {"start": "2026-01-05", "periods": 4, "period_days": 7},
        "nodes": nodes,
        "lanes": lanes,
        "zones": "zones.csv",
        "speeds": {
            "express": {"promise": "2 d", "lost": {"of_price": 0.5}},
            "standard": {"promise": "5 d", "lost": {"of_price": 0.3}},
        },
        "outbound": {"table": "outbound.csv"},
        "products": "products.csv",
        "supply": "supply.csv",
        "demand": {
            "distribution": "negative_binomial",
            "products": "product_demand.csv",
            "zone_mix": "zone_mix.csv",
            "speed_mix": "speed_mix.csv",
        },
        "costs": {"holding": {"of_unit_cost_per_year": 0.3}},
    }
    return Scenario(ScenarioFile.model_validate(file), _tables(size, random, sites), hash="scaling", data_hashes={})


def _tables(size: int, random: np.random.Generator, sites: dict[str, float]) -> dict[str, pd.DataFrame]:
    names = [f"p{index}" for index in range(size)]
    slow = random.random(size) < 0.8
    low, high = np.where(slow, 0.05, 3.0), np.where(slow, 3.0, 100.0)  # units a week
    price = np.exp(random.normal(3.0, 0.7, size))
    products = pd.DataFrame({"product": names, "group": "all", "volume_m3": 0.01, "weight_kg": 1.0})
    products = products.assign(unit_cost=0.5 * price, price=price, storage_type="standard")
    demand = pd.DataFrame({"product": names, "period": "*", "mean": np.exp(random.uniform(np.log(low), np.log(high)))})
    outbound = [
        ("parcel", node, zone, 100.0, 1.0, 4.0 + 0.3 * abs(lat - at))
        for node, lat in sites.items()
        for zone, at in ZONES.items()
    ]
    speeds = [("*", "*", "express", 0.3), ("*", "*", "standard", 0.7)]
    supply = ("*", "vendor", float("nan"), 1, 1)
    return {
        "zones": pd.DataFrame(
            [(zone, lat, -90.0, 1.0) for zone, lat in ZONES.items()], columns=["zone", "lat", "lon", "population"]
        ),
        "products": products,
        "supply": pd.DataFrame([supply], columns=["product", "vendor", "unit_cost", "minimum_order", "pack"]),
        "outbound": pd.DataFrame(
            outbound, columns=["service", "node", "zone", "max_weight_kg", "transit_days", "cost"]
        ),
        "product_demand": demand.assign(dispersion=1.0 + random.random(size)),
        "zone_mix": pd.DataFrame([("*", zone, 0.25) for zone in ZONES], columns=["group", "zone", "share"]),
        "speed_mix": pd.DataFrame(speeds, columns=["group", "zone", "speed", "share"]),
    }


if __name__ == "__main__":
    sys.exit(main())
