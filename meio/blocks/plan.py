"""The plan of a catalogue: prices found on a sample, held against all products, then targets block by block."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from meio.blocks.answers import answer_block, summed_reckoning
from meio.blocks.checkpoint import Record
from meio.blocks.dual import Blocks, BlocksLostError
from meio.blocks.executors.protocol import Executor
from meio.blocks.journal import Journal
from meio.blocks.problem import Catalogue, load_problem
from meio.blocks.sample import MOST_ROUNDS, Found, Sample
from meio.blocks.settling import (
    TABLES,
    Settled,
    Terms,
    mix_block,
    parts_of,
    recovery_table,
    settle_block,
    shares,
)
from meio.network.changes import of_products
from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario, Floats
from meio.network.model import Planning, Scenario
from meio.optimizer.evaluation import Setting
from meio.optimizer.planner import dual_gap
from meio.optimizer.prices import Capacities, average_of, capacities, flat, no_prices, unflat, violation
from meio.optimizer.stopping import VIOLATION_TOLERANCE, Progress
from meio.plans import CapacityPrices, Plan

PASSES = 4
"""Most times that prices are held against all products; repair does the rest."""
_CORRECTION = (0.5, 2.0)  # of a capacity, within which a sample's use of it is believed to tell the catalogue's


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
    blocks = Blocks(executor, len(catalogue.blocks), tell.blocks)
    sample = Sample(catalogue, shared, settings, workers)
    searched = _searched(sample, blocks, journal, shared.limit, tell)
    tell.step = "bound"
    dual_value = _dual_value(blocks, journal, shared, float(network.period_days), searched)
    tell.step = "settle"
    settled = _settled(blocks, journal, _terms(searched, shared.limit, folder))
    if not settled:
        raise BlocksLostError(blocks.lost)
    for index in blocks.lost:
        for part in parts_of(folder, index):
            part.unlink(missing_ok=True)  # it may have been lost after it wrote them
    plan = _as_plan(network, shared.limit, searched, dual_value, settled, time.perf_counter() - started)
    return CataloguePlan(plan, scenario, network, dict(blocks.lost))


class _Searched(NamedTuple):
    """Prices, and what all products do at them in turn."""

    prices: tuple[CapacityPrices, ...]
    blocks: list[int]
    block_use: Floats
    """[block, resource], packs among it"""
    fixed_storage: Floats
    """[block, node, storage type, period]"""
    cost: float
    convergence: pd.DataFrame
    """Of all searches, one after another"""

    @property
    def use(self) -> Floats:
        """Of every capacity, [resource]."""
        return np.asarray(self.block_use.sum(axis=0))

    @property
    def price(self) -> CapacityPrices:
        """Mean price."""
        return average_of(self.prices)


class _Telling:
    """What is told of progress: the step, and how many blocks of its round are done."""

    def __init__(self, num_blocks: int, progress: Callable[[str, int, int], None] | None) -> None:
        self.step = "all products"
        self._num_blocks, self._progress = num_blocks, progress

    def blocks(self, done: int) -> None:
        if self._progress is not None:
            self._progress(self.step, done, self._num_blocks)

    def sampled(self, now: Progress) -> None:
        if self._progress is not None:
            self._progress(f"sample: gap {max(now.dual_gap, 0.0):.2%}", now.iteration, MOST_ROUNDS)

    def excess(self, most: float) -> None:
        self.step = f"all products: {most:.1%} over at most"


def _network(catalogue: Catalogue) -> Scenario:
    """The network with the first product only."""
    first = catalogue.block(0)
    return of_products(first, [first.tables["products"]["product"].iloc[0]])


def _searched(sample: Sample, blocks: Blocks, journal: Journal, limit: CapacityPrices, tell: _Telling) -> _Searched:
    """Search on the sample, hold what was found against all products, and search again with what that taught.

    A sample uses a little more or less of a capacity than its share; how much more hardly depends on prices. So a
    capacity that all products use more of than the sample foretold is made as much smaller for the sample.
    """
    room, start, near = np.ones(len(flat(limit))), no_prices(limit), False
    tables: list[pd.DataFrame] = []
    held: list[tuple[float, int, _Searched]] = []
    for _ in range(PASSES):
        found = _found(journal.step(partial(_search, sample, start, room, tell, near)))
        tables.append(found.convergence)
        prices = tuple(unflat(row, limit) for row in found.prices)
        searched = _held_against_all(blocks, journal, prices, pd.concat(tables, ignore_index=True))
        most = violation(unflat(searched.use, limit), limit)
        tell.excess(most)
        held.append((most, len(held), searched))
        if most <= VIOLATION_TOLERANCE:
            break
        foretold = np.where(found.use > 0.0, found.use, 1.0)
        more = np.where(found.use > 0.0, searched.use, 1.0) / foretold
        room, start, near = 1.0 / np.clip(more, *_CORRECTION), searched.price, True
    return min(held)[-1]._replace(convergence=searched.convergence)


def _held_against_all(
    blocks: Blocks, journal: Journal, prices: tuple[CapacityPrices, ...], convergence: pd.DataFrame
) -> _Searched:
    """What all products that can be planned do at these prices."""

    def take() -> Record:
        mixed = dict(blocks.each(mix_block, prices))
        if not mixed:
            raise BlocksLostError(blocks.lost)
        use, fixed_storage, cost = zip(*mixed.values(), strict=True)
        lost, errors = list(blocks.lost), list(blocks.lost.values())
        of_lost = {"lost": np.array(lost, dtype=np.int64), "errors": np.array(errors, dtype=np.str_)}
        asked = {"blocks": np.array(list(mixed)), "use": np.stack(use), "fixed_storage": np.stack(fixed_storage)}
        return {**asked, **of_lost, "cost": np.sum(cost)}

    record = journal.step(take)
    blocks.lost = dict(zip(record["lost"].tolist(), record["errors"].tolist(), strict=True))
    fixed = record["fixed_storage"]
    use = record["use"].copy()
    use[:, : fixed[0].size] += fixed.reshape(len(use), -1)
    return _Searched(prices, record["blocks"].tolist(), use, fixed, float(record["cost"]), convergence)


def _search(sample: Sample, start: CapacityPrices, room: Floats, tell: _Telling, near: bool) -> Record:
    found = sample.search(start, room, tell.sampled, near=near)
    table = found.convergence
    return {
        "prices": found.prices,
        "use": found.use,
        "columns": np.array(list(table.columns)),
        "rows": table.to_numpy(),
    }


def _found(record: Record) -> Found:
    table = pd.DataFrame(record["rows"], columns=record["columns"].tolist())
    return Found(record["prices"], record["use"], table)


def _dual_value(blocks: Blocks, journal: Journal, shared: Capacities, period_days: float, searched: _Searched) -> float:
    """Value of the dual at the mean price, with the storage that packs take set aside."""
    packs = searched.fixed_storage.sum(axis=0)
    setting = Setting(shared, replace(no_prices(shared.limit), storage=packs), period_days)

    def take() -> Record:
        answers = [answer for _, answer in blocks.each(answer_block, searched.price)]
        return {"dual_value": np.asarray(setting.answer(searched.price, summed_reckoning(answers)).dual_value)}

    return float(journal.step(take)["dual_value"])


def _terms(searched: _Searched, limit: CapacityPrices, folder: Path) -> Terms:
    return Terms(
        prices=searched.prices,
        shares=dict(zip(searched.blocks, shares(searched.block_use, limit), strict=True)),
        fixed_storage=dict(zip(searched.blocks, searched.fixed_storage, strict=True)),
        level_out=violation(unflat(searched.use, limit), limit) > 0.0,
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
    limit: CapacityPrices,
    searched: _Searched,
    dual_value: float,
    settled: list[Settled],
    seconds: float,
) -> Plan:
    steps = recovery_table(settled, (searched.cost, violation(unflat(searched.use, limit), limit)), limit)
    use = unflat(np.sum([block.use[-1] for block in settled], axis=0), limit)
    cost = float(steps["cost_after"].iloc[-1])
    shape = (0, len(network.names.nodes), network.num_periods)
    convergence = searched.convergence.assign(iteration=np.arange(1.0, len(searched.convergence) + 1.0))
    return Plan(
        name="plan",
        currency=network.currency,
        targets=np.zeros(shape),
        lane_idx=np.zeros(shape[:2], dtype=np.int64),
        unit_value=np.zeros(shape),
        prices=searched.price,
        use=use,
        lower_bound=np.nan,
        bound_kind="none",
        bound_conditions=("planned in blocks: only a plan in memory certifies a bound",),
        dual_value=dual_value,
        planned_cost=cost,
        dual_gap=dual_gap(cost, dual_value),
        capacity_violation_max=violation(use, limit),
        iterations=len(convergence),
        seconds=seconds,
        convergence=convergence,
        recovery=steps,
    )
