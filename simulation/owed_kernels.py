"""Customer orders that a node owes: shipped as stock and capacity come, the oldest first."""

from __future__ import annotations

from meio.network.jit import kernel
from meio.simulation.assignment_kernels import room_to_ship
from meio.simulation.clock_kernels import shipping_delay
from meio.simulation.events import SHIPPED_OWED
from meio.simulation.log_kernels import note
from meio.simulation.package_kernels import charge_packages, hand_over, packages_in_time
from meio.simulation.state import CLASS, DELAY, ORDER_DAY, ORDER_NUMBER, TODAY, State
from meio.simulation.tally import DELIVERY_DAYS, LATE_UNITS, ON_TIME
from meio.simulation.tally_kernels import count
from meio.simulation.waiting_kernels import first_open, next_open
from meio.simulation.world import World

_ROUNDING_DAYS = 1e-9


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
    node, speed = world.supply.node_idx[slot], state.customers.detail[request, CLASS] % world.sizes.num_speeds
    today = state.transit.counters[TODAY]
    ship_day = today + shipping_delay(world, node, speed, today, minute)
    units = min(state.customers.units[request], state.stock.on_hand[slot])
    units = min(units, room_to_ship(world, state, node, ship_day))
    if units > 0:
        state.customers.units[request] -= units
        _ship_owed(world, state, slot, request, units, ship_day)


@kernel
def _ship_owed(world: World, state: State, slot: int, request: int, units: int, ship_day: int) -> None:
    """Ship units of an owed order by the service chosen when it came."""
    product, node = world.supply.product_idx[slot], world.supply.node_idx[slot]
    detail, outbound = state.customers.detail[request], world.outbound
    zone, speed, delay = detail[CLASS] // world.sizes.num_speeds, detail[CLASS] % world.sizes.num_speeds, detail[DELAY]
    weight_kg = units * world.products.weight_kg[product]
    packages, weight_class = packages_in_time(world, weight_kg, units, speed, delay, node, zone)
    state.stock.owed[slot] -= units
    cost = packages * outbound.cost[weight_class, speed, delay, node, zone]
    charge_packages(state, product, node, zone, packages, cost)
    note(state, SHIPPED_OWED, detail[ORDER_NUMBER], product, node, zone, speed, units)
    hand_over(world, state, product, node, zone, units, ship_day)
    if detail[ORDER_DAY] >= 0:
        days = ship_day - detail[ORDER_DAY] + outbound.transit_days[weight_class, speed, delay, node, zone]
        in_time = days <= outbound.promise_days[speed] + _ROUNDING_DAYS
        count(state.tally, product, speed, ON_TIME if in_time else LATE_UNITS, units)
        count(state.tally, product, speed, DELIVERY_DAYS, units * days)
