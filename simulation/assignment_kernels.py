"""Customer orders: which node serves each, and what becomes of those nobody can serve in time."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import BACKORDERED, LATE
from meio.network.jit import kernel
from meio.simulation.clock_kernels import period_of, shipping_delay, weekday_of
from meio.simulation.receiving_kernels import ROUNDING, take_stock
from meio.simulation.state import CLASS, DELAY, ORDER_DAY, TODAY, State
from meio.simulation.tally import (
    DELIVERY_DAYS,
    DEMAND,
    LATE_PENALTY,
    LATE_UNITS,
    LOST_PENALTY,
    LOST_UNITS,
    ON_TIME,
    OUTBOUND,
    SHIPPED_KM,
    SHIPPED_LOCALLY,
    SHIPPED_UNITS,
    UNAVOIDABLE,
)
from meio.simulation.waiting_kernels import first_open, next_open, wait
from meio.simulation.world import World

NEAREST, PRICED = range(2)  # policies
_ROUNDING_DAYS = 1e-9


@kernel
def serve_order(
    world: World, state: State, policy: int, product: int, order_class: int, day: int, minute: float
) -> None:
    """Assign an order of one unit at its minute of the day: in time, else late or owed as its speed says, else lost."""
    zone, speed = order_class // world.sizes.num_speeds, order_class % world.sizes.num_speeds
    pattern = world.routes.pattern_idx[weekday_of(world.clock, day), speed, int(minute)]
    state.ledger.demand[product] += 1
    if day >= 0:
        state.tally.service[speed, DEMAND] += 1
        state.tally.money[UNAVOIDABLE] += _unavoidable_cost(world, product, zone, speed, pattern)
    row = _row(world, pattern, product, zone)
    place = _in_time(world, state, policy, product, row, day)
    if place >= 0:
        _fill_in_time(world, state, product, zone, speed, place, day)
    elif world.outbound.unserved[speed] == LATE:
        _fill_late(world, state, product, zone, speed, pattern, day)
    elif world.outbound.unserved[speed] == BACKORDERED:
        _owe(world, state, product, order_class, row, day)
    else:
        _lose(world, state, product, speed, day)


@kernel
def serve_owed(world: World, state: State, slot: int, minute: float) -> None:
    """Ship what a node owes to customers, the oldest order first, as stock and shipping capacity allow."""
    request = first_open(state.customers, slot)
    while request >= 0 and state.stock.on_hand[slot] > 0:
        _serve_request(world, state, request, minute)
        request = next_open(state.customers, request)


@kernel
def serve_all_owed(world: World, state: State, minute: float) -> None:
    """Ship what any node owes to customers, the oldest order first: a new day has brought new capacity."""
    for request in range(state.customers.size[0]):
        if state.customers.units[request] > 0 and state.stock.on_hand[state.customers.slot[request]] > 0:
            _serve_request(world, state, request, minute)


@kernel
def _serve_request(world: World, state: State, request: int, minute: float) -> None:
    slot = state.customers.slot[request]
    node, speed = slot % world.sizes.num_nodes, state.customers.detail[request, CLASS] % world.sizes.num_speeds
    ship_day = state.transit.counters[TODAY] + shipping_delay(world, node, speed, minute)
    if _can_ship(world, state, node, ship_day):
        state.customers.units[request] = 0
        _fill_owed(world, state, slot, request, ship_day)


@kernel
def _row(world: World, pattern: int, product: int, zone: int) -> int:
    weight_class = world.products.weight_class_idx[product]
    num_classes = world.outbound.cost.shape[0]
    return int((pattern * num_classes + weight_class) * world.sizes.num_zones + zone)


@kernel
def _in_time(world: World, state: State, policy: int, product: int, row: int, day: int) -> int:
    """The policy's choice among the candidates of a row that have stock and can ship; -1: none."""
    routes, values = world.routes, world.values
    first_slot = product * world.sizes.num_nodes
    period = period_of(world.clock, day)
    least_value = values.least_unit_value[period, product] + values.least_outbound_price
    best, best_score = -1, np.inf
    for place in range(routes.ptr[row], routes.ptr[row + 1]):
        if policy == PRICED and routes.cost[place] + least_value >= best_score:
            break
        node = routes.node_idx[place]
        slot = first_slot + node
        ship_day = day + routes.delay_days[place]
        if state.stock.on_hand[slot] <= state.stock.owed[slot] or not _can_ship(world, state, node, ship_day):
            continue
        if policy == NEAREST:
            return place
        price = values.outbound_price[period_of(world.clock, ship_day), node]
        score = routes.cost[place] + price + values.unit_value[period, slot]
        if score < best_score:
            best, best_score = place, score
    return best


@kernel
def _can_ship(world: World, state: State, node: int, ship_day: int) -> bool:
    """Whether a node has shipping capacity for one more unit on a day."""
    used = state.used.outbound[ship_day - world.clock.first_day, node]
    capacity = world.nodes.outbound_units_per_day[node, period_of(world.clock, ship_day)]
    return bool(used + 1 <= capacity + ROUNDING)


@kernel
def _fill_in_time(world: World, state: State, product: int, zone: int, speed: int, place: int, day: int) -> None:
    routes = world.routes
    node, delay = routes.node_idx[place], routes.delay_days[place]
    state.stock.position[product * world.sizes.num_nodes + node] -= 1
    _ship_to_customer(world, state, product, node, zone, day + delay, routes.cost[place])
    if day >= 0:
        state.tally.service[speed, ON_TIME] += 1
        state.tally.service[speed, DELIVERY_DAYS] += delay + routes.transit_days[place]


@kernel
def _fill_late(world: World, state: State, product: int, zone: int, speed: int, pattern: int, day: int) -> None:
    """Serve from the cheapest node that has stock and can ship, whatever the days it takes; lost when there is none."""
    routes = world.routes
    row = world.products.weight_class_idx[product] * world.sizes.num_zones + zone
    for place in range(routes.late_ptr[row], routes.late_ptr[row + 1]):
        node = routes.late_node_idx[place]
        slot, delay = product * world.sizes.num_nodes + node, routes.pattern_delay_days[pattern, node]
        if state.stock.on_hand[slot] > state.stock.owed[slot] and _can_ship(world, state, node, day + delay):
            state.stock.position[slot] -= 1
            _ship_to_customer(world, state, product, node, zone, day + delay, routes.late_cost[place])
            if day >= 0:
                state.tally.money[LATE_PENALTY] += world.penalties.late[product, speed]
                state.tally.service[speed, LATE_UNITS] += 1
                state.tally.service[speed, DELIVERY_DAYS] += delay + routes.late_transit_days[place]
            return
    _lose(world, state, product, speed, day)


@kernel
def _owe(world: World, state: State, product: int, order_class: int, row: int, day: int) -> None:
    """Let the cheapest node that stocks the product and could be in time owe the order; lost when there is none."""
    routes = world.routes
    for place in range(routes.ptr[row], routes.ptr[row + 1]):
        slot = product * world.sizes.num_nodes + routes.node_idx[place]
        if world.supply.lane_idx[slot] < 0:
            continue
        request = wait(state.customers, slot, 1, state.full)
        if request >= 0:
            state.customers.detail[request, CLASS] = order_class
            state.customers.detail[request, ORDER_DAY] = day
            state.customers.detail[request, DELAY] = routes.delay_days[place]
            state.stock.owed[slot] += 1
            state.stock.position[slot] -= 1
        return
    _lose(world, state, product, order_class % world.sizes.num_speeds, day)


@kernel
def _fill_owed(world: World, state: State, slot: int, request: int, ship_day: int) -> None:
    """Ship an owed order by the service chosen when it came."""
    product, node = slot // world.sizes.num_nodes, slot % world.sizes.num_nodes
    detail = state.customers.detail[request]
    zone, speed = detail[CLASS] // world.sizes.num_speeds, detail[CLASS] % world.sizes.num_speeds
    weight_class, outbound = world.products.weight_class_idx[product], world.outbound
    state.stock.owed[slot] -= 1
    cost = outbound.cost[weight_class, speed, detail[DELAY], node, zone]
    _ship_to_customer(world, state, product, node, zone, ship_day, cost)
    if detail[ORDER_DAY] >= 0:
        days = ship_day - detail[ORDER_DAY] + outbound.transit_days[weight_class, speed, detail[DELAY], node, zone]
        in_time = days <= outbound.promise_days[speed] + _ROUNDING_DAYS
        state.tally.service[speed, ON_TIME if in_time else LATE_UNITS] += 1
        state.tally.service[speed, DELIVERY_DAYS] += days


@kernel
def _ship_to_customer(
    world: World, state: State, product: int, node: int, zone: int, ship_day: int, cost: float
) -> None:
    slot = product * world.sizes.num_nodes + node
    state.used.outbound[ship_day - world.clock.first_day, node] += 1
    state.ledger.sold[slot] += 1
    state.ledger.filled[product] += 1
    if state.transit.counters[TODAY] >= 0:
        state.tally.money[OUTBOUND] += cost
        state.tally.shipped[SHIPPED_UNITS] += 1
        state.tally.shipped[SHIPPED_KM] += world.outbound.distance_km[node, zone]
        state.tally.shipped[SHIPPED_LOCALLY] += node == world.routes.nearest_node_idx[zone]
    take_stock(world, state, product, node, 1)


@kernel
def _lose(world: World, state: State, product: int, speed: int, day: int) -> None:
    state.ledger.lost[product] += 1
    if day >= 0:
        state.tally.money[LOST_PENALTY] += world.penalties.lost[product, speed]
        state.tally.service[speed, LOST_UNITS] += 1


@kernel
def _unavoidable_cost(world: World, product: int, zone: int, speed: int, pattern: int) -> float:
    """What an order costs when every node has stock: supply and shipping by the best one, or losing it if cheaper."""
    routes, values = world.routes, world.values
    first_slot = product * world.sizes.num_nodes
    least = world.penalties.lost[product, speed]
    row = _row(world, pattern, product, zone)
    for place in range(routes.ptr[row], routes.ptr[row + 1]):
        if routes.cost[place] + values.least_landed_cost[product] >= least:
            break
        least = min(least, routes.cost[place] + values.landed_cost[first_slot + routes.node_idx[place]])
    if world.outbound.unserved[speed] == LATE:
        penalty = world.penalties.late[product, speed]
        row = world.products.weight_class_idx[product] * world.sizes.num_zones + zone
        for place in range(routes.late_ptr[row], routes.late_ptr[row + 1]):
            landed = values.landed_cost[first_slot + routes.late_node_idx[place]]
            least = min(least, routes.late_cost[place] + penalty + landed)
    return float(least)
