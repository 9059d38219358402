"""Customer orders of one unit: which node serves each, and what becomes of units nobody can serve in time."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import BACKORDERED, LATE
from meio.network.jit import kernel
from meio.simulation.clock_kernels import period_of, weekday_of
from meio.simulation.events import LOST, OWED, SHIPPED, SHIPPED_LATE
from meio.simulation.log_kernels import note
from meio.simulation.package_kernels import charge_packages, hand_over, packages_by_any
from meio.simulation.receiving_kernels import ROUNDING, whole_units
from meio.simulation.state import CLASS, DELAY, ORDER_DAY, ORDER_NUMBER, State
from meio.simulation.tally import (
    DELIVERY_DAYS,
    DEMAND,
    LATE_PENALTY,
    LATE_UNITS,
    LOST_PENALTY,
    LOST_UNITS,
    ON_TIME,
    ORDERS,
    UNAVOIDABLE,
)
from meio.simulation.tally_kernels import charge, count
from meio.simulation.waiting_kernels import wait
from meio.simulation.world import World

NEAREST, PRICED, RESERVE, OUTSIDE = range(4)  # policies


@kernel
def serve_order(
    world: World, state: State, policy: int, product: int, order_class: int, day: int, minute: float
) -> None:
    """Assign an order of one unit at its minute of the day: in time, else late or owed as its speed says, else lost."""
    zone, speed = order_class // world.sizes.num_speeds, order_class % world.sizes.num_speeds
    pattern = world.routes.pattern_idx[weekday_of(world.clock, day), speed, int(minute)]
    state.ledger.demand[product] += 1
    if day >= 0:
        count(state.tally, product, speed, DEMAND, 1)
        count(state.tally, product, speed, ORDERS, 1)
        charge(state.tally, product, UNAVOIDABLE, unavoidable_cost(world, product, zone, speed, pattern))
    row = row_of(world, pattern, product, zone)
    place = _in_time(world, state, policy, product, row, speed, day)
    if place >= 0:
        _fill_in_time(world, state, product, zone, speed, place, day)
    else:
        leave_unserved(world, state, product, 1, order_class, pattern, day)


@kernel
def leave_unserved(
    world: World, state: State, product: int, units: int, order_class: int, pattern: int, day: int
) -> None:
    """Treat units that nobody can serve in time as their speed says."""
    zone, speed = order_class // world.sizes.num_speeds, order_class % world.sizes.num_speeds
    if world.outbound.unserved[speed] == LATE:
        _fill_late(world, state, product, units, zone, speed, pattern, day)
    elif world.outbound.unserved[speed] == BACKORDERED:
        _owe(world, state, product, units, order_class, row_of(world, pattern, product, zone), day)
    else:
        _lose(world, state, product, units, zone, speed, day)


@kernel
def row_of(world: World, pattern: int, product: int, zone: int) -> int:
    """Row of `routes` with the nodes that can serve a unit of the product in time."""
    weight_class = world.products.weight_class_idx[product]
    num_classes = world.outbound.cost.shape[0]
    return int((pattern * num_classes + weight_class) * world.sizes.num_zones + zone)


@kernel
def _in_time(world: World, state: State, policy: int, product: int, row: int, speed: int, day: int) -> int:
    """The policy's choice among the candidates of a row that have stock and can ship; -1: none."""
    place = _best_place(world, state, policy, product, row, speed, day)
    if place < 0 and policy == RESERVE:
        return _best_place(world, state, PRICED, product, row, speed, day)
    return place


@kernel
def _best_place(world: World, state: State, policy: int, product: int, row: int, speed: int, day: int) -> int:
    values, on_hand, owed = world.values, state.stock.on_hand, state.stock.owed
    node_idx, cost, delay_days = world.routes.node_idx, world.routes.cost, world.routes.delay_days
    used, capacity, first_day = state.used.outbound, world.capacity.outbound, world.clock.first_day
    first_slot, period = product * world.sizes.num_nodes, period_of(world.clock, day)
    unit_value = values.unit_value[period]
    least_value = values.least_unit_value[period, product] + values.least_outbound_price
    best, best_score = -1, np.inf
    for place in range(world.routes.ptr[row], world.routes.ptr[row + 1]):
        if policy != NEAREST and cost[place] + least_value >= best_score:
            break
        node, ship_day = node_idx[place], day + delay_days[place]
        slot = first_slot + node
        kept = values.protection[speed, period, slot] if policy == RESERVE else 0
        no_room = used[ship_day - first_day, node] + 1 > capacity[ship_day - first_day, node] + ROUNDING
        if on_hand[slot] <= owed[slot] + kept or no_room:
            continue
        if policy == NEAREST:
            return int(place)
        score = cost[place] + values.outbound_price[period_of(world.clock, ship_day), node] + unit_value[slot]
        if score < best_score:
            best, best_score = place, score
    return best


@kernel
def room_to_ship(world: World, state: State, node: int, ship_day: int) -> int:
    """Units that a node can still ship on a day."""
    day = ship_day - world.clock.first_day
    return whole_units(world.capacity.outbound[day, node] - state.used.outbound[day, node])


@kernel
def _fill_in_time(world: World, state: State, product: int, zone: int, speed: int, place: int, day: int) -> None:
    routes = world.routes
    node, delay = routes.node_idx[place], routes.delay_days[place]
    state.stock.position[product * world.sizes.num_nodes + node] -= 1
    charge_packages(state, product, node, zone, 1, routes.cost[place])
    note(state, SHIPPED, state.order_number[0], product, node, zone, speed, 1)
    hand_over(world, state, product, node, zone, 1, day + delay)
    if day >= 0:
        count(state.tally, product, speed, ON_TIME, 1)
        count(state.tally, product, speed, DELIVERY_DAYS, delay + routes.transit_days[place])


@kernel
def _fill_late(
    world: World, state: State, product: int, units: int, zone: int, speed: int, pattern: int, day: int
) -> None:
    """Serve from the nodes that have stock and can ship, the cheapest first, whatever the days; lose the rest."""
    routes, first_slot = world.routes, product * world.sizes.num_nodes
    row = world.products.weight_class_idx[product] * world.sizes.num_zones + zone
    for place in range(routes.late_ptr[row], routes.late_ptr[row + 1]):
        node = routes.late_node_idx[place]
        slot, delay = first_slot + node, routes.pattern_delay_days[pattern, node]
        part = min(units, state.stock.on_hand[slot] - state.stock.owed[slot])
        part = min(part, room_to_ship(world, state, node, day + delay))
        if part > 0:
            units -= part
            _ship_late(world, state, product, part, zone, speed, node, day, delay)
            if units == 0:
                return
    _lose(world, state, product, units, zone, speed, day)


@kernel
def _ship_late(
    world: World, state: State, product: int, units: int, zone: int, speed: int, node: int, day: int, delay: int
) -> None:
    weight_kg = units * world.products.weight_kg[product]
    packages, weight_class = packages_by_any(world, weight_kg, units, node, zone)
    state.stock.position[product * world.sizes.num_nodes + node] -= units
    cost = packages * world.outbound.late_cost[weight_class, node, zone]
    charge_packages(state, product, node, zone, packages, cost)
    note(state, SHIPPED_LATE, state.order_number[0], product, node, zone, speed, units)
    hand_over(world, state, product, node, zone, units, day + delay)
    if day >= 0:
        days = delay + world.outbound.late_transit_days[weight_class, node, zone]
        charge(state.tally, product, LATE_PENALTY, units * world.penalties.late[product, speed])
        count(state.tally, product, speed, LATE_UNITS, units)
        count(state.tally, product, speed, DELIVERY_DAYS, units * days)


@kernel
def _owe(world: World, state: State, product: int, units: int, order_class: int, row: int, day: int) -> None:
    """Let the cheapest node that stocks the product and could be in time owe the units; lost when there is none."""
    routes = world.routes
    zone, speed = order_class // world.sizes.num_speeds, order_class % world.sizes.num_speeds
    for place in range(routes.ptr[row], routes.ptr[row + 1]):
        node = routes.node_idx[place]
        slot = product * world.sizes.num_nodes + node
        if world.supply.lane_idx[slot] < 0:
            continue
        request = wait(state.customers, slot, units, state.full)
        if request >= 0:
            state.customers.detail[request, CLASS] = order_class
            state.customers.detail[request, ORDER_DAY] = day
            state.customers.detail[request, DELAY] = routes.delay_days[place]
            state.customers.detail[request, ORDER_NUMBER] = state.order_number[0]
            state.stock.owed[slot] += units
            state.stock.position[slot] -= units
            note(state, OWED, state.order_number[0], product, node, zone, speed, units)
        return
    _lose(world, state, product, units, zone, speed, day)


@kernel
def _lose(world: World, state: State, product: int, units: int, zone: int, speed: int, day: int) -> None:
    state.ledger.lost[product] += units
    note(state, LOST, state.order_number[0], product, -1, zone, speed, units)
    if day >= 0:
        charge(state.tally, product, LOST_PENALTY, units * world.penalties.lost[product, speed])
        count(state.tally, product, speed, LOST_UNITS, units)


@kernel
def unavoidable_cost(world: World, product: int, zone: int, speed: int, pattern: int) -> float:
    """What a unit costs when every node has stock: supply and shipping by the best one, or losing it if cheaper."""
    routes, values = world.routes, world.values
    cost, node_idx, landed_cost = routes.cost, routes.node_idx, values.landed_cost
    first_slot, least_landed_cost = product * world.sizes.num_nodes, values.least_landed_cost[product]
    least = world.penalties.lost[product, speed]
    row = row_of(world, pattern, product, zone)
    for place in range(routes.ptr[row], routes.ptr[row + 1]):
        if cost[place] + least_landed_cost >= least:
            break
        least = min(least, cost[place] + landed_cost[first_slot + node_idx[place]])
    if world.outbound.unserved[speed] == LATE:
        penalty = world.penalties.late[product, speed]
        row = world.products.weight_class_idx[product] * world.sizes.num_zones + zone
        for place in range(routes.late_ptr[row], routes.late_ptr[row + 1]):
            landed = landed_cost[first_slot + routes.late_node_idx[place]]
            least = min(least, routes.late_cost[place] + penalty + landed)
    return float(least)
