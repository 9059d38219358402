"""Node-periods per second of chains and trees, ours and stockpyl's, and whether both come to the same cost."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from meio.network.compiled import Ints
from meio.simulation.replication import run_replication
from meio.simulation.tally import BACKORDER, HOLDING, LANE_TRANSPORT
from peers.chains import Stage, chain, chain_case, drawn_demand, long_chain, star, tree
from peers.setting import setting_of

CHAINS = {
    "chain": chain(5.0, levels=(9, 6, 11)),
    "chain of slow movers": chain(1.0, levels=(3, 2, 3)),
    "long chain": long_chain(5.0, levels=(9, 6, 11)),
    "tree": tree(8.0, levels=(14, 28, 84)),
    "tree of slow movers": tree(1.0, levels=(4, 8, 16)),
    "star": star(5.0, levels=(10, 58)),
}
ONE_PRODUCT, MANY_PRODUCTS = (1, 10_000), (100, 1_000)  # and days
STOCKPYL_NODE_PERIODS = 8_000  # it slows down on longer runs
TURNS = 8


def chain_row(stages: Sequence[Stage], python: Path, seed: int) -> dict[str, Any]:
    """Speeds per second of CPU time, how much faster ours is, and the costs of both on the same demand."""
    demand = drawn_demand(stages, 1, STOCKPYL_NODE_PERIODS // len(stages), seed)
    cost, _ = _ours(stages, demand, turns=1)
    peer = _stockpyl(stages, demand, python)
    speed = STOCKPYL_NODE_PERIODS / peer["seconds"]
    found: dict[str, Any] = {"stockpyl_node_periods_per_second": speed}
    for name, (num_products, days) in {"": ONE_PRODUCT, "_many_products": MANY_PRODUCTS}.items():
        _, seconds = _ours(stages, drawn_demand(stages, num_products, days, seed), TURNS)
        found[f"node_periods_per_second{name}"] = len(stages) * num_products * days / seconds
        found[f"times_as_fast{name}"] = found[f"node_periods_per_second{name}"] / speed
    apart = max(abs(cost[kind] - amount) / amount for kind, amount in peer["cost"].items())
    return found | {"cost": cost, "largest_difference": apart}


def _ours(stages: Sequence[Stage], demand: Ints, turns: int) -> tuple[dict[str, float], float]:
    """Total cost by kind, and the CPU seconds of a replication: the best of some turns after a first that compiles."""
    setting, seconds = setting_of(*chain_case(stages, demand), seed=0), []
    for _ in range(1 + turns):
        began = time.process_time()
        money = run_replication(setting, 0).tally.money
        seconds.append(time.process_time() - began)
    kinds = {"on hand": HOLDING, "owed": BACKORDER, "on the way": LANE_TRANSPORT}
    return {name: float(money[kind]) for name, kind in kinds.items()}, min(seconds[1:])


def _stockpyl(stages: Sequence[Stage], demand: Ints, python: Path) -> Any:
    task = {"stages": [asdict(stage) for stage in stages], "demand": demand[0].tolist()}
    command = [python, Path(__file__).with_name("stockpyl_twin.py")]
    ended = subprocess.run(command, input=json.dumps(task), check=True, capture_output=True, text=True)  # noqa: S603
    return json.loads(ended.stdout)
