"""Node-periods per second of chains and trees, ours and stockpyl's, and whether both are the same system."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from meio.simulation.engine import simulate
from meio.simulation.measures import SimulationResult
from peers.chains import Stage, chain, chain_case, long_chain, tree

CHAINS = {
    "chain": chain(5.0, levels=(9, 6, 11)),
    "chain of slow movers": chain(1.0, levels=(3, 2, 3)),
    "long chain": long_chain(5.0, levels=(9, 6, 11)),
    "long chain of slow movers": long_chain(1.0, levels=(3, 2, 3)),
    "tree": tree(5.0, levels=(10, 58)),
    "tree of slow movers": tree(1.0, levels=(4, 16)),
}
WARM_UP_DAYS, TURNS = 100, 3
DAYS, REPLICATIONS = 5000, 40
MANY_PRODUCTS, DAYS_OF_MANY, REPLICATIONS_OF_MANY = 100, 2000, 3
STOCKPYL_NODE_PERIODS, STOCKPYL_REPLICATIONS = 4000, 6  # it slows down a little on longer runs


def chain_row(stages: Sequence[Stage], python: Path, seed: int) -> dict[str, Any]:
    """Speeds per second of CPU time, how much faster ours is, and the means of both."""
    peer = _stockpyl(stages, python, seed)
    one, result = _ours(stages, 1, DAYS, REPLICATIONS, seed)
    many, _ = _ours(stages, MANY_PRODUCTS, DAYS_OF_MANY, REPLICATIONS_OF_MANY, seed)
    means = _means(result)
    apart = {kind: _standard_errors_apart(means[kind], peer["means"][kind]) for kind in means}
    speed = peer["node_periods"] / peer["seconds"]
    return {
        "node_periods_per_second": one,
        "node_periods_per_second_many_products": many,
        "stockpyl_node_periods_per_second": speed,
        "times_as_fast": one / speed,
        "times_as_fast_many_products": many / speed,
        "cost_per_period": {kind: float(np.mean(values)) for kind, values in means.items()},
        "stockpyl_cost_per_period": {kind: float(np.mean(values)) for kind, values in peer["means"].items()},
        "standard_errors_apart": apart,
        "same_means": max(apart.values()) < 4.0,
    }


def _ours(
    stages: Sequence[Stage], num_products: int, days: int, replications: int, seed: int
) -> tuple[float, SimulationResult]:
    """Node-periods per second, best of some turns after a first one that compiles, and the result."""
    compiled, plan = chain_case(stages, num_products, days, WARM_UP_DAYS)
    seconds = []
    for _ in range(1 + TURNS):
        began = time.process_time()
        result = simulate(compiled, plan, replications=replications, seed=seed, workers=1)
        seconds.append(time.process_time() - began)
    node_periods = len(stages) * num_products * (days + WARM_UP_DAYS) * replications
    return node_periods / min(seconds[1:]), result


def _stockpyl(stages: Sequence[Stage], python: Path, seed: int) -> Any:
    task = {
        "stages": [asdict(stage) for stage in stages],
        "periods": STOCKPYL_NODE_PERIODS // len(stages) + WARM_UP_DAYS,
        "warm_up": WARM_UP_DAYS,
        "replications": STOCKPYL_REPLICATIONS,
        "seed": seed,
    }
    command = [python, Path(__file__).with_name("stockpyl_twin.py")]
    ended = subprocess.run(command, input=json.dumps(task), check=True, capture_output=True, text=True)  # noqa: S603
    return json.loads(ended.stdout)


def _means(result: SimulationResult) -> dict[str, list[float]]:
    """Cost per period, by kind and replication."""
    kinds = {"holding": "on hand", "backorder": "owed", "lane_transport": "on the way"}
    return {name: (result.cost[column] / result.days).tolist() for column, name in kinds.items()}


def _standard_errors_apart(one: Sequence[float], other: Sequence[float]) -> float:
    variance = sum(np.var(values, ddof=1) / len(values) for values in (one, other))
    return float(abs(np.mean(one) - np.mean(other)) / np.sqrt(variance))
