"""Best base-stock levels of serial chains and trees, ours and stockpyl's: time, levels and cost.

Run as ``python benchmarks/optimizer_peers.py [--seed N] [--json]``. stockpyl lives in a virtual environment of its own,
``.peers/stockpyl``, made on the first run. Every instance becomes a scenario that `meio.load` reads and `meio.plan`
plans; the time is that of `meio.plan`, the median of several after a first that compiles, against one solution in
stockpyl, both in CPU seconds on one thread.

- Chains: Example 6.1 of Snyder and Shen with normal and with Poisson demand, and longer ones. stockpyl solves the same
  recursion on a lattice. Levels must agree to the unit (Poisson), or to 2% of a stage's lead time demand (normal), and
  costs within 0.2%.
- Trees: one warehouse with four retailers, and a root, two middles and four leaves (Rong, Atan and Snyder 2017).
  stockpyl has no exact method for them; it descends on simulated costs, coordinate by coordinate, here with one level
  a layer. So both answers are judged twice, on the same demand each time: by sample paths served first come, first
  served, which our model assumes, where ours must cost no more than its (give or take two standard errors); and by
  stockpyl's simulator, which shares a shortage out by rules of its own and which stockpyl's answer was made for.

stockpyl's `gsm_tree` is left out: guaranteed service is another model, in which demand is bounded and no customer
waits. The figures are one JSON object on the last line; the exit code is 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from known_answers import scenario_of
from peers.first_come import cost_of
from peers.homes import NotInstalledError, peer_python

import meio
from meio.network.topology import stocking_order

TURNS = 5
LEVELS_APART, COST_APART = 0.02, 2e-3
DESCENT_PERIODS, JUDGED_PERIODS = 100, 1000
PATHS, DAYS = 40, 2_000
OWED = 37.12
Instance = Mapping[str, Any]


def main() -> int:
    """Solve all instances both ways and print how they compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    try:
        python = peer_python("stockpyl")
    except NotInstalledError as error:
        print(json.dumps({"skipped": str(error)}))
        return 0
    rows = {name: chain_row(instance, python) for name, instance in chains().items()}
    rows |= {name: tree_row(instance, python, options.seed) for name, instance in trees().items()}
    if not options.json:
        for name, row in rows.items():
            print(f"{name:<36}" + ", ".join(f"{key} {value}" for key, value in row.items()))
    passed = all(row["passed"] for row in rows.values())
    print(json.dumps({"seed": options.seed, "instances": rows, "passed": passed}))
    return 0 if passed else 1


def chains() -> dict[str, Instance]:
    """Serial chains by name."""
    normal, poisson = {"type": "normal", "mean": 5, "sd": 1}, {"type": "poisson", "mean": 5}
    return {
        "Example 6.1, normal": chain_of([3, 2, 2], [1, 1, 2], normal),
        "Example 6.1, Poisson": chain_of([3, 2, 2], [1, 1, 2], poisson),
        "chain of 6, Poisson": chain_of([1] * 6, [1] * 5 + [2], poisson),
        "chain of 10, Poisson": chain_of([0.5] * 10, [1] * 9 + [2], poisson),
        "chain of 10, normal": chain_of([0.5] * 10, [1] * 9 + [2], normal),
    }


def chain_of(echelon_holding: Sequence[float], lead: Sequence[int], demand: Mapping[str, Any]) -> Instance:
    """An instance as `known_answers.py` reads it; stage 1 serves the customers."""
    local = np.cumsum(echelon_holding[::-1])[::-1].tolist()
    stages = [
        {"node": place + 1, "echelon_h": echelon_holding[place], "local_h": local[place], "L": lead[place]}
        for place in range(len(lead))
    ]
    edges = [[place + 1, place] for place in range(1, len(lead))]
    return {"stages": stages, "edges": edges, "p_node1": OWED, "demand_node1": demand}


def chain_row(instance: Instance, python: Path) -> dict[str, Any]:
    """Levels and costs of both."""
    ours, theirs = planned(instance), solved(instance, python)
    window = max(stage["L"] for stage in instance["stages"]) * instance["demand_node1"]["mean"]
    apart = max(abs(ours["levels"][node] - level) for node, level in theirs["levels"].items())
    most = 0.0 if instance["demand_node1"]["type"] == "poisson" else LEVELS_APART * window
    cost_apart = abs(ours["cost"] / theirs["cost"] - 1.0)
    return {
        "seconds": ours["seconds"],
        "stockpyl_seconds": theirs["seconds"],
        "times_as_fast": theirs["seconds"] / ours["seconds"],
        "cost": ours["cost"],
        "stockpyl_cost": theirs["cost"],
        "levels_apart": apart,
        "cost_apart": cost_apart,
        "passed": apart <= most + 1e-6 and cost_apart <= COST_APART,
    }


def trees() -> dict[str, Instance]:
    """Distribution trees by name; `groups` are layers, `most` the highest level that is looked at."""
    leaf = {"h": 1.0, "L": 1, "p": 20.0, "demand": {"type": "poisson", "mean": 5}}
    star = [{"node": 0, "h": 1 / 3, "L": 2}, *({"node": n, **leaf} for n in range(1, 5))]
    busy = leaf | {"demand": {"type": "poisson", "mean": 8}}
    inner = [{"node": 0, "h": 1 / 3, "L": 1}, *({"node": n, "h": 2 / 3, "L": 1} for n in (1, 2))]
    return {
        "warehouse, 4 retailers": {
            "nodes": star,
            "edges": [[0, n] for n in range(1, 5)],
            "groups": [[0], [1, 2, 3, 4]],
            "most": {0: 80} | dict.fromkeys(range(1, 5), 20),
        },
        "tree of 3 layers, 7 nodes": {
            "nodes": [*inner, *({"node": n, **busy} for n in range(3, 7))],
            "edges": [[0, 1], [0, 2], [1, 3], [1, 4], [2, 5], [2, 6]],
            "groups": [[0], [1, 2], [3, 4, 5, 6]],
            "most": {0: 64} | dict.fromkeys((1, 2), 40) | dict.fromkeys(range(3, 7), 30),
        },
    }


def tree_row(instance: Instance, python: Path, seed: int) -> dict[str, Any]:
    """Levels of both, and what both cost on the same demand."""
    ours = planned(instance)
    task = {"seed": seed, "periods": DESCENT_PERIODS, "judged": JUDGED_PERIODS, "rival": ours["levels"]}
    theirs = solved({**instance, **task}, python)
    costs = first_come_costs(instance, [ours["levels"], theirs["levels"]], seed)
    difference = costs[:, 0] - costs[:, 1]
    error = float(difference.std(ddof=1) / np.sqrt(PATHS))
    return {
        "seconds": ours["seconds"],
        "stockpyl_seconds": theirs["seconds"],
        "times_as_fast": theirs["seconds"] / ours["seconds"],
        "cost": float(costs[:, 0].mean()),
        "stockpyl_cost": float(costs[:, 1].mean()),
        "standard_error": error,
        "cost_in_stockpyl": theirs["rival_cost"],
        "stockpyl_cost_in_stockpyl": theirs["own_cost"],
        "levels": layered(instance, ours["levels"]),
        "stockpyl_levels": layered(instance, theirs["levels"]),
        "passed": float(difference.mean()) <= 2.0 * error,
    }


def layered(instance: Instance, levels: Mapping[str, float]) -> list[float]:
    """The level of each layer's first node."""
    return [levels[str(group[0])] for group in instance["groups"]]


def planned(instance: Instance) -> dict[str, Any]:
    """Levels, cost and the seconds of `meio.plan`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(json.dumps(scenario_of({"cls": "chain or tree", "inputs": instance})), "utf-8")
        scenario = meio.load(path)
    plan, seconds = meio.plan(scenario, workers=1), []
    for _ in range(TURNS):
        began = time.process_time()
        meio.plan(scenario, workers=1)
        seconds.append(time.process_time() - began)
    names = [name.removeprefix("node ") for name in stocking_order(scenario.file)]
    levels = dict(zip(names, plan.targets[0, :, 0].tolist(), strict=True))
    return {"levels": levels, "cost": plan.planned_cost, "seconds": float(np.median(seconds))}


def solved(task: Mapping[str, Any], python: Path) -> Any:
    """What stockpyl finds."""
    command = [python, Path(__file__).parent / "peers" / "stockpyl_optimum.py"]
    ended = subprocess.run(command, input=json.dumps(task), check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    return json.loads(ended.stdout)


def first_come_costs(instance: Instance, answers: Sequence[Mapping[str, float]], seed: int) -> np.ndarray:
    """Cost per day of every answer on the same sample paths, [path, answer]."""
    random = np.random.default_rng(seed)
    costs = np.zeros((PATHS, len(answers)))
    for path in range(PATHS):
        orders = {
            node["node"]: np.sort(random.uniform(0.0, DAYS, random.poisson(DAYS * node["demand"]["mean"])))
            for node in instance["nodes"]
            if "demand" in node
        }
        for column, levels in enumerate(answers):
            whole = {int(node): int(level) for node, level in levels.items()}
            costs[path, column] = cost_of(instance["nodes"], instance["edges"], whole, orders)
    return costs


if __name__ == "__main__":
    sys.exit(main())
