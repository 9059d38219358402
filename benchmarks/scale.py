"""Plan catalogues of growing size on this machine, and reckon what a hundred million products would take.

Run as ``python benchmarks/scale.py [--products N] [--nodes M] [--zones Z] [--executor NAME] [--seed N] [--json]``, on
Linux; with a million products it takes most of an hour on 2 cores. Every size from 10,000 products on, ten times the
one before, up to N is generated (3 speeds, 13 weeks, 80% slow movers) and planned by ``meio plan`` in a process of its
own, which runs nothing else: seconds of wall clock and of CPU, the peak of the memory that it and its workers hold
together, and the size of what it wrote. Kernels are compiled before. The exponent of growth is that of CPU seconds,
least squares on logarithms.

The exit code is 1 when a bar is missed: dual gap at most 5e-3, within 40 minutes, at most 4 GB, capacities kept, and an
exponent of at most 1.05 where there are several sizes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from memory import tree_memory_mb

SMALLEST = 10_000
MOST = {"dual_gap": 5e-3, "minutes": 40.0, "memory_gb": 4.0, "over_capacity": 2e-3}
MOST_EXPONENT = 1.05
FAR = 100_000_000
MEIO = [sys.executable, str(Path(__file__).parents[1] / "cli.py")]


def main() -> int:
    """Generate, plan, fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=20_000, help="of the largest catalogue")
    parser.add_argument("--nodes", type=int, default=20)
    parser.add_argument("--zones", type=int, default=20)
    parser.add_argument("--executor", default="processes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        _run(Path(folder), SMALLEST // 10, options)  # compiles
        for size in sizes(options.products):
            rows.append(_run(Path(folder), size, options))
            if not options.json:
                print(pd.DataFrame(rows[-1:]).to_string(index=False), flush=True)
    figures = {"sizes": rows, "growth": growth(rows), "passed": passed(rows)}
    if not options.json:
        for name, holds in figures["passed"].items():
            print(f"{name:<14} {'holds' if holds else 'MISSED'}")
    print(json.dumps({"seed": options.seed, "executor": options.executor, "cores": os.cpu_count(), **figures}))
    return 0 if all(figures["passed"].values()) else 1


def sizes(largest: int) -> list[int]:
    """Numbers of products, ascending."""
    found = [largest]
    while found[0] > SMALLEST:
        found.insert(0, max(SMALLEST, found[0] // 10))
    return found


def _run(folder: Path, size: int, options: argparse.Namespace) -> dict[str, float]:
    """Generate a catalogue, plan it, and measure."""
    catalogue, output = folder / f"catalogue-{size}", folder / f"plan-{size}"
    shape = ["--products", size, "--nodes", options.nodes, "--zones", options.zones, "--seed", options.seed]
    began = time.perf_counter()
    subprocess.run([*MEIO, "generate", *map(str, shape), "-o", catalogue], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    generated = time.perf_counter() - began
    command = [*MEIO, "plan", catalogue / "scenario.yaml", "-o", output, "--executor", options.executor, "--quiet"]
    began, before = time.perf_counter(), _children_seconds()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, tree_memory_mb(process.pid))
            time.sleep(0.25)
    seconds = time.perf_counter() - began
    summary: dict[str, Any] = json.loads((output / "summary.json").read_text("utf-8"))
    return {
        "products": size,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(_children_seconds() - before, 1),
        "memory_gb": round(peak / 1e3, 2),
        "written_mb": round(sum(path.stat().st_size for path in output.rglob("*") if path.is_file()) / 1e6, 1),
        "generate_seconds": round(generated, 1),
        "dual_gap": summary["plan"]["dual_gap"],
        "over_capacity": summary["plan"]["capacity_violation_max"],
    }


def _children_seconds() -> float:
    """CPU seconds of all processes that were started and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def growth(rows: list[dict[str, float]]) -> dict[str, float] | None:
    """How CPU seconds grow, and the seconds, with their 95% range, that the line comes to for `FAR` products.

    A line in the number of products: seconds = start + rate × products, weighted by size so that each counts alike.
    """
    if len(rows) < 2:
        return None
    size, seconds = (np.array([row[name] for row in rows]) for name in ("products", "cpu_seconds"))
    exponent = np.polyfit(np.log(size), np.log(seconds), 1)[0]
    rate, start = np.polyfit(size, seconds, 1, w=1.0 / size)
    apart = np.abs(seconds / (start + rate * size) - 1.0).max()
    return {
        "exponent": float(exponent),
        "cpu_seconds_start": float(start),
        "cpu_seconds_per_product": float(rate),
        "farthest_from_the_line": float(apart),
    }


def passed(rows: list[dict[str, float]]) -> dict[str, bool]:
    """Which bars hold, for the largest catalogue."""
    last, fit = rows[-1], growth(rows)
    found = {**last, "minutes": last["seconds"] / 60.0}
    held = {name: bool(abs(found[name]) <= most) for name, most in MOST.items()}
    return held | ({} if fit is None else {"exponent": fit["exponent"] <= MOST_EXPONENT})


if __name__ == "__main__":
    sys.exit(main())
