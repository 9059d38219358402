"""Greedy stock over the laminar tree of clusters against enumeration; gains as the convex hull of their cost."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meio.optimizer.subproblem_kernels import Tables, add_stock, fill_gains, new_tables


def _random_tables(random: np.random.Generator, region: np.ndarray, most: int) -> Tables:
    """Falling gains of every node, of the regions that have nodes, and of the nation; sizes up to `most` steps."""
    num_nodes = region.size
    tables = new_tables(2 * num_nodes + 1, 1)
    used = {*range(num_nodes), *(num_nodes + region), 2 * num_nodes}
    for cluster in used:
        size = int(random.integers(2, most + 2)) if cluster < num_nodes else num_nodes * most + 2
        tables.size[cluster] = size
        tables.gain[cluster, : size - 1] = np.sort(random.exponential(1.0 + cluster / 4.0, size - 1))[::-1]
    return tables


def _saved(tables: Tables, cluster: int, level: int) -> float:
    size = int(tables.size[cluster])
    return float(tables.gain[cluster, : min(level, size - 1)].sum()) if size else 0.0


def _value(tables: Tables, region: np.ndarray, charge: np.ndarray, levels: tuple[int, ...]) -> float:
    """What levels save less what they are charged."""
    num_nodes = region.size
    value = _saved(tables, 2 * num_nodes, sum(levels))
    for node, level in enumerate(levels):
        value += _saved(tables, node, level) - (level * charge[node] if level else 0.0)
    for own in np.unique(region):
        value += _saved(tables, num_nodes + own, sum(level for node, level in enumerate(levels) if region[node] == own))
    return value


@pytest.mark.parametrize("seed", range(40))
def test_greedy_is_optimal(seed: int) -> None:
    random = np.random.default_rng(seed)
    num_nodes = 3 + seed % 2
    region = np.array([0, 0, 2, 2][:num_nodes])
    tables = _random_tables(random, region, most=4)
    charge = random.uniform(-0.2, 4.0, num_nodes)
    if seed % 5 == 0:
        charge[0] = np.inf
    levels = np.zeros(2 * num_nodes + 1, dtype=np.int64)
    order_node, order_gain = np.empty(200, dtype=np.int64), np.empty(200)
    steps = add_stock(tables, region, charge, levels, order_node, order_gain)
    within = [range(int(size) if charge[node] < np.inf else 1) for node, size in enumerate(tables.size[:num_nodes])]
    best = max(_value(tables, region, charge, each) for each in product(*within))
    chosen = tuple(int(level) for level in levels[:num_nodes])
    assert _value(tables, region, charge, chosen) == pytest.approx(best, abs=1e-9)
    assert levels[2 * num_nodes] == steps == sum(chosen)
    assert np.bincount(order_node[:steps], minlength=num_nodes).tolist() == list(chosen)
    for own in (0, 2):
        assert levels[num_nodes + own] == sum(level for node, level in enumerate(chosen) if region[node] == own)


def test_kept_gains_are_those_of_node_and_region() -> None:
    region = np.array([0, 0, 2])
    tables = _random_tables(np.random.default_rng(3), region, most=4)
    charge = np.array([0.1, 0.2, 0.3])
    levels = np.zeros(7, dtype=np.int64)
    order_node, order_gain = np.empty(100, dtype=np.int64), np.empty(100)
    steps = add_stock(tables, region, charge, levels, order_node, order_gain)
    at_node, at_region = np.zeros(3, dtype=int), np.zeros(3, dtype=int)
    for node, gain in zip(order_node[:steps], order_gain[:steps], strict=True):
        own = tables.gain[node, at_node[node]] + tables.gain[3 + region[node], at_region[region[node]]]
        assert gain == pytest.approx(own - charge[node], abs=1e-12)
        at_node[node] += 1
        at_region[region[node]] += 1


def _hull(cost: np.ndarray) -> np.ndarray:
    """Greatest convex sequence below a cost: at each level the least chord over it."""
    levels = np.arange(cost.size)
    hull = cost.copy()
    for level in levels:
        for left in levels[: level + 1]:
            for right in levels[max(level, left + 1) :]:
                share = (level - left) / (right - left)
                hull[level] = min(hull[level], (1 - share) * cost[left] + share * cost[right])
    return hull


@given(st.lists(st.floats(0.0, 100.0), min_size=2, max_size=12), st.sampled_from([1.0, 2.0, 7.0]))
def test_gains_are_slopes_of_the_convex_hull(cost: list[float], step: float) -> None:
    costs, gain = np.array(cost), np.empty(len(cost))
    fill_gains(costs, step, gain)
    assert gain[:-1] == pytest.approx(-np.diff(_hull(costs)) / step, abs=1e-9)
    assert gain[-1] == 0.0
