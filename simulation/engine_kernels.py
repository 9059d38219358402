"""One replication, day by day."""

from __future__ import annotations

import numpy as np

from meio.network.jit import kernel
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.assignment_kernels import serve_all_owed, serve_order, serve_owed
from meio.simulation.closing_kernels import close_day, count_owed, owned_value
from meio.simulation.conservation_kernels import find_imbalance, units_lost
from meio.simulation.demand_kernels import draw_day_orders
from meio.simulation.receiving_kernels import open_stock, put_away, receive_until
from meio.simulation.references import by_reference
from meio.simulation.replenishment_kernels import review, review_at_once, ship_all_waiting, ship_waiting
from meio.simulation.state import TODAY, State
from meio.simulation.streams_kernels import derived_key
from meio.simulation.tally import STOCK_CHANGE
from meio.simulation.touched_kernels import take_touched
from meio.simulation.transit_kernels import begin_day, next_arrival, send
from meio.simulation.waiting_kernels import close_up
from meio.simulation.world import World

CUSTOMER_DEMAND, LEAD_TIME = range(2)  # purposes of streams
COMPLETE, NO_ROOM, UNITS_LOST = range(3)  # statuses


@kernel
def run_replication(
    world: World, state: State, policy: int, seed: int, replication: int, check_every_day: bool
) -> tuple[int, int]:
    """Run all days and return a status and the day it stands at.

    COMPLETE; NO_ROOM when a list was full (the state is of no use then); UNITS_LOST, only when every day is checked.
    """
    return _run_days(by_reference(world), by_reference(state), policy, seed, replication, check_every_day)


@kernel
def _run_days(
    world: World, state: State, policy: int, seed: int, replication: int, check_every_day: bool
) -> tuple[int, int]:
    _open(world, state, seed, replication)
    for day in range(world.clock.first_day, world.clock.end_day):
        if day == 0:
            state.tally.money[STOCK_CHANGE] += owned_value(world, state)
        _run_day(world, state, policy, day)
        if state.full[0]:
            return NO_ROOM, day
        if check_every_day and _out_of_balance(state):
            return UNITS_LOST, day
    state.tally.money[STOCK_CHANGE] -= owned_value(world, state)
    count_owed(world, state)
    return COMPLETE, world.clock.end_day


@kernel
def _out_of_balance(state: State) -> bool:
    return units_lost(find_imbalance(state.ledger, state.stock, state.transit, state.orders, state.customers)) > 0


@kernel
def _open(world: World, state: State, seed: int, replication: int) -> None:
    """Streams and stock of a replication as it begins."""
    clock, opening, stock = world.clock, world.opening, state.stock
    state.transit.counters[TODAY] = clock.first_day
    _set_stream_keys(world, state, derived_key(derived_key(np.uint64(0), seed), replication))
    for slot in range(len(opening.on_hand)):
        stock.position[slot] += opening.on_hand[slot]
        open_stock(world, state, slot, opening.on_hand[slot])
    for order in range(len(opening.order_slot)):
        slot, units = opening.order_slot[order], opening.order_units[order]
        arrival = MINUTES_PER_DAY * (clock.first_day + opening.order_arrives_day[order])
        stock.position[slot] += units
        state.ledger.ordered[slot] += units
        send(state.transit, clock, slot, units, arrival, state.full)
        if opening.order_on_chosen_lane[order]:
            latest = state.departures.latest_arrival
            latest[slot] = max(latest[slot], arrival)


@kernel
def _set_stream_keys(world: World, state: State, replication_key: np.uint64) -> None:
    for stream in range(len(state.demand_key)):
        product_key = derived_key(replication_key, world.keys.product[world.guides.stream_product_idx[stream]])
        demand_key = derived_key(product_key, CUSTOMER_DEMAND)
        state.demand_key[stream] = derived_key(demand_key, world.guides.stream_number[stream])
    for slot in range(len(world.supply.lane_idx)):
        lane = world.supply.lane_idx[slot]
        if lane >= 0:
            product_key = derived_key(replication_key, world.keys.product[slot // world.sizes.num_nodes])
            state.departures.stream_key[slot] = derived_key(derived_key(product_key, LEAD_TIME), world.keys.lane[lane])


@kernel
def _run_day(world: World, state: State, policy: int, day: int) -> None:
    begin_day(state.transit, world.clock, day)
    midnight = day * MINUTES_PER_DAY
    _start_morning(world, state, midnight)
    review(world, state)
    _settle(world, state, midnight)
    orders = draw_day_orders(world.demand, world.guides, world.clock, state.demand_key, state.draws, day)
    for order in range(len(orders.minute)):
        minute = midnight + orders.minute[order]
        _receive_before(world, state, minute)
        serve_order(world, state, policy, orders.product_idx[order], orders.class_idx[order], day, orders.minute[order])
        review_at_once(world, state, orders.product_idx[order], minute)
        _settle(world, state, minute)
    _receive_before(world, state, np.inf)
    close_day(world, state, day)


@kernel
def _start_morning(world: World, state: State, midnight: float) -> None:
    """Receipts of midnight, then everything that waited for the new day's capacity."""
    for node in range(world.sizes.num_nodes):
        put_away(world, state, node)
    receive_until(world, state, midnight)
    serve_all_owed(world, state, midnight)
    ship_all_waiting(world, state, midnight)
    _settle(world, state, midnight)
    close_up(state.customers)
    close_up(state.orders)


@kernel
def _receive_before(world: World, state: State, minute: float) -> None:
    """Handle today's arrivals up to a minute, this minute included, one instant after the other."""
    while next_arrival(state.transit) <= minute and next_arrival(state.transit) < np.inf:
        _settle(world, state, next_arrival(state.transit))


@kernel
def _settle(world: World, state: State, minute: float) -> None:
    """Receive what arrives at an instant and pass it on to those who wait for it, until nothing moves."""
    while True:
        receive_until(world, state, minute)
        if state.touched.size[0] == 0:
            return
        slot = take_touched(state.touched)
        serve_owed(world, state, slot, minute)
        ship_waiting(world, state, slot, minute)
