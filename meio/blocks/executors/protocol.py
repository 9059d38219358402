"""Where blocks are worked on, as the planner sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")
A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True)
class BlockFailure:
    """A block that could not be loaded or worked on, even a second time."""

    index: int
    error: str


class Executor(Protocol[T]):
    """Holds blocks and works on all of them."""

    def open(self, load: Callable[[int], T], num_blocks: int) -> None:
        """Take up the blocks; ``load(index)`` is pure and picklable, and may be called as often as needed, anywhere."""

    def map(self, task: Callable[[T, A], R], argument: A) -> Iterator[R | BlockFailure]:
        """Do a task on every block; yield the results in the order of the blocks."""

    def close(self) -> None:
        """Let go of everything."""
