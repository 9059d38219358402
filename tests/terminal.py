"""Run a command in a process of its own on a pseudo-terminal, as a person at a keyboard does."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE = 240.0  # seconds; kernels may have to be compiled


def on_terminal(
    arguments: Sequence[object], interrupt: Callable[[str], bool] = lambda _: False, patience: float = PATIENCE
) -> tuple[int, str]:
    """Exit code of the command line, and what its terminal showed without colours and cursor movements.

    Parameters
    ----------
    arguments
        Of ``meio``.
    interrupt
        Given what was shown so far, whether to interrupt now; asked until it first says so.
    patience
        Seconds until it is taken for hanging.
    """
    master, slave = pty.openpty()
    command = [sys.executable, str(ROOT / "cli.py"), *map(str, arguments)]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    os.close(slave)
    shown, interrupted, ends = "", False, time.monotonic() + patience
    try:
        while (part := _read(master, ends)) is not None:
            shown += part
            if not interrupted and interrupt(shown):
                process.send_signal(signal.SIGINT)
                interrupted = True
        return process.wait(timeout=max(ends - time.monotonic(), 0.0)), shown
    finally:
        process.kill()
        process.wait()
        os.close(master)


def _read(master: int, ends: float) -> str | None:
    """What the terminal shows next; none at its end."""
    ready, _, _ = select.select([master], [], [], max(ends - time.monotonic(), 0.0))
    if not ready:
        raise TimeoutError("the command takes too long")
    try:
        part = os.read(master, 65536)
    except OSError:  # how Linux says that nobody is left at the other end
        return None
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", part.decode(errors="replace")) if part else None
