"""Plan catalogues of growing size on this machine, and measure what a hundred million products are reckoned from.

Run as ``python benchmarks/scale.py [--products N[,N]...] [--nodes M] [--zones Z] [--executor NAME] [--seed N] [--json]
[--keep FILE]``, on Linux; with a million products it takes most of an hour on 2 cores. One number of products runs
every size from 10,000 on, ten times the one before, up to it; several run just these. Each catalogue (3 speeds, 13
weeks, 80% slow movers) is generated, opened, and planned by ``meio plan``, each in a process of its own
(`scaling/run.py` says what is measured). Kernels are compiled before. Every size is printed when it ends, and FILE
holds what has ended so far. Then many small blocks show what a block costs however small it is (`scaling/blocks.py`).
``python benchmarks/scale_page.py FILE`` makes a page of it.

The exponent of growth is the slope of log CPU seconds of planning, all processes together, on log products, by least
squares over the sizes of the run. As part of the seconds does not grow at all, the slope between the last two sizes
stands beside it, without a bar.

The exit code is 1 when a bar is missed: of the largest catalogue, dual gap at most 5e-3, within 40 minutes, at most
4 GB, use at most 0.2% over any capacity; and an exponent of at most 1.05 where there are several sizes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scaling.blocks import per_block
from scaling.model import Rows, line
from scaling.run import Shape, generated, planned

from meio import __version__

SMALLEST = 10_000
WARM_UP, SMALL = 1_000, 400
MOST = {"dual_gap": 5e-3, "minutes": 40.0, "memory_gb": 4.0, "over_capacity": 2e-3}
MOST_EXPONENT = 1.05


def main() -> int:
    """Generate, plan, weigh blocks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=numbers, default=[SMALLEST, 2 * SMALLEST], metavar="N[,N]...")
    parser.add_argument("--nodes", type=int, default=20)
    parser.add_argument("--zones", type=int, default=20)
    parser.add_argument("--executor", default="processes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="where to keep the figures of what has ended")
    options = parser.parse_args()
    shape = Shape(options.nodes, options.zones, options.executor, options.seed)
    record: dict[str, Any] = {**about(), **shape._asdict(), "sizes": [], "block": None}
    with TemporaryDirectory() as folder:
        planned(Path(folder), WARM_UP, shape)  # compiles
        for size in options.products:
            row = planned(Path(folder), size, shape)
            record["sizes"].append(row)
            record |= {"growth": growth(record["sizes"]), "passed": passed(record["sizes"])}
            kept(record, options.keep)
            if not options.json:
                print("  ".join(f"{name} {value:,}" for name, value in row.items()), flush=True)
        full = Path(folder) / f"catalogue-{options.products[0]}" / "scenario.yaml"
        record["block"] = per_block(generated(Path(folder), SMALL, shape) / "scenario.yaml", full)
    kept(record, options.keep)
    if not options.json:
        print(*(f"{name:<14} {'holds' if holds else 'MISSED'}" for name, holds in record["passed"].items()), sep="\n")
    print(json.dumps(record))
    return 0 if all(record["passed"].values()) else 1


def numbers(text: str) -> list[int]:
    """Numbers of products, ascending; one stands for all from the smallest up to it."""
    found = sorted({int(part) for part in text.split(",")})
    while "," not in text and found[0] > SMALLEST:
        found.insert(0, max(SMALLEST, found[0] // 10))
    return found


def about() -> dict[str, Any]:
    """On what it runs."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    models = [text.split(":", 1)[1].strip() for text in lines if text.startswith("model name")]
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "meio": __version__,
        "date": datetime.now(UTC).date().isoformat(),
    }


def growth(rows: Rows) -> dict[str, float] | None:
    """The exponent, and that of the last step; None: one size."""
    fit = line(rows, "cpu_seconds")
    return None if fit is None else {"exponent": fit.exponent, "last_exponent": fit.last_exponent}


def passed(rows: Rows) -> dict[str, bool]:
    """Which bars hold, for the largest catalogue."""
    last, grown = rows[-1], growth(rows)
    found = {**last, "minutes": last["seconds"] / 60.0}
    held = {name: bool(abs(found[name]) <= most) for name, most in MOST.items()}
    return held | ({} if grown is None else {"exponent": grown["exponent"] <= MOST_EXPONENT})


def kept(record: dict[str, Any], path: Path | None) -> None:
    """Write the figures, aside first."""
    if path is not None:
        aside = path.with_name(f".{path.name}")
        aside.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
        aside.replace(path)


if __name__ == "__main__":
    sys.exit(main())
