"""The batch policy: a transportation problem solved to the optimum, and never worse than one order after another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from batch_cases import random_case
from random_networks import Size, random_network, random_plan
from scipy.optimize import linprog

from meio.simulation.engine import simulate
from meio.simulation.scarcity import contested_by, scarce_of
from meio.simulation.splitting import assign_in_turn, take
from meio.simulation.transportation import assign_together
from meio.simulation.ways_program import least_cost

SIZE = Size(products=4, centres=1, serving=4, weight_classes=3)


def value(ways):
    return sum(way.total for way in ways.values()), sum(way.score for way in ways.values())


def transportation_optimum(batch):
    """Most units, then least score, of a batch of orders of one unit, by SciPy's linear programs."""
    pairs = [
        (order, int(node)) for order, costs in enumerate(batch.unit_cost) for node in np.flatnonzero(costs < np.inf)
    ]
    rows = {}
    for column, (order, node) in enumerate(pairs):
        day = int(batch.ship_day[order, node]) - batch.first_day
        product = int(batch.stock_row[order])
        for key, limit in [
            (("order", order), 1),
            (("stock", product, node), batch.left.stock[product, node]),
            (("room", day, node), min(batch.left.room[day, node], 10**6)),
        ]:
            rows.setdefault(key, (limit, []))[1].append(column)
    matrix = np.zeros((len(rows), len(pairs)))
    for row, (_, columns) in enumerate(rows.values()):
        matrix[row, columns] = 1.0
    limits = [float(limit) for limit, _ in rows.values()]
    score = [
        batch.unit_cost[order, node] + batch.outbound_price[order, node] + batch.unit_value[order, node]
        for order, node in pairs
    ]
    most = linprog(-np.ones(len(pairs)), A_ub=matrix, b_ub=limits)
    units = round(-most.fun)
    least = linprog(score, A_ub=matrix, b_ub=limits, A_eq=np.ones((1, len(pairs))), b_eq=[units])
    return units, least.fun


@pytest.mark.parametrize("seed", range(25))
def test_orders_of_one_unit_are_assigned_at_the_optimum(seed):
    batch = random_case(seed, 15, 1, 1, SIZE, most_stock=2).batch
    together = assign_together(batch)
    units, score = value(together.ways)
    assert (units, score) == pytest.approx(transportation_optimum(batch), abs=1e-6)


def test_the_optimum_is_sometimes_better_than_one_after_the_other():
    gained = 0
    for seed in range(25):
        batch = random_case(seed, 15, 1, 1, SIZE, most_stock=2).batch
        units, score = value(assign_together(batch).ways)
        turn_units, turn_score = value(assign_in_turn(batch, np.arange(15), batch.left.copy()))
        assert units >= turn_units
        gained += units > turn_units or score < turn_score - 1e-6
    assert gained > 5


@pytest.mark.parametrize("seed", range(25))
def test_a_batch_is_never_worse_than_one_after_the_other_and_within_what_there_is(seed):
    batch = random_case(seed, 12, 4, 4, SIZE, most_stock=8).batch
    ways = assign_together(batch).ways
    assert sorted(ways) == list(range(12))
    turn_units, turn_score = value(assign_in_turn(batch, np.arange(12), batch.left.copy()))
    units, score = value(ways)
    assert units >= turn_units
    assert units > turn_units or score <= turn_score + 1e-6
    left = batch.left.copy()
    for order, way in ways.items():
        take(batch, order, way, left)
        wanted = batch.units[batch.line_ptr[order] : batch.line_ptr[order + 1]]
        assert (sum(way.units, np.zeros_like(wanted)) <= wanted).all()
        assert way.total == sum(units.sum() for units in way.units)
    assert (left.stock >= 0).all()
    assert (left.room >= 0).all()


def test_orders_that_nobody_competes_with_get_their_best_node():
    alone = 0
    for seed in range(10):
        batch = random_case(seed, 30, 1, 1, SIZE._replace(products=40), most_stock=3).batch
        together, in_turn = assign_together(batch).ways, assign_in_turn(batch, np.arange(30), batch.left.copy())
        for order in np.flatnonzero(~contested_by(batch, scarce_of(batch))):
            assert together[order].nodes == in_turn[order].nodes
            assert together[order].score == in_turn[order].score
            alone += together[order].total
    assert alone > 50


def test_a_way_scores_what_it_costs():
    """Columns found by prices carry the true score, not the one they were found at."""
    from meio.simulation.splitting import package_costs, terms_of

    seen = 0
    for seed in range(25):
        batch = random_case(seed, 12, 4, 4, SIZE, most_stock=8).batch
        for order, way in assign_together(batch).ways.items():
            terms, score = terms_of(batch, order), 0.0
            for node, units in zip(way.nodes, way.units, strict=True):
                weight = np.array([units @ terms.weight_kg])
                cost = package_costs(weight, np.array([units.sum()]), terms.class_cost[:, [node]], terms.limit_kg)
                score += cost[0] + units @ terms.charge[:, node]
            assert way.score == pytest.approx(score, abs=1e-6)
            seen += len(way.nodes) > 1
    assert seen > 10


def test_same_batch_same_answer():
    batches = [random_case(7, 30, 4, 4, SIZE, most_stock=8).batch for _ in range(2)]
    first, second = (
        [
            (order, way.nodes, [units.tolist() for units in way.units])
            for order, way in assign_together(batch).ways.items()
        ]
        for batch in batches
    )
    assert first == second


def test_least_cost_gives_shares_and_prices():
    from scipy import sparse

    shares, prices = least_cost(
        np.array([-3.0, -2.0]), sparse.csc_array(np.array([[1.0, 1.0], [1.0, 0.0]])), np.array([2.0, 1.0])
    )
    assert shares == pytest.approx([1.0, 1.0])
    assert prices == pytest.approx([2.0, 1.0])


@pytest.mark.parametrize("baskets", [[1.0], [0.4, 0.3, 0.2, 0.1]])
def test_a_simulation_in_batches_is_the_same_on_any_number_of_threads(baskets):
    compiled = random_network(3, SIZE)
    compiled = compiled._replace(conditions=compiled.conditions._replace(basket_share=np.array(baskets)))
    plan = random_plan(compiled, 3)
    one, two = (simulate(compiled, plan, replications=3, seed=5, policy="batch", workers=number) for number in (1, 2))
    pd.testing.assert_frame_equal(one.cost, two.cost, check_exact=True)
    assert one.units_lost == 0
