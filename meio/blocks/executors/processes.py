"""Processes beside this one, on the same machine."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from multiprocessing.connection import wait
from typing import Any

from meio.blocks.executors.dispatch import Round
from meio.blocks.executors.keeper import Keeper
from meio.blocks.executors.protocol import MEMORY_MB, Argument, BlockFailure, Result
from meio.blocks.executors.worker import Worker


class ProcessExecutor:
    """Works on as many blocks at a time as there are processes, each with one thread.

    A process that dies is replaced, and its block worked on again. None of them outlives this process.

    Parameters
    ----------
    workers : int
        Number of processes, ≥ 1; there are never more than blocks.
    memory_mb : float
        Resident memory of a process up to which it keeps problems between rounds.
    """

    def __init__(self, workers: int, *, memory_mb: float = MEMORY_MB) -> None:
        self._num_workers, self._memory_mb = workers, memory_mb
        self._workers: list[Worker] = []
        self._homes: dict[int, Hashable] = {}
        self._keeper: Keeper | None = None
        self._num_blocks = 0

    def open(self, load: Callable[[int], Any], num_blocks: int) -> None:
        """As `Executor.open`; the processes start while this one goes on."""
        self.close()
        self._keeper, self._num_blocks = Keeper(load, self._memory_mb), num_blocks
        self._start()

    def map(self, task: Callable[[Any, Argument], Result], argument: Argument) -> Iterator[Result | BlockFailure]:
        """As `Executor.map`."""
        if not self._workers:
            self._start()
        work = Round(self._num_blocks, self._homes)
        try:
            while not work.finished:
                self._hand_out(work, task, argument)
                self._collect(work)
                yield from work.ready()
        finally:
            if any(worker.index is not None for worker in self._workers):
                self.close()  # nobody waits for these results any more

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        for worker in self._workers:
            worker.end()
        self._workers = []

    def _start(self) -> None:
        if self._keeper is None:
            raise RuntimeError("open the executor first")
        for _ in range(min(self._num_workers, self._num_blocks)):
            self._workers.append(Worker(self._keeper))
        self._homes = {index: index % len(self._workers) for index in range(self._num_blocks)}

    def _hand_out(self, work: Round, task: Callable[[Any, Argument], Result], argument: Argument) -> None:
        slots = range(len(self._workers))
        for slot, worker in enumerate(self._workers):
            if worker.ready and worker.index is None:
                index = work.take(slot, slots)
                if index is not None and not worker.begin(index, task, argument):
                    work.give_back(index)

    def _collect(self, work: Round) -> None:
        heard = wait([worker.connection for worker in self._workers])
        for slot, worker in enumerate(self._workers):
            if worker.connection in heard:
                index, answer = worker.finish()
                if index is not None:
                    work.answer(index, answer, slot)
