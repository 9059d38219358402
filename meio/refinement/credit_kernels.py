"""Going back over a customer order: what one unit more would have saved at the empty nodes it passed over."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import LATE as MAY_BE_LATE
from meio.network.compiled import Ints
from meio.network.jit import borrowing_kernel
from meio.refinement.forward_kernels import late_row, priced_score
from meio.refinement.order_kernels import Orders
from meio.refinement.path_kernels import (
    IN_TIME,
    LATE,
    LOST,
    ON_SHELF,
    OWED,
    Path,
)
from meio.refinement.supply_kernels import Streams
from meio.refinement.terms_kernels import Terms
from meio.refinement.worth_kernels import Values, day_of, next_order
from meio.simulation.assignment_kernels import NEAREST
from meio.simulation.clock_kernels import period_of
from meio.simulation.world import World


@borrowing_kernel
def undo_order(
    world: World,
    terms: Terms,
    product: int,
    orders: Orders,
    order: int,
    policy: int,
    streams: Streams,
    path: Path,
    values: Values,
) -> None:
    """Credit the empty nodes an order passed over with what they would have saved; hand back the unit it took."""
    fate, outcome, node = path.fate, path.fate.outcome[order], path.fate.node[order]
    served = fate.cost[order] if orders.minute[order] >= 0.0 else 0.0
    if outcome == OWED:
        saved = values.order[node] - values.owed[order]
        _credit(world, terms, product, orders, order, policy, saved, streams, path, values)
        values.num_owed[node] -= 1
        if values.num_owed[node] == 0:
            values.mode[node], values.shelf[node] = ON_SHELF, served + values.owed[order]
    elif outcome == LOST:
        _credit(world, terms, product, orders, order, policy, served, streams, path, values)
    else:
        if fate.crowded[order] or outcome == LATE:
            tomorrow = day_of(orders.minute[order]) + 1
            saved = served + next_order(world, terms, node, tomorrow, streams, path, values) - values.shelf[node]
            _credit(world, terms, product, orders, order, policy, saved, streams, path, values)
        values.on_hand[node] += 1


@borrowing_kernel
def _credit(
    world: World,
    terms: Terms,
    product: int,
    orders: Orders,
    order: int,
    policy: int,
    saved: float,
    streams: Streams,
    path: Path,
    values: Values,
) -> None:
    """Worth of a unit at each empty node that would rather have served an order; `saved` is what it cost instead."""
    routes, row, outcome = world.routes, orders.row[order], path.fate.outcome[order]
    day, counted = day_of(orders.minute[order]), orders.minute[order] >= 0.0
    chosen = path.fate.node[order] if outcome == IN_TIME else -1
    best = np.inf
    if policy != NEAREST and outcome == IN_TIME:
        for place in range(routes.ptr[row], routes.ptr[row + 1]):
            if routes.node_idx[place] == chosen:
                best = priced_score(world, terms, place, day)
    for place in range(routes.ptr[row], routes.ptr[row + 1]):
        node = routes.node_idx[place]
        if node == chosen and policy == NEAREST:
            break
        if values.on_hand[node] > 0 or values.mode[node] != ON_SHELF:
            continue
        if chosen >= 0 and policy != NEAREST:
            score = priced_score(world, terms, place, day)
            if score > best or (score == best and not _before(routes.node_idx, routes.ptr[row], node, chosen)):
                continue
        price = terms.outbound_price[node, period_of(world.clock, day + routes.delay_days[place])]
        cost = routes.cost[place] + price if counted else 0.0
        _set_worth(world, terms, orders.minute[order], node, cost - saved, streams, path, values)
    if outcome not in (IN_TIME, OWED) and world.outbound.unserved[orders.speed[order]] == MAY_BE_LATE:
        _credit_late(world, terms, product, orders, order, saved, streams, path, values)


@borrowing_kernel
def _set_worth(
    world: World, terms: Terms, minute: float, node: int, cost: float, streams: Streams, path: Path, values: Values
) -> None:
    """A unit on an empty shelf before an order that it serves: what that costs, and its replacement."""
    values.shelf[node] = cost + next_order(world, terms, node, day_of(minute) + 1, streams, path, values)
    credit = values.num_credits[node]
    values.credit_minute[node, credit], values.credit_value[node, credit] = minute, values.shelf[node]
    values.num_credits[node] += 1


@borrowing_kernel
def _before(node_idx: Ints, first: int, node: int, other: int) -> bool:
    """Whether a node stands before another from place `first` on."""
    place = first
    while node_idx[place] != node and node_idx[place] != other:
        place += 1
    return bool(node_idx[place] == node)


@borrowing_kernel
def _credit_late(
    world: World,
    terms: Terms,
    product: int,
    orders: Orders,
    order: int,
    saved: float,
    streams: Streams,
    path: Path,
    values: Values,
) -> None:
    """The same for empty nodes that could only have served the order late."""
    routes, row, fate = world.routes, orders.row[order], path.fate
    late = late_row(world, product, row)
    pattern = row // (world.outbound.cost.shape[0] * world.sizes.num_zones)
    day, counted = day_of(orders.minute[order]), orders.minute[order] >= 0.0
    for place in range(routes.late_ptr[late], routes.late_ptr[late + 1]):
        node = routes.late_node_idx[place]
        if fate.outcome[order] == LATE and node == fate.node[order]:
            return
        if values.on_hand[node] > 0 or values.mode[node] != ON_SHELF:
            continue
        if _stands_in(routes.node_idx, routes.ptr[row], routes.ptr[row + 1], node):
            continue
        price = terms.outbound_price[node, period_of(world.clock, day + routes.pattern_delay_days[pattern, node])]
        cost = routes.late_cost[place] + world.penalties.late[product, orders.speed[order]] + price
        cost = cost if counted else 0.0
        _set_worth(world, terms, orders.minute[order], node, cost - saved, streams, path, values)


@borrowing_kernel
def _stands_in(node_idx: Ints, first: int, end: int, node: int) -> bool:
    """Whether a node is among those from `first` to before `end`."""
    place = first
    while place < end and node_idx[place] != node:
        place += 1
    return bool(place < end)
