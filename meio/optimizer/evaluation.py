"""One evaluation of the dual: every product's subproblem at given prices, in parallel over chunks of products."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.optimizer.model import PlanningModel
from meio.optimizer.newton import newton_direction, own_response, price_weights, trust_scale
from meio.optimizer.prices import Capacities, fields, flat, met_by_a_unit, no_prices, priced, use_of
from meio.plans import CapacityPrices

if TYPE_CHECKING:
    from meio.optimizer.block_kernels import Aggregates, Decisions

PRODUCTS_PER_CHUNK = 64  # fixed, so that sums do not depend on the number of threads
MOST_GROUPS = 16  # of products whose answers are kept apart


class Groups(NamedTuple):
    """The answer of each group of products, a run of chunks: together they are the dual less the priced capacity."""

    cost: Floats
    """[group]: priced cost, money"""
    slope: Floats
    """[group, resource]: how it grows with each price: use over the horizon, in the order of `prices.flat`"""


class Reckoning(NamedTuple):
    """Sums over products, as the subproblems report them."""

    totals: Aggregates
    groups: Groups


@dataclass(frozen=True, eq=False)
class Answer:
    """What the subproblems answer to prices, summed over products.

    Attributes
    ----------
    prices : CapacityPrices
    totals : Aggregates
    use : CapacityPrices
        Of every capacity, what is in use whatever the prices among it.
    cost : float
        Cost over the horizon without prices, money.
    dual_value : float
        Least priced cost less the priced capacity, money.
    groups : Groups
    """

    prices: CapacityPrices
    totals: Aggregates
    use: CapacityPrices
    cost: float
    dual_value: float
    groups: Groups


@dataclass(frozen=True, eq=False)
class Evaluation(Answer):
    """An answer with what every product decided.

    Attributes
    ----------
    decisions : Decisions
    """

    decisions: Decisions


class Setting(NamedTuple):
    """What sums over products are held against."""

    shared: Capacities
    fixed: CapacityPrices
    """In use whatever the prices"""
    period_days: float

    @property
    def free_capacity(self) -> Floats:
        """What a unit of each price pays back: capacity over the horizon that is not in use anyway, [resource]."""
        return self.period_days * (flat(self.shared.limit) - flat(self.fixed))

    def answer(self, prices: CapacityPrices, reckoning: Reckoning) -> Answer:
        """Use, cost and dual value that sums over products come to."""
        totals, shared, days = reckoning.totals, self.shared, self.period_days
        chosen = use_of(totals, shared)
        use = CapacityPrices(*(part + fixed for part, fixed in zip(fields(chosen), fields(self.fixed), strict=True)))
        use = replace(use, storage=use.storage + totals.carried)
        priced_cost = float(totals.cost.sum())
        kept_and_shipped = (prices.storage * totals.storage).sum() + (prices.outbound * totals.customers).sum()
        free_capacity = priced(prices, shared.limit) - priced(prices, self.fixed)
        return Answer(
            prices=prices,
            totals=totals,
            use=use,
            cost=priced_cost - float(totals.paid.sum()) - days * float(kept_and_shipped),
            dual_value=priced_cost - days * free_capacity,
            groups=reckoning.groups,
        )


def summed(totals: Sequence[Aggregates]) -> Aggregates:
    """Sum over parts of the products, in their order."""
    from meio.optimizer.block_kernels import Aggregates

    return Aggregates(*(np.sum(arrays, axis=0) for arrays in zip(*totals, strict=True)))


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
    def setting(self) -> Setting:
        """What its answers are held against."""
        return Setting(self.shared, self.fixed, self.model.period_days)

    @property
    def free_capacity(self) -> Floats:
        """As `Setting.free_capacity`."""
        return self.setting.free_capacity

    def scale(self) -> CapacityPrices:
        """Prices as large as the costs they add to."""
        return trust_scale(price_weights(self.model), self.shared.limit, self.model.period_days)

    def newton_direction(self, current: Answer) -> CapacityPrices:
        """Projected Newton step from an evaluation."""
        return newton_direction(current, self.shared, self.model.period_days)

    def curvature(self, current: Answer) -> Floats:
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
        reckoning = self._solved(prices, decisions, given=given)
        answer = self.setting.answer(prices, reckoning)
        return Evaluation(**vars(answer), decisions=decisions)

    def _solved(self, prices: CapacityPrices, decisions: Decisions, *, given: bool) -> Reckoning:
        """Fill in the decisions of all products; return their sums."""
        from meio.optimizer.block_kernels import solve_block

        met = met_by_a_unit(prices, self.shared)
        num_products = len(self.model.volume_m3)
        starts = range(0, num_products, PRODUCTS_PER_CHUNK)
        parts = [self._no_totals() for _ in starts]

        def solve(chunk: int) -> None:
            first = starts[chunk]
            end = min(first + PRODUCTS_PER_CHUNK, num_products)
            solve_block(self.model, met, first, end, given, decisions, parts[chunk])

        with ThreadPoolExecutor(self.workers) as pool:
            list(pool.map(solve, range(len(parts))))
        return Reckoning(summed(parts), self._groups(parts))

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
