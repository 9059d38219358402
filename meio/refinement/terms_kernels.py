"""One product's terms of supply and storage at every node, as the path kernels read them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import BACKORDERED, Bools, Floats, Ints
from meio.network.jit import kernel
from meio.simulation.clock_kernels import period_of
from meio.simulation.lane_cost_kernels import purchase_cost, transport_cost
from meio.simulation.world import World


class PathPrices(NamedTuple):
    """Capacity prices that sampled units pay, money."""

    storage: Floats
    """[node, storage type, period]: per m³ and day close"""
    inbound: Floats
    """[node, period of arrival]: per unit received"""
    outbound: Floats
    """[node, period of the ship date]: per unit shipped"""
    lane: Floats
    """[lane, period of departure]: per unit sent"""


class Terms(NamedTuple):
    """What a unit of one product pays, and how it moves; money per unit."""

    lane_idx: Ints
    """[node]; -1: not stocked"""
    source: Ints
    """[node]: the node that ships to it; -1: a vendor does"""
    minimum_order: Ints
    """[node]"""
    pack: Ints
    """[node]"""
    order_cost: Floats
    """[node]: purchase and transport on its lane"""
    departure_price: Floats
    """[node, period of departure]: prices of its lane and of its source's shipping"""
    arrival_price: Floats
    """[node, period of arrival]"""
    outbound_price: Floats
    """[node, period of the ship date]"""
    holding: Floats
    """[node, period]: per day close"""
    unit_value: Floats
    """[node, period]: what the priced policy adds to shipping cost"""
    least_value: Floats
    """[period]: no node's value and outbound price are less"""
    end_value: Floats
    """[node]: worth of a unit owned when counting ends, and what one owned when it begins is charged"""
    opening: Ints
    """[node]: units on hand on the first day; -1: as many as the first target"""
    asked: Bools
    """[node]: customers or nodes may wait for its units"""
    holding_before: Floats
    """[node, day from the first]: holding cost of a unit at all closes that count before the day"""


@kernel
def new_terms(num_nodes: int, num_periods: int, num_days: int) -> Terms:
    """Empty `Terms`."""
    shape = (num_nodes, num_periods)
    return Terms(
        np.zeros(num_nodes, np.int64),
        np.zeros(num_nodes, np.int64),
        np.zeros(num_nodes, np.int64),
        np.zeros(num_nodes, np.int64),
        np.zeros(num_nodes),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(num_periods),
        np.zeros(num_nodes),
        np.zeros(num_nodes, np.int64),
        np.zeros(num_nodes, np.bool_),
        np.zeros((num_nodes, num_days + 1)),
    )


@kernel
def fill_terms(world: World, prices: PathPrices, stock_given: bool, product: int, terms: Terms) -> None:
    """Gather one product's terms."""
    num_nodes, num_periods = terms.holding.shape
    supply, values = world.supply, world.values
    kind, volume = world.products.storage_type_idx[product], world.products.volume_m3[product]
    terms.least_value[:] = np.inf
    terms.asked[:] = (world.outbound.unserved == BACKORDERED).any()
    for node in range(num_nodes):
        slot = product * num_nodes + node
        lane, source_slot = supply.lane_idx[slot], supply.source_slot[slot]
        source = source_slot - product * num_nodes if source_slot >= 0 else -1
        terms.lane_idx[node], terms.source[node] = lane, source
        terms.end_value[node] = values.end_value[slot]
        terms.minimum_order[node], terms.pack[node] = supply.minimum_order[slot], supply.pack[slot]
        terms.opening[node] = world.opening.on_hand[slot] if stock_given else -1
        terms.order_cost[node] = 0.0
        if lane >= 0:
            terms.order_cost[node] = purchase_cost(world, product, lane) + transport_cost(world, product, lane)
        for period in range(num_periods):
            price = prices.lane[lane, period] if lane >= 0 else 0.0
            terms.departure_price[node, period] = price + (prices.outbound[source, period] if source >= 0 else 0.0)
            terms.arrival_price[node, period] = prices.inbound[node, period]
            terms.outbound_price[node, period] = prices.outbound[node, period]
            terms.holding[node, period] = values.holding_per_day[slot] + volume * prices.storage[node, kind, period]
            terms.unit_value[node, period] = values.unit_value[period, slot]
            least = values.unit_value[period, slot] + values.least_outbound_price
            terms.least_value[period] = min(terms.least_value[period], least)
        if source >= 0:
            terms.asked[source] = True
        _add_up_holding(world, terms.holding[node], terms.holding_before[node])


@kernel
def _add_up_holding(world: World, holding: Floats, before: Floats) -> None:
    first = world.clock.first_day
    before[0] = 0.0
    for k in range(len(before) - 1):
        today = holding[period_of(world.clock, first + k)] if first + k >= 0 else 0.0
        before[k + 1] = before[k] + today
