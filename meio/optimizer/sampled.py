"""The sampled model: two stages, demand drawn beforehand, orders assigned in hindsight, capacity shared.

First the levels y of every product, node and period; then, knowing a sample of a window's demand, the shipments x of
each sample from what the levels make available. Money and flows are per day. Two programs solve it: the extensive
form (`extensive`) as one linear program, and the decomposition (`decomposition`) by prices.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from meio.network.compiled import BACKORDERED, Bools, CompiledScenario, Floats, Ints
from meio.network.supply import landed_cost, lane_unit_cost, usable_lanes, vendor_cost
from meio.optimizer.demand_samples import demand_samples
from meio.optimizer.model import PlanningModel, planning_model
from meio.optimizer.resources import Resources, shared_resources


class SampledModel(NamedTuple):
    """Arrays of the sampled model; I products, N nodes, T periods, Q samples, K classes."""

    period_days: float
    window_days: Floats
    """[product]: the longest lead time plus review interval over the nodes that serve customers."""
    turns: Floats
    """[product, node]: how often the window holds the node's own; 0 where the product does not serve customers."""
    holding_per_day: Floats
    """[product, node], money per unit"""
    service_cost: Floats
    """[product, node, class]: buying, bringing and shipping one unit, money; inf: the node cannot."""
    unserved_cost: Floats
    """[product, class]: not shipping a unit from this window's stock, money."""
    demand: Ints
    """[product, period, sample, class]: units in the window."""
    shared: Resources
    """The limited capacities and what uses them."""
    lane_idx: Ints
    """[product, node]: the lane of the cheapest way to the node; -1: none."""

    @property
    def most_available(self) -> Floats:
        """The largest demand of a product in any window, [product]: no level makes more available."""
        return np.asarray(self.demand.sum(axis=3).max(axis=(1, 2)), dtype=np.float64)

    @property
    def cells(self) -> tuple[int, int, int]:
        """Sizes of a cell's axes: product, node, period."""
        return (*self.turns.shape, self.demand.shape[1])


def sampled_model(compiled: CompiledScenario, num_samples: int, seed: int) -> SampledModel:
    """Draw the samples of a scenario and gather what else the model needs.

    Nodes that serve customers hold stock; upstream nodes pass units through: their receiving, shipping and lane
    capacity counts, their stock does not.
    """
    model = planning_model(compiled)
    lane_idx = _cheapest_lanes(compiled)
    stocks = (lane_idx >= 0) & (model.serves_customers > 0)
    turns, window = _windows(model, lane_idx, stocks)
    service, unserved = _costs(compiled, model, stocks, window)
    return SampledModel(
        period_days=model.period_days,
        window_days=window,
        turns=turns,
        holding_per_day=model.holding_per_day,
        service_cost=service,
        unserved_cost=unserved,
        demand=demand_samples(compiled, window, num_samples, seed),
        shared=shared_resources(compiled, lane_idx, stocks),
        lane_idx=lane_idx,
    )


def largest_program(compiled: CompiledScenario, num_samples: int) -> int:
    """Number of shipments of the sampled model if every class had demand in every sample, known without sampling."""
    model, lane_idx = planning_model(compiled), _cheapest_lanes(compiled)
    stocks = (lane_idx >= 0) & (model.serves_customers > 0)
    service, unserved = _costs(compiled, model, stocks, _windows(model, lane_idx, stocks)[1])
    asked = np.zeros_like(unserved, dtype=bool)
    demand = compiled.demand
    for product, (first, end) in enumerate(pairwise(demand.product_ptr)):
        for mix in demand.mix_idx[first:end]:
            asked[product, demand.mix_class_idx[demand.mix_ptr[mix] : demand.mix_ptr[mix + 1]]] = True
    pays = (service < unserved[:, None, :]).sum(axis=1)
    return int((asked * pays).sum()) * compiled.num_periods * num_samples


def _windows(model: PlanningModel, lane_idx: Ints, stocks: Bools) -> tuple[Floats, Floats]:
    """How often a product's window holds the node's own, [product, node], and the window, [product], days."""
    own = np.where(stocks, (model.lead_days + model.review_days)[lane_idx], 0.0)
    window = np.maximum(own.max(axis=1), 1.0)
    return np.where(stocks, window[:, None] / np.maximum(own, 1e-9), 0.0), window


def _costs(compiled: CompiledScenario, model: PlanningModel, stocks: Bools, window: Floats) -> tuple[Floats, Floats]:
    """`service_cost` and `unserved_cost` of the sampled model."""
    landed = np.where(stocks, landed_cost(compiled), np.inf)[:, :, None]
    service = landed + _shipping(compiled, model)
    return service, _unserved(compiled, service, window)


def _cheapest_lanes(compiled: CompiledScenario) -> Ints:
    """The lane that brings a unit to each node at least landed cost, [product, node]; -1: none."""
    lanes, num_nodes = compiled.lanes, len(compiled.names.nodes)
    at_source = np.concatenate([landed_cost(compiled), vendor_cost(compiled)], axis=1)[:, lanes.source_idx]
    cost = np.where(usable_lanes(compiled), at_source + lane_unit_cost(compiled), np.inf)
    chosen = np.full((len(cost), num_nodes), -1)
    for node in range(num_nodes):
        into = cost[:, lanes.node_ptr[node] : lanes.node_ptr[node + 1]]
        if into.shape[1]:
            found = np.isfinite(into).any(axis=1)
            chosen[found, node] = lanes.node_ptr[node] + into[found].argmin(axis=1)
    return chosen


def _shipping(compiled: CompiledScenario, model: PlanningModel) -> Floats:
    """Mean cost of shipping a unit over the times at which orders come, [product, node, class]; inf: never possible.

    An order that comes when the node could not keep the promise is shipped late, or costs what losing it does (a day's
    penalty when it would be owed).
    """
    num_speeds, num_zones = model.num_speeds, len(compiled.names.zones)
    shape = (*model.holding_per_day.shape, num_zones, num_speeds)
    nodes, zones, weight_class = np.arange(shape[1])[:, None], np.arange(num_zones), model.weight_class_idx
    cost, possible = np.zeros(shape), np.zeros(shape)
    for speed in range(num_speeds):
        owed = compiled.outbound.unserved[speed] == BACKORDERED
        missed = (compiled.penalties.backordered_per_day if owed else compiled.penalties.lost)[:, speed, None, None]
        late = model.late_cost[weight_class] + model.late_penalty[:, speed, None, None]
        for pattern in range(model.pattern_ptr[speed], model.pattern_ptr[speed + 1]):
            delay = model.pattern_delay[pattern][:, None]
            in_time = model.outbound_cost[weight_class][:, speed, delay, nodes, zones]
            best = np.where(np.isfinite(in_time), in_time, late)
            cost[..., speed] += model.pattern_share[pattern] * np.where(np.isfinite(best), best, missed)
            possible[..., speed] += np.isfinite(best)
    return np.where(possible > 0, cost, np.inf).reshape(*shape[:2], -1)


def _unserved(compiled: CompiledScenario, service: Floats, window: Floats) -> Floats:
    """Cost of a unit not shipped in its window, [product, class].

    Lost: the penalty. Owed: what serving it takes at best, and the penalty of half a window.
    """
    owed = compiled.outbound.unserved == BACKORDERED
    lost = np.where(owed, 0.0, compiled.penalties.lost)
    waiting = np.where(owed, compiled.penalties.backordered_per_day, 0.0) * 0.5 * window[:, None]
    zones = len(compiled.names.zones)
    best = np.where(np.tile(owed, zones), service.min(axis=1), 0.0)
    return np.tile(lost + waiting, zones) + np.where(np.isfinite(best), best, 0.0)
