"""What a block answers to prices, and how the answers of all blocks add up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from meio.blocks.problem import Problem
from meio.network.compiled import Floats
from meio.optimizer.certificate import Bounds, bounds_of
from meio.optimizer.evaluation import MOST_GROUPS, Answer, Groups, Reckoning, summed
from meio.optimizer.newton import PriceWeights, price_weights
from meio.optimizer.recovery import pack_storage
from meio.plans import CapacityPrices


class Opening(NamedTuple):
    """A block's first answer, with what does not change from then on."""

    answer: Reckoning
    weights: PriceWeights
    fixed_storage: Floats
    """[node, storage type, period]: m³ that packs and minimum orders bring beyond the levels"""


def open_block(problem: Problem, prices: CapacityPrices) -> Opening:
    """Answer the prices that a search starts from; packs lift the stock that they lead to."""
    evaluate = problem.evaluate
    first = evaluate(prices)
    fixed_storage = pack_storage(problem.compiled, evaluate.model, first.decisions)
    return Opening(_sums(first), price_weights(evaluate.model), fixed_storage)


def answer_block(problem: Problem, prices: CapacityPrices) -> Reckoning:
    """Answer prices."""
    return _sums(problem.evaluate(prices))


def bound_products(problem: Problem, prices: CapacityPrices) -> Bounds:
    """Bound what the products cost, at one of `meio.optimizer.certificate.scaled_prices`."""
    return bounds_of(problem.compiled, prices, problem.evaluate.workers)


def _sums(answer: Answer) -> Reckoning:
    return Reckoning(answer.totals, answer.groups)


def summed_reckoning(answers: Sequence[Reckoning]) -> Reckoning:
    """Add up the answers of all blocks, in their order."""
    return Reckoning(summed([answer.totals for answer in answers]), _fewer([answer.groups for answer in answers]))


def _fewer(groups: Sequence[Groups]) -> Groups:
    """Join groups that follow each other until there are at most `MOST_GROUPS`."""
    cost, slope = (np.concatenate(parts) for parts in zip(*groups, strict=True))
    first = np.unique(np.linspace(0, len(cost), min(MOST_GROUPS, len(cost)) + 1).astype(np.int64))[:-1]
    return Groups(np.add.reduceat(cost, first), np.add.reduceat(slope, first))


def summed_weights(weights: Sequence[PriceWeights]) -> PriceWeights:
    """Add up the sums of all blocks."""
    demand, volume, holding = zip(*weights, strict=True)
    return PriceWeights(float(np.sum(demand)), float(np.sum(volume)), np.sum(holding, axis=0))
