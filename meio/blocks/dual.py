"""The dual of a catalogue, or of a sample of it: every round asks all blocks, and keeps sums only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import numpy as np

from meio.blocks.answers import answer_block, open_block, summed_reckoning, summed_weights
from meio.blocks.executors.protocol import BlockFailure, Executor
from meio.blocks.problem import Problem
from meio.network.compiled import Floats
from meio.optimizer.evaluation import Answer, Setting
from meio.optimizer.newton import newton_direction, own_response, trust_scale
from meio.optimizer.prices import Capacities, flat, no_prices
from meio.plans import CapacityPrices

A = TypeVar("A")
R = TypeVar("R")


class BlocksLostError(Exception):
    """Some blocks failed for good: sums do not hold their products."""

    def __init__(self, lost: dict[int, str]) -> None:
        index = next(iter(lost))
        super().__init__(f"{len(lost)} blocks failed, the first of them block {index}: {lost[index]}")


class Blocks:
    """The blocks that can be asked.

    Parameters
    ----------
    executor : Executor
        Open, with the blocks' problems.
    num_blocks : int
    tell : callable
        Told how many blocks of a round are done.
    """

    def __init__(self, executor: Executor, num_blocks: int, tell: Callable[[int], None]) -> None:
        self._executor, self._num_blocks, self._tell = executor, num_blocks, tell
        self.lost: dict[int, str] = {}

    @property
    def left(self) -> list[int]:
        """Blocks that are not lost, in order."""
        return [index for index in range(self._num_blocks) if index not in self.lost]

    def each(self, task: Callable[[Problem, A], R], argument: A) -> Iterator[tuple[int, R]]:
        """Blocks and their results, in order; those that fail are lost from now on."""
        for index, result in enumerate(self._executor.map(task, argument)):
            self._tell(index + 1)
            if index in self.lost:
                continue
            if isinstance(result, BlockFailure):
                self.lost[index] = result.error
            else:
                yield index, result

    def ask(self, task: Callable[[Problem, A], R], argument: A) -> list[R]:
        """Results in the order of the blocks that are left.

        Raises
        ------
        BlocksLostError
            When this round lost some.
        """
        before = len(self.lost)
        results = [result for _, result in self.each(task, argument)]
        if len(self.lost) > before:
            raise BlocksLostError(self.lost)
        return results


class BlockDual:
    """Answers prices for all blocks, as `meio.optimizer.evaluation.Evaluator` does for a scenario.

    Parameters
    ----------
    blocks : Blocks
    shared : Capacities
    period_days : float
    start : CapacityPrices
        The prices to be asked about first, at which packs are looked at.

    Attributes
    ----------
    answers : list of Answer
        All that were given, in their order.

    Raises
    ------
    BlocksLostError
        When a block fails for the first time, here or in a round.
    """

    def __init__(self, blocks: Blocks, shared: Capacities, period_days: float, start: CapacityPrices) -> None:
        self._blocks, self.shared = blocks, shared
        openings = blocks.ask(open_block, start)
        self._weights = summed_weights([opening.weights for opening in openings])
        packs = np.sum([opening.fixed_storage for opening in openings], axis=0)
        self.setting = Setting(shared, replace(no_prices(shared.limit), storage=packs), period_days)
        self.answers: list[Answer] = []
        self._first: Answer | None = self.setting.answer(start, summed_reckoning([one.answer for one in openings]))

    @property
    def free_capacity(self) -> Floats:
        """As `Setting.free_capacity`."""
        return self.setting.free_capacity

    def scale(self) -> CapacityPrices:
        """Prices as large as the costs they add to."""
        return trust_scale(self._weights, self.shared.limit, self.setting.period_days)

    def newton_direction(self, current: Answer) -> CapacityPrices:
        """Projected Newton step from an answer."""
        return newton_direction(current, self.shared, self.setting.period_days)

    def curvature(self, current: Answer) -> Floats:
        """How fast each resource's use over the horizon falls when its own price rises, [resource]."""
        days = self.setting.period_days
        return days * own_response(current, self.shared, days)

    def __call__(self, prices: CapacityPrices) -> Answer:
        """Ask all blocks."""
        answer, self._first = self._first, None
        if answer is None or not np.array_equal(flat(prices), flat(answer.prices)):
            answer = self.setting.answer(prices, summed_reckoning(self._blocks.ask(answer_block, prices)))
        self.answers.append(answer)
        return answer
