"""Derivatives of a path's cost in its targets: one pass back over the path's log.

Going back in time, `shelf` [node] is what one unit more on a node's shelf costs from that moment on (mostly negative),
and `order` [node] what one unit more in its next order costs. An order served by node a passed over the empty nodes b
that it would rather have been served by; one unit at b would have saved a's: shelf[b] becomes the difference in
shipping cost, plus a's unit left on its shelf, plus b's next order one larger and a's one smaller (`credit_kernels`).
Nothing else moves. At a node that owes units downstream, one unit more goes to the first in the queue and shifts all
behind it.

References
----------
Glasserman, P. and Tayur, S. (1995), "Sensitivity analysis for base-stock levels in multiechelon production-inventory
systems", Management Science 41: derivatives of base stock along a sample path.
"""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats
from meio.network.jit import borrowing_kernel
from meio.network.units import MINUTES_PER_DAY
from meio.refinement.credit_kernels import undo_order
from meio.refinement.order_kernels import Orders
from meio.refinement.path_kernels import (
    DAWN,
    DEPARTURES,
    EVENTS,
    MORNING,
    ON_SHELF,
    ORDER,
    REVIEW,
    SERVICE,
    TO_CHILD,
    TO_CUSTOMER,
    Path,
)
from meio.refinement.supply_kernels import Streams, mode_of
from meio.refinement.terms_kernels import Terms
from meio.refinement.worth_kernels import Values, day_of, next_order, sending_cost
from meio.simulation.clock_kernels import period_of
from meio.simulation.world import World


@borrowing_kernel
def run_backward(
    world: World,
    terms: Terms,
    product: int,
    orders: Orders,
    policy: int,
    streams: Streams,
    path: Path,
    values: Values,
    slope: Floats,
) -> None:
    """Add the derivative of the path's cost in every target to `slope` [node, period]."""
    _end(world, terms, product, orders, path, values)
    for event in range(path.counters[EVENTS] - 1, -1, -1):
        kind, item = path.event_kind[event], path.event[event]
        if kind == ORDER:
            undo_order(world, terms, product, orders, item, policy, streams, path, values)
        elif kind == SERVICE:
            _undo_service(world, terms, product, orders, item, path, values)
        elif kind == REVIEW:
            _undo_review(terms, item, path, values)
        elif kind == DAWN:
            _note_orders(world, terms, item, streams, path, values, slope)
        elif kind == MORNING:
            _note(values.shelf, item - world.clock.first_day, values.shelf_at)
        else:
            _undo_close(world, terms, item, values)
    if world.clock.first_day == 0:
        _own(terms, values)
    for node in range(len(values.shelf)):
        if terms.opening[node] < 0 and terms.lane_idx[node] >= 0:
            slope[node, 0] += values.shelf[node] - values.order[node]


@borrowing_kernel
def _end(world: World, terms: Terms, product: int, orders: Orders, path: Path, values: Values) -> None:
    """Values at the end: units owned keep their end value, one for somebody who waits is shipped."""
    values.order[:], values.not_sent[:] = 0.0, 0.0
    values.order_day[:], values.later_order[:], values.num_credits[:] = world.clock.end_day, 0.0, 0
    end = float(world.clock.end_day * MINUTES_PER_DAY)
    for departure in range(path.counters[DEPARTURES]):
        if path.departures.arrival[departure] == np.inf:
            values.departure[departure] = 0.0
        elif path.departures.arrival[departure] >= end:
            values.departure[departure] = (
                sending_cost(
                    world,
                    terms,
                    path.departures.node[departure],
                    day_of(path.departures.minute[departure]),
                    path.departures.arrival[departure],
                )
                - terms.end_value[path.departures.node[departure]]
            )
    for node in range(len(values.shelf)):
        values.shelf[node] = -terms.end_value[node]
        values.on_hand[node], values.num_owed[node] = path.stock.on_hand[node], path.stock.num_owed[node]
        values.mode[node] = mode_of(path, node)
        request = path.queue.first[node]
        while request >= 0:
            values.request[request] = 0.0
            request = path.queue.next[request]
        if values.mode[node] == TO_CHILD:
            values.shelf[node] = 0.0
        elif values.mode[node] == TO_CUSTOMER:
            _end_owed(world, product, orders, node, path, values)


@borrowing_kernel
def _end_owed(world: World, product: int, orders: Orders, node: int, path: Path, values: Values) -> None:
    """Orders still owed at the end: a unit more would ship the first; served from elsewhere, they had not waited."""
    order = path.owed.first[node]
    values.shelf[node] = path.fate.cost[order]
    values.waiting[node] = world.penalties.backordered_per_day[product, orders.speed[order]]
    while order >= 0:
        days = world.clock.end_day - max(day_of(orders.minute[order]), 0)
        values.owed[order] = -world.penalties.backordered_per_day[product, orders.speed[order]] * days
        order = path.owed.next[order]


@borrowing_kernel
def _own(terms: Terms, values: Values) -> None:
    """Charge the units on shelves when counting begins."""
    for node in range(len(values.shelf)):
        if values.mode[node] == ON_SHELF:
            values.shelf[node] += terms.end_value[node]


@borrowing_kernel
def _undo_close(world: World, terms: Terms, day: int, values: Values) -> None:
    if day == -1:
        _own(terms, values)
    if day < 0:
        return
    period = period_of(world.clock, day)
    for node in range(len(values.shelf)):
        if values.mode[node] == ON_SHELF:
            values.shelf[node] += terms.holding[node, period]
        elif values.mode[node] == TO_CUSTOMER:
            values.shelf[node] -= values.waiting[node]


@borrowing_kernel
def _undo_service(
    world: World, terms: Terms, product: int, orders: Orders, service: int, path: Path, values: Values
) -> None:
    """Before a node received and passed on: what one unit more is worth there, and to those it served."""
    services, received, sent = path.services, path.services.received[service], path.services.sent[service]
    node, worth = services.node[service], values.shelf[services.node[service]]
    if services.after[service] == TO_CHILD:
        worth += values.departure[services.probe[service]]
    request = services.first_request[service]
    for _ in range(services.num_requests[service]):
        values.request[request] = values.departure[path.requests.departure[request]] - worth
        request = path.queue.next[request]
    _undo_owed(world, product, orders, service, worth, path, values)
    if received < 0:
        values.shelf_at[node, day_of(services.minute[service]) - world.clock.first_day] = worth
    if sent >= 0:
        values.not_sent[node] = worth - values.departure[sent]
    if received >= 0:
        day = day_of(services.minute[service])
        arriving = terms.arrival_price[node, period_of(world.clock, day)] if day >= 0 else 0.0
        departed, arrival = day_of(path.departures.minute[received]), path.departures.arrival[received]
        values.departure[received] = worth + arriving + sending_cost(world, terms, node, departed, arrival)
    if services.before[service] != TO_CHILD:
        values.shelf[node] = worth
    elif path.departures.units[received] > 0:
        values.shelf[node] = values.not_sent[node]
    values.mode[node], values.on_hand[node] = services.before[service], services.stock_before[service]


@borrowing_kernel
def _undo_owed(
    world: World, product: int, orders: Orders, service: int, worth: float, path: Path, values: Values
) -> None:
    """Had an order been served from elsewhere: its unit would be left here, it would not have waited."""
    services, order = path.services, path.services.first_owed[service]
    node, day = services.node[service], max(day_of(services.minute[service]), 0)
    for place in range(services.num_owed[service]):
        per_day = world.penalties.backordered_per_day[product, orders.speed[order]]
        if place == 0:
            values.waiting[node] = per_day
        values.owed[order] = worth - path.fate.cost[order] - per_day * (day - max(day_of(orders.minute[order]), 0))
        order = path.owed.next[order]
    values.num_owed[node] += services.num_owed[service]


@borrowing_kernel
def _undo_review(terms: Terms, review: int, path: Path, values: Values) -> None:
    """From here back, the node's next order is that of this review."""
    reviews = path.reviews
    node, departure = reviews.node[review], reviews.departure[review]
    if departure >= 0:
        values.order[node] = values.departure[departure]
    else:
        values.order[node] = values.request[reviews.request[review]] + values.order[terms.source[node]]
    values.order_day[node] = reviews.day[review]


@borrowing_kernel
def _note(worth: Floats, place: int, worth_at: Floats) -> None:
    for node in range(len(worth)):
        worth_at[node, place] = worth[node]


@borrowing_kernel
def _note_orders(
    world: World, terms: Terms, day: int, streams: Streams, path: Path, values: Values, slope: Floats
) -> None:
    """Before a day's reviews: keep what an order is worth; where a period begins, what its targets are.

    A target one higher orders one unit more at its first review, and one less at the first of a later period.
    """
    clock = world.clock
    _note(values.order, day - clock.first_day, values.order_at)
    if day != clock.first_day and (day <= 0 or day % clock.period_days != 0):
        return
    period = period_of(clock, day)
    for node in range(len(values.order)):
        worth = next_order(world, terms, node, day, streams, path, values)
        if values.order_day[node] < clock.end_day and period_of(clock, values.order_day[node]) == period:
            slope[node, period] += worth - values.later_order[node]
            values.later_order[node] = worth
