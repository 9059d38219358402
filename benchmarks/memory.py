"""The memory of processes, on Linux."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path


def forgotten_peak_mb() -> float:
    """Give freed memory back, forget the peak so far, and return the megabytes that the process holds now."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    return peak_mb()


def peak_mb() -> float:
    """Peak of resident memory since it was forgotten, megabytes."""
    status = Path("/proc/self/status").read_text("ascii")
    return float(status.split("VmHWM:")[1].split()[0]) / 1024.0


def tree_memories_mb(pid: int) -> dict[int, float]:
    """Megabytes that a process and each that it started hold now, by id; what they share is shared out."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(place.name)] = int((place / "stat").read_text("utf-8").rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
    tree = {pid}
    while grown := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= grown
    return {one: _own_mb(one) for one in tree}


def _own_mb(pid: int) -> float:
    """Megabytes of a process, its part of what it shares; 0: it has ended."""
    try:
        rolled_up = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return 0.0
    return float(rolled_up.split("\nPss:")[1].split()[0]) / 1024.0
