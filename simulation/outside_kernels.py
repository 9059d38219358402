"""Policies outside the engine: orders are gathered in a batch, the policy is asked, its parcels are shipped."""

from __future__ import annotations

from meio.network.compiled import Ints
from meio.network.jit import kernel
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.callback import call_back
from meio.simulation.clock_kernels import weekday_of
from meio.simulation.lines_kernels import count_order, leave_rest_unserved, ship_package
from meio.simulation.state import NUM_ORDERS, NUM_PARCELS, Batch, State
from meio.simulation.world import World

GO_ON, STOP = range(2)  # what the policy's side returns; anything else: it needs room for more parcels


@kernel
def add_to_batch(state: State, product_idx: Ints, units: Ints, order_class: int, minute: float) -> None:
    """Put an order, placed at a minute from the horizon's first midnight, into the open batch."""
    batch = state.batch
    order = batch.counters[NUM_ORDERS]
    first = batch.line_ptr[order]
    if order + 1 >= len(batch.class_idx) or first + len(units) > len(batch.units):
        state.full[0] = True
        return
    batch.minute[order], batch.class_idx[order] = minute, order_class
    batch.product_idx[first : first + len(units)] = product_idx
    batch.units[first : first + len(units)] = units
    batch.line_ptr[order + 1] = first + len(units)
    batch.counters[NUM_ORDERS] += 1


@kernel
def assign_batch(world: World, state: State, day: int) -> None:
    """Ask the policy about the open batch and do what it says; `stopped` is set when it fails."""
    batch = state.batch
    num_orders = batch.counters[NUM_ORDERS]
    if num_orders == 0:
        return
    answer = call_back(batch.callback[0])
    if answer == GO_ON:
        parcel = 0
        for order in range(num_orders):
            parcel = _ship_order(world, state, order, parcel, day)
    elif answer == STOP:
        state.stopped[0] = True
    else:
        state.full[0] = True
    batch.counters[NUM_ORDERS] = batch.counters[NUM_PARCELS] = 0


@kernel
def _ship_order(world: World, state: State, order: int, parcel: int, day: int) -> int:
    """Ship the parcels of an order, leave the rest of it unserved, and return the next order's first parcel."""
    batch, offers = state.batch, state.offers
    lines = slice(batch.line_ptr[order], batch.line_ptr[order + 1])
    product_idx, units, order_class = batch.product_idx[lines], batch.units[lines], batch.class_idx[order]
    minute = batch.minute[order] - day * MINUTES_PER_DAY
    speed = order_class % world.sizes.num_speeds
    pattern = world.routes.pattern_idx[weekday_of(world.clock, day), speed, int(minute)]
    count_order(world, state, product_idx, units, order_class, pattern, day)
    offers.left[: len(units)] = units
    while parcel < batch.counters[NUM_PARCELS] and batch.parcel_order[parcel] == order:
        end = _end_of_package(batch, parcel)
        offers.offer[: len(units)] = 0
        for one in range(parcel, end):
            offers.offer[batch.parcel_line[one]] += batch.parcel_units[one]
        node, ship_day = batch.parcel_node[parcel], batch.parcel_ship_day[parcel]
        ship_package(world, state, product_idx, offers.offer[: len(units)], node, order_class, day, ship_day, pattern)
        parcel = end
    leave_rest_unserved(world, state, product_idx, order_class, pattern, day)
    state.order_number[0] += 1
    return parcel


@kernel
def _end_of_package(batch: Batch, first: int) -> int:
    """The parcel after the last one that travels in a package with the first."""
    end = first + 1
    while (
        end < batch.counters[NUM_PARCELS]
        and batch.parcel_order[end] == batch.parcel_order[first]
        and batch.parcel_node[end] == batch.parcel_node[first]
        and batch.parcel_ship_day[end] == batch.parcel_ship_day[first]
    ):
        end += 1
    return end
