"""One evaluation of the dual: every product's subproblem at given prices, in parallel over blocks of products."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.optimizer.model import PlanningModel
from meio.optimizer.newton import newton_direction, own_response, trust_scale
from meio.optimizer.prices import Capacities, fields, flat, met_by_a_unit, no_prices, priced, use_of
from meio.plans import CapacityPrices

if TYPE_CHECKING:
    from meio.optimizer.block_kernels import Aggregates, Decisions

PRODUCTS_PER_BLOCK = 64  # fixed, so that sums do not depend on the number of threads
MOST_GROUPS = 16  # of products whose answers are kept apart


class Groups(NamedTuple):
    """The answer of each group of products, a run of blocks: together they are the dual less the priced capacity."""

    cost: Floats
    """[group]: priced cost, money"""
    slope: Floats
    """[group, resource]: how it grows with each price: use over the horizon, in the order of `prices.flat`"""


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
    groups: Groups


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

    @property
    def free_capacity(self) -> Floats:
        """What a unit of each price pays back: capacity over the horizon that is not in use anyway, [resource]."""
        return self.model.period_days * (flat(self.shared.limit) - flat(self.fixed))

    def scale(self) -> CapacityPrices:
        """Prices as large as the costs they add to."""
        return trust_scale(self.model, self.shared.limit)

    def newton_direction(self, current: Evaluation) -> CapacityPrices:
        """Projected Newton step from an evaluation."""
        return newton_direction(current, self.shared, self.model.period_days)

    def curvature(self, current: Evaluation) -> Floats:
        """How fast each resource's use over the horizon falls when its own price rises, [resource]."""
        return self.model.period_days * own_response(current, self.shared, self.model.period_days)

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
            groups=self._groups(parts),
        )

    def _groups(self, parts: Sequence[Aggregates]) -> Groups:
        bounds = np.unique(np.linspace(0, len(parts), min(MOST_GROUPS, len(parts)) + 1).astype(np.int64))
        costs, slopes = [], []
        for first, end in pairwise(bounds.tolist()):
            uses = [flat(use_of(part, self.shared)) for part in parts[first:end]]
            costs.append(sum(float(part.cost.sum()) for part in parts[first:end]))
            slopes.append(self.model.period_days * np.sum(uses, axis=0))
        return Groups(np.array(costs), np.array(slopes))

    def _no_decisions(self) -> Decisions:
        from meio.optimizer.block_kernels import Decisions

        shape = (*self.model.holding_per_day.shape, self.model.num_periods)
        return Decisions(
            np.full(shape[:2], -1), np.zeros(shape), np.full(shape, np.inf), np.zeros(shape), np.zeros(shape)
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
