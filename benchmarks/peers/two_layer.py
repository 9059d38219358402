"""A two-layer network with daily reviews: a vendor, a distribution centre, five fulfilment centres, four zones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario, Floats
from meio.network.model import Scenario, ScenarioFile
from meio.plans import Plan
from peers.plans import plan_of

DAILY_MEAN = 50.0
ZONES = {"north": 45.0, "east": 40.0, "south": 33.0, "west": 38.0}
SITES = {**{f"fc_{zone}": latitude for zone, latitude in ZONES.items()}, "fc_middle": 39.0}
LEAD_DAYS = {"dc": 14.0} | dict.fromkeys(SITES, 2.0)
SPEEDS = {"express": 0.3, "standard": 0.7}


def two_layers(num_products: int, days: int, seed: int) -> tuple[CompiledScenario, Plan]:
    """The compiled network for so many products and days (in four periods), and its plan.

    Every product sells about 50 units a day (Poisson); a centre can ship a quarter more than its even share of the
    units. Targets cover the mean demand of lead time and review, as it falls on the centres when all have stock, and
    one standard deviation; unit values and outbound prices are drawn.
    """
    random = np.random.default_rng(seed)
    mean = DAILY_MEAN * random.uniform(0.2, 1.8, num_products)
    file = ScenarioFile.model_validate(_file(days, mean.sum()))
    tables = _tables(days, mean)
    compiled = compile_scenario(Scenario(file, tables, hash="two layers", data_hashes={}))
    unit_value = random.uniform(0.0, 1.0, (num_products, len(compiled.names.nodes)))
    price = random.uniform(0.0, 0.2, len(compiled.names.nodes))
    return compiled, plan_of(compiled, _targets(compiled, mean, unit_value + price), unit_value, price)


def _targets(compiled: CompiledScenario, mean: Floats, value: Floats) -> Floats:
    """[product, node], units."""
    names = compiled.names
    score = compiled.outbound.cost[0, 0, 0] + value[:, :, None]  # [product, node, zone]
    share = (score == score.min(axis=1, keepdims=True)).mean(axis=2)  # zones sell the same
    share[:, names.nodes.index("dc")] = 1.0
    cover = np.array([LEAD_DAYS[name] for name in names.nodes]) + 1.0
    demand = mean[:, None] * share * cover
    return np.ceil(demand + np.sqrt(demand))


def _file(days: int, units_per_day: float) -> dict[str, Any]:
    place = {"lon": -90.0, "storage_m3": {"standard": "unlimited"}}
    capacity = {"outbound_units_per_day": round(1.25 * units_per_day / len(SITES))}
    nodes: dict[str, Any] = {"vendor": {"kind": "vendor", "lat": 36.0, "lon": -90.0}}
    nodes["dc"] = {"kind": "distribution_centre", "lat": 37.0, **place}
    nodes |= {name: {"kind": "fulfilment_centre", "lat": lat, **place, **capacity} for name, lat in SITES.items()}
    lanes = [
        {
            "from": "vendor" if name == "dc" else "dc",
            "to": name,
            "lead_time": {"mean": lead},
            "cost": {"per_unit": 0.2},
            "review": {"every": 1},
        }
        for name, lead in LEAD_DAYS.items()
    ]
    return {
        "name": "two layers",
        "horizon": {"start": "2026-01-05", "periods": 4, "period_days": days // 4},
        "nodes": nodes,
        "lanes": lanes,
        "zones": "zones.csv",
        "speeds": {
            "express": {"promise": "2 d", "cutoff": "14:00", "lost": {"of_price": 0.5}},
            "standard": {"promise": "5 d", "cutoff": "18:00", "lost": {"of_price": 0.3}},
        },
        "outbound": {"table": "outbound.csv"},
        "products": "products.csv",
        "supply": "supply.csv",
        "demand": {
            "distribution": "poisson",
            "products": "product_demand.csv",
            "zone_mix": "zone_mix.csv",
            "speed_mix": "speed_mix.csv",
        },
        "costs": {"holding": {"of_unit_cost_per_year": 0.3}, "end_stock_value": 0},
    }


def _tables(days: int, mean: Floats) -> dict[str, pd.DataFrame]:
    names = [f"p{index}" for index in range(len(mean))]
    products = pd.DataFrame({"product": names, "group": "all", "volume_m3": 0.01, "weight_kg": 1.0})
    products = products.assign(unit_cost=10.0, price=20.0, storage_type="standard")
    outbound = [
        ("parcel", node, zone, 100.0, 1.0, 4.0 + 0.3 * abs(latitude - at))
        for node, latitude in SITES.items()
        for zone, at in ZONES.items()
    ]
    zones = [(zone, latitude, -90.0, 1.0) for zone, latitude in ZONES.items()]
    speeds = [("*", "*", speed, share) for speed, share in SPEEDS.items()]
    supply = ("*", "vendor", float("nan"), 1, 1)
    return {
        "zones": pd.DataFrame(zones, columns=["zone", "lat", "lon", "population"]),
        "products": products,
        "supply": pd.DataFrame([supply], columns=["product", "vendor", "unit_cost", "minimum_order", "pack"]),
        "outbound": pd.DataFrame(
            outbound, columns=["service", "node", "zone", "max_weight_kg", "transit_days", "cost"]
        ),
        "product_demand": pd.DataFrame({"product": names, "period": "*", "mean": mean * (days // 4)}),
        "zone_mix": pd.DataFrame([("*", zone, 0.25) for zone in ZONES], columns=["group", "zone", "share"]),
        "speed_mix": pd.DataFrame(speeds, columns=["group", "zone", "speed", "share"]),
    }
