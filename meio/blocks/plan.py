"""The plan of a catalogue: prices by rounds over all blocks, then targets block by block."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from meio.blocks.answers import CatalogueAnswer
from meio.blocks.dual import BlockDual, Blocks, BlocksLostError
from meio.blocks.executors.protocol import Executor
from meio.blocks.journal import Journal, Record
from meio.blocks.problem import Catalogue, load_problem
from meio.blocks.sample import MOST_ROUNDS, sampled_prices
from meio.blocks.settling import TABLES, Settled, Terms, parts_of, recovery_table, settle_block, shares
from meio.network.changes import of_products
from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.network.model import Planning, Scenario
from meio.optimizer.dual import Ascent, dual_ascent
from meio.optimizer.planner import dual_gap, stop_rule
from meio.optimizer.prices import Capacities, average_of, capacities, flat, unflat, violation
from meio.optimizer.stopping import AnyOf, MostIterations, Progress
from meio.plans import CapacityPrices, Plan

PASSES = 6
"""Most rounds over all products, from the prices of a sample on: they are dear, and repair does the rest."""


@dataclass(frozen=True, eq=False)
class CataloguePlan:
    """What planning in blocks leaves behind beside the parts of tables that the blocks wrote.

    Attributes
    ----------
    plan : Plan
        Prices, use, cost and bound of the whole catalogue; its arrays by product are empty.
    scenario, network : Scenario, CompiledScenario
        The network, with one product.
    lost : dict of int to str
        Blocks that could not be planned, and why.
    """

    plan: Plan
    scenario: Scenario
    network: CompiledScenario
    lost: dict[int, str]


def plan_in_blocks(
    catalogue: Catalogue,
    executor: Executor,
    folder: Path,
    *,
    settings: Planning | None = None,
    journal: Journal | None = None,
    workers: int = 1,
    threads: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> CataloguePlan:
    """Plan a catalogue, of which one block at a time is held in each place of work.

    Parameters
    ----------
    catalogue : Catalogue
    executor : Executor
        Where the blocks are worked on; the plan does not depend on it. It is opened here, and closed by the caller.
    folder : Path
        Where blocks write their parts of the tables, `settling.TABLES`; every place of work must reach it.
    settings : Planning, optional
        When to stop; the scenario's own when left out. Targets are not refined on sampled paths.
    journal : Journal, optional
        Takes every round, so that a later run goes on from there.
    workers, threads : int
        Threads of this process, and of each place of work.
    progress : callable, optional
        Told the step, how many blocks are done, and how many there are.

    Raises
    ------
    ScenarioError
        When the first block, from which the network is read, has problems.
    BlocksLostError
        When no block could be planned.
    """
    started = time.perf_counter()
    settings, journal = settings or catalogue.file.planning, journal or Journal()
    scenario = _network(catalogue)
    network = compile_scenario(scenario)
    shared = capacities(network)
    tell = _Telling(len(catalogue.blocks), progress)
    for table in TABLES:
        (folder / f"{table}.parquet").mkdir(parents=True, exist_ok=True)
    executor.open(partial(load_problem, catalogue, threads), len(catalogue.blocks))
    blocks = Blocks(executor, tell.blocks)
    start = _start(catalogue, shared, settings, workers, journal, tell)
    dual, ascent = _ascended(blocks, journal, shared, catalogue, start, settings, tell)
    if ascent.interrupted:
        raise KeyboardInterrupt
    tell.step = "settle"
    settled = _settled(blocks, journal, _terms(blocks, len(catalogue.blocks), dual, ascent, folder))
    if not settled:
        raise BlocksLostError(blocks.lost)
    for index in blocks.lost:
        for part in parts_of(folder, index):
            part.unlink(missing_ok=True)  # it may have been lost after it wrote them
    plan = _as_plan(network, shared, ascent, settled, time.perf_counter() - started)
    return CataloguePlan(plan, scenario, network, dict(blocks.lost))


class _Telling:
    """What is told of progress: the step, and how many blocks of its round are done."""

    def __init__(self, num_blocks: int, progress: Callable[[str, int, int], None] | None) -> None:
        self.step = "open"
        self._num_blocks, self._progress = num_blocks, progress

    def blocks(self, done: int) -> None:
        if self._progress is not None:
            self._progress(self.step, done, self._num_blocks)

    def sampled(self, now: Progress) -> None:
        if self._progress is not None:
            self._progress(f"sample: gap {max(now.dual_gap, 0.0):.2%}", now.iteration, MOST_ROUNDS)

    def ascended(self, now: Progress) -> None:
        self.step = f"plan: round {now.iteration + 1}, gap {max(now.dual_gap, 0.0):.2%}"


def _network(catalogue: Catalogue) -> Scenario:
    """The network with the first product only."""
    first = catalogue.block(0)
    return of_products(first, [first.tables["products"]["product"].iloc[0]])


def _start(
    catalogue: Catalogue, shared: Capacities, settings: Planning, workers: int, journal: Journal, tell: _Telling
) -> CapacityPrices:
    def take() -> Record:
        return {"start": flat(sampled_prices(catalogue, shared, settings, workers, tell.sampled))}

    return unflat(journal.step(take)["start"], shared.limit)


def _ascended(
    blocks: Blocks,
    journal: Journal,
    shared: Capacities,
    catalogue: Catalogue,
    start: CapacityPrices,
    settings: Planning,
    tell: _Telling,
) -> tuple[BlockDual, Ascent[CatalogueAnswer]]:
    """Search prices; anew without the blocks that are lost on the way, as sums would still hold them."""
    near, stop = bool(flat(start).any()), stop_rule(settings)
    if near:
        stop = AnyOf((stop, MostIterations(PASSES)))
    days = float(catalogue.file.horizon.period_days)
    while True:
        try:
            dual = BlockDual(blocks, journal, shared, days, start)
            tell.step = "plan: round 1"
            return dual, dual_ascent(dual, stop, tell.ascended, start, near=near)
        except BlocksLostError:
            if len(blocks.lost) == len(catalogue.blocks):
                raise


def _terms(blocks: Blocks, num_blocks: int, dual: BlockDual, ascent: Ascent[CatalogueAnswer], folder: Path) -> Terms:
    kept = [index for index in range(num_blocks) if index not in blocks.lost]
    limit = dual.shared.limit
    share = shares(ascent.recent, dual.fixed_storage, limit)
    use = average_of([answer.use for answer in ascent.recent])
    return Terms(
        prices=tuple(answer.prices for answer in ascent.recent),
        shares=dict(zip(kept, share, strict=True)),
        fixed_storage=dict(zip(kept, dual.fixed_storage, strict=True)),
        level_out=violation(use, limit) > 0.0,
        folder=str(folder),
    )


def _settled(blocks: Blocks, journal: Journal, terms: Terms) -> list[Settled]:
    """Settle every block that an earlier run did not."""
    done: dict[int, Settled] = {}

    def keep(record: Record) -> None:
        done[int(record["block"])] = Settled(record["cost"], record["use"])

    while journal.behind:
        keep(journal.step(dict))
    left = {index: share for index, share in terms.shares.items() if index not in done}
    for index, result in blocks.each(settle_block, terms._replace(shares=left)):
        if result is not None:
            keep(journal.step(partial(dict, block=np.asarray(index), **result._asdict())))
    return [done[index] for index in sorted(done)]


def _as_plan(
    network: CompiledScenario,
    shared: Capacities,
    ascent: Ascent[CatalogueAnswer],
    settled: list[Settled],
    seconds: float,
) -> Plan:
    limit, recent = shared.limit, ascent.recent
    before = float(np.mean([answer.cost for answer in recent]))
    used = average_of([answer.use for answer in recent])
    steps = recovery_table(settled, (before, violation(used, limit)), limit)
    use = unflat(np.sum([block.use[-1] for block in settled], axis=0), limit)
    cost = float(steps["cost_after"].iloc[-1])
    shape = (0, len(network.names.nodes), network.num_periods)
    return Plan(
        name="plan",
        currency=network.currency,
        targets=np.zeros(shape),
        lane_idx=np.zeros(shape[:2], dtype=np.int64),
        unit_value=np.zeros(shape),
        prices=average_of([answer.prices for answer in recent]),
        use=use,
        lower_bound=np.nan,
        bound_kind="none",
        bound_conditions=("planned in blocks: only a plan in memory certifies a bound",),
        dual_value=ascent.highest_dual_value,
        planned_cost=cost,
        dual_gap=dual_gap(cost, ascent.highest_dual_value),
        capacity_violation_max=violation(use, limit),
        iterations=len(ascent.convergence),
        seconds=seconds,
        convergence=ascent.convergence,
        recovery=steps,
    )
