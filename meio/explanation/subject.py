"""The product and node that are asked about, with everything that an answer reads."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.optimizer.evaluation import Evaluator
from meio.optimizer.model import PlanningModel, planning_model
from meio.optimizer.planner import in_whole_units
from meio.optimizer.prices import Capacities, capacities
from meio.optimizer.recovery import pack_excess
from meio.optimizer.selection import of_products
from meio.plans import Plan


class Subject(NamedTuple):
    """One product at one node of a plan."""

    compiled: CompiledScenario
    plan: Plan
    product_idx: int
    node: int
    model: PlanningModel
    """Of this product only."""
    shared: Capacities
    lane: Ints
    """[node]"""
    excess: Floats
    """[node]: units by which packs and minimum orders lift the average position above a target"""
    whole_units: bool

    @property
    def source(self) -> int:
        """The node that supplies it, or the number of nodes when a vendor does."""
        return min(int(self.model.lane_source_idx[self.lane[self.node]]), len(self.lane))

    @property
    def path(self) -> list[int]:
        """The node and those that the product comes through before, the nearest first."""
        places, place = [], self.node
        while place < len(self.lane) and self.lane[place] >= 0:
            places.append(place)
            place = int(self.model.lane_source_idx[self.lane[place]])
        return places

    @property
    def below(self) -> list[int]:
        """Nodes that the product reaches through this one."""
        others = (self._replace(node=node) for node in range(len(self.lane)) if node != self.node)
        return [other.node for other in others if self.node in other.path]

    @property
    def serves_customers(self) -> bool:
        """Whether customers are served from here; else the node feeds others."""
        return bool(self.model.serves_customers[self.node])

    def used_in(self, period: int) -> int:
        """Period whose customers meet the stock that a target brings: one lead time and half a review interval on."""
        lane = self.lane[self.node]
        delay = (self.model.lead_days[lane] + 0.5 * self.model.review_days[lane]) / self.model.period_days
        return min(int(np.floor(period + delay + 0.5)), self.model.num_periods - 1)

    def position(self, period: int) -> Floats:
        """Average position after a review at every node, [node], units."""
        target = self.plan.targets[self.product_idx, :, period]
        return np.where((target > 0) & (self.lane >= 0), target + self.excess, 0.0)


def subject_of(compiled: CompiledScenario, plan: Plan, product_idx: int, node: int) -> Subject:
    """Gather what is known of a product at a node."""
    lane, shared = plan.lane_idx[product_idx], capacities(compiled)
    model = of_products(planning_model(compiled), np.array([product_idx]))
    followed = Evaluator(model, shared, 1).follow(plan.prices, lane[None], plan.targets[product_idx][None])
    flow = np.zeros_like(plan.lane_idx, dtype=np.float64)
    flow[product_idx] = followed.decisions.consumed[0].mean(axis=1)
    return Subject(
        compiled,
        plan,
        product_idx,
        node,
        model,
        shared,
        lane,
        pack_excess(compiled, plan.lane_idx, flow)[product_idx],
        in_whole_units(compiled),
    )
