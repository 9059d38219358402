"""What is told of a plan in blocks while it is made."""

from __future__ import annotations

from collections.abc import Callable

from meio.blocks.sample import MOST_CLIMBED, MOST_MIXED
from meio.optimizer.stopping import Progress


class Telling:
    """What is told of progress: the step, and how many blocks of its round are done."""

    def __init__(self, num_blocks: int, progress: Callable[[str, int, int], None] | None) -> None:
        self.step = "all products"
        self._num_blocks, self._progress = num_blocks, progress

    def blocks(self, done: int) -> None:
        """Of the present step, so many blocks are done."""
        if self._progress is not None:
            self._progress(self.step, done, self._num_blocks)

    def sampled(self, now: Progress) -> None:
        """Where the search on the sample stands."""
        if self._progress is not None:
            self._progress(f"sample: gap {max(now.dual_gap, 0.0):.2%}", now.iteration, MOST_CLIMBED + MOST_MIXED)

    def excess(self, most: float) -> None:
        """What all products exceed capacities by at the last prices."""
        self.step = f"all products: {most:.1%} over at most"
