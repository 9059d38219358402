"""Prices to start from: those of every so-manieth product, which have as small a part of every capacity."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from meio.blocks.dual import BlockDual, Blocks
from meio.blocks.executors.serial import SerialExecutor
from meio.blocks.journal import Journal
from meio.blocks.problem import Catalogue, Problem
from meio.network.changes import of_products
from meio.network.compile import compile_scenario
from meio.network.model import Planning
from meio.optimizer.dual import dual_ascent
from meio.optimizer.evaluation import Evaluator
from meio.optimizer.model import planning_model
from meio.optimizer.planner import stop_rule
from meio.optimizer.prices import Capacities, average_of, capacities, fields, no_prices
from meio.optimizer.stopping import Progress
from meio.plans import CapacityPrices

SAMPLED_PRODUCTS = 10_000
MOST_ROUNDS = 80  # a round on the sample costs little, and every round over all products that it saves is dear


def sampled_prices(
    catalogue: Catalogue,
    shared: Capacities,
    settings: Planning,
    workers: int,
    tell: Callable[[Progress], None] | None = None,
) -> CapacityPrices:
    """Prices at which the sample uses its part of every capacity, as near as few products can.

    Parameters
    ----------
    catalogue : Catalogue
    shared : Capacities
        Of the whole catalogue.
    settings : Planning
    workers : int
        Threads; the prices do not depend on it.
    tell : callable, optional
        Called after each round on the sample.

    Returns
    -------
    CapacityPrices
        None where the catalogue is hardly larger than a sample of it.
    """
    num_products = sum(rows.num_products for rows in catalogue.blocks)
    stride = num_products // SAMPLED_PRODUCTS
    if stride < 2:
        return no_prices(shared.limit)
    executor = SerialExecutor()
    executor.open(partial(load_sample, catalogue, workers, stride), len(catalogue.blocks))
    part = CapacityPrices(*(limit / stride for limit in fields(shared.limit)))
    period_days = float(catalogue.file.horizon.period_days)
    dual = BlockDual(
        Blocks(executor, lambda _: None), Journal(), shared._replace(limit=part), period_days, no_prices(part)
    )
    patient = settings.model_copy(update={"max_iterations": max(MOST_ROUNDS, settings.max_iterations)})
    ascent = dual_ascent(dual, stop_rule(patient), tell)
    return average_of([answer.prices for answer in ascent.recent])


def load_sample(catalogue: Catalogue, workers: int, stride: int, index: int) -> Problem:
    """Read a block and compile one product in `stride`, whatever the blocks' borders."""
    rows = catalogue.blocks[index]
    positions = rows.first_product + np.arange(rows.num_products)
    chosen = np.flatnonzero(positions % stride == stride // 2)
    scenario = catalogue.block(index)
    names = scenario.tables["products"]["product"].iloc[chosen].tolist()
    compiled = compile_scenario(of_products(scenario, names))
    return Problem(index, compiled, Evaluator(planning_model(compiled), capacities(compiled), workers), chosen)
