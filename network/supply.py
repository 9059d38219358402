"""Where each product can come from, and what it costs to have it there."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Bools, CompiledScenario, Floats, Ints


def lane_unit_cost(compiled: CompiledScenario) -> Floats:
    """Transport cost of one unit on a lane, [product, lane], money."""
    products, lanes = compiled.products, compiled.lanes
    return (
        lanes.cost_per_unit
        + np.multiply.outer(products.weight_kg, lanes.cost_per_kg)
        + np.multiply.outer(products.volume_m3, lanes.cost_per_m3)
    )


def usable_lanes(compiled: CompiledScenario) -> Bools:
    """Whether a product can be supplied on a lane, [product, lane].

    A vendor's lane is usable when the vendor sells the product and the destination stocks its storage type; a node's
    lane when both ends stock it and the source can itself be supplied.
    """
    return np.isfinite(_landed(compiled)[0])


def landed_cost(compiled: CompiledScenario) -> Floats:
    """Least purchase and lane transport cost of having one unit at a node, [product, node]; inf: it cannot get there.

    The least over all usable paths from a vendor, money per unit.
    """
    return _landed(compiled)[1]


def end_value(compiled: CompiledScenario) -> Floats:
    """What a unit left at a node at the end counts for, [product, node], money: a share of what replacing it costs.

    Its landed cost, or its unit cost where it cannot get to the node; so no unit is worth more than bringing it there.
    """
    landed = landed_cost(compiled)
    replacement = np.where(np.isfinite(landed), landed, compiled.products.unit_cost[:, None])
    return compiled.costs.end_stock_value * replacement


def _landed(compiled: CompiledScenario) -> tuple[Floats, Floats]:
    """Least cost of one unit coming on each lane, [product, lane], and at each node, [product, node]."""
    lanes = compiled.lanes
    stocked = compiled.nodes.stocks_type.T[compiled.products.storage_type_idx]  # [product, node]
    at_source = np.concatenate([np.full(stocked.shape, np.inf), vendor_cost(compiled)], axis=1)
    on_lane = lane_unit_cost(compiled)
    for node in range(stocked.shape[1]):  # upstream before downstream
        into = slice(lanes.node_ptr[node], lanes.node_ptr[node + 1])
        on_lane[:, into] += at_source[:, lanes.source_idx[into]]
        on_lane[~stocked[:, node], into] = np.inf
        at_source[:, node] = on_lane[:, into].min(axis=1, initial=np.inf)
    return on_lane, at_source[:, : stocked.shape[1]].copy()


def vendor_cost(compiled: CompiledScenario) -> Floats:
    """Purchase cost of one unit, [product, vendor]; inf: the vendor does not sell it."""
    products = compiled.products
    cost = np.full((len(compiled.names.products), len(compiled.names.vendors)), np.inf)
    product_idx = np.repeat(np.arange(len(cost)), np.diff(products.supply_ptr))
    cost[product_idx, products.supply_vendor_idx] = products.supply_unit_cost
    return cost


def order_multiples(compiled: CompiledScenario, lane_idx: Ints) -> tuple[Ints, Ints]:
    """Pack size and minimum order of each product at each node on its lane, both [product, node], units.

    Parameters
    ----------
    lane_idx : array of int [product, node]
        Lane the node orders the product on; -1: none, then both are 1.
    """
    lanes, products = compiled.lanes, compiled.products
    num_products, num_vendors = len(products.volume_m3), len(compiled.names.vendors)
    sold_pack = np.ones((num_products, num_vendors + 1), dtype=np.int64)  # the last column: no vendor
    sold_minimum = np.ones_like(sold_pack)
    seller = np.repeat(np.arange(num_products), np.diff(products.supply_ptr))
    sold_pack[seller, products.supply_vendor_idx] = products.supply_pack
    sold_minimum[seller, products.supply_vendor_idx] = products.supply_minimum_order
    vendor = lanes.source_idx[lane_idx] - len(compiled.names.nodes)
    vendor = np.where((lane_idx >= 0) & (vendor >= 0), vendor, num_vendors)
    row = np.arange(num_products)[:, None]
    pack = np.lcm(lanes.pack[lane_idx], sold_pack[row, vendor])
    minimum = np.maximum(lanes.minimum_order[lane_idx], sold_minimum[row, vendor])
    return np.where(lane_idx >= 0, pack, 1), np.where(lane_idx >= 0, minimum, 1)
