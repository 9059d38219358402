"""What the best price proves: the dual of all products, and a cost that no policy for them can undercut."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from meio.blocks.answers import answer_block, bound_products, summed_reckoning
from meio.blocks.checkpoint import Record
from meio.blocks.dual import Blocks, BlocksLostError
from meio.blocks.journal import Journal
from meio.blocks.problem import Problem
from meio.blocks.sample import Sample
from meio.blocks.search import Searched
from meio.network.compiled import CompiledScenario
from meio.optimizer.certificate import (
    Bounds,
    Certificate,
    best_scale,
    certificate,
    scaled_prices,
    summed_bounds,
)
from meio.optimizer.evaluation import Reckoning, Setting
from meio.optimizer.prices import capacities, no_prices
from meio.plans import CapacityPrices


class Proven(NamedTuple):
    """What is known of every plan for the catalogue."""

    dual_value: float
    """Of the planning model, money over the horizon; the storage that packs take is set aside"""
    certificate: Certificate


class Asked(NamedTuple):
    """Prices that a block answers, and prices at which its products are bounded."""

    answered: CapacityPrices
    bounded: CapacityPrices


def proven(blocks: Blocks, journal: Journal, sample: Sample, network: CompiledScenario, found: Searched) -> Proven:
    """Ask all blocks about the best price; the sample says which part of it gives the highest bound.

    Raises
    ------
    BlocksLostError
        When no block is left.
    """

    def take() -> Record:
        scaled = scaled_prices(network, found.best)
        asked = Asked(found.best, scaled[best_scale(network, scaled, [sample.bound(one) for one in scaled])])
        parts = [part for _, part in blocks.each(answer_and_bound, asked)]
        if not parts:
            raise BlocksLostError(blocks.lost)
        packs = replace(no_prices(capacities(network).limit), storage=found.fixed_storage.sum(axis=0))
        setting = Setting(capacities(network), packs, float(network.period_days))
        answer = setting.answer(found.best, summed_reckoning([answer for answer, _ in parts]))
        claimed = certificate(network, asked.bounded, summed_bounds(bounds for _, bounds in parts))
        return {
            "dual_value": np.asarray(answer.dual_value),
            "lower_bound": np.asarray(claimed.lower_bound),
            "conditions": np.array(claimed.conditions, dtype=np.str_),
        }

    record = journal.step(take)
    claimed = Certificate(float(record["lower_bound"]), tuple(record["conditions"].tolist()))
    return Proven(float(record["dual_value"]), claimed)


def answer_and_bound(problem: Problem, asked: Asked) -> tuple[Reckoning, Bounds]:
    """Answer prices, and bound the block's products."""
    return answer_block(problem, asked.answered), bound_products(problem, asked.bounded)
