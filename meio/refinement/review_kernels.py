"""Reviews of one product on its path: who orders how much, and what upstream nodes make of it."""

from __future__ import annotations

from meio.network.compiled import Ints
from meio.network.jit import borrowing_kernel
from meio.network.units import MINUTES_PER_DAY
from meio.refinement.path_kernels import (
    FULL,
    ON_SHELF,
    REQUESTS,
    REVIEW,
    REVIEWS,
    Path,
)
from meio.refinement.supply_kernels import Streams, append, begin_service, leave_vendor, log, mode_of, pass_on
from meio.refinement.terms_kernels import Terms
from meio.simulation.clock_kernels import period_of
from meio.simulation.world import World


@borrowing_kernel
def review(world: World, terms: Terms, target: Ints, day: int, streams: Streams, path: Path) -> None:
    """Order what is missing at the nodes due today, downstream first; then pass on, the most valuable need first."""
    num_nodes, stock = len(terms.lane_idx), path.stock
    period, lanes = period_of(world.clock, day), world.lanes
    asking, units, before, num_asking = path.due.review, path.due.units, path.due.mode, 0
    for node in range(num_nodes):
        before[node] = mode_of(path, node)
    for node in world.supply.downstream_first:
        lane = terms.lane_idx[node]
        if lane < 0 or (day - lanes.review_offset_days[lane]) % lanes.review_every_days[lane] != 0:
            continue
        missing = target[node, period] - stock.position[node]
        if missing < 0:
            path.surplus[node, day - world.clock.first_day] = 1
        if missing < 0 or (missing == 0 and not _must_be_asked(terms, path, node)):
            continue
        pack = terms.pack[node]
        ordered = (max(missing, terms.minimum_order[node]) + pack - 1) // pack * pack if missing > 0 else 0
        stock.position[node] += ordered
        if terms.source[node] >= 0:
            stock.position[terms.source[node]] -= ordered
        asking[num_asking], units[num_asking] = _new_review(path, node, day), ordered
        num_asking += 1
    _by_value(terms, period, path.reviews.node, asking[:num_asking], units[:num_asking])
    for place in range(num_asking):
        _ask(world, terms, asking[place], units[place], day, streams, path)
    minute = float(day * MINUTES_PER_DAY)
    for node in range(num_nodes):
        asked = stock.waited_for[node] > 0 and before[node] == ON_SHELF
        if path.queue.first[node] >= 0 and (stock.on_hand[node] > 0 or asked):
            service = begin_service(path, node, minute, -1, before[node])
            pass_on(world, terms, day, node, minute, service, streams, path)


@borrowing_kernel
def _must_be_asked(terms: Terms, path: Path, node: int) -> bool:
    """Whether the worth of an order of nothing depends on who waits for what: it then queues like any other."""
    source = terms.source[node]
    waits = source >= 0 and (path.stock.on_hand[source] <= 0 or path.queue.first[source] >= 0)
    return bool(waits or terms.asked[node])


@borrowing_kernel
def _new_review(path: Path, node: int, day: int) -> int:
    reviews, review = path.reviews, path.counters[REVIEWS]
    if review + 1 >= len(reviews.node):
        path.counters[FULL] = 1
        return int(review)
    path.counters[REVIEWS] += 1
    reviews.node[review], reviews.day[review] = node, day
    reviews.departure[review], reviews.request[review] = -1, -1
    log(path, REVIEW, review)
    return int(review)


@borrowing_kernel
def _by_value(terms: Terms, period: int, node_of: Ints, asking: Ints, units: Ints) -> None:
    """Sort a few reviews by the value of a unit at their node; equal ones keep their order."""
    value = terms.unit_value
    for order in range(1, len(asking)):
        review, quantity, place = asking[order], units[order], order
        while place > 0 and value[node_of[asking[place - 1]], period] < value[node_of[review], period]:
            asking[place], units[place] = asking[place - 1], units[place - 1]
            place -= 1
        asking[place], units[place] = review, quantity


@borrowing_kernel
def _ask(world: World, terms: Terms, review: int, units: int, day: int, streams: Streams, path: Path) -> None:
    """Order units for a node: a vendor sends them as soon as the lane departs, an upstream node queues them."""
    node, request = path.reviews.node[review], path.counters[REQUESTS]
    source = terms.source[node]
    if source < 0:
        path.reviews.departure[review] = leave_vendor(world, terms, node, day, units, streams, path)
        return
    requests = path.requests
    if units == 0 and requests.asked[node] > requests.last[source] and requests.departure[requests.asked[node]] < 0:
        path.reviews.request[review] = requests.asked[node]  # no unit was asked for since: both wait for the same
        return
    if request + 1 >= len(path.requests.node):
        path.counters[FULL] = 1
        return
    path.counters[REQUESTS] += 1
    path.reviews.request[review] = request
    if units > 0:
        requests.last[source] = request
    else:
        requests.asked[node] = request
    requests.node[request], requests.left[request], requests.departure[request] = node, units, -1
    append(path.queue, source, request)
    path.stock.waited_for[source] += units
