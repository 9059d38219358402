"""A serial chain and a tree under periodic review, as one description for our engine and for stockpyl.

Periods follow stockpyl: demand is observed, orders go up, shipments come down, costs are charged. In our days the same
orders are placed at midnight, so a lead time of L periods is one of L days, but L - 1 at a stock that customers draw
on (`tests/test_simulation_theory.py` says why).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario, Ints
from meio.network.model import Scenario, ScenarioFile
from meio.plans import Plan
from peers.plans import plan_of

START = "2026-01-05"
QUIET_DAYS = 50


@dataclass(frozen=True)
class Stage:
    """A stock; its customers' demand is Poisson, in units a period, and the same at every stage that has any."""

    name: str
    source: str | None
    lead_periods: int
    level: int
    holding: float
    demand: float = 0.0
    owed: float = 0.0


def chain(demand: float, levels: Sequence[int]) -> list[Stage]:
    """Example 6.1 of Snyder and Shen, with Poisson demand."""
    return [
        Stage("third", None, 2, levels[2], 2.0),
        Stage("second", "third", 1, levels[1], 4.0),
        Stage("first", "second", 1, levels[0], 7.0, demand, 37.12),
    ]


def long_chain(demand: float, levels: Sequence[int]) -> list[Stage]:
    """A chain of ten stages; levels are those of the last, of each between, and of the first."""
    first, last = Stage("stage 0", None, 2, levels[2], 1.0), 9
    between = [Stage(f"stage {n}", f"stage {n - 1}", 1, levels[1], 1.0 + 0.5 * n) for n in range(1, last)]
    return [first, *between, Stage("last", f"stage {last - 1}", 1, levels[0], 1.0 + 0.5 * last, demand, 37.12)]


def tree(demand: float, levels: Sequence[int]) -> list[Stage]:
    """A root, two middles, four leaves (Rong, Atan and Snyder, 2017, figure 1a); levels from the leaves up.

    Sources are seldom short, as the programs share a shortage out by different rules.
    """
    root = Stage("root", None, 1, levels[2], 1 / 3)
    middles = [Stage(f"middle {n}", "root", 1, levels[1], 2 / 3) for n in range(2)]
    leaves = [Stage(f"leaf {n}", f"middle {n // 2}", 1, levels[0], 1.0, demand, 20.0) for n in range(4)]
    return [root, *middles, *leaves]


def star(demand: float, levels: Sequence[int]) -> list[Stage]:
    """A warehouse with four retailers; it is seldom short, for the same reason."""
    retailers = [Stage(f"retailer {n}", "warehouse", 1, levels[0], 1.0, demand, 20.0) for n in range(4)]
    return [Stage("warehouse", None, 2, levels[1], 1 / 3), *retailers]


def drawn_demand(stages: Sequence[Stage], num_products: int, days: int, seed: int) -> Ints:
    """Poisson demand, [product, retail stage, day]; none on the last days, after which all stock is back in place."""
    mean = np.array([stage.demand for stage in stages if stage.demand])
    demand = np.random.default_rng(seed).poisson(mean[:, None], (num_products, len(mean), days))
    demand[:, :, -QUIET_DAYS:] = 0
    return demand


def chain_case(stages: Sequence[Stage], demand: Ints) -> tuple[CompiledScenario, Plan]:
    """Compiled network and plan; each product has the whole chain or tree to itself.

    Parameters
    ----------
    stages : sequence of Stage
    demand : array [product, retail stage, day]
        Units. Those of a day are one order, as they are one number in stockpyl.
    """
    num_products, _, days = demand.shape
    file = ScenarioFile.model_validate(_file(stages, days))
    scenario = Scenario(file, _tables(stages, demand), hash="chain", data_hashes={})
    compiled = compile_scenario(scenario)
    levels = {stage.name: stage.level for stage in stages}
    targets = np.array([levels[name] for name in compiled.names.nodes], dtype=np.float64)
    return compiled, plan_of(compiled, np.tile(targets, (num_products, 1)))


def _file(stages: Sequence[Stage], days: int) -> dict[str, Any]:
    place = {"lat": 0.0, "lon": 0.0}
    holding = {stage.name: stage.holding for stage in stages}
    nodes: dict[str, Any] = {"vendor": {"kind": "vendor", **place}}
    for stage in stages:
        kind = "fulfilment_centre" if stage.demand else "distribution_centre"
        shelf = {"storage_m3": {"standard": "unlimited"}, "holding": {"per_unit_day": stage.holding}}
        nodes[stage.name] = {"kind": kind, **place, **shelf}
    lanes = [
        {
            "from": stage.source or "vendor",
            "to": stage.name,
            "lead_time": {"mean": stage.lead_periods - bool(stage.demand)},
            "cost": {"per_unit": stage.lead_periods * holding[stage.source] if stage.source else 0.0},
        }
        for stage in stages
    ]
    owed = max(stage.owed for stage in stages)
    speed = {"promise": "2 d", "when_unserved": "backordered", "backordered_per_day": {"per_unit": owed}}
    return {
        "name": "chain",
        "horizon": {"start": START, "periods": 1, "period_days": days},
        "nodes": nodes,
        "lanes": lanes,
        "zones": "zones.csv",
        "speeds": {"any": speed},
        "outbound": {"table": "outbound.csv"},
        "products": "products.csv",
        "supply": "supply.csv",
        "demand": {"distribution": "poisson", "whole": "demand.csv"},
        "simulation": {"orders": "orders.csv"},
        "costs": {"end_stock_value": 0},
    }


def _tables(stages: Sequence[Stage], demand: Ints) -> dict[str, pd.DataFrame]:
    products = [f"item {number}" for number in range(len(demand))]
    retail = [stage for stage in stages if stage.demand]
    outbound = [("parcel", stage.name, stage.name, 9.0, 1.0, 0.0) for stage in retail]
    expected = [(item, stage.name, "any", "*", stage.demand * demand.shape[2]) for item in products for stage in retail]
    plain = {"group": "all", "volume_m3": 0.01, "weight_kg": 1.0, "unit_cost": 0.0, "price": 0.0}
    supply = ("*", "vendor", float("nan"), 1, 1)
    return {
        "zones": pd.DataFrame([(s.name, 0.0, 0.0, 1.0) for s in retail], columns=["zone", "lat", "lon", "population"]),
        "products": pd.DataFrame({"product": products, **plain, "storage_type": "standard"}),
        "supply": pd.DataFrame([supply], columns=["product", "vendor", "unit_cost", "minimum_order", "pack"]),
        "outbound": pd.DataFrame(
            outbound, columns=["service", "node", "zone", "max_weight_kg", "transit_days", "cost"]
        ),
        "demand": pd.DataFrame(expected, columns=["product", "zone", "speed", "period", "mean"]),
        "orders": _orders(products, [stage.name for stage in retail], demand),
    }


def _orders(products: Sequence[str], zones: Sequence[str], demand: Ints) -> pd.DataFrame:
    product_idx, zone_idx, day = np.nonzero(demand)
    return pd.DataFrame(
        {
            "order": np.arange(len(day)),
            "placed": pd.Timestamp(START) + pd.to_timedelta(day, unit="D") + pd.Timedelta(hours=12),
            "zone": np.array(zones)[zone_idx],
            "speed": "any",
            "product": np.array(products)[product_idx],
            "units": demand[product_idx, zone_idx, day],
        }
    )
