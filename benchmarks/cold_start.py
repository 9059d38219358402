"""Time what a newcomer waits for: `import meio`, `meio --help`, and the first plan, each in a process of its own.

Run as ``python benchmarks/cold_start.py [--turns N] [--seed N] [--json]``. Wall-clock seconds, medians of turns that
alternate; the first plan of `scenarios/quickstart.yaml` also with an empty kernel cache, once: Numba then compiles
every kernel that it needs. Beside `import meio` stands `import stockpyl` (in its own virtual environment; left out
where that cannot be made) and the empty `python -c ""`. The figures are one JSON object on the last line; there is no
bar.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from peers.homes import NotInstalledError, peer_python

ROOT = Path(__file__).parents[1]
PLAN = f"import meio; meio.plan(meio.load({str(ROOT / 'scenarios' / 'quickstart.yaml')!r}))"


def main() -> int:
    """Run every command and print its seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of no effect: nothing here is random")
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    figures = measured(options.turns)
    if not options.json:
        print(*(f"{name:<24}{seconds:8.2f} s" for name, seconds in figures.items()), sep="\n")
    print(json.dumps({"turns": options.turns, "seconds": figures}))
    return 0


def measured(turns: int) -> dict[str, float]:
    """Seconds by command, `first plan, nothing compiled` once."""
    commands = {
        "python": [sys.executable, "-c", ""],
        "import meio": [sys.executable, "-c", "import meio"],
        "meio --help": [sys.executable, "-c", "from meio.cli import main; main()", "--help"],
        "first plan": [sys.executable, "-c", PLAN],
    }
    try:
        commands["import stockpyl"] = [str(peer_python("stockpyl")), "-c", "import stockpyl.sim"]
    except NotInstalledError as error:
        print(f"{error}; it is left out", file=sys.stderr)
    for command in commands.values():
        seconds_of(command)  # files are in the machine's memory from here on
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(turns):
        for name, command in commands.items():
            taken[name].append(seconds_of(command))
    found = {name: statistics.median(seconds) for name, seconds in taken.items()}
    with tempfile.TemporaryDirectory() as empty:
        found["first plan, nothing compiled"] = seconds_of(commands["first plan"], {"NUMBA_CACHE_DIR": empty})
    return found


def seconds_of(command: Sequence[str], changes: Mapping[str, str] | None = None) -> float:
    """Wall-clock seconds of a command."""
    began = time.perf_counter()
    environment = {**os.environ, **(changes or {})}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment, cwd=ROOT)  # noqa: S603
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
