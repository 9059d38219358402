"""gym-invmgmt's informed base-stock and echelon agents, written anew from their description (Barati and Hu 2026).

Runs under gym-invmgmt's own Python. Both order up to a normal quantile of the demand over lead time and one period,
whose mean they know and whose variance is its mean; the longest lead time counts. A critical ratio weighs the
retailer's charge for waiting customers, elsewhere the node's gross margin (0.5 at least), against holding. The
base-stock agent looks at each node alone; the echelon agent adds the longest way from a node to the customers to its
lead time, counts all stock below, and takes what the next nodes' holding costs from its own (0.01 at least). An order
is split over a node's links by the inverse of 1 + price + a tenth of the lead time.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from gym_invmgmt_state import State
from numpy.typing import NDArray


class BaseStock:
    """Every node alone."""

    def __init__(self, state: State) -> None:
        self.state = state
        graph = state.env.graph
        self.holding = {node: graph.nodes[node]["h"] for node in state.nodes}
        self.lead = {node: max(state.links[index].lead for index in state.links_into(node)) for node in state.nodes}
        self.quantile = {node: NormalDist().inv_cdf(self._ratio(node)) for node in state.nodes}

    def _ratio(self, node: int) -> float:
        edges, state = self.state.env.graph.edges, self.state
        after = [edges[node, other] for other in state.env.graph.successors(node)]
        if node in state.retailers:
            short = max(edge.get("b", 0.0) for edge in after)
        else:
            cheapest = min(state.links[index].price for index in state.links_into(node))
            short = max(max(edge["p"] for edge in after) - cheapest, 0.5)
        return float(short / (short + self.charge(node)))

    def charge(self, node: int) -> float:
        """Holding of a unit for a period."""
        return float(self.holding[node])

    def window(self, node: int) -> int:
        """Periods until an order placed now can be sold."""
        return self.lead[node]

    def counted(self, node: int) -> list[int]:
        """The nodes whose stock counts."""
        return [node]

    def orders(self) -> NDArray[np.float64]:
        """What to order now, by link."""
        state = self.state
        found = np.zeros(len(state.links))
        for node in state.nodes:
            mean = state.means(self.window(node) + 1).sum()
            level = max(mean + self.quantile[node] * np.sqrt(mean), 0.0)
            missing = max(level - sum(state.position(one) for one in self.counted(node)), 0.0)
            links = state.links_into(node)
            weight = np.array(
                [1.0 / (1.0 + state.links[index].price + 0.1 * state.links[index].lead) for index in links]
            )
            found[links] = missing * weight / weight.sum()
        return state.action(found)


class Echelon(BaseStock):
    """Every node with all that it feeds."""

    def charge(self, node: int) -> float:
        """Holding beyond what the next nodes' takes."""
        return float(max(self.holding[node] - sum(self.holding[other] for other in self.state.fed_by(node)), 0.01))

    def window(self, node: int) -> int:
        """Lead time, and the longest way on."""
        return self.lead[node] + self._way(node)

    def counted(self, node: int) -> list[int]:
        """The node and all below it."""
        below = {node}
        for other in self.state.fed_by(node):
            below |= set(self.counted(other))
        return sorted(below)

    def _way(self, node: int) -> int:
        return max((link.lead + self._way(link.node) for link in self.state.links if link.source == node), default=0)
