"""One replication, day by day."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Ints
from meio.network.jit import kernel
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.assignment_kernels import OUTSIDE, serve_order
from meio.simulation.closing_kernels import close_day, count_owed, count_owned, record_money
from meio.simulation.conservation_kernels import find_imbalance, units_lost
from meio.simulation.demand_kernels import draw_day_orders
from meio.simulation.drawn import DayOrders
from meio.simulation.events import ORDERED
from meio.simulation.lines_kernels import serve_lines
from meio.simulation.log_kernels import note
from meio.simulation.order_kernels import Orders, in_baskets, recorded_orders, single_units
from meio.simulation.outside_kernels import add_to_batch, assign_batch
from meio.simulation.owed_kernels import serve_all_owed, serve_owed
from meio.simulation.receiving_kernels import open_stock, put_away, receive_until
from meio.simulation.references import by_reference
from meio.simulation.replenishment_kernels import review, review_at_once, ship_all_waiting, ship_waiting
from meio.simulation.state import NUM_ORDERS, TODAY, State
from meio.simulation.streams_kernels import derived_key
from meio.simulation.touched_kernels import take_touched
from meio.simulation.transit_kernels import begin_day, next_arrival, send
from meio.simulation.waiting_kernels import close_up
from meio.simulation.world import BASKETS, RECORDED, World

CUSTOMER_DEMAND, LEAD_TIME, BASKET_SIZE = range(3)  # purposes of streams
COMPLETE, NO_ROOM, UNITS_LOST, STOPPED = range(4)  # statuses


@kernel
def open_replication(world: World, state: State, seed: int, replication: int) -> None:
    """Set a new state to the first midnight of a replication."""
    _open(by_reference(world), by_reference(state), seed, replication)


@kernel
def run_days(
    world: World, state: State, policy: int, batch_minutes: int, end_day: int, check_every_day: bool
) -> tuple[int, int]:
    """Run from the day the state stands at to the midnight that begins `end_day`.

    Returns
    -------
    status : int
        COMPLETE; NO_ROOM when a list was full (the state is of no use then); STOPPED when a policy outside the engine
        failed; UNITS_LOST, only when every day is checked.
    day : int
        The first day that is not complete.
    """
    return _run_days(by_reference(world), by_reference(state), policy, batch_minutes, end_day, check_every_day)


@kernel
def close_replication(world: World, state: State) -> None:
    """Count what is left at a replication's end: the stock's value and the orders owed."""
    _close(by_reference(world), by_reference(state))


@kernel
def _run_days(
    world: World, state: State, policy: int, batch_minutes: int, end_day: int, check_every_day: bool
) -> tuple[int, int]:
    while state.transit.counters[TODAY] < end_day:
        day = state.transit.counters[TODAY]
        if day == 0:
            count_owned(world, state, 1.0)
        _run_day(world, state, policy, batch_minutes, day)
        if state.full[0]:
            return NO_ROOM, day
        if state.stopped[0]:
            return STOPPED, day
        if check_every_day and _out_of_balance(state):
            return UNITS_LOST, day
        state.transit.counters[TODAY] += 1
    return COMPLETE, end_day


@kernel
def _close(world: World, state: State) -> None:
    if state.transit.counters[TODAY] > 0:
        count_owned(world, state, -1.0)
        count_owed(world, state)
        record_money(state, min(state.transit.counters[TODAY], world.clock.end_day - 1))


@kernel
def _out_of_balance(state: State) -> bool:
    return units_lost(find_imbalance(state.ledger, state.stock, state.transit, state.orders, state.customers)) > 0


@kernel
def _open(world: World, state: State, seed: int, replication: int) -> None:
    """Streams and stock of a replication as it begins."""
    clock, opening, stock = world.clock, world.opening, state.stock
    state.transit.counters[TODAY] = clock.first_day
    state.now[0] = clock.first_day * MINUTES_PER_DAY
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
            state.departures.latest_lane[slot] = world.supply.lane_idx[slot]


@kernel
def _set_stream_keys(world: World, state: State, replication_key: np.uint64) -> None:
    for stream in range(len(state.demand_key)):
        product_key = derived_key(replication_key, world.keys.product[world.guides.stream_product_idx[stream]])
        demand_key = derived_key(product_key, CUSTOMER_DEMAND)
        state.demand_key[stream] = derived_key(demand_key, world.guides.stream_number[stream])
    for product in range(world.sizes.num_products):
        product_key = derived_key(replication_key, world.keys.product[product])
        state.departures.product_key[product] = derived_key(product_key, LEAD_TIME)
    state.basket_key[0] = derived_key(replication_key, BASKET_SIZE)


@kernel
def _run_day(world: World, state: State, policy: int, batch_minutes: int, day: int) -> None:
    begin_day(state.transit, world.clock, day)
    midnight = day * MINUTES_PER_DAY
    _start_morning(world, state, midnight)
    review(world, state)
    _settle(world, state, midnight)
    source = world.orders
    if source.kind == RECORDED:
        orders = recorded_orders(source, day, world.clock.first_day, midnight)
        _serve_orders(world, state, policy, batch_minutes, orders, day)
    else:
        key, draws, drawing = state.demand_key, state.draws, state.drawing
        units = draw_day_orders(world.demand, world.guides, world.clock, key, draws, drawing, day)
        if source.kind == BASKETS:
            num_classes = world.sizes.num_zones * world.sizes.num_speeds
            baskets = in_baskets(units, source.basket_end, num_classes, state.basket_key[0], draws, day)
            _serve_orders(world, state, policy, batch_minutes, baskets, day)
        elif policy == OUTSIDE:
            _serve_orders(world, state, policy, batch_minutes, single_units(units), day)
        else:
            _serve_units(world, state, policy, units, day)
    if not state.stopped[0]:
        _receive_before(world, state, np.inf)
        close_day(world, state, day)


@kernel
def _serve_units(world: World, state: State, policy: int, orders: DayOrders, day: int) -> None:
    """Handle a day's arrivals and orders of one unit in the order of their minutes."""
    due = next_arrival(state.transit)
    for order in range(len(orders.minute)):
        minute = day * MINUTES_PER_DAY + orders.minute[order]
        product, order_class = int(orders.product_idx[order]), int(orders.class_idx[order])
        if due <= minute:
            _receive_before(world, state, minute)
            due = next_arrival(state.transit)
        state.now[0] = minute
        _note_line(world, state, state.order_number[0], product, order_class, 1)
        serve_order(world, state, policy, product, order_class, day, orders.minute[order])
        state.order_number[0] += 1
        if world.supply.product_reviewed_always[product] or state.touched.size[0] > 0:
            review_at_once(world, state, product, minute)
            _settle(world, state, minute)
            due = next_arrival(state.transit)


@kernel
def _serve_orders(world: World, state: State, policy: int, batch_minutes: int, orders: Orders, day: int) -> None:
    """Handle a day's arrivals and orders in the order of their minutes; a policy outside the engine gets batches."""
    midnight, batch_end = float(day * MINUTES_PER_DAY), 0.0
    for order in range(len(orders.minute)):
        minute = orders.minute[order]
        if policy == OUTSIDE and batch_minutes > 0 and minute >= batch_end:
            _end_batch(world, state, midnight + batch_end, day)
            batch_end = min((minute // batch_minutes + 1.0) * batch_minutes, float(MINUTES_PER_DAY))
        if state.full[0] or state.stopped[0]:
            return
        _receive_before(world, state, midnight + minute)
        state.now[0] = midnight + minute
        lines = slice(orders.line_ptr[order], orders.line_ptr[order + 1])
        product_idx, units, order_class = orders.product_idx[lines], orders.units[lines], orders.class_idx[order]
        _note_order(world, state, product_idx, units, order_class)
        if policy == OUTSIDE:
            add_to_batch(state, product_idx, units, order_class, midnight + minute)
            if batch_minutes == 0:
                _end_batch(world, state, midnight + minute, day)
            continue
        if len(units) == 1 and units[0] == 1:
            serve_order(world, state, policy, product_idx[0], order_class, day, minute)
        else:
            serve_lines(world, state, policy, product_idx, units, order_class, day, minute)
        state.order_number[0] += 1
        _follow_up(world, state, product_idx, midnight + minute)
    _end_batch(world, state, midnight + batch_end, day)


@kernel
def _note_order(world: World, state: State, product_idx: Ints, units: Ints, order_class: int) -> None:
    number = state.order_number[0] + state.batch.counters[NUM_ORDERS]
    for line in range(len(units)):
        _note_line(world, state, number, product_idx[line], order_class, units[line])


@kernel
def _note_line(world: World, state: State, number: int, product: int, order_class: int, units: int) -> None:
    if len(state.log.kind) > 0:
        zone, speed = order_class // world.sizes.num_speeds, order_class % world.sizes.num_speeds
        note(state, ORDERED, number, product, -1, zone, speed, units)


@kernel
def _end_batch(world: World, state: State, minute: float, day: int) -> None:
    """Have the open batch assigned at a minute; arrivals up to it come first."""
    num_lines = state.batch.line_ptr[state.batch.counters[NUM_ORDERS]]
    if num_lines == 0 or state.full[0] or state.stopped[0]:
        return
    _receive_before(world, state, minute)
    state.now[0] = minute
    assign_batch(world, state, day)
    _follow_up(world, state, state.batch.product_idx[:num_lines], minute)


@kernel
def _follow_up(world: World, state: State, product_idx: Ints, minute: float) -> None:
    """After orders of products: what their nodes order at once, and what moves then."""
    for product in product_idx:
        review_at_once(world, state, product, minute)
    _settle(world, state, minute)


@kernel
def _start_morning(world: World, state: State, midnight: float) -> None:
    """Receipts of midnight, then everything that waited for the new day's capacity."""
    state.now[0] = midnight
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
    while next_arrival(state.transit) <= minute or state.touched.size[0] > 0:
        _receive_and_pass_on(world, state, minute)


@kernel
def _receive_and_pass_on(world: World, state: State, minute: float) -> None:
    """Receive what arrives up to a minute, then serve those who wait for the first of the slots it came to."""
    receive_until(world, state, minute)
    if state.touched.size[0] > 0:
        slot = take_touched(state.touched)
        serve_owed(world, state, slot, minute)
        ship_waiting(world, state, slot, minute)
