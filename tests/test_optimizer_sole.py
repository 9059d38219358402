"""Newsvendors in lockstep against SciPy, and nodes that stand alone against tables and greedy stock."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from meio.optimizer.cluster_kernels import LEAD_MEAN, LOST_COST, WINDOW_MEAN, WINDOW_VARIANCE, new_classes
from meio.optimizer.fill_kernels import fill_tables
from meio.optimizer.lockstep_kernels import LANES, fill_exponentials, fill_logs
from meio.optimizer.loss_kernels import COUNT, NO_POINTS
from meio.optimizer.newsvendor_kernels import (
    BATCH,
    COST,
    GAIN_BEYOND,
    LAST_GAIN,
    LEVEL,
    NEXT_GAIN,
    NUM_ANSWERS,
    SHORT,
    new_lockstep,
    solve_newsvendors,
)
from meio.optimizer.node_kernels import lattice_cost, level_response
from meio.optimizer.sole_kernels import stand_alone, stock_sole_nodes
from meio.optimizer.subproblem_kernels import MOST_STEPS, Tables, add_stock, new_tables

OWN = np.arange(3)
"""Regions of three nodes supplied by vendors."""


def _row(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    row = np.zeros(LANES)
    row[: values.size] = values
    return row, row.view(np.int64)


def test_logarithms_and_exponentials_to_the_last_digits() -> None:
    random = np.random.default_rng(4)
    small = 1.0 + random.uniform(-1e-3, 1e-3, LANES)
    for values in (np.exp(random.uniform(-600.0, 600.0, LANES)), random.uniform(0.1, 2.0, LANES), small):
        row, bits = _row(values)
        fill_logs(LANES, row, bits, np.empty(LANES))
        assert row == pytest.approx(np.log(values), rel=1e-15, abs=1e-300)
    for values in (random.uniform(-700.0, 700.0, LANES), random.uniform(-1.0, 1.0, LANES), np.zeros(LANES)):
        row, _ = _row(values)
        fill_exponentials(LANES, row, *_row(np.zeros(LANES)))
        assert row == pytest.approx(np.exp(values), rel=1e-15)


def _terms(means: np.ndarray, spreads: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """Terms [problem, rank, term]; each rank adds its part of the mean."""
    terms = np.zeros((*costs.shape, 6))
    share = (np.arange(costs.shape[1]) + 1.0) / costs.shape[1]
    terms[..., WINDOW_MEAN] = means[:, None] * share
    terms[..., WINDOW_VARIANCE] = terms[..., WINDOW_MEAN] * (1.0 + (spreads[:, None] - 1.0) * share)
    terms[..., LOST_COST] = costs
    return terms


@pytest.mark.parametrize("size", [1, LANES - 1, LANES + 1, BATCH + 3])
@pytest.mark.parametrize("ranks", [1, 3])
def test_levels_in_lockstep_are_those_of_scipy(size: int, ranks: int) -> None:
    random = np.random.default_rng(size)
    means, spreads = np.exp(random.uniform(-5.0, 6.0, size)), random.uniform(1.01, 4.0, size)
    terms = _terms(means, spreads, random.exponential(5.0, (size, ranks)))
    charge = terms[..., LOST_COST].sum(axis=1) * random.uniform(0.01, 1.1, size)
    answers = np.empty((size, NUM_ANSWERS))
    solve_newsvendors(terms, charge, new_lockstep(ranks, MOST_STEPS), answers)
    mean, variance = terms[..., WINDOW_MEAN], terms[..., WINDOW_VARIANCE]
    demand = stats.nbinom(mean**2 / (variance - mean), mean / variance)

    def gain(level: np.ndarray) -> np.ndarray:
        return np.asarray((terms[..., LOST_COST] * demand.sf(level[:, None])).sum(axis=1))

    level = answers[:, LEVEL]
    assert (gain(level) <= charge * (1.0 + 1e-9)).all()
    assert ((level == 0) | (gain(level - 1.0) > charge * (1.0 - 1e-9))).all()
    assert answers[:, LAST_GAIN] == pytest.approx(gain(np.maximum(level - 1.0, 0.0)), rel=1e-9)
    assert answers[:, NEXT_GAIN] == pytest.approx(gain(level), rel=1e-9, abs=1e-12)
    assert answers[:, GAIN_BEYOND] == pytest.approx(gain(level + 1.0), rel=1e-9, abs=1e-12)
    some = slice(0, 40)
    beyond = np.arange(2500.0)[:, None, None] + level[:, None]
    short = np.asarray(demand.sf(beyond))[:, some].sum(axis=0)
    assert answers[some, SHORT] == pytest.approx(short[:, -1], rel=1e-9, abs=1e-10)
    assert answers[some, COST] == pytest.approx((terms[some, :, LOST_COST] * short).sum(axis=1), rel=1e-9, abs=1e-9)


def test_poisson_demand_and_none() -> None:
    terms = _terms(np.array([3.0, 0.0]), np.ones(2), np.full((2, 1), 10.0))
    answers = np.empty((2, NUM_ANSWERS))
    solve_newsvendors(terms, np.ones(2), new_lockstep(1, MOST_STEPS), answers)
    assert answers[:, LEVEL].tolist() == [stats.poisson(3.0).ppf(0.9), 0.0]
    assert answers[1, SHORT] == 0.0


def test_a_charge_next_to_nothing_is_reported_as_not_found() -> None:
    answers = np.empty((1, NUM_ANSWERS))
    terms = _terms(np.array([3.0]), np.array([2.0]), np.array([[1e5]]))
    solve_newsvendors(terms, np.array([-1.0]), new_lockstep(1, MOST_STEPS), answers)
    assert answers[0, LEVEL] > MOST_STEPS


def _by_tables(terms: np.ndarray, rate: np.ndarray, charge: np.ndarray) -> tuple[Tables, np.ndarray]:
    classes, tables = new_classes(3, terms.shape[1]), new_tables(7, terms.shape[1])
    classes.terms[:], classes.rate[:], classes.review_days[:] = terms, rate, 2.0
    lattice, order, gain = np.zeros(7, np.int64), np.zeros(2 * MOST_STEPS, np.int64), np.zeros(2 * MOST_STEPS)
    fill_tables(COUNT, classes, 1.0, 1.0, np.ones(3, np.int64), NO_POINTS, NO_POINTS, tables)
    add_stock(tables, OWN, charge, lattice, order, gain)
    return tables, lattice


@given(
    means=st.lists(st.sampled_from([0.0, 0.03, 1.0, 7.5, 90.0]), min_size=3, max_size=3),
    spread=st.floats(1.0, 3.0),
    cost=st.floats(0.5, 50.0),
    charge=st.lists(st.sampled_from([0.01, 0.3, 2.0, np.inf]), min_size=3, max_size=3),
)
def test_nodes_alone_are_stocked_as_by_tables(means, spread, cost, charge) -> None:
    node_means = np.array(means)
    both = np.concatenate([node_means, node_means, [node_means.sum()]])
    costs = np.zeros((7, 2))
    costs[:3] = cost, 0.3 * cost
    terms, charges, unserved = _terms(both, np.full(7, spread), costs), np.array(charge), np.zeros((2, 7))
    assert stand_alone(terms, both, OWN, np.ones(3, np.int64), charges)
    tables, lattice = new_tables(7, 2), np.zeros(7, np.int64)
    assert stock_sole_nodes(terms, both, np.full(7, 2.0), charges, 1.0, tables, lattice)
    others, expected = _by_tables(terms, both, charges)
    assert lattice.tolist() == expected.tolist()
    assert lattice_cost(tables, lattice, unserved[0]) == pytest.approx(lattice_cost(others, expected, unserved[1]))
    assert unserved[0, :3] == pytest.approx(unserved[1, :3], rel=1e-9, abs=1e-12)
    for node in np.flatnonzero(np.isfinite(charges) & (node_means > 0.0)):
        at = (OWN, lattice, charges[node], 1.0, node)
        response = level_response(tables.size, tables.gain, *at)
        assert response == pytest.approx(level_response(others.size, others.gain, *at), rel=1e-9)


def test_what_keeps_nodes_from_standing_alone() -> None:
    rate, ones = np.ones(7), np.ones(3, np.int64)
    terms = _terms(np.ones(7), np.full(7, 2.0), np.array([[1.0]] * 3 + [[0.0]] * 4))
    assert stand_alone(terms, rate, OWN, ones, np.ones(3))
    assert not stand_alone(terms, rate, OWN, 2 * ones, np.ones(3))
    assert not stand_alone(terms, rate, np.zeros(3, np.int64), ones, np.ones(3))
    assert not stand_alone(terms, rate, OWN, ones, np.array([1.0, 0.0, 1.0]))
    for cluster, term in ((1, LEAD_MEAN), (6, LOST_COST)):
        changed = terms.copy()
        changed[cluster, 0, term] = 1.0
        assert not stand_alone(changed, rate, OWN, ones, np.ones(3))
