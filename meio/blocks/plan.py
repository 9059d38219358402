"""The plan of a catalogue: prices found on a sample, held against all products, then targets block by block."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from meio.blocks.bound import Proven, proven
from meio.blocks.checkpoint import Record
from meio.blocks.dual import Blocks, BlocksLostError
from meio.blocks.executors.protocol import Executor
from meio.blocks.executors.serial import SerialExecutor
from meio.blocks.journal import Journal
from meio.blocks.problem import Catalogue, load_problem
from meio.blocks.sample import Sample
from meio.blocks.search import Searched, searched
from meio.blocks.settling import (
    SHARES,
    TABLES,
    Settled,
    Terms,
    parts_of,
    recovery_table,
    settle_block,
    settled_prices,
    shares,
)
from meio.blocks.telling import Telling
from meio.network.changes import of_products
from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.network.model import Planning, Scenario
from meio.optimizer.certificate import not_claimed
from meio.optimizer.planner import dual_gap
from meio.optimizer.prices import capacities, flat, unflat, violation
from meio.plans import CapacityPrices, Plan


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
    tell = Telling(len(catalogue.blocks), progress)
    for table in TABLES:
        (folder / f"{table}.parquet").mkdir(parents=True, exist_ok=True)
    executor.open(partial(load_problem, catalogue, threads), len(catalogue.blocks))
    blocks = Blocks(executor, len(catalogue.blocks), tell.blocks)
    sample = Sample(catalogue, shared, settings, workers)
    found = searched(sample, blocks, journal, shared.limit, tell)
    tell.step = "bound"
    proof = proven(blocks, journal, sample, network, found)
    tell.step = "settle"
    terms = _terms(found, catalogue, shared.limit, folder)
    terms = terms._replace(prices=_prices_settled(catalogue, journal, terms, workers))
    settled = _settled(blocks, journal, terms)
    (folder / SHARES).unlink()
    if not settled:
        raise BlocksLostError(blocks.lost)
    for index in blocks.lost:
        for part in parts_of(folder, index):
            part.unlink(missing_ok=True)  # it may have been lost after it wrote them
    if blocks.lost:
        proof = proof._replace(certificate=not_claimed(f"{len(blocks.lost)} blocks are lost"))
    plan = _as_plan(network, shared.limit, found, terms.prices, proof, settled, time.perf_counter() - started)
    return CataloguePlan(plan, scenario, network, dict(blocks.lost))


def _network(catalogue: Catalogue) -> Scenario:
    """The network with the first product only."""
    first = catalogue.block(0)
    return of_products(first, [first.tables["products"]["product"].iloc[0]])


def _terms(found: Searched, catalogue: Catalogue, limit: CapacityPrices, folder: Path) -> Terms:
    products = np.array([catalogue.blocks[index].num_products for index in found.blocks])
    of_blocks = np.zeros((len(catalogue.blocks), 2, found.use.size))
    of_blocks[found.blocks, 0] = shares(found.block_use, products, limit)
    of_blocks[found.blocks, 1, : found.fixed_storage[0].size] = found.fixed_storage.reshape(len(products), -1)
    np.save(folder / SHARES, of_blocks)
    level_out = violation(unflat(found.use, limit), limit) > 0.0
    return Terms(found.mix, found.best, tuple(found.blocks), level_out, str(folder))


def _prices_settled(catalogue: Catalogue, journal: Journal, terms: Terms, workers: int) -> CapacityPrices:
    """The prices at which the first block settles: from there, the others have less to repair."""

    def take() -> Record:
        executor = SerialExecutor()
        executor.open(partial(load_problem, catalogue, workers), len(catalogue.blocks))
        answers = executor.map(settled_prices, terms)
        prices = next((one for one in answers if isinstance(one, CapacityPrices)), terms.prices)
        executor.close()
        return {"prices": flat(prices)}

    return unflat(journal.step(take)["prices"], terms.prices)


def _settled(blocks: Blocks, journal: Journal, terms: Terms) -> list[Settled]:
    """Settle every block that an earlier run did not."""
    done: dict[int, Settled] = {}

    def keep(record: Record) -> None:
        done[int(record["block"])] = Settled(record["cost"], record["use"])

    while journal.behind:
        keep(journal.step(dict))
    left = tuple(index for index in terms.blocks if index not in done)
    for index, result in blocks.each(settle_block, terms._replace(blocks=left)):
        if result is not None:
            keep(journal.step(partial(dict, block=np.asarray(index), **result._asdict())))
    return [done[index] for index in sorted(done)]


def _as_plan(
    network: CompiledScenario,
    limit: CapacityPrices,
    found: Searched,
    prices: CapacityPrices,
    proof: Proven,
    settled: list[Settled],
    seconds: float,
) -> Plan:
    steps = recovery_table(settled, (found.cost, violation(unflat(found.use, limit), limit)), limit)
    use = unflat(np.sum([block.use[-1] for block in settled], axis=0), limit)
    cost = float(steps["cost_after"].iloc[-1])
    shape = (0, len(network.names.nodes), network.num_periods)
    convergence = found.convergence.assign(iteration=np.arange(1.0, len(found.convergence) + 1.0))
    return Plan(
        name="plan",
        currency=network.currency,
        targets=np.zeros(shape),
        lane_idx=np.zeros(shape[:2], dtype=np.int64),
        unit_value=np.zeros(shape),
        prices=prices,
        use=use,
        lower_bound=proof.certificate.lower_bound,
        bound_kind=proof.certificate.kind,
        bound_conditions=proof.certificate.conditions,
        dual_value=proof.dual_value,
        planned_cost=cost,
        dual_gap=dual_gap(cost, proof.dual_value),
        capacity_violation_max=violation(use, limit),
        iterations=len(convergence),
        seconds=seconds,
        convergence=convergence,
        recovery=steps,
    )
