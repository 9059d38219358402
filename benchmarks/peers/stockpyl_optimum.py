"""stockpyl's best base-stock levels of a serial chain or a tree. Run by stockpyl's own Python.

Reads one JSON object from standard input and writes one: local levels by node, the cost per period that stockpyl
states, and CPU seconds. Chains are solved by its recursion (Clark and Scarf), trees by its coordinate descent on
simulated costs, for which it has no exact method.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise
from typing import Any

from stockpyl.demand_source import DemandSource
from stockpyl.meio_general import meio_by_coordinate_descent
from stockpyl.sim import simulation
from stockpyl.ssm_serial import optimize_base_stock_levels
from stockpyl.supply_chain_network import SupplyChainNetwork, network_from_edges


def main() -> None:
    """Solve the task."""
    task = json.load(sys.stdin)
    print(json.dumps(tree(task) if "nodes" in task else chain(task)))


def chain(task: dict[str, Any]) -> dict[str, Any]:
    """Stages are listed from the customers up."""
    stages = task["stages"]
    order = [stage["node"] for stage in reversed(stages)]
    customer = stages[0]["node"]
    began = time.process_time()
    echelon, cost = optimize_base_stock_levels(
        num_nodes=len(stages),
        node_order_in_system=order,
        echelon_holding_cost={stage["node"]: stage["echelon_h"] for stage in stages},
        lead_time={stage["node"]: stage["L"] for stage in stages},
        stockout_cost=task[f"p_node{customer}"],
        demand_source=demand(task[f"demand_node{customer}"]),
    )
    seconds = time.process_time() - began
    below = dict(pairwise(order))
    levels = {node: float(echelon[node]) - float(echelon[below[node]] if node in below else 0.0) for node in order}
    return {"levels": levels, "cost": float(cost), "seconds": seconds}


def tree(task: dict[str, Any]) -> dict[str, Any]:
    """Nodes of a group share a level."""
    nodes = {node["node"]: node for node in task["nodes"]}
    network = network_from_edges(
        [tuple(edge) for edge in task["edges"]],
        local_holding_cost={name: node["h"] for name, node in nodes.items()},
        stockout_cost={name: node.get("p", 0.0) for name, node in nodes.items()},
        shipment_lead_time={name: node["L"] for name, node in nodes.items()},
        in_transit_holding_cost=dict.fromkeys(nodes, 0.0),
        policy_type="BS",
        base_stock_level=dict.fromkeys(nodes, 0.0),
        demand_type={name: "P" if "demand" in node else None for name, node in nodes.items()},
        mean={name: node["demand"]["mean"] if "demand" in node else None for name, node in nodes.items()},
        supply_type={name: "U" if all(after != name for _, after in task["edges"]) else None for name in nodes},
    )
    began = time.process_time()
    levels, cost = meio_by_coordinate_descent(
        network,
        search_lo=0.0,
        search_hi={int(name): high for name, high in task["most"].items()},
        groups=[set(group) for group in task["groups"]],
        sim_num_trials=1,
        sim_num_periods=task["periods"],
        sim_rand_seed=task["seed"],
        line_search_tol=0.25,
    )
    seconds = time.process_time() - began
    whole = {node: float(round(level)) for node, level in levels.items()}
    rival = {int(node): level for node, level in task["rival"].items()}
    return {
        "levels": whole,
        "cost": float(cost),
        "seconds": seconds,
        "own_cost": simulated(network, whole, task),
        "rival_cost": simulated(network, rival, task),
    }


def simulated(network: SupplyChainNetwork, levels: dict[int, float], task: dict[str, Any]) -> float:
    """Cost per period of levels in stockpyl's simulator, on demand that no search has seen."""
    for node in network.nodes:
        node.inventory_policy.base_stock_level = levels[node.index]
    periods = task["judged"]
    return float(simulation(network, periods, rand_seed=task["seed"] + 1, progress_bar=False)) / periods


def demand(given: dict[str, Any]) -> DemandSource:
    """Poisson or normal."""
    if given["type"] == "poisson":
        return DemandSource(type="P", mean=given["mean"])
    return DemandSource(type="N", mean=given["mean"], standard_deviation=given["sd"])


if __name__ == "__main__":
    main()
