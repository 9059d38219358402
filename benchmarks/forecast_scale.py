"""Measure what `meio forecast` takes for thousands of series, and that its time grows no faster than their number.

Run as ``python benchmarks/forecast_scale.py [--sizes 2000,10000,50000] [--models seasonal_naive,boosted]
[--periods 60] [--workers 1] [--seed N] [--json]``. Each size and model is a process of its own: it writes random weekly
demand with stock-outs, a tenth of the products launched late and one in a hundred never sold to CSV files, then
forecasts 13 weeks and a window of 4 into a forecast folder. Processor and wall seconds, the peak of memory beside what
was held before, and the size of the folder. The exit code is 1 when a size fails, or when from one size to the next
processor seconds grow by more than the power 1.1 of the number of series.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from memory import forgotten_peak_mb, peak_mb

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

MOST_GROWTH = 1.1
LATE, NEVER, RUNNING_OUT = 0.1, 0.01, 0.05
Row = dict[str, float | str]


def main() -> int:
    """Measure each size and model in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="2000,10000,50000", help="numbers of series, ascending")
    parser.add_argument("--models", default="seasonal_naive,boosted")
    parser.add_argument("--periods", type=int, default=60, help="weeks of history")
    parser.add_argument("--workers", type=int, default=1, help="threads")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        model, size = options.one.split(":")
        print(json.dumps(measured(model, int(size), options)))
        return 0
    sizes, models = options.sizes.split(","), options.models.split(",")
    rows, growth, passed = [], {}, {}
    for model in models:
        of_model = [row for size in sizes if (row := _in_a_process(model, size, options))]
        rows += of_model
        growth[model] = [_power(*pair) for pair in pairwise(of_model)]
        passed[f"{model} ends"] = len(of_model) == len(sizes)
        passed[f"{model} grows linearly"] = len(of_model) > 1 and all(power <= MOST_GROWTH for power in growth[model])
    if not options.json:
        print(pd.DataFrame(rows).round(2).to_string(index=False))
        print(
            *(f"{model}: powers {[round(power, 2) for power in powers]}" for model, powers in growth.items()), sep="\n"
        )
        print(*(f"{name}: {'holds' if holds else 'MISSED'}" for name, holds in passed.items()), sep="\n")
    print(json.dumps({"seed": options.seed, "sizes": rows, "growth": growth, "passed": passed}))
    return 0 if all(passed.values()) else 1


def measured(model: str, size: int, options: argparse.Namespace) -> Row:
    """Seconds, peak megabytes and megabytes written for so many series."""
    from meio import forecasts

    with TemporaryDirectory() as name:
        folder = Path(name)
        write_tables(folder, size, options.periods, options.seed)
        held, began, processor = forgotten_peak_mb(), time.perf_counter(), time.process_time()
        facts = forecasts.forecast(
            folder / "history.csv",
            folder / "ahead",
            forecasts.request("week", 13, [4]),
            products=folder / "products.csv",
            models=[model],
            seed=options.seed,
            workers=options.workers,
        )
        seconds = {"cpu_seconds": time.process_time() - processor, "seconds": time.perf_counter() - began}
        written = sum(file.stat().st_size for file in (folder / "ahead").iterdir()) / 1e6
    return {"model": model, "series": facts["series"], **seconds, "mb": peak_mb() - held, "written_mb": written}


def write_tables(folder: Path, size: int, periods: int, seed: int) -> None:
    """Write a history and its products, some of them new."""
    from demand_cases import as_rows, known_demand

    history = known_demand(size, periods, seed=seed, running_out=RUNNING_OUT, new=LATE).history
    rows = as_rows(history).dropna(subset="units")  # stock-outs before a launch
    never = history.series["product"].iloc[: round(NEVER * size)]
    rows[~rows["product"].isin(never)].to_csv(folder / "history.csv", index=False)
    pd.concat([history.series, history.attributes], axis=1).to_csv(folder / "products.csv", index=False)


def _power(small: Row, large: Row) -> float:
    """Power of the number of series by which processor seconds grow."""
    seconds, series = (float(large[name]) / float(small[name]) for name in ("cpu_seconds", "series"))
    return math.log(seconds) / math.log(series)


def _in_a_process(model: str, size: str, options: argparse.Namespace) -> Row | None:
    """Figures of a size and model; None, and why, if it fails."""
    command = [sys.executable, __file__, "--one", f"{model}:{size}", "--periods", str(options.periods)]
    command += ["--workers", str(options.workers), "--seed", str(options.seed)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if ended.returncode:
        print(f"{model}, {size} series: exit {ended.returncode}\n{ended.stderr}", file=sys.stderr)
        return None
    row: Row = json.loads(ended.stdout.splitlines()[-1])
    return row


if __name__ == "__main__":
    sys.exit(main())
