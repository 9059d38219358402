"""The chains in stockpyl's simulator. Run by stockpyl's own Python, as it needs an older NumPy than ours does.

Reads one JSON object from standard input (stages, and the demand of each retail stage by period) and writes one: CPU
seconds of the simulation proper, and the total cost by kind.
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
    network, periods = network_of(task["stages"], task["demand"]), len(task["demand"][0])
    began = time.process_time()
    simulation(network, periods, progress_bar=False, consistency_checks="N")
    print(json.dumps({"seconds": time.process_time() - began, "cost": cost_of(network, periods)}))


def network_of(stages: list[dict[str, Any]], demand: list[list[int]]) -> SupplyChainNetwork:
    """Build a fresh network; stages are numbered in the order given, `demand` is [retail stage][period]."""
    given = iter(demand)
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
        demand_type={number: "D" if stage["demand"] else None for number, stage in enumerate(stages)},
        demand_list={number: next(given) if stage["demand"] else None for number, stage in enumerate(stages)},
        supply_type={number: None if stage["source"] else "U" for number, stage in enumerate(stages)},
    )


def cost_of(network: SupplyChainNetwork, periods: int) -> dict[str, float]:
    """Total cost of units on hand, owed and on the way."""
    fields = {
        "on hand": "holding_cost_incurred",
        "owed": "stockout_cost_incurred",
        "on the way": "in_transit_holding_cost_incurred",
    }
    return {
        kind: float(sum(getattr(node.state_vars[t], field) for node in network.nodes for t in range(periods)))
        for kind, field in fields.items()
    }


if __name__ == "__main__":
    main()
