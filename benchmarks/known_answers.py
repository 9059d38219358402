"""Plan systems whose optimum is known, and compare levels and cost.

Run as ``python benchmarks/known_answers.py FILE [--seed N] [--json]``. FILE lists instances: newsvendors, base stock
with lead time, serial chains, distribution trees, one warehouse with several retailers. Each becomes a scenario file
that `meio.load` reads and `meio.plan` plans, twice: the second time is the time told. Levels that are whole numbers
must be met exactly, all else within the instance's tolerance (relative). Example 6.1 must also cost within 1e-4 of its
optimum and take less than 0.1 s. The figures are one JSON object on the last line; the exit code is 1 when an instance
misses, or is of a form that is not covered.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import meio
from meio.network.topology import stocking_order

COST_BARS = {"serial_ex6_1": 1e-4}  # relative, where it is tighter than the file's
SECONDS_BARS = {"serial_ex6_1": 0.1}


class Stage(NamedTuple):
    """A node: holding cost per unit and day, lead time in days; its source, and its customers if it has any."""

    holding: float
    lead_days: float
    source: str | None = None
    demand: Mapping[str, Any] | None = None
    owed: float = 0.0
    transport: float = 0.0


class NotCoveredError(ValueError):
    """An instance of a form this script does not know."""


def main() -> int:
    """Plan every instance of the file and print how it compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--seed", type=int, default=0, help="of no effect: nothing here is random")
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    instances = json.loads(Path(options.file).read_text("utf-8"))["instances"]
    results = {instance["id"]: result_of(instance) for instance in instances}
    if not options.json:
        for name, result in results.items():
            print(f"{name:<32} {'holds ' if result['passed'] else 'MISSED'} {told(result)}")
    passed = all(result["passed"] for result in results.values())
    print(json.dumps({"instances": results, "passed": passed}))
    return 0 if passed else 1


def told(result: Mapping[str, Any]) -> str:
    """One line about a result."""
    if "why" in result:
        return f"not covered: {result['why']}"
    levels = ", ".join(f"{level:.6g}" for level in result["levels"].values())
    return f"levels {levels}; cost {result['cost']:.9g}, {result['cost_error']:.1e} off; {result['seconds']:.4f} s"


def result_of(instance: Mapping[str, Any]) -> dict[str, Any]:
    """Levels, cost, their errors and the warm time of an instance; or why it is not covered."""
    try:
        scenario, expected = scenario_of(instance), levels_of(instance)
        optimum, tolerance = instance["optimal"]["cost"], instance["tol"]
    except (NotCoveredError, KeyError) as error:
        return {"why": f"no {error}" if isinstance(error, KeyError) else str(error), "passed": False}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(json.dumps(scenario), "utf-8")  # JSON is YAML
        read = meio.load(path)
    meio.plan(read)
    began = time.perf_counter()
    plan = meio.plan(read)
    seconds = time.perf_counter() - began
    levels = dict(zip(stocking_order(read.file), plan.targets[0, :, 0].tolist(), strict=True))
    cost_error = abs(plan.planned_cost - optimum) / abs(optimum)
    met = all(is_met(levels[node], level, tolerance) for node, level in expected.items())
    within = cost_error <= min(tolerance, COST_BARS.get(instance["id"], tolerance))
    fast = seconds < SECONDS_BARS.get(instance["id"], float("inf"))
    return {
        "levels": levels,
        "expected": expected,
        "cost": plan.planned_cost,
        "cost_error": cost_error,
        "seconds": seconds,
        "passed": met and within and fast,
    }


def is_met(found: float, expected: float, tolerance: float) -> bool:
    """Whether a level is right: to the unit if whole, else within the relative tolerance."""
    if float(expected).is_integer():
        return abs(found - expected) < 1e-6
    return abs(found - expected) <= tolerance * abs(expected)


def levels_of(instance: Mapping[str, Any]) -> dict[str, float]:
    """The optimal local level of each node by its name in the scenario."""
    inputs, optimal = instance["inputs"], instance["optimal"]
    if "stages" in inputs:
        names = [f"node {stage['node']}" for stage in inputs["stages"]]
        echelon = dict(zip(names, optimal["echelon_S"], strict=True)) if "echelon_S" in optimal else {}
        below = {f"node {before}": echelon[f"node {after}"] for before, after in inputs["edges"]} if echelon else {}
        local = [level - below.get(name, 0.0) for name, level in echelon.items()]
        return dict(zip(names, optimal.get("local_S", local), strict=True))
    if "nodes" in inputs:
        return {f"node {node}": level for node, level in optimal["local_S"].items()}
    if "retailers" in inputs:
        return {"warehouse": optimal["S0"]} | {f"retailer {n}": level for n, level in enumerate(optimal["S"])}
    return {"site": optimal["S"]}


def scenario_of(instance: Mapping[str, Any]) -> dict[str, Any]:
    """The instance as a scenario file."""
    inputs = instance["inputs"]
    if "stages" in inputs:
        return written(chain_of(inputs), every=0)
    if "nodes" in inputs:
        return written(tree_of(inputs), every=0)
    if "retailers" in inputs:
        return written(warehouse_of(inputs), every=0)
    if {"h", "p", "demand"} <= inputs.keys():
        days = inputs.get("L", 0)
        return written({"site": Stage(inputs["h"], days, None, inputs["demand"], inputs["p"])}, every=1, lost=days == 0)
    raise NotCoveredError(f"{instance['cls']}: neither stages, nodes, retailers nor one site")


def chain_of(inputs: Mapping[str, Any]) -> dict[str, Stage]:
    """Stages of a serial chain; units on the way to a stage cost its source's holding, paid as transport."""
    source = {after: before for before, after in inputs["edges"]}
    if len(set(source.values())) < len(inputs["edges"]) or len(source) < len(inputs["edges"]):
        raise NotCoveredError("stages that are no chain")
    holding = {stage["node"]: stage["local_h"] for stage in inputs["stages"]}
    found = {}
    for stage in inputs["stages"]:
        node, days = stage["node"], stage["L"]
        demand = inputs.get(f"demand_node{node}")
        found[f"node {node}"] = Stage(
            holding[node],
            days,
            f"node {source[node]}" if node in source else None,
            demand,
            inputs[f"p_node{node}"] if demand else 0.0,
            holding[source[node]] * days if node in source else 0.0,
        )
    return found


def tree_of(inputs: Mapping[str, Any]) -> dict[str, Stage]:
    """Stages of a distribution tree; units on the way cost nothing."""
    source = {after: before for before, after in inputs["edges"]}
    if len(source) < len(inputs["edges"]):
        raise NotCoveredError("a node with two sources")
    return {
        f"node {node['node']}": Stage(
            node["h"],
            node["L"],
            f"node {source[node['node']]}" if node["node"] in source else None,
            node.get("demand"),
            node.get("p", 0.0),
        )
        for node in inputs["nodes"]
    }


def warehouse_of(inputs: Mapping[str, Any]) -> dict[str, Stage]:
    """A warehouse and the retailers it supplies."""
    warehouse = inputs["warehouse"]
    stages = {"warehouse": Stage(warehouse["h"], warehouse["L"])}
    for number, retailer in enumerate(inputs["retailers"]):
        demand = retailer.get("demand") or {"type": "poisson", "mean": retailer["rate"]}
        stages[f"retailer {number}"] = Stage(retailer["h"], retailer["L"], "warehouse", demand, retailer["p"])
    return stages


def written(stages: Mapping[str, Stage], *, every: int, lost: bool = False) -> dict[str, Any]:
    """A scenario of one product and one day: each customer stage has a zone and a speed of its own."""
    place = {"lat": 0.0, "lon": 0.0}
    customers = {name: stage for name, stage in stages.items() if stage.demand}
    distribution, demand = demand_rows(customers)
    return {
        "name": "known answer",
        "horizon": {"start": "2026-01-05", "periods": 1, "period_days": 1},
        "nodes": {"vendor": {"kind": "vendor", **place}}
        | {
            name: {
                "kind": "fulfilment_centre" if stage.demand else "distribution_centre",
                "storage_m3": {"standard": "unlimited"},
                "holding": {"per_unit_day": stage.holding},
                **place,
            }
            for name, stage in stages.items()
        },
        "lanes": [
            {
                "from": stage.source or "vendor",
                "to": name,
                "lead_time": {"mean": stage.lead_days},
                "cost": {"per_unit": stage.transport},
                "review": {"every": every},
            }
            for name, stage in stages.items()
        ],
        "zones": [{"zone": name, "population": 1, **place} for name in customers],
        "speeds": {name: {"promise": 2} | missed(stage.owed, lost=lost) for name, stage in customers.items()},
        "outbound": {
            "table": [
                {"service": "parcel", "node": name, "zone": name, "max_weight_kg": 9, "transit_days": 1, "cost": 0}
                for name in customers
            ]
        },
        "products": [{"product": "item", "volume_m3": 0.01, "weight_kg": 1, "unit_cost": 0, "price": 0}],
        "supply": [{"product": "item", "vendor": "vendor"}],
        "demand": {"distribution": distribution, "whole": demand},
        "costs": {"end_stock_value": 0},
    }


def missed(penalty: float, *, lost: bool) -> dict[str, Any]:
    """What becomes of customers who find no stock, and its price per unit (and day, when owed)."""
    if lost:
        return {"lost": {"per_unit": penalty}}
    return {"when_unserved": "backordered", "backordered_per_day": {"per_unit": penalty}}


def demand_rows(customers: Mapping[str, Stage]) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """The demand's distribution, the same for all, and its table."""
    kinds = {stage.demand["type"] for stage in customers.values() if stage.demand}
    names = {"normal": "normal", "gamma": "gamma", "poisson": "poisson", "discrete": "empirical"}
    if len(kinds) != 1 or not kinds <= names.keys():
        raise NotCoveredError(f"demand that is {' and '.join(sorted(kinds))}, expected one of {', '.join(names)}")
    rows = []
    for name, stage in customers.items():
        key = {"product": "item", "zone": name, "speed": name, "period": "*"}
        rows += [key | row for row in parameter_rows(stage.demand or {})]
    return names[kinds.pop()], rows


def parameter_rows(demand: Mapping[str, Any]) -> list[dict[str, float]]:
    """The parameters of one demand as a scenario's table has them."""
    if demand["type"] == "poisson":
        return [{"mean": demand["mean"] if "mean" in demand else demand["rate"]}]
    if demand["type"] == "discrete":
        return [{"value": float(value), "probability": share} for value, share in demand["pmf"].items()]
    return [{"mean": demand["mean"], "sd": demand["sd"]}]


if __name__ == "__main__":
    sys.exit(main())
