"""Which worker takes which block in a round, and the results in block order whatever becomes ready first."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Hashable, Iterator
from typing import Any, NamedTuple

from meio.blocks.executors.protocol import BlockFailure

LEFT_IN_PEACE = 2  # so few waiting blocks are not taken from the worker that may have kept their problems


class _Again(NamedTuple):
    """A block to try once more."""

    block: int
    failed_on: Hashable


class Round:
    """One task for every block.

    A worker takes the blocks it has worked on before, for it may have kept their problems; then those of nobody or of
    workers that are gone; then one of a worker that is far behind.

    Parameters
    ----------
    num_blocks : int
        Blocks are 0 … num_blocks − 1.
    homes : dict
        The worker that last worked on a block, by block; kept up to date, for the next round.
    """

    def __init__(self, num_blocks: int, homes: dict[int, Hashable]) -> None:
        self._num_blocks, self._homes = num_blocks, homes
        self._waiting: dict[Hashable, deque[int]] = {}
        for index in range(num_blocks):
            self._waiting.setdefault(homes.get(index), deque()).append(index)
        self._again: list[_Again] = []
        self._tried_again: set[int] = set()
        self._answers: dict[int, Any] = {}
        self._num_yielded = 0

    @property
    def finished(self) -> bool:
        """Whether every result was yielded."""
        return self._num_yielded == self._num_blocks

    def take(self, worker: Hashable, workers: Collection[Hashable]) -> int | None:
        """Return the block that a worker is to work on next, if there is one for it among the living `workers`."""
        index = self._to_try_again(worker, workers)
        if index is None:
            index = self._waiting_for(worker, workers)
        if index is not None:
            self._homes[index] = worker
        return index

    def answer(self, index: int, answer: Any, worker: Hashable) -> None:
        """Take the result of a block; a first failure puts it among those to try again."""
        if isinstance(answer, BlockFailure) and index not in self._tried_again:
            self._tried_again.add(index)
            self._again.append(_Again(index, worker))
        else:
            self._answers[index] = answer

    def give_back(self, index: int) -> None:
        """Have a block that nobody began worked on by someone else."""
        self._waiting.setdefault(None, deque()).appendleft(index)

    def ready(self) -> Iterator[Any]:
        """Results that are next in block order."""
        while self._num_yielded in self._answers:
            answer = self._answers.pop(self._num_yielded)
            self._num_yielded += 1
            yield answer

    def _to_try_again(self, worker: Hashable, workers: Collection[Hashable]) -> int | None:
        for place, (block, failed_on) in enumerate(self._again):
            if failed_on != worker or len(workers) == 1:
                del self._again[place]
                return block
        return None

    def _waiting_for(self, worker: Hashable, workers: Collection[Hashable]) -> int | None:
        living = set(workers)
        free = (home for home in self._waiting if home not in living)
        for home in (worker, *free):
            if self._waiting.get(home):
                return self._waiting[home].popleft()
        longest = max(self._waiting.values(), key=len)
        return longest.pop() if len(longest) > LEFT_IN_PEACE else None
