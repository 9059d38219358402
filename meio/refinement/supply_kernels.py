"""Supply of one product on its path: reviews, departures, receipts, and what nodes pass on downstream."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.network.units import MINUTES_PER_DAY
from meio.refinement.path_kernels import (
    DEPARTURES,
    EVENTS,
    FULL,
    ON_SHELF,
    SERVICE,
    SERVICES,
    TO_CHILD,
    TO_CUSTOMER,
    Path,
    Queue,
)
from meio.refinement.terms_kernels import Terms
from meio.simulation.clock_kernels import DAYS_PER_WEEK, period_of, ships_on, weekday_of
from meio.simulation.replenishment_kernels import lead_time_days
from meio.simulation.streams import Keys
from meio.simulation.streams_kernels import derived_key, start
from meio.simulation.world import World


class Streams(NamedTuple):
    """Random numbers of lead times: one a lane and day of departure."""

    key: Keys
    """[1]: of the path and product"""
    draws: Keys
    """Scratch: key and counter of the stream being read."""
    lead_days: Floats
    """[node, day from the first, and a week after the last]: lead times already drawn; negative: not yet"""


@kernel
def new_streams(num_nodes: int, num_days: int) -> Streams:
    """Streams without a key."""
    lead_days = np.full((num_nodes, num_days + DAYS_PER_WEEK), -1.0)
    return Streams(np.zeros(1, np.uint64), np.zeros(2, np.uint64), lead_days)


@borrowing_kernel
def start_path(streams: Streams, key: np.uint64) -> None:
    """Take up the lead times of another path and product."""
    streams.key[0], streams.lead_days[:] = key, -1.0


@borrowing_kernel
def append(queue: Queue, node: int, entry: int) -> None:
    """Put an entry last in a node's list."""
    queue.next[entry] = -1
    if queue.first[node] < 0:
        queue.first[node] = entry
    else:
        queue.next[queue.last[node]] = entry
    queue.last[node] = entry


@borrowing_kernel
def log(path: Path, kind: int, item: int) -> None:
    """Note an event."""
    event = path.counters[EVENTS]
    path.event_kind[event], path.event[event] = kind, item
    path.counters[EVENTS] += 1


@borrowing_kernel
def open_stock(world: World, terms: Terms, open_orders: Ints, target: Ints, path: Path) -> None:
    """Stock and open orders of the first day."""
    num_nodes, opening, stock = len(terms.lane_idx), world.opening, path.stock
    for node in range(num_nodes):
        units = terms.opening[node] if terms.opening[node] >= 0 else target[node, 0]
        stock.on_hand[node], stock.position[node] = units, units
    begin = float(world.clock.first_day * MINUTES_PER_DAY)
    for order in open_orders:
        node, units = opening.order_slot[order] % num_nodes, opening.order_units[order]
        arrival = begin + MINUTES_PER_DAY * opening.order_arrives_day[order]
        stock.position[node] += units
        _send(path, node, begin - 1.0, arrival, units)  # it left before
        if opening.order_on_chosen_lane[order]:
            stock.latest_arrival[node] = max(stock.latest_arrival[node], arrival)


@borrowing_kernel
def receive_until(world: World, terms: Terms, day: int, minute: float, streams: Streams, path: Path) -> None:
    """Receive everything that arrives up to a minute, this minute included, in the order of arrival."""
    pipeline, departures, stock = path.pipeline, path.departures, path.stock
    while stock.next_arrival[0] <= minute and not path.counters[FULL]:
        earliest, best = np.inf, -1
        following = np.inf
        for node in range(len(stock.on_hand)):
            if pipeline.first[node] >= 0:
                arrival = departures.arrival[pipeline.first[node]]
                if arrival < earliest:
                    earliest, best, following = arrival, node, earliest
                elif arrival < following:
                    following = arrival
        departure = pipeline.first[best]
        pipeline.first[best] = pipeline.next[departure]
        if pipeline.first[best] >= 0:
            following = min(following, departures.arrival[pipeline.first[best]])
        stock.next_arrival[0] = following
        _receive(world, terms, day, best, departure, streams, path)


@borrowing_kernel
def _receive(world: World, terms: Terms, day: int, node: int, departure: int, streams: Streams, path: Path) -> None:
    units, minute = path.departures.units[departure], path.departures.arrival[departure]
    service = begin_service(path, node, minute, departure, mode_of(path, node))
    path.stock.on_hand[node] += units
    if day >= 0:
        period = period_of(world.clock, day)
        path.money[0] += units * terms.arrival_price[node, period]
        path.use.received[node, period] += units
    pass_on(world, terms, day, node, minute, service, streams, path)


@borrowing_kernel
def mode_of(path: Path, node: int) -> int:
    """What becomes of one unit more on a node's shelf right now."""
    stock = path.stock
    if stock.num_owed[node] > 0:
        return TO_CUSTOMER
    if stock.waited_for[node] > 0 and stock.on_hand[node] == 0:
        return TO_CHILD
    return ON_SHELF


@borrowing_kernel
def begin_service(path: Path, node: int, minute: float, received: int, before: int) -> int:
    """Note that a node, in a mode until now, passes on what it has; return the place of the note."""
    services, service = path.services, path.counters[SERVICES]
    if service + 1 >= len(services.node):
        path.counters[FULL] = 1
        return int(service)
    path.counters[SERVICES] += 1
    services.node[service], services.minute[service], services.received[service] = node, minute, received
    services.stock_before[service], services.before[service] = path.stock.on_hand[node], before
    services.sent[service], services.probe[service] = -1, -1
    services.first_request[service], services.num_requests[service] = -1, 0
    services.first_owed[service], services.num_owed[service] = -1, 0
    log(path, SERVICE, service)
    return int(service)


@borrowing_kernel
def pass_on(
    world: World, terms: Terms, day: int, node: int, minute: float, service: int, streams: Streams, path: Path
) -> None:
    """Ship what customers are owed, then what downstream orders wait for, as far as stock reaches."""
    services, stock, owed = path.services, path.stock, path.owed
    services.first_owed[service] = owed.first[node]
    while stock.on_hand[node] > 0 and stock.num_owed[node] > 0:
        order = owed.first[node]
        owed.first[node] = owed.next[order]
        stock.num_owed[node] -= 1
        stock.on_hand[node] -= 1
        services.num_owed[service] += 1
        price = terms.outbound_price[node, period_of(world.clock, day)]
        path.fate.cost[order] += price
        if day >= 0:
            path.money[0] += path.fate.cost[order]
            path.use.shipped[node, period_of(world.clock, day)] += 1.0
    if ships_on(world, node, day):
        _ship_requests(world, terms, day, node, minute, service, streams, path)
    services.after[service] = mode_of(path, node)
    if services.after[service] == TO_CHILD:
        request = path.queue.first[node]
        while path.requests.left[request] == 0:
            request = path.queue.next[request]
        while not ships_on(world, node, day):
            day += 1
            minute = float(day * MINUTES_PER_DAY)
        services.probe[service] = depart(world, terms, path.requests.node[request], day, minute, 0, streams, path)


@borrowing_kernel
def _ship_requests(
    world: World, terms: Terms, day: int, node: int, minute: float, service: int, streams: Streams, path: Path
) -> None:
    """Ship downstream orders, oldest first. An order leaves the queue only when stock is left behind it."""
    services, stock, queue, requests = path.services, path.stock, path.queue, path.requests
    services.first_request[service] = queue.first[node]
    while stock.on_hand[node] > 0 and queue.first[node] >= 0:
        request = queue.first[node]
        units = min(requests.left[request], stock.on_hand[node])
        departure = depart(world, terms, requests.node[request], day, minute, units, streams, path)
        if units > 0 and services.sent[service] < 0:
            services.sent[service] = departure
        requests.left[request] -= units
        stock.waited_for[node] -= units
        stock.on_hand[node] -= units
        if day >= 0:
            path.use.shipped[node, period_of(world.clock, day)] += units
        if stock.on_hand[node] > 0:
            requests.departure[request] = departure
            services.num_requests[service] += 1
            queue.first[node] = queue.next[request]


@borrowing_kernel
def days_on_the_way(world: World, terms: Terms, node: int, day: int, streams: Streams) -> float:
    """Lead time of everything that departs to a node on a day."""
    place = day - world.clock.first_day
    if streams.lead_days[node, place] < 0.0:
        start(streams.draws, derived_key(streams.key[0], place * len(terms.lane_idx) + node))
        streams.lead_days[node, place] = lead_time_days(world.lanes, terms.lane_idx[node], streams.draws)
    return float(streams.lead_days[node, place])


@borrowing_kernel
def departure_day(world: World, lane: int, day: int) -> int:
    """First day, from this one on, on which a lane departs."""
    departs = world.lanes.departs
    while not departs[lane, weekday_of(world.clock, day)]:
        day += 1
    return int(day)


@borrowing_kernel
def leave_vendor(world: World, terms: Terms, node: int, day: int, units: int, streams: Streams, path: Path) -> int:
    """Send a vendor's units when the lane departs next; what would leave after the last day never arrives."""
    day = departure_day(world, terms.lane_idx[node], day)
    minute = float(day * MINUTES_PER_DAY)
    if day >= world.clock.end_day:
        return _send(path, node, minute, np.inf, 0)
    return depart(world, terms, node, day, minute, units, streams, path)


@borrowing_kernel
def depart(
    world: World, terms: Terms, node: int, day: int, minute: float, units: int, streams: Streams, path: Path
) -> int:
    """Send units to a node on its lane, and return the departure; none only asks for the worth of one unit more."""
    lane, stock = terms.lane_idx[node], path.stock
    arrival = minute + MINUTES_PER_DAY * days_on_the_way(world, terms, node, day, streams)
    if not world.lanes.crossover[lane]:
        arrival = max(arrival, stock.latest_arrival[node])
        if units > 0:
            stock.latest_arrival[node] = arrival
    if units > 0 and day >= 0:
        period = period_of(world.clock, day)
        path.money[0] += units * (terms.order_cost[node] + terms.departure_price[node, period])
        path.use.sent[node, period] += units
    return _send(path, node, minute, arrival, units)


@borrowing_kernel
def _send(path: Path, node: int, minute: float, arrival: float, units: int) -> int:
    """Put a departure into its node's pipeline, behind those that arrive no later."""
    departures, pipeline, departure = path.departures, path.pipeline, path.counters[DEPARTURES]
    if departure + 1 >= len(departures.node):
        path.counters[FULL] = 1
        return int(departure)
    path.counters[DEPARTURES] += 1
    departures.node[departure], departures.minute[departure] = node, minute
    departures.arrival[departure], departures.units[departure] = arrival, units
    first, last = pipeline.first[node], pipeline.last[node]
    if first >= 0 and departures.arrival[last] <= arrival:
        pipeline.next[last], pipeline.next[departure], pipeline.last[node] = departure, -1, departure
    elif first < 0 or departures.arrival[first] > arrival:
        pipeline.next[departure], pipeline.first[node] = first, departure
        pipeline.last[node] = departure if first < 0 else last
    else:
        before = first
        while departures.arrival[pipeline.next[before]] <= arrival:
            before = pipeline.next[before]
        pipeline.next[departure], pipeline.next[before] = pipeline.next[before], departure
    path.stock.next_arrival[0] = min(path.stock.next_arrival[0], arrival)
    return int(departure)
