"""Kernels call Python functions by address, from several threads, and see what those change."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

SCRIPT = """
import ctypes, sys
import numpy as np
from meio.simulation.callback import call_back
from numba import njit

@njit(cache=True, nogil=True)
def asked(address, answer, times):
    total = 0
    for _ in range(times):
        before = answer[0]
        status = call_back(address)
        total += 10 * (answer[0] - before) + status
    return total
"""
MAIN = """
from asked import *
answer, step = np.zeros(1, dtype=np.int64), int(sys.argv[1])

def policy():
    answer[0] += step
    return 1

called = ctypes.CFUNCTYPE(ctypes.c_int64)(policy)
print(asked(ctypes.cast(called, ctypes.c_void_p).value, answer, 3), sum(asked.stats.cache_hits.values()))
"""


def test_a_cached_kernel_calls_the_function_of_its_own_process(tmp_path: Path) -> None:
    (tmp_path / "asked.py").write_text(SCRIPT)

    def run(step: int) -> str:
        command = [sys.executable, "-c", MAIN, str(step)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()

    assert run(2) == "63 0"
    assert run(5) == "153 1"


def test_two_threads_at_once_each_call_their_own_function() -> None:
    from callback_kernels import sum_of_answers

    times = 2000

    def run(step: int) -> tuple[int, int]:
        answer, calls = np.zeros(1, dtype=np.int64), []

        def policy() -> int:
            answer[0] += step
            calls.append(step)
            return step

        called = ctypes.CFUNCTYPE(ctypes.c_int64)(policy)
        total = sum_of_answers(ctypes.cast(called, ctypes.c_void_p).value, answer, times)
        return total, len(calls)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, [1, -3, 7, 11]))
    triangle = times * (times + 1) // 2
    assert results == [(step * triangle + step * times, times) for step in (1, -3, 7, 11)]
