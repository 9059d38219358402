"""The problems of blocks in one process: kept while they fit into memory, made again otherwise."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from meio.blocks.executors.protocol import Argument, BlockFailure, Result, described

_MEMORY_OF_PROCESS = Path("/proc/self/statm")


class Keeper:
    """Makes problems and calls tasks on them, in the process it lives in.

    Blocks are asked for in the same order again and again. So the first ones that fit are kept and none is ever thrown
    out for another, which would be thrown out itself before it is asked for again. A copy for another process begins
    empty.

    Parameters
    ----------
    load : callable
        Makes the problem of a block.
    memory_mb : float
        A problem is kept when the process holds no more than this once it is made. So a process holds at most this, a
        problem and what its task needs.
    """

    def __init__(self, load: Callable[[int], Any], memory_mb: float) -> None:
        self._load, self._memory_mb = load, memory_mb
        self._kept: dict[int, Any] = {}

    def __reduce__(self) -> tuple[type[Keeper], tuple[Callable[[int], Any], float]]:
        return Keeper, (self._load, self._memory_mb)

    def answer(self, index: int, task: Callable[[Any, Argument], Result], argument: Argument) -> Result | BlockFailure:
        """Call a task on the problem of a block; what it raises becomes a `BlockFailure`."""
        try:
            return task(self._problem(index), argument)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a block, the others go on
            self._kept.pop(index, None)
            if isinstance(error, MemoryError):
                self._kept.clear()
            return BlockFailure(index, described(error))

    def _problem(self, index: int) -> Any:
        if index in self._kept:
            return self._kept[index]
        problem = self._load(index)
        if resident_mb() <= self._memory_mb:
            self._kept[index] = problem
        return problem


def resident_mb() -> float:
    """Return the memory this process holds now, MB; inf where the system does not say."""
    try:
        pages = int(_MEMORY_OF_PROCESS.read_text("ascii").split()[1])
    except OSError:
        return math.inf
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
