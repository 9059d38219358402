"""How much a coordinate search on the simulator finds that the plan left.

Run as ``python benchmarks/local_search.py SCENARIO [--products N] [--seed N] [--json]``. For random products, every
product-node's targets are moved by ±1, ±10% and ±25% on common random numbers, and a move stays when it costs less,
until none does. The paths are the simulator's (same orders and rules, tested to 1e-12) with capacity prices, those of
the plan as refined, in place of the capacities, which others share. What the search found is measured on further
paths, as a share of the controllable cost: what the plan costs above perfect stock everywhere. The same for the closed
forms without refinement, and for the independent newsvendor. Exit code 1 when the search finds 1% or more in the plan.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import meio
from meio.network.changes import of_products
from meio.network.compile import compile_scenario
from meio.network.compiled import Floats, Ints
from meio.optimizer.baselines import baseline_plans
from meio.plans import CapacityPrices, Plan
from meio.refinement.sampling import Paths, paths_of, sampled

SEARCHED, MEASURED = 24, 48  # paths
MOST_PASSES = 4
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
    began = time.perf_counter()
    scenario = meio.load(options.scenario)
    compiled = compile_scenario(scenario)
    closed = meio.plan(meio.load(options.scenario, ["planning.refinement_rounds=0"]))
    plan = meio.plan(scenario)
    plans = {
        "plan": plan,
        "closed forms": closed,
        "independent newsvendor": replace(baseline_plans(compiled)["independent_newsvendor"], prices=closed.prices),
    }
    chosen = np.sort(np.random.default_rng(options.seed).permutation(len(compiled.names.products))[: options.products])
    few = of_products(scenario, [compiled.names.products[product] for product in chosen])
    prices = plan.refinement.prices if plan.refinement else plan.prices
    unavoidable = meio.simulate(few, plan_of(plan, chosen), replications=MEASURED, seed=options.seed + 1)
    least = float(unavoidable.cost["unavoidable"].mean())
    rows = {}
    for name, candidate in plans.items():
        start = plan_of(candidate, chosen)
        rows[name] = found(paths_of(compile_scenario(few), start, "priced"), start.targets, prices, options.seed, least)
        if not options.json:
            print(f"{name}: " + ", ".join(f"{key} {value:,.4g}" for key, value in rows[name].items()))
    passed = rows["plan"]["found"] < BAR
    if not options.json:
        share = rows["plan"]["found"]
        print(f"found in the plan: {share:.2%} of controllable cost ({'holds' if passed else 'MISSED'})")
    print(json.dumps({"products": len(chosen), **rows, "seconds": time.perf_counter() - began, "passed": passed}))
    return 0 if passed else 1


def plan_of(plan: Plan, chosen: Ints) -> Plan:
    """The plan of some products."""
    return replace(
        plan, targets=plan.targets[chosen], lane_idx=plan.lane_idx[chosen], unit_value=plan.unit_value[chosen]
    )


def found(paths: Paths, start: Floats, prices: CapacityPrices, seed: int, unavoidable: float) -> dict[str, float]:
    """Controllable cost at the start, and the share of it that the search finds, on further paths and on its own."""
    best, seen = searched(paths, start, prices, seed)
    before, after = (sampled(paths, targets, prices, seed + 1, MEASURED).cost.sum() for targets in (start, best))
    controllable = before - unavoidable
    found_share, seen_share = float((before - after) / controllable), float(seen / controllable)
    return {"controllable": float(controllable), "found": found_share, "found_seen": seen_share}


def searched(paths: Paths, start: Floats, prices: CapacityPrices, seed: int) -> tuple[Floats, float]:
    """Targets [product, node, period] at which no move of a row is cheaper on the searched paths; what they save."""
    best = start.copy()
    least = first = sampled(paths, start, prices, seed, SEARCHED).cost
    open_idx = np.arange(len(start))
    for _ in range(MOST_PASSES):
        before = least
        for node in range(start.shape[1]):
            for move in range(2 + len(SCALES)):
                trial = best.copy()
                trial[:, node] = moved(best[:, node], move)
                trial[paths.lane_idx[:, node] < 0, node] = 0.0
                tried = open_idx[(trial[open_idx] != best[open_idx]).any(axis=(1, 2))]
                cost = sampled(paths, trial, prices, seed, SEARCHED, tried).cost
                better = tried[cost[tried] < least[tried]]
                best[better] = trial[better]
                least = least.copy()
                least[better] = cost[better]
        open_idx = open_idx[least[open_idx] < before[open_idx]]
    return best, float((first - least).sum())


def moved(rows: Floats, move: int) -> Floats:
    """Targets one unit more, one less, or scaled."""
    return np.maximum(rows + 1 - 2 * move, 0.0) if move < 2 else np.rint(rows * SCALES[move - 2])


if __name__ == "__main__":
    sys.exit(main())
