"""What a block answers to prices, and how the answers of all blocks add up to that of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from meio.blocks.journal import Record
from meio.blocks.problem import Problem
from meio.network.compiled import Floats
from meio.optimizer.evaluation import MOST_GROUPS, Answer, Groups, Reckoning, summed
from meio.optimizer.newton import PriceWeights, price_weights
from meio.optimizer.prices import flat
from meio.optimizer.recovery import pack_storage
from meio.plans import CapacityPrices


class BlockAnswer(NamedTuple):
    """Sums over the products of a block."""

    reckoning: Reckoning
    use: Floats
    """[resource], of the block's own choice"""


class Opening(NamedTuple):
    """A block's first answer, with what does not change from then on."""

    answer: BlockAnswer
    weights: PriceWeights
    fixed_storage: Floats
    """[node, storage type, period]: m³ that packs and minimum orders bring beyond the levels"""


class Round(NamedTuple):
    """The answers of all blocks."""

    reckoning: Reckoning
    block_use: Floats
    """[block, resource]: each block's own use"""


@dataclass(frozen=True, eq=False)
class CatalogueAnswer(Answer):
    """The answer of all blocks together.

    Attributes
    ----------
    block_use : array [block, resource]
        Each block's own use of every capacity.
    """

    block_use: Floats


def open_block(problem: Problem, prices: CapacityPrices) -> Opening:
    """Answer the prices that the search starts from; packs lift the stock that they lead to."""
    evaluate = problem.evaluate
    first = evaluate(prices)
    fixed_storage = pack_storage(problem.compiled, evaluate.model, first)
    return Opening(_sums(first), price_weights(evaluate.model), fixed_storage)


def answer_block(problem: Problem, prices: CapacityPrices) -> BlockAnswer:
    """Answer prices."""
    return _sums(problem.evaluate(prices))


def _sums(answer: Answer) -> BlockAnswer:
    return BlockAnswer(Reckoning(answer.totals, answer.groups), flat(answer.use))


def together(answers: Sequence[BlockAnswer]) -> Round:
    """Add up the answers of all blocks, in their order."""
    totals = summed([answer.reckoning.totals for answer in answers])
    groups = _fewer_groups([answer.reckoning.groups for answer in answers])
    return Round(Reckoning(totals, groups), np.stack([answer.use for answer in answers]))


def _fewer_groups(groups: Sequence[Groups]) -> Groups:
    """Join groups that follow each other until there are at most `MOST_GROUPS`."""
    cost, slope = (np.concatenate(parts) for parts in zip(*groups, strict=True))
    first = np.unique(np.linspace(0, len(cost), min(MOST_GROUPS, len(cost)) + 1).astype(np.int64))[:-1]
    return Groups(np.add.reduceat(cost, first), np.add.reduceat(slope, first))


def summed_weights(weights: Sequence[PriceWeights]) -> PriceWeights:
    """Add up the sums of all blocks."""
    demand, volume, holding = zip(*weights, strict=True)
    return PriceWeights(float(np.sum(demand)), float(np.sum(volume)), np.sum(holding, axis=0))


def round_record(prices: CapacityPrices, asked: Round) -> Record:
    """A round as arrays."""
    totals, groups = asked.reckoning
    return {
        "prices": flat(prices),
        "block_use": asked.block_use,
        **{f"totals_{name}": array for name, array in totals._asdict().items()},
        **{f"groups_{name}": array for name, array in groups._asdict().items()},
    }


def recorded_round(record: Record) -> Round:
    """A round from its arrays."""
    from meio.optimizer.block_kernels import Aggregates

    totals = Aggregates(**{name: record[f"totals_{name}"] for name in Aggregates._fields})
    groups = Groups(**{name: record[f"groups_{name}"] for name in Groups._fields})
    return Round(Reckoning(totals, groups), record["block_use"])
