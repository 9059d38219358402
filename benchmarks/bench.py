"""Run the benchmarks against other programs and write docs/benchmarks.md, and docs/benchmarks.json beside it.

Run as ``python benchmarks/bench.py [--only NAME]... [--seed N] [--json]``, on a machine that does nothing else. Each
topic is a script of its own, run as a process with one thread; the last line it prints is kept. Each has a budget of
seconds; one that takes three times as long is ended. Page and JSON are written once, when all topics have ended; a run
that is stopped leaves them as they were. With ``--only``, the other topics stay as they were measured before, if that
was on the same machine with the same versions. The exit code is 1 when a topic could not be measured or misses a bar.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from page.topics import TOPICS, Topic
from page.write import page, verdict
from peers.homes import REQUIREMENTS, NotInstalledError, peer_python

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
PACKAGES = ("meio", "numpy", "numba", "scipy", "highspy", "pyomo", "simpy")
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PATIENCE = 3.0  # budgets that a topic may take


def main() -> int:
    """Measure, keep and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=TOPICS, metavar="NAME", help=f"one of {', '.join(TOPICS)}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but what was measured")
    options = parser.parse_args()
    found = {"machine": machine(), "versions": versions()}
    topics = kept(DOCS / "benchmarks.json", found)
    chosen = options.only or list(TOPICS)
    for number, name in enumerate(chosen, 1):
        print(
            f"topic {number} of {len(chosen)}: {name}, about {TOPICS[name].budget:.0f} s", file=sys.stderr, flush=True
        )
        topics[name] = result = measured(TOPICS[name], options.seed)
        print(f"  {result['seconds']:.0f} s; {verdict(result)}", file=sys.stderr, flush=True)
    written({"topics": topics, **found})
    if options.json:
        print(json.dumps({name: topics[name] for name in chosen}))
    else:
        print(*(f"{name:<12} {topics[name]['seconds']:6.0f} s  {verdict(topics[name])}" for name in chosen), sep="\n")
    return int(any(verdict(topics[name]) != "measured" for name in chosen))


def measured(topic: Topic, seed: int) -> dict[str, Any]:
    """Run a topic's script; ``figures``, or a ``problem`` in words, and when and how long."""
    command = [sys.executable, str(HERE / topic.script), *topic.arguments, "--seed", str(seed), "--json"]
    load, began, before = os.getloadavg()[0], time.perf_counter(), children_seconds()
    try:
        found = outcome(*ended(command, PATIENCE * topic.budget))
    except subprocess.TimeoutExpired as late:
        found = {"problem": f"it was ended after {late.timeout:.0f} s"}
    return {
        **found,
        "seed": seed,
        "seconds": time.perf_counter() - began,
        "cpu_seconds": children_seconds() - before,
        "load": load,
        "date": datetime.now(UTC).date().isoformat(),
    }


def ended(command: Sequence[str], most_seconds: float) -> tuple[str, str]:
    """Both outputs of a command that has ended; it and all that it started are killed when it takes longer."""
    environment = os.environ | dict.fromkeys(ONE_THREAD, "1")
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, start_new_session=True, **pipes) as process:  # noqa: S603
        try:
            return process.communicate(timeout=most_seconds)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def children_seconds() -> float:
    """CPU seconds of all processes that were started and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def outcome(output: str, errors: str) -> dict[str, Any]:
    """Figures of the last line, unless the script says that it skipped, or broke off."""
    lines = output.strip().splitlines()
    try:
        figures = json.loads(lines[-1])
    except (IndexError, ValueError):
        return {"problem": (errors.strip().splitlines() or ["it printed nothing"])[-1]}
    return {"problem": figures["skipped"]} if "skipped" in figures else {"figures": figures}


def kept(path: Path, found: Mapping[str, Any]) -> dict[str, Any]:
    """Topics that were measured before, on the same machine with the same versions."""
    former = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return dict(former["topics"]) if all(former.get(name) == value for name, value in found.items()) else {}


def written(record: Mapping[str, Any]) -> None:
    """Keep the figures and write the page: both aside first, so that a break leaves the former ones whole."""
    texts = {"benchmarks.json": json.dumps(record, indent=1) + "\n", "benchmarks.md": page(record)}
    for name, text in texts.items():
        (DOCS / f".{name}").write_text(text, "utf-8")
    for name in texts:
        (DOCS / f".{name}").replace(DOCS / name)


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
    """Of Python and of what is compared; other programs are installed where they are not yet."""
    found = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    for peer in REQUIREMENTS:
        try:
            python = peer_python(peer)
        except NotInstalledError as error:
            print(error, file=sys.stderr)
            continue
        found |= {peer if name == peer else f"{peer}'s {name}": one for name, one in peer_versions(python, peer)}
    return found


def peer_versions(python: Path, peer: str) -> list[tuple[str, str]]:
    """Of a program and of the NumPy it runs on."""
    names = (peer, "numpy")
    asked = f"from importlib.metadata import version; print(*map(version, {names!r}))"
    told = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True)  # noqa: S603
    return list(zip(names, told.stdout.split(), strict=True))


if __name__ == "__main__":
    sys.exit(main())
