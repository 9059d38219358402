"""Tables that end early plan like whole ones, and a sole node's level is the newsvendor's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from meio.optimizer.cluster_kernels import (
    LEAD_MEAN,
    LEAD_VARIANCE,
    LOST_COST,
    WINDOW_MEAN,
    WINDOW_VARIANCE,
    new_classes,
)
from meio.optimizer.fill_kernels import stock_nodes
from meio.optimizer.loss_kernels import COUNT, GAMMA_FAMILY, NO_POINTS
from meio.optimizer.subproblem_kernels import MOST_STEPS, new_tables

REGION = np.array([0, 0])


def _solve(terms: np.ndarray, charge: np.ndarray, cycle: np.ndarray, family: int, *, whole: bool):
    """Lattice, gains in order, and the tables."""
    classes, tables = new_classes(2, terms.shape[1]), new_tables(5, terms.shape[1])
    classes.terms[:] = terms
    classes.rate[:] = terms[:, -1, WINDOW_MEAN]
    classes.review_days[:] = 1.0
    lattice, order_node = np.zeros(5, np.int64), np.zeros(2 * MOST_STEPS, np.int64)
    gain = np.zeros(2 * MOST_STEPS)
    none = NO_POINTS
    steps = stock_nodes(
        family, classes, REGION, charge, whole, 1.0, 1.0, cycle, none, none, tables, lattice, order_node, gain
    )
    return lattice, order_node[:steps], gain[:steps], tables


def _terms(means: list[float], costs: list[float], spread: float, lead_share: float) -> np.ndarray:
    """Terms of two nodes, their region and the nation, each with all the demand below it; one speed."""
    terms = np.zeros((5, 1, 6))
    mean = np.array([means[0], means[1], sum(means), 0.0, sum(means)])
    for term, value in ((WINDOW_MEAN, mean), (WINDOW_VARIANCE, spread * mean)):
        terms[:, 0, term] = value
    terms[:, 0, LEAD_MEAN] = lead_share * terms[:, 0, WINDOW_MEAN]
    terms[:, 0, LEAD_VARIANCE] = lead_share * terms[:, 0, WINDOW_VARIANCE]
    terms[:, 0, LOST_COST] = [costs[0], costs[0], costs[1], 0.0, costs[2]]
    return terms


@settings(max_examples=300, deadline=None)
@given(
    means=st.lists(st.floats(0.01, 200.0), min_size=2, max_size=2),
    costs=st.lists(st.sampled_from([0.0, 0.02, 0.5, 4.0, 60.0]), min_size=3, max_size=3),
    spread=st.floats(1.0, 4.0),
    lead_share=st.sampled_from([0.0, 0.3, 0.95]),
    charge=st.lists(st.floats(0.001, 3.0), min_size=2, max_size=2),
    cycle=st.lists(st.sampled_from([1, 2, 12, 40]), min_size=2, max_size=2),
    family=st.sampled_from([COUNT, GAMMA_FAMILY]),
)
def test_tables_that_end_early_change_nothing(means, costs, spread, lead_share, charge, cycle, family) -> None:
    terms = _terms(means, costs, spread, lead_share)
    given_ = terms, np.array(charge), np.array(cycle), family
    lattice, order, gain, tables = _solve(*given_, whole=False)
    whole_lattice, whole_order, whole_gain, whole = _solve(*given_, whole=True)
    assert lattice.tolist() == whole_lattice.tolist()
    assert order.tolist() == whole_order.tolist()
    assert gain == pytest.approx(whole_gain, abs=1e-9)
    for cluster in (0, 1, 2, 4):
        near = slice(max(0, lattice[cluster] - 1), lattice[cluster] + 2)
        assert tables.gain[cluster, near] == pytest.approx(whole.gain[cluster, near], abs=1e-9)
        at = min(lattice[cluster], whole.size[cluster] - 1)
        assert tables.cost[cluster, at] == pytest.approx(whole.cost[cluster, at], rel=1e-9, abs=1e-9)


def test_tables_end_early_where_stock_is_dear() -> None:
    terms = _terms([2.0, 150.0], [5.0, 0.0, 0.0], 1.5, 0.0)
    _, _, _, cut = _solve(terms, np.ones(2), np.ones(2, np.int64), COUNT, whole=False)
    _, _, _, whole = _solve(terms, np.ones(2), np.ones(2, np.int64), COUNT, whole=True)
    assert cut.is_cut[:2].all()
    assert not whole.is_cut.any()
    assert (cut.size[:2] < 0.7 * whole.size[:2]).all()


@given(st.floats(0.01, 400.0), st.floats(1.05, 4.0), st.floats(0.05, 0.995))
def test_a_sole_node_stocks_the_critical_quantile(mean: float, spread: float, ratio: float) -> None:
    terms = _terms([mean, mean], [1.0 / (1.0 - ratio), 0.0, 0.0], spread, 0.0)
    lattice, _, _, tables = _solve(terms, np.ones(2), np.ones(2, np.int64), COUNT, whole=False)
    demand = stats.nbinom(mean / (spread - 1.0), 1.0 / spread)
    level = int(lattice[0])
    assert demand.sf(level) <= (1.0 - ratio) * (1.0 + 1e-7)
    assert level == 0 or demand.sf(level - 1) > (1.0 - ratio) * (1.0 - 1e-7)
    units = np.arange(5000)
    assert tables.unserved[0, level] == pytest.approx(np.maximum(0, units - level) @ demand.pmf(units), abs=1e-8)
