"""One product over its horizon: its lanes, and what its stock costs at each node at given prices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Bools, Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.optimizer.demand_kernels import shifted
from meio.optimizer.lane_kernels import choose_lanes, fill_supply_costs
from meio.optimizer.layer_kernels import Layers, new_layers
from meio.optimizer.model import SHORTEST_REVIEW, PlanningModel
from meio.optimizer.subproblem_kernels import MOST_STEPS


class Workspace(NamedTuple):
    """Scratch of one product: what holds for its whole horizon, then for one period."""

    region: Ints
    """[node]: the upstream node that supplies it, itself when a vendor does"""
    cycle: Ints
    """[node]: multiple in which the node orders for its own customers, units"""
    is_upstream: Bools
    """[node]: it supplies a node that serves customers, or one that does"""
    holding: Floats
    """[node, period]: priced holding cost of a unit and day"""
    consumed: Floats
    """[node, period]: units per day that customers take from the node, or from those below it"""
    delivered: Floats
    """[node]: priced cost of replacing a unit that leaves the node, before shipping it; inf: it serves nobody"""
    ranking: Floats
    """[node]: the same with the stock that serving a unit takes, by which customers choose their node"""
    paid: Floats
    """[node]: how much of it is paid for capacity on the way in"""
    fall: Floats
    """[node]: by how much the price of arriving falls to the next period, per day of it"""
    charge: Floats
    """[node]: cost per day of one more unit in the node's level instead of upstream; inf: it serves nobody"""
    given: Floats
    """[node]: levels for own customers to follow; negative: none"""
    lattice: Ints
    """[cluster]: levels in lattice steps"""
    levels: Floats
    """[cluster]: levels in units"""
    unserved: Floats
    """[cluster]: units per day that leave the cluster unserved"""
    served: Floats
    """[node]: units per day shipped to customers"""
    worth: Floats
    """[node]: cost per day of having one unit less than the level"""
    order_node: Ints
    """[step]: node of each step of stock, in the order of their worth"""
    order_gain: Floats
    layers: Layers


@kernel
def new_workspace(num_nodes: int, num_periods: int) -> Workspace:
    """Empty `Workspace`."""
    clusters = 2 * num_nodes + 1
    return Workspace(
        np.zeros(num_nodes, np.int64),
        np.ones(num_nodes, np.int64),
        np.zeros(num_nodes, np.bool_),
        np.zeros((num_nodes, num_periods)),
        np.zeros((num_nodes, num_periods)),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.full(num_nodes, -1.0),
        np.zeros(clusters, np.int64),
        np.zeros(clusters),
        np.zeros(clusters),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(MOST_STEPS * 2, np.int64),
        np.zeros(MOST_STEPS * 2),
        new_layers(num_nodes),
    )


@kernel
def start_product(
    model: PlanningModel,
    storage_price: Floats,
    lane_price: Floats,
    product: int,
    given: bool,
    shipping: Floats,
    lane: Ints,
    supply_cost: Floats,
    work: Workspace,
) -> float:
    """Choose a product's lanes (unless they are given) and fill what holds for its whole horizon.

    Returns the longest sum of lead times and review intervals from a vendor to a node.
    """
    storage_type, volume = model.storage_type_idx[product], model.volume_m3[product]
    work.consumed[:] = 0.0
    work.ranking[:] = np.nan  # unlike any cost: the choices of the product before do not hold
    work.is_upstream[:] = False
    for node in range(lane.size):
        work.holding[node] = model.holding_per_day[product, node] + volume * storage_price[node, storage_type]
    if not given:
        choose_lanes(model, product, work.holding, lane_price, shipping, lane)
    fill_supply_costs(model, product, lane_price, lane, supply_cost)
    for node in range(lane.size - 1, -1, -1):
        work.region[node] = node
        source = model.lane_source_idx[lane[node]] if lane[node] >= 0 else lane.size
        if source < lane.size and (model.serves_customers[node] or work.is_upstream[node]):
            work.region[node] = source
            work.is_upstream[source] = True
    chain_days = np.zeros(lane.size)
    for node in range(lane.size):
        if lane[node] >= 0:
            source = model.lane_source_idx[lane[node]]
            before = chain_days[source] if source < lane.size else 0.0
            chain_days[node] = before + model.lead_days[lane[node]] + model.review_days[lane[node]]
    return float(chain_days.max())


@borrowing_kernel
def price_nodes(
    model: PlanningModel,
    outbound_price: Floats,
    lane_price: Floats,
    product: int,
    period: int,
    lane: Ints,
    work: Workspace,
) -> bool:
    """Fill each node's delivered cost, ranking and charge; whether a ranking changed since the period before.

    A unit served leaves the shelf sooner than the level says, so it saves the holding cost of its days on the way.
    Customers choose their node by what serving them takes there, stock for lead time and review interval included:
    without it a dear node would look cheap.
    """
    lead_days, review_days, sources = model.lead_days, model.review_days, model.lane_source_idx
    lane_cost, period_days, holding_cost = model.lane_cost[product], model.period_days, work.holding
    changed = False
    for node in range(lane.size):
        delivered, ranking, charge = np.inf, np.inf, np.inf
        work.fall[node] = price_fall(lane_price[lane[node]], period) / period_days if lane[node] >= 0 else 0.0
        if lane[node] >= 0 and model.serves_customers[node]:
            holding, source = holding_cost[node, period], work.region[node]
            lead, review = lead_days[lane[node]], review_days[lane[node]]
            work.paid[node] = price_on_the_way(sources, lead_days, period_days, lane_price, lane, node, period)
            replacement = cost_on_the_way(sources, lane_cost, lane, node)
            replacement += work.paid[node] + outbound_price[node, period]
            delivered = replacement - holding * on_hand_days(lead, review)
            ranking = delivered + holding * (lead + review)
            charge = holding + work.fall[node]
            if source != node:
                charge -= holding_cost[source, period]
        changed = changed or ranking != work.ranking[node]
        work.delivered[node], work.ranking[node], work.charge[node] = delivered, ranking, charge
    return changed


@borrowing_kernel
def cost_on_the_way(lane_source_idx: Ints, lane_cost: Floats, lane: Ints, node: int) -> float:
    """Purchase and transport of one unit on its way from the vendor to a node, without prices."""
    cost = 0.0
    while node < lane.size:
        cost += lane_cost[lane[node]]
        node = lane_source_idx[lane[node]]
    return float(cost)


@borrowing_kernel
def price_on_the_way(
    lane_source_idx: Ints,
    lead_days: Floats,
    period_days: float,
    lane_price: Floats,
    lane: Ints,
    node: int,
    period: int,
) -> float:
    """Prices paid to replace a unit taken in a period: each stage orders at once, and is paid for on arrival."""
    price = 0.0
    while node < lane.size:
        price += shifted(lane_price[lane[node]], period + lead_days[lane[node]] / period_days)
        node = lane_source_idx[lane[node]]
    return float(price)


@borrowing_kernel
def price_fall(series: Floats, period: int) -> float:
    """By how much a price falls to the next period: what a unit bought now instead of then costs more."""
    return float(series[period] - series[min(period + 1, series.size - 1)])


@borrowing_kernel
def on_hand_days(lead_days: float, review_days: float) -> float:
    """Days of a node's throughput that its position holds beyond what lies on its shelves, at day closes.

    Reviews at each demand leave the lead time only.
    """
    return lead_days + (0.5 * (review_days + 1.0) if review_days > SHORTEST_REVIEW else 0.0)
