"""A bundle method for kinked duals: cutting planes by blocks of products, smoothed towards the best prices so far.

Every answer of a block is a cut: at no prices does the block cost more than that answer does. A small linear program
finds the prices that the cuts think best; its dual weighs the answers into a primal solution that respects every
capacity. HiGHS solves it, warm from the time before. Its prices swing widely, so the next ones tried lie between them
and the best so far, nearer to whichever side the last slope points to.

References
----------
Dantzig and Wolfe 1960; Wentges 1997 (smoothing); Pessoa, Sadykov, Uchoa and Vanderbeck 2018 (its weight).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import highspy
import numpy as np

from meio.network.compiled import Bools, Floats

FIRST_WEIGHT = 0.8  # of the best prices so far in the next ones
COLD_REACH = 0.2  # how far prices may be from the start, in shares of the first dual value that a capacity may claim
_NO_SLOPE = 1e-9  # relative to the capacity


class BlockAnswer(Protocol):
    """What blocks of products answer to prices."""

    @property
    def cost(self) -> Floats:
        """Cost without prices, [block]."""

    @property
    def use(self) -> Floats:
        """Use, [block, resource]."""


class Oracle(Protocol):
    """Blocks that answer prices with their least priced cost."""

    @property
    def limit(self) -> Floats:
        """Capacity, [resource]."""

    def __call__(self, prices: Floats) -> BlockAnswer:
        """Answer prices [resource], none negative."""


class Round(NamedTuple):
    """Where the method stands after an evaluation."""

    iteration: int
    dual_value: float
    highest: float
    """The highest dual value so far."""
    primal_cost: float
    """Cost of the weighed answers: no dual value is higher; infinite while prices are held near the start."""

    @property
    def gap(self) -> float:
        """How far the cost of the weighed answers lies above the highest dual value, relative to the cost."""
        if np.isinf(self.primal_cost):
            return np.inf
        return (self.primal_cost - self.highest) / max(abs(self.primal_cost), 1e-12)


class Ascent(NamedTuple):
    """Where the method ended."""

    prices: Floats
    """[resource]: those of the highest dual value."""
    answers: Sequence[BlockAnswer]
    weights: Floats
    """[answer, block]: how much of each answer makes the primal solution; sums to 1 over the answers."""
    rounds: list[Round]


def ascend(
    oracle: Oracle,
    target_gap: float,
    max_iterations: int,
    start: Floats | None = None,
    reach: float = COLD_REACH,
    on_round: Callable[[Round], None] | None = None,
) -> Ascent:
    """Raise the dual value Σ least priced cost − prices · capacity until the gap to a primal solution is small.

    Parameters
    ----------
    oracle : Oracle
    target_gap : float
        Relative, between the cost of the weighed answers and the highest dual value.
    max_iterations : int
        Evaluations, at least 1.
    start : array [resource], optional
        Prices to start from; zero when left out.
    reach : float
        How far from the start the prices are expected: by what share of the first dual value a price times its
        capacity may change. Prices held back get twice the room when the value still rises, or the cuts
        hope for no more.
    on_round : callable, optional
        Called after each evaluation.
    """
    prices = np.zeros(len(oracle.limit)) if start is None else start
    best = expected = prices
    weight, highest = FIRST_WEIGHT, -np.inf
    answers: list[BlockAnswer] = []
    rounds: list[Round] = []
    master, radius = _Master(oracle.limit), np.zeros(len(prices))
    while True:
        answer = oracle(prices)
        answers.append(answer)
        excess = answer.use.sum(axis=0) - oracle.limit
        value = float(answer.cost.sum() + excess @ prices)
        rises = float(excess @ (expected - best)) > 0.0  # the dual value, on towards the expected prices
        weight = max(0.0, weight - 0.1) if rises else weight + 0.1 * (1.0 - weight)
        if value > highest:
            best, highest = prices, value
        master.add(answer)
        if not rounds:
            radius = reach * abs(value) / np.maximum(oracle.limit, 1e-9)
        expected, expected_value, held = master.solve(best, radius)
        if rises or expected_value - highest <= target_gap * abs(highest):
            radius = np.where(held, 2.0 * radius, radius)
        primal_cost = np.inf if held.any() else expected_value
        rounds.append(Round(len(rounds) + 1, value, highest, primal_cost))
        if on_round is not None:
            on_round(rounds[-1])
        if rounds[-1].gap <= target_gap or len(rounds) >= max_iterations:
            return Ascent(best, answers, master.weights(), rounds)
        prices = weight * best + (1.0 - weight) * expected


class _Master:
    """The linear program over all cuts: maximise Σ block values − prices · capacity."""

    def __init__(self, limit: Floats) -> None:
        self.limit = limit
        self.num_blocks = 0
        self.highs = highspy.Highs()  # type: ignore[no-untyped-call]
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        self.highs.changeObjectiveSense(highspy.ObjSense.kMaximize)

    def add(self, answer: BlockAnswer) -> None:
        """Add the cuts of an answer: block value − prices · use ≤ cost."""
        num_resources, infinite = len(self.limit), highspy.kHighsInf
        if not self.num_blocks:
            self.num_blocks = len(answer.cost)
            for cost, low in [*((-limit, 0.0) for limit in self.limit), *((1.0, -infinite) for _ in answer.cost)]:
                self.highs.addCol(cost, low, infinite, 0, [], [])
        for block, cost in enumerate(answer.cost):
            used = np.flatnonzero(answer.use[block])
            columns = np.append(used, num_resources + block).astype(np.int32)
            values = np.append(-answer.use[block, used], 1.0)
            self.highs.addRow(-infinite, cost, len(columns), columns, values)

    def solve(self, centre: Floats, radius: Floats) -> tuple[Floats, float, Bools]:
        """Prices that the cuts think best within a box, the value they expect, and which prices the box holds back."""
        low, high = np.maximum(0.0, centre - radius), centre + radius
        index = np.arange(len(centre), dtype=np.int32)
        self.highs.changeColsBounds(len(index), index, low, high)
        self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            status = self.highs.modelStatusToString(self.highs.getModelStatus())
            raise RuntimeError(f"the bundle's linear program ended as: {status}")
        solution = self.highs.getSolution()
        prices, slope = (np.array(part)[: len(index)] for part in (solution.col_value, solution.col_dual))
        held = (slope > _NO_SLOPE * self.limit) | ((slope < -_NO_SLOPE * self.limit) & (low > 0.0))
        return np.clip(prices, low, high), float(self.highs.getInfo().objective_function_value), held

    def weights(self) -> Floats:
        """Weights of the answers, [answer, block]."""
        dual = np.abs(np.array(self.highs.getSolution().row_dual)).reshape(-1, self.num_blocks)
        return np.asarray(dual / dual.sum(axis=0))
