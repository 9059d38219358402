"""Stopping at a precision: honest coverage, the number of replications asked for, and no influence of threads."""

from inspect import signature
from time import sleep

import numpy as np
import pandas as pd
import pytest
from random_networks import Size, random_network, random_plan

from meio import cli
from meio.simulation.engine import simulate
from meio.simulation.statistics import mean_ci95, relative_half_width
from meio.simulation.stopping import FEWEST_TO_STOP, MOST_REPLICATIONS, StoppingRule, in_order, stopping_rule

PATHS = 4000
TABLES = ("cost", "service", "use", "nodes", "network", "bands", "inventory")


def coverage(rule, seed):
    """How often the interval at the stop holds the true mean of 1, when costs are normal with deviation 0.03."""
    rng, hits = np.random.default_rng(seed), 0
    for _ in range(PATHS):
        costs = rng.normal(1.0, 0.03, rule.most)
        used = next(n for n in range(rule.least, rule.most + 1) if rule.is_met(costs[:n]))
        _, low, high = mean_ci95(costs[:used])
        hits += low <= 1.0 <= high
    return hits / PATHS


@pytest.mark.parametrize("precision", [0.02, 0.012])  # a fixed sample would have to be 11 or 27 long
def test_interval_at_the_stop_covers_nearly_as_often_as_it_says(precision):
    sampling_error = np.sqrt(0.93 * 0.07 / PATHS)
    assert coverage(stopping_rule(2, precision, 200), seed=1) > 0.93 - 2 * sampling_error


def test_stopping_from_the_second_replication_on_would_cover_too_seldom():
    assert coverage(StoppingRule(2, 200, 0.02), seed=1) < 0.9


def test_without_a_precision_the_replications_are_as_given():
    rule = stopping_rule(3, None, 1000)
    assert [rule.is_met(np.ones(n)) for n in (1, 2, 3)] == [False, False, True]
    assert list(in_order(lambda number: number, rule, 2)) == [0, 1, 2]


def test_the_command_line_stops_where_the_library_does():
    assert signature(cli.simulate).parameters["most_replications"].default == MOST_REPLICATIONS


def test_at_most_so_many_replications():
    rule = stopping_rule(2, 1e-9, 12)
    costs = np.arange(1.0, 13.0)
    assert [rule.is_met(costs[:n]) for n in (10, 11, 12)] == [False, False, True]
    assert list(in_order(lambda number: number, rule, 3)) == list(range(12))


def test_a_most_below_the_least_gives_way():
    assert stopping_rule(20, 0.1, 15) == StoppingRule(20, 20, 0.1)
    assert stopping_rule(2, 0.1, 5) == StoppingRule(FEWEST_TO_STOP, FEWEST_TO_STOP, 0.1)


def test_replications_come_in_order_and_those_after_the_stop_are_dropped():
    begun = []

    def run(number):
        begun.append(number)
        sleep(0.002 * ((7 * number) % 5))
        return number

    came = []
    for number in in_order(run, StoppingRule(10, 1000, 0.1), 4):
        came.append(number)
        if number == 25:
            break
    assert came == list(range(26))
    assert len(begun) <= 26 + 10


@pytest.mark.parametrize("precision", [0.0, 1.0, -0.1, float("nan")])
def test_precision_out_of_range(precision):
    with pytest.raises(ValueError, match=r"precision: found .*, expected a share of the cost above 0 and below 1"):
        stopping_rule(2, precision, 100)


def test_no_replication():
    with pytest.raises(ValueError, match="replications: found 0, expected at least 1"):
        stopping_rule(0, None, 100)


def test_the_result_is_that_of_the_replications_used_on_any_number_of_workers():
    compiled = random_network(33, Size(products=3))
    plan = random_plan(compiled, 5)
    found = [simulate(compiled, plan, replications=2, precision=0.06, seed=4, workers=workers) for workers in (1, 3)]
    used = found[0].replications
    assert FEWEST_TO_STOP < used < 200
    total = found[0].cost["total"]
    assert relative_half_width(total) <= 0.06 < relative_half_width(total[:-1])
    given = simulate(compiled, plan, replications=used, seed=4)
    for name in TABLES:
        for other in (found[1], given):
            pd.testing.assert_frame_equal(getattr(found[0], name), getattr(other, name), check_exact=True)
