"""What one product's sampled path writes: its stock and queues, and the log that the backward pass reads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import kernel

# Path.event_kind
ORDER, SERVICE, REVIEW, DAWN, MORNING, CLOSE = range(6)
# Path.outcome
LOST, IN_TIME, LATE, OWED = range(4)
# modes of a node: what becomes of one unit more
ON_SHELF, TO_CHILD, TO_CUSTOMER = range(3)
# Path.counters
EVENTS, DEPARTURES, REQUESTS, SERVICES, REVIEWS, FULL = range(6)


class Stock(NamedTuple):
    """Where the product's units are."""

    on_hand: Ints
    """[node]"""
    position: Ints
    """[node]: on hand + on order − owed to customers and downstream"""
    waited_for: Ints
    """[node]: units that downstream orders still wait for"""
    num_owed: Ints
    """[node]: customers' orders"""
    latest_arrival: Floats
    """[node]: minute before which no later departure arrives, unless it may overtake"""
    next_arrival: Floats
    """[1]: minute of the next arrival at any node"""


class Queue(NamedTuple):
    """First-in first-out lists, one a node; -1: none."""

    first: Ints
    """[node]"""
    last: Ints
    """[node]"""
    next: Ints
    """[entry]"""


class Departures(NamedTuple):
    """Shipments to nodes; one of no units only asks what one unit more would be worth."""

    node: Ints
    minute: Floats
    arrival: Floats
    units: Ints


class Requests(NamedTuple):
    """Orders on an upstream node. The unit an order would have more is sent with `departure`; -1: never."""

    node: Ints
    """[request]: who ordered"""
    left: Ints
    departure: Ints
    asked: Ints
    """[node]: its last order of nothing; -1: none"""
    last: Ints
    """[node]: the last order of units on it; -1: none"""


class Services(NamedTuple):
    """Moments at which a node passed on what it had: after a receipt, or in the morning."""

    node: Ints
    minute: Floats
    received: Ints
    """Departure received; -1: none."""
    stock_before: Ints
    """Units on hand before."""
    before: Ints
    """Mode before."""
    after: Ints
    sent: Ints
    """First departure sent; -1: none."""
    probe: Ints
    """In mode TO_CHILD after: departure that one unit more would join."""
    first_request: Ints
    """First request completed; -1: none."""
    num_requests: Ints
    first_owed: Ints
    """First owed order shipped; -1: none."""
    num_owed: Ints


class Reviews(NamedTuple):
    """Reviews at which one unit more in the target, or one less in the position, orders one unit more.

    Those that order nothing, at nodes that nobody waits for, are left out: what they would order is worked out only
    when it is asked for.
    """

    node: Ints
    day: Ints
    departure: Ints
    """On a vendor's lane; else -1."""
    request: Ints
    """On an upstream node; else -1."""


class Due(NamedTuple):
    """Scratch of one morning's reviews."""

    review: Ints
    """[place]"""
    units: Ints
    """[place]"""
    mode: Ints
    """[node]: before them"""


class Fate(NamedTuple):
    """What became of each order."""

    outcome: Ints
    node: Ints
    cost: Floats
    """Shipping cost and price."""
    crowded: Ints
    """1: a node it would rather have been served by had no stock"""


class Use(NamedTuple):
    """Units and unit-days of capacity that the path uses, the warm-up left out."""

    stored: Floats
    """[node, period]: units summed over day closes"""
    received: Floats
    """[node, period]"""
    shipped: Floats
    """[node, period]: to customers and downstream"""
    sent: Floats
    """[node, period]: units departed on its lane to the node"""


class Path(NamedTuple):
    """One product's path."""

    stock: Stock
    pipeline: Queue
    """[departure] by arrival"""
    queue: Queue
    """[request]"""
    owed: Queue
    """[order]"""
    departures: Departures
    requests: Requests
    services: Services
    reviews: Reviews
    due: Due
    fate: Fate
    event_kind: Ints
    event: Ints
    counters: Ints
    money: Floats
    """[1]: cost with prices"""
    surplus: Ints
    """[node, day]: 1 where a review found more than the target"""
    use: Use


@kernel
def new_path(num_nodes: int, num_periods: int, num_days: int, num_orders: int, room: int) -> Path:
    """Space for a path with at most `room` departures, requests, services and reviews each."""
    return Path(
        Stock(
            np.zeros(num_nodes, np.int64),
            np.zeros(num_nodes, np.int64),
            np.zeros(num_nodes, np.int64),
            np.zeros(num_nodes, np.int64),
            np.zeros(num_nodes),
            np.zeros(1),
        ),
        _new_queue(num_nodes, room),
        _new_queue(num_nodes, room),
        _new_queue(num_nodes, num_orders),
        Departures(np.zeros(room, np.int64), np.zeros(room), np.zeros(room), np.zeros(room, np.int64)),
        Requests(
            np.zeros(room, np.int64),
            np.zeros(room, np.int64),
            np.zeros(room, np.int64),
            np.zeros(num_nodes, np.int64),
            np.zeros(num_nodes, np.int64),
        ),
        Services(
            np.zeros(room, np.int64),
            np.zeros(room),
            np.zeros(room, np.int64),
            np.zeros(room, np.int64),
            np.zeros(room, np.int64),
            np.zeros(room, np.int64),
            np.zeros(room, np.int64),
            np.zeros(room, np.int64),
            np.zeros(room, np.int64),
            np.zeros(room, np.int64),
            np.zeros(room, np.int64),
            np.zeros(room, np.int64),
        ),
        Reviews(np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros(room, np.int64)),
        Due(np.zeros(num_nodes, np.int64), np.zeros(num_nodes, np.int64), np.zeros(num_nodes, np.int64)),
        Fate(
            np.zeros(num_orders, np.int64),
            np.zeros(num_orders, np.int64),
            np.zeros(num_orders),
            np.zeros(num_orders, np.int64),
        ),
        np.zeros(num_orders + 3 * num_days + 2 * room, np.int64),
        np.zeros(num_orders + 3 * num_days + 2 * room, np.int64),
        np.zeros(6, np.int64),
        np.zeros(1),
        np.zeros((num_nodes, num_days), np.int64),
        new_use(num_nodes, num_periods),
    )


@kernel
def _new_queue(num_nodes: int, size: int) -> Queue:
    return Queue(np.zeros(num_nodes, np.int64), np.zeros(num_nodes, np.int64), np.zeros(size, np.int64))


@kernel
def new_use(num_nodes: int, num_periods: int) -> Use:
    """No use."""
    shape = (num_nodes, num_periods)
    return Use(np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape))
