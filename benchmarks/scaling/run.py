"""One catalogue, generated, opened and planned, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from memory import tree_memories_mb

MEIO = [sys.executable, str(Path(__file__).parents[2] / "cli.py")]
OPENING = """
import json, sys, time
from pathlib import Path
from memory import peak_mb
from meio.network.catalogue import open_catalogue
before, began = peak_mb(), time.process_time()
catalogue = open_catalogue(Path(sys.argv[1]))
print(json.dumps([len(catalogue.blocks), time.process_time() - began, peak_mb() - before]))
"""
LOOK_SECONDS = 0.5


class Shape(NamedTuple):
    """What catalogues of all sizes have alike."""

    nodes: int = 20
    zones: int = 20
    executor: str = "processes"
    seed: int = 0


def planned(folder: Path, size: int, shape: Shape) -> dict[str, Any]:
    """Generate a catalogue into a folder, open it, plan it, and measure.

    Returns
    -------
    dict
        Wall-clock seconds: `seconds` of planning, `generate_seconds`. CPU seconds: `cpu_seconds` of planning in all
        processes, `run_cpu_seconds` of the process that was started, without its workers; `open_cpu_seconds`. Memory
        while planning, at its peak, shared parts counted once: `memory_gb` of all processes together, `run_memory_gb`
        and `worker_memory_gb` of the first and of the largest other one; `open_memory_mb`: beyond what the program
        takes. On disk, MB: `catalogue_mb`, `rounds_mb` (the checkpoint at its largest), `written_mb`. Of the plan:
        `dual_gap`, `over_capacity`, `rounds`, `blocks`, and `bound_share`, the certified bound over the planned cost.
    """
    output, began = folder / f"plan-{size}", time.perf_counter()
    catalogue = generated(folder, size, shape)
    seconds = time.perf_counter() - began
    found = _opened(catalogue / "scenario.yaml")
    found |= _watched(catalogue / "scenario.yaml", output, shape.executor)
    plan = json.loads((output / "summary.json").read_text("utf-8"))["plan"]
    return {
        "products": size,
        **{name: float(f"{value:.5g}") for name, value in found.items()},
        "generate_seconds": round(seconds, 1),
        "catalogue_mb": round(_bytes(catalogue) / 1e6, 2),
        "written_mb": round(_bytes(output) / 1e6, 2),
        "dual_gap": plan["dual_gap"],
        "over_capacity": plan["capacity_violation_max"],
        "bound_share": plan["lower_bound"] / plan["planned_cost"],
        "rounds": plan["iterations"],
    }


def generated(folder: Path, size: int, shape: Shape) -> Path:
    """Generate a catalogue and return its folder."""
    catalogue = folder / f"catalogue-{size}"
    asked = {"products": size, "nodes": shape.nodes, "zones": shape.zones, "seed": shape.seed}
    command = [*MEIO, "generate", *(f"--{name}={value}" for name, value in asked.items()), "-o", str(catalogue)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return catalogue


def _opened(scenario: Path) -> dict[str, float]:
    """What opening a catalogue takes before anything is planned."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", OPENING, scenario]
    told = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)  # noqa: S603
    blocks, seconds, memory = json.loads(told.stdout)
    return {"blocks": blocks, "open_cpu_seconds": seconds, "open_memory_mb": memory}


def _watched(scenario: Path, output: Path, executor: str) -> dict[str, float]:
    """Plan, and look at the processes and at the checkpoint all the while."""
    rounds, before, began = output.parent / f".{output.name}.work", children_seconds(), time.perf_counter()
    command = [*MEIO, "plan", scenario, "-o", output, "--executor", executor, "--quiet"]
    most = dict.fromkeys(("memory_gb", "run_memory_gb", "worker_memory_gb", "run_cpu_seconds", "rounds_mb"), 0.0)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603
        while process.poll() is None:
            looked = time.perf_counter()
            now = _seen(process.pid, rounds / "rounds")
            most = {name: max(value, now.get(name, 0.0)) for name, value in most.items()}
            time.sleep(max(LOOK_SECONDS, 50.0 * (time.perf_counter() - looked)))  # looking holds processes up
    if not (output / "summary.json").exists():
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {process.returncode} and no plan")
    seconds, cpu = time.perf_counter() - began, children_seconds() - before
    return {"seconds": seconds, "cpu_seconds": cpu, **most}


def _seen(pid: int, rounds: Path) -> Mapping[str, float]:
    """What the run and its workers hold now."""
    memory = tree_memories_mb(pid)
    others = [held for one, held in memory.items() if one != pid]
    return {
        "memory_gb": sum(memory.values()) / 1e3,
        "run_memory_gb": memory.get(pid, 0.0) / 1e3,
        "worker_memory_gb": max(others, default=0.0) / 1e3,
        "run_cpu_seconds": _cpu_seconds(pid),
        "rounds_mb": _bytes(rounds) / 1e6,
    }


def _cpu_seconds(pid: int) -> float:
    """CPU seconds of a process so far, without those it started; 0: it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children_seconds() -> float:
    """CPU seconds of all processes that were started and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _bytes(folder: Path) -> int:
    """Of all files below a folder; of those seen so far where it vanishes meanwhile."""
    total = 0
    try:
        for path in folder.rglob("*"):
            total += path.stat().st_size if path.is_file() else 0
    except OSError:
        pass
    return total
