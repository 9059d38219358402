"""Plan a scenario most of whose products hardly sell, and check that prices and plan still close in.

Run as ``python benchmarks/slow_movers.py [SCENARIO] [--products N] [--share S] [--seed N] [--json]``. SCENARIO is
us-retail when left out; its products, supply and product demand must be tables. A share of the products (0.8), drawn
by the seed, is slowed down until each sells less than half a unit a day in the whole network, and sold in packs of
four (two when bulky). Each capacity of a site shrinks like its use would if nothing were limited, so that the same
resources bind. The figures are one JSON object on the last line; the exit code is 1 when a bar is missed: a dual gap
of at most 1e-3 in at most 40 evaluations, and capacity violated by at most 1% by the plan.
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
import pandas as pd
from ruamel.yaml import YAML

import meio
from meio.network.compile import compile_scenario
from meio.network.model import Scenario
from meio.plans import Plan

US_RETAIL = Path(__file__).parents[1] / "scenarios" / "us-retail.yaml"
SLOW_UNITS_PER_DAY = (0.05, 0.5)  # of one product in the whole network, drawn on a logarithmic scale
TARGET_GAP, MOST_EVALUATIONS, MOST_VIOLATION = 1e-3, 40, 0.01


def main() -> int:
    """Build the variant, plan it and print what the bars are about."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", metavar="SCENARIO", nargs="?", type=Path, default=US_RETAIL)
    parser.add_argument("--products", type=int, help="keep so many of them, drawn by the seed")
    parser.add_argument("--share", type=float, default=0.8, help="of the products that are slowed down")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scenario = slow_variant(options.scenario, Path(folder), options.products, options.share, options.seed)
    began = time.perf_counter()
    plan = meio.plan(scenario)
    figures = figures_of(plan) | {"seed": options.seed, "seconds": round(time.perf_counter() - began, 1)}
    passed = {
        "gap": plan.dual_gap <= TARGET_GAP and plan.iterations <= MOST_EVALUATIONS,
        "violation": plan.capacity_violation_max <= MOST_VIOLATION,
    }
    if not options.json:
        print(plan.convergence.to_string(index=False), plan.recovery.to_string(index=False), sep="\n\n")
        for bar, holds in passed.items():
            print(f"{bar:<10} {'holds' if holds else 'MISSED'}")
    print(json.dumps(figures | {"passed": passed}))
    return 0 if all(passed.values()) else 1


def figures_of(plan: Plan) -> dict[str, Any]:
    """Return gap and violation, at the end, by evaluation and by step of the recovery."""
    return {
        "dual_gap": plan.dual_gap,
        "evaluations": plan.iterations,
        "capacity_violation_max": plan.capacity_violation_max,
        "planned_cost": plan.planned_cost,
        "dual_value": plan.dual_value,
        "convergence": plan.convergence.to_dict("list"),
        "recovery": plan.recovery.to_dict("records"),
    }


def slow_variant(source: Path, folder: Path, num_products: int | None, share: float, seed: int) -> Scenario:
    """Return the scenario with slow movers and capacities to suit; its files are written to a folder."""
    original = meio.load(source)
    tables = slow_tables(original, num_products or len(original.tables["products"]), share, seed)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    free: dict[str, Any] = {"nodes": {name: _unlimited(node) for name, node in _sites(original).items()}}
    slow: dict[str, Any] = {
        "extends": str(source.resolve()),
        "products": "products.csv",
        "supply": "supply.csv",
        "demand": {"products": "product_demand.csv"},
        "initial_stock": None,
        "open_orders": None,
        "planning": {"max_iterations": MOST_EVALUATIONS, "target_gap": TARGET_GAP},
    }
    free["planning"] = {"refinement_rounds": 0}
    before = _peak_use(_loaded(folder, {"extends": slow["extends"], **free}))
    after = _peak_use(_loaded(folder, slow | free))
    nodes = {name: _shrunk(node, before[name], after[name]) for name, node in _sites(original).items()}
    return _loaded(folder, slow | {"nodes": nodes})


def slow_tables(original: Scenario, num_products: int, share: float, seed: int) -> dict[str, pd.DataFrame]:
    """Return the tables products, supply and product_demand of the chosen products, some of them slowed down."""
    random = np.random.default_rng(seed)
    names = original.tables["products"]["product"].astype("str")
    chosen = names[np.sort(random.permutation(len(names))[:num_products])]
    slow = chosen[random.random(len(chosen)) < share]
    wanted = pd.Series(np.exp(random.uniform(*np.log(SLOW_UNITS_PER_DAY), len(slow))), slow.to_numpy())
    kept = {name: _rows_of(original.tables[name], chosen) for name in ("products", "supply", "product_demand")}
    demand, supply = kept["product_demand"], kept["supply"]
    days = original.file.horizon.period_days
    now = demand.groupby("product")["mean"].mean() / days
    demand["mean"] *= demand["product"].map(wanted / now).fillna(1.0)
    bulky = kept["products"].set_index("product")["storage_type"] != original.file.storage_types[0]
    is_slow = supply["product"].isin(slow)
    pack = np.where(supply["product"].map(bulky), 2, 4)
    supply["pack"] = np.where(is_slow, np.minimum(supply["pack"], pack), supply["pack"])
    supply["minimum_order"] = np.where(is_slow, np.minimum(supply["minimum_order"], 2 * pack), supply["minimum_order"])
    return kept


def _rows_of(table: pd.DataFrame, products: pd.Series) -> pd.DataFrame:
    rows = table[table["product"].isin(products)].copy()
    return rows.assign(product=rows["product"].astype("str"))


def _loaded(folder: Path, file: dict[str, Any]) -> Scenario:
    path = folder / "scenario.yaml"
    YAML(typ="safe").dump(file, path)
    return meio.load(path)


def _sites(scenario: Scenario) -> dict[str, dict[str, Any]]:
    """Return the fields of every site that stocks."""
    fields = {name: node.model_dump(exclude_none=True) for name, node in scenario.file.nodes.items()}
    return {name: node for name, node in fields.items() if node["kind"] != "vendor"}


def _unlimited(node: dict[str, Any]) -> dict[str, Any]:
    free = {"storage_m3": dict.fromkeys(node["storage_m3"], "unlimited")}
    return free | {"inbound_units_per_day": None, "outbound_units_per_day": None}


def _peak_use(scenario: Scenario) -> dict[str, dict[str, Any]]:
    """Return the largest use over the periods, by site and resource, of the plan without limits."""
    names, use = compile_scenario(scenario).names, meio.plan(scenario).use
    return {
        name: {
            "storage_m3": dict(zip(names.storage_types, use.storage[index].max(axis=1).tolist(), strict=True)),
            "inbound_units_per_day": float(use.inbound[index].max()),
            "outbound_units_per_day": float(use.outbound[index].max()),
        }
        for index, name in enumerate(names.nodes)
    }


def _shrunk(node: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return the limits of a site, each by the factor that its use changes by."""

    def limit(value: Any, former: float, now: float) -> Any:
        factor = now / former if former > 0 else 1.0
        if isinstance(value, str):
            return value
        return [factor * one for one in value] if isinstance(value, list | tuple) else factor * value

    flows = [flow for flow in ("inbound_units_per_day", "outbound_units_per_day") if flow in node]
    storage = {
        name: limit(value, before["storage_m3"][name], after["storage_m3"][name])
        for name, value in node["storage_m3"].items()
    }
    return {"storage_m3": storage} | {flow: limit(node[flow], before[flow], after[flow]) for flow in flows}


if __name__ == "__main__":
    sys.exit(main())
