"""A planner that keeps a scenario's plan up to date: what changed is planned again in a small part of the time."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from meio.network.changes import Changes, changed
from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.network.model import Scenario
from meio.optimizer.planner import solved
from meio.optimizer.standing import Standing, replanned, standing_of
from meio.optimizer.stopping import Progress
from meio.plans import CapacityPrices, Plan
from meio.refinement.refine import refined
from meio.refinement.renewal import renewed


class Drift(NamedTuple):
    """How far replans have led away from the last full plan."""

    gap: float
    """Growth of the dual gap: what a full plan could save at most inside the model, beyond what the last one left."""
    price: float
    """What the products planned last pay for capacity more or less than at the network's prices, share of their cost"""
    products: float
    """Share of products planned at other prices than the network's"""


class Planner:
    """Holds a scenario with its plan, and changes a part of it in a small part of the time of a plan.

    Parameters
    ----------
    scenario : Scenario
        As `meio.load` returns it.
    workers : int, optional
        Threads; as many as the machine has cores when left out. Plans do not depend on it.

    Attributes
    ----------
    scenario : Scenario
        With all changes so far: what `meio.simulate` needs beside the plan.
    """

    def __init__(self, scenario: Scenario, *, workers: int | None = None) -> None:
        self.scenario = scenario
        self._workers = workers or os.cpu_count() or 1
        self._compiled: CompiledScenario | None = None
        self._standing: Standing | None = None
        self._plan: Plan | None = None

    @property
    def compiled(self) -> CompiledScenario:
        """The scenario as arrays, with all changes so far."""
        if self._compiled is None:
            self._compiled = compile_scenario(self.scenario)
        return self._compiled

    @property
    def drift(self) -> Drift:
        """How far replans have led away from the last full plan: when to call `plan` again."""
        standing = self._standing
        if standing is None:
            return Drift(0.0, 0.0, 0.0)
        grown = standing.plan.dual_gap - standing.full_gap if standing.price_idx.any() else 0.0
        return Drift(grown, standing.extra_paid, float(np.mean(standing.price_idx > 0)))

    def plan(self, progress: Callable[[Progress], None] | None = None) -> Plan:
        """Plan every product, prices from zero: the plan of `meio.plan` for the scenario as it now is."""
        return self._plan_in_full(self.scenario, None, progress)

    def replan(self, changes: Changes) -> Plan:
        """Make changes and plan what they concern.

        - Products (demand, cost, price, volume, supply…) are planned alone, from the network's prices on, within the
          capacity that all others leave, and refined at the refined prices; the others keep their targets bit for bit.
          `Plan.prices` stay those of the last full plan; what the changed products pay more or less shows in `drift`.
        - A capacity changes every product: all are planned, from the present prices on.
        - Stock and open orders leave the targets as they are; they decide what to order now.

        Without a plan yet, the changed scenario is planned in full.

        Returns
        -------
        Plan
            Its `dual_value` is that of the changed scenario at prices of the last full plan, so that its
            `dual_gap` still says what any other plan could save inside the model. `iterations`, `seconds` and
            `convergence` are those of the replan.

        Raises
        ------
        ScenarioError
            With every problem of the changes; the planner is then as before.
        """
        after, standing, plan = changed(self.scenario, changes), self._standing, self._plan
        if standing is None or plan is None or changes.capacity_scale:
            return self._plan_in_full(after, standing.plan.prices if standing else None)
        if names := changes.products(stock=False):
            standing = replanned(standing, self.scenario, after, names, self._workers)
            plan = renewed(plan, standing.plan, self.scenario, after, names, self._workers)
        self.scenario, self._compiled, self._standing, self._plan = after, None, standing, plan
        return plan

    def _plan_in_full(
        self, scenario: Scenario, start: CapacityPrices | None, progress: Callable[[Progress], None] | None = None
    ) -> Plan:
        compiled = self.compiled if scenario is self.scenario else compile_scenario(scenario)
        made = solved(compiled, scenario.file.planning, workers=self._workers, progress=progress, start=start)
        rounds, policy = scenario.file.planning.refinement_rounds, scenario.file.simulation.policy
        better = refined(compiled, made.plan, rounds, policy=policy, workers=self._workers)
        self.scenario, self._compiled, self._standing, self._plan = scenario, compiled, standing_of(made), better
        return better
