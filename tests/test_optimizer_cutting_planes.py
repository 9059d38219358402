"""The bundle method on duals whose optimum a linear program knows."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from scipy.optimize import linprog

from meio.optimizer.cutting_planes import ascend


class Chosen(NamedTuple):
    cost: np.ndarray
    use: np.ndarray


class Menus:
    """Blocks that each choose one of a few columns of cost and use."""

    def __init__(self, seed, num_blocks=8, num_columns=6, num_resources=4):
        random = np.random.default_rng(seed)
        self.use = np.sort(random.uniform(0, 5, (num_blocks, num_columns, num_resources)), axis=1)
        self.use[:, 0] = 0.0  # doing nothing is always possible
        self.cost = 20.0 - np.sqrt(self.use).sum(axis=2) * random.uniform(0.5, 3.0, (num_blocks, 1))
        self.limit = 0.4 * self.use[:, -1].sum(axis=0)

    def __call__(self, prices):
        best = (self.cost + self.use @ prices).argmin(axis=1)
        blocks = np.arange(len(best))
        return Chosen(self.cost[blocks, best], self.use[blocks, best])

    def optimum(self):
        """Least cost of convex combinations of columns within capacity."""
        num_blocks, num_columns = self.cost.shape
        return linprog(
            self.cost.ravel(),
            A_ub=self.use.reshape(-1, len(self.limit)).T,
            b_ub=self.limit,
            A_eq=np.kron(np.eye(num_blocks), np.ones(num_columns)),
            b_eq=np.ones(num_blocks),
        )


@pytest.mark.parametrize("seed", range(6))
def test_value_prices_and_primal_solution_are_those_of_the_linear_program(seed):
    menus = Menus(seed)
    ascent = ascend(menus, 1e-7, 200)
    optimum = menus.optimum()
    assert ascent.rounds[-1].highest == pytest.approx(optimum.fun, rel=1e-6)
    assert ascent.rounds[-1].primal_cost == pytest.approx(optimum.fun, rel=1e-6)
    np.testing.assert_allclose(ascent.weights.sum(axis=0), 1.0)
    used = sum((weight @ answer.use for weight, answer in zip(ascent.weights, ascent.answers, strict=True)))
    assert (used <= menus.limit * (1 + 1e-7)).all()
    cost = sum(weight @ answer.cost for weight, answer in zip(ascent.weights, ascent.answers, strict=True))
    assert cost == pytest.approx(optimum.fun, rel=1e-6)


def test_duals_never_pass_the_primal():
    rounds = ascend(Menus(3), 1e-7, 200).rounds
    assert all(now.highest <= now.primal_cost + 1e-9 for now in rounds)
    assert all(before.highest <= now.highest for before, now in pairwise(rounds))


def test_far_start_with_a_short_reach_arrives():
    menus = Menus(1)
    ascent = ascend(menus, 1e-6, 200, start=np.full(4, 30.0), reach=1e-5)
    assert len(ascent.rounds) < 200
    assert ascent.rounds[-1].highest == pytest.approx(menus.optimum().fun, rel=1e-5)


def test_warm_start_takes_fewer_rounds():
    menus = Menus(2)
    cold = ascend(menus, 1e-6, 200)
    warm = ascend(menus, 1e-6, 200, start=cold.prices, reach=0.01)
    assert len(warm.rounds) < len(cold.rounds)


def test_loose_capacity_has_no_price():
    menus = Menus(0)
    menus.limit = menus.use.max(axis=1).sum(axis=0) + 1.0
    ascent = ascend(menus, 1e-9, 50)
    assert (ascent.prices == 0).all()


def test_iterations_are_limited():
    assert len(ascend(Menus(0), 1e-12, 3).rounds) == 3
