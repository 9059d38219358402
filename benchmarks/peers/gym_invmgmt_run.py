"""Describe gym-invmgmt's environments, or play agents in them.

Runs under gym-invmgmt's own Python. ``describe`` prints a list of environments. ``play`` reads a JSON object from
standard input, the plan of each environment by name, and prints the profit of every agent in every environment and with
every published seed, and what could have been earned. Agents that need no plan play without any. ``try`` reads several
plans of each environment by name, and prints our mean profit with each over seeds that no score is taken on.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

import numpy as np
from gym_invmgmt_grid import PERIODS, SEEDS, Case, cases
from gym_invmgmt_oracle import oracle_profit
from gym_invmgmt_rivals import BaseStock, Echelon
from gym_invmgmt_state import State
from gym_invmgmt_targets import Targets
from numpy.typing import NDArray

AHEAD = 60  # periods described
TRIAL_SEEDS = tuple(range(10_001, 10_011))


class Agent(Protocol):
    """What plays."""

    def orders(self) -> NDArray[np.float64]:
        """What to order now, by link."""


def main() -> None:
    """Do what the first argument says."""
    if sys.argv[1] == "describe":
        print(json.dumps({name_of(case): description(case) for case in cases()}))
        return
    task = json.load(sys.stdin)
    if sys.argv[1] == "try":
        print(json.dumps({name_of(case): tried(case, task[name_of(case)]) for case in cases()}))
        return
    seeds = SEEDS[: task["seeds"]]
    print(json.dumps({name_of(case): played(case, task["plans"][name_of(case)], seeds) for case in cases()}))


def name_of(case: Case) -> str:
    """A name for people."""
    goodwill = ", goodwill" if case.goodwill else ""
    return f"{case.network}, {case.demand}{goodwill}, {'waits' if case.backlog else 'lost'}"


def description(case: Case) -> dict[str, Any]:
    """What an informed agent knows beforehand; mean demand is that at the first day's goodwill."""
    env = case.environment()
    env.reset(seed=SEEDS[0])
    state, graph, engine = State(env), env.graph, env.demand_engine
    (retailer,), (sale,) = state.retailers, env.network.retail_links
    return {
        "links": [link._asdict() for link in state.links],
        "nodes": [
            {"node": node, "holding": graph.nodes[node]["h"], "making": graph.nodes[node].get("o", 0.0)}
            for node in state.nodes
        ],
        "retailer": int(retailer),
        "sources": sorted(int(node) for node in state.sources),
        "price": graph.edges[sale]["p"],
        "waiting": graph.edges[sale]["b"],
        "backlog": case.backlog,
        "goodwill_lost": 1.0 - engine.gw_decay / engine.gw_growth if case.goodwill else 0.0,
        "periods": PERIODS,
        "mean": state.means(AHEAD).tolist(),
    }


def played(case: Case, plan: Mapping[str, Any], seeds: tuple[int, ...]) -> dict[str, Any]:
    """Profits by agent, one a seed, and the seconds of all seeds together."""
    agents = {"targets": partial(Targets, plan=plan), "base-stock": BaseStock, "echelon": Echelon}
    found: dict[str, Any] = {"oracle": timed(lambda seed: oracle_profit(case, seed), seeds)}
    for name, make in agents.items():
        found[name] = timed(partial(profit, case, make), seeds)
    return found


def tried(case: Case, plans: Mapping[str, Any]) -> dict[str, float]:
    """Our mean profit by plan."""
    return {
        name: float(np.mean([profit(case, partial(Targets, plan=plan), seed) for seed in TRIAL_SEEDS]))
        for name, plan in plans.items()
    }


def timed(profit_with: Callable[[int], float], seeds: tuple[int, ...]) -> dict[str, Any]:
    """Profit with every seed, and CPU seconds."""
    began = time.process_time()
    profits = [profit_with(seed) for seed in seeds]
    return {"profit": profits, "seconds": time.process_time() - began}


def profit(case: Case, make: Callable[[State], Agent], seed: int) -> float:
    """What an agent earns over the horizon."""
    env = case.environment()
    agent = make(State(env))
    env.reset(seed=seed)
    return sum(float(env.step(agent.orders())[1]) for _ in range(PERIODS))


if __name__ == "__main__":
    main()
