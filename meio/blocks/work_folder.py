"""The folder in which a run keeps what it needs to go on: one run at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK = "lock"


class WorkFolderError(Exception):
    """A work folder that cannot be used; the text says why, and what to do."""


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold a folder for one run; it is made when there is none.

    The lock goes with the process that holds it, however that ends; the lock's file stays.

    Raises
    ------
    WorkFolderError
        When another run holds it, or nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise WorkFolderError(f"{folder} cannot be written: {error.strerror or error}") from error
    try:
        _hold(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _hold(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace") or "of unknown number"
        raise WorkFolderError(
            f"another run is writing to {folder}: process {holder}; wait for its end, or name another folder"
        ) from None
    except OSError as error:
        raise WorkFolderError(f"{folder} cannot be locked: {error.strerror or error}; name a local folder") from error
    with suppress(OSError):  # a full disk: the lock holds all the same
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
