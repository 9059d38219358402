"""A Dask cluster: one that runs already, or one on this machine."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack
from typing import Any

from meio.blocks.executors import dask_cluster
from meio.blocks.executors.dask_calls import Calls, losses
from meio.blocks.executors.dispatch import Round
from meio.blocks.executors.keeper import Keeper
from meio.blocks.executors.protocol import MEMORY_MB, Argument, BlockFailure, ExecutorUnavailable, Result, described


class DaskExecutor:
    """Works on one block at a time for every thread of a Dask cluster.

    Every call is a pure task that carries its argument, so that any worker can do it again. Problems stay in the worker
    that made them, where Dask neither moves them nor writes them to disk.

    Parameters
    ----------
    address : str or None
        Of a scheduler; none: a cluster on this machine, which ends with the executor.
    workers : int or None
        Processes of a cluster on this machine; none: one a core.
    memory_mb : float
        Resident memory of a worker up to which it keeps problems between rounds.
    """

    def __init__(self, address: str | None = None, *, workers: int | None = None, memory_mb: float = MEMORY_MB) -> None:
        self._address, self._num_workers, self._memory_mb = address, workers, memory_mb
        self._opened = ExitStack()
        self._client: Any = None
        self._keeper: Any = None
        self._homes: dict[int, Hashable] = {}
        self._num_blocks = 0

    def open(self, load: Callable[[int], Any], num_blocks: int) -> None:
        """As `Executor.open`."""
        if self._client is None:
            self._client = self._connected()
        with losses():
            self._keeper = self._client.submit(Keeper, load, self._memory_mb, pure=False)
            error = self._keeper.exception(timeout=dask_cluster.WORKER_SECONDS)
        if error is not None:
            raise ExecutorUnavailable(
                f"a Dask worker cannot run meio ({described(error)}); the scheduler and its workers need the same "
                "packages as this process, and the same files"
            )
        self._homes, self._num_blocks = {}, num_blocks

    def map(self, task: Callable[[Any, Argument], Result], argument: Argument) -> Iterator[Result | BlockFailure]:
        """As `Executor.map`."""
        work = Round(self._num_blocks, self._homes)
        calls = Calls(self._client, self._keeper, task, argument, dask_cluster.WORKER_SECONDS)
        try:
            while not work.finished:
                calls.hand_out(work)
                calls.collect(work)
                yield from work.ready()
        finally:
            calls.cancel()

    def close(self) -> None:
        """Leave the cluster; end it if it was started here."""
        self._client = self._keeper = None
        self._opened.close()

    def _connected(self) -> Any:
        self._opened.enter_context(dask_cluster.quiet())
        cluster = None
        if self._address is None:
            cluster = self._opened.enter_context(dask_cluster.local_cluster(self._num_workers))
        return self._opened.enter_context(dask_cluster.connected(cluster, self._address))
