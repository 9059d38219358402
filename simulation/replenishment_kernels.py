"""Reviews, orders and departures: who orders how much, who gets what is there, what leaves when."""

from __future__ import annotations

import math

import numpy as np

from meio.network.compiled import DETERMINISTIC, EMPIRICAL_LEAD_TIME, LOGNORMAL, Floats, Ints, Lanes
from meio.network.jit import kernel
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.clock_kernels import period_of, ships_on
from meio.simulation.events import DEPARTED, REPLENISHMENT
from meio.simulation.lane_cost_kernels import purchase_cost, transport_cost
from meio.simulation.log_kernels import note_slot
from meio.simulation.receiving_kernels import take_stock, whole_units
from meio.simulation.state import DESTINATION_SLOT, LANE, NUM_DEPARTED, TODAY, State
from meio.simulation.streams import Keys
from meio.simulation.streams_kernels import derived_key, gamma, standard_normal, start, uniform
from meio.simulation.tally import LANE_TRANSPORT, PURCHASE
from meio.simulation.tally_kernels import charge
from meio.simulation.touched_kernels import touch
from meio.simulation.transit_kernels import send
from meio.simulation.waiting_kernels import first_open, next_open, wait
from meio.simulation.world import Supply, World


@kernel
def review(world: World, state: State) -> None:
    """Order whatever is below its target and due today, downstream first; then ship, the most valuable need first."""
    day = state.transit.counters[TODAY]
    for product in range(world.sizes.num_products):
        _review_product(world, state, product, False, float(day * MINUTES_PER_DAY))


@kernel
def review_at_once(world: World, state: State, product: int, minute: float) -> None:
    """After a demand, order what is below its target on the lanes that are always reviewed; then ship as `review`."""
    if world.supply.product_reviewed_always[product]:
        _review_product(world, state, product, True, minute)


@kernel
def _review_product(world: World, state: State, product: int, at_once: bool, minute: float) -> None:
    num_nodes, day = world.sizes.num_nodes, state.transit.counters[TODAY]
    order_up_to = world.supply.order_up_to[period_of(world.clock, day)]
    position, lane_idx = state.stock.position, world.supply.lane_idx
    slots, units = state.review.slot, state.review.units
    num_orders = 0
    for node in world.supply.downstream_first:
        slot = product * num_nodes + node
        missing = order_up_to[slot] - position[slot]
        if missing > 0 and lane_idx[slot] >= 0 and _is_due(world.lanes, lane_idx[slot], at_once, day):
            slots[num_orders], units[num_orders] = slot, _order_quantity(world.supply, slot, missing)
            _place_order(world, state, slot, units[num_orders])
            num_orders += 1
    if num_orders > 0:
        _ship_orders(world, state, slots[:num_orders], units[:num_orders], minute)


@kernel
def ship_waiting(world: World, state: State, slot: int, minute: float) -> None:
    """Ship what downstream orders still wait for at a slot, the oldest order first."""
    request = first_open(state.orders, slot)
    while request >= 0 and state.stock.on_hand[slot] > state.stock.owed[slot]:
        _ship_request(world, state, request, minute)
        request = next_open(state.orders, request)


@kernel
def ship_all_waiting(world: World, state: State, minute: float) -> None:
    """Ship what any order still waits for, the oldest order first: a new day has brought new capacity."""
    for request in range(state.orders.size[0]):
        _ship_request(world, state, request, minute)


@kernel
def _ship_request(world: World, state: State, request: int, minute: float) -> None:
    slot, lane = state.orders.detail[request, DESTINATION_SLOT], state.orders.detail[request, LANE]
    source_slot, units = state.orders.slot[request], state.orders.units[request]
    state.orders.units[request] -= _ship(world, state, slot, source_slot, lane, units, minute)


@kernel
def _is_due(lanes: Lanes, lane: int, at_once: bool, day: int) -> bool:
    """Whether a lane is reviewed at once after a demand, or else at a day's midnight."""
    every = lanes.review_every_days[lane]
    if at_once or every <= 1:
        return bool(every == 0 or not at_once)
    return bool((day - lanes.review_offset_days[lane]) % every == 0)


@kernel
def _order_quantity(supply: Supply, slot: int, missing: int) -> int:
    """Units up to the target, at least the minimum order, in whole packs."""
    pack = supply.pack[slot]
    return int((max(missing, supply.minimum_order[slot]) + pack - 1) // pack * pack)


@kernel
def _place_order(world: World, state: State, slot: int, units: int) -> None:
    state.stock.position[slot] += units
    state.ledger.ordered[slot] += units
    note_slot(world, state, REPLENISHMENT, -1, slot, units)
    source_slot = world.supply.source_slot[slot]
    if source_slot >= 0:
        state.stock.position[source_slot] -= units


@kernel
def _ship_orders(world: World, state: State, slots: Ints, units: Ints, minute: float) -> None:
    """Ship the orders of one product placed at this instant; what cannot leave waits."""
    supply, day = world.supply, state.transit.counters[TODAY]
    granted = units
    if supply.in_proportion:
        granted = state.review.granted[: len(slots)]
        share_out(state, supply.source_slot, slots, units, granted)
    else:
        _most_valuable_first(world.values.unit_value[period_of(world.clock, day)], slots, units)
    for order in range(len(slots)):
        slot = slots[order]
        source_slot, lane = supply.source_slot[slot], supply.lane_idx[slot]
        received = state.ledger.received[source_slot] if source_slot >= 0 else 0
        left = units[order] - _ship(world, state, slot, source_slot, lane, granted[order], minute)
        if left > 0:
            request = wait(state.orders, source_slot, left, state.full)
            if request >= 0:
                state.orders.detail[request, DESTINATION_SLOT] = slot
                state.orders.detail[request, LANE] = lane
            if source_slot >= 0 and state.ledger.received[source_slot] > received:
                touch(state.touched, source_slot)  # what left made room for goods from the yard


@kernel
def share_out(state: State, source_slot: Ints, slots: Ints, units: Ints, granted: Ints) -> None:
    """Set what each order may take; of a source that is short the same share, rounded by largest remainders."""
    granted[:] = units
    for first in range(len(slots)):
        source = source_slot[slots[first]]
        if source < 0 or (source_slot[slots[:first]] == source).any():
            continue
        together = np.flatnonzero(source_slot[slots] == source)
        asked = units[together].sum()
        there = max(state.stock.on_hand[source] - state.stock.owed[source], 0)
        if there >= asked:
            continue
        left = there
        for order in together:
            granted[order] = units[order] * there // asked
            left -= granted[order]
        remainder = units[together] * there % asked
        for _ in range(left):
            largest = remainder.argmax()  # the first of equal ones
            granted[together[largest]] += 1
            remainder[largest] = -1


@kernel
def _most_valuable_first(unit_value: Floats, slots: Ints, units: Ints) -> None:
    """Sort a few orders by the value of a unit at their destination; equal ones keep their order."""
    for order in range(1, len(slots)):
        slot, quantity, place = slots[order], units[order], order
        while place > 0 and unit_value[slots[place - 1]] < unit_value[slot]:
            slots[place], units[place] = slots[place - 1], units[place - 1]
            place -= 1
        slots[place], units[place] = slot, quantity


@kernel
def _ship(world: World, state: State, slot: int, source_slot: int, lane: int, units: int, minute: float) -> int:
    """Send a slot what its source has and the lane can carry today, at most `units`, and return how many left."""
    units = _units_that_can_leave(world, state, source_slot, lane, units)
    if units <= 0:
        return 0
    if source_slot >= 0:
        product, node = world.supply.product_idx[source_slot], world.supply.node_idx[source_slot]
        day = state.transit.counters[TODAY]
        state.used.outbound[day - world.clock.first_day, node] += units
        state.ledger.sent[source_slot] += units
        take_stock(world, state, product, node, units)
    _depart(world, state, slot, lane, units, minute)
    return units


@kernel
def _units_that_can_leave(world: World, state: State, source_slot: int, lane: int, units: int) -> int:
    """Units of an order that the lane's capacity and the source's stock, ship days and capacity let go today."""
    day = state.transit.counters[TODAY]
    place = day - world.clock.first_day
    units = min(units, whole_units(world.capacity.lane[place, lane] - state.used.lane[lane]))
    if source_slot < 0:
        return units
    node = world.supply.node_idx[source_slot]
    if not ships_on(world, node, day):
        return 0
    left = whole_units(world.capacity.outbound[place, node] - state.used.outbound[place, node])
    return int(min(units, left, state.stock.on_hand[source_slot] - state.stock.owed[source_slot]))


@kernel
def _depart(world: World, state: State, slot: int, lane: int, units: int, minute: float) -> None:
    departures, product = state.departures, world.supply.product_idx[slot]
    if world.lanes.lead_time_kind[lane] != DETERMINISTIC:
        stream_key = derived_key(departures.product_key[product], world.keys.lane[lane])
        start(state.draws, derived_key(stream_key, departures.number[slot]))
    departures.number[slot] += 1
    arrival = minute + MINUTES_PER_DAY * lead_time_days(world.lanes, lane, state.draws)
    if not world.lanes.crossover[lane]:
        if departures.latest_lane[slot] == lane:
            arrival = max(arrival, departures.latest_arrival[slot])
        departures.latest_arrival[slot], departures.latest_lane[slot] = arrival, lane
    state.used.lane[lane] += units
    note_slot(world, state, DEPARTED, state.transit.counters[NUM_DEPARTED], slot, units)
    send(state.transit, world.clock, slot, units, arrival, state.full)
    if state.transit.counters[TODAY] >= 0:
        charge(state.tally, product, PURCHASE, units * purchase_cost(world, product, lane))
        charge(state.tally, product, LANE_TRANSPORT, units * transport_cost(world, product, lane))


@kernel
def lead_time_days(lanes: Lanes, lane: int, draws: Keys) -> float:
    """Draw the lead time of one departure on a lane, days."""
    kind, mean = lanes.lead_time_kind[lane], lanes.lead_time_mean_days[lane]
    if kind == DETERMINISTIC:
        return float(mean)
    if kind == EMPIRICAL_LEAD_TIME:
        first, end = lanes.lead_time_ptr[lane], lanes.lead_time_ptr[lane + 1]
        return float(lanes.lead_time_values[first + int(uniform(draws) * (end - first))])
    squared_variation = (lanes.lead_time_sd_days[lane] / mean) ** 2
    if kind == LOGNORMAL:
        log_variance = math.log1p(squared_variation)
        return float(mean * math.exp(math.sqrt(log_variance) * standard_normal(draws) - log_variance / 2.0))
    return float(gamma(draws, 1.0 / squared_variation) * mean * squared_variation)
