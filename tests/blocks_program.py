"""A program that works on blocks until someone stops it; it says which processes it started, then that it works.

Run as ``blocks_program.py EXECUTOR DIARY``.
"""

from __future__ import annotations

import logging
import signal
import sys
from contextlib import closing
from pathlib import Path

from block_cases import Load, process, work_long

from meio.blocks.executors.dask import DaskExecutor
from meio.blocks.executors.processes import ProcessExecutor

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
    logging.basicConfig(level=logging.WARNING)  # as the command line does
    executor = ProcessExecutor(2) if sys.argv[1] == "processes" else DaskExecutor(workers=2)
    with closing(executor):
        executor.open(Load(Path(sys.argv[2])), 4)
        print(*{pid for pid, _ in executor.map(process, None)}, flush=True)
        list(executor.map(work_long, 60.0))
