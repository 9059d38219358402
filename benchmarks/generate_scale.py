"""Measure how long a scenario of a million products takes to make, and that memory does not grow with the catalogue.

Run as ``python benchmarks/generate_scale.py [--sizes 100000,1000000] [--seed N] [--json]``. Each size is a process of
its own that makes the scenario of 20 sites, 20 zones and 13 weeks in a temporary folder: wall seconds, the peak of
memory of the whole process, and the size of the folder. The exit code is 1 when the last size takes more than two
minutes or 1.5 GB, or when its memory is more than 1.2 times that of the first.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from memory import peak_mb
from own_process import measured_alone

MOST_SECONDS = 120.0
MOST_MB = 1500.0
MOST_GROWTH = 1.2


def main() -> int:
    """Measure each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="100000,1000000", help="numbers of products, ascending")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(measured(options.one, options.seed)))
        return 0
    rows = [measured_alone(__file__, int(size), options.seed) for size in options.sizes.split(",")]
    growth = rows[-1]["memory_mb"] / rows[0]["memory_mb"]
    passed = {
        "seconds": rows[-1]["seconds"] <= MOST_SECONDS,
        "memory_mb": rows[-1]["memory_mb"] <= MOST_MB,
        "growth": growth <= MOST_GROWTH,
    }
    if not options.json:
        print(pd.DataFrame(rows).to_string(index=False))
        print(f"memory grows {growth:.2f} times")
        print(*(f"{name}: {'holds' if holds else 'MISSED'}" for name, holds in passed.items()), sep="\n")
    print(json.dumps({"seed": options.seed, "sizes": rows, "growth": growth, "passed": passed}))
    return 0 if all(passed.values()) else 1


def measured(size: int, seed: int) -> dict[str, float]:
    """Wall seconds, peak megabytes and megabytes on disk of making so many products."""
    from meio.generator.generate import generate

    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        scenario = generate(Path(folder) / "made", products=size, seed=seed)
        seconds = time.perf_counter() - began
        disk = sum(path.stat().st_size for path in scenario.parent.iterdir())
    return {"products": size, "seconds": seconds, "memory_mb": peak_mb(), "disk_mb": disk / 1e6}


if __name__ == "__main__":
    sys.exit(main())
