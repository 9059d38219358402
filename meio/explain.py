"""Why a product is stocked at a node as it is: what it must cover, what it costs to have, what it pays."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import numpy as np

from meio.folder import OutputError
from meio.network.compiled import CompiledScenario, Floats
from meio.network.supply import lane_unit_cost
from meio.plan import Plan


def explain(
    compiled: CompiledScenario, plan: Plan, product: str, node: str, period: int | None = None
) -> dict[str, Any]:
    """Take a target apart.

    Parameters
    ----------
    product, node : str
        Names in the scenario.
    period : int, optional
        From 1; every period when left out.

    Returns
    -------
    dict
        Facts (lane, window it must cover in days, costs in money) and, under ``periods``, a row a period: target and
        value of a unit, the nation's mean demand over the window in units, and the prices paid for keeping a unit a
        day and for receiving one.

    Raises
    ------
    OutputError
        When a name is not in the scenario, the period is not in the horizon, or the node does not stock the product.
    """
    product_idx = _found("product", product, compiled.names.products)
    node_idx = _found("node", node, compiled.names.nodes)
    if period is not None and not 1 <= period <= compiled.num_periods:
        raise OutputError(f"period {period} is not in the horizon: expected 1 to {compiled.num_periods}")
    lane = int(plan.lane_idx[product_idx, node_idx])
    if lane < 0:
        raise OutputError(f"the plan does not stock {product} at {node}: no lane brings it there")
    periods = range(compiled.num_periods) if period is None else [period - 1]
    lanes, products, nodes = compiled.lanes, compiled.products, compiled.nodes
    window = float(lanes.lead_time_mean_days[lane] + lanes.review_every_days[lane])
    volume, kind = products.volume_m3[product_idx], products.storage_type_idx[product_idx]
    holding = (
        nodes.holding_per_unit_day[node_idx]
        + nodes.holding_per_m3_day[node_idx] * volume
        + nodes.holding_of_unit_cost_per_day[node_idx] * products.unit_cost[product_idx]
    )
    demand = _national_demand(compiled, product_idx)
    return {
        "product": product,
        "node": node,
        "lane": compiled.names.lanes[lane],
        "lead_time_days": float(lanes.lead_time_mean_days[lane]),
        "review_every_days": float(lanes.review_every_days[lane]),
        "window_days": window,
        "holding_cost_per_unit_day": float(holding),
        "transport_cost_per_unit": float(lane_unit_cost(compiled)[product_idx, lane]),
        "periods": [
            {
                "period": t + 1,
                "target": float(plan.targets[product_idx, node_idx, t]),
                "national_demand_over_window": float(demand[t] * window),
                "unit_value": float(plan.unit_value[product_idx, node_idx, t]),
                "storage_price_per_unit_day": float(plan.prices.storage[node_idx, kind, t] * volume),
                "inbound_price_per_unit": float(plan.prices.inbound[node_idx, t]),
                "outbound_price_per_unit": float(plan.prices.outbound[node_idx, t]),
            }
            for t in periods
        ],
    }


def _national_demand(compiled: CompiledScenario, product_idx: int) -> Floats:
    """Mean demand per day over all zones and speeds, [period]."""
    first, end = compiled.demand.product_ptr[product_idx : product_idx + 2]
    return np.asarray(compiled.demand.daily_mean[first:end].sum(axis=0))


def _found(what: str, name: str, names: tuple[str, ...]) -> int:
    if name in names:
        return names.index(name)
    close = get_close_matches(name, names, n=1)
    hint = f"; did you mean '{close[0]}'?" if close else ""
    raise OutputError(f"{what} '{name}' is not in the scenario{hint}")
