"""Assign a real retailer's orders, basket by basket, by each policy, and compare what shipping them costs.

Run as ``python benchmarks/assignment_trace.py RAW_DIR [--traces N] [--seed N] [--json]``; RAW_DIR holds the public
files that ``scenarios/online-retail/prepare.py`` reads. The orders of 19 weeks are replayed at their moments with all
their lines, on one plan. What the data does not tell, the zone and the speed of a customer, is drawn anew for each
trace, as are the lead times; the policies meet the same traces, so they are compared in pairs. The figures are one
JSON object on the last line; the exit code is 1 when a bar is missed: `priced` ships at a lower outbound cost than
`nearest`, in all and per unit, with a 95% interval that excludes zero; `batch`, a linear program an hour, costs no
more than `priced` within its interval.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import meio
from meio.network.model import Policy, Scenario
from meio.plans import Plan
from meio.simulation.statistics import mean_ci95

SCENARIO = Path(__file__).parents[1] / "scenarios" / "online-retail"
POLICIES: tuple[Policy, ...] = ("nearest", "priced", "reserve", "batch")
MEASURES = ("outbound", "outbound_per_unit", "total", "fill_rate", "packages_per_order")


def main() -> int:
    """Plan once, replay the traces under every policy, and print what they cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw", metavar="RAW_DIR")
    parser.add_argument("--traces", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    command = [sys.executable, SCENARIO / "prepare.py", options.raw]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own script
    scenario = meio.load(SCENARIO / "recorded.yaml")
    plan = meio.plan(meio.load(SCENARIO / "scenario.yaml"))
    rows = [row for trace in range(options.traces) for row in replayed(scenario, plan, options.seed + trace, not trace)]
    figures = compared(pd.DataFrame(rows))
    saving, batch = figures["saving_of_priced_over_nearest"], figures["saving_of_batch_over_priced"]
    passed = {
        "priced beats nearest": saving["outbound"][1] > 0 and saving["outbound_per_unit"][1] > 0,
        "batch is no worse than priced": batch["outbound"][2] >= 0 and batch["total"][2] >= 0,
    }
    if not options.json:
        print(pd.DataFrame(figures["policies"]).T.round(4).to_string(), "\n")
        for bar, holds in passed.items():
            print(f"{bar:<32} {'holds' if holds else 'MISSED'}")
    print(json.dumps({"seed": options.seed, "traces": options.traces, **figures, "passed": passed}))
    return 0 if all(passed.values()) else 1


def replayed(scenario: Scenario, plan: Plan, seed: int, first: bool) -> list[dict[str, Any]]:
    """Measures of every policy on one trace; the first trace is run before, so that nothing is compiled in it."""
    addressed = replace(scenario, tables=scenario.tables | {"orders": with_new_addresses(scenario, seed)})
    rows = []
    for policy in POLICIES:
        if first:
            meio.simulate(addressed, plan, policy=policy, replications=1, seed=seed)
        began = time.perf_counter()
        result = meio.simulate(addressed, plan, policy=policy, replications=1, seed=seed)
        network, service = result.network.iloc[0], result.service
        rows.append(
            {
                "trace": seed,
                "policy": policy,
                "outbound": result.cost["outbound"][0],
                "outbound_per_unit": network["outbound_cost_per_unit"],
                "total": result.cost["total"][0],
                "fill_rate": service["filled"].sum() / service["demand"].sum(),
                "packages_per_order": network["packages_per_order"],
                "orders": network["orders"],
                "units": service["demand"].sum(),
                "seconds": time.perf_counter() - began,
            }
        )
    return rows


def with_new_addresses(scenario: Scenario, seed: int) -> pd.DataFrame:
    """The recorded orders with zones drawn by population and speeds by their shares."""
    orders, zones = scenario.tables["orders"], scenario.tables["zones"]
    order_idx, names = pd.factorize(orders["order"])
    random, mix = np.random.default_rng(seed), scenario.tables["speed_mix"]
    odds = (zones["population"] / zones["population"].sum()).to_numpy()
    zone = random.choice(zones["zone"].to_numpy(object), len(names), p=odds)
    speed = random.choice(mix["speed"].to_numpy(object), len(names), p=mix["share"].to_numpy())
    return orders.assign(zone=zone[order_idx], speed=speed[order_idx])


def compared(rows: pd.DataFrame) -> dict[str, Any]:
    """Means by policy, and paired savings with their 95% intervals: mean, low, high."""
    wide = rows.pivot_table(index="trace", columns="policy")

    def saving(former: str, better: str) -> dict[str, list[float]]:
        return {name: list(mean_ci95(wide[name][former] - wide[name][better])) for name in MEASURES[:3]}

    return {
        "policies": rows.drop(columns="trace").groupby("policy").mean().T.to_dict(),
        "saving_of_priced_over_nearest": saving("nearest", "priced"),
        "saving_of_batch_over_priced": saving("priced", "batch"),
    }


if __name__ == "__main__":
    sys.exit(main())
