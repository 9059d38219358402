"""The recourse of one sample: which node serves which class when demand is known, and what one more unit is worth.

A transportation problem with few nodes. Its residual graph is contracted to the nodes and a root (units not shipped,
orders not served): an arc a → b means that a serves one order that b serves now; to the root, that a serves one more
order or keeps its unit; from the root, that the node's unit is kept, or one of its orders goes unserved. An assignment
is best when no cycle has negative cost; then the shortest way from node a to the root is the change in cost with one
more unit at a, from the root to b with one less at b, from a to b when one unit moves from b to a.

References
----------
Klein 1967 (negative cycles); Floyd 1962.
"""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import kernel

NOBODY = -1  # an arc to or from the root that moves no order
_NEGATIVE = -1e-9


@kernel
def settle(gain: Floats, flow: Ints, idle: Ints, unmet: Ints, way: Floats, via: Ints, first_step: Ints) -> float:
    """Make an assignment best by cancelling negative cycles, and return its gain, money.

    Parameters
    ----------
    gain : array [node, class]
        What serving an order of the class saves against leaving it unserved, money; -inf: the node cannot.
    flow : array of int [node, class]
        Orders served; changed.
    idle : array of int [node]
        Units at the node not shipped; changed.
    unmet : array of int [class]
        Orders not served; changed.
    way : array [node + 1, node + 1]
        On return, cost of the shortest way between two nodes; the last is the root.
    via, first_step : arrays of int [node + 1, node + 1]
        Scratch: class whose order an arc moves, and the first stop of each way.
    """
    cycle = np.empty(2 * way.shape[0] + 1, np.int64)
    while True:
        _fill_arcs(gain, flow, idle, unmet, way, via)
        a, b = _shortest_ways(way, first_step)
        if a < 0:
            break
        size = _cycle_through(a, b, first_step, cycle)
        _cancel(cycle[: size + 1], flow, idle, unmet, via)
    total = 0.0
    for node in range(gain.shape[0]):
        for k in range(gain.shape[1]):
            if flow[node, k] > 0:
                total += gain[node, k] * flow[node, k]
    return total


@kernel
def _fill_arcs(gain: Floats, flow: Ints, idle: Ints, unmet: Ints, way: Floats, via: Ints) -> None:
    """Cheapest arc between any two nodes, and which class it moves."""
    root, num_classes = gain.shape
    way[:] = np.inf
    for node in range(root + 1):
        way[node, node] = 0.0
        via[node, root] = NOBODY
        via[root, node] = NOBODY
        if node < root:
            way[node, root] = 0.0
            if idle[node] > 0:
                way[root, node] = 0.0
    for k in range(num_classes):
        waiting = unmet[k] > 0
        for node in range(root):
            here = gain[node, k]
            if waiting and -here < way[node, root]:
                way[node, root] = -here
                via[node, root] = k
            if flow[node, k] > 0:
                if here < way[root, node]:
                    way[root, node] = here
                    via[root, node] = k
                for other in range(root):
                    if other != node and here - gain[other, k] < way[other, node]:
                        way[other, node] = here - gain[other, k]
                        via[other, node] = k


@kernel
def _shortest_ways(way: Floats, first_step: Ints) -> tuple[int, int]:
    """Shortest ways between all nodes; stops at a cycle of negative cost and returns two nodes on it, else -1, -1."""
    size = way.shape[0]
    for a in range(size):
        for b in range(size):
            first_step[a, b] = b
    for middle in range(size):
        for a in range(size):
            begin = way[a, middle]
            if a == middle or begin == np.inf:
                continue
            for b in range(size):
                if begin + way[middle, b] < way[a, b] + _NEGATIVE:
                    if a == b:
                        return a, middle
                    way[a, b] = begin + way[middle, b]
                    first_step[a, b] = first_step[a, middle]
    return -1, -1


@kernel
def _cycle_through(a: int, middle: int, first_step: Ints, cycle: Ints) -> int:
    """Fill the nodes of the cycle a → middle → a, the first one again at its end; returns the number of its arcs.

    A node that both halves meet closes the cycle there: what is cut off, being known before, is not negative.
    """
    size = 0
    node = a
    while node != middle:
        cycle[size] = node
        node = first_step[node, middle]
        size += 1
    cycle[size] = middle
    back = size
    while True:
        node = first_step[node, a]
        back += 1
        cycle[back] = node
        for place in range(size):
            if cycle[place] == node:
                for k in range(back - place + 1):
                    cycle[k] = cycle[place + k]
                return back - place


@kernel
def _cancel(cycle: Ints, flow: Ints, idle: Ints, unmet: Ints, via: Ints) -> None:
    """Send as many units around the cycle as its arcs allow."""
    root = idle.size
    most = int(idle.sum() + flow.sum() + unmet.sum())
    for place in range(cycle.size - 1):
        a, b = cycle[place], cycle[place + 1]
        k = via[a, b]
        if b == root:
            if k != NOBODY:
                most = min(most, unmet[k])
        elif k == NOBODY:
            most = min(most, idle[b])
        else:
            most = min(most, flow[b, k])
    for place in range(cycle.size - 1):
        a, b = cycle[place], cycle[place + 1]
        _move(a, b, via[a, b], most, flow, idle, unmet)


@kernel
def _move(a: int, b: int, k: int, units: int, flow: Ints, idle: Ints, unmet: Ints) -> None:
    """Let a do with some units what b does now."""
    root = idle.size
    if a != root:
        if k == NOBODY:
            idle[a] += units
        else:
            flow[a, k] += units
    elif k != NOBODY:
        unmet[k] += units
    if b != root:
        if k == NOBODY:
            idle[b] -= units
        else:
            flow[b, k] -= units
    elif k != NOBODY:
        unmet[k] -= units


@kernel
def serve_greedily(order: Ints, flow: Ints, idle: Ints, unmet: Ints) -> None:
    """Serve orders from idle units, pair by pair of node and class (one number) in the given order."""
    num_classes = unmet.size
    for pair in order:
        node, k = divmod(pair, num_classes)
        units = min(idle[node], unmet[k])
        flow[node, k] += units
        idle[node] -= units
        unmet[k] -= units


@kernel
def change_stock(node: int, units: int, gain: Floats, flow: Ints, idle: Ints, unmet: Ints) -> None:
    """Add units to a node, or take them away: idle ones first, then those of the orders that gain least."""
    idle[node] += units
    while idle[node] < 0:
        least = -1
        for k in range(unmet.size):
            if flow[node, k] > 0 and (least < 0 or gain[node, k] < gain[node, least]):
                least = k
        moved = min(-idle[node], flow[node, least])
        flow[node, least] -= moved
        unmet[least] += moved
        idle[node] += moved
