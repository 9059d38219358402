"""Dual ascent: the capacity prices at which the products' own best choices respect the shared capacities.

Evaluations are dear, prices are many, and the dual is smooth where demand is large and kinked where it is small. A
proximal bundle whose metric is Newton's curvature climbs most of the way in about ten evaluations. From where its
planes stop helping, damped Newton steps go on: they keep every price moving around its best value, which is what the
average over the last evaluations, the plan before repair, needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import pandas as pd

from meio.network.compiled import Floats
from meio.optimizer.bundle import Bundle
from meio.optimizer.evaluation import Answer
from meio.optimizer.newton import adapted, excess_use, stepped
from meio.optimizer.prices import Capacities, average_of, fields, flat, no_prices, unflat, violation
from meio.optimizer.stopping import Progress, StopRule
from meio.plans import CapacityPrices

FIRST_DAMPING = 0.2
AVERAGED = 8  # evaluations whose average is the plan before repair


A = TypeVar("A", bound=Answer)
A_co = TypeVar("A_co", bound=Answer, covariant=True)


class Dual(Protocol[A_co]):
    """What is maximised: `meio.optimizer.evaluation.Evaluator`, or anything that answers like it."""

    @property
    def shared(self) -> Capacities:
        """The capacities that the prices are for."""

    @property
    def free_capacity(self) -> Floats:
        """What a unit of each price pays back over the horizon, [resource]; inf: no limit."""

    def __call__(self, prices: CapacityPrices) -> A_co:
        """Cost, use and dual value at these prices."""

    def scale(self) -> CapacityPrices:
        """Prices as large as the costs they add to."""

    def newton_direction(self, current: Answer) -> CapacityPrices:
        """Projected Newton step from an evaluation."""

    def curvature(self, current: Answer) -> Floats:
        """How fast each resource's use over the horizon falls when its own price rises, [resource]."""


class Ascent(NamedTuple, Generic[A]):
    """Where dual ascent ended."""

    recent: list[A]
    """The last evaluations, whose average is nearly feasible and nearly optimal."""
    highest_dual_value: float
    best_prices: CapacityPrices
    """Those of the highest dual value."""
    convergence: pd.DataFrame
    """One row an evaluation: iteration, dual_value, planned_cost, dual_gap, violation."""
    interrupted: bool = False
    """Whether someone stopped it after at least one evaluation."""


def dual_ascent(
    evaluate: Dual[A],
    stop: StopRule,
    on_iteration: Callable[[Progress], None] | None = None,
    start: CapacityPrices | None = None,
) -> Ascent[A]:
    """Move prices from `start` (zero when left out) until use meets capacity and the stop rule is met.

    Raises
    ------
    KeyboardInterrupt
        When someone stops it before the first evaluation is done; later it ends with what it has.
    """
    began = time.perf_counter()
    limit = evaluate.shared.limit
    best_prices = prices = no_prices(limit) if start is None else _where_limited(start, limit)
    search = _Search(evaluate)
    recent: list[A] = []
    rows: list[dict[str, float]] = []
    highest = -np.inf
    stopped = interrupted = False
    while not stopped:
        try:
            current = evaluate(prices)
            recent = [*recent, current][-AVERAGED:]
            if current.dual_value > highest:
                highest, best_prices = current.dual_value, prices
            rows.append(_row(len(rows) + 1, recent, highest, limit))
            seconds = time.perf_counter() - began
            progress = Progress(len(rows), rows[-1]["dual_gap"], rows[-1]["violation"], seconds)
            if on_iteration is not None:
                on_iteration(progress)
            stopped = stop(progress)
            prices = prices if stopped else search.next(current)
        except KeyboardInterrupt:
            if not rows:
                raise
            stopped = interrupted = True
    return Ascent(recent, highest, best_prices, pd.DataFrame(rows), interrupted)


def _where_limited(prices: CapacityPrices, limit: CapacityPrices) -> CapacityPrices:
    """Prices without those of unlimited capacities."""
    parts = zip(fields(prices), fields(limit), strict=True)
    return CapacityPrices(*(np.where(np.isfinite(capacity), price, 0.0) for price, capacity in parts))


class _Search:
    """Chooses the next prices: by planes while they help, then by damped Newton steps from the best ones."""

    def __init__(self, evaluate: Dual[Answer]) -> None:
        self._evaluate = evaluate
        self._limit = evaluate.shared.limit
        self._trust = evaluate.scale()
        self._bundle: Bundle | None = Bundle(evaluate.free_capacity, flat(self._trust))
        self._damping = CapacityPrices(*(np.full_like(array, FIRST_DAMPING) for array in fields(self._limit)))
        self._before: Answer | None = None
        self._centre: Answer | None = None

    def next(self, current: Answer) -> CapacityPrices:
        """Return the prices to ask about next."""
        if self._bundle is not None:
            prices = flat(current.prices)
            proposed = self._bundle.next(prices, current.dual_value, current.groups, self._evaluate.curvature(current))
            if self._centre is None or np.array_equal(self._bundle.centre, prices):
                self._centre = current
            if proposed is not None:
                return unflat(proposed, self._limit)
            self._bundle = None
            return self._newton_step(self._centre)
        return self._newton_step(current)

    def _newton_step(self, current: Answer) -> CapacityPrices:
        if self._before is not None:
            excesses = (excess_use(part.use, self._limit) for part in (self._before, current))
            self._damping = adapted(self._damping, *excesses)
        self._before = current
        return stepped(current, self._evaluate.newton_direction(current), self._damping, self._trust, self._limit)


def _row(iteration: int, recent: Sequence[Answer], highest: float, limit: CapacityPrices) -> dict[str, float]:
    planned_cost = float(np.mean([evaluation.cost for evaluation in recent]))
    return {
        "iteration": iteration,
        "dual_value": recent[-1].dual_value,
        "planned_cost": planned_cost,
        "dual_gap": (planned_cost - highest) / max(abs(planned_cost), 1e-12),
        "violation": violation(average_of([evaluation.use for evaluation in recent]), limit),
    }
