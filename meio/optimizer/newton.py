"""Damped Newton steps on capacity prices: what the curvature of shortage costs says about how use answers prices.

How a node's stock answers its prices follows from the curvature of its products' shortage costs. Prices stay
non-negative. Whole units, changes of lane and buying ahead make the dual kinked. So every price damps its own step:
halved when its excess changes sign, stretched while it does not.

References
----------
Riedmiller, M. and Braun, H. (1993), "A direct adaptive method for faster backpropagation learning: the RPROP
algorithm", IEEE International Conference on Neural Networks.
Bertsekas, D. (1982), "Projected Newton methods for optimization problems with simple constraints", SIAM J. Control
and Optimization 20.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.optimizer.model import PlanningModel
from meio.optimizer.prices import Capacities, fields, no_prices, relative_excess
from meio.plans import CapacityPrices

if TYPE_CHECKING:
    from meio.optimizer.evaluation import Answer

DAMPING_RANGE = (0.01, 1.0)
LEAST_STEP = 0.1  # of price and scale together, where use exceeds capacity by as much again
REACH = 0.5  # of price and scale together: no step goes further


def excess_use(use: CapacityPrices, limit: CapacityPrices) -> CapacityPrices:
    """Use beyond capacity; minus infinity where there is no limit."""
    return CapacityPrices(*(used - capacity for used, capacity in zip(fields(use), fields(limit), strict=True)))


def adapted(damping: CapacityPrices, before: CapacityPrices, now: CapacityPrices) -> CapacityPrices:
    """Halve the step of each price whose excess changed its sign, stretch the others'."""
    parts = zip(fields(damping), fields(before), fields(now), strict=True)
    return CapacityPrices(
        *(np.clip(np.where(old * new < 0, 0.5 * step, 1.2 * step), *DAMPING_RANGE) for step, old, new in parts)
    )


def stepped(
    current: Answer,
    direction: CapacityPrices,
    damping: CapacityPrices,
    trust: CapacityPrices,
    limit: CapacityPrices,
) -> CapacityPrices:
    """Prices after a damped step towards their capacity, no longer than half of price and trust, none below zero.

    Newton's step counts where it goes the way of the price's own excess; it is at least proportional to that excess.
    """
    moved = []
    parts = (
        fields(current.prices),
        fields(direction),
        fields(current.use),
        fields(limit),
        fields(damping),
        fields(trust),
    )
    for price, newton, use, capacity, step, scale in zip(*parts, strict=True):
        excess = relative_excess(use, capacity)
        least = LEAST_STEP * np.minimum(np.abs(excess), 1.0) * (price + scale)
        size = np.maximum(np.where(newton * excess > 0, np.abs(newton), 0.0), least)
        size = np.minimum(size, REACH * (price + scale))
        moved.append(np.maximum(0.0, price + step * np.sign(excess) * size))
    return CapacityPrices(*moved)


class PriceWeights(NamedTuple):
    """Sums over products that tell how large prices may be."""

    demand: float
    """Units a day, over all periods"""
    volume: float
    """m³ of that demand"""
    holding: Floats
    """[node]: what holding that demand costs a day"""


def price_weights(model: PlanningModel) -> PriceWeights:
    """The sums of a model's products."""
    streams = np.diff(model.product_ptr)
    product = np.repeat(np.arange(len(streams)), streams)
    demand = np.bincount(product, model.daily_mean.sum(axis=1), len(streams)) + 1e-12  # products nobody wants any more
    holding = (model.holding_per_day * demand[:, None]).sum(axis=0)
    return PriceWeights(float(demand.sum()), float((model.volume_m3 * demand).sum()), holding)


def trust_scale(weights: PriceWeights, limit: CapacityPrices, period_days: float) -> CapacityPrices:
    """Prices as large as what they add to: holding cost per m³ and day, or per unit and period of buying ahead.

    Curvature is known only near the present prices; a step much larger than these leaves its neighbourhood.
    """
    per_m3 = weights.holding / max(weights.volume, 1e-12)  # products may take no space
    ahead = period_days * (weights.holding / weights.demand)[:, None]
    return CapacityPrices(
        np.broadcast_to(per_m3[:, None, None], limit.storage.shape),
        np.broadcast_to(ahead, limit.inbound.shape),
        np.broadcast_to(ahead, limit.outbound.shape),
        np.full_like(limit.lane, ahead.mean()),
    )


def newton_direction(current: Answer, shared: Capacities, period_days: float) -> CapacityPrices:
    """Projected Newton step: all nodes' prices together, each lane's by itself.

    Only prices that are positive, or whose capacity is exceeded, move.
    """
    limit = shared.limit
    change = no_prices(limit)
    excess = excess_use(current.use, limit)
    order = _node_order(limit)
    flat_excess, flat_price = order.flat(excess), order.flat(current.prices)
    free = np.flatnonzero(np.isfinite(flat_excess) & ((flat_price > 0) | (flat_excess > 0)))
    if free.size:
        hessian = _hessian(current, shared, order, period_days)[np.ix_(free, free)]
        hessian[np.diag_indices_from(hessian)] *= 1.0 + 1e-3
        hessian[np.diag_indices_from(hessian)] += 1e-12
        step = np.zeros(order.size)
        step[free] = np.linalg.solve(hessian, flat_excess[free])
        change = order.unflat(step, change.lane)
    moving = np.isfinite(excess.lane) & ((current.prices.lane > 0) | (excess.lane > 0))
    carried = np.maximum(current.use.lane, 1e-9)
    change.lane[moving] = (excess.lane / carried)[moving]
    return change


class _NodeOrder(NamedTuple):
    """Where each node's price stands in one vector: storage, then inbound, then outbound."""

    storage: Ints
    """[node, storage type, period]"""
    inbound: Ints
    """[node, period]"""
    outbound: Ints
    """[node, period]"""
    size: int

    def flat(self, values: CapacityPrices) -> Floats:
        return np.concatenate([values.storage.ravel(), values.inbound.ravel(), values.outbound.ravel()])

    def unflat(self, vector: Floats, lane: Floats) -> CapacityPrices:
        return CapacityPrices(vector[self.storage], vector[self.inbound], vector[self.outbound], lane)


def _node_order(limit: CapacityPrices) -> _NodeOrder:
    storage = np.arange(limit.storage.size).reshape(limit.storage.shape)
    inbound = storage.size + np.arange(limit.inbound.size).reshape(limit.inbound.shape)
    return _NodeOrder(storage, inbound, inbound + inbound.size, storage.size + 2 * inbound.size)


def _hessian(current: Answer, shared: Capacities, order: _NodeOrder, period_days: float) -> Floats:
    """How use falls when prices rise (the dual's negative Hessian), over the prices of all nodes.

    What a level pays per unit and day: the storage price at its node less that of the upstream node it relieves, and
    the fall of the inbound price to the next period. Each lane's products answer what they pay; inbound and outbound
    prices also move customers to other nodes.
    """
    totals = current.totals
    num_nodes, num_types, num_periods = order.storage.shape
    fall = (np.eye(num_periods) - np.eye(num_periods, k=1)) / period_days
    fall[-1] = 0.0
    hessian = np.zeros((order.size, order.size))

    def add(rows: Ints, columns: Ints, block: Floats) -> None:
        hessian[np.ix_(rows, columns)] += block

    for lane, (source, node) in enumerate(zip(shared.lane_source_idx, shared.lane_node_idx, strict=True)):
        inbound = order.inbound[node]
        add(inbound, inbound, fall.T @ np.diag(totals.response_units[lane]) @ fall)
        for kind in range(num_types):
            squared = np.diag(totals.response_volume2[lane, kind])
            crossed = np.diag(totals.response_volume[lane, kind]) @ fall
            ends = [(order.storage[node, kind], 1.0)]
            if source < num_nodes:
                ends.append((order.storage[source, kind], -1.0))
            for rows, sign in ends:
                add(rows, inbound, sign * crossed)
                add(inbound, rows, sign * crossed.T)
                for columns, other in ends:
                    add(rows, columns, sign * other * squared)
    for node in range(num_nodes):
        flow = np.diag(totals.response_flow[node])
        for rows in (order.inbound[node], order.outbound[node]):
            for columns in (order.inbound[node], order.outbound[node]):
                add(rows, columns, flow)
    return hessian


def own_response(current: Answer, shared: Capacities, period_days: float) -> Floats:
    """How fast each resource's use falls when its own price rises, [resource] in the order of `prices.flat`."""
    hessian = _hessian(current, shared, _node_order(shared.limit), period_days)
    return np.concatenate([np.diag(hessian), np.maximum(current.use.lane, 0.0).ravel()])
