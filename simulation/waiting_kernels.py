"""Queues of requests for units: first come first served, by slot and over all slots."""

from __future__ import annotations

from meio.network.compiled import Bools
from meio.network.jit import kernel
from meio.simulation.state import Waiting


@kernel
def wait(queue: Waiting, slot: int, units: int, full: Bools) -> int:
    """Append a request to a slot (-1: to a vendor) and return its place; -1, and `full` set, when there is no room.

    The caller fills in `detail`.
    """
    request = queue.size[0]
    if request == len(queue.slot):
        full[0] = True
        return -1
    queue.size[0] += 1
    queue.slot[request] = slot
    queue.units[request] = units
    _chain(queue, request)
    return int(request)


@kernel
def first_open(queue: Waiting, slot: int) -> int:
    """The oldest open request to a slot; -1: nobody waits there."""
    request = queue.first[slot]
    while request >= 0 and queue.units[request] == 0:
        request = queue.next[request]
    queue.first[slot] = request
    return int(request)


@kernel
def next_open(queue: Waiting, request: int) -> int:
    """The next open request to the same slot; -1: none."""
    request = queue.next[request]
    while request >= 0 and queue.units[request] == 0:
        request = queue.next[request]
    return request


@kernel
def close_up(queue: Waiting) -> None:
    """Drop the requests that are served."""
    size = queue.size[0]
    for request in range(size):
        if queue.slot[request] >= 0:
            queue.first[queue.slot[request]] = -1
    kept = 0
    for request in range(size):
        if queue.units[request] == 0:
            continue
        queue.slot[kept] = queue.slot[request]
        queue.units[kept] = queue.units[request]
        queue.detail[kept] = queue.detail[request]
        _chain(queue, kept)
        kept += 1
    queue.size[0] = kept


@kernel
def _chain(queue: Waiting, request: int) -> None:
    """Make a request the last one to its slot."""
    slot = queue.slot[request]
    queue.next[request] = -1
    if slot < 0:
        return
    if queue.first[slot] < 0:
        queue.first[slot] = request
    else:
        queue.next[queue.last[slot]] = request
    queue.last[slot] = request
