"""The recourse and subproblem kernels against linear programs and enumeration."""

from __future__ import annotations

from itertools import product as pairs

import numpy as np
import pytest
from scipy.optimize import linprog

from meio.optimizer.recourse_kernels import change_stock, settle
from meio.optimizer.sampled_kernels import solve_products


def settled(gain, flow, idle, unmet):
    """Gain of the best assignment and the shortest ways, changing the assignment."""
    size = len(gain) + 1
    way, via, first_step = np.empty((size, size)), np.empty((size, size), np.int64), np.empty((size, size), np.int64)
    return settle(gain, flow, idle, unmet, way, via, first_step), way


def best_gain(gain, stock, demand):
    """The transportation problem as a linear program."""
    num_nodes, num_classes = gain.shape
    possible = np.isfinite(gain).ravel()
    rows = np.concatenate(
        [np.kron(np.eye(num_nodes), np.ones(num_classes)), np.kron(np.ones(num_nodes), np.eye(num_classes))]
    )
    solved = linprog(-gain.ravel()[possible], A_ub=rows[:, possible], b_ub=np.concatenate([stock, demand]))
    return -solved.fun


def random_recourse(seed):
    """A small transportation problem; costs on a grid make ties, some pairs are impossible, some lose money."""
    random = np.random.default_rng(seed)
    num_nodes, num_classes = random.integers(1, 6), random.integers(1, 7)
    gain = random.integers(-2, 12, (num_nodes, num_classes)).astype(float)
    if seed % 2:
        gain += random.random(gain.shape)
    gain[random.random(gain.shape) < 0.25] = -np.inf
    if not np.isfinite(gain).any():
        gain[0, 0] = 1.0
    return gain, random.integers(0, 9, num_nodes), random.integers(0, 7, num_classes)


@pytest.mark.parametrize("seed", range(40))
def test_assignment_is_best_and_conserves_units(seed):
    gain, stock, demand = random_recourse(seed)
    flow, idle, unmet = np.zeros(gain.shape, np.int64), stock.copy(), demand.copy()
    value, _ = settled(gain, flow, idle, unmet)
    assert value == pytest.approx(best_gain(gain, stock, demand), abs=1e-7)
    assert min(flow.min(), idle.min(), unmet.min()) >= 0
    np.testing.assert_array_equal(flow.sum(axis=1) + idle, stock)
    np.testing.assert_array_equal(flow.sum(axis=0) + unmet, demand)


@pytest.mark.parametrize("seed", range(12))
def test_ways_are_differences_of_one_unit(seed):
    gain, stock, demand = random_recourse(seed)
    flow, idle, unmet = np.zeros(gain.shape, np.int64), stock.copy(), demand.copy()
    value, way = settled(gain, flow, idle, unmet)
    root = len(gain)
    for a, b in pairs(range(root + 1), repeat=2):
        changed = stock.copy()
        if a != root:
            changed[a] += 1
        if b != root:
            changed[b] -= 1
        if a != b and changed.min() >= 0:
            assert value - best_gain(gain, changed, demand) == pytest.approx(way[a, b], abs=1e-7)


@pytest.mark.parametrize("seed", range(10))
def test_assignment_follows_changes_of_stock_and_prices(seed):
    random = np.random.default_rng([7, seed])
    gain, stock, demand = random_recourse(seed)
    flow, idle, unmet = np.zeros(gain.shape, np.int64), stock.copy(), demand.copy()
    for _ in range(6):
        node = random.integers(len(stock))
        units = int(random.integers(-stock[node], 5))
        gain = gain + np.round(random.normal(0.0, 2.0, (len(stock), 1)))
        stock[node] += units
        change_stock(node, units, gain, flow, idle, unmet)
        value, _ = settled(gain, flow, idle, unmet)
        assert value == pytest.approx(best_gain(gain, stock, demand), abs=1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_levels_are_the_best_of_all(seed):
    random = np.random.default_rng([3, seed])
    demand = random.poisson(1.2, (4, 3))
    gain = random.uniform(2.0, 9.0, (2, 3))
    stock_cost = random.uniform(0.2, 4.0, 2)
    available, cost = solved(demand, gain, stock_cost)
    least = min(
        stock_cost @ levels - np.mean([best_gain(gain, np.array(levels), one) for one in demand])
        for levels in pairs(range(demand.sum(axis=1).max() + 1), repeat=2)
    )
    assert cost == pytest.approx(least, abs=1e-7)
    value = stock_cost @ available - np.mean([best_gain(gain, available, one) for one in demand])
    assert value == pytest.approx(least, abs=1e-7)


@pytest.mark.parametrize("seed", range(8))
def test_whole_units_lose_next_to_nothing(seed):
    """The same minimum over fractional levels, as one linear program."""
    random = np.random.default_rng([4, seed])
    demand = random.poisson(3.0, (12, 4))
    gain = random.uniform(-1.0, 9.0, (3, 4))
    stock_cost = random.uniform(0.2, 4.0, 3)
    _, cost = solved(demand, gain, stock_cost)
    assert cost == pytest.approx(fractional_least(demand, gain, stock_cost), rel=1e-3)


def solved(demand, gain, stock_cost):
    """Units available and cost of a product with one period."""
    num_samples, num_classes = demand.shape
    num_nodes = len(stock_cost)
    available = np.zeros((1, 1, num_nodes), np.int64)
    cost, shipped = np.zeros((1, 1)), np.zeros((1, 1, num_nodes))
    flow = np.zeros((1, 1, num_samples, num_nodes, num_classes), np.int64)
    idle, unmet = np.zeros((1, 1, num_samples, num_nodes), np.int64), demand[None, None].astype(np.int64)
    most = np.array([float(demand.sum(axis=1).max())])
    solve_products(0, 1, most, stock_cost[None, None], gain[None, None], available, flow, idle, unmet, cost, shipped)
    return available[0, 0], cost[0, 0]


def fractional_least(demand, gain, stock_cost):
    """Least cost over levels that need not be whole: levels, then shipments by sample, node and class."""
    num_samples, num_classes = demand.shape
    num_nodes = len(stock_cost)
    ships = np.kron(np.eye(num_samples * num_nodes), np.ones(num_classes))
    from_levels = np.tile(-np.eye(num_nodes), (num_samples, 1))
    gets = np.kron(np.eye(num_samples), np.kron(np.ones(num_nodes), np.eye(num_classes)))
    rows = np.block([[from_levels, ships], [np.zeros((len(gets), num_nodes)), gets]])
    right = np.concatenate([np.zeros(num_samples * num_nodes), demand.ravel()])
    money = np.concatenate([stock_cost, np.tile(-gain.ravel() / num_samples, num_samples)])
    return linprog(money, A_ub=rows, b_ub=right).fun
