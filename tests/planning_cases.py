"""Small planning scenarios: one vendor, a few sites, package costs written down, and nothing else unless asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.network.model import Scenario, ScenarioFile
from meio.optimizer.evaluation import Evaluator
from meio.optimizer.model import planning_model
from meio.optimizer.prices import capacities

COASTS = {("west", "seattle"): 3.0, ("west", "boston"): 8.0, ("east", "seattle"): 8.0, ("east", "boston"): 3.0}


def planning_scenario(
    demand: pd.DataFrame,
    package_cost: Mapping[tuple[str, str], float],
    *,
    distribution: str = "poisson",
    sites: Mapping[str, Mapping[str, Any]] | None = None,
    lanes: Sequence[Mapping[str, Any]] | None = None,
    products: Mapping[str, Mapping[str, Any]] | None = None,
    speed: Mapping[str, Any] | None = None,
    stock: pd.DataFrame | None = None,
    supply: pd.DataFrame | None = None,
    open_orders: pd.DataFrame | None = None,
    periods: int = 1,
    period_days: int = 1,
    holding: Mapping[str, float] | None = None,
    **sections: Any,
) -> Scenario:
    """A scenario with one vendor and one speed.

    Parameters
    ----------
    demand : data frame
        Product, zone and the distribution's parameters, units per period; a column `period` where it varies.
    package_cost : mapping of (node, zone) to money per package
        Pairs left out cannot be served. Nodes without any pair are distribution centres.
    sites, lanes, products : optional
        Fields beside the plain ones, by name; without lanes the vendor supplies every site overnight.
    """
    serving = {node for node, _ in package_cost}
    named = {**{node: {} for node, _ in package_cost}, **(sites or {})}
    zones = sorted({zone for _, zone in package_cost} | set(demand["zone"]))
    kinds = {name: "fulfilment_centre" if name in serving else "distribution_centre" for name in named}
    nodes = {
        name: {"kind": kinds[name], "lat": 0.0, "lon": 0.0, "storage_m3": {"standard": "unlimited"}, **fields}
        for name, fields in named.items()
    }
    file = {
        "name": "small",
        "horizon": {"start": "2026-01-05", "periods": periods, "period_days": period_days},
        "nodes": {"vendor": {"kind": "vendor", "lat": 0.0, "lon": 0.0}, **nodes},
        "lanes": lanes or [{"from": "vendor", "to": name, "lead_time": {"mean": 0.0}} for name in named],
        "zones": "zones.csv",
        "speeds": {"any": speed or {"promise": "2 d", "lost": {"per_unit": 10.0}}},
        "outbound": {"table": "outbound.csv"},
        "products": "products.csv",
        "supply": "supply.csv",
        "demand": {"distribution": distribution, "whole": "demand.csv"},
        "costs": {"holding": holding or {"per_unit_day": 0.1}},
        **sections,
    }
    every = supply if supply is not None else _supply()
    tables = {
        "zones": pd.DataFrame([(zone, 0.0, 0.0, 1.0) for zone in zones], columns=["zone", "lat", "lon", "population"]),
        "products": _products(demand["product"].unique(), products or {}),
        "supply": every,
        "outbound": _outbound(package_cost),
        "demand": _demand(demand),
    }
    optional = {"initial_stock": stock, "open_orders": open_orders}
    tables |= {name: table for name, table in optional.items() if table is not None}
    file |= {name: f"{name}.csv" for name, table in optional.items() if table is not None}
    return Scenario(ScenarioFile.model_validate(file), tables, hash="small", data_hashes={})


def planning_case(
    demand: pd.DataFrame, package_cost: Mapping[tuple[str, str], float], **fields: Any
) -> CompiledScenario:
    """`planning_scenario`, compiled."""
    return compile_scenario(planning_scenario(demand, package_cost, **fields))


def demand_of(rows: Sequence[tuple[Any, ...]], parameters: Sequence[str] = ("mean",)) -> pd.DataFrame:
    """Demand rows of (product, zone, parameters…)."""
    return pd.DataFrame(rows, columns=["product", "zone", *parameters])


def evaluator(compiled: CompiledScenario, workers: int = 1) -> Evaluator:
    """The dual's evaluator of a compiled scenario."""
    return Evaluator(planning_model(compiled), capacities(compiled), workers)


def two_coasts(num_products: int = 12, **fields: Any) -> CompiledScenario:
    """Two sites on two coasts, each dearer for the other's customers; weekly periods, Poisson demand."""
    rows = [
        (f"p{index}", zone, 4.0 + 3.0 * (index % 4) + (2.0 if zone == "boston" else 0.0))
        for index in range(num_products)
        for zone in ("seattle", "boston")
    ]
    lanes = [
        {
            "from": "vendor",
            "to": site,
            "lead_time": {"mean": 3.0},
            "review": {"every": 7.0},
            **fields.pop(f"{site}_lane", {}),
        }
        for site in ("west", "east")
    ]
    given = {"periods": 3, "period_days": 7, "lanes": lanes, **fields}
    return planning_case(demand_of(rows), COASTS, **given)


def hub_and_coasts(**fields: Any) -> CompiledScenario:
    """A hub that feeds a site on each of two coasts; weekly periods, Poisson demand of three products."""
    lanes = [
        {"from": "vendor", "to": "hub", "lead_time": {"mean": 10.0}, "review": {"every": 7.0}},
        {"from": "hub", "to": "west", "lead_time": {"mean": 2.0}},
        {"from": "hub", "to": "east", "lead_time": {"mean": 3.0}},
    ]
    rows = [(f"p{index}", zone, 3.0 + 5.0 * index) for index in range(3) for zone in ("seattle", "boston")]
    given = {"sites": {"hub": {}}, "lanes": lanes, "periods": 3, "period_days": 7, **fields}
    return planning_case(demand_of(rows), COASTS, **given)


def _products(names: Sequence[str], fields: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    plain = {
        "group": "all",
        "volume_m3": 0.01,
        "weight_kg": 1.0,
        "unit_cost": 0.0,
        "price": 0.0,
        "storage_type": "standard",
    }
    return pd.DataFrame([{"product": name, **plain, **fields.get(name, fields.get("*", {}))} for name in names])


def _supply() -> pd.DataFrame:
    return pd.DataFrame(
        [("*", "vendor", float("nan"), 1, 1)], columns=["product", "vendor", "unit_cost", "minimum_order", "pack"]
    )


def _outbound(package_cost: Mapping[tuple[str, str], float]) -> pd.DataFrame:
    rows = [("parcel", node, zone, 100.0, 1.0, cost) for (node, zone), cost in package_cost.items()]
    return pd.DataFrame(rows, columns=["service", "node", "zone", "max_weight_kg", "transit_days", "cost"])


def _demand(demand: pd.DataFrame) -> pd.DataFrame:
    period = demand["period"].astype("str") if "period" in demand else "*"
    return demand.assign(speed="any", period=period)
