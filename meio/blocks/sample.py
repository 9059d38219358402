"""The search for prices: on a few products of every block, which have as small a part of every capacity."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from meio.blocks.dual import BlockDual, Blocks, BlocksLostError
from meio.blocks.executors.serial import SerialExecutor
from meio.blocks.problem import Catalogue, Problem
from meio.network.changes import of_products
from meio.network.compile import compile_scenario
from meio.network.compiled import Floats
from meio.network.model import Planning
from meio.optimizer.dual import dual_ascent
from meio.optimizer.evaluation import Answer, Evaluator
from meio.optimizer.model import planning_model
from meio.optimizer.planner import stop_rule
from meio.optimizer.prices import Capacities, average_of, capacities, flat, unflat
from meio.optimizer.stopping import Progress, StopRule
from meio.plans import CapacityPrices

SAMPLED_PRODUCTS = 10_000  # at most
SAMPLED_SHARE = 0.05  # of large catalogues, at most
FEWEST_SAMPLED = 2_000
MOST_ROUNDS = 80  # a round on the sample costs little, and every round over all products that it saves is dear
MOST_ROUNDS_AGAIN = 30  # from prices that were found on the sample before


class Found(NamedTuple):
    """What a search on the sample found."""

    prices: Floats
    """[round, resource], of those rounds after each other that kept capacities best: taken in turn, nearly optimal"""
    use: Floats
    """[resource]: mean use in these rounds, times how much larger the catalogue is"""
    convergence: pd.DataFrame
    """As `meio.optimizer.dual.Ascent` has it, money times how much larger the catalogue is"""


class Sample:
    """Some products of a catalogue, drawn in every block; all of a small one.

    Parameters
    ----------
    catalogue : Catalogue
    shared : Capacities
        Of the whole catalogue.
    settings : Planning
    workers : int
        Threads; what is found does not depend on it.
    """

    def __init__(self, catalogue: Catalogue, shared: Capacities, settings: Planning, workers: int) -> None:
        num_products = sum(rows.num_products for rows in catalogue.blocks)
        sampled = max(FEWEST_SAMPLED, min(SAMPLED_PRODUCTS, SAMPLED_SHARE * num_products))
        self._share = min(1.0, sampled / num_products)
        self._settings = settings
        self._shared, self._period_days = shared, float(catalogue.file.horizon.period_days)
        executor = SerialExecutor()
        executor.open(partial(load_sample, catalogue, workers, self._share), len(catalogue.blocks))
        self._blocks = Blocks(executor, len(catalogue.blocks), lambda _: None)

    def search(
        self, start: CapacityPrices, room: Floats, tell: Callable[[Progress], None], *, near: bool = False
    ) -> Found:
        """Search prices from a start on; `near`: as `dual_ascent` says.

        `room` [resource] is the part of each capacity that the catalogue may use in the terms of the sample, which
        uses a little more, or less, than its share.

        Raises
        ------
        KeyboardInterrupt
            When someone stops it.
        BlocksLostError
            When nothing of the catalogue can be read.
        """
        limit = unflat(self._share * room * flat(self._shared.limit), self._shared.limit)
        shared = self._shared._replace(limit=limit)
        while True:
            try:
                dual = BlockDual(self._blocks, shared, self._period_days, start)
                fittest = _Fittest(dual, tell)
                ascent = dual_ascent(dual, self._stop(near), fittest, start, near=near)
                break
            except BlocksLostError:
                if not self._blocks.left:
                    raise
        if ascent.interrupted:
            raise KeyboardInterrupt
        prices = np.stack([flat(answer.prices) for answer in fittest.answers])
        use = flat(average_of([answer.use for answer in fittest.answers])) / self._share
        rows = ascent.convergence
        money = rows[["dual_value", "planned_cost"]] / self._share
        return Found(prices, use, rows.assign(dual_value=money["dual_value"], planned_cost=money["planned_cost"]))

    def _stop(self, near: bool) -> StopRule:
        """When to stop; rounds on a sample are cheaper than the scenario's settings reckon with."""
        most = self._settings.max_iterations
        if self._share < 1.0:
            most = max(most, MOST_ROUNDS_AGAIN if near else MOST_ROUNDS)
        return stop_rule(self._settings.model_copy(update={"max_iterations": most}))


class _Fittest:
    """Watches an ascent for the rounds after each other whose average keeps capacities best.

    Where many products change their mind at one price, such as when to buy ahead, a search does not settle.
    """

    def __init__(self, dual: BlockDual, tell: Callable[[Progress], None]) -> None:
        self._dual, self._tell, self._least = dual, tell, np.inf
        self.answers: list[Answer] = []

    def __call__(self, now: Progress) -> None:
        if now.violation <= self._least:
            self._least, self.answers = now.violation, list(self._dual.recent)
        self._tell(now)


def load_sample(catalogue: Catalogue, workers: int, share: float, index: int) -> Problem:
    """Read a block and compile a share of its products, drawn at random: a catalogue may be laid out in any order."""
    rows = catalogue.blocks[index]
    drawn = np.random.default_rng(index).permutation(rows.num_products)
    chosen = np.sort(drawn[: max(1, round(share * rows.num_products))])
    scenario = catalogue.block(index)
    names = scenario.tables["products"]["product"].iloc[chosen].tolist()
    compiled = compile_scenario(of_products(scenario, names) if share < 1.0 else scenario)
    evaluate = Evaluator(planning_model(compiled), capacities(compiled), workers)
    return Problem(index, compiled, evaluate, rows.first_product + chosen)
