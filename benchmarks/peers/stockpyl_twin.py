"""The chains in stockpyl's simulator. Run by stockpyl's own Python, as it needs an older NumPy than ours does.

Reads one JSON object from standard input (stages, periods, warm_up, replications, seed) and writes one: CPU seconds of
the simulation proper, node-periods, and the cost per period by kind and replication after the warm-up.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from stockpyl.sim import simulation
from stockpyl.supply_chain_network import SupplyChainNetwork, network_from_edges


def main() -> None:
    """Simulate the replications and print what they took and showed."""
    task = json.load(sys.stdin)
    seconds, means = 0.0, []
    for replication in range(task["replications"]):
        network = network_of(task["stages"])
        began = time.process_time()
        simulation(
            network,
            task["periods"],
            rand_seed=task["seed"] + replication,
            progress_bar=False,
            consistency_checks="N",
        )
        seconds += time.process_time() - began
        means.append(means_of(network, task["warm_up"], task["periods"]))
    by_kind = {kind: [one[kind] for one in means] for kind in means[0]}
    node_periods = len(task["stages"]) * task["periods"] * task["replications"]
    print(json.dumps({"seconds": seconds, "node_periods": node_periods, "means": by_kind}))


def network_of(stages: list[dict[str, Any]]) -> SupplyChainNetwork:
    """Build a fresh network; stages are numbered in the order given."""
    place = {stage["name"]: number for number, stage in enumerate(stages)}
    edges = [(place[stage["source"]], place[stage["name"]]) for stage in stages if stage["source"]]

    def of_each(field: str) -> dict[int, Any]:
        return {number: stage[field] for number, stage in enumerate(stages)}

    return network_from_edges(
        edges,
        local_holding_cost=of_each("holding"),
        stockout_cost=of_each("owed"),
        shipment_lead_time=of_each("lead_periods"),
        policy_type="BS",
        base_stock_level=of_each("level"),
        demand_type={number: "P" if stage["demand"] else None for number, stage in enumerate(stages)},
        mean={number: stage["demand"] or None for number, stage in enumerate(stages)},
        supply_type={number: None if stage["source"] else "U" for number, stage in enumerate(stages)},
    )


def means_of(network: SupplyChainNetwork, warm_up: int, periods: int) -> dict[str, float]:
    """Cost per period of units on hand, owed and on the way, after the warm-up."""
    fields = {
        "on hand": "holding_cost_incurred",
        "owed": "stockout_cost_incurred",
        "on the way": "in_transit_holding_cost_incurred",
    }
    return {
        kind: float(sum(getattr(node.state_vars[t], field) for node in network.nodes for t in range(warm_up, periods)))
        / (periods - warm_up)
        for kind, field in fields.items()
    }


if __name__ == "__main__":
    main()
