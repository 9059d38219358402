"""How much a coordinate search on the simulator finds that the plan left.

Run as ``python benchmarks/local_search.py SCENARIO [--products N] [--seed N] [--json]``. For random products, every
product-node's targets are moved by ±1, ±10% and ±25% on common random numbers, and a move stays when it costs less,
until none does. The paths are the simulator's (same orders and rules, tested to 1e-12) with the plan's capacity prices
(and what refinement paid for storage) in place of the capacities, which others share. What the search found is measured
on further paths, as a share of the controllable cost: what the plan costs above perfect stock everywhere. The same for
the closed forms without refinement, and for the independent newsvendor. Exit code 1 when the search finds 1% or more in
the plan.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

import meio
from meio.network.changes import of_products
from meio.network.compile import compile_scenario
from meio.optimizer.baselines import baseline_plans
from meio.plan import CapacityPrices, Plan
from meio.refinement.refine import Work, path_cost, work_of
from meio.refinement.storage_price import with_storage

SEARCHED, MEASURED = 24, 48  # paths
MOST_PASSES = 4
ROUNDS = 6  # of refinement
SCALES = (0.9, 1.1, 0.75, 1.25)
BAR = 0.01


def main() -> int:
    """Search from each plan and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", metavar="SCENARIO", type=Path)
    parser.add_argument("--products", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    scenario = meio.load(options.scenario)
    compiled = compile_scenario(scenario)
    chosen = np.sort(np.random.default_rng(options.seed).permutation(len(compiled.names.products))[: options.products])
    began = time.perf_counter()
    plan = meio.optimize(meio.load(options.scenario, [f"planning.refinement_rounds={ROUNDS}"]))
    paid = np.array(plan.refinement.storage_price)
    prices = with_storage(plan.prices, paid) if paid.size else plan.prices
    plans = {
        "plan": plan,
        "closed forms": meio.optimize(meio.load(options.scenario, ["planning.refinement_rounds=0"])),
        "independent newsvendor": replace(baseline_plans(compiled)["independent_newsvendor"], prices=plan.prices),
    }
    names = [compiled.names.products[product] for product in chosen]
    unavoidable = unavoidable_cost(of_products(scenario, names), plan_of(plan, chosen), options.seed)
    rows = {}
    for name, candidate in plans.items():
        rows[name] = found(work_of(compiled, candidate, "priced"), candidate, prices, chosen, options.seed, unavoidable)
        if not options.json:
            print(f"{name}: " + ", ".join(f"{key} {value:,.4g}" for key, value in rows[name].items()))
    passed = rows["plan"]["found"] < BAR
    if not options.json:
        print(
            f"found in the plan: {rows['plan']['found']:.2%} of controllable cost ({'holds' if passed else 'MISSED'})"
        )
    print(json.dumps({"products": len(chosen), **rows, "seconds": time.perf_counter() - began, "passed": passed}))
    return 0 if passed else 1


def plan_of(plan: Plan, chosen: np.ndarray) -> Plan:
    """The plan of some products."""
    return replace(
        plan, targets=plan.targets[chosen], lane_idx=plan.lane_idx[chosen], unit_value=plan.unit_value[chosen]
    )


def unavoidable_cost(scenario: meio.Scenario, plan: Plan, seed: int) -> float:
    """What the products' orders cost with perfect stock everywhere, on the paths that measure."""
    result = meio.simulate(scenario, plan, replications=MEASURED, seed=seed + 1)
    return float(result.cost["unavoidable"].mean())


def found(
    work: Work, start: Plan, prices: CapacityPrices, chosen: np.ndarray, seed: int, unavoidable: float
) -> dict[str, float]:
    """Controllable cost at the start, and the share of it that the search finds, on further paths and on its own."""

    def search(product: int) -> np.ndarray:
        return searched(work, prices, product, start, seed)

    with ThreadPoolExecutor() as pool:
        best = list(pool.map(search, chosen.tolist()))

    def total(targets: list[np.ndarray], paths: int, path_seed: int) -> float:
        parts = zip(chosen.tolist(), targets, strict=True)
        return sum(path_cost(work, prices, product, target, path_seed, paths) for product, target in parts)

    begun = [start.targets[product] for product in chosen]
    before, after = total(begun, MEASURED, seed + 1), total(best, MEASURED, seed + 1)
    seen = total(begun, SEARCHED, seed) - total(best, SEARCHED, seed)
    controllable = before - unavoidable
    return {"controllable": controllable, "found": (before - after) / controllable, "found_seen": seen / controllable}


def searched(work: Work, prices: CapacityPrices, product: int, start: Plan, seed: int) -> np.ndarray:
    """Targets [node, period] at which no move of a node's row is cheaper on the searched paths."""
    best = start.targets[product].copy()
    least = path_cost(work, prices, product, best, seed, SEARCHED)
    for _ in range(MOST_PASSES):
        moved = False
        for node in np.flatnonzero(start.lane_idx[product] >= 0):
            for row in moves(best[node]):
                trial = best.copy()
                trial[node] = row
                cost = path_cost(work, prices, product, trial, seed, SEARCHED)
                if cost < least:
                    best, least, moved = trial, cost, True
        if not moved:
            break
    return best


def moves(row: np.ndarray) -> list[np.ndarray]:
    """A node's targets [period], one unit more or less, and scaled."""
    scaled = [np.rint(row * scale) for scale in SCALES]
    steps = [row + 1.0, np.maximum(row - 1.0, 0.0), *scaled]
    return [step for step in steps if (step != row).any()]


if __name__ == "__main__":
    sys.exit(main())
