"""Processes beside this one, on the same machine."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from threading import Thread
from typing import Any

from meio.blocks.executors.dispatch import Round
from meio.blocks.executors.keeper import Keeper
from meio.blocks.executors.protocol import MEMORY_MB, Argument, BlockFailure, ExecutorLost, Result

ONE_THREAD = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Environment of a process that works on one block at a time, beside others."""


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
        self._workers: list[_Worker] = []
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
            self._workers.append(_Worker(self._keeper))
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


class _Worker:
    """A process, replaced when it dies.

    Attributes
    ----------
    connection : Connection
        To the process.
    index : int or None
        The block it works on.
    ready : bool
        Whether it has started.
    """

    connection: Connection

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._start()

    def _start(self) -> None:
        context = get_context("spawn")  # a fork would copy locks that threads of this process hold
        self.connection, other_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(other_end,), daemon=True)
        with _environment(ONE_THREAD):
            self._process.start()
        other_end.close()  # so that the death of the process ends the connection
        self.index: int | None = None
        self.ready = False
        with suppress(OSError):  # a process that died already is found when it is asked
            self.connection.send(self._keeper)

    def begin(self, index: int, task: Callable[[Any, Argument], Result], argument: Argument) -> bool:
        """Have a block worked on; False when the process turns out to be dead."""
        try:
            self.connection.send((index, task, argument))
        except OSError:
            self.replace()
            return False
        self.index = index
        return True

    def finish(self) -> tuple[int | None, Any]:
        """Take what the process says: the block it worked on, if any, and its answer."""
        index = self.index
        try:
            answer = self.connection.recv()
        except (EOFError, OSError):
            how = self._end_of_process()
            self.replace()
            return index, BlockFailure(-1 if index is None else index, f"WorkerDied: {how}")
        self.index, self.ready = None, True
        return index, answer

    def _end_of_process(self) -> str:
        """How the process ended, which must not be while it started."""
        self._process.join()
        code = self._process.exitcode or 0
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        if not self.ready:
            raise ExecutorLost(
                f"a worker process {how} while it started; a program that starts worker processes must keep its own "
                "work below: if __name__ == '__main__':"
            )
        return f"the process that worked on the block {how}" + (
            "; was there enough memory?" if code == -signal.SIGKILL else ""
        )

    def replace(self) -> None:
        """End the process and start another."""
        self.end()
        self._start()

    def end(self) -> None:
        """End the process; nothing it holds would be missed."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self.connection.close()


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables for a while."""
    former = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(connection: Connection) -> None:
    """Work on blocks until nobody is there to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal; who started us decides
    Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):
        keeper: Keeper = connection.recv()
        connection.send("ready")
        while True:
            index, task, argument = connection.recv()
            connection.send(keeper.answer(index, task, argument))


def _end_with_parent() -> None:
    """Wait for the end of the process that started this one, however it ends, and follow it."""
    parent = parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
