"""A network of gym-invmgmt as a scenario of ours, and the targets that `meio.plan` gives it.

A period is a day. Suppliers are vendors, whose price is the unit cost; all other nodes are stocks, and the retailer is
one that serves a zone of its own. Prices between nodes only pass money around in the environment, whose profit is the
network's, so they are left out; what production costs goes into the lanes out of a factory, what a unit costs on its
way into its lane. A unit that is never sold loses the selling price; one that waits costs the charge per day.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

import meio
from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario, Floats
from meio.plans import Plan

PLACE = {"lat": 0.0, "lon": 0.0}
START = "2026-01-05"


def levels_of(network: Mapping[str, Any], mean: Sequence[float], periods: int) -> dict[str, Any]:
    """Plan a network.

    Parameters
    ----------
    network : mapping
        As `gym_invmgmt_run.py` describes it.
    mean : sequence of float
        Units of each period that is planned.
    periods : int
        Those to tell levels of; beyond them must be planned what is on its way at the end.

    Returns
    -------
    dict
        ``levels`` [stage, period]: echelon order-up-to levels, from the retailer up; ``source`` by node: whom the node
        orders from.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(json.dumps(scenario_of(network, mean)), "utf-8")  # JSON is YAML
        scenario = meio.load(path)
    return echelon_levels(meio.plan(scenario, workers=1), compile_scenario(scenario), str(network["retailer"]), periods)


def echelon_levels(plan: Plan, compiled: CompiledScenario, retailer: str, periods: int) -> dict[str, Any]:
    """Echelon levels from the retailer up the planned lanes.

    A node's target is its echelon level less that of the node below at the same time of use, each dated back by its own
    lead time (docs/planning.md, section 3). Periods of a day are shorter than lead times, so the part of the node below
    is dated anew: what goods can serve that reach the node a lead time later. A target of 0 adds nothing to it.
    """
    names, lanes = compiled.names, compiled.lanes
    node, lead_below = names.nodes.index(retailer), 0
    dated = level = np.zeros(compiled.num_periods)
    levels, source = [], {}
    while node < len(names.nodes):  # vendors come after the nodes
        lane = int(plan.lane_idx[0, node])
        lead = round(float(lanes.lead_time_mean_days[lane]))
        target = plan.targets[0, node]
        own = np.where(target > 0.0, target + dated - later(dated, lead - lead_below), 0.0)
        dated, level = target + dated, np.maximum(own, 0.0) + later(level, lead)
        lead_below = lead
        levels.append(level[:periods].tolist())
        source[names.nodes[node]] = names.lanes[lane].split("→")[0]
        node = int(lanes.source_idx[lane])
    return {"levels": levels, "source": source}


def later(values: Floats, periods: int) -> Floats:
    """Values so many periods later, or earlier where negative; the ends go on."""
    return values[np.clip(np.arange(values.size) + periods, 0, values.size - 1)]


def scenario_of(network: Mapping[str, Any], mean: Sequence[float]) -> dict[str, Any]:
    """The scenario file."""
    links, nodes, retailer = network["links"], network["nodes"], str(network["retailer"])
    vendors = [str(node) for node in network["sources"]]
    short = network["waiting"] + goodwill_per_unit(network, mean)
    waits = {"when_unserved": "backordered", "backordered_per_day": {"per_unit": short}}
    lost = {"lost": {"per_unit": network["price"] + short}}
    return {
        "name": "gym-invmgmt",
        "horizon": {"start": START, "periods": len(mean), "period_days": 1},
        "nodes": {name: {"kind": "vendor", **PLACE} for name in vendors}
        | {
            str(node["node"]): {
                "kind": "fulfilment_centre" if str(node["node"]) == retailer else "distribution_centre",
                "storage_m3": {"standard": "unlimited"},
                "holding": {"per_unit_day": node["holding"]},
                **PLACE,
            }
            for node in nodes
        },
        "lanes": [_lane(link, nodes, last=str(link["node"]) == retailer) for link in links],
        "zones": [{"zone": "market", "population": 1, **PLACE}],
        "speeds": {"any": {"promise": "2 d"} | (waits if network["backlog"] else lost)},
        "outbound": {
            "table": [
                {
                    "service": "counter",
                    "node": retailer,
                    "zone": "market",
                    "max_weight_kg": 9,
                    "transit_days": 1,
                    "cost": 0,
                }
            ]
        },
        "products": [{"product": "item", "volume_m3": 0.01, "weight_kg": 1, "unit_cost": 0, "price": network["price"]}],
        "supply": [
            {
                "product": "item",
                "vendor": vendor,
                "unit_cost": min(link["price"] for link in links if str(link["source"]) == vendor),
            }
            for vendor in vendors
        ],
        "demand": {
            "distribution": "poisson",
            "whole": [
                {"product": "item", "zone": "market", "speed": "any", "period": period + 1, "mean": value}
                for period, value in enumerate(mean)
            ],
        },
        "costs": {"end_stock_value": 1},
    }


def goodwill_per_unit(network: Mapping[str, Any], mean: Sequence[float]) -> float:
    """What a unit short in a period costs in sales later on.

    A shortage of any size takes the same share of all later demand, on average of half of the horizon's. A standard
    deviation of a period's demand is taken to be short then.
    """
    horizon = sum(mean[: network["periods"]])
    return float(network["goodwill_lost"] * network["price"] * horizon / 2 / sqrt(horizon / network["periods"]))


def _lane(link: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]], *, last: bool) -> dict[str, Any]:
    made = sum(node["making"] for node in nodes if node["node"] == link["source"])
    return {
        "from": str(link["source"]),
        "to": str(link["node"]),
        "lead_time": {"mean": link["lead"] + (not last)},
        "cost": {"per_unit": made + link["lead"] * link["on_the_way"]},
        "review": {"every": 1},
    }
