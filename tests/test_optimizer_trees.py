"""Products without spill against oracles: enumeration with SciPy, quadrature, simulation, known answers."""

import importlib.util
import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from planning_cases import demand_of, evaluator, planning_case, planning_scenario
from scipy import optimize, stats

from meio.network.compile import compile_scenario
from meio.optimizer.planner import plan
from meio.simulation.engine import simulate
from meio.simulation.statistics import mean_ci95

ROOT = Path(__file__).parents[1]
KNOWN_ANSWERS = ROOT.parent / "shared" / "answers" / "known_answers.json"


def _known():
    return json.loads(KNOWN_ANSWERS.read_text("utf-8"))["instances"] if KNOWN_ANSWERS.exists() else [None]


@pytest.fixture(scope="module")
def known_answers():
    spec = importlib.util.spec_from_file_location("known_answers", ROOT / "benchmarks" / "known_answers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("instance", _known(), ids=lambda instance: instance["id"] if instance else "none")
def test_known_answers(known_answers, instance):
    if instance is None:
        pytest.skip(f"no {KNOWN_ANSWERS.name} beside the repository")
    assert known_answers.result_of(instance)["cost_error"] <= instance["tol"]
    assert known_answers.result_of(instance)["passed"]


def test_an_instance_of_another_form_is_not_covered(known_answers):
    result = known_answers.result_of({"id": "x", "cls": "guaranteed service", "inputs": {"tau": 3}, "optimal": {}})
    assert not result["passed"]
    assert "guaranteed service" in result["why"]


# ---- a tree: (source, holding, lead days, units per day of its customers or None) of each node, sources first


def _scenario(tree, *, owed=8.0, every=0, distribution="poisson", spread=(), columns=("mean",), lead=None, **fields):
    """The tree as a scenario; `spread` are the demand's parameters after its mean, `lead` the leads' distribution."""
    names = [f"n{node}" for node in range(len(tree))]
    lanes = [
        {
            "from": "vendor" if source is None else names[source],
            "to": name,
            "lead_time": {"mean": days, **((lead or {}) if days else {})},
            "review": {"every": every},
        }
        for name, (source, _, days, _) in zip(names, tree, strict=True)
    ]
    leaves = [(name, rate) for name, (*_, rate) in zip(names, tree, strict=True) if rate is not None]
    return planning_scenario(
        demand_of([("item", f"zone {name}", rate, *spread) for name, rate in leaves], columns),
        {(name, f"zone {name}"): 0.0 for name, _ in leaves},
        distribution=distribution,
        sites={name: {"holding": {"per_unit_day": node[1]}} for name, node in zip(names, tree, strict=True)},
        lanes=lanes,
        speed={"promise": "2 d", "when_unserved": "backordered", "backordered_per_day": {"per_unit": owed}},
        **fields,
    )


def _planned(scenario, tree):
    """Own levels in the tree's order, and the planned cost per day."""
    compiled = compile_scenario(scenario)
    found = plan(compiled)
    by_name = dict(zip(compiled.names.nodes, found.targets[0, :, 0].tolist(), strict=True))
    days = compiled.num_periods * compiled.period_days
    return [by_name[f"n{node}"] for node in range(len(tree))], found.planned_cost / days


def _window(rate, days, points):
    return stats.poisson.pmf(np.arange(points), rate * days)


def _twin_cost(tree, levels, owed=8.0, window=_window, points=60):
    """Cost per day of own levels under first come, first served: what each node waits for, from the vendor down."""
    rates = [rate or 0.0 for *_, rate in tree]
    for node in reversed(range(len(tree))):
        if tree[node][0] is not None:
            rates[tree[node][0]] += rates[node]
    cost, owes, count = 0.0, {}, np.arange(points)
    for node, (source, holding, days, demand) in enumerate(tree):
        part = np.eye(1, points)[0]
        if source is not None:
            share = rates[node] / rates[source]
            part = stats.binom.pmf(count[None, :], count[:, None], share).T @ owes[source]
        waits = np.convolve(part, window(rates[node], days, points))[:points]
        cost += holding * (np.maximum(levels[node] - count, 0) @ waits)
        beyond = np.maximum(count - levels[node], 0)
        owes[node] = np.bincount(beyond, waits, points)
        cost += owed * (beyond @ waits) if demand is not None else 0.0
    return cost


WAREHOUSE = [(None, 0.3, 1.0, None), (0, 1.0, 0.5, 1.2), (0, 0.8, 1.0, 0.6)]
DEEP = [(None, 0.1, 1.0, None), (0, 0.2, 0.5, None), (1, 0.5, 0.0, None), (2, 1.0, 0.7, 1.0), (1, 0.9, 0.4, 0.5)]


@pytest.mark.parametrize("tree", [WAREHOUSE, [*WAREHOUSE, (0, 1.2, 0.0, 0.4)], WAREHOUSE[:2], DEEP[:4]])
def test_levels_are_those_of_enumeration(tree):
    levels, cost = _planned(_scenario(tree), tree)
    costs = {each: _twin_cost(tree, each, points=24) for each in product(range(7), repeat=len(tree))}
    best = min(costs, key=costs.get)
    assert max(best) < 6  # else the enumeration was too small
    assert cost == pytest.approx(costs[best], rel=1e-9)
    assert levels == list(best)


@st.composite
def _trees(draw):
    """Up to six nodes, each supplied by the vendor or by an earlier one; those that supply nobody have customers."""
    size = draw(st.integers(1, 6))
    sources = [None, *(draw(st.integers(0, node - 1)) for node in range(1, size))]
    days = st.sampled_from([0.0, 0.25, 1.0, 1.7])
    money, rate = st.floats(0.05, 2.0), st.floats(0.1, 3.0)
    return [
        (source, draw(money), draw(days), None if node in sources else draw(rate))
        for node, source in enumerate(sources)
    ]


@settings(max_examples=30)
@example(DEEP, 30.0)
@given(_trees(), st.floats(0.5, 40.0))
def test_cost_is_the_twins_and_no_neighbour_is_cheaper(tree, owed):
    levels, cost = _planned(_scenario(tree, owed=owed), tree)
    own = [int(level) for level in levels]
    assert cost == pytest.approx(_twin_cost(tree, own, owed), rel=1e-7)
    for move in product((-1, 0, 1), repeat=len(tree)) if len(tree) <= 4 else np.vstack([np.eye(6), -np.eye(6)]):
        near = [max(0, level + int(step)) for level, step in zip(own, move, strict=False)]
        assert _twin_cost(tree, near, owed) >= cost * (1.0 - 1e-7)


def test_gamma_lead_times_of_poisson_demand_are_exact():
    tree = [(None, 0.3, 2.0, None), (0, 1.0, 1.0, 1.5)]

    def window(rate, days, points):  # a gamma mixture of Poisson is negative binomial
        shape = 1.0 / 0.6**2
        return stats.nbinom.pmf(np.arange(points), shape, 1.0 / (1.0 + rate * days / shape))

    scenario = _scenario(tree, lead={"distribution": "gamma", "cv": 0.6})
    levels, cost = _planned(scenario, tree)
    costs = {each: _twin_cost(tree, each, window=window) for each in product(range(14), repeat=2)}
    assert cost == pytest.approx(min(costs.values()), rel=1e-7)
    assert tuple(levels) == min(costs, key=costs.get)


def test_tabled_demand_is_convolved_over_whole_periods():
    tree = [(None, 0.3, 2.0, None), (0, 1.0, 1.0, 0.0)]
    points = {0: 0.5, 1: 0.2, 5: 0.3}
    rows = [("item", "zone n1", float(value), share) for value, share in points.items()]
    once = np.array([points.get(units, 0.0) for units in range(6)])

    def window(_, days, size):
        total = np.eye(1, size)[0]
        for _ in range(int(days)):
            total = np.convolve(total, once)[:size]
        return total

    scenario = _scenario(tree)
    scenario = planning_scenario(
        demand_of(rows, ["value", "probability"]),
        {("n1", "zone n1"): 0.0},
        distribution="empirical",
        sites={f"n{node}": {"holding": {"per_unit_day": tree[node][1]}} for node in range(2)},
        lanes=[lane.model_dump(by_alias=True) for lane in scenario.file.lanes],
        speed={"promise": "2 d", "when_unserved": "backordered", "backordered_per_day": {"per_unit": 8.0}},
    )
    levels, cost = _planned(scenario, tree)
    costs = {
        each: _twin_cost([*tree[:1], (0, 1.0, 1.0, 1.7)], each, window=window) for each in product(range(16), repeat=2)
    }
    assert cost == pytest.approx(min(costs.values()), rel=1e-9)
    assert tuple(levels) == min(costs, key=costs.get)


@pytest.mark.parametrize("distribution", ["normal", "gamma"])
def test_chain_of_continuous_demand_is_that_of_quadrature(distribution):
    tree, owed, mean, sd = [(None, 0.4, 2.0, None), (0, 1.0, 1.0, 20.0)], 9.0, 20.0, 5.0

    def window(days):
        shape = days * (mean / sd) ** 2
        normal = stats.norm(mean * days, sd * np.sqrt(days))
        return normal if distribution == "normal" else stats.gamma(shape, scale=sd**2 / mean)

    near, far = window(1.0), window(2.0)
    position = np.linspace(-80.0, 120.0, 200_001)
    short = near.sf(position)
    beyond = np.concatenate([np.cumsum(0.5 * (short[1:] + short[:-1])[::-1])[::-1] * 1e-3, [0.0]])
    leaf_cost = position - mean + (1.0 + owed) * beyond
    demand = np.linspace(*far.ppf([1e-13, 1.0 - 1e-13]), 20_001)
    mass = np.diff(far.cdf(np.concatenate([[-np.inf], 0.5 * (demand[1:] + demand[:-1]), [np.inf]])))

    def cost_of(levels):
        top, bottom = levels
        left = np.minimum(bottom, top + bottom - demand)
        return mass @ (0.4 * np.maximum(0.0, top - demand) + np.interp(left, position, leaf_cost))

    best = optimize.minimize(cost_of, [38.0, 30.0], method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-6})
    scenario = _scenario(tree, owed=owed, distribution=distribution, spread=(sd,), columns=("mean", "sd"))
    levels, cost = _planned(scenario, tree)
    assert cost == pytest.approx(best.fun, rel=3e-5)
    assert levels == pytest.approx(list(best.x), abs=0.1)
    assert cost_of(levels) == pytest.approx(cost, rel=3e-5)


@pytest.mark.parametrize("every", [0, 1])
def test_simulation_costs_what_was_planned(every):
    """Reviews at each demand, and daily ones all along a tree, at lead times of whole days."""
    tree = [(None, 0.3, 2.0, None), (0, 1.0, 1.0, 2.0), (0, 0.8, 0.0, 3.0)]
    horizon = {"periods": 1, "period_days": 1000}
    scenario = _scenario([(*node[:3], node[3] and node[3] * 1000) for node in tree], every=every, **horizon)
    compiled = compile_scenario(scenario)._replace(warm_up_days=20)
    found = plan(compiled)
    result = simulate(compiled, found, replications=12, seed=3, policy="nearest")
    mean, low, high = mean_ci95(result.cost["total"])
    assert high - low < 0.05 * mean
    assert abs(mean - found.planned_cost) < 1.2 * (high - low)


def test_a_tight_warehouse_gets_a_price_and_keeps_within_its_space():
    tree = [(None, 0.1, 3.0, None), (0, 1.0, 1.0, 6.0), (0, 1.0, 1.0, 9.0)]
    free = plan(compile_scenario(_scenario(tree)))
    limit = 0.7 * free.use.storage.max(axis=(1, 2))
    rows = _scenario(tree)
    nodes = {
        name: node if node.kind == "vendor" else node.model_copy(update={"storage_m3": {"standard": float(limit[0])}})
        for name, node in rows.file.nodes.items()
        if name in ("vendor", "n0")
    }
    file = rows.file.model_copy(update={"nodes": {**rows.file.nodes, **nodes}})
    tight = plan(compile_scenario(type(rows)(file, rows.tables, hash="tight", data_hashes={})))
    assert tight.prices.storage[0].max() > 0.0
    assert tight.capacity_violation_max <= 0.01
    assert tight.planned_cost > free.planned_cost
    assert tight.lower_bound <= tight.planned_cost * (1 + 1e-9)


def test_given_levels_cost_what_the_choice_said():
    case = compile_scenario(_scenario(DEEP))
    evaluate = evaluator(case)
    zero = plan(case).prices
    chosen = evaluate(zero)
    followed = evaluate.follow(zero, chosen.decisions.lane_idx, chosen.decisions.level)
    assert followed.cost == pytest.approx(chosen.cost, rel=1e-12)
    assert followed.dual_value == pytest.approx(chosen.dual_value, rel=1e-12)


def test_one_node_covers_its_critical_ratio():
    demand = demand_of([("item", "town", 5.0)])
    sole = planning_case(
        demand,
        {("site", "town"): 1.0},
        speed={"promise": "2 d", "when_unserved": "backordered", "backordered_per_day": {"per_unit": 3.0}},
    )
    assert plan(sole).targets[0, 0, 0] == stats.poisson(5.0).ppf(3.0 / 3.1)
