"""Arrivals: into the yard's queue, and from there into storage as receiving capacity and space allow."""

from __future__ import annotations

import numpy as np

from meio.network.jit import kernel
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.clock_kernels import period_of
from meio.simulation.events import ARRIVED, STORED
from meio.simulation.log_kernels import note_slot
from meio.simulation.state import IN_YARD, TODAY, State, Transit
from meio.simulation.touched_kernels import touch
from meio.simulation.transit_kernels import earlier, forget, new_shipment, next_arrival, take_arrival
from meio.simulation.waiting_kernels import first_open
from meio.simulation.world import World

ROUNDING = 1e-9  # of a unit: capacity within this counts as enough
_UNLIMITED = 2.0**62


@kernel
def whole_units(amount: float) -> int:
    """Whole units in a real number of them, never negative."""
    return int(max(min(amount, _UNLIMITED) + ROUNDING, 0.0))


@kernel
def receive_until(world: World, state: State, minute: float) -> None:
    """Take in everything that arrives up to a minute, this minute included."""
    while next_arrival(state.transit) <= minute:
        state.now[0] = max(state.now[0], next_arrival(state.transit))
        shipment = take_arrival(state.transit)
        slot, number = state.transit.slot[shipment], state.transit.number[shipment]
        note_slot(world, state, ARRIVED, number, slot, state.transit.units[shipment])
        _queue_in_yard(world, state.transit, shipment)
        put_away(world, state, world.supply.node_idx[slot])


@kernel
def put_away(world: World, state: State, node: int) -> None:
    """Move stock from a node's yard into storage, longest waiting first; a full storage type holds up only its own."""
    while True:
        shipment, room = _first_that_fits(world, state, node)
        if shipment < 0:
            return
        slot, number = state.transit.slot[shipment], state.transit.number[shipment]
        units = min(state.transit.units[shipment], room)
        _store(world, state, slot, units)
        note_slot(world, state, STORED, number, slot, units)
        state.used.inbound[node] += units
        state.transit.units[shipment] -= units
        if state.transit.units[shipment] == 0:
            _leave_yard(world, state.transit, shipment)


@kernel
def take_stock(world: World, state: State, product: int, node: int, units: int) -> None:
    """Take units out of storage; the space goes to the yard at once."""
    storage_type = world.products.storage_type_idx[product]
    state.stock.on_hand[product * world.sizes.num_nodes + node] -= units
    state.stock.stored_m3[node, storage_type] -= units * world.products.volume_m3[product]
    if state.transit.yard_first[node, storage_type] >= 0:
        put_away(world, state, node)


@kernel
def open_stock(world: World, state: State, slot: int, units: int) -> None:
    """Place a slot's first stock in storage, and in the yard what does not fit."""
    stored = min(units, _space(world, state, slot))
    state.ledger.opening[slot] = stored
    _put_on_shelf(world, state, slot, stored)
    if stored == units:
        return
    minute = float(MINUTES_PER_DAY * world.clock.first_day)
    shipment = new_shipment(state.transit, slot, units - stored, minute, state.full)
    if shipment >= 0:
        _queue_in_yard(world, state.transit, shipment)
        state.ledger.ordered[slot] += units - stored


@kernel
def _room(world: World, state: State, slot: int) -> int:
    """Units of a slot that receiving capacity and space let in now."""
    node = world.supply.node_idx[slot]
    today = state.transit.counters[TODAY] - world.clock.first_day
    inbound = world.capacity.inbound[today, node] - state.used.inbound[node]
    return min(whole_units(inbound), _space(world, state, slot))


@kernel
def _space(world: World, state: State, slot: int) -> int:
    """Units of a slot that fit into its node's storage."""
    product, node = world.supply.product_idx[slot], world.supply.node_idx[slot]
    storage_type, volume = world.products.storage_type_idx[product], world.products.volume_m3[product]
    period = period_of(world.clock, state.transit.counters[TODAY])
    free_m3 = world.nodes.storage_m3[node, storage_type, period] - state.stock.stored_m3[node, storage_type]
    return whole_units(free_m3 / volume) if volume > 0.0 else whole_units(np.inf)


@kernel
def _store(world: World, state: State, slot: int, units: int) -> None:
    state.ledger.received[slot] += units
    _put_on_shelf(world, state, slot, units)
    if state.stock.owed[slot] > 0 or first_open(state.orders, slot) >= 0:
        touch(state.touched, slot)


@kernel
def _put_on_shelf(world: World, state: State, slot: int, units: int) -> None:
    product, node = world.supply.product_idx[slot], world.supply.node_idx[slot]
    state.stock.on_hand[slot] += units
    state.stock.stored_m3[node, world.products.storage_type_idx[product]] += units * world.products.volume_m3[product]


@kernel
def _first_that_fits(world: World, state: State, node: int) -> tuple[int, int]:
    """The longest waiting of the yard's first shipments of each storage type that can move in, and its units that can.

    -1 and no units when none can.
    """
    transit, found, found_room = state.transit, -1, 0
    for storage_type in range(world.sizes.num_types):
        shipment = transit.yard_first[node, storage_type]
        if shipment < 0:
            continue
        room = _room(world, state, transit.slot[shipment])
        if room > 0 and (found < 0 or earlier(transit, shipment, found)):
            found, found_room = shipment, room
    return found, found_room


@kernel
def _queue_in_yard(world: World, transit: Transit, shipment: int) -> None:
    slot = transit.slot[shipment]
    product, node = world.supply.product_idx[slot], world.supply.node_idx[slot]
    storage_type = world.products.storage_type_idx[product]
    transit.place[shipment] = IN_YARD
    transit.next[shipment] = -1
    if transit.yard_first[node, storage_type] < 0:
        transit.yard_first[node, storage_type] = shipment
    else:
        transit.next[transit.yard_last[node, storage_type]] = shipment
    transit.yard_last[node, storage_type] = shipment


@kernel
def _leave_yard(world: World, transit: Transit, shipment: int) -> None:
    slot = transit.slot[shipment]
    product, node = world.supply.product_idx[slot], world.supply.node_idx[slot]
    transit.yard_first[node, world.products.storage_type_idx[product]] = transit.next[shipment]
    forget(transit, shipment)
