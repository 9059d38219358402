"""Capacity prices: their shape, how a unit meets them, and how use adds up to the capacities they price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.plans import CapacityPrices

if TYPE_CHECKING:
    from meio.optimizer.block_kernels import Aggregates, Prices


_CLOSED = 1e-9  # m³ or units per day


class Capacities(NamedTuple):
    """The shared capacities of a scenario and the lanes that join them."""

    limit: CapacityPrices
    """Capacity in the shape of the prices; inf: no limit."""
    lane_source_idx: Ints
    lane_node_idx: Ints
    departure: Floats
    """[lane, period of departure, period of arrival]: share of the arrivals that departed in the period."""


def capacities(compiled: CompiledScenario) -> Capacities:
    """The capacities of a compiled scenario."""
    nodes, lanes = compiled.nodes, compiled.lanes
    storage = np.where(nodes.stocks_type[:, :, None], nodes.storage_m3, np.inf)
    limit = CapacityPrices(
        storage, nodes.inbound_units_per_day, nodes.outbound_units_per_day, lanes.capacity_units_per_day
    )
    shift = lanes.lead_time_mean_days / compiled.period_days
    return Capacities(limit, lanes.source_idx, lanes.node_idx, _departures(shift, compiled.num_periods))


def _departures(shift: Floats, num_periods: int) -> Floats:
    """Weights of departure periods for each lane and arrival period; what departed before the horizon has none."""
    weights = np.zeros((len(shift), num_periods, num_periods))
    lanes = np.arange(len(shift))
    for period in range(num_periods):
        position = period - shift
        floor = np.floor(position).astype(np.int64)
        for departure, weight in ((floor, 1.0 - (position - floor)), (floor + 1, position - floor)):
            inside = (departure >= 0) & (departure < num_periods)
            weights[lanes[inside], departure[inside], period] += weight[inside]
    return weights


def no_prices(limit: CapacityPrices) -> CapacityPrices:
    """Prices of zero."""
    return CapacityPrices(*(np.zeros_like(array) for array in fields(limit)))


def fields(values: CapacityPrices) -> tuple[Floats, Floats, Floats, Floats]:
    """Storage, inbound, outbound and lane arrays, in this order."""
    return values.storage, values.inbound, values.outbound, values.lane


def flat(values: CapacityPrices) -> Floats:
    """All prices, or uses, in one vector [resource]."""
    return np.concatenate([part.ravel() for part in fields(values)])


def unflat(vector: Floats, like: CapacityPrices) -> CapacityPrices:
    """The reverse of `flat`, in the shapes of `like`."""
    ends = np.cumsum([part.size for part in fields(like)])[:-1]
    parts = zip(np.split(vector, ends), fields(like), strict=True)
    return CapacityPrices(*(part.reshape(shaped.shape) for part, shaped in parts))


def average_of(values: Sequence[CapacityPrices]) -> CapacityPrices:
    """Average of prices, or of use, over evaluations."""
    return CapacityPrices(*(np.mean(parts, axis=0) for parts in zip(*map(fields, values), strict=True)))


def met_by_a_unit(prices: CapacityPrices, shared: Capacities) -> Prices:
    """Prices as the subproblems meet them: everything a unit pays on its way into a node, by arrival period."""
    from meio.optimizer.block_kernels import Prices

    num_nodes = prices.inbound.shape[0]
    at_departure = prices.lane.copy()
    from_node = shared.lane_source_idx < num_nodes
    at_departure[from_node] += prices.outbound[shared.lane_source_idx[from_node]]
    lane = prices.inbound[shared.lane_node_idx] + np.einsum("adp,ad->ap", shared.departure, at_departure)
    return Prices(prices.storage, prices.outbound, lane)


def use_of(totals: Aggregates, shared: Capacities) -> CapacityPrices:
    """Use of every capacity: the adjoint of `met_by_a_unit`."""
    num_nodes = totals.customers.shape[0]
    inbound = np.zeros_like(totals.customers)
    np.add.at(inbound, shared.lane_node_idx, totals.lane)
    departed = np.einsum("adp,ap->ad", shared.departure, totals.lane)
    outbound = totals.customers.copy()
    from_node = shared.lane_source_idx < num_nodes
    np.add.at(outbound, shared.lane_source_idx[from_node], departed[from_node])
    return CapacityPrices(totals.storage, inbound, outbound, departed)


def priced(prices: CapacityPrices, amounts: CapacityPrices) -> float:
    """Sum of price times amount over every capacity that has a positive price, per day."""
    parts = zip(fields(prices), fields(amounts), strict=True)
    return float(sum((price[price > 0] * amount[price > 0]).sum() for price, amount in parts))


def relative_excess(use: Floats, capacity: Floats) -> Floats:
    """Use over capacity less 1, 0 where there is no limit; a closed capacity counts as a very small one."""
    bounded = np.isfinite(capacity)
    return np.where(bounded, use / np.where(bounded, np.maximum(capacity, _CLOSED), 1.0) - 1.0, 0.0)


def violation(use: CapacityPrices, limit: CapacityPrices) -> float:
    """Largest relative excess of use over capacity; 0 when none is exceeded."""
    parts = zip(fields(use), fields(limit), strict=True)
    return max(0.0, *(float(relative_excess(used, capacity).max(initial=0.0)) for used, capacity in parts))
