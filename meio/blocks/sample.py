"""The search for prices: on a few products of every block, which have as small a part of every capacity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from meio.blocks.answers import bound_products
from meio.blocks.dual import BlockDual, Blocks, BlocksLostError
from meio.blocks.executors.serial import SerialExecutor
from meio.blocks.mixture import Rounds, best_mixture
from meio.blocks.problem import Catalogue, Problem
from meio.network.changes import of_products
from meio.network.compile import compile_scenario
from meio.network.compiled import Floats
from meio.network.model import Planning
from meio.optimizer.certificate import summed_bounds
from meio.optimizer.dual import dual_ascent
from meio.optimizer.evaluation import Answer, Evaluator
from meio.optimizer.model import planning_model
from meio.optimizer.planner import stop_rule
from meio.optimizer.prices import Capacities, capacities, flat, no_prices, unflat
from meio.optimizer.stopping import Progress
from meio.plans import CapacityPrices

SAMPLED_PRODUCTS = 10_000  # at most
SAMPLED_SHARE = 0.05  # of large catalogues, at most
FEWEST_SAMPLED = 2_000
MOST_CLIMBED = 40  # rounds, where few products stand for many: there a round costs little
MOST_MIXED = 30  # rounds after the ascent, to keep capacities
KEPT = 5e-4  # relative excess of a mixture that is good enough
OF_GAP = 0.2  # that a plan may have, what a mixture on the sample may leave
DEAREST = 300.0  # times what a price adds to: no capacity is worth more


class Found(NamedTuple):
    """What a search on the sample found."""

    rounds: Rounds
    """All that were asked"""
    share: Floats
    """[round], of the products: how many shall do what this round's prices tell them"""
    best: int
    """The round of the highest dual value"""
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

    Attributes
    ----------
    part : float
        Of the catalogue's products, at most 1; as large a part of each capacity is the sample's.
    """

    def __init__(self, catalogue: Catalogue, shared: Capacities, settings: Planning, workers: int) -> None:
        num_products = sum(rows.num_products for rows in catalogue.blocks)
        sampled = max(FEWEST_SAMPLED, min(SAMPLED_PRODUCTS, SAMPLED_SHARE * num_products))
        self.part = min(1.0, sampled / num_products)
        self._shared = shared._replace(limit=unflat(self.part * flat(shared.limit), shared.limit))
        most = max(settings.max_iterations, MOST_CLIMBED) if self.part < 1.0 else settings.max_iterations
        self._stop = stop_rule(settings.model_copy(update={"max_iterations": most}))
        self._close = OF_GAP * settings.target_gap
        self._period_days = float(catalogue.file.horizon.period_days)
        executor = SerialExecutor()
        executor.open(partial(load_sample, catalogue, workers, self.part), len(catalogue.blocks))
        self._blocks = Blocks(executor, len(catalogue.blocks), lambda _: None)

    def search(self, known: Rounds | None, room: Floats, tell: Callable[[Progress], None]) -> Found:
        """Climb from prices of zero, unless rounds are known, and mix rounds until they keep capacities.

        `room` [resource] is the part of each capacity that the catalogue may use in the terms of the sample, which
        uses a little more, or less, than its share.

        Raises
        ------
        KeyboardInterrupt
            When someone stops it.
        BlocksLostError
            When nothing of the catalogue can be read.
        """
        while True:
            try:
                dual = BlockDual(self._blocks, self._shared, self._period_days, no_prices(self._shared.limit))
                table = pd.DataFrame()
                if known is None:
                    known, table = self._climbed(dual, tell)
                found = self._mixed(dual, known, room * flat(self._shared.limit), tell)
                table = pd.concat([table, found.convergence], ignore_index=True)
                money = {name: table[name] / self.part for name in ("dual_value", "planned_cost")}
                return found._replace(convergence=table.assign(**money))
            except BlocksLostError:
                if not self._blocks.left:
                    raise
                known = None

    def bound(self, prices: CapacityPrices) -> float:
        """About what all products cost at least at prices of `meio.optimizer.certificate.scaled_prices`."""
        bounds = summed_bounds(bounds for _, bounds in self._blocks.each(bound_products, prices))
        return bounds.value / self.part

    def _climbed(self, dual: BlockDual, tell: Callable[[Progress], None]) -> tuple[Rounds, pd.DataFrame]:
        """The rounds of an ascent, and how it went."""
        ascent = dual_ascent(dual, self._stop, tell)
        if ascent.interrupted:
            raise KeyboardInterrupt
        return self._rounds(dual.answers), ascent.convergence

    def _mixed(self, dual: BlockDual, rounds: Rounds, capacity: Floats, tell: Callable[[Progress], None]) -> Found:
        """Ask about prices halfway between the best ones and the mixture's own, until it keeps capacities cheaply."""
        dearest = DEAREST * flat(dual.scale())
        table: list[dict[str, float]] = []
        while True:
            mixture = best_mixture(rounds, capacity, dearest, self._period_days)
            values = rounds.dual_value(capacity, self._period_days)
            best = int(np.argmax(values))
            cost = float(mixture.share @ rounds.cost)
            gap = (cost - float(values[best])) / max(abs(cost), 1e-12)
            now = Progress(len(values), gap, mixture.excess, 0.0)
            tell(now)
            table.append(
                {
                    "iteration": now.iteration,
                    "dual_value": float(values[-1]),
                    "planned_cost": cost,
                    "dual_gap": now.dual_gap,
                    "violation": now.violation,
                }
            )
            if (mixture.excess <= KEPT and now.dual_gap <= self._close) or len(table) > MOST_MIXED:
                return Found(rounds, mixture.share, best, pd.DataFrame(table))
            halfway = 0.5 * (mixture.prices + rounds.prices[best])
            rounds = rounds.and_those(self._rounds([dual(unflat(halfway, self._shared.limit))]))

    def _rounds(self, answers: Sequence[Answer]) -> Rounds:
        prices = np.stack([flat(answer.prices) for answer in answers])
        use = np.stack([flat(answer.use) for answer in answers])
        cost = np.array([answer.cost for answer in answers])
        dual_value = np.array([answer.dual_value for answer in answers])
        rounds = Rounds(prices, use, cost, np.zeros(len(answers)))
        repaid = rounds.dual_value(flat(self._shared.limit), self._period_days)
        return rounds._replace(priced_cost=dual_value - repaid)


def load_sample(catalogue: Catalogue, workers: int, part: float, index: int) -> Problem:
    """Read a block and compile a part of its products, drawn at random: a catalogue may be laid out in any order."""
    rows = catalogue.blocks[index]
    drawn = np.random.default_rng(index).permutation(rows.num_products)
    chosen = np.sort(drawn[: max(1, round(part * rows.num_products))])
    scenario = catalogue.block(index)
    names = scenario.tables["products"]["product"].iloc[chosen].tolist()
    compiled = compile_scenario(of_products(scenario, names) if part < 1.0 else scenario)
    evaluate = Evaluator(planning_model(compiled), capacities(compiled), workers)
    return Problem(index, compiled, evaluate, rows.first_product + chosen)
