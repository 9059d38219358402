"""temporary"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic

from meio.blocks.executors.protocol import A, BlockFailure, R, T


class SerialExecutor(Generic[T]):
    def __init__(self, keep: bool = False) -> None:
        self.kept: dict[int, Any] | None = {} if keep else None

    def open(self, load: Callable[[int], T], num_blocks: int) -> None:
        self.load, self.num = load, num_blocks

    def _get(self, index: int) -> Any:
        if self.kept is None:
            return self.load(index)
        if index not in self.kept:
            self.kept[index] = self.load(index)
        return self.kept[index]

    def map(self, task: Callable[[T, A], R], argument: A) -> Iterator[R | BlockFailure]:
        for index in range(self.num):
            try:
                yield task(self._get(index), argument)
            except Exception as error:
                yield BlockFailure(index, f"{type(error).__name__}: {error}")

    def close(self) -> None:
        pass
