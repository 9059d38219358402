"""What planning 1% of the products anew costs beside a full plan, and how its result compares.

Run as ``python benchmarks/replan.py [SCENARIO] [--seed N] [--draws N] [--json]``; the scenario is us-retail unless
another is named. Each draw changes the demand of 1% of the products (at least one), chosen at random, by a random
factor within ±30%, and replans; draws add up. Then the changed scenario is planned in full, in the same process, and
compared. The figures are one JSON object on the last line; the exit code is 1 when a bar is missed: a replan (median of
the draws) takes at most 3% of the full plan's time, wall clock and CPU both; no capacity is exceeded more than 1%, or
more than by the plan before; the planned cost is at most 0.5% above that of the full plan.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import numpy as np

import meio
from meio.network.model import Scenario

SCENARIOS = Path(__file__).parents[1] / "scenarios"
MOST_TIME, MOST_COST, MOST_VIOLATION = 0.03, 0.005, 0.01
Result = TypeVar("Result")


def main() -> int:
    """Plan, replan and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", metavar="SCENARIO", nargs="?", default=SCENARIOS / "us-retail.yaml", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    meio.plan(meio.load(SCENARIOS / "quickstart.yaml"))  # machine code is loaded before any clock runs
    figures = figures_of(meio.load(options.scenario), options.seed, options.draws)
    most = max(MOST_VIOLATION, figures["capacity_violation_max"]["before"])
    passed = {
        "wall": figures["ratio"]["wall"] <= MOST_TIME,
        "cpu": figures["ratio"]["cpu"] <= MOST_TIME,
        "cost": figures["cost_above_full_plan"] <= MOST_COST,
        "capacity": figures["capacity_violation_max"]["after"] <= most,
    }
    if not options.json:
        full, each = figures["seconds"]["full_plan"], figures["seconds"]["replan"]
        print(f"full plan          {full['wall']:8.2f} s wall  {full['cpu']:8.2f} s CPU")
        print(f"replan, median     {each['wall']:8.3f} s wall  {each['cpu']:8.3f} s CPU")
        print(f"ratio              {figures['ratio']['wall']:8.2%} wall    {figures['ratio']['cpu']:8.2%} CPU")
        print(f"cost above a full plan of the changed scenario  {figures['cost_above_full_plan']:.4%}")
        print(f"largest excess over a capacity  {figures['capacity_violation_max']['after']:.3%}")
        for bar, holds in passed.items():
            print(f"{bar:<10} {'holds' if holds else 'MISSED'}")
    print(json.dumps(figures | {"passed": passed}))
    return 0 if all(passed.values()) else 1


def figures_of(scenario: Scenario, seed: int, draws: int) -> dict[str, Any]:
    """Times of a full plan and of replans, in one process, and how far their results lie apart."""
    random = np.random.default_rng(seed)
    planner = meio.Planner(scenario)
    names = planner.compiled.names.products
    first, full = timed(planner.plan)
    count = max(1, round(0.01 * len(names)))
    times, plan = [], first
    for _ in range(draws):
        chosen = random.choice(len(names), count, replace=False)
        scale = {names[index]: float(random.uniform(0.7, 1.3)) for index in chosen}
        plan, taken = timed(partial(planner.replan, meio.Changes(demand_scale=scale)))
        times.append(taken)
    drift = planner.drift
    again = planner.plan()
    each = {clock: median(taken[clock] for taken in times) for clock in ("wall", "cpu")}
    return {
        "scenario": scenario.file.name,
        "products": len(names),
        "products_changed": count,
        "draws": draws,
        "seconds": {"full_plan": full, "replan": each, "replans": times},
        "ratio": {clock: each[clock] / full[clock] for clock in each},
        "planned_cost": {"before": first.planned_cost, "replanned": plan.planned_cost, "full_plan": again.planned_cost},
        "cost_above_full_plan": plan.planned_cost / again.planned_cost - 1.0,
        "capacity_violation_max": {
            "before": first.capacity_violation_max,
            "after": plan.capacity_violation_max,
            "full_plan": again.capacity_violation_max,
        },
        "dual_gap": {"before": first.dual_gap, "after": plan.dual_gap},
        "drift": drift._asdict(),
    }


def timed(work: Callable[[], Result]) -> tuple[Result, dict[str, float]]:
    """Return the result of some work, and its wall-clock and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


if __name__ == "__main__":
    sys.exit(main())
