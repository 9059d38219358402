"""What planning in blocks asks of whoever does the work, and how that may fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

Argument = TypeVar("Argument")
Result = TypeVar("Result")

MEMORY_MB = 1500.0
"""Resident memory up to which a process keeps the problems that it made, MB."""


class ExecutorError(Exception):
    """An executor that cannot do its work; the text says why, and what to do."""


class ExecutorUnavailable(ExecutorError):  # noqa: N818 - says what happened
    """An executor that cannot be started: Dask is missing, or nobody answers at the address."""


class ExecutorLost(ExecutorError):  # noqa: N818 - says what happened
    """An executor that went away during the work; what was computed before is as good as ever."""


@dataclass(frozen=True)
class BlockFailure:
    """A block that could not be worked on, twice.

    Attributes
    ----------
    index : int
        Of the block.
    error : str
        Type and text of what was raised last.
    """

    index: int
    error: str


class Executor(Protocol):
    """Works on blocks; every executor gives the same results, bit by bit.

    A block's problem is large and stays where it was made. What travels is small: the task, its argument, its result.
    """

    def open(self, load: Callable[[int], Any], num_blocks: int) -> None:
        """Get ready to work.

        Parameters
        ----------
        load : callable
            Makes the problem of block ``index``: pure, picklable, called anywhere and as often as needed.
        num_blocks : int
            Blocks are 0 … num_blocks − 1.

        Raises
        ------
        ExecutorUnavailable
            When it cannot be started.
        """

    def map(self, task: Callable[[Any, Argument], Result], argument: Argument) -> Iterator[Result | BlockFailure]:
        """Call ``task(problem, argument)`` once for every block; results come in block order, as they become ready.

        A block whose problem or task fails, or takes its process down, is tried once more, elsewhere if there is an
        elsewhere; then it is answered by a `BlockFailure`, and the others go on.

        Raises
        ------
        ExecutorLost
            When nobody is left to do the work.
        """

    def close(self) -> None:
        """End everything that was started, whatever it is doing; may be called twice."""


def described(error: BaseException) -> str:
    """Type and text of an error."""
    return f"{type(error).__name__}: {error}"
