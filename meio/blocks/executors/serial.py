"""One block after another, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from meio.blocks.executors.keeper import Keeper
from meio.blocks.executors.protocol import MEMORY_MB, Argument, BlockFailure, Result


class SerialExecutor:
    """Works on one block after another; a task may use threads of its own.

    Parameters
    ----------
    memory_mb : float
        Resident memory of this process up to which problems are kept between rounds.
    """

    def __init__(self, *, memory_mb: float = MEMORY_MB) -> None:
        self._memory_mb = memory_mb
        self._keeper: Keeper | None = None
        self._num_blocks = 0

    def open(self, load: Callable[[int], Any], num_blocks: int) -> None:
        """As `Executor.open`; nothing to start."""
        self._keeper, self._num_blocks = Keeper(load, self._memory_mb), num_blocks

    def map(self, task: Callable[[Any, Argument], Result], argument: Argument) -> Iterator[Result | BlockFailure]:
        """As `Executor.map`."""
        if self._keeper is None:
            raise RuntimeError("open the executor first")
        for index in range(self._num_blocks):
            answer = self._keeper.answer(index, task, argument)
            if isinstance(answer, BlockFailure):
                answer = self._keeper.answer(index, task, argument)
            yield answer

    def close(self) -> None:
        """Forget the problems."""
        self._keeper = None
