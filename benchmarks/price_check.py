"""Whether capacity prices say what 5% more or less of a capacity changes.

Run as ``python benchmarks/price_check.py [--products N] [--replications N] [--shared] [--seed N] [--json]``. Five sites
are short of storage; 150 products of 10 to 60 units a week in each site's town, weekly orders, lost sales. The network
is planned; then again with 5% less and 5% more storage at each of the sites (the five most valuable capacities), prices
starting from the plan's; all are simulated on the same orders. Changes of cost are compared with price × change: of the
planning model's least cost, and simulated, each as half the difference between 5% less and 5% more (a price is a slope:
by convexity the model's cost rises more on one side and falls less on the other).

The exit code is 1 when a bar is missed: in each capacity both changes lie within 15% of price × change, or the
simulation's paired 95% interval holds it. Each town is served by its own site only; with
``--shared`` also by a second one at twice the cost, and the same bars are missed (docs/sensitivity.md says why).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import meio
from meio.network.model import Scenario

SITES = ("athens", "berlin", "cadiz", "dublin", "essen")
TOLERANCE, SHARE, ROOM = 0.15, 0.05, 0.6


def main() -> int:
    """Check the prices and print price × change beside the changes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=150)
    parser.add_argument("--replications", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=0, help="of refinement on sampled paths")
    parser.add_argument("--shared", action="store_true", help="a second site may serve each town")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    began = time.perf_counter()
    scenario = network(options.products, options.seed, options.shared, options.rounds)
    plan = meio.plan(scenario)
    table = meio.sensitivity(
        scenario, plan, check=len(SITES), share=SHARE, replications=options.replications, seed=options.seed
    )
    rows = [figures_of(row) for row in table[table["simulated_minus"].notna()].to_dict("records")]
    passed = {f"{row['at']}, {what}": holds for row in rows for what, holds in row.pop("passed").items()}
    if not options.json:
        for row in rows:
            print(
                f"storage {row['at']:<7} price × 5%: {row['price']:7.0f}   planning model {row['planned']:7.0f} "
                f"({row['planned'] / row['price'] - 1.0:+.0%})   simulated {row['simulated']:7.0f} "
                f"[{row['low']:.0f}, {row['high']:.0f}] ({row['simulated'] / row['price'] - 1.0:+.0%})"
            )
    figures = {"rows": rows, "dual_gap": plan.dual_gap, "seconds": round(time.perf_counter() - began, 1)}
    print(json.dumps(figures | {"seed": options.seed, "passed": passed}))
    return 0 if len(rows) == len(SITES) and all(passed.values()) else 1


def figures_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return price × change and half the differences between 5% less and 5% more, and whether they agree."""
    price = row["worth_of_share"]
    planned = (row["planned_minus"] - row["planned_plus"]) / 2.0
    simulated = (row["simulated_minus"] - row["simulated_plus"]) / 2.0
    # the two intervals are of the same orders: their half widths are added, which is wide enough whatever they share
    half = sum(row[f"simulated_{side}_high"] - row[f"simulated_{side}"] for side in ("minus", "plus")) / 2.0
    near = {
        "planned": abs(planned / price - 1.0) <= TOLERANCE,
        "simulated": abs(simulated / price - 1.0) <= TOLERANCE or abs(simulated - price) <= half,
    }
    figures = {"price": price, "planned": planned, "simulated": simulated, "low": simulated - half}
    rounded = {name: round(float(value), 1) for name, value in (figures | {"high": simulated + half}).items()}
    return {"at": row["at"]} | rounded | {"passed": {name: bool(holds) for name, holds in near.items()}}


def network(num_products: int, seed: int, shared: bool, rounds: int) -> Scenario:
    """Return five sites with room for 60% of six days of their towns' demand."""
    generator = np.random.default_rng(seed)
    volume = generator.uniform(0.01, 0.05, num_products).round(4)
    weekly = np.exp(generator.uniform(np.log(10.0), np.log(60.0), (num_products, len(SITES)))).round(1)
    names = [f"p{place:03d}" for place in range(num_products)]
    room = ROOM * 6.0 / 7.0 * volume @ weekly
    nodes: dict[str, Any] = {"mill": {"kind": "vendor", "lat": 0.0, "lon": 0.0}}
    for site, m3 in zip(SITES, room.tolist(), strict=True):
        nodes[site] = {"kind": "fulfilment_centre", "lat": 0.0, "lon": 0.0, "storage_m3": {"standard": m3}}
    served = [(site, site, 3.0) for site in SITES]
    if shared:
        served += [(site, SITES[place - 1], 6.0) for place, site in enumerate(SITES)]
    file = {
        "name": "five sites",
        "horizon": {"start": "2026-01-05", "periods": 8, "period_days": 7, "warm_up_days": 28},
        "nodes": nodes,
        "lanes": [
            {"from": "mill", "to": site, "lead_time": {"mean": 2.0}, "review": {"every": "1 w"}} for site in SITES
        ],
        "zones": [{"zone": site, "lat": 0.0, "lon": 0.0, "population": 1.0} for site in SITES],
        "speeds": {"any": {"promise": "2 d", "lost": {"per_unit": 30.0}}},
        "outbound": {
            "table": [
                {"service": "van", "node": site, "zone": town, "max_weight_kg": 10.0, "transit_days": 1.0, "cost": cost}
                for site, town, cost in served
            ]
        },
        "products": [
            {"product": name, "volume_m3": size, "weight_kg": 1.0, "unit_cost": 20.0, "price": 30.0}
            for name, size in zip(names, volume.tolist(), strict=True)
        ],
        "supply": [{"product": "*", "vendor": "mill"}],
        "demand": {
            "distribution": "poisson",
            "whole": [
                {"product": name, "zone": site, "speed": "any", "period": "*", "mean": weekly[row, column]}
                for row, name in enumerate(names)
                for column, site in enumerate(SITES)
            ],
        },
        "costs": {"holding": {"per_unit_day": 0.05}},
        "planning": {"max_iterations": 60, "target_gap": 1e-9, "refinement_rounds": rounds},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(json.dumps(file), "utf-8")
        return meio.load(path)


if __name__ == "__main__":
    sys.exit(main())
