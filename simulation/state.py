"""What a replication writes: stock, shipments, queues, capacity used, and its tally.

The kernels of a replication share one State and change its arrays in place. Lists that grow have a fixed room;
when one is full the replication is run again with more (its random streams bring back the same path).
"""

from __future__ import annotations

from typing import NamedTuple

from meio.network.compiled import Bools, Floats, Ints
from meio.simulation.drawn import Drawing
from meio.simulation.streams import Keys
from meio.simulation.tally import Tally

# Transit.counters
FREE, USED, HEAP_SIZE, NUM_DEPARTED, TODAY = range(5)
# Transit.place
NOWHERE, ON_THE_WAY, IN_YARD = range(3)
# Waiting.detail of owed customers
CLASS, ORDER_DAY, DELAY, ORDER_NUMBER = range(4)
# Waiting.detail of replenishment orders
DESTINATION_SLOT, LANE = range(2)
# Batch.counters
NUM_ORDERS, NUM_PARCELS = range(2)


class Stock(NamedTuple):
    """Units by slot, and the space they take."""

    on_hand: Ints
    """[slot]: in storage."""
    position: Ints
    """[slot]: on hand + on order − owed to customers and downstream."""
    owed: Ints
    """[slot]: to customers."""
    stored_m3: Floats
    """[node, storage type]: set anew at each day's close, so that rounding does not build up."""


class Ledger(NamedTuple):
    """Units since the replication's first day, for the conservation check."""

    opening: Ints
    """[slot]: in storage at the start."""
    ordered: Ints
    """[slot]: by the slot, open orders and stock that began in the yard included."""
    received: Ints
    """[slot]: put into storage."""
    sold: Ints
    """[slot]: shipped to customers."""
    sent: Ints
    """[slot]: shipped downstream."""
    demand: Ints
    """[product]"""
    lost: Ints
    """[product]"""


class Used(NamedTuple):
    """Units of capacity used today, and reserved on coming ship dates."""

    inbound: Ints
    """[node]"""
    outbound: Ints
    """[ship date from the replication's first day, node]"""
    lane: Ints
    """[lane]"""


class Transit(NamedTuple):
    """Shipments from departure to storage: by day of arrival, then today's by minute, then in the yard."""

    slot: Ints
    """[shipment]: where it goes."""
    units: Ints
    minute: Floats
    """[shipment]: of arrival."""
    number: Ints
    """[shipment]: its place among all departures; orders arrivals at the same minute."""
    next: Ints
    """[shipment]: the next in the same list; -1: none."""
    place: Ints
    """[shipment]: NOWHERE, ON_THE_WAY or IN_YARD."""
    first_of_day: Ints
    """[day from the replication's first]: shipments arriving on a later day."""
    heap: Ints
    """Today's shipments as a binary heap by (minute, number)."""
    counters: Ints
    """FREE: first of the list of free entries; USED: entries ever used; HEAP_SIZE; NUM_DEPARTED; TODAY."""
    yard_first: Ints
    """[node, storage type]: first in the yard's queue; -1: none."""
    yard_last: Ints
    """[node, storage type]"""


class Waiting(NamedTuple):
    """Requests waiting for units, in the order they came; within a day only appended, in the morning closed up."""

    slot: Ints
    """[request]: the slot that owes; -1: a vendor."""
    units: Ints
    """[request]: still owed."""
    detail: Ints
    """[request, column]"""
    next: Ints
    """[request]: the next one to the same slot; -1: none."""
    first: Ints
    """[slot]: first request that may be open; -1: none."""
    last: Ints
    """[slot]"""
    size: Ints
    """[1]: number of requests."""


class Touched(NamedTuple):
    """Slots that received units somebody waits for: a ring of distinct slots."""

    ring: Ints
    listed: Bools
    """[slot]"""
    begin: Ints
    """[1]: place of the first slot in the ring."""
    size: Ints
    """[1]: number of slots in the ring."""


class Departures(NamedTuple):
    """What the next lead time of a slot depends on."""

    product_key: Keys
    """[product]: of the stream below which each lane's lead times have theirs."""
    number: Ints
    """[slot]: departures so far."""
    latest_arrival: Floats
    """[slot]: minute before which no later departure arrives, unless it may overtake."""
    latest_lane: Ints
    """[slot]: lane of that arrival."""


class Batch(NamedTuple):
    """Orders that a policy outside the engine is asked to assign together, and its answer."""

    minute: Floats
    """[order]: from the horizon's first midnight."""
    class_idx: Ints
    """[order]: zone * number of speeds + speed."""
    line_ptr: Ints
    """[order + 1]"""
    product_idx: Ints
    """[line]"""
    units: Ints
    """[line]"""
    parcel_order: Ints
    """[parcel]: place in the batch; ascending, and an order's parcels from one node on one ship date side by side."""
    parcel_line: Ints
    """[parcel]: line of the order, from 0."""
    parcel_node: Ints
    parcel_units: Ints
    parcel_ship_day: Ints
    """[parcel]: from the horizon's first day."""
    counters: Ints
    """NUM_ORDERS and NUM_PARCELS; what is above them in the arrays is old."""
    callback: Ints
    """[1]: address of the C function that asks the policy."""


class Offers(NamedTuple):
    """Scratch for the assignment of an order of several units: what nodes offer, what is left."""

    left: Ints
    """[line]: units nobody ships yet."""
    unfilled: Ints
    """[line]: the same while a split is tried out."""
    offer: Ints
    """[line]: of the node looked at."""
    whole: Ints
    """[line]: of the best node that fills the order."""
    split_units: Ints
    """[part, line]"""
    split_node: Ints
    """[part]"""


class Review(NamedTuple):
    """Scratch for a product's orders of one review."""

    slot: Ints
    """[order]: where it goes."""
    units: Ints
    granted: Ints
    """[order]: units that it may take now."""


class Log(NamedTuple):
    """Events, when they are asked for; each array is [event]."""

    kind: Ints
    """Place in EVENTS."""
    minute: Floats
    """From the horizon's first midnight."""
    product_idx: Ints
    node_idx: Ints
    """-1: none."""
    zone_idx: Ints
    """-1: none."""
    speed_idx: Ints
    """-1: none."""
    units: Ints
    number: Ints
    """Of the customer order, or of the shipment, from 0."""
    size: Ints
    """[1]: number of events."""


class State(NamedTuple):
    """Everything a replication writes."""

    stock: Stock
    ledger: Ledger
    used: Used
    transit: Transit
    orders: Waiting
    """Replenishment orders not yet shipped."""
    customers: Waiting
    """Customer orders owed."""
    touched: Touched
    departures: Departures
    batch: Batch
    offers: Offers
    review: Review
    drawing: Drawing
    log: Log
    tally: Tally
    now: Floats
    """[1]: minute from the horizon's first midnight."""
    order_number: Ints
    """[1]: customer orders so far."""
    basket_key: Keys
    """[1]: of the streams of basket sizes."""
    demand_key: Keys
    """[stream]"""
    draws: Keys
    """Key and counter of the stream being read."""
    full: Bools
    """[1]: a list had no room left."""
    stopped: Bools
    """[1]: a policy outside the engine asked to stop."""
