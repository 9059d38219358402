"""One product's path under its targets: the simulator's rules, with prices in place of shared capacities."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import BACKORDERED, Ints
from meio.network.compiled import LATE as MAY_BE_LATE
from meio.network.jit import borrowing_kernel
from meio.network.units import MINUTES_PER_DAY
from meio.refinement.order_kernels import Orders
from meio.refinement.path_kernels import CLOSE, DAWN, FULL, IN_TIME, LATE, LOST, MORNING, ORDER, OWED, Path
from meio.refinement.review_kernels import review
from meio.refinement.supply_kernels import Streams, append, log, open_stock, receive_until
from meio.refinement.terms_kernels import Terms
from meio.simulation.assignment_kernels import NEAREST
from meio.simulation.clock_kernels import period_of
from meio.simulation.world import World


@borrowing_kernel
def run_forward(
    world: World,
    terms: Terms,
    product: int,
    orders: Orders,
    open_orders: Ints,
    target: Ints,
    policy: int,
    streams: Streams,
    path: Path,
) -> None:
    """Run a path under targets [node, period]; keep its log, its use and its cost with prices.

    `open_orders` are the product's places among the scenario's open orders.
    """
    clear(path)
    open_stock(world, terms, open_orders, target, path)
    order, num_orders = 0, len(orders.minute)
    for day in range(world.clock.first_day, world.clock.end_day):
        midnight = float(day * MINUTES_PER_DAY)
        if day == 0:
            path.money[0] += _owned_value(terms, path, midnight)
        receive_until(world, terms, day, midnight, streams, path)
        log(path, DAWN, day)
        review(world, terms, target, day, streams, path)
        log(path, MORNING, day)
        while order < num_orders and orders.minute[order] < midnight + MINUTES_PER_DAY:
            if path.stock.next_arrival[0] <= orders.minute[order]:
                receive_until(world, terms, day, orders.minute[order], streams, path)
            _serve(world, terms, product, orders, order, day, policy, path)
            order += 1
        receive_until(world, terms, day, np.nextafter(midnight + MINUTES_PER_DAY, -np.inf), streams, path)
        _close(world, terms, product, orders, day, path)
        if path.counters[FULL]:
            return
    path.money[0] -= _owned_value(terms, path, float(world.clock.end_day * MINUTES_PER_DAY))


@borrowing_kernel
def clear(path: Path) -> None:
    """Forget the last path."""
    path.counters[:] = 0
    path.money[0] = 0.0
    stock, use = path.stock, path.use
    stock.on_hand[:], stock.position[:], stock.waited_for[:], stock.num_owed[:] = 0, 0, 0, 0
    stock.latest_arrival[:] = -np.inf
    stock.next_arrival[0] = np.inf
    path.pipeline.first[:], path.queue.first[:], path.owed.first[:] = -1, -1, -1
    path.requests.asked[:], path.requests.last[:] = -1, -1
    path.surplus[:] = 0
    use.stored[:], use.received[:], use.shipped[:], use.sent[:] = 0.0, 0.0, 0.0, 0.0


@borrowing_kernel
def _owned_value(terms: Terms, path: Path, minute: float) -> float:
    """Value of the units on hand and on the way; what leaves a vendor from this minute on is not bought yet."""
    value = 0.0
    for node in range(len(path.stock.on_hand)):
        units = path.stock.on_hand[node]
        departure = path.pipeline.first[node]
        while departure >= 0:
            units += path.departures.units[departure] if path.departures.minute[departure] < minute else 0
            departure = path.pipeline.next[departure]
        value += units * terms.end_value[node]
    return float(value)


@borrowing_kernel
def _serve(
    world: World, terms: Terms, product: int, orders: Orders, order: int, day: int, policy: int, path: Path
) -> None:
    """Assign an order: in time, else late or owed as its speed says, else lost."""
    fate, speed = path.fate, orders.speed[order]
    log(path, ORDER, order)
    place = _in_time(world, terms, orders.row[order], order, day, policy, path)
    if place >= 0:
        node, ship_day = world.routes.node_idx[place], day + world.routes.delay_days[place]
        _ship(world, terms, path, order, IN_TIME, node, world.routes.cost[place], day, ship_day)
    elif world.outbound.unserved[speed] == MAY_BE_LATE:
        _serve_late(world, terms, product, orders, order, day, path)
    elif world.outbound.unserved[speed] == BACKORDERED:
        _owe(world, terms, product, orders, order, day, path)
    else:
        fate.outcome[order], fate.cost[order] = LOST, world.penalties.lost[product, speed]
        path.money[0] += fate.cost[order] if day >= 0 else 0.0


@borrowing_kernel
def _in_time(world: World, terms: Terms, row: int, order: int, day: int, policy: int, path: Path) -> int:
    """The policy's choice among the candidates with stock; -1: none. Notes whether it passed over one without stock."""
    routes, stock = world.routes, path.stock
    period = period_of(world.clock, day)
    best, best_score, crowded = -1, np.inf, 0
    for place in range(routes.ptr[row], routes.ptr[row + 1]):
        if routes.cost[place] + terms.least_value[period] >= best_score:
            break
        node = routes.node_idx[place]
        if stock.on_hand[node] <= stock.num_owed[node]:
            crowded = 1
            continue
        if policy == NEAREST:
            best = place
            break
        score = priced_score(world, terms, place, day)
        if score < best_score:
            best, best_score = place, score
    path.fate.crowded[order] = crowded
    return best


@borrowing_kernel
def priced_score(world: World, terms: Terms, place: int, day: int) -> float:
    """Shipping cost of a candidate, its outbound price and the value of its unit."""
    routes, node = world.routes, world.routes.node_idx[place]
    price = world.values.outbound_price[period_of(world.clock, day + routes.delay_days[place]), node]
    return float(routes.cost[place] + price + terms.unit_value[node, period_of(world.clock, day)])


@borrowing_kernel
def _ship(
    world: World, terms: Terms, path: Path, order: int, outcome: int, node: int, cost: float, day: int, ship_day: int
) -> None:
    """Take a unit off the shelf for an order."""
    fate, period = path.fate, period_of(world.clock, ship_day)
    fate.outcome[order], fate.node[order] = outcome, node
    fate.cost[order] = cost + terms.outbound_price[node, period]
    path.stock.on_hand[node] -= 1
    path.stock.position[node] -= 1
    if day >= 0:
        path.money[0] += fate.cost[order]
        path.use.shipped[node, period] += 1.0


@borrowing_kernel
def _serve_late(world: World, terms: Terms, product: int, orders: Orders, order: int, day: int, path: Path) -> None:
    """Serve from the cheapest node with stock, whatever the days it takes; lost when there is none."""
    routes, stock, speed = world.routes, path.stock, orders.speed[order]
    row = late_row(world, product, orders.row[order])
    pattern = orders.row[order] // (world.outbound.cost.shape[0] * world.sizes.num_zones)
    for place in range(routes.late_ptr[row], routes.late_ptr[row + 1]):
        node = routes.late_node_idx[place]
        if stock.on_hand[node] > stock.num_owed[node]:
            ship_day = day + routes.pattern_delay_days[pattern, node]
            cost = routes.late_cost[place] + world.penalties.late[product, speed]
            _ship(world, terms, path, order, LATE, node, cost, day, ship_day)
            return
    path.fate.outcome[order], path.fate.cost[order] = LOST, world.penalties.lost[product, speed]
    path.money[0] += path.fate.cost[order] if day >= 0 else 0.0


@borrowing_kernel
def late_row(world: World, product: int, row: int) -> int:
    """Row of the candidates that serve late the zone of a row of those in time."""
    return int(world.products.weight_class_idx[product] * world.sizes.num_zones + row % world.sizes.num_zones)


@borrowing_kernel
def _owe(world: World, terms: Terms, product: int, orders: Orders, order: int, day: int, path: Path) -> None:
    """Let the cheapest node that stocks the product and could be in time owe the order; lost when there is none."""
    routes, fate = world.routes, path.fate
    for place in range(routes.ptr[orders.row[order]], routes.ptr[orders.row[order] + 1]):
        node = routes.node_idx[place]
        if terms.lane_idx[node] < 0:
            continue
        fate.outcome[order], fate.node[order] = OWED, node
        fate.cost[order] = routes.cost[place]
        append(path.owed, node, order)
        path.stock.num_owed[node] += 1
        path.stock.position[node] -= 1
        return
    fate.outcome[order], fate.cost[order] = LOST, world.penalties.lost[product, orders.speed[order]]
    path.money[0] += fate.cost[order] if day >= 0 else 0.0


@borrowing_kernel
def _close(world: World, terms: Terms, product: int, orders: Orders, day: int, path: Path) -> None:
    """Charge a day's close."""
    log(path, CLOSE, day)
    if day < 0:
        return
    period, on_hand = period_of(world.clock, day), path.stock.on_hand
    for node in range(len(on_hand)):
        if on_hand[node] > 0:
            path.money[0] += terms.holding[node, period] * on_hand[node]
            path.use.stored[node, period] += on_hand[node]
        order = path.owed.first[node]
        while order >= 0:
            path.money[0] += world.penalties.backordered_per_day[product, orders.speed[order]]
            order = path.owed.next[order]
