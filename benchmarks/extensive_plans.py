"""Plan small scenarios by capacity prices and by one linear program; simulate both plans on the same orders.

Run as ``python benchmarks/extensive_plans.py [--instances N] [--replications N] [--seed N] [--json]``. The quickstart
and random networks (10 products, 4 sites, 3 zones), whose storage and receiving capacity is a fifth less than the plan
without limits would use at its peak. The program is `meio plan --method extensive`: Pyomo and HiGHS over 50 samples of
all demand. Seconds are CPU seconds of `meio.plan`, compiled beforehand, on one thread. Costs are paired: the same
orders. The figures are one JSON object on the last line; the exit code is 1 when, over all instances, our plans are
dearer by more than the standard error of the mean saving, or not made faster.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from extensive_form import random_scenario

import meio
from meio.network.model import Scenario
from meio.plans import Plan

QUICKSTART = Path(__file__).parents[1] / "scenarios" / "quickstart.yaml"
SIZES = (10, 4, 3)
TIGHT = 0.8


def main() -> int:
    """Plan, simulate, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=int, default=5, help="random ones")
    parser.add_argument("--replications", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    for method in ("decomposition", "extensive"):
        planned(meio.load(QUICKSTART), method)  # compiles
    rows = {}
    for name, scenario in instances(options.instances, options.seed):
        rows[name] = row = compared(scenario, options.replications, options.seed)
        if not options.json:
            print(f"{name:<12}" + "  ".join(f"{key} {value:,.4g}" for key, value in row.items()), flush=True)
    saving = np.array([row["saving"] for row in rows.values()])
    error = float(saving.std(ddof=1) / np.sqrt(len(saving)))
    faster = min(row["times_as_fast"] for row in rows.values())
    passed = {"quality": bool(saving.mean() >= -error), "speed": faster >= 1.0}
    summary = {"saving": float(saving.mean()), "saving_standard_error": error}
    print(json.dumps({"seed": options.seed, "instances": rows, **summary, "passed": passed}))
    return 0 if all(passed.values()) else 1


def instances(number: int, seed: int) -> Iterator[tuple[str, Scenario]]:
    """Scenarios by name."""
    yield "quickstart", meio.load(QUICKSTART)
    for index in range(number):
        yield f"random {index + 1}", tight(random_scenario(np.random.default_rng([seed, index]), *SIZES))


def tight(scenario: Scenario) -> Scenario:
    """The same network with less room than it would use for free."""
    use = meio.plan(scenario, workers=1).use
    nodes = [name for name, node in scenario.file.nodes.items() if node.kind != "vendor"]
    written = scenario.file.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for place, name in enumerate(nodes):
        storage, inbound = TIGHT * use.storage[place].max(), TIGHT * use.inbound[place].max()
        limits = {"storage_m3": {"standard": float(storage)}, "inbound_units_per_day": float(inbound)}
        written["nodes"][name] |= limits
    return Scenario(type(scenario.file).model_validate(written), scenario.tables, scenario.hash, {})


def compared(scenario: Scenario, replications: int, seed: int) -> dict[str, float]:
    """Cost and seconds of both."""
    ours, seconds = planned(scenario, "decomposition")
    theirs, their_seconds = planned(scenario, "extensive")
    cost, their_cost = (simulated(scenario, plan, replications, seed) for plan in (ours, theirs))
    return {
        "seconds": seconds,
        "program_seconds": their_seconds,
        "times_as_fast": their_seconds / seconds,
        "cost": float(cost.mean()),
        "program_cost": float(their_cost.mean()),
        "saving": float(1.0 - cost.mean() / their_cost.mean()),
        "saving_standard_error": float((their_cost - cost).std(ddof=1) / np.sqrt(replications) / their_cost.mean()),
    }


def planned(scenario: Scenario, method: Literal["decomposition", "extensive"]) -> tuple[Plan, float]:
    """The plan, and CPU seconds."""
    began = time.process_time()
    plan = meio.plan(scenario, method=method, workers=1)
    return plan, time.process_time() - began


def simulated(scenario: Scenario, plan: Plan, replications: int, seed: int) -> Any:
    """Cost of each replication."""
    result = meio.simulate(scenario, plan, replications=replications, seed=seed, workers=1)
    return np.asarray(result.cost["total"], dtype=float)


if __name__ == "__main__":
    sys.exit(main())
