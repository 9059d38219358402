"""What a distribution tree costs when every unit is ordered at once and served first come, first served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from meio.network.compiled import Floats

WARM_UP = 20.0


def cost_of(
    nodes: Sequence[Mapping[str, Any]],
    edges: Sequence[Sequence[int]],
    levels: Mapping[int, int],
    orders: Mapping[int, Floats],
) -> float:
    """Cost per unit of time on a sample path, without units on the way.

    The n-th order at a node with level s waits for the unit that the node ordered as its (n - s)-th, so order times and
    lead times are all that is needed. Orders of the warm-up are not counted.

    Parameters
    ----------
    nodes : sequence of mapping
        ``node``, ``h`` per unit and time on hand, ``L`` lead time, ``p`` per unit and time owed to customers.
    edges : sequence of (node, node)
        From a node to one that it feeds; nodes are listed after the node that feeds them.
    levels : mapping of node to units
    orders : mapping of node to array [order]
        Times of customers' orders, of one unit each, rising.
    """
    source = {after: before for before, after in edges}
    placed = {
        node["node"]: np.sort(np.concatenate([orders[leaf] for leaf in below(node["node"], edges, orders)]))
        for node in nodes
    }
    end, cost, filled = max(times[-1] for times in orders.values()), 0.0, {}
    for node in nodes:
        name, times = node["node"], placed[node["node"]]
        sent = times
        if name in source:
            above = source[name]
            sent = filled[above][np.searchsorted(placed[above], times)]
        arrival = np.concatenate([np.full(levels[name], -np.inf), sent + node["L"]])[: times.size]
        filled[name] = np.maximum(times, arrival)
        counted = (times > WARM_UP) & np.isfinite(arrival)
        cost += node["h"] * np.maximum(times - arrival, 0.0)[counted].sum()
        cost += node.get("p", 0.0) * (filled[name] - times)[counted].sum()
    return float(cost / (end - WARM_UP))


def below(name: int, edges: Sequence[Sequence[int]], orders: Mapping[int, Floats]) -> list[int]:
    """The nodes with customers that a node serves, itself or through others."""
    own = [name] if name in orders else []
    return own + [leaf for before, after in edges if before == name for leaf in below(after, edges, orders)]
