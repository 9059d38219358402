"""What one unit more costs from a moment of a path on: on a shelf, on a departure, in a node's next order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.network.units import MINUTES_PER_DAY
from meio.refinement.path_kernels import Path
from meio.refinement.supply_kernels import Streams, days_on_the_way, departure_day
from meio.refinement.terms_kernels import Terms
from meio.simulation.clock_kernels import period_of
from meio.simulation.world import World


class Values(NamedTuple):
    """What one unit more costs from a moment on; money."""

    shelf: Floats
    """[node]: on the shelf; where the node owes downstream, beyond what the first in its queue gains"""
    order: Floats
    """[node]: in its next order, as far as that is known"""
    order_day: Ints
    """[node]: day of the review whose order that is"""
    later_order: Floats
    """[node]: in the first order of a later period"""
    credit_minute: Floats
    """[node, credit]: when an order passed the empty node over, going back in time"""
    credit_value: Floats
    """[node, credit]: worth on the shelf just before"""
    num_credits: Ints
    """[node]"""
    order_at: Floats
    """[node, day from the first]: `order` after the reviews of the day, of nodes that supply others"""
    shelf_at: Floats
    """[node, day from the first]: worth of a unit there after the day's reviews, of nodes that supply others"""
    mode: Ints
    """[node]"""
    waiting: Floats
    """[node]: cost per close of the customer first in the queue"""
    not_sent: Floats
    """[node]: one unit less on the departure it sends next, kept there instead"""
    on_hand: Ints
    """[node]"""
    num_owed: Ints
    """[node]"""
    departure: Floats
    """[departure]: sent with it"""
    request: Floats
    """[request]: asked for with it"""
    owed: Floats
    """[order]: an owed order served from elsewhere, its shipping there left out"""


@kernel
def new_values(num_nodes: int, num_days: int, num_orders: int, room: int) -> Values:
    """Empty `Values`."""
    return Values(
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes, np.int64),
        np.zeros(num_nodes),
        np.empty((num_nodes, num_orders)),
        np.empty((num_nodes, num_orders)),
        np.zeros(num_nodes, np.int64),
        np.zeros((num_nodes, num_days)),
        np.zeros((num_nodes, num_days)),
        np.zeros(num_nodes, np.int64),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
        np.zeros(num_nodes, np.int64),
        np.zeros(num_nodes, np.int64),
        np.zeros(room),
        np.zeros(room),
        np.zeros(num_orders),
    )


@borrowing_kernel
def day_of(minute: float) -> int:
    """Day of a minute; negative in the warm-up."""
    return int(np.floor(minute / MINUTES_PER_DAY))


@borrowing_kernel
def sending_cost(world: World, terms: Terms, node: int, day: int, arrival: float) -> float:
    """Cost of one unit more on a departure: bought, sent, priced on leaving; or owned when counting begins."""
    if day >= 0:
        return float(terms.order_cost[node] + terms.departure_price[node, period_of(world.clock, day)])
    return float(terms.end_value[node]) if arrival >= 0.0 else 0.0


@borrowing_kernel
def next_order(world: World, terms: Terms, node: int, day: int, streams: Streams, path: Path, values: Values) -> float:
    """Worth of one unit more in a node's first order at or after the midnight of a day."""
    if terms.asked[node] or terms.lane_idx[node] < 0:
        return float(values.order[node])
    lane, first, known = terms.lane_idx[node], world.clock.first_day, values.order_day[node]
    every, offset = world.lanes.review_every_days[lane], world.lanes.review_offset_days[lane]
    due = day + (offset - day) % every
    while due < known and path.surplus[node, due - first]:
        due += every
    if due < known:
        values.order[node] = _order_worth(world, terms, node, due, streams, values)
        values.order_day[node] = due
    return float(values.order[node])


@borrowing_kernel
def _order_worth(world: World, terms: Terms, node: int, day: int, streams: Streams, values: Values) -> float:
    """Worth of one unit ordered at a review that ordered nothing, by a node whose source had stock."""
    source = terms.source[node]
    departed = departure_day(world, terms.lane_idx[node], day) if source < 0 else day
    if departed >= world.clock.end_day:
        return 0.0
    arrival = MINUTES_PER_DAY * (departed + days_on_the_way(world, terms, node, departed, streams))
    worth = sending_cost(world, terms, node, departed, arrival) + _shelf_worth(world, terms, node, arrival, values)
    arrival_day = day_of(arrival)
    if 0 <= arrival_day < world.clock.end_day:
        worth += terms.arrival_price[node, period_of(world.clock, arrival_day)]
    if source >= 0:
        place = day - world.clock.first_day
        worth += values.order_at[source, place] - values.shelf_at[source, place]
    return float(worth)


@borrowing_kernel
def _shelf_worth(world: World, terms: Terms, node: int, minute: float, values: Values) -> float:
    """Worth of a unit on a shelf from a past minute on: that at the next credit, and its holding until then."""
    day, end = day_of(minute), world.clock.end_day
    if day >= end:
        return float(-terms.end_value[node])
    low, high = 0, values.num_credits[node]  # credits go back in time
    while low < high:
        middle = (low + high) // 2
        if values.credit_minute[node, middle] >= minute:
            low = middle + 1
        else:
            high = middle
    until, worth = end, -terms.end_value[node]
    if low > 0:
        until, worth = day_of(values.credit_minute[node, low - 1]), values.credit_value[node, low - 1]
    first, before = world.clock.first_day, terms.holding_before[node]
    owned = terms.end_value[node] if day < 0 <= until else 0.0
    return float(worth + owned + before[until - first] - before[day - first])
