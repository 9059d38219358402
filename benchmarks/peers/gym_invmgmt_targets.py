"""An agent that follows order-up-to levels planned elsewhere, and lets them fade out at the end of the horizon.

Runs under gym-invmgmt's own Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from gym_invmgmt_state import State


class Targets:
    """Echelon base stock on planned levels.

    The nodes at the same distance from the customers form a stage. A stage and all stages below it are brought up to
    the planned echelon level, or to the taper where that is less: a quantile of all demand that is still to come, at
    the critical ratio of a unit that must be brought to the customers and is worth nothing after the last period. Links
    that cannot bring anything to the customers in time order nothing. The planned source comes first; what it cannot
    ship is asked of the next cheapest.

    Parameters
    ----------
    state : State
    plan : mapping
        ``levels``: [goodwill, stage, period], units; ``goodwill``: the goodwill of each first index; ``source`` by node.
    """

    def __init__(self, state: State, plan: Mapping[str, Any]) -> None:
        self.state, self.plan = state, plan
        self.levels = np.array(plan["levels"])
        (sale,) = state.env.network.retail_links
        edge = state.env.graph.edges[sale]
        self.worth = edge["p"] + edge["b"]
        self.stage = {node: self._stage(node) for node in state.nodes}
        self.way = {node: self._way(node) for node in state.nodes}
        self.links = [self._links(stage) for stage in range(max(self.stage.values()) + 1)]

    def orders(self) -> NDArray[np.float64]:
        """What to order now, by link."""
        state, stock, room = self.state, {}, {}
        for node in state.nodes:
            stock[node] = state.on_hand(node)
            room[node] = float(state.env.graph.nodes[node].get("C", np.inf))
        found = np.zeros(len(state.links))
        for stage, links in enumerate(self.links):
            missing = self.level(stage) - sum(state.position(node) for node in state.nodes if self.stage[node] <= stage)
            for index in links:
                source = state.links[index].source
                free = min(stock.get(source, np.inf), room.get(source, np.inf))
                if missing <= 0.0 or not self._in_time(index):
                    continue
                found[index] = min(missing, free)
                missing -= found[index]
                if source in stock:
                    stock[source] -= found[index]
                    room[source] -= found[index]
        return state.action(found)

    def level(self, stage: int) -> float:
        """What a stage and those below it are brought up to now."""
        period = self.state.period
        goodwill = self.state.env.demand_engine.sentiment
        planned = np.interp(goodwill, self.plan["goodwill"], self.levels[:, stage, period])
        return float(min(planned, self.taper(stage)))

    def taper(self, stage: int) -> float:
        """A quantile of the demand of the periods left."""
        left = self.state.means(self.state.env.num_periods - self.state.period).sum()
        spent = min(self._cost(index) for index in self.links[stage])
        return float(poisson.ppf(1.0 - spent / self.worth, left))

    def _in_time(self, index: int) -> bool:
        link = self.state.links[index]
        return self.state.period + link.lead + self.way[link.node] < self.state.env.num_periods

    def _cost(self, index: int) -> float:
        """Of buying, or making, and moving a unit on a link."""
        link = self.state.links[index]
        bought = link.source in self.state.sources
        paid = link.price if bought else self.state.env.graph.nodes[link.source].get("o", 0.0)
        return float(paid + link.lead * link.on_the_way)

    def _links(self, stage: int) -> list[int]:
        """Links into a stage, the planned first, then by cost."""
        into = [index for index, link in enumerate(self.state.links) if self.stage[link.node] == stage]
        source = self.plan["source"]

        def planned(index: int) -> bool:
            link = self.state.links[index]
            return source.get(str(link.node)) == str(link.source)

        return sorted(into, key=lambda index: (not planned(index), self._cost(index)))

    def _stage(self, node: int) -> int:
        return max((1 + self._stage(other) for other in self.state.fed_by(node)), default=0)

    def _way(self, node: int) -> int:
        """Least periods from a node's shelf to the customers: goods unloaded in a period leave in the next."""
        ways = [link.lead + 1 + self._way(link.node) for link in self.state.links if link.source == node]
        return min(ways, default=0)
