"""Catalogues for tests: the toy's network with as many products as asked for, tables of products in Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from ruamel.yaml import YAML
from toy import FILE, TABLES, _merged

BY_ROWS = ("products", "product_demand", "supply", "initial_stock", "open_orders")


def catalogue_tables(num_products: int, num_periods: int = 4, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Tables of products like the toy's, with demand in every period; some products have stock, orders, own supply.

    Four products or more have every group of the toy.
    """
    rng = np.random.default_rng(seed)
    num_kinds = len(TABLES["products"])
    kind = np.append(np.arange(num_kinds), rng.integers(0, num_kinds, max(0, num_products - num_kinds)))
    kinds = TABLES["products"].iloc[kind[:num_products]].reset_index(drop=True)
    names = pd.Series([f"p{number:07d}" for number in rng.permutation(num_products)], dtype="str")
    products = kinds.assign(product=names, unit_cost=kinds["unit_cost"] * rng.uniform(0.5, 1.5, num_products))
    rows = np.repeat(np.arange(num_products), num_periods)
    demand = pd.DataFrame(
        {
            "product": names.to_numpy()[rows],
            "period": np.tile(np.arange(1, num_periods + 1), num_products),
            "mean": rng.gamma(0.5, 4.0, len(rows)),
            "dispersion": 1 + rng.gamma(1.0, 1.0, len(rows)),
        }
    )
    own = names[rng.random(num_products) < 0.3]
    supply = pd.DataFrame({"product": ["*", *own], "vendor": "mill", "pack": [1, *rng.integers(1, 9, len(own))]})
    stocked = names[rng.random(num_products) < 0.5]
    stock = pd.DataFrame({"product": stocked, "node": "hub", "units": rng.integers(0, 9, len(stocked))})
    on_order = names[rng.random(num_products) < 0.2]
    orders = pd.DataFrame({"product": on_order, "from": "mill", "to": "hub", "units": 5, "arrives_day": 2.5})
    return {
        "products": products,
        "product_demand": demand,
        "supply": supply,
        "initial_stock": stock,
        "open_orders": orders,
    }


def write_catalogue(
    folder: Path, tables: Mapping[str, pd.DataFrame], rows_per_group: Mapping[str, int] | None = None, **sections: Any
) -> Path:
    """Write the toy with these tables in Parquet files; `rows_per_group` is by table, 100 unless given."""
    paths = {name: f"{name}.parquet" for name in tables}
    for name, frame in tables.items():
        size = (rows_per_group or {}).get(name, 100)
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), folder / paths[name], row_group_size=size)
    for name, frame in TABLES.items():
        if name not in tables:
            frame.to_csv(folder / f"{name}.csv", index=False)
    demand = {"products": paths["product_demand"]} if "product_demand" in tables else {}
    if "demand" in tables:
        demand = {"whole": paths["demand"], "products": None, "zone_mix": None, "speed_mix": None}
    top = {name: path for name, path in paths.items() if name not in ("demand", "product_demand")}
    file = _merged(_merged(FILE, {**top, "demand": demand}), sections)
    path = folder / "scenario.yaml"
    with path.open("w", encoding="utf-8") as stream:
        YAML(typ="safe", pure=True).dump(file, stream)
    return path
