"""An executor by the name that a user gives it."""

from __future__ import annotations

from meio.blocks.executors.protocol import Executor

NAMES = "serial|processes|dask|dask=ADDRESS"


class ExecutorNameError(ValueError):
    """No executor has this name."""


def named_executor(name: str, workers: int) -> tuple[Executor, int]:
    """Return the executor, not yet open, and how many threads answer for one block.

    Parameters
    ----------
    name : str
        One of `NAMES`; without an address Dask works on this machine.
    workers : int
        Threads (serial), or processes on this machine.

    Raises
    ------
    ExecutorNameError
        When there is none of that name.
    """
    kind, _, address = name.partition("=")
    match kind, address:
        case "serial", "":
            from meio.blocks.executors.serial import SerialExecutor

            return SerialExecutor(), workers
        case "processes", "":
            from meio.blocks.executors.processes import ProcessExecutor

            return ProcessExecutor(workers), 1
        case "dask", _:
            from meio.blocks.executors.dask import DaskExecutor

            return DaskExecutor(address or None, workers=workers), 1
    raise ExecutorNameError(f"executor: found '{name}', expected {NAMES.replace('|', ', ')}")
