"""Time the planner's newsvendor subproblems on one core against the same work in vectorised SciPy.

Run as ``python benchmarks/kernels.py [--subproblems N] [--seed N] [--json]``. A subproblem is one product at one node
in one period: from mean and variance of the demand over its window, what a unit costs per day and what a unit short
costs, by speed, to the level of least cost, its cost, the units short and the curvature. Demand is negative binomial:
80% slow movers (window mean below 3), the others up to 500 units. The kernel is the one that plans nodes whose stock
nobody else gains by (`meio.optimizer.newsvendor_kernels`), here with 8,192 subproblems in a call; SciPy finds quantiles
(one class) or bisects the slope (three classes, nested) and takes losses from survival and probability functions. Three
more rates are measured, without SciPy and without a bar: in calls of four subproblems, as the planner calls for four
nodes of one product and period; and of the tables and the greedy search by which it solves nodes that share stock or
wait for supply (`fill_kernels`, `subproblem_kernels`), without and with a lead time before the review interval. CPU
seconds, compiling not counted. The exit code is 1 when a bar is missed: 3 million subproblems a second with one class,
1 million with three, 30 times SciPy, the same levels, and costs, units short and curvature within 1e-9.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from meio.network.compiled import Floats, Ints

LEAST_RATE, LEAST_RATIO, MOST_DIFFERENCE = {1: 3e6, 3: 1e6}, 30.0, 1e-9
REPEATS = 5


class Subproblems(NamedTuple):
    """Demand by rank: all speeds down to the rank, dearest first."""

    mean: Floats
    """[subproblem, rank]: units over the window"""
    variance: Floats
    """[subproblem, rank]"""
    short_cost: Floats
    """[subproblem, rank]: money per day and unit short, beyond the next rank's"""
    charge: Floats
    """[subproblem]: money per day and unit"""
    terms: Floats
    """[subproblem, rank, term]: the same as the planner's kernels read it"""


class Answers(NamedTuple):
    """One entry a subproblem."""

    level: Floats
    cost: Floats
    """Money per day."""
    short: Floats
    """Expected units."""
    curvature: Floats
    """Mean fall of the saving from one unit to the next around the level."""


def main() -> int:
    """Time both and print rates, ratios and differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subproblems", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    figures: dict[str, Any] = {"seed": options.seed, "subproblems": options.subproblems}
    passed = {}
    for speeds in (1, 3):
        asked = subproblems(options.subproblems, speeds, options.seed)
        row = compared(asked)
        part = first(asked, 40_000)
        seconds, _ = timed(partial(planned, part, 4))
        row["in_calls_of_4_per_second"] = len(part.charge) / seconds
        for name, lead_share in (("by_tables_per_second", 0.0), ("with_lead_time_per_second", 0.6)):
            seconds, _ = timed(partial(by_tables, later(part, lead_share)))
            row[name] = len(part.charge) / seconds
        figures[f"classes_{speeds}"] = row
        passed[f"rate_{speeds}"] = row["per_second"] >= LEAST_RATE[speeds]
        passed[f"ratio_{speeds}"] = row["times_scipy"] >= LEAST_RATIO
        same = row["levels_that_differ"] == 0 and row["largest_difference"] <= MOST_DIFFERENCE
        passed[f"same_{speeds}"] = same
    if not options.json:
        for name, row in figures.items():
            if isinstance(row, dict):
                print(name, *(f"  {figure:<27}{value:>14,.4g}" for figure, value in row.items()), sep="\n")
        print(*(f"{bar:<10} {'holds' if holds else 'MISSED'}" for bar, holds in passed.items()), sep="\n")
    print(json.dumps(figures | {"passed": passed}))
    return 0 if all(passed.values()) else 1


def compared(asked: Subproblems) -> dict[str, float]:
    """Rates of both, and how far their answers are apart."""
    ours, kernel = timed(lambda: planned(asked))
    sample = first(asked, 20_000)
    theirs, scipy = timed(lambda: by_scipy(sample))
    size = len(sample.charge)
    pairs = list(zip(kernel, scipy, strict=True))[1:]
    apart = [np.abs(mine[:size] - other) / np.maximum(1.0, np.abs(other)) for mine, other in pairs]
    return {
        "per_second": len(asked.charge) / ours,
        "scipy_per_second": size / theirs,
        "times_scipy": (len(asked.charge) / ours) / (size / theirs),
        "levels_that_differ": int((kernel.level[:size] != scipy.level).sum()),
        "largest_difference": float(np.max(apart)),
        "mean_level": float(kernel.level.mean()),
    }


def first(asked: Subproblems, size: int) -> Subproblems:
    """The first subproblems."""
    return Subproblems(*(part[:size] for part in asked))


def later(asked: Subproblems, lead_share: float) -> Subproblems:
    """The same subproblems with a share of each window that is lead time."""
    terms = asked.terms.copy()
    terms[:, :, 2:4] = lead_share * terms[:, :, 0:2]
    return asked._replace(terms=terms)


def timed(work: Callable[[], Answers]) -> tuple[float, Answers]:
    """Least seconds of several runs, and the answers; a run before them compiles."""
    answers, seconds = work(), []
    for _ in range(REPEATS):
        began = time.process_time()
        answers = work()
        seconds.append(time.process_time() - began)
    return min(seconds), answers


def subproblems(size: int, speeds: int, seed: int) -> Subproblems:
    """Draw subproblems: 80% slow movers, a long tail, over-dispersed; critical ratios from 0.7 to 0.99."""
    random = np.random.default_rng(seed)
    slow = random.random(size) < 0.8
    low, high = np.where(slow, 0.02, 3.0), np.where(slow, 3.0, 500.0)
    mean = np.exp(random.uniform(np.log(low), np.log(high)))
    excess = random.uniform(0.1, 2.0, size)
    share = np.cumsum(random.dirichlet(np.full(speeds, 2.0), size), axis=1)
    share /= share[:, -1:]
    ranks = mean[:, None] * share
    charge = np.exp(random.uniform(np.log(0.01), np.log(1.0), size))
    ratio = random.uniform(0.7, 0.99, size)
    total = charge / (1.0 - ratio)
    cost = total[:, None] * random.dirichlet(np.full(speeds, 2.0), size)
    variance = ranks * (1.0 + excess[:, None] * share)
    terms = np.zeros((size, speeds, 6))
    terms[:, :, 0], terms[:, :, 1], terms[:, :, 4] = ranks, variance, cost
    return Subproblems(ranks, variance, cost, charge, terms)


def planned(asked: Subproblems, per_call: int = 8192) -> Answers:
    """Answers of the planner's kernel, with so many subproblems in a call."""
    from meio.optimizer.newsvendor_kernels import NUM_ANSWERS, new_lockstep
    from meio.optimizer.subproblem_kernels import MOST_STEPS

    size, speeds = asked.mean.shape
    answers, some = Answers(*(np.empty(size) for _ in Answers._fields)), np.empty((per_call, NUM_ANSWERS))
    in_calls()(asked.terms, asked.charge, new_lockstep(speeds, MOST_STEPS), some, *answers)
    return answers


@cache
def in_calls() -> Callable[..., None]:
    """Compile the loop over calls, and what is asked here of their answers."""
    import numba

    from meio.optimizer.newsvendor_kernels import (
        COST,
        GAIN_BEYOND,
        LAST_GAIN,
        LEVEL,
        SHORT,
        Lockstep,
        solve_newsvendors,
    )

    @numba.njit
    def solve(
        terms: Floats,
        charges: Floats,
        scratch: Lockstep,
        some: Floats,
        level: Floats,
        cost: Floats,
        short: Floats,
        curvature: Floats,
    ) -> None:
        for begin in range(0, charges.size, len(some)):
            end = min(begin + len(some), charges.size)
            solve_newsvendors(terms[begin:end], charges[begin:end], scratch, some[: end - begin])
            for index in range(begin, end):
                answer, charge = some[index - begin], charges[index]
                level[index], short[index] = answer[LEVEL], answer[SHORT]
                cost[index] = charge * answer[LEVEL] + answer[COST]
                slope = 0.5 * (answer[LAST_GAIN] - answer[GAIN_BEYOND])
                curvature[index] = max(slope, charge / (answer[LEVEL] + 1.0))

    return solve


def by_tables(asked: Subproblems) -> Answers:
    """Answers of the planner's tables and greedy search."""
    from meio.optimizer.cluster_kernels import new_classes
    from meio.optimizer.subproblem_kernels import new_tables

    size, speeds = asked.mean.shape
    answers = Answers(*(np.empty(size) for _ in Answers._fields))
    solver()(asked.terms, asked.charge, new_classes(1, speeds), new_tables(3, speeds), *answers)
    return answers


@cache
def solver() -> Callable[..., None]:
    """Compile the loop over subproblems; one node alone, so neither region nor nation has demand."""
    import numba

    from meio.optimizer.cluster_kernels import Classes
    from meio.optimizer.fill_kernels import fill_tables
    from meio.optimizer.loss_kernels import COUNT, NO_POINTS
    from meio.optimizer.node_kernels import lattice_cost, level_response
    from meio.optimizer.subproblem_kernels import MOST_STEPS, Tables, add_stock

    @numba.njit
    def solve(
        terms: Floats,
        charges: Floats,
        classes: Classes,
        tables: Tables,
        level: Floats,
        cost: Floats,
        short: Floats,
        curvature: Floats,
    ) -> None:
        region, cycle, lattice = np.zeros(1, np.int64), np.ones(1, np.int64), np.zeros(3, np.int64)
        order_node, order_gain = np.zeros(2 * MOST_STEPS, np.int64), np.zeros(2 * MOST_STEPS)
        unserved = np.zeros(3)
        classes.rate[0] = classes.review_days[0] = 1.0
        for index in range(charges.size):
            classes.terms[0] = terms[index]
            charge = charges[index : index + 1]
            fill_tables(COUNT, classes, 1.0, 1.0, cycle, NO_POINTS, NO_POINTS, tables)
            add_stock(tables, region, charge, lattice, order_node, order_gain)
            level[index] = lattice[0]
            cost[index] = charge[0] * lattice[0] + lattice_cost(tables, lattice, unserved)
            short[index] = unserved[0]
            curvature[index] = 1.0 / level_response(tables.size, tables.gain, region, lattice, charge[0], 1.0, 0)

    return solve


def by_scipy(asked: Subproblems) -> Answers:
    """The same answers from SciPy's distributions."""
    if asked.mean.shape[1] == 1:
        size, chance = _parameters(asked.mean[:, 0], asked.variance[:, 0])
        level = stats.nbinom.ppf(1.0 - asked.charge / asked.short_cost[:, 0], size, chance)
    else:
        level = _bisected(asked)
    size, chance = _parameters(asked.mean, asked.variance)
    units = level[:, None]
    mass = stats.nbinom.pmf(units, size, chance)
    odds = (size + units) * (1.0 - chance)
    next_mass = mass * odds / (units + 1.0)
    short = (asked.mean - units) * stats.nbinom.sf(units, size, chance) + mass * odds / chance
    cost = asked.charge * level + (asked.short_cost * short).sum(axis=1)
    curvature = 0.5 * (asked.short_cost * (np.where(units > 0.0, mass, 0.0) + next_mass)).sum(axis=1)
    least = asked.charge / (level + 1.0)
    return Answers(level, cost, short[:, -1], np.maximum(curvature, least))


def _bisected(asked: Subproblems) -> Floats:
    """Least level at which a unit more saves no more than its charge, between nothing and the sole class's level."""
    size, chance = _parameters(asked.mean, asked.variance)
    ratio = 1.0 - asked.charge / asked.short_cost.sum(axis=1)
    low, high = np.zeros(len(ratio)), stats.nbinom.ppf(ratio, size[:, -1], chance[:, -1])
    open_idx: Ints = np.flatnonzero(low < high)
    while len(open_idx):
        middle = np.floor(0.5 * (low[open_idx] + high[open_idx]))
        survival = stats.nbinom.sf(middle[:, None], size[open_idx], chance[open_idx])
        pays = (asked.short_cost[open_idx] * survival).sum(axis=1) > asked.charge[open_idx]
        low[open_idx] = np.where(pays, middle + 1.0, low[open_idx])
        high[open_idx] = np.where(pays, high[open_idx], middle)
        open_idx = open_idx[low[open_idx] < high[open_idx]]
    return low


def _parameters(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """SciPy's number of successes and their probability."""
    return mean**2 / (variance - mean), mean / variance


if __name__ == "__main__":
    sys.exit(main())
