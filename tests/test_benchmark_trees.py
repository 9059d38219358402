"""The judge of trees: a single base stock costs what theory says, a chain no less than its best levels do."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)


@pytest.mark.parametrize("level", [4, 10, 15])
def test_one_node_costs_what_the_poisson_distribution_says(level):
    from peers.first_come import cost_of

    rate, lead, holding, owed, days = 5.0, 2.0, 1.0, 9.0, 20_000.0
    random = np.random.default_rng(level)
    orders = {0: np.sort(random.uniform(0.0, days, random.poisson(days * rate)))}
    found = cost_of([{"node": 0, "h": holding, "L": lead, "p": owed}], [], {0: level}, orders)
    due = np.arange(100)
    chance = stats.poisson.pmf(due, rate * lead)
    expected = (chance * (holding * np.maximum(level - due, 0) + owed * np.maximum(due - level, 0))).sum()
    assert found == pytest.approx(expected, rel=0.03)


def test_a_tree_costs_what_is_known_of_its_best_levels():
    from optimizer_peers import first_come_costs, trees

    levels = {"0": 33, "1": 18, "2": 18} | dict.fromkeys("3456", 14)
    costs = first_come_costs(trees()["tree of 3 layers, 7 nodes"], [levels], seed=0)
    error = costs.std(ddof=1) / np.sqrt(len(costs))
    assert abs(costs.mean() - 33.0255) < 4.0 * error + 0.03  # worked out over all symmetric policies; the start is cut
