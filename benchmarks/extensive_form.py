"""Compare prices and dual values with the extensive form, one linear program over the same sampled demand.

Run as ``python benchmarks/extensive_form.py [--instances N] [--products N] [--seed N] [--json]``. Twenty random
networks of at most 20 products, 6 nodes and 4 zones, two speeds and two periods, whose storage and receiving capacity
binds, and one of 200 products. Both sides price the same sampled model: the extensive form in Pyomo on HiGHS (interior
point with crossover, the fastest of its methods here), the decomposition by a bundle method over product subproblems.
Both run on one thread, and seconds are processor time, so that other work on the machine does not count. The figures
are one JSON object on the last line; the exit code is 1 when a bar is missed:

- value: the dual value lies within 0.5% of the program's optimum in every instance;
- prices: every binding capacity's price lies within 10% of the program's dual, or where several duals are optimal
  (degeneracy) between the program's own one-sided derivatives: its optimum solved again with that capacity 0.1% smaller
  and larger. Capacities count as binding when either price claims more than 0.1% of the optimum;
- speed: at 200 products (no bar with fewer), from the sampled arrays to converged prices takes at most 1% of building
  and solving the program; against solving alone the ratio is shown beside it. Kernels are compiled beforehand.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from meio.network.compile import compile_scenario
from meio.network.compiled import Floats
from meio.network.model import Scenario, ScenarioFile
from meio.optimizer.decomposition import SampledOracle, decomposed
from meio.optimizer.extensive import extensive_solution
from meio.optimizer.sampled import SampledModel, sampled_model

INSTANCES, SAMPLES, PERIODS = 20, 50, 2
LARGE = 200  # products
VALUE_BAR, PRICE_BAR, SPEED_BAR = 0.005, 0.10, 100.0
TARGET_GAP, MOST_ROUNDS = 2e-6, 200
CLAIMS, SHIFT = 1e-3, 1e-3  # of the optimum, of the capacity
Random = np.random.Generator


def main() -> int:
    """Compare all instances and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=int, default=INSTANCES, help="small ones to compare (default: %(default)s)")
    parser.add_argument("--products", type=int, default=LARGE, help="of the large one (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    say = (lambda *_: None) if options.json else print
    compared(tight_model(np.random.default_rng(0), 2, 2, 2))  # compiles the kernels
    say("products nodes zones    optimum  dual value  difference binding  furthest  explained  build s  solve s  own s")
    rows = []
    for number in range(options.instances):
        random = np.random.default_rng([options.seed, number])
        sizes = (int(random.integers(5, 21)), int(random.integers(3, 7)), int(random.integers(2, 5)))
        rows.append(compared(tight_model(random, *sizes)))
        say(as_text(sizes, rows[-1]))
    sizes = (options.products, 6, 4)
    large = compared(tight_model(np.random.default_rng([options.seed, INSTANCES]), *sizes))
    say(as_text(sizes, large))
    figures = summed_up(rows, large, options.products)
    if not options.json:
        for bar, holds in figures["passed"].items():
            say(f"{bar:<8} {'holds' if holds else 'MISSED'}")
    print(json.dumps(figures))
    return 0 if all(figures["passed"].values()) else 1


@dataclass(frozen=True)
class Compared:
    """Both solutions of one instance."""

    optimum: float
    dual_value: float
    binding: int
    """Capacities with a price, storage and receiving."""
    binding_storage: int
    furthest: float
    """Largest relative distance of a binding price from the program's dual."""
    degenerate: int
    """Prices further away than the bar, but between the one-sided derivatives."""
    unexplained: int
    build_seconds: float
    solve_seconds: float
    own_seconds: float

    @property
    def difference(self) -> float:
        """Of the values, relative to the optimum."""
        return abs(self.dual_value - self.optimum) / abs(self.optimum)


def compared(model: SampledModel) -> Compared:
    """Solve an instance both ways."""
    began = time.process_time()
    ascent = decomposed(model, TARGET_GAP, MOST_ROUNDS, workers=1)
    own_seconds = time.process_time() - began
    program = extensive_solution(model)
    limit = model.shared.limit
    claims = np.maximum(ascent.prices, program.prices) * limit * model.period_days
    binding = np.flatnonzero(claims > CLAIMS * abs(program.cost))
    apart = np.abs(ascent.prices - program.prices)[binding] / np.maximum(program.prices[binding], 1e-12)
    far = binding[apart > PRICE_BAR]
    explained = sum(within_derivatives(model, int(place), ascent.prices[place], program.cost) for place in far)
    num_storage = int((model.shared.place[binding] < model.shared.everywhere.storage.size).sum())
    return Compared(
        optimum=program.cost,
        dual_value=model.period_days * ascent.rounds[-1].highest,
        binding=len(binding),
        binding_storage=num_storage,
        furthest=float(apart.max(initial=0.0)),
        degenerate=explained,
        unexplained=len(far) - explained,
        build_seconds=program.build_seconds,
        solve_seconds=program.solve_seconds,
        own_seconds=own_seconds,
    )


def within_derivatives(model: SampledModel, place: int, price: float, optimum: float) -> bool:
    """Whether a price lies between the program's derivatives to both sides of a capacity, give or take the bar."""
    slopes = []
    for sign in (1.0, -1.0):
        limit = model.shared.limit.copy()
        step = sign * SHIFT * limit[place]
        limit[place] += step
        moved = extensive_solution(model._replace(shared=model.shared._replace(limit=limit)))
        slopes.append((optimum - moved.cost) / (step * model.period_days))
    low, high = slopes
    return bool(low * (1.0 - PRICE_BAR) <= price <= high * (1.0 + PRICE_BAR))


def summed_up(rows: list[Compared], large: Compared, products: int) -> dict[str, Any]:
    """The figures and which bars hold."""
    every = [*rows, large]
    built_and_solved = (large.build_seconds + large.solve_seconds) / large.own_seconds
    return {
        "instances": len(rows),
        "samples": SAMPLES,
        "difference_max": max(row.difference for row in every),
        "binding_storage": sum(row.binding_storage for row in rows),
        "binding_inbound": sum(row.binding - row.binding_storage for row in rows),
        "prices_within_bar": sum(row.binding - row.degenerate - row.unexplained for row in every),
        "prices_degenerate": sum(row.degenerate for row in every),
        "prices_unexplained": sum(row.unexplained for row in every),
        "large": {
            "products": products,
            "build_seconds": large.build_seconds,
            "solve_seconds": large.solve_seconds,
            "own_seconds": large.own_seconds,
            "times_faster_than_build_and_solve": built_and_solved,
            "times_faster_than_solve": large.solve_seconds / large.own_seconds,
        },
        "passed": {
            "value": all(row.difference <= VALUE_BAR for row in every),
            "prices": not any(row.unexplained for row in every),
            "binding": all(any(getattr(row, kind) for row in rows) for kind in ("binding", "binding_storage")),
        }
        | ({"speed": built_and_solved >= SPEED_BAR} if products >= LARGE else {}),
    }


def as_text(sizes: tuple[int, int, int], row: Compared) -> str:
    """One line of the table."""
    return (
        f"{sizes[0]:8} {sizes[1]:5} {sizes[2]:5} {row.optimum:10,.0f} {row.dual_value:11,.0f} {row.difference:11.4%}"
        f" {row.binding_storage:3}+{row.binding - row.binding_storage:<3}  {row.furthest:8.2%}"
        f" {row.degenerate:5}/{row.degenerate + row.unexplained:<4}"
        f" {row.build_seconds:8.1f} {row.solve_seconds:8.1f} {row.own_seconds:7.2f}"
    )


def tight_model(random: Random, num_products: int, num_nodes: int, num_zones: int) -> SampledModel:
    """A random instance: half of its storage and receiving capacities are smaller than they would be used for free."""
    compiled = compile_scenario(random_scenario(random, num_products, num_nodes, num_zones))
    free = sampled_model(compiled, SAMPLES, seed=int(random.integers(2**31)))
    use = SampledOracle(free, 1, workers=1)(np.zeros(len(free.shared.limit))).use.sum(axis=0)
    num_storage = free.shared.everywhere.storage.size
    tight = random.random(len(use) // PERIODS) < 0.5
    tight[[0, -1]] = True  # one of each kind at least
    share = np.where(tight.repeat(PERIODS), np.where(np.arange(len(use)) < num_storage, 0.75, 0.9), 1.3)
    limit = np.where(use > 0.0, share * use, 1.0)
    return free._replace(shared=free.shared._replace(limit=limit))


def random_scenario(random: Random, num_products: int, num_nodes: int, num_zones: int) -> Scenario:
    """One vendor, nodes and zones scattered in a square; the fast speed is offered nearby, the slow one everywhere."""
    nodes, zones = [f"node{index}" for index in range(num_nodes)], [f"zone{index}" for index in range(num_zones)]
    products = [f"product{index}" for index in range(num_products)]
    distance = np.hypot(*(random.uniform(0, 10, (2, num_nodes, 1)) - random.uniform(0, 10, (2, 1, num_zones))))
    site = {"kind": "fulfilment_centre", "lat": 0.0, "lon": 0.0}
    limits = {"storage_m3": {"standard": 1e6}, "inbound_units_per_day": 1e6}  # set by `tight_model`
    file = {
        "name": "random",
        "horizon": {"start": "2026-01-05", "periods": PERIODS, "period_days": 7},
        "nodes": {"vendor": {**site, "kind": "vendor"}, **{node: {**site, **limits} for node in nodes}},
        "lanes": [
            {
                "from": "vendor",
                "to": node,
                "lead_time": {"mean": float(random.integers(1, 5))},
                "review": {"every": 7.0},
                "cost": {"per_unit": float(random.uniform(0.2, 1.5))},
            }
            for node in nodes
        ],
        "zones": "zones.csv",
        "speeds": {
            "fast": {"promise": "1 d", "lost": {"per_unit": 25.0}},
            "slow": {"promise": "5 d", "lost": {"per_unit": 14.0}},
        },
        "outbound": {"table": "outbound.csv"},
        "products": "products.csv",
        "supply": "supply.csv",
        "demand": {"distribution": "negative_binomial", "whole": "demand.csv"},
        "costs": {"holding": {"per_unit_day": 0.02, "per_m3_day": 1.0}},
    }
    tables = {
        "zones": pd.DataFrame({"zone": zones, "lat": 0.0, "lon": 0.0, "population": 1.0}),
        "products": _products(random, products),
        "supply": pd.DataFrame(
            {"product": ["*"], "vendor": "vendor", "unit_cost": np.nan, "minimum_order": 1, "pack": 1}
        ),
        "outbound": _outbound(nodes, zones, distance),
        "demand": _demand(random, products, zones),
    }
    return Scenario(ScenarioFile.model_validate(file), tables, hash="random", data_hashes={})


def _products(random: Random, products: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "product": products,
            "group": "all",
            "volume_m3": random.uniform(0.01, 0.08, len(products)),
            "weight_kg": 1.0,
            "unit_cost": 0.0,
            "price": 0.0,
            "storage_type": "standard",
        }
    )


def _outbound(nodes: list[str], zones: list[str], distance: Floats) -> pd.DataFrame:
    """Costs rise with distance; the fast service reaches 6 units of it, or from a zone's nearest node."""
    near = (distance < 6.0) | (distance == distance.min(axis=0))
    rows = [
        (service, node, zone, 100.0, days, fixed + slope * distance[start, end])
        for start, node in enumerate(nodes)
        for end, zone in enumerate(zones)
        for service, days, fixed, slope in [("ground", 4.0, 3.0, 0.8), ("air", 1.0, 5.0, 1.5)]
        if service == "ground" or near[start, end]
    ]
    return pd.DataFrame(rows, columns=["service", "node", "zone", "max_weight_kg", "transit_days", "cost"])


def _demand(random: Random, products: list[str], zones: list[str]) -> pd.DataFrame:
    """Many slow movers and some fast ones; the second period asks for half as much again."""
    mean = random.gamma(1.0, 6.0, len(products)) + 0.5
    share = random.dirichlet(np.full(len(zones), 3.0))
    rows = [
        (product, zone, speed, str(period + 1), mean[i] * len(zones) * share[j] * part * (1.0 + 0.5 * period), 1.3)
        for i, product in enumerate(products)
        for j, zone in enumerate(zones)
        for speed, part in [("fast", 0.4), ("slow", 0.6)]
        for period in range(PERIODS)
    ]
    return pd.DataFrame(rows, columns=["product", "zone", "speed", "period", "mean", "dispersion"])


if __name__ == "__main__":
    sys.exit(main())
