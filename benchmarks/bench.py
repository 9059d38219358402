"""Run the benchmarks against other programs and write docs/benchmarks.md, and docs/benchmarks.json beside it.

Run as ``python benchmarks/bench.py [--only NAME]... [--seed N] [--json]``, on a machine that does nothing else. Each
topic is a script of its own, run as a process with one thread; the last line it prints is kept. With ``--only``, the
other topics stay as they were measured before. The exit code is 1 when a topic could not be measured or misses a bar.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from page.topics import TOPICS, Topic
from page.write import missed_bars, page

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
PACKAGES = ("meio", "numpy", "numba", "scipy", "highspy", "pyomo", "simpy")
PEERS = {"stockpyl": "1.0.2", "gym-invmgmt": "0.2.1"}
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
MOST_SECONDS = 1200.0


def main() -> int:
    """Measure, keep and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=TOPICS, metavar="NAME", help=f"one of {', '.join(TOPICS)}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but what was measured")
    options = parser.parse_args()
    record = recorded(DOCS / "benchmarks.json") | {"machine": machine(), "versions": versions()}
    chosen = options.only or list(TOPICS)
    for name in chosen:
        record["topics"][name] = result = measured(TOPICS[name], options.seed)
        if not options.json:
            print(f"{name:<12} {result['seconds']:6.0f} s  {verdict(result)}", flush=True)
        written(record)
    if options.json:
        print(json.dumps({name: record["topics"][name] for name in chosen}))
    return int(any(verdict(record["topics"][name]) != "measured" for name in chosen))


def measured(topic: Topic, seed: int) -> dict[str, Any]:
    """Run a topic's script; ``figures``, or a ``problem`` in words, and when and how long."""
    command = [sys.executable, str(HERE / topic.script), *topic.arguments, "--seed", str(seed), "--json"]
    environment = os.environ | dict.fromkeys(ONE_THREAD, "1")
    load, began = os.getloadavg()[0], time.perf_counter()
    try:
        ended = subprocess.run(  # noqa: S603 - our own script
            command, capture_output=True, text=True, env=environment, timeout=MOST_SECONDS, check=False
        )
        found = outcome(ended.stdout, ended.stderr)
    except subprocess.TimeoutExpired:
        found = {"problem": f"it took more than {MOST_SECONDS:.0f} s"}
    today = datetime.now(UTC).date().isoformat()
    return {**found, "seed": seed, "seconds": time.perf_counter() - began, "load": load, "date": today}


def outcome(output: str, errors: str) -> dict[str, Any]:
    """Figures of the last line, unless the script says that it skipped, or broke off."""
    lines = output.strip().splitlines()
    try:
        figures = json.loads(lines[-1])
    except (IndexError, ValueError):
        return {"problem": (errors.strip().splitlines() or ["it printed nothing"])[-1]}
    return {"problem": figures["skipped"]} if "skipped" in figures else {"figures": figures}


def verdict(result: Mapping[str, Any]) -> str:
    """A word on a topic."""
    if "problem" in result:
        return f"not measured: {result['problem']}"
    missed = missed_bars(result["figures"])
    return f"bars missed: {', '.join(missed)}" if missed else "measured"


def recorded(path: Path) -> dict[str, Any]:
    """What was measured before."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {"topics": {}}


def written(record: Mapping[str, Any]) -> None:
    """Keep the figures and write the page; each aside first, so that a break leaves the former one whole."""
    for name, text in (("benchmarks.json", json.dumps(record, indent=1) + "\n"), ("benchmarks.md", page(record))):
        aside = DOCS / f".{name}"
        aside.write_text(text, "utf-8")
        aside.replace(DOCS / name)


def machine() -> dict[str, Any]:
    """What it was measured on."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text("utf-8").splitlines() if described.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions() -> dict[str, str]:
    """Of Python and of what is compared."""
    found = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found | PEERS


if __name__ == "__main__":
    sys.exit(main())
