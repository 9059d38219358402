"""A plan's arrays from the tables in which it was saved."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meio.network.compiled import CompiledScenario, Floats, Ints


def read_targets(frame: pd.DataFrame, compiled: CompiledScenario) -> tuple[Floats, Floats, Ints, Floats]:
    """Targets, their shift, lanes and unit values, as `meio.plans.Plan` has them."""
    names = compiled.names
    shape = (len(names.products), len(names.nodes), compiled.num_periods)
    product = _codes(frame["product"], names.products)
    node = _codes(frame["node"], names.nodes)
    cell = (product, node, frame["period"].to_numpy() - 1)
    targets, shift, unit_value = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    targets[cell], shift[cell], unit_value[cell] = frame["target"], frame["shift"], frame["unit_value"]
    lane_idx = np.full(shape[:2], -1)
    lane_idx[product, node] = _codes(frame["lane"], names.lanes)
    return targets, shift, lane_idx, unit_value


def read_prices(frame: pd.DataFrame, compiled: CompiledScenario) -> tuple[dict[str, Floats], ...]:
    """Prices, refined prices and use by kind of capacity; without a limit there is no row: 0, 0 and NaN."""
    nodes = compiled.nodes
    shapes = {
        "storage": nodes.storage_m3.shape,
        "inbound": nodes.inbound_units_per_day.shape,
        "outbound": nodes.outbound_units_per_day.shape,
        "lane": compiled.lanes.capacity_units_per_day.shape,
    }
    prices = {kind: np.zeros(shape) for kind, shape in shapes.items()}
    refined = {kind: np.zeros(shape) for kind, shape in shapes.items()}
    use = {kind: np.full(shape, np.nan) for kind, shape in shapes.items()}
    for kind in shapes:
        rows = frame[frame["resource"] == kind]
        places = compiled.names.lanes if kind == "lane" else compiled.names.nodes
        cell: tuple[Ints, ...] = (_codes(rows["at"], places), rows["period"].to_numpy() - 1)
        if kind == "storage":
            cell = (cell[0], _codes(rows["storage_type"], compiled.names.storage_types), cell[1])
        prices[kind][cell], refined[kind][cell], use[kind][cell] = rows["price"], rows["refined_price"], rows["use"]
    return prices, refined, use


def _codes(column: pd.Series, names: tuple[str, ...]) -> Ints:
    codes = pd.Index(names).get_indexer(pd.Index(column.astype("str")))
    if (codes < 0).any():
        raise ValueError(f"{column.name} '{column[codes < 0].iloc[0]}' is not in the scenario")
    return codes.astype(np.int64)
