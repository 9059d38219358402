"""Our agent in the outside environment: its taper is a newsvendor's, its levels cover what they must."""

from pathlib import Path
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
from scipy import stats

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
PERIODS = 6
MEAN = 20.0
NETWORK = {
    "links": [
        {"source": 9, "node": 3, "lead": 0, "price": 0.5, "on_the_way": 0.0},
        {"source": 3, "node": 2, "lead": 2, "price": 1.0, "on_the_way": 0.005},
        {"source": 2, "node": 1, "lead": 1, "price": 1.5, "on_the_way": 0.01},
    ],
    "nodes": [
        {"node": 1, "holding": 0.03, "making": 0.0},
        {"node": 2, "holding": 0.02, "making": 0.0},
        {"node": 3, "holding": 0.01, "making": 0.01},
    ],
    "retailer": 1,
    "sources": [9],
    "price": 2.0,
    "waiting": 0.1,
    "backlog": True,
    "goodwill_lost": 0.0,
    "periods": PERIODS,
}


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.syspath_prepend(BENCHMARKS / "peers")


def state_at(period, stock):
    """A state of the environment, made by hand: mean demand is the same in every period, and nothing is on its way."""
    from gym_invmgmt_state import State

    graph = nx.DiGraph()
    graph.add_edge(1, 0, p=NETWORK["price"], b=NETWORK["waiting"])
    for link in NETWORK["links"]:
        graph.add_edge(link["source"], link["node"], L=link["lead"], p=link["price"], g=link["on_the_way"])
    for node in NETWORK["nodes"]:
        graph.nodes[node["node"]].update(h=node["holding"], o=node["making"])
    graph.nodes[3]["C"] = 15.0
    links = [(link["source"], link["node"]) for link in NETWORK["links"]]
    network = SimpleNamespace(
        main_nodes=[1, 2, 3],
        reorder_links=links,
        retail_links=[(1, 0)],
        retail_map={(1, 0): 0},
        retail=[1],
        factory=[3],
        rawmat=[9],
        node_map={1: 0, 2: 1, 3: 2},
    )
    engine = SimpleNamespace(sentiment=1.0, get_current_mu=lambda _: MEAN)
    env = SimpleNamespace(graph=graph, network=network, demand_engine=engine, period=period, num_periods=PERIODS)
    env.backlog, env.U = True, np.zeros((PERIODS, 1))
    env.X, env.Y = np.tile(np.asarray(stock, float), (PERIODS + 1, 1)), np.zeros((PERIODS + 1, len(links)))
    env.action_space = SimpleNamespace(low=0.0, high=1e6)
    return State(env)


def agent_at(period, stock, level, taper="quantile"):
    from gym_invmgmt_targets import Targets

    plan = {"goodwill": [1.0], "levels": [[[level] * PERIODS] * 3], "source": {"1": "2", "2": "3", "3": "9"}}
    return Targets(state_at(period, stock), plan | {"taper": taper, "spare": True})


@pytest.mark.parametrize(("stage", "spent"), [(0, 0.01), (1, 0.01 + 2 * 0.005), (2, 0.5)])
def test_the_taper_is_the_best_stock_for_the_demand_that_is_left(stage, spent):
    agent = agent_at(4, (0, 0, 0), level=1000.0)
    units, left = np.arange(120), 2 * MEAN
    mass = stats.poisson.pmf(units, left)
    earned = [(NETWORK["price"] + 0.1) * (np.minimum(units, stock) * mass).sum() - spent * stock for stock in units]
    assert agent.taper(stage, np.full(20, MEAN)) == np.argmax(earned)


def test_a_taper_of_the_mean_and_none():
    assert agent_at(4, (0, 0, 0), level=1000.0, taper="mean").taper(0, np.full(20, MEAN)) == 2 * MEAN
    assert agent_at(4, (0, 0, 0), level=1000.0, taper="none").taper(0, np.full(20, MEAN)) == np.inf


def test_the_rule_is_chosen_by_profit_over_the_best_of_each_environment():
    from outside_environment import trial_scores

    scores = trial_scores({"small": {"a": 1.0, "b": 2.0}, "large": {"a": 100.0, "b": 90.0}})
    assert scores == pytest.approx({"a": (0.5 + 1.0) / 2, "b": (1.0 + 0.9) / 2})


def test_orders_stop_when_they_cannot_reach_the_customers():
    # The last sale is in period 5. From 9 a unit needs 0 + 1 + 2 + 1 + 1 periods, from 3 it needs 4 and from 2 only 1.
    for period, wanted in enumerate([(1, 1, 1), (0, 1, 1), (0, 0, 1), (0, 0, 1), (0, 0, 1), (0, 0, 0)]):
        orders = agent_at(period, (0, 5, 5), level=30.0).orders()
        assert tuple(orders > 0) == tuple(map(bool, wanted)), period


def test_orders_bring_every_echelon_up_to_its_level_within_stock_and_capacity():
    orders = agent_at(0, (10, 40, 100), level=60.0).orders()
    assert orders.tolist() == [0.0, 10.0, 40.0]  # node 1 asks 50 of the 40 in stock; 1 and 2 together miss 10
    orders = agent_at(0, (10, 20, 18), level=60.0).orders()
    assert orders.tolist() == [12.0, 15.0, 20.0]  # 30 are missing from 1 and 2, of which 15 can be made


def test_echelon_levels_cover_the_way_to_the_customers():
    from gym_invmgmt_plan import levels_of

    mean = [20.0 + period for period in range(20)]
    found = levels_of(NETWORK, mean, PERIODS)
    assert found["source"] == {"1": "2", "2": "3", "3": "9"}
    for stage, periods in enumerate([2, 2 + 3, 2 + 3 + 1]):  # shelves ship before they unload
        for period in range(PERIODS):
            window = sum(mean[period : period + periods])
            level = found["levels"][stage][period]
            assert -1.0 < (level - window) / np.sqrt(window) < 3.0, (stage, period)


def test_a_shortage_costs_the_sales_that_goodwill_loses():
    from gym_invmgmt_plan import goodwill_per_unit, scenario_of

    mean = [16.0] * 20
    network = NETWORK | {"goodwill_lost": 0.1}
    assert goodwill_per_unit(network, mean) == pytest.approx(0.1 * 2.0 * 16.0 * PERIODS / 2 / 4.0)
    charge = scenario_of(network, mean)["speeds"]["any"]["backordered_per_day"]["per_unit"]
    assert charge == pytest.approx(0.1 + goodwill_per_unit(network, mean))
    assert scenario_of(NETWORK | {"backlog": False}, mean)["speeds"]["any"]["lost"]["per_unit"] == pytest.approx(2.1)
