"""An agent that follows order-up-to levels planned elsewhere, and lets them fade out at the end of the horizon.

Runs under gym-invmgmt's own Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

if TYPE_CHECKING:
    from gym_invmgmt_state import State


TAPERS = ("quantile", "mean", "none")


class Targets:
    """Echelon base stock on planned levels.

    The nodes at the same distance from the customers form a stage. A stage and all stages below it are brought up to
    the planned echelon level, or to the taper where that is less: a quantile of all demand that is still to come, at
    the critical ratio of a unit that must be brought to the customers and is worth nothing after the last period; by
    other rules its mean, or no taper. Links that cannot bring anything to the customers in time order nothing. Besides
    the planned links, those from stocks that the plan does not use may serve until these are empty: the fastest first,
    each up to the level of its own lead time.

    Parameters
    ----------
    state : State
    plan : mapping
        ``levels``: [goodwill, stage, period], units; ``goodwill``: the goodwill of each first index; ``source`` by
        node; ``taper``: one of `TAPERS`; ``spare``: whether stocks that the plan does not use serve at all.
    """

    def __init__(self, state: State, plan: Mapping[str, Any]) -> None:
        self.state, self.plan = state, plan
        self.levels = np.array(plan["levels"])
        (sale,) = state.env.network.retail_links
        edge = state.env.graph.edges[sale]
        self.worth = edge["p"] + edge["b"]
        self.stage = {node: self._stage(node) for node in state.nodes}
        self.way = {node: self._way(node) for node in state.nodes}
        stages = range(max(self.stage.values()) + 1)
        self.links = [self._links(stage) for stage in stages]
        self.reach = [next(self._reach(index) for index in links if self._is_planned(index)) for links in self.links]

    def orders(self) -> NDArray[np.float64]:
        """What to order now, by link."""
        state = self.state
        stock = {node: state.on_hand(node) for node in state.nodes}
        room = {node: float(state.env.graph.nodes[node].get("C", np.inf)) for node in state.nodes}
        position = {node: state.position(node) for node in state.nodes}
        means = state.means(max(state.env.num_periods, *map(self._reach, range(len(state.links)))))
        found = np.zeros(len(state.links))
        for stage, links in enumerate(self.links):
            held = sum(position[node] for node in state.nodes if self.stage[node] <= stage)
            planned, most = self.level(stage), self.taper(stage, means)
            for index in filter(self._in_time, links):
                source = state.links[index].source
                level = min(planned + self.ahead(stage, index, means), most)
                order = min(max(level - held, 0.0), stock.get(source, np.inf), room.get(source, np.inf))
                found[index] = order
                held += order
                if source in stock:
                    stock[source] -= order
                    room[source] -= order
        return state.action(found)

    def level(self, stage: int) -> float:
        """What the plan brings a stage and those below it up to now, at today's goodwill."""
        goodwill = self.state.env.demand_engine.sentiment
        return float(np.interp(goodwill, self.plan["goodwill"], self.levels[:, stage, self.state.period]))

    def ahead(self, stage: int, index: int, means: NDArray[np.float64]) -> float:
        """Mean demand by which a link looks further ahead than the stage's planned one."""
        mine, theirs = self._reach(index), self.reach[stage]
        return float(means[theirs:mine].sum() - means[mine:theirs].sum())

    def taper(self, stage: int, means: NDArray[np.float64]) -> float:
        """What the demand of the periods left allows: a quantile of it, unless the rule is another."""
        left = float(means[: self.state.env.num_periods - self.state.period].sum())
        if self.plan["taper"] != "quantile":
            return left if self.plan["taper"] == "mean" else float(np.inf)
        spent = min(self._cost(index) for index in self.links[stage])
        return float(poisson.ppf(1.0 - spent / self.worth, left))

    def _reach(self, index: int) -> int:
        """Periods of demand that an order on a link looks ahead to."""
        link = self.state.links[index]
        return link.lead + self.way[link.node] + 1

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
        """Links into a stage, the fastest first: the plan's own, and those from stocks that it does not use."""
        into = [index for index, link in enumerate(self.state.links) if self.stage[link.node] == stage]
        spare = self.stage if self.plan["spare"] else {}
        used = [index for index in into if self._is_planned(index) or self.state.links[index].source in spare]
        return sorted(used, key=lambda index: (self._reach(index), not self._is_planned(index)))

    def _is_planned(self, index: int) -> bool:
        link = self.state.links[index]
        return bool(self.plan["source"].get(str(link.node)) == str(link.source))

    def _stage(self, node: int) -> int:
        return max((1 + self._stage(other) for other in self.state.fed_by(node)), default=0)

    def _way(self, node: int) -> int:
        """Least periods from a node's shelf to the customers: goods unloaded in a period leave in the next."""
        ways = [link.lead + 1 + self._way(link.node) for link in self.state.links if link.source == node]
        return min(ways, default=0)
