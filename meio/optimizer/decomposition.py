"""The sampled model by prices: every product and period for itself, in parallel."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.optimizer.cutting_planes import Ascent, Round, ascend
from meio.optimizer.sampled import SampledModel

MOST_BLOCKS = 100
FEWEST_SAMPLES = 8
ROUGH_GAP = 1e-3  # about what few samples differ from many
WARM_REACH = 0.0005  # see `ascend`


class Answer(NamedTuple):
    """What the subproblems answer to prices; blocks are groups of products."""

    cost: Floats
    """[block]: cost a day without prices."""
    use: Floats
    """[block, resource]"""
    level: Floats
    """[product, node, period]"""
    flow: Floats
    """[product, node, period]: units shipped to customers a day."""


class SampledOracle:
    """Answers prices of a sampled model; keeps its assignments, from which the next prices start.

    Parameters
    ----------
    blocks : int
        Groups of products whose answers are told apart.
    workers : int, optional
        Threads; one a core when left out. The answers do not depend on it.
    coarse : SampledOracle, optional
        One of the same products with other samples, at whose levels this one starts.
    """

    def __init__(
        self, model: SampledModel, blocks: int, workers: int | None = None, coarse: SampledOracle | None = None
    ) -> None:
        num_products, num_nodes, num_periods = model.cells
        num_samples, num_classes = model.demand.shape[2:]
        self.model = model
        self.limit = model.shared.limit
        self.workers = workers or os.cpu_count() or 1
        self.block_of = np.arange(num_products) * min(blocks, num_products) // num_products
        shape = (num_products, num_periods, num_samples, num_nodes)
        self._available = np.zeros((num_products, num_periods, num_nodes), dtype=np.int64)
        if coarse is not None:
            self._available[:] = coarse._available  # noqa: SLF001 - one of its own kind
        self._flow = np.zeros((*shape, num_classes), dtype=np.int64)
        self._idle = np.broadcast_to(self._available[:, :, None], shape).copy()
        self._unmet = model.demand.copy()
        self._use_table = _UseTable(model, self.block_of)

    def __call__(self, prices: Floats) -> Answer:
        """Solve every subproblem at prices [resource], money per unit of capacity and day."""
        from meio.optimizer.sampled_kernels import solve_products

        model = self.model
        stock_cost, gain = self._priced(prices)
        cost, shipped = np.zeros(stock_cost.shape[:2]), np.zeros(stock_cost.shape)
        most = model.most_available

        def solve(share: Ints) -> None:
            state = (self._available, self._flow, self._idle, self._unmet)
            solve_products(share[0], share[-1] + 1, most, stock_cost, gain, *state, cost, shipped)

        shares = np.array_split(np.arange(len(most)), min(len(most), 4 * self.workers))
        with ThreadPoolExecutor(self.workers) as pool:
            list(pool.map(solve, shares))
        return self._answer(prices, cost, shipped)

    def _priced(self, prices: Floats) -> tuple[Floats, Floats]:
        """Cost of a unit available, [product, period, node], and gain of an order, [product, period, node, class]."""
        model, shared = self.model, self.model.shared
        window = model.window_days[:, None, None]
        per_level = (shared.level_use.T @ prices).reshape(model.cells).transpose(0, 2, 1)
        per_flow = (shared.flow_use.T @ prices).reshape(model.cells).transpose(0, 2, 1)
        turns = model.turns[:, None, :]
        stock_cost = np.full(per_level.shape, np.inf)
        np.divide((model.holding_per_day[:, None, :] + per_level) * window, turns, out=stock_cost, where=turns > 0)
        gain = (model.unserved_cost[:, None, :] - model.service_cost)[:, None] - per_flow[..., None]
        return stock_cost, gain

    def _answer(self, prices: Floats, cost: Floats, shipped: Floats) -> Answer:
        model = self.model
        window = model.window_days
        turns = np.where(model.turns > 0, model.turns, 1.0)
        level = (self._available / turns[:, None, :]).transpose(0, 2, 1)
        flow = (shipped / window[:, None, None]).transpose(0, 2, 1)
        unserved = (model.demand.mean(axis=2) * model.unserved_cost[:, None, :]).sum(axis=(1, 2))
        use = self._use_table.of(level, flow)
        priced = np.bincount(self.block_of, (cost.sum(axis=1) + unserved) / window)
        return Answer(priced - use @ prices, use, level, flow)


class _UseTable:
    """Use of every resource by every block, from levels and flows."""

    def __init__(self, model: SampledModel, block_of: Ints) -> None:
        per_product = model.cells[1] * model.cells[2]
        self.shape = (int(block_of[-1]) + 1, len(model.shared.limit))
        self.entries = []
        for matrix in (model.shared.level_use, model.shared.flow_use):
            entry = matrix.tocoo()
            place = block_of[entry.col // per_product] * self.shape[1] + entry.row
            self.entries.append((place, entry.col, entry.data))

    def of(self, level: Floats, flow: Floats) -> Floats:
        """Use, [block, resource]."""
        total = np.zeros(self.shape[0] * self.shape[1])
        for (place, cell, value), amount in zip(self.entries, (level.ravel(), flow.ravel()), strict=True):
            total += np.bincount(place, value * amount[cell], len(total))
        return total.reshape(self.shape)


def decomposed(
    model: SampledModel,
    target_gap: float,
    max_iterations: int,
    *,
    workers: int | None = None,
    on_round: Callable[[Round], None] | None = None,
) -> Ascent:
    """Prices of the sampled model: first on a few of the samples, then from there on all of them."""
    few = model._replace(demand=model.demand[:, :, : max(FEWEST_SAMPLES, model.demand.shape[2] // 8)])
    rough = SampledOracle(few, MOST_BLOCKS, workers)
    first = ascend(rough, max(ROUGH_GAP, target_gap), max_iterations)
    oracle = SampledOracle(model, MOST_BLOCKS, workers, rough)
    return ascend(oracle, target_gap, max_iterations, first.prices, WARM_REACH, on_round)
