"""Shipments on their way: filed by day of arrival, today's in a heap by minute and departure."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Bools
from meio.network.jit import kernel
from meio.simulation.clock_kernels import day_of
from meio.simulation.state import FREE, HEAP_SIZE, NOWHERE, NUM_DEPARTED, ON_THE_WAY, TODAY, USED, Transit
from meio.simulation.world import Clock


@kernel
def send(transit: Transit, clock: Clock, slot: int, units: int, minute: float, full: Bools) -> None:
    """Put units on their way to a slot, where they arrive at `minute`."""
    shipment = new_shipment(transit, slot, units, minute, full)
    if shipment < 0:
        return
    transit.place[shipment] = ON_THE_WAY
    day = day_of(minute)
    if day <= transit.counters[TODAY]:
        _push(transit, shipment)
    elif day < clock.end_day:
        transit.next[shipment] = transit.first_of_day[day - clock.first_day]
        transit.first_of_day[day - clock.first_day] = shipment


@kernel
def begin_day(transit: Transit, clock: Clock, day: int) -> None:
    """Make a day's arrivals due in the order of their minutes."""
    shipment = transit.first_of_day[day - clock.first_day]
    while shipment >= 0:
        following = transit.next[shipment]
        _push(transit, shipment)
        shipment = following


@kernel
def next_arrival(transit: Transit) -> float:
    """Minute of today's next arrival; inf: none."""
    return float(transit.minute[transit.heap[0]]) if transit.counters[HEAP_SIZE] > 0 else np.inf


@kernel
def take_arrival(transit: Transit) -> int:
    """Take today's next arrival off the road."""
    heap = transit.heap
    shipment = heap[0]
    transit.counters[HEAP_SIZE] -= 1
    size = transit.counters[HEAP_SIZE]
    moved = heap[size]
    hole = 0
    while 2 * hole + 1 < size:
        child = 2 * hole + 1
        if child + 1 < size and earlier(transit, heap[child + 1], heap[child]):
            child += 1
        if not earlier(transit, heap[child], moved):
            break
        heap[hole] = heap[child]
        hole = child
    heap[hole] = moved
    return int(shipment)


@kernel
def new_shipment(transit: Transit, slot: int, units: int, minute: float, full: Bools) -> int:
    """A shipment in no list yet; -1, and `full` set, when there is no room."""
    counters = transit.counters
    if counters[FREE] >= 0:
        shipment = counters[FREE]
        counters[FREE] = transit.next[shipment]
    elif counters[USED] < len(transit.slot):
        shipment = counters[USED]
        counters[USED] += 1
    else:
        full[0] = True
        return -1
    transit.slot[shipment] = slot
    transit.units[shipment] = units
    transit.minute[shipment] = minute
    transit.number[shipment] = counters[NUM_DEPARTED]
    transit.next[shipment] = -1
    counters[NUM_DEPARTED] += 1
    return int(shipment)


@kernel
def forget(transit: Transit, shipment: int) -> None:
    """Free the entry of a shipment that has been put into storage."""
    transit.place[shipment] = NOWHERE
    transit.next[shipment] = transit.counters[FREE]
    transit.counters[FREE] = shipment


@kernel
def _push(transit: Transit, shipment: int) -> None:
    heap = transit.heap
    hole = transit.counters[HEAP_SIZE]
    transit.counters[HEAP_SIZE] += 1
    while hole > 0 and earlier(transit, shipment, heap[(hole - 1) // 2]):
        heap[hole] = heap[(hole - 1) // 2]
        hole = (hole - 1) // 2
    heap[hole] = shipment


@kernel
def earlier(transit: Transit, one: int, other: int) -> bool:
    """Whether a shipment arrives before another; of those of the same minute the one that departed first."""
    if transit.minute[one] != transit.minute[other]:
        return bool(transit.minute[one] < transit.minute[other])
    return bool(transit.number[one] < transit.number[other])
