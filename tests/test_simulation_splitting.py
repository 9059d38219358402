"""Whole or split: the rule of one order against the rule book read line by line."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from batch_cases import random_case
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import Size

from meio.simulation.splitting import assign_in_turn, available, best_way, packages_of, take, terms_of

SIZE = Size(products=4, centres=1, serving=4, weight_classes=3)


def package(terms, node, taken):
    """Cost of a package: by its weight, else as the least number of equal packages a service takes."""
    weight = sum(units * each for units, each in zip(taken, terms.weight_kg, strict=True))
    for number in range(1, sum(taken) + 1):
        for place, limit in enumerate(terms.limit_kg):
            if weight / number <= limit:
                if terms.class_cost[place, node] < inf:
                    return number * terms.class_cost[place, node]
                break
    return inf


def offer(terms, node, wanted, free, room):
    """What a node offers, its score and its cost; None: nothing."""
    taken, left = [], room[node]
    for line, units in enumerate(wanted):
        taken.append(int(min(units, free[line, node], left)))
        left -= taken[-1]
    cost = package(terms, node, taken)
    if sum(taken) == 0 or cost == inf:
        return None
    return taken, cost + sum(units * terms.charge[line, node] for line, units in enumerate(taken)), cost


def by_the_book(terms, free, room):
    """Packages (node, units by line) and their score."""
    free, room, wanted = free.copy(), room.copy(), list(terms.units)
    whole = split = None
    packages, total = [], 0.0
    while any(wanted):
        offers = [(node, offer(terms, node, wanted, free, room)) for node in range(free.shape[1])]
        offers = [(node, *made) for node, made in offers if made]
        if not packages:
            filling = [(score, cost, node, taken) for node, taken, score, cost in offers if taken == wanted]
            whole = min(filling, default=None)
        if not offers:
            break
        least = min((score / sum(taken), cost / sum(taken), node, taken, score) for node, taken, score, cost in offers)
        _, _, node, taken, score = least
        packages.append((node, taken))
        total += score
        wanted = [units - less for units, less in zip(wanted, taken, strict=True)]
        free[:, node] -= taken
        room[node] -= sum(taken)
    split = (packages, total)
    return ([(whole[2], whole[3])], whole[0]) if whole and whole[0] <= total else split


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 6))
def test_best_way_follows_the_rule_book(seed, most_lines, most_units):
    batch = random_case(seed, 5, most_lines, most_units, SIZE).batch
    for order in range(5):
        terms, (free, room) = terms_of(batch, order), available(batch, order, batch.left)
        way = best_way(terms, free, room)
        packages, score = by_the_book(terms, free, room)
        assert [(node, units.tolist()) for node, units in zip(way.nodes, way.units, strict=True)] == packages
        assert way.score == pytest.approx(score, abs=1e-9)
        assert way.total == sum(sum(units) for _, units in packages)


def test_rule_keeps_whole_and_splits():
    """The random orders above do both, and leave units unserved."""
    kinds = set()
    for seed in range(40):
        batch = random_case(seed, 5, 3, 4, SIZE).batch
        for order in range(5):
            terms = terms_of(batch, order)
            way = best_way(terms, *available(batch, order, batch.left))
            kinds.add((min(len(way.nodes), 2), bool(way.total == terms.units.sum())))
    assert kinds == {(0, False), (1, True), (1, False), (2, True), (2, False)}


def test_one_unit_goes_to_the_least_score_then_the_cheaper_then_the_first():
    batch = random_case(3, 1, 1, 1, SIZE).batch
    terms, nodes = terms_of(batch, 0), SIZE.nodes
    free, room = np.ones((1, nodes), dtype=np.int64), np.ones(nodes, dtype=np.int64)
    tied = terms._replace(
        class_cost=np.tile([[9.0, 5.0, 4.0, 4.0, 6.0]], (len(terms.class_cost), 1)),
        charge=np.array([[0.0, 2.0, 3.0, 3.0, 1.5]]),
    )
    tied.class_cost[-1] = inf
    assert best_way(tied, free, room).nodes == (2,)
    free[0, 2] = 0
    assert best_way(tied, free, room).nodes == (3,)


def test_too_heavy_a_package_is_divided_evenly():
    cost = np.array([[3.0, inf, 3.0], [5.0, 5.0, inf], [inf, inf, inf]])
    number, weight_class = packages_of(np.array([9.0, 9.0, 9.0]), np.array([9, 9, 9]), cost, np.array([1.0, 4.0]))
    assert number.tolist() == [3, 3, 9]
    assert weight_class.tolist() == [1, 1, 0]


def test_orders_in_turn_take_no_more_than_there_is():
    batch = random_case(11, 30, 4, 4, SIZE).batch
    left = batch.left.copy()
    ways = assign_in_turn(batch, np.arange(30), left)
    assert (left.stock >= 0).all()
    assert (left.room >= 0).all()
    again = batch.left.copy()
    for order, way in ways.items():
        take(batch, order, way, again)
    assert (again.stock == left.stock).all()
    assert sum(way.total for way in ways.values()) == (batch.left.stock - left.stock).sum() > 0
