"""The calls of one round that are under way on a Dask cluster."""

from __future__ import annotations

import math
import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

from meio.blocks.executors.dispatch import Round
from meio.blocks.executors.keeper import Keeper
from meio.blocks.executors.protocol import BlockFailure, ExecutorLost, described

LOOK_SECONDS = 1.0
"""How often the cluster is asked who works in it."""
ANSWER_SECONDS = 30.0
"""How long a result may be on its way."""


class Calls:
    """Asks every thread of the cluster about one block at a time.

    So a worker that dies takes no other block down with it, and none waits for a busy worker while another is idle.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    keeper : distributed.Future
        A `Keeper`, of which each worker gets its own.
    task, argument : callable, any
        As of `Executor.map`; the argument travels with every call.
    patience : float
        How long the cluster may be without a worker, seconds.
    """

    def __init__(self, client: Any, keeper: Any, task: Callable[..., Any], argument: Any, patience: float) -> None:
        self._client, self._keeper, self._patience = client, keeper, patience
        self._call = partial(_call, task=task, argument=argument)
        self._under_way: dict[Any, tuple[int, str]] = {}
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._threads: dict[str, int] = {}
        self._looked_at = -math.inf
        self._had_workers_at = time.monotonic()

    def hand_out(self, work: Round) -> None:
        """Have every free thread begin its next block."""
        with losses():
            self._look()
            free = dict(self._threads)
            for _, address in self._under_way.values():
                free[address] = free.get(address, 0) - 1
            for address in self._threads:
                self._begin(work, address, free[address])

    def collect(self, work: Round) -> None:
        """Wait until something is done, though not for long, and take all that is."""
        try:
            done = [self._done.get(timeout=LOOK_SECONDS)]
        except queue.Empty:
            return
        while not self._done.empty():
            done.append(self._done.get())
        with losses():
            for future in done:
                index, address = self._under_way.pop(future)
                if future.status == "error":
                    self._looked_at = -math.inf  # its worker died
                work.answer(index, _answer_of(future, index), address)

    def cancel(self) -> None:
        """Have nobody begin what is not begun."""
        for future in self._under_way:
            future.cancel()

    def _begin(self, work: Round, address: str, most: int) -> None:
        for _ in range(most):
            index = work.take(address, self._threads)
            if index is None:
                return
            future = self._client.submit(
                partial(self._call, index=index),
                self._keeper,
                key=f"block-{index}-{uuid4().hex}",
                workers=[address],
                allow_other_workers=True,  # or the call would wait for a worker that died
            )
            self._under_way[future] = index, address
            future.add_done_callback(self._done.put)

    def _look(self) -> None:
        if self._client.status != "running":
            raise ExecutorLost("the Dask scheduler does not answer any more")
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at, self._threads = now, self._client.nthreads()
        if self._threads:
            self._had_workers_at = now
        elif now - self._had_workers_at > self._patience:
            raise ExecutorLost(f"the Dask cluster has had no worker for {self._patience:.0f} s")


@contextmanager
def losses() -> Iterator[None]:
    """Turn what Dask raises when its scheduler is gone into one error."""
    try:
        yield
    except (CancelledError, OSError, TimeoutError) as error:
        raise ExecutorLost(f"the Dask scheduler does not answer any more ({described(error)})") from error


def _answer_of(future: Any, index: int) -> Any:
    if future.status == "error":  # what the task itself raises comes as an answer; this is its worker's death
        return BlockFailure(index, described(future.exception(timeout=ANSWER_SECONDS)))
    return future.result(timeout=ANSWER_SECONDS)


def _call(keeper: Keeper, *, index: int, task: Callable[..., Any], argument: Any) -> Any:
    """In a worker: work on a block."""
    return keeper.answer(index, task, argument)
