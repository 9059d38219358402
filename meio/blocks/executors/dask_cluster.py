"""Reaching a Dask cluster, or starting one on this machine."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from meio.blocks.executors.protocol import ExecutorUnavailable, described
from meio.blocks.executors.worker import ONE_THREAD

CONNECT_SECONDS = 5.0
"""How long a scheduler may take to answer."""
WORKER_SECONDS = 60.0
"""How long a cluster may be without a worker."""
CLOSE_SECONDS = 0.5
"""How long a worker of our own may take to end by itself."""


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Dask's log from whoever runs this process: the executor says itself what went wrong.

    Raises
    ------
    ExecutorUnavailable
        When Dask is not installed.
    """
    _distributed()  # which sets the levels
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def local_cluster(workers: int | None) -> Iterator[Any]:
    """Lend a scheduler in this process and workers beside it, with one thread each; in the end none is waited for.

    A worker that dies is replaced, and its call is answered by an error at once: the executor tries again itself.
    """
    distributed = _distributed()
    import dask

    settings = {
        "distributed.scheduler.allowed-failures": 0,
        # Dask gives up a worker that is down some time after it went down once, even if it was up between
        "distributed.deploy.lost-worker-timeout": "365 days",
        **{f"distributed.nanny.pre-spawn-environ.{name}": value for name, value in ONE_THREAD.items()},
    }
    with dask.config.set(settings):
        cluster = distributed.LocalCluster(
            n_workers=workers or os.cpu_count(),
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",  # any free port
            silence_logs=logging.CRITICAL,  # of the workers
        )

        async def close_workers() -> None:
            await asyncio.gather(*(worker.close(timeout=CLOSE_SECONDS) for worker in cluster.workers.values()))

        try:
            yield cluster
        finally:
            cluster.sync(close_workers)
            cluster.close()


@contextmanager
def connected(cluster: Any, address: str | None) -> Iterator[Any]:
    """Lend a client of a cluster that has a worker.

    Parameters
    ----------
    cluster : LocalCluster or None
        One on this machine.
    address : str or None
        Of the scheduler of another.

    Raises
    ------
    ExecutorUnavailable
        When nobody answers, or there is no worker.
    """
    distributed = _distributed()
    try:
        client = distributed.Client(cluster or address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ExecutorUnavailable(
            f"no Dask scheduler answers at {address} ({described(error)}); start one with: dask scheduler"
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError as error:
            raise ExecutorUnavailable(
                f"the Dask scheduler at {address} has no worker; start some with: dask worker {address}"
            ) from error
        if cluster is not None:
            _let_only_us_be_interrupted(distributed, client)
        yield client


def _let_only_us_be_interrupted(distributed: Any, client: Any) -> None:
    """Have workers ignore Ctrl-C, which reaches every process of a terminal."""
    import signal

    class Uninterrupted(distributed.WorkerPlugin):  # type: ignore[misc] # known only where Dask is installed
        def setup(self, worker: Any) -> None:  # noqa: ARG002 - Dask's name
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    client.register_plugin(Uninterrupted())


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise ExecutorUnavailable(
            f"Dask is not installed ({described(error)}); install it with: pip install 'meio[dask]'"
        ) from error
    return distributed
