"""A small scenario for tests: every kind of node, lane and table once, everything overridable.

A mill in Pittsburgh feeds a hub in Harrisburg and, in large orders, the fulfilment centre north; the hub feeds both
fulfilment centres and the same-day site in New York, which north can feed too. Furniture is bulky: the site does not
stock it and nobody orders it the same day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from meio.network.model import Scenario, ScenarioFile

FILE: dict[str, Any] = {
    "name": "toy",
    "horizon": {"start": "2026-01-05", "periods": 4, "period_days": 7},
    "storage_types": ["sortable", "bulky"],
    "nodes": {
        "mill": {"kind": "vendor", "lat": 40.44, "lon": -79.99},
        "hub": {
            "kind": "distribution_centre",
            "lat": 40.27,
            "lon": -76.88,
            "storage_m3": {"sortable": "unlimited", "bulky": "unlimited"},
            "ship_days": ["mon", "tue", "wed", "thu", "fri"],
        },
        "north": {
            "kind": "fulfilment_centre",
            "lat": 40.52,
            "lon": -74.41,
            "storage_m3": {"sortable": 4.0, "bulky": [20.0, 20.0, 24.0, 20.0]},
            "inbound_units_per_day": 100.0,
            "outbound_units_per_day": 120.0,
        },
        "south": {
            "kind": "fulfilment_centre",
            "lat": 39.93,
            "lon": -75.12,
            "storage_m3": {"sortable": 3.0, "bulky": 15.0},
            "outbound_units_per_day": [80.0, 80.0, 100.0, 80.0],
            "ship_days": ["mon", "tue", "wed", "thu", "fri", "sat"],
            "cutoff": {"same_day": "12:00"},
        },
        "city": {
            "kind": "same_day_site",
            "lat": 40.75,
            "lon": -73.99,
            "storage_m3": {"sortable": 0.5},
            "holding": {"per_m3_day": 2.0, "of_unit_cost_per_year": 0.2},
        },
    },
    "lanes": [
        {
            "from": "mill",
            "to": "hub",
            "lead_time": {"distribution": "gamma", "mean": "7 d", "cv": 0.3},
            "cost": {"per_unit": 0.1, "per_m3": 5.0},
            "review": {"every": "1 w"},
            "minimum_order": 12,
            "pack": 6,
        },
        {
            "from": "mill",
            "to": "north",
            "lead_time": {"distribution": "lognormal", "mean": "9 d", "cv": 0.4},
            "cost": {"per_unit": 0.3, "per_kg": 0.05},
            "review": {"every": "1 w", "offset": "2 d"},
            "minimum_order": 24,
            "pack": 12,
        },
        {
            "from": "hub",
            "to": "north",
            "lead_time": {"mean": "1 d"},
            "cost": {"per_unit": 0.2, "per_kg": 0.05},
            "capacity_units_per_day": 150.0,
        },
        {"from": "hub", "to": "south", "lead_time": {"mean": "1 d"}, "cost": {"per_unit": 0.2, "per_kg": 0.05}},
        {"from": "hub", "to": "city", "lead_time": {"mean": "2 d"}, "cost": {"per_unit": 0.6}},
        {
            "from": "north",
            "to": "city",
            "lead_time": {"distribution": "empirical", "values": ["12 h", "1 d", "1 d", "2 d"]},
            "cost": {"per_unit": 0.5},
        },
    ],
    "zones": "zones.csv",
    "speeds": {
        "same_day": {"promise": "12 h", "cutoff": "10:00", "lost": {"of_price": 0.5}},
        "two_day": {"promise": "2 d", "cutoff": "14:00", "lost": {"of_price": 0.5}},
        "standard": {
            "promise": "5 d",
            "cutoff": "18:00",
            "when_unserved": "backordered",
            "backordered_per_day": {"per_unit": 0.5},
        },
    },
    "outbound": {
        "distance_bands_km": [60.0, 100.0],
        "services": {
            "courier": {"transit_days": ["6 h"]},
            "parcel": {"transit_days": [1, 1, 2]},
            "economy": {"transit_days": [2, 3, 4], "nodes": ["north", "south"]},
        },
        "rates": "rates.csv",
    },
    "products": "products.csv",
    "supply": "supply.csv",
    "demand": {
        "distribution": "negative_binomial",
        "products": "product_demand.csv",
        "zone_mix": "zone_mix.csv",
        "speed_mix": "speed_mix.csv",
    },
    "costs": {"overflow_per_m3_day": 1.0},
}

TABLES: dict[str, pd.DataFrame] = {
    "zones": pd.DataFrame(
        [
            ("new_york", 40.71, -74.01, 8_300_000),
            ("newark", 40.74, -74.17, 300_000),
            ("trenton", 40.22, -74.76, 90_000),
            ("philadelphia", 39.95, -75.17, 1_600_000),
        ],
        columns=["zone", "lat", "lon", "population"],
    ),
    "products": pd.DataFrame(
        [
            ("mug", "homeware", 0.002, 0.4, 4.0, 9.0, "sortable"),
            ("book", "media", 0.001, 0.6, 8.0, 15.0, "sortable"),
            ("kettle", "homeware", 0.01, 1.8, 20.0, 35.0, "sortable"),
            ("sofa", "furniture", 0.9, 18.0, 250.0, 420.0, "bulky"),
        ],
        columns=["product", "group", "volume_m3", "weight_kg", "unit_cost", "price", "storage_type"],
    ),
    "supply": pd.DataFrame(
        [("*", "mill", float("nan"), 1, 1), ("kettle", "mill", 19.0, 10, 5)],
        columns=["product", "vendor", "unit_cost", "minimum_order", "pack"],
    ),
    "rates": pd.DataFrame(
        [
            ("courier", 1, 1.0, 6.0),
            ("courier", 1, 5.0, 9.0),
            ("parcel", 1, 1.0, 4.0),
            ("parcel", 2, 1.0, 4.5),
            ("parcel", 3, 1.0, 5.5),
            ("parcel", 1, 20.0, 12.0),
            ("parcel", 2, 20.0, 14.0),
            ("parcel", 3, 20.0, 18.0),
            ("economy", 1, 5.0, 3.0),
            ("economy", 2, 5.0, 3.2),
            ("economy", 3, 5.0, 3.6),
            ("economy", 1, 20.0, 8.0),
            ("economy", 2, 20.0, 9.0),
            ("economy", 3, 20.0, 11.0),
        ],
        columns=["service", "band", "max_weight_kg", "cost"],
    ),
    "product_demand": pd.DataFrame(
        [
            ("mug", "*", 70.0, 1.5),
            ("mug", "3", 140.0, 1.5),
            ("book", "*", 21.0, 1.2),
            ("kettle", "*", 7.0, 1.0),
            ("kettle", "3", 14.0, 2.0),
            ("sofa", "*", 3.5, 1.0),
        ],
        columns=["product", "period", "mean", "dispersion"],
    ),
    "zone_mix": pd.DataFrame(
        [
            ("*", "new_york", 0.6),
            ("*", "newark", 0.1),
            ("*", "trenton", 0.05),
            ("*", "philadelphia", 0.25),
            ("furniture", "new_york", 0.5),
            ("furniture", "philadelphia", 0.5),
        ],
        columns=["group", "zone", "share"],
    ),
    "speed_mix": pd.DataFrame(
        [
            ("*", "*", "same_day", 0.2),
            ("*", "*", "two_day", 0.3),
            ("*", "*", "standard", 0.5),
            ("furniture", "*", "two_day", 0.3),
            ("furniture", "*", "standard", 0.7),
        ],
        columns=["group", "zone", "speed", "share"],
    ),
}


def toy_scenario(tables: Mapping[str, pd.DataFrame | None] | None = None, **sections: Any) -> Scenario:
    """The toy with some tables replaced and some sections of the file changed.

    Parameters
    ----------
    tables : mapping of table name to data frame, optional
        Whole tables in place of the toy's, or besides them; None removes one.
    **sections
        Top-level keys of the file; mappings are merged key by key into the toy's, anything else replaces it, and
        None removes a key: ``nodes={"north": {"storage_m3": {"sortable": 1.0}}, "city": None}``.
    """
    frames = {name: frame for name, frame in {**TABLES, **(tables or {})}.items() if frame is not None}
    return Scenario(ScenarioFile.model_validate(_merged(FILE, sections)), frames, hash="toy", data_hashes={})


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**base, **changes}
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), Mapping):
            merged[key] = _merged(base[key], value)
    return {key: value for key, value in merged.items() if value is not None}
