"""Problems and tasks of blocks for tests of executors: importable by worker processes."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

NUM_BLOCKS = 7
PRICES = np.linspace(0.1, 2.3, 11)


@dataclass(frozen=True)
class Load:
    """Makes a problem that cannot be pickled; writes down each time it is made, where anyone can count."""

    diary: Path
    fails_at: int | None = None

    def __call__(self, index: int) -> dict[str, Any]:
        with self.diary.open("a") as diary:
            diary.write(f"{index} {os.getpid()}\n")
        if index == self.fails_at:
            raise ValueError(f"block {index} is broken")
        values = np.random.default_rng(index).normal(size=(1000, len(PRICES)))
        return {"index": index, "values": values, "unpicklable": lambda: None}

    def times(self) -> list[int]:
        """Blocks in the order in which they were made."""
        lines = self.diary.read_text().splitlines() if self.diary.exists() else []
        return [int(line.split()[0]) for line in lines]


class LoadThatKills(Load):
    """Cannot reach another process: whoever takes it up is killed."""

    def __reduce__(self) -> tuple[Any, ...]:
        return killed, (self.diary,)


def killed(diary: Path) -> None:
    with diary.open("a") as file:
        file.write("killed\n")
    os.kill(os.getpid(), signal.SIGKILL)


def dot(problem: dict[str, Any], prices: np.ndarray) -> tuple[int, np.ndarray]:
    """Sums that depend on the order of their terms."""
    return problem["index"], np.cumsum(problem["values"] * prices, axis=0)[-1]


def dot_first_late(problem: dict[str, Any], prices: np.ndarray) -> tuple[int, np.ndarray]:
    """Ends later the earlier the block."""
    time.sleep(0.03 * (NUM_BLOCKS - problem["index"]))
    return dot(problem, prices)


def dot_refused(problem: dict[str, Any], refused: int) -> int:
    if problem["index"] == refused:
        raise ZeroDivisionError("nothing to share")
    return problem["index"]


def dot_without_memory(problem: dict[str, Any], refused: int) -> int:
    if problem["index"] == refused:
        raise MemoryError("too large")
    return problem["index"]


def dot_failing_once(problem: dict[str, Any], marker: Path) -> tuple[int, np.ndarray]:
    if problem["index"] == 3 and not marker.exists():
        marker.touch()
        raise OSError("a passing trouble")
    return dot(problem, PRICES)


def dot_killed_once(problem: dict[str, Any], marker: Path) -> tuple[int, np.ndarray]:
    """One worker is killed by its process id while it works on a block."""
    if problem["index"] == 3 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return dot(problem, PRICES)


def dot_killed_always(problem: dict[str, Any], killing: int) -> int:
    if problem["index"] == killing:
        os.kill(os.getpid(), signal.SIGKILL)
    return problem["index"]


def process(_: dict[str, Any], __: None) -> tuple[int, str | None]:
    """Process and Numba threads that a block is worked on with."""
    return os.getpid(), os.environ.get("NUMBA_NUM_THREADS")


def expected() -> list[tuple[int, np.ndarray]]:
    """What every executor must answer to `dot` at `PRICES`, worked out without one."""
    answers = []
    for index in range(NUM_BLOCKS):
        total = np.zeros(len(PRICES))
        for row in np.random.default_rng(index).normal(size=(1000, len(PRICES))):
            total = total + row * PRICES
        answers.append((index, total))
    return answers


def assert_same(answers: list[Any], wanted: list[tuple[int, np.ndarray]]):
    assert [index for index, _ in answers] == [index for index, _ in wanted]
    for (_, found), (_, right) in zip(answers, wanted, strict=True):
        np.testing.assert_array_equal(found, right)


def work_long(problem: dict[str, Any], seconds: float) -> int:
    """Compute without a pause, as a kernel does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        np.sort(problem["values"], axis=0)
    return problem["index"]
