"""Measure how fast the simulator is: alone, against SimPy and stockpyl, over cores, and how much memory it takes.

Run as ``python benchmarks/simulator_speed.py [--seed N] [--json] [--no-peers]``, on Linux, with nothing else running.
It needs SimPy (extra ``test``); stockpyl needs an older NumPy than ours, so the first run installs it into a virtual
environment of its own, ``.peers/stockpyl``. ``--no-peers`` leaves both out.

- `engine`: single-line orders per second on one core, two layers, daily reviews, policy `priced`.
- `simpy`: the same network, policy and customers in SimPy; both must come to the same money and service. The bar is on
  the program that scores and books each order when it comes, as ours does; the fastest, `simpy_by_day`, ranks all
  candidates by score beforehand and leaves the books to NumPy once a day. Ours draws its orders while the clock runs,
  so the time in which NumPy draws as many counts for SimPy, too; `without_draws` leaves it out on SimPy's side only.
- `chains`: node-periods per second on one core, serial chains and trees, against stockpyl; both serve the same demand,
  an order a period in ours, and must come to the same cost. The bars are on a hundred products in one run; beside them
  stands one product alone. There is none on the star: no other network has as many orders for its nodes.
- `memory`: peak beyond what the process held before, for a horizon and one ten times as long.
- `cores`: wall time on one core over that on two, and whether the results are the same to the last bit. Where other
  programs run, two threads do not have two cores: `cores_had_by_two` tells, and the gain means little below 1.9.

Speeds are per second of CPU time, best of several runs that take turns, of the replications proper, as other programs'
are: `with_tables` adds what `meio.simulate` does before and after. The figures are one JSON object on the last
line; the exit code is 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from memory import forgotten_peak_mb, peak_mb
from peers.chain_rows import CHAINS, chain_row
from peers.homes import NotInstalledError, peer_python
from peers.setting import setting_of
from peers.two_layer import two_layers

from meio.network.compiled import CompiledScenario
from meio.plans import Plan
from meio.simulation.engine import simulate
from meio.simulation.measures import SimulationResult
from meio.simulation.replication import run_replication

PRODUCTS, DAYS = 1000, 28
TURNS, CORE_TURNS, MEMORY_TURNS, REPLICATIONS = 4, 6, 3, 8
LEAST_ORDERS_PER_SECOND = 5e6
LEAST_TIMES_SIMPY, LEAST_TIMES_STOCKPYL = 20.0, 1000.0
MOST_MEMORY_GROWTH, LEAST_CORES_GAIN = 1.05, 1.7
SAME = 1e-9  # relative difference of money that rounding explains
NO_BAR = ("star",)
TABLES = ("cost", "service", "use", "nodes", "network", "inventory")


def main() -> int:
    """Measure everything and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    parser.add_argument("--no-peers", action="store_true", help="leave out SimPy and stockpyl")
    parser.add_argument("--memory-days", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_days is not None:
        print(json.dumps(memory_of(options.memory_days, options.seed)))
        return 0
    figures = measured(options.seed, peers=not options.no_peers)
    passed = bars(figures)
    if not options.json:
        show(figures, passed)
    print(json.dumps({"seed": options.seed, **figures, "passed": passed}))
    return 0 if all(passed.values()) else 1


def measured(seed: int, *, peers: bool) -> dict[str, Any]:
    """All figures by row."""
    figures = orders_row(seed, peers=peers)
    if peers:
        figures["chains"] = chain_rows(seed)
    return figures | {"memory": memory_row(seed), "cores": cores_row(seed)}


def chain_rows(seed: int) -> dict[str, Any]:
    """Rows beside stockpyl by network; none, and a word on standard error, where it cannot be installed."""
    try:
        python = peer_python("stockpyl")
    except NotInstalledError as error:
        print(f"{error}; chains and trees are left out", file=sys.stderr)
        return {}
    return {name: chain_row(stages, python, seed) for name, stages in CHAINS.items()}


def bars(figures: dict[str, Any]) -> dict[str, bool]:
    """Whether each bar is held."""
    held = {"engine": figures["engine"]["orders_per_second"] >= LEAST_ORDERS_PER_SECOND}
    if "simpy" in figures:
        held["simpy"] = figures["simpy"]["times_as_fast"] >= LEAST_TIMES_SIMPY
        differences = [figures[name]["largest_difference"] for name in ("simpy", "simpy_by_day")]
        held["simpy_same_result"] = max(differences) <= SAME
    if "chains" in figures:
        held["stockpyl"] = bool(figures["chains"])
    for name, row in figures.get("chains", {}).items():
        if name not in NO_BAR:
            held[name] = row["times_as_fast_many_products"] >= LEAST_TIMES_STOCKPYL
        held[f"{name}_same_cost"] = row["largest_difference"] <= SAME
    held["memory"] = figures["memory"]["growth"] <= MOST_MEMORY_GROWTH
    held["cores"] = figures["cores"]["gain_best"] >= LEAST_CORES_GAIN
    held["cores_same_result"] = figures["cores"]["identical"]
    return held


def show(figures: dict[str, Any], passed: dict[str, bool]) -> None:
    """Print the figures for people."""
    for name, row in figures.items():
        for part, values in row.items() if name == "chains" else [(name, row)]:
            print(f"{part}: " + ", ".join(f"{key} {_told(value)}" for key, value in values.items()))
    for bar, holds in passed.items():
        print(f"{bar:<22} {'holds' if holds else 'MISSED'}")


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return "(" + ", ".join(f"{key} {_told(one)}" for key, one in value.items()) + ")"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


# ---- orders per second


def orders_row(seed: int, *, peers: bool) -> dict[str, Any]:
    """Our engine and SimPy in turns on the two-layer network."""
    compiled, plan = two_layers(PRODUCTS, DAYS, seed)
    setting = setting_of(compiled, plan, seed)
    result = simulate(compiled, plan, replications=REPLICATIONS, seed=seed, policy="priced", workers=1)
    seconds, twins = [], []
    for _ in range(TURNS):
        seconds.append(timed(lambda: [run_replication(setting, number) for number in range(REPLICATIONS)]))
        twins.append(simpy_runs(compiled, plan, seed) if peers else {})
    wall, cpu = (min(values) for values in zip(*seconds, strict=True))
    orders = float(result.network["orders"].sum())
    _, cpu_of_all = timed(lambda: simulate(compiled, plan, replications=REPLICATIONS, seed=seed, workers=1))
    engine = {
        "orders": orders,
        "orders_per_second": orders / cpu,
        "orders_per_second_wall": orders / wall,
        "orders_per_second_with_tables": orders / cpu_of_all,
        "fill_rate": float(result.service["filled"].sum() / result.service["demand"].sum()),
    }
    found = {"engine": engine}
    for name in twins[0]:
        speed = max(runs[name][0] for runs in twins)
        without_draws = max(runs[name][1] for runs in twins)
        found[name] = {
            "orders_per_second": speed,
            "times_as_fast": engine["orders_per_second"] / speed,
            "orders_per_second_without_draws": without_draws,
            "times_as_fast_without_draws": engine["orders_per_second"] / without_draws,
            "largest_difference": largest_difference(twins[0][name][2], result),
        }
    return found


def simpy_runs(compiled: CompiledScenario, plan: Plan, seed: int) -> dict[str, tuple[float, float, dict[str, float]]]:
    """Orders per second with and without drawing them, and measures of a replication in SimPy, written either way."""
    from peers.draws import seconds_to_draw
    from peers.simpy_stepwise import SimpyStepwise
    from peers.simpy_twin import SimpyTwin

    found, draw_seconds = {}, seconds_to_draw(compiled, seed)
    for name, kind in {"simpy": SimpyStepwise, "simpy_by_day": SimpyTwin}.items():
        twin = kind(compiled, plan, seed)
        seconds, orders = twin.run(), float(twin.service[:, 0].sum())
        found[name] = orders / (seconds + draw_seconds), orders / seconds, twin.measures()
    return found


def largest_difference(measures: dict[str, float], result: SimulationResult) -> float:
    """Largest relative difference between SimPy's measures and those of our first replication."""
    cost, network = result.cost.iloc[0], result.network.iloc[0]
    service = result.service[result.service["replication"] == 1]
    ours = {name: cost[name] for name in measures if name in cost}
    ours |= {name: network[name] for name in measures if name in network}
    for kind in ("demand", "filled", "delivery_days_mean"):
        ours |= {f"{kind} {speed}": value for speed, value in zip(service["speed"], service[kind], strict=True)}
    if ours.keys() != measures.keys():
        raise ValueError(f"SimPy measured {sorted(measures)}, we measured {sorted(ours)}")
    return float(max(abs(measures[name] - value) / abs(value) for name, value in ours.items()))


# ---- memory and cores


def memory_row(seed: int) -> dict[str, float]:
    """Peaks of a replication over the horizon and over one ten times as long: the least of processes of their own."""
    peaks = []
    for days in (DAYS, 10 * DAYS):
        command = [sys.executable, __file__, "--memory-days", str(days), "--seed", str(seed)]
        ended = [subprocess.run(command, check=True, capture_output=True) for _ in range(MEMORY_TURNS)]  # noqa: S603
        peaks.append(min(json.loads(one.stdout) for one in ended))
    return {"mb": peaks[0], "mb_ten_times_as_long": peaks[1], "growth": peaks[1] / peaks[0]}


def memory_of(days: int, seed: int) -> float:
    """Peak megabytes of one replication beyond what the process held before, all compiled."""
    simulate(*two_layers(64, DAYS, seed), replications=1, seed=seed, workers=1)
    compiled, plan = two_layers(PRODUCTS, days, seed)
    before = forgotten_peak_mb()
    simulate(compiled, plan, replications=1, seed=seed, workers=1)
    return peak_mb() - before


def cores_row(seed: int) -> dict[str, Any]:
    """Wall time on one core over that on two, in pairs that follow each other."""
    compiled, plan = two_layers(PRODUCTS, DAYS, seed)

    def run(workers: int) -> SimulationResult:
        return simulate(compiled, plan, replications=REPLICATIONS, seed=seed, workers=workers)

    one, two = run(1), run(2)
    identical = all(bool(getattr(one, table).equals(getattr(two, table))) for table in TABLES)
    pairs = [(timed(lambda: run(1)), timed(lambda: run(2))) for _ in range(CORE_TURNS)]
    gains = [wall_one / wall_two for (wall_one, _), (wall_two, _) in pairs]
    (_, cpu_one), (wall_two, cpu_two) = pairs[int(np.argmax(gains))]
    return {
        "gain_best": max(gains),
        "gain_median": float(np.median(gains)),
        "cores_had_by_two": cpu_two / wall_two,
        "cpu_of_two_over_one": cpu_two / cpu_one,
        "identical": identical,
    }


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Wall-clock and CPU seconds of an action."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    sys.exit(main())
