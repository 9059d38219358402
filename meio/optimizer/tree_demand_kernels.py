"""Products without spill: their supply tree, and the demand that each of its stages must wait through.

Every customer class has one node that can serve it and is owed what that node is short of; every node in use has one
lane. So the nodes of a product form trees: vendors feed roots, roots feed further nodes, leaves serve customers.

A stage's window is what its stock must cover: at a leaf lead time plus review interval, as for any single node; at an
upstream node the lead time, plus on average half of what its review interval exceeds its children's (a day's closing
stock counts, so daily reviews all along a chain add nothing). Random lead times add their variance times the squared
rate: exact for Poisson demand with gamma lead times (negative binomial), an approximation by two moments for others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Bools, Floats, Ints
from meio.network.jit import kernel
from meio.optimizer.demand_kernels import fill_shipping_costs, integral, num_classes, shifted
from meio.optimizer.model import SHORTEST_REVIEW, PlanningModel
from meio.optimizer.product_kernels import on_hand_days, price_fall


class Tree(NamedTuple):
    """The supply trees of one product in one period, all [node]."""

    in_use: Bools
    """Its own customers or those of a node below it have demand."""
    source: Ints
    """The node that supplies it; -1: a vendor."""
    num_children: Ints
    branches: Bools
    """Some node of its subtree feeds several others."""
    rate: Floats
    """Units per day that its subtree's customers want."""
    holding: Floats
    """Money per unit on hand and day, storage price included."""
    charge: Floats
    """Money per unit of level and day: what falling inbound prices make buying early cost, at the node's source too
    where that branches. The level is the node's own where its subtree branches, its echelon's else."""
    owed: Floats
    """Money per unit owed and day at a leaf."""
    mean: Floats
    """Demand of its subtree over its window, units."""
    variance: Floats
    shelf_mean: Floats
    """Units of a leaf's level that are not on its shelves at day closes, what it owes aside."""
    share: Floats
    """Of its source's demand."""
    spread: Floats
    """Variance of its part of one unit that its source owes, per unit."""


class Shares(NamedTuple):
    """How a product's streams fall on its nodes, [stream, node]."""

    demand: Floats
    """Share of the stream that the node's subtree serves."""
    owed: Floats
    """Money per day for owing one unit of each class there, weighted by the class's share."""
    shipping: Floats
    """Money for shipping one unit, likewise."""


@kernel
def new_tree(num_nodes: int) -> Tree:
    """Empty `Tree`."""
    return Tree(
        np.zeros(num_nodes, np.bool_),
        np.full(num_nodes, -1),
        np.zeros(num_nodes, np.int64),
        np.zeros(num_nodes, np.bool_),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
    )


@kernel
def fill_is_tree(model: PlanningModel, is_tree: Bools) -> None:
    """Mark the products that cannot spill: one node for each class, owed when short, one lane into each node in use."""
    num_nodes = model.serves_customers.size
    lane = np.empty(num_nodes, np.int64)
    for product in range(is_tree.size):
        lanes = np.zeros(num_nodes, np.int64)
        for node in range(num_nodes):
            lane[node] = -1
            for candidate in range(model.node_ptr[node], model.node_ptr[node + 1]):
                if model.lane_cost[product, candidate] < np.inf:
                    lanes[node] += 1
                    lane[node] = candidate
        shipping = np.empty((num_classes(model, product), num_nodes))
        fill_shipping_costs(model, product, shipping)
        is_tree[product] = _is_tree(model, product, lane, lanes, shipping)


@kernel
def _is_tree(model: PlanningModel, product: int, lane: Ints, lanes: Ints, shipping: Floats) -> bool:
    """Whether each class has one node, is owed there, and one way leads there, past nodes without customers."""
    num_nodes, row = lane.size, 0
    serves = np.zeros(num_nodes, np.bool_)
    for stream in range(model.product_ptr[product], model.product_ptr[product + 1]):
        mix = model.mix_idx[stream]
        for entry in range(model.mix_ptr[mix], model.mix_ptr[mix + 1]):
            speed = model.mix_class_idx[entry] % model.num_speeds
            if model.backorder_penalty[product, speed] == np.inf:
                return False
            for _ in range(model.pattern_ptr[speed], model.pattern_ptr[speed + 1]):
                able = 0
                for node in range(num_nodes):
                    if lanes[node] > 0 and model.serves_customers[node] and shipping[row, node] < np.inf:
                        able += 1
                        serves[node] = True
                if able != 1:
                    return False
                row += 1
    feeds = np.zeros(num_nodes, np.bool_)
    for node in range(num_nodes - 1, -1, -1):
        if serves[node] or feeds[node]:
            if lanes[node] != 1 or (serves[node] and feeds[node]):
                return False
            source = model.lane_source_idx[lane[node]]
            if source < num_nodes:
                feeds[source] = True
    return row > 0


@kernel
def class_shares(model: PlanningModel, product: int, lane: Ints, shipping: Floats) -> Shares:
    """Assign each class to the node that can serve it, and add subtrees up."""
    first, end = model.product_ptr[product], model.product_ptr[product + 1]
    num_nodes, row = lane.size, 0
    demand, owed, cost = (
        np.zeros((end - first, num_nodes)),
        np.zeros((end - first, num_nodes)),
        np.zeros((end - first, num_nodes)),
    )
    for stream in range(first, end):
        mix = model.mix_idx[stream]
        for entry in range(model.mix_ptr[mix], model.mix_ptr[mix + 1]):
            speed = model.mix_class_idx[entry] % model.num_speeds
            for pattern in range(model.pattern_ptr[speed], model.pattern_ptr[speed + 1]):
                share = model.mix_share[entry] * model.pattern_share[pattern]
                for node in range(num_nodes):
                    if lane[node] >= 0 and model.serves_customers[node] and shipping[row, node] < np.inf:
                        demand[stream - first, node] += share
                        owed[stream - first, node] += share * model.backorder_penalty[product, speed]
                        cost[stream - first, node] += share * shipping[row, node]
                row += 1
    for node in range(num_nodes - 1, -1, -1):
        source = model.lane_source_idx[lane[node]] if lane[node] >= 0 else num_nodes
        if source < num_nodes:
            demand[:, source] += demand[:, node]
    return Shares(demand, owed, cost)


@kernel
def fill_tree(
    model: PlanningModel,
    product: int,
    period: int,
    lane: Ints,
    shares: Shares,
    holding: Floats,
    lane_price: Floats,
    tree: Tree,
) -> None:
    """Fill the trees of one period; `holding` is [node, period]."""
    first, num_streams, num_nodes = model.product_ptr[product], shares.demand.shape[0], lane.size
    middle = (period + 0.5) * model.period_days
    tree.num_children[:] = 0
    tree.branches[:] = False
    daily = np.empty(num_streams)
    for stream in range(num_streams):
        daily[stream] = integral(model.daily_mean[first + stream], model.period_days, middle - 0.5, middle + 0.5)
    for node in range(num_nodes):
        tree.rate[node] = (daily * shares.demand[:, node]).sum()
        tree.in_use[node] = lane[node] >= 0 and tree.rate[node] > 0.0
        tree.holding[node] = holding[node, period]
        tree.owed[node] = (daily * shares.owed[:, node]).sum() / max(tree.rate[node], 1e-300)
        if tree.in_use[node]:
            source = model.lane_source_idx[lane[node]]
            tree.source[node] = source if source < num_nodes else -1
            tree.charge[node] = price_fall(lane_price[lane[node]], period) / model.period_days
            if source < num_nodes:
                tree.num_children[source] += 1
    for node in range(num_nodes - 1, -1, -1):
        if tree.in_use[node]:
            tree.branches[node] = tree.branches[node] or tree.num_children[node] > 1
            if tree.source[node] >= 0:
                tree.branches[tree.source[node]] = tree.branches[tree.source[node]] or tree.branches[node]
    for node in range(num_nodes):
        if tree.in_use[node]:
            source = tree.source[node]
            if source >= 0 and tree.branches[source]:
                tree.charge[node] += tree.charge[source]
            _fill_window(model, first, middle, node, lane, shares.demand, tree)
            _fill_spread(model, first, period, node, shares.demand, tree)


@kernel
def window_days(model: PlanningModel, node: int, lane: Ints, tree: Tree) -> tuple[float, float, float]:
    """Days before and after the middle of the period that a stage's window spans, and the variance of its length."""
    lead, review = model.lead_days[lane[node]], model.review_days[lane[node]]
    review = 0.0 if review <= SHORTEST_REVIEW else review
    variance = model.lead_variance[lane[node]]
    if tree.num_children[node] == 0:
        return lead + 0.5 * review, 0.5 * review, variance
    at_once = False  # a child that orders at each demand sees all of its source's day
    for child in range(lane.size):
        if tree.in_use[child] and tree.source[child] == node:
            at_once = at_once or model.review_days[lane[child]] <= SHORTEST_REVIEW
    finest = 0.0 if at_once else min(1.0, review)
    return lead + 0.5 * (review - finest), 0.0, variance + (review * review - finest * finest) / 12.0


@kernel
def _fill_window(
    model: PlanningModel, first: int, middle: float, node: int, lane: Ints, share: Floats, tree: Tree
) -> None:
    """Mean and variance of a subtree's demand over its window."""
    before, after, length_variance = window_days(model, node, lane, tree)
    mean, variance = 0.0, 0.0
    for stream in range(share.shape[0]):
        part = share[stream, node]
        units = integral(model.daily_mean[first + stream], model.period_days, middle - before, middle + after)
        square = integral(model.daily_variance[first + stream], model.period_days, middle - before, middle + after)
        mean += part * units
        variance += part * units + part * part * (square - units)
    rate = tree.rate[node]
    tree.mean[node] = mean
    tree.variance[node] = max(0.0, variance) + length_variance * rate * rate
    tree.shelf_mean[node] = rate * on_hand_days(model.lead_days[lane[node]], model.review_days[lane[node]])


@kernel
def _fill_spread(model: PlanningModel, first: int, period: int, node: int, share: Floats, tree: Tree) -> None:
    """A node's share of its source's demand, and the variance of its part of each unit that the source owes.

    Units of one stream fall to its customers independently of each other: a binomial split, exact for Poisson demand
    and for one stream over all children. Streams of other demand that feed one child each spread it wider.
    """
    source = tree.source[node]
    if source < 0:
        return
    own = tree.rate[node] / tree.rate[source]
    tree.share[node], spread = min(1.0, own), 0.0
    for stream in range(share.shape[0]):
        mean, variance = model.daily_mean[first + stream, period], model.daily_variance[first + stream, period]
        whole = share[stream, source]
        if whole > 0.0:
            part = share[stream, node] / whole
            spread += part * (1.0 - part) * whole * mean
            spread += (part - own) ** 2 * (whole * mean + whole * whole * (variance - mean))
    tree.spread[node] = max(0.0, spread / tree.rate[source])


@kernel
def delivery_cost(
    model: PlanningModel,
    product: int,
    period: int,
    lane: Ints,
    lane_price: Floats,
    outbound_price: Floats,
    node: int,
) -> tuple[float, float]:
    """Purchase, transport and prices of one unit from its vendor to a customer's parcel; and what of it is prices in.

    As everywhere in the plan each stage orders at once, and pays for the way in when the unit arrives.
    """
    cost, paid, at = outbound_price[node, period], 0.0, node
    while at >= 0:
        cost += model.lane_cost[product, lane[at]]
        paid += shifted(lane_price[lane[at]], period + model.lead_days[lane[at]] / model.period_days)
        source = model.lane_source_idx[lane[at]]
        at = source if source < lane.size else -1
    return float(cost + paid), float(paid)
