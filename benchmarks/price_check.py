"""Whether capacity prices say what 5% more or less of a capacity changes.

Run as ``python benchmarks/price_check.py [SCENARIO] [--set PATH=VALUE] [--shared] [--products N] [--rounds N]
[--replications N] [--replans N] [--seed N] [--json]``. Five sites are short of storage (about half of what they would
hold): 600 slow movers, 0.5 to 5 units a week in each site's town, daily orders, two days of lead time, lost sales,
overflow 6 per m³ and day. Each town is served by its own site, and by closed forms alone; with ``--shared`` also by a
second one at twice the cost, and refined on sampled paths. Or the five most valuable capacities of a SCENARIO.

The network is planned; then again, from the plan's prices (and refined targets) on, as it is, and with 5% less and 5%
more of each of the five; all are simulated on the same orders. Half the difference between less and more (a price is a
slope: by convexity cost rises more on one side than it falls on the other) is compared with price × change. Everything
is done several times on other paths and orders (``--replans``): the interval is by Student's t over these, so it holds
what chance does in planning. What a capacity is worth by its price is held to what 5% less and more change with targets
kept, simulated on orders of its own (docs/sensitivity.md).

The exit code is 1 when a bar is missed: each simulated change lies within 15% of the worth, or its 95% interval holds
it, or overlaps that of price × change over the prices that replans find (a refined price is one search's, too); the
planning model's least cost, where it is known (closed forms), lies within 15% of price × change.
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
CHECKED, TOLERANCE, SHARE = 5, 0.15, 0.05
ROOM_DAYS = 4.8  # of demand: about half of what sites without limits hold


def main() -> int:
    """Check the prices and print price × change beside the changes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="?", type=Path, help="none: five sites")
    parser.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", help="of the scenario")
    parser.add_argument("--products", type=int, default=600)
    parser.add_argument("--replications", type=int, default=10)
    parser.add_argument("--replans", type=int, default=4)
    parser.add_argument("--rounds", type=int, help="of refinement on sampled paths; 50 when shared, else 0")
    parser.add_argument("--shared", action="store_true", help="a second site may serve each town")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    began = time.perf_counter()
    if options.scenario is None:
        rounds = (50 if options.shared else 0) if options.rounds is None else options.rounds
        scenario = network(options.products, options.seed, options.shared, rounds)
    else:
        scenario = meio.load(options.scenario, options.set)
    plan = meio.plan(scenario)
    trial = {"replications": options.replications, "replans": options.replans, "seed": options.seed}
    table = meio.sensitivity(scenario, plan, check=CHECKED, share=SHARE, **trial)
    rows = [figures_of(row) for row in table[table["simulated"].notna()].to_dict("records")]
    passed = {f"{row['at']}, {what}": holds for row in rows for what, holds in row.pop("passed").items()}
    if not options.json:
        for row in rows:
            print(
                f"{row['at']:<40} price × 5%: {row['price']:7.0f} "
                f"[{row['priced_low']:.0f}, {row['priced_high']:.0f}]   "
                f"kept {row['kept']:7.0f}   worth {row['worth']:7.0f}   planning model {row['planned']:7.0f}   "
                f"simulated {row['simulated']:7.0f} [{row['low']:.0f}, {row['high']:.0f}] "
                f"({row['simulated'] / row['worth'] - 1.0:+.0%})"
            )
    figures = {"rows": rows, "dual_gap": plan.dual_gap, "seconds": round(time.perf_counter() - began, 1)}
    print(json.dumps(figures | {"seed": options.seed, "passed": passed}).replace("NaN", "null"))
    return 0 if len(rows) == CHECKED and all(passed.values()) else 1


def figures_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return worth and half the differences between 5% less and 5% more, and whether they agree."""
    price, worth, simulated = row["by_price"], row["worth_of_share"], row["simulated"]
    ends = {"low": row["simulated_low"], "high": row["simulated_high"]}
    priced = {"priced_low": row["priced_low"], "priced_high": row["priced_high"]}
    holds = ends["low"] <= worth <= ends["high"]
    overlap = max(ends["low"], priced["priced_low"]) <= min(ends["high"], priced["priced_high"])
    near = {"simulated": abs(simulated / worth - 1.0) <= TOLERANCE or holds or overlap}
    planned = (row["planned_minus"] - row["planned_plus"]) / 2.0
    if not np.isnan(planned):
        near["planned"] = abs(planned / price - 1.0) <= TOLERANCE
    figures = {"price": price, "kept": row["kept"], "worth": worth, "planned": planned, "simulated": simulated}
    rounded = {name: round(float(value), 1) for name, value in (figures | ends | priced).items()}
    at = " ".join(part for part in (row["resource"], row["at"], row["storage_type"]) if part)
    return {"at": at} | rounded | {"passed": {name: bool(holds) for name, holds in near.items()}}


def network(num_products: int, seed: int, shared: bool, rounds: int) -> Scenario:
    """Return five sites with room for so many days of their towns' demand."""
    generator = np.random.default_rng(seed)
    volume = generator.uniform(0.01, 0.05, num_products).round(4)
    weekly = np.exp(generator.uniform(np.log(0.5), np.log(5.0), (num_products, len(SITES)))).round(2)
    names = [f"p{place:03d}" for place in range(num_products)]
    room = ROOM_DAYS / 7.0 * volume @ weekly
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
            {"from": "mill", "to": site, "lead_time": {"mean": 2.0}, "review": {"every": "1 d"}} for site in SITES
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
        "costs": {"holding": {"per_unit_day": 0.05}, "overflow_per_m3_day": 6.0},
        "planning": {"max_iterations": 60, "target_gap": 1e-9, "refinement_rounds": rounds},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(json.dumps(file), "utf-8")
        return meio.load(path)


if __name__ == "__main__":
    sys.exit(main())
