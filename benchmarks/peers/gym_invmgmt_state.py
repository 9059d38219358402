"""What an agent may look at in an environment: its network, its stock now and the means of demand (informed tier).

Runs under gym-invmgmt's own Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from gym_invmgmt import CoreEnv


class Link(NamedTuple):
    """A way to order: the environment's action has one entry a link."""

    source: int
    node: int
    lead: int
    price: float
    on_the_way: float
    """Money per unit and period on the way."""


class State:
    """An environment, seen between two of its steps."""

    def __init__(self, env: CoreEnv) -> None:
        self.env, net = env, env.network
        self.nodes = [int(node) for node in net.main_nodes]
        self.links = [
            Link(source, node, edge["L"], edge["p"], edge["g"])
            for source, node in net.reorder_links
            for edge in [env.graph.edges[source, node]]
        ]
        self.retailers, self.factories, self.sources = set(net.retail), set(net.factory), set(net.rawmat)

    @property
    def period(self) -> int:
        """The next to be played."""
        return int(self.env.period)

    def on_hand(self, node: int) -> float:
        """Units on the shelf."""
        return float(self.env.X[self.period, self.env.network.node_map[node]])

    def on_the_way(self, node: int) -> float:
        """Units ordered and not yet there."""
        return float(sum(self.env.Y[self.period, index] for index, link in enumerate(self.links) if link.node == node))

    def owed(self, node: int) -> float:
        """Units that customers of a retailer wait for."""
        if self.period == 0 or not self.env.backlog:
            return 0.0
        links = self.env.network.retail_map
        return float(sum(self.env.U[self.period - 1, index] for (shop, _), index in links.items() if shop == node))

    def position(self, node: int) -> float:
        """On hand and on the way, less what is owed."""
        return self.on_hand(node) + self.on_the_way(node) - self.owed(node)

    def links_into(self, node: int) -> list[int]:
        """Positions in the action."""
        return [index for index, link in enumerate(self.links) if link.node == node]

    def fed_by(self, node: int) -> list[int]:
        """The nodes that order at a node."""
        return [link.node for link in self.links if link.source == node]

    def means(self, periods: int) -> NDArray[np.float64]:
        """Mean demand of this period and those after it, at today's goodwill."""
        return np.array([self.env.demand_engine.get_current_mu(self.period + later) for later in range(periods)])

    def action(self, orders: NDArray[np.float64]) -> NDArray[np.float64]:
        """Orders within the bounds of the environment."""
        space = self.env.action_space
        return np.clip(orders, space.low, space.high)
