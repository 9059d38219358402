"""Orders of several units: kept whole where one node can ship all at no more than splitting costs, else split."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Ints
from meio.network.jit import kernel
from meio.simulation.assignment_kernels import (
    NEAREST,
    PRICED,
    RESERVE,
    leave_unserved,
    room_to_ship,
    unavoidable_cost,
)
from meio.simulation.clock_kernels import period_of, weekday_of
from meio.simulation.events import SHIPPED
from meio.simulation.log_kernels import note
from meio.simulation.package_kernels import charge_packages, hand_over, packages_in_time
from meio.simulation.state import State
from meio.simulation.tally import DELIVERY_DAYS, DEMAND, ON_TIME, ORDERS, UNAVOIDABLE
from meio.simulation.tally_kernels import charge, count
from meio.simulation.world import World


@kernel
def serve_lines(
    world: World,
    state: State,
    policy: int,
    product_idx: Ints,
    units: Ints,
    order_class: int,
    day: int,
    minute: float,
) -> None:
    """Assign an order of several units at its minute of the day.

    Parameters
    ----------
    world, state
    policy : int
    product_idx, units : array of int [line]
    order_class : int
        Zone * number of speeds + speed.
    day : int
    minute : float
        Of the day.
    """
    pattern = world.routes.pattern_idx[weekday_of(world.clock, day), order_class % world.sizes.num_speeds, int(minute)]
    count_order(world, state, product_idx, units, order_class, pattern, day)
    _copy(units, state.offers.left, len(units))
    _fill(world, state, policy, product_idx, order_class, pattern, day)
    if policy == RESERVE and state.offers.left[: len(units)].sum() > 0:
        _fill(world, state, PRICED, product_idx, order_class, pattern, day)
    leave_rest_unserved(world, state, product_idx, order_class, pattern, day)


@kernel
def count_order(
    world: World, state: State, product_idx: Ints, units: Ints, order_class: int, pattern: int, day: int
) -> None:
    """Count an order's demand, and what it costs even with perfect stock."""
    for line in range(len(units)):
        state.ledger.demand[product_idx[line]] += units[line]
    if day >= 0:
        speed = order_class % world.sizes.num_speeds
        count(state.tally, product_idx[0], speed, DEMAND, units.sum())
        count(state.tally, product_idx[0], speed, ORDERS, 1)
        unavoidable = _unavoidable(world, product_idx, units, order_class, pattern)
        charge(state.tally, product_idx[0], UNAVOIDABLE, unavoidable)


@kernel
def leave_rest_unserved(
    world: World, state: State, product_idx: Ints, order_class: int, pattern: int, day: int
) -> None:
    """Treat what is left of an order as its speed says, line by line."""
    for line in range(len(product_idx)):
        left = state.offers.left[line]
        if left > 0:
            leave_unserved(world, state, product_idx[line], left, order_class, pattern, day)


@kernel
def _fill(world: World, state: State, policy: int, product_idx: Ints, order_class: int, pattern: int, day: int) -> None:
    """Ship what is left of an order from one node, or from several where that scores less or nobody has all of it."""
    offers, num_lines = state.offers, len(product_idx)
    wanted = offers.left[:num_lines].sum()
    whole_node, whole_score = _best_whole(world, state, policy, product_idx, wanted, order_class, pattern, day)
    parts, split_score = _split(world, state, policy, product_idx, wanted, order_class, pattern, day)
    if whole_node >= 0 and whole_score <= split_score:
        ship_package(world, state, product_idx, offers.whole[:num_lines], whole_node, order_class, day, -1, pattern)
        return
    for part in range(parts):
        node = offers.split_node[part]
        ship_package(
            world, state, product_idx, offers.split_units[part, :num_lines], node, order_class, day, -1, pattern
        )


@kernel
def _best_whole(
    world: World,
    state: State,
    policy: int,
    product_idx: Ints,
    wanted: int,
    order_class: int,
    pattern: int,
    day: int,
) -> tuple[int, float]:
    """The node that fills what is left of an order at the least score; -1: nobody can."""
    offers, num_lines = state.offers, len(product_idx)
    best, best_score, best_cost = -1, np.inf, np.inf
    for node in world.routes.serving_node_idx:
        filled = _offer(world, state, policy, product_idx, offers.left, node, order_class, pattern, day)
        if filled < wanted:
            continue
        cost, score = _score(world, policy, product_idx, offers.offer, node, order_class, pattern, day)
        if cost < np.inf and (score < best_score or (score == best_score and cost < best_cost)):
            best, best_score, best_cost = node, score, cost
            _copy(offers.offer, offers.whole, num_lines)
    return best, best_score


@kernel
def _split(
    world: World,
    state: State,
    policy: int,
    product_idx: Ints,
    wanted: int,
    order_class: int,
    pattern: int,
    day: int,
) -> tuple[int, float]:
    """Parts of a split, the offer of the least score per unit first, and their score."""
    offers, num_lines = state.offers, len(product_idx)
    _copy(offers.left, offers.unfilled, num_lines)
    parts, total = 0, 0.0
    while wanted > 0 and parts < world.sizes.num_nodes:
        best, best_filled, best_total, best_score, best_cost = -1, 0, np.inf, np.inf, np.inf
        for node in world.routes.serving_node_idx:
            if _among(offers.split_node, parts, node):
                continue
            filled = _offer(world, state, policy, product_idx, offers.unfilled, node, order_class, pattern, day)
            if filled == 0:
                continue
            cost, score_of_all = _score(world, policy, product_idx, offers.offer, node, order_class, pattern, day)
            cost, score = cost / filled, score_of_all / filled
            if cost < np.inf and (score < best_score or (score == best_score and cost < best_cost)):
                best, best_filled, best_total, best_score, best_cost = node, filled, score_of_all, score, cost
                _copy(offers.offer, offers.split_units[parts], num_lines)
        if best < 0:
            break
        offers.split_node[parts] = best
        for line in range(num_lines):
            offers.unfilled[line] -= offers.split_units[parts, line]
        total += best_total
        wanted -= best_filled
        parts += 1
    return parts, total


@kernel
def _copy(units: Ints, into: Ints, num_lines: int) -> None:
    """Set the first entries of an array; for the few lines of an order the general way takes longer than the copy."""
    for line in range(num_lines):
        into[line] = units[line]


@kernel
def _among(nodes: Ints, count: int, node: int) -> bool:
    place = 0
    while place < count and nodes[place] != node:  # comparing whole arrays would make a third
        place += 1
    return place < count


@kernel
def _offer(
    world: World,
    state: State,
    policy: int,
    product_idx: Ints,
    wanted: Ints,
    node: int,
    order_class: int,
    pattern: int,
    day: int,
) -> int:
    """Set `offers.offer` to what a node can ship in time of the units wanted, and return how many they are."""
    zone, speed = order_class // world.sizes.num_speeds, order_class % world.sizes.num_speeds
    delay, stock = world.routes.pattern_delay_days[pattern, node], state.stock
    room, filled = room_to_ship(world, state, node, day + delay), 0
    for line in range(len(product_idx)):
        product = product_idx[line]
        slot, weight_class = product * world.sizes.num_nodes + node, world.products.weight_class_idx[product]
        units = 0
        if world.outbound.cost[weight_class, speed, delay, node, zone] < np.inf:
            kept = world.values.protection[speed, period_of(world.clock, day), slot] if policy == RESERVE else 0
            units = max(0, min(wanted[line], stock.on_hand[slot] - stock.owed[slot] - kept, room - filled))
        state.offers.offer[line] = units
        filled += units
    return filled


@kernel
def _score(
    world: World, policy: int, product_idx: Ints, units: Ints, node: int, order_class: int, pattern: int, day: int
) -> tuple[float, float]:
    """Cost of shipping units from a node, and the policy's score of it; inf when no service takes them."""
    zone, speed = order_class // world.sizes.num_speeds, order_class % world.sizes.num_speeds
    delay, values, period = world.routes.pattern_delay_days[pattern, node], world.values, period_of(world.clock, day)
    price = values.outbound_price[period_of(world.clock, day + delay), node]
    weight_kg, total, value = 0.0, 0, 0.0
    for line in range(len(product_idx)):
        weight_kg += units[line] * world.products.weight_kg[product_idx[line]]
        total += units[line]
        product = product_idx[line]
        above_base = (
            values.unit_value[period, product * world.sizes.num_nodes + node] - values.base_value[period, product]
        )
        value += units[line] * (price + above_base)
    packages, weight_class = packages_in_time(world, weight_kg, total, speed, delay, node, zone)
    if packages == 0:
        return np.inf, np.inf
    cost = packages * world.outbound.cost[weight_class, speed, delay, node, zone]
    return cost, cost if policy == NEAREST else cost + value


@kernel
def ship_package(
    world: World,
    state: State,
    product_idx: Ints,
    units: Ints,
    node: int,
    order_class: int,
    day: int,
    ship_day: int,
    pattern: int,
) -> None:
    """Ship units of an order's lines from a node in time, on a ship date or (-1) as soon as it can."""
    zone, speed = order_class // world.sizes.num_speeds, order_class % world.sizes.num_speeds
    delay = world.routes.pattern_delay_days[pattern, node] if ship_day < 0 else ship_day - day
    weight_kg, total = 0.0, 0
    for line in range(len(product_idx)):
        weight_kg += units[line] * world.products.weight_kg[product_idx[line]]
        total += units[line]
    packages, weight_class = packages_in_time(world, weight_kg, total, speed, delay, node, zone)
    cost = packages * world.outbound.cost[weight_class, speed, delay, node, zone]
    charge_packages(state, product_idx[0], node, zone, packages, cost)
    if day >= 0:
        days = delay + world.outbound.transit_days[weight_class, speed, delay, node, zone]
        count(state.tally, product_idx[0], speed, ON_TIME, total)
        count(state.tally, product_idx[0], speed, DELIVERY_DAYS, total * days)
    for line in range(len(product_idx)):
        if units[line] > 0:
            state.offers.left[line] -= units[line]
            state.stock.position[product_idx[line] * world.sizes.num_nodes + node] -= units[line]
            note(state, SHIPPED, state.order_number[0], product_idx[line], node, zone, speed, units[line])
            hand_over(world, state, product_idx[line], node, zone, units[line], day + delay)


@kernel
def _serves_all(world: World, product_idx: Ints, speed: int, delay: int, node: int, zone: int) -> bool:
    """Whether a service takes a unit of each product in time."""
    for product in product_idx:
        if world.outbound.cost[world.products.weight_class_idx[product], speed, delay, node, zone] == np.inf:
            return False
    return True


@kernel
def _unavoidable(world: World, product_idx: Ints, units: Ints, order_class: int, pattern: int) -> float:
    """What an order costs when every node has stock: all from the best node, or each unit by itself if that is less."""
    zone, speed = order_class // world.sizes.num_speeds, order_class % world.sizes.num_speeds
    least, weight_kg, total = 0.0, 0.0, 0
    for line in range(len(product_idx)):
        least += units[line] * unavoidable_cost(world, product_idx[line], zone, speed, pattern)
        weight_kg += units[line] * world.products.weight_kg[product_idx[line]]
        total += units[line]
    for node in world.routes.serving_node_idx:
        delay = world.routes.pattern_delay_days[pattern, node]
        if not _serves_all(world, product_idx, speed, delay, node, zone):
            continue
        packages, weight_class = packages_in_time(world, weight_kg, total, speed, delay, node, zone)
        if packages > 0:
            cost = packages * world.outbound.cost[weight_class, speed, delay, node, zone]
            for line in range(len(product_idx)):
                cost += units[line] * world.values.landed_cost[product_idx[line] * world.sizes.num_nodes + node]
            least = min(least, cost)
    return least
