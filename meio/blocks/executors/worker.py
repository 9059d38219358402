"""A process that works on blocks, and how to talk with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from meio.blocks.executors.keeper import Keeper
from meio.blocks.executors.protocol import Argument, BlockFailure, ExecutorLost, Result

ONE_THREAD = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Environment of a process that works on one block at a time, beside others."""
MOST_STARTS = 3
"""How often a process may be killed while it starts."""


class Worker:
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
        self._starts = 0
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
        self._starts += 1
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
        self.index, self.ready, self._starts = None, True, 0
        return index, answer

    def _end_of_process(self) -> str:
        """How the process ended; it may be killed while it starts, but not again and again."""
        self._process.join()
        code = self._process.exitcode or 0
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        if not self.ready and (code >= 0 or self._starts == MOST_STARTS):
            raise ExecutorLost(
                f"a worker process {how} while it started; the reason stands above. A program that starts worker "
                "processes must keep its own work below: if __name__ == '__main__':"
            )
        memory = "; was there enough memory?" if code == -signal.SIGKILL else ""
        return f"the process that worked on the block {how}{memory}"

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
