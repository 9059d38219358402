"""The bundle's master problem against SciPy, and ascent on duals whose maximum is known."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, linprog, minimize

from meio.network.compiled import Floats
from meio.optimizer.bundle import solve_master
from meio.optimizer.dual import dual_ascent
from meio.optimizer.evaluation import Groups
from meio.optimizer.prices import Capacities, flat, no_prices, unflat
from meio.optimizer.stopping import AnyOf, GapClosed, MostIterations
from meio.plans import CapacityPrices

NODES, PERIODS, DAYS = 2, 3, 7.0


@pytest.mark.parametrize("seed", range(6))
def test_the_master_agrees_with_scipy(seed: int) -> None:
    """SLSQP on the same quadratic program, started from scratch."""
    random = np.random.default_rng(seed)
    planes, groups, prices = 5, 2, 4
    slopes = random.uniform(0.0, 2.0, (planes, groups, prices))
    heights = np.concatenate([np.zeros((1, groups)), random.uniform(0.0, 1.0, (planes - 1, groups))])
    free, weight = random.uniform(1.0, 3.0, prices), random.uniform(0.5, 2.0, prices)
    low, high = np.full(prices, -0.4), np.full(prices, 0.6)

    def loss(point: Floats) -> float:
        step, gains = point[:prices], point[prices:]
        return float(free @ step + 0.5 * weight @ step**2 - gains.sum())

    rows = np.hstack([-slopes.reshape(-1, prices), np.tile(np.eye(groups), (planes, 1))])
    bounds = [*zip(low, high, strict=True), *[(-50.0, 50.0)] * groups]
    within = LinearConstraint(rows, -np.inf, heights.ravel())
    expected = minimize(loss, np.zeros(prices + groups), method="SLSQP", bounds=bounds, constraints=[within])
    step, gains = solve_master(slopes, heights, free, weight, low, high)
    assert (rows @ np.concatenate([step, gains]) <= heights.ravel() + 1e-6).all()
    assert loss(np.concatenate([step, gains])) == pytest.approx(expected.fun, abs=1e-5)
    assert step == pytest.approx(expected.x[:prices], abs=1e-3)


class Answer:
    """What a made-up dual answers: the fields of an evaluation that ascent reads."""

    def __init__(self, prices: CapacityPrices, cost: float, use: CapacityPrices, dual_value: float, groups: Groups):
        self.prices, self.cost, self.use, self.dual_value, self.groups = prices, cost, use, dual_value, groups


class StorageDual:
    """Products that each choose among a few plans, or continuously, and share the storage of two nodes.

    Each product's cost falls with its stock: `worth` y − `bend` y² / 2 for 0 ≤ y ≤ `most`, in steps when not smooth.
    """

    def __init__(self, seed: int, smooth: bool, products: int = 40) -> None:
        random = np.random.default_rng(seed)
        shape = (products, NODES, PERIODS)
        self.worth = random.uniform(1.0, 4.0, shape)
        self.bend = random.uniform(0.5, 2.0, shape)
        self.smooth = smooth
        self.limit = CapacityPrices(
            random.uniform(0.3, 0.6, (NODES, 1, PERIODS)) * products,
            np.full((NODES, PERIODS), np.inf),
            np.full((NODES, PERIODS), np.inf),
            np.full((1, PERIODS), np.inf),
        )
        empty = np.zeros(1, dtype=np.int64)
        self.shared = Capacities(self.limit, empty, empty, np.zeros((1, PERIODS, PERIODS)))
        self.asked = 0

    @property
    def free_capacity(self) -> Floats:
        return DAYS * flat(self.limit)

    def scale(self) -> CapacityPrices:
        return CapacityPrices(*(np.ones_like(part) for part in vars(self.limit).values()))

    def curvature(self, current: Any) -> Floats:  # noqa: ARG002 (the same everywhere)
        response = (1.0 / self.bend).sum(axis=0)
        return DAYS * np.concatenate([response.ravel(), np.ones(2 * NODES * PERIODS + PERIODS)])

    def newton_direction(self, current: Any) -> CapacityPrices:
        change = no_prices(self.limit)
        change.storage[:, 0] = (current.use.storage - self.limit.storage)[:, 0] / (1.0 / self.bend).sum(axis=0)
        return change

    def stock(self, price: Floats) -> Floats:
        best = np.clip((self.worth - price) / self.bend, 0.0, 5.0)
        if self.smooth:
            return best
        options = np.stack([np.floor(best), np.ceil(best)])
        cost = DAYS * ((price - self.worth) * options + 0.5 * self.bend * options**2)
        return np.take_along_axis(options, cost.argmin(axis=0)[None], axis=0)[0]

    def __call__(self, prices: CapacityPrices) -> Any:
        self.asked += 1
        stock = self.stock(prices.storage[:, 0])
        cost = DAYS * (0.5 * self.bend * stock**2 - self.worth * stock)
        paid = DAYS * prices.storage[:, 0] * stock
        halves = np.array_split(np.arange(len(stock)), 2)
        slopes = [
            DAYS * np.concatenate([stock[half].sum(axis=0).ravel(), np.zeros(2 * NODES * PERIODS + PERIODS)])
            for half in halves
        ]
        groups = Groups(np.array([(cost + paid)[half].sum() for half in halves]), np.array(slopes))
        use = no_prices(self.limit)
        use.storage[:, 0] = stock.sum(axis=0)
        value = float((cost + paid).sum() - DAYS * (prices.storage * self.limit.storage).sum())
        return Answer(prices, float(cost.sum()), use, value, groups)

    def highest(self) -> float:
        """Its maximum: by L-BFGS-B when smooth, else of the linear relaxation of the products' choices."""
        if self.smooth:
            return self._highest_smooth()
        steps = np.arange(6.0)
        cost = DAYS * (0.5 * self.bend[..., None] * steps**2 - self.worth[..., None] * steps)
        products = len(self.worth)
        total = 0.0
        for node in range(NODES):
            for period in range(PERIODS):
                choice = np.kron(np.eye(products), np.ones(6))
                found = linprog(
                    cost[:, node, period].ravel(),
                    A_ub=np.tile(steps, products)[None],
                    b_ub=self.limit.storage[node, 0, period],
                    A_eq=choice,
                    b_eq=np.ones(products),
                )
                total += found.fun
        return float(total)

    def _highest_smooth(self) -> float:
        like = self.limit

        def loss(vector: Floats) -> tuple[float, Floats]:
            prices = no_prices(like)
            prices.storage[:, 0] = vector.reshape(NODES, PERIODS)
            answer = self(prices)
            slope = DAYS * (answer.use.storage - like.storage)[:, 0]
            return -answer.dual_value, -slope.ravel()

        bounds = [(0.0, None)] * (NODES * PERIODS)
        found = minimize(loss, np.zeros(NODES * PERIODS), jac=True, method="L-BFGS-B", bounds=bounds, tol=1e-14)
        return float(-found.fun)


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_ascent_finds_the_known_maximum(seed: int, smooth: bool) -> None:
    dual = StorageDual(seed, smooth)
    highest = dual.highest()
    ascent = dual_ascent(dual, MostIterations(20))
    assert ascent.highest_dual_value <= highest + 1e-9 * abs(highest)
    assert ascent.highest_dual_value >= highest - 1e-4 * abs(highest)


def test_starting_from_the_best_prices_stops_at_once() -> None:
    dual = StorageDual(1, smooth=True)
    cold = dual_ascent(dual, MostIterations(60))
    rule = AnyOf((GapClosed(1e-4), MostIterations(60)))
    warm = dual_ascent(dual, rule, start=cold.best_prices)
    assert len(warm.convergence) == 1
    assert warm.highest_dual_value == cold.highest_dual_value
    assert len(dual_ascent(dual, rule).convergence) > 1


def test_a_price_without_a_capacity_is_dropped_at_the_start() -> None:
    dual = StorageDual(2, smooth=True)
    ones = unflat(np.ones(flat(dual.limit).size), dual.limit)
    ascent = dual_ascent(dual, MostIterations(1), start=ones)
    assert ascent.best_prices.storage.min() == 1.0
    assert ascent.best_prices.inbound.max() == 0.0
