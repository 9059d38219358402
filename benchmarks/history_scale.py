"""Measure what reading a history of two years of weeks takes, and completing its sales, and that both grow linearly.

Run as ``python benchmarks/history_scale.py [--sizes 5000,50000] [--seed N] [--json]``. Each size is a process of its
own that writes random weekly demand with stock-outs in a tenth of the weeks to a CSV and a Parquet file, then reads
each and completes the sales: wall and processor seconds, and the peak of memory. The exit code is 1 when the largest
size takes more than 1.5 times the processor seconds per series of the smallest in any step, or the sales
completed miss the true demand by more than a tenth of what the sales alone miss.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
import pandas as pd
from memory import forgotten_peak_mb, peak_mb
from own_process import measured_alone

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

NUM_PERIODS = 104
MOST_GROWTH = 1.5
MOST_MISSED = 0.1
STEPS = ("csv", "parquet", "unconstrain")
Result = TypeVar("Result")


def main() -> int:
    """Measure each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="5000,50000", help="numbers of series, ascending")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(measured(options.one, options.seed)))
        return 0
    rows = [measured_alone(__file__, int(size), options.seed) for size in options.sizes.split(",")]
    ratio = rows[-1]["series"] / rows[0]["series"]
    growth = {step: rows[-1][f"{step}_cpu"] / rows[0][f"{step}_cpu"] / ratio for step in STEPS}
    passed = {f"linear_{step}": times <= MOST_GROWTH for step, times in growth.items()}
    passed["missed"] = all(abs(row["completed_misses"]) <= MOST_MISSED * abs(row["sales_miss"]) for row in rows)
    if not options.json:
        print(pd.DataFrame(rows).round(4).T.to_string(header=False))
        print(*(f"{step}: {times:.2f} times the seconds per series" for step, times in growth.items()), sep="\n")
        print(*(f"{name}: {'holds' if holds else 'MISSED'}" for name, holds in passed.items()), sep="\n")
    print(json.dumps({"seed": options.seed, "sizes": rows, "growth": growth, "passed": passed}))
    return 0 if all(passed.values()) else 1


def measured(size: int, seed: int) -> dict[str, float]:
    """Seconds and peak megabytes of each step for so many series, and how far total demand is missed."""
    from demand_cases import as_rows, known_demand

    from meio.demand import read_history, unconstrain

    with TemporaryDirectory() as folder:
        csv, parquet = Path(folder) / "history.csv", Path(folder) / "history.parquet"
        known = known_demand(size, NUM_PERIODS, seed=seed, running_out=0.1)
        demand = float(known.demand.sum())
        rows = as_rows(known.history)
        rows.to_csv(csv, index=False)
        rows.to_parquet(parquet, index=False)
        figures = {"series": size, "rows": len(rows), "csv_disk_mb": csv.stat().st_size / 1e6}
        del rows, known
        figures |= _timed("csv", lambda: read_history(csv))[1]
        history, taken = _timed("parquet", lambda: read_history(parquet))
        figures |= taken
    completed, taken = _timed("unconstrain", lambda: unconstrain(history))
    misses = {
        name: float(np.nansum(each.units)) / demand - 1
        for name, each in (("sales_miss", history), ("completed_misses", completed))
    }
    return figures | taken | misses


def _timed(step: str, work: Callable[[], Result]) -> tuple[Result, dict[str, float]]:
    """Result of a step, its wall and processor seconds, and the memory it adds to what is held."""
    held, began, processor = forgotten_peak_mb(), time.perf_counter(), time.process_time()
    result = work()
    wall, processor = time.perf_counter() - began, time.process_time() - processor
    return result, {f"{step}_seconds": wall, f"{step}_cpu": processor, f"{step}_mb": peak_mb() - held}


if __name__ == "__main__":
    sys.exit(main())
