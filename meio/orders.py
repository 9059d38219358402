"""Orders to release now: the buy list and the transfer list that bring today's stock up to the plan's targets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.network.supply import lane_unit_cost, order_multiples, vendor_cost
from meio.plans import Plan


def orders_frame(plan: Plan, compiled: CompiledScenario) -> pd.DataFrame:
    """Orders of every product and node at its first review, given the scenario's stock and open orders.

    A node orders up to the target of the period of that review when its inventory position (on hand, on order, less
    what its own children order now) lies below: a multiple of the pack, at least the minimum order. A scenario without
    initial stock has no orders: nobody knows what to add to.

    Returns
    -------
    DataFrame
        Columns kind (buy or transfer), product, from, to, units, release_day (from 0), position, target (units) and
        cost (purchase and transport, money); transfers may exceed what the source holds, which then ships it later.
    """
    units, position, target = _orders(plan, compiled)
    product, node = np.nonzero(units > 0)
    lane = plan.lane_idx[product, node]
    names, lanes = compiled.names, compiled.lanes
    source = lanes.source_idx[lane]
    sources = np.array([*names.nodes, *names.vendors], dtype=object)
    bought = source >= len(names.nodes)
    each = lane_unit_cost(compiled)[product, lane]
    each[bought] += vendor_cost(compiled)[product[bought], source[bought] - len(names.nodes)]
    frame = pd.DataFrame(
        {
            "kind": np.where(bought, "buy", "transfer"),
            "product": np.array(names.products, dtype=object)[product],
            "from": sources[source],
            "to": np.array(names.nodes, dtype=object)[node],
            "units": units[product, node],
            "release_day": _first_review(compiled, lane),
            "position": position[product, node],
            "target": target[product, node],
            "cost": each * units[product, node],
        }
    )
    texts = dict.fromkeys(["kind", "product", "from", "to"], "str")
    return frame.astype(texts).sort_values(["kind", "from", "to", "product"], ignore_index=True)


def _orders(plan: Plan, compiled: CompiledScenario) -> tuple[Ints, Floats, Floats]:
    """Units to order, position before ordering, and target, each [product, node]."""
    stock, lanes, lane = compiled.stock, compiled.lanes, plan.lane_idx
    units = np.zeros(lane.shape, dtype=np.int64)
    position = stock.on_hand.astype(np.float64)
    np.add.at(position, (stock.order_product_idx, lanes.node_idx[stock.order_lane_idx]), stock.order_units)
    review_day = _first_review(compiled, lane)
    period = np.minimum(review_day // compiled.period_days, compiled.num_periods - 1)
    target = np.take_along_axis(plan.targets, period[:, :, None], axis=2)[:, :, 0]
    if not stock.given:
        return units, position, target
    pack, minimum = order_multiples(compiled, lane)
    for node in reversed(range(lane.shape[1])):  # children first: what they order lowers their source's position
        need = np.where(lane[:, node] >= 0, target[:, node] - position[:, node], 0.0)
        whole = np.ceil(np.maximum(need, minimum[:, node]) / pack[:, node]) * pack[:, node]
        units[:, node] = np.where(need > 0, whole, 0.0)
        source = np.where(lane[:, node] >= 0, lanes.source_idx[lane[:, node]], lane.shape[1])
        fed = np.flatnonzero(source < lane.shape[1])
        position[fed, source[fed]] -= units[fed, node]
    return units, position, target


def _first_review(compiled: CompiledScenario, lane: Ints) -> Ints:
    """Day of the first review on each lane, from 0; the first day where orders are placed at each demand."""
    lanes = compiled.lanes
    return lanes.review_offset_days[lane] % np.maximum(lanes.review_every_days[lane], 1)
