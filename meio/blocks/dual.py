"""The dual of a catalogue: every round asks all blocks, and keeps sums only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from meio.blocks.answers import (
    CatalogueAnswer,
    answer_block,
    open_block,
    recorded_round,
    round_record,
    summed_weights,
    together,
)
from meio.blocks.executors.protocol import BlockFailure, Executor
from meio.blocks.journal import Journal, Record
from meio.blocks.problem import Problem
from meio.network.compiled import Floats
from meio.optimizer.evaluation import Answer, Setting
from meio.optimizer.newton import PriceWeights, newton_direction, own_response, trust_scale
from meio.optimizer.prices import Capacities, flat, no_prices, unflat
from meio.plans import CapacityPrices

A = TypeVar("A")
R = TypeVar("R")
LOST = "lost"
"""The array of a record that says which blocks failed."""


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
    tell : callable
        Told how many blocks of a round are done.
    """

    def __init__(self, executor: Executor, tell: Callable[[int], None]) -> None:
        self._executor, self._tell = executor, tell
        self.lost: dict[int, str] = {}

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

    def ask(self, task: Callable[[Problem, A], R], argument: A) -> list[R] | None:
        """Results in the order of the blocks that are not lost; None: this round lost some."""
        before = len(self.lost)
        results = [result for _, result in self.each(task, argument)]
        return results if len(self.lost) == before else None


class BlockDual:
    """Answers prices for a catalogue, as `meio.optimizer.evaluation.Evaluator` does for a scenario.

    Parameters
    ----------
    blocks : Blocks
    journal : Journal
        Takes a step for the opening, which answers the prices of the start, and one for every other prices.
    shared : Capacities
    period_days : float
    start : CapacityPrices
        The prices to be asked about first, at which packs are looked at.

    Raises
    ------
    BlocksLostError
        When a block fails for the first time, in the opening or in a round.
    """

    def __init__(
        self, blocks: Blocks, journal: Journal, shared: Capacities, period_days: float, start: CapacityPrices
    ) -> None:
        self._blocks, self._journal, self.shared = blocks, journal, shared
        opening = journal.step(lambda: self._opening(start))
        self._check_lost(opening)
        self._opening_round: Record | None = opening
        self.fixed_storage: Floats = opening["fixed_storage"]
        self._weights = PriceWeights(float(opening["demand"]), float(opening["volume"]), opening["holding"])
        nothing = no_prices(shared.limit)
        fixed = CapacityPrices(self.fixed_storage.sum(axis=0), nothing.inbound, nothing.outbound, nothing.lane)
        self.setting = Setting(shared, fixed, period_days)

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

    def __call__(self, prices: CapacityPrices) -> CatalogueAnswer:
        """Ask all blocks."""
        record, self._opening_round = self._opening_round, None
        if record is None or not np.array_equal(record["prices"], flat(prices)):
            record = self._journal.step(lambda: self._round(prices))
        self._check_lost(record)
        asked = recorded_round(record)
        answer = self.setting.answer(unflat(record["prices"], self.shared.limit), asked.reckoning)
        return CatalogueAnswer(**vars(answer), block_use=asked.block_use)

    def _opening(self, start: CapacityPrices) -> Record:
        openings = self._blocks.ask(open_block, start)
        if openings is None:
            return lost_record(self._blocks.lost)
        weights = summed_weights([opening.weights for opening in openings])
        fixed = np.stack([opening.fixed_storage for opening in openings])
        of_weights = {name: np.asarray(sum_) for name, sum_ in weights._asdict().items()}
        answers = [opening.answer for opening in openings]
        return {**round_record(start, together(answers)), "fixed_storage": fixed, **of_weights}

    def _round(self, prices: CapacityPrices) -> Record:
        answers = self._blocks.ask(answer_block, prices)
        return lost_record(self._blocks.lost) if answers is None else round_record(prices, together(answers))

    def _check_lost(self, record: Record) -> None:
        if LOST in record:
            self._blocks.lost = recorded_losses(record)
            raise BlocksLostError(self._blocks.lost)


def lost_record(lost: dict[int, str]) -> Record:
    """What failed, as arrays."""
    return {LOST: np.array(list(lost)), "errors": np.array(list(lost.values()))}


def recorded_losses(record: Record) -> dict[int, str]:
    """What failed, by block."""
    return dict(zip(record[LOST].tolist(), record["errors"].tolist(), strict=True))
