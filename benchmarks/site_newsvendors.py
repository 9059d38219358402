"""Plan us-retail, and give every site newsvendors of its own from SciPy; simulate both on the same orders.

Run as ``python benchmarks/site_newsvendors.py [--replications N] [--seed N] [--json]``. The newsvendors (baseline
``independent_newsvendor``) know nothing of capacity and of each other; their orders are filled from the nearest site.
Seconds are CPU seconds of making the targets, the scenario read and compiled beforehand, on one thread, ours with and
without improving targets on sampled paths. The figures are one JSON object on the last line; the exit code is 1 when
the 95% interval of the paired saving in simulated cost reaches zero.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from scipy import stats

import meio
from meio.network.compile import compile_scenario
from meio.optimizer.baselines import baseline_plans
from meio.simulation.measures import SimulationResult

SCENARIOS = Path(__file__).parents[1] / "scenarios"
Made = TypeVar("Made")


def main() -> int:
    """Plan, simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    warm_up()
    figures = compared(options.replications, options.seed)
    passed = {"saving": figures["saving"] - figures["saving_half_interval"] > 0.0}
    if not options.json:
        print(*(f"{name:<28}{value}" for name, value in figures.items()), sep="\n")
    print(json.dumps(figures | {"seed": options.seed, "passed": passed}))
    return 0 if all(passed.values()) else 1


def warm_up() -> None:
    """Compile what is timed."""
    scenario = meio.load(SCENARIOS / "quickstart.yaml")
    meio.plan(scenario, workers=1)
    baseline_plans(compile_scenario(scenario))


def compared(replications: int, seed: int) -> dict[str, Any]:
    """Seconds of both, simulated cost of both, and the saving."""
    path = SCENARIOS / "us-retail.yaml"
    scenario, unrefined = meio.load(path), meio.load(path, ["planning.refinement_rounds=0"])
    plan, seconds = timed(lambda: meio.plan(scenario, workers=1))
    _, seconds_unrefined = timed(lambda: meio.plan(unrefined, workers=1))
    compiled = compile_scenario(scenario)
    rivals, rival_seconds = timed(lambda: baseline_plans(compiled))
    asked: dict[str, Any] = {"replications": replications, "seed": seed}
    ours = total(meio.simulate(scenario, plan, **asked))
    theirs = total(meio.simulate(scenario, rivals["independent_newsvendor"], policy="nearest", **asked))
    saving = 1.0 - ours / theirs
    half = stats.t.ppf(0.975, replications - 1) * saving.std(ddof=1) / np.sqrt(replications)
    return {
        "products": len(compiled.names.products),
        "seconds": seconds,
        "seconds_unrefined": seconds_unrefined,
        "newsvendor_seconds": rival_seconds,
        "cost": float(ours.mean()),
        "newsvendor_cost": float(theirs.mean()),
        "saving": float(saving.mean()),
        "saving_half_interval": float(half),
    }


def total(result: SimulationResult) -> np.ndarray:
    """Cost of each replication."""
    return np.asarray(result.cost["total"], dtype=float)


def timed(make: Callable[[], Made]) -> tuple[Made, float]:
    """What is made, and CPU seconds."""
    began = time.process_time()
    made = make()
    return made, time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
