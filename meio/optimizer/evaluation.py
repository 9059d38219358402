"""One evaluation of the dual: every product's subproblem at given prices, in parallel over blocks of products."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.optimizer.model import PlanningModel
from meio.optimizer.prices import Capacities, fields, met_by_a_unit, no_prices, priced, use_of
from meio.plan import CapacityPrices

if TYPE_CHECKING:
    from meio.optimizer.block_kernels import Aggregates, Decisions

PRODUCTS_PER_BLOCK = 64  # fixed, so that sums do not depend on the number of threads


class Evaluation(NamedTuple):
    """What the subproblems answer to prices."""

    prices: CapacityPrices
    decisions: Decisions
    totals: Aggregates
    use: CapacityPrices
    cost: float
    """Cost over the horizon without prices, money."""
    dual_value: float
    """Least priced cost less the priced capacity, money."""


class Evaluator:
    """Answers prices with an `Evaluation`.

    Parameters
    ----------
    workers : int
        Threads; the answer does not depend on it.
    fixed_storage : array [node, storage type, period], optional
        m³ that are in use whatever the prices, such as what packs and minimum orders bring beyond the levels.
    """

    def __init__(
        self, model: PlanningModel, shared: Capacities, workers: int, fixed_storage: Floats | None = None
    ) -> None:
        self.model = model
        self.shared = shared
        self.workers = workers
        fixed = no_prices(shared.limit)
        self.fixed = fixed if fixed_storage is None else replace(fixed, storage=fixed_storage)

    def __call__(self, prices: CapacityPrices) -> Evaluation:
        """Solve every subproblem at these prices."""
        return self._run(prices, self._no_decisions(), given=False)

    def follow(self, prices: CapacityPrices, lane_idx: Ints, level: Floats) -> Evaluation:
        """What given lanes and levels lead to; the dual value is only that of these levels."""
        empty = self._no_decisions()
        return self._run(prices, empty._replace(lane_idx=lane_idx.copy(), level=level.copy()), given=True)

    def _run(self, prices: CapacityPrices, decisions: Decisions, *, given: bool) -> Evaluation:
        from meio.optimizer.block_kernels import solve_block

        met = met_by_a_unit(prices, self.shared)
        num_products = len(self.model.volume_m3)
        starts = range(0, num_products, PRODUCTS_PER_BLOCK)
        parts = [self._no_totals() for _ in starts]

        def solve(block: int) -> None:
            first = starts[block]
            end = min(first + PRODUCTS_PER_BLOCK, num_products)
            solve_block(self.model, met, first, end, given, decisions, parts[block])

        with ThreadPoolExecutor(self.workers) as pool:
            list(pool.map(solve, range(len(parts))))
        return self._summed(prices, decisions, parts)

    def _summed(self, prices: CapacityPrices, decisions: Decisions, parts: Sequence[Aggregates]) -> Evaluation:
        from meio.optimizer.block_kernels import Aggregates

        totals = Aggregates(*(np.sum(arrays, axis=0) for arrays in zip(*parts, strict=True)))
        chosen = use_of(totals, self.shared)
        use = CapacityPrices(*(part + fixed for part, fixed in zip(fields(chosen), fields(self.fixed), strict=True)))
        use = replace(use, storage=use.storage + totals.carried)
        days = self.model.period_days
        priced_cost = float(totals.cost.sum())
        kept_and_shipped = (prices.storage * totals.storage).sum() + (prices.outbound * totals.customers).sum()
        free_capacity = priced(prices, self.shared.limit) - priced(prices, self.fixed)
        return Evaluation(
            prices=prices,
            decisions=decisions,
            totals=totals,
            use=use,
            cost=priced_cost - float(totals.paid.sum()) - days * float(kept_and_shipped),
            dual_value=priced_cost - days * free_capacity,
        )

    def _no_decisions(self) -> Decisions:
        from meio.optimizer.block_kernels import Decisions

        shape = (*self.model.holding_per_day.shape, self.model.num_periods)
        return Decisions(
            np.full(shape[:2], -1), np.zeros(shape), np.full(shape, np.inf), np.zeros(shape), np.zeros(shape[:2])
        )

    def _no_totals(self) -> Aggregates:
        from meio.optimizer.block_kernels import Aggregates

        limit = self.shared.limit
        return Aggregates(
            cost=np.zeros(self.model.num_periods),
            paid=np.zeros(self.model.num_periods),
            storage=np.zeros_like(limit.storage),
            carried=np.zeros_like(limit.storage),
            customers=np.zeros_like(limit.outbound),
            lane=np.zeros_like(limit.lane),
            response_volume2=np.zeros((len(limit.lane), *limit.storage.shape[1:])),
            response_volume=np.zeros((len(limit.lane), *limit.storage.shape[1:])),
            response_units=np.zeros_like(limit.lane),
            response_flow=np.zeros_like(limit.inbound),
        )
