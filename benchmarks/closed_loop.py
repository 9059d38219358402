"""What planning anew every week saves when the forecast is wrong, and what it costs when it is right.

Run as ``python benchmarks/closed_loop.py [--products N] [--replications N] [--seed N] [--json]``. A plan is made for a
forecast and simulated as it is and with weekly replans, on the same orders, when demand is as forecast (``right``),
when that of every other product is 30% higher and of the rest 30% lower (``mixed``), and when all demand is 40% higher
(``more``): on the quickstart, and with ``--products`` on so many products of us-retail, the nodes' capacities scaled to
their share of demand. Savings are percent of the cost of the plan as it is. The exit code is 1 when a bar is missed: on
the quickstart, replans save when all demand is higher (the paired 95% interval excludes zero), and cost less than 1%
when the forecast is right.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import meio
from meio.network.changes import changed, of_products
from meio.network.compile import compile_scenario
from meio.network.model import Scenario
from meio.plans import Plan
from meio.simulation.statistics import paired_saving

SCENARIOS = Path(__file__).parents[1] / "scenarios"
FACTORS = {"right": (1.0, 1.0), "mixed": (1.3, 0.7), "more": (1.4, 1.4)}


def main() -> int:
    """Run all cases and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=0, help="of us-retail; 0: the quickstart only")
    parser.add_argument("--replications", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    forecasts = {"quickstart": meio.load(SCENARIOS / "quickstart.yaml")}
    if options.products:
        forecasts["us-retail"] = part_of(meio.load(SCENARIOS / "us-retail.yaml"), options.products)
    figures: dict[str, dict[str, Any]] = {}
    for name, forecast in forecasts.items():
        plan, figures[name] = meio.plan(forecast), {}
        for case, factors in FACTORS.items():
            figures[name][case] = row = figures_of(forecast, plan, factors, options)
            if not options.json:
                low, high = row["ci95"]
                print(f"{name:<11} {case:<6} saves {row['saving']:6.2f}% [{low:.2f}, {high:.2f}]", end=", ")
                print(f"fill {row['fill_static']:.1%} → {row['fill']:.1%}, {row['replan_seconds']:.2f} s a replan")
    small = figures["quickstart"]
    passed = {"catches_up": small["more"]["ci95"][0] > 0.0, "costs_little": small["right"]["saving"] > -1.0}
    print(json.dumps({"figures": figures, "passed": passed}))
    return 0 if all(passed.values()) else 1


def figures_of(
    forecast: Scenario, plan: Plan, factors: tuple[float, float], options: argparse.Namespace
) -> dict[str, Any]:
    """Return what replans save in percent of the cost without them, fill rates, and seconds of a replan."""
    names = forecast.tables["products"]["product"]
    scale = {name: factors[place % 2] for place, name in enumerate(names)}
    truth = changed(forecast, meio.Changes(demand_scale=scale))
    tried = {"replications": options.replications, "seed": options.seed}
    loop, replans = meio.simulate_closed_loop(truth, plan, forecast=forecast, **tried)
    static = meio.simulate(truth, plan, **tried)
    mean, low, high = 100.0 * np.array(paired_saving(static, loop, "total")) / static.cost["total"].mean()
    fill, fill_static = (one.service["filled"].sum() / one.service["demand"].sum() for one in (loop, static))
    seconds = replans["seconds"].mean()
    rounded = {"saving": mean, "fill": fill, "fill_static": fill_static, "replan_seconds": seconds}
    return {name: round(float(value), 4) for name, value in rounded.items()} | {
        "ci95": [round(float(low), 4), round(float(high), 4)]
    }


def part_of(scenario: Scenario, num_products: int) -> Scenario:
    """Return the scenario with some of its products, evenly picked, and their share of every node's capacity."""
    compiled = compile_scenario(scenario)
    names, nodes = list(compiled.names.products), compiled.nodes
    kept = names[:: max(len(names) // num_products, 1)][:num_products]
    demand = scenario.tables["product_demand"]
    share = float(demand.loc[demand["product"].isin(kept), "mean"].sum() / demand["mean"].sum())
    storage = np.isfinite(np.where(nodes.stocks_type[:, :, None], nodes.storage_m3, np.inf)).any(axis=(1, 2))
    flows = np.isfinite(nodes.inbound_units_per_day + nodes.outbound_units_per_day).any(axis=1)
    limited = [name for name, one in zip(compiled.names.nodes, storage | flows, strict=True) if one]
    return of_products(changed(scenario, meio.Changes(capacity_scale=dict.fromkeys(limited, share))), kept)


if __name__ == "__main__":
    sys.exit(main())
