"""How well a sample of the products estimates the whole simulation: coverage of its intervals, bias, variance, time.

Run as ``python benchmarks/sampled_simulation.py [--products N] [--share S] [--repetitions R] [--seed N] [--json]``.
Draws a catalogue with few dear and many slow products at two sites, simulates all of it on many paths as the truth,
then a new sample on new paths again and again: with room for everything, and with receiving, storage and shipping that
bind. The figures are one JSON object on the last line; the exit code is 1 when a bar is missed: intervals of total cost
cover the truth in 90% of the repetitions or more in every case, and the bias of total cost is at most 1%, of fill rates
at most one point.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.network.model import Scenario, ScenarioFile
from meio.optimizer.baselines import baseline_plans
from meio.plans import Plan
from meio.simulation.engine import simulate
from meio.simulation.measures import SimulationResult
from meio.simulation.sampled import simulate_sample

REPLICATIONS = 10
TRUE_PATHS = 100
SITES = ("west", "east")
MEASURES = ("cost:total", "cost:outbound", "cost:holding", "cost:lost", "fill_rate:any", "outbound_cost_per_unit")
ROOM = {  # multiples of mean use where nothing is limited: storage, receiving, shipping
    "no limits": None,
    "receiving binds": (9.0, 1.1, 9.0),
    "storage binds": (0.95, 9.0, 9.0),
    "shipping binds": (9.0, 9.0, 0.98),
    "all bind": (1.05, 1.15, 1.05),
}


@dataclass(frozen=True)
class Truth:
    """What simulating every product on many paths finds."""

    totals: dict[str, float]
    sd: float
    """Of the total cost of a path."""
    seconds: float
    """Of as many paths as a sample is simulated on."""


def main() -> int:
    """Run every case and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=1000)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    figures: dict[str, dict[str, dict[str, float]]] = {}
    passed: dict[str, bool] = {}
    for name, room in ROOM.items():
        compiled, plan = _case(options.products, options.seed, room)
        figures[name] = _figures(compiled, plan, options)
        passed[name] = _passes(figures[name])
        if not options.json:
            _show(name, figures[name], passed[name])
    settings = {key: getattr(options, key) for key in ("products", "share", "repetitions", "seed")}
    print(json.dumps({**settings, "cases": figures, "passed": passed}))
    return 0 if all(passed.values()) else 1


def _passes(figures: dict[str, dict[str, float]]) -> bool:
    total, fill = figures["cost:total"], figures["fill_rate:any"]
    return total["coverage"] >= 0.9 and abs(total["bias"]) <= 0.01 and abs(fill["mean"] - fill["truth"]) <= 0.01


def _show(name: str, figures: dict[str, dict[str, float]], passed: bool) -> None:
    took = figures["seconds"]
    print(f"{name}: {'holds' if passed else 'MISSED'}; {took['sample']:.2f} s, the whole {took['whole']:.2f} s")
    for measure in MEASURES:
        one = figures[measure]
        print(
            f"  {measure:<24}{one['truth']:>14,.4g}  covered {one['coverage']:.0%}, bias {one['bias']:+.2%}, "
            f"interval ± {one['half_width']:.2%}"
        )
    print(f"  variance of total cost over that of the whole on as many paths: {took['variance_ratio']:.2f}")


def _figures(compiled: CompiledScenario, plan: Plan, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    truth = _truth(compiled, plan, options.seed)
    began = time.perf_counter()
    tables = [
        simulate_sample(
            [(compiled, plan)], sample=options.share, replications=REPLICATIONS, seed=options.seed + 1 + repetition
        ).estimate
        for repetition in range(options.repetitions)
    ]
    seconds = (time.perf_counter() - began) / options.repetitions
    found = pd.concat([table.intervals for table in tables if table is not None]).set_index("measure")
    figures = {measure: _measured(found.loc[measure], truth.totals[measure]) for measure in MEASURES}
    variance = float(np.var(found.loc["cost:total", "mean"].to_numpy(), ddof=1))
    ratio = variance / (truth.sd**2 / REPLICATIONS)
    figures["seconds"] = {"sample": seconds, "whole": truth.seconds, "variance_ratio": ratio}
    return figures


def _measured(rows: pd.DataFrame, truth: float) -> dict[str, float]:
    """How estimates of one measure compare with the truth; bias and half width relative to it."""
    return {
        "truth": truth,
        "mean": float(rows["mean"].mean()),
        "bias": float(rows["mean"].mean() / truth - 1.0),
        "half_width": float((rows["high"] - rows["low"]).mean() / 2.0 / truth),
        "coverage": float(((rows["low"] <= truth) & (truth <= rows["high"])).mean()),
    }


def _truth(compiled: CompiledScenario, plan: Plan, seed: int) -> Truth:
    began = time.perf_counter()
    result = simulate(compiled, plan, replications=TRUE_PATHS, seed=10**6 + seed)
    seconds = (time.perf_counter() - began) * REPLICATIONS / TRUE_PATHS
    return Truth(_values(result), float(result.cost["total"].std()), seconds)


def _values(result: SimulationResult) -> dict[str, float]:
    service, cost = result.service.sum(numeric_only=True), result.cost.mean()
    return {
        **{f"cost:{kind}": float(cost[kind]) for kind in ("total", "outbound", "holding", "lost")},
        "fill_rate:any": float(service["filled"] / service["demand"]),
        "outbound_cost_per_unit": float(result.cost["outbound"].sum() / result.network["units_shipped"].sum()),
    }


def _case(num_products: int, seed: int, room: tuple[float, float, float] | None) -> tuple[CompiledScenario, Plan]:
    """A catalogue and the plan of a simple baseline, with room as multiples of what it uses without limits."""
    free = compile_scenario(_scenario(num_products, seed, {site: {} for site in SITES}))
    plan = baseline_plans(free)["independent_newsvendor"]
    if room is None:
        return free, plan
    use = simulate(free, plan, replications=REPLICATIONS, seed=2 * 10**6 + seed).use
    mean = use.groupby(["resource", "place"])["mean"].mean()
    limits = {
        site: {
            "storage_m3": {"standard": float(mean["storage:standard", site] * room[0])},
            "inbound_units_per_day": float(round(mean["inbound", site] * room[1])),
            "outbound_units_per_day": float(round(mean["outbound", site] * room[2])),
        }
        for site in SITES
    }
    return compile_scenario(_scenario(num_products, seed, limits)), plan


def _scenario(num_products: int, seed: int, limits: dict[str, dict[str, object]]) -> Scenario:
    rng = np.random.default_rng(seed)
    names = [f"p{number}" for number in range(num_products)]
    mean = 3.0 * np.exp(rng.normal(0.0, 1.4, num_products))
    unit_cost = np.exp(rng.normal(2.5, 1.0, num_products))
    products = pd.DataFrame(
        {
            "product": names,
            "group": "all",
            "volume_m3": np.exp(rng.normal(-4.5, 0.8, num_products)),
            "weight_kg": 1.0,
            "unit_cost": unit_cost,
            "price": 2.0 * unit_cost,
            "storage_type": "standard",
        }
    )
    share = {"seattle": 0.45, "boston": 0.55}
    demand = pd.concat(
        [
            pd.DataFrame({"product": names, "zone": zone, "mean": mean * part, "speed": "any", "period": "*"})
            for zone, part in share.items()
        ]
    )
    return Scenario(
        _file(limits), {**_network(), "products": products, "demand": demand}, hash="sampled", data_hashes={}
    )


def _network() -> dict[str, pd.DataFrame]:
    supply = ("*", "vendor", float("nan"), 1, 1)
    costs = {("west", "seattle"): 3.0, ("west", "boston"): 8.0, ("east", "seattle"): 8.0, ("east", "boston"): 3.0}
    outbound = [("parcel", node, zone, 100.0, 1.0, cost) for (node, zone), cost in costs.items()]
    return {
        "zones": pd.DataFrame(
            [("boston", 0.0, 0.0, 1.0), ("seattle", 0.0, 0.0, 1.0)], columns=["zone", "lat", "lon", "population"]
        ),
        "supply": pd.DataFrame([supply], columns=["product", "vendor", "unit_cost", "minimum_order", "pack"]),
        "outbound": pd.DataFrame(
            outbound, columns=["service", "node", "zone", "max_weight_kg", "transit_days", "cost"]
        ),
    }


def _file(limits: dict[str, dict[str, object]]) -> ScenarioFile:
    plain = {"kind": "fulfilment_centre", "lat": 0.0, "lon": 0.0, "storage_m3": {"standard": "unlimited"}}
    lead_time = {"distribution": "gamma", "mean": 5.0, "cv": 0.4}
    return ScenarioFile.model_validate(
        {
            "name": "sampled",
            "horizon": {"start": "2026-01-05", "periods": 8, "period_days": 7},
            "nodes": {
                "vendor": {"kind": "vendor", "lat": 0.0, "lon": 0.0},
                **{site: {**plain, **limits[site]} for site in SITES},
            },
            "lanes": [
                {"from": "vendor", "to": site, "lead_time": lead_time, "review": {"every": 7.0, "offset": offset}}
                for site, offset in zip(SITES, (1.0, 3.0), strict=True)
            ],
            "zones": "zones.csv",
            "speeds": {"any": {"promise": "2 d", "lost": {"per_unit": 10.0}}},
            "outbound": {"table": "outbound.csv"},
            "products": "products.csv",
            "supply": "supply.csv",
            "demand": {"distribution": "poisson", "whole": "demand.csv"},
            "costs": {"holding": {"per_m3_day": 0.5, "of_unit_cost_per_year": 0.25}},
        }
    )


if __name__ == "__main__":
    sys.exit(main())
