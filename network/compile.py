"""A checked scenario as contiguous arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from meio.network.columns import floats, integers, positions
from meio.network.compile_conditions import compile_conditions
from meio.network.compile_demand import compile_demand
from meio.network.compile_sites import compile_lanes, compile_nodes
from meio.network.compiled import CompiledScenario, Costs, Floats, Lanes, Names, Penalties, Products, Stock
from meio.network.model import EVERY, Lane, NodeKind, Penalty, Scenario
from meio.network.promise import compile_outbound, service_names, weight_limits
from meio.network.topology import stocking_order


def compile_scenario(scenario: Scenario) -> CompiledScenario:
    """Arrays of a scenario that has passed its checks.

    Raises
    ------
    ValueError
        When the lanes form a cycle, or a product is heavier than every weight limit of the outbound services.
    """
    file, zones = scenario.file, scenario.tables["zones"]
    node_names = stocking_order(file)
    lanes = sorted(file.lanes, key=lambda lane: node_names.index(lane.destination))
    names = _names(scenario, node_names, lanes)
    nodes = compile_nodes(scenario, names)
    compiled_lanes = compile_lanes(scenario, lanes, names)
    return CompiledScenario(
        name=file.name,
        hash=scenario.hash,
        start=file.horizon.start.isoformat(),
        first_weekday=file.horizon.start.weekday(),
        num_periods=file.horizon.periods,
        period_days=file.horizon.period_days,
        warm_up_days=file.horizon.warm_up_days,
        names=names,
        products=_products(scenario, names),
        nodes=nodes,
        lanes=compiled_lanes,
        outbound=compile_outbound(
            scenario, node_names, num_delays=max(2, 1 + int(nodes.ship_delay_days.max(initial=0)))
        ),
        penalties=_penalties(scenario),
        demand=compile_demand(scenario),
        costs=Costs(file.costs.overflow_per_m3_day, file.costs.end_stock_value),
        stock=_stock(scenario, names, compiled_lanes),
        conditions=compile_conditions(scenario, names, compiled_lanes),
        zone_lat=floats(zones["lat"]),
        zone_lon=floats(zones["lon"]),
        zone_population=floats(zones["population"]),
        currency=file.costs.currency,
    )


def _names(scenario: Scenario, node_names: Sequence[str], lanes: Sequence[Lane]) -> Names:
    file, pairs = scenario.file, [f"{lane.source}→{lane.destination}" for lane in lanes]
    place = [pairs[:index].count(pair) + 1 for index, pair in enumerate(pairs)]
    return Names(
        products=tuple(scenario.tables["products"]["product"]),
        nodes=tuple(node_names),
        vendors=tuple(name for name, node in file.nodes.items() if node.kind is NodeKind.VENDOR),
        zones=tuple(scenario.tables["zones"]["zone"]),
        speeds=tuple(file.speeds),
        storage_types=tuple(file.storage_types),
        services=tuple(service_names(scenario)),
        lanes=tuple(pair if nth == 1 else f"{pair}#{nth}" for pair, nth in zip(pairs, place, strict=True)),
    )


def _products(scenario: Scenario, names: Names) -> Products:
    products, limits = scenario.tables["products"], weight_limits(scenario)
    weight_kg = floats(products["weight_kg"])
    weight_class_idx = np.searchsorted(limits, weight_kg)
    if (too_heavy := weight_class_idx == len(limits)).any():
        first = names.products[int(too_heavy.argmax())]
        raise ValueError(f"product {first} weighs more than the {limits[-1]:g} kg that outbound services carry")
    supply = _supply(scenario, names)
    return Products(
        volume_m3=floats(products["volume_m3"]),
        weight_kg=weight_kg,
        unit_cost=floats(products["unit_cost"]),
        price=floats(products["price"]),
        storage_type_idx=positions(names.storage_types, products["storage_type"]),
        weight_class_idx=weight_class_idx,
        supply_ptr=np.searchsorted(supply["product_idx"], np.arange(len(products) + 1)),
        supply_vendor_idx=integers(supply["vendor_idx"]),
        supply_unit_cost=floats(supply["unit_cost"]),
        supply_minimum_order=integers(supply["minimum_order"]),
        supply_pack=integers(supply["pack"]),
    )


def _supply(scenario: Scenario, names: Names) -> pd.DataFrame:
    """Supply rows by product and vendor, the rows for every product spelled out and unit costs filled in."""
    supply, unit_cost = scenario.tables["supply"], floats(scenario.tables["products"]["unit_cost"])
    every = (supply["product"] == EVERY).to_numpy()
    own = supply[~every].assign(product_idx=positions(names.products, supply["product"][~every]))
    others = np.setdiff1d(np.arange(len(names.products)), own["product_idx"])
    spelled_out = supply[every].merge(pd.DataFrame({"product_idx": others}), how="cross")
    rows = pd.concat([own, spelled_out], ignore_index=True)
    rows["vendor_idx"] = positions(names.vendors, rows["vendor"])
    rows["unit_cost"] = rows["unit_cost"].fillna(pd.Series(unit_cost[rows["product_idx"]], index=rows.index))
    return rows.sort_values(["product_idx", "vendor_idx"])


def _penalties(scenario: Scenario) -> Penalties:
    price, speeds = floats(scenario.tables["products"]["price"]), scenario.file.speeds.values()

    def per_unit(penalties: list[Penalty]) -> Floats:
        return np.stack([penalty.per_unit + penalty.of_price * price for penalty in penalties], axis=1)

    return Penalties(
        lost=per_unit([speed.lost for speed in speeds]),
        late=per_unit([speed.late for speed in speeds]),
        backordered_per_day=per_unit([speed.backordered_per_day for speed in speeds]),
    )


def _stock(scenario: Scenario, names: Names, lanes: Lanes) -> Stock:
    on_hand = np.zeros((len(names.products), len(names.nodes)), dtype=np.int64)
    if (initial := scenario.tables.get("initial_stock")) is not None:
        on_hand[positions(names.products, initial["product"]), positions(names.nodes, initial["node"])] = initial[
            "units"
        ]
    empty = pd.DataFrame({"product": [], "from": [], "to": [], "units": [], "arrives_day": []})
    orders = scenario.tables.get("open_orders", empty)
    source = positions((*names.nodes, *names.vendors), orders["from"])
    on_lane = (source[:, None] == lanes.source_idx) & (positions(names.nodes, orders["to"])[:, None] == lanes.node_idx)
    return Stock(
        given=initial is not None,
        on_hand=on_hand,
        order_product_idx=positions(names.products, orders["product"]),
        order_lane_idx=on_lane.argmax(axis=1).astype(np.int64),  # the first of parallel lanes
        order_units=integers(orders["units"]),
        order_arrives_day=floats(orders["arrives_day"]),
    )
