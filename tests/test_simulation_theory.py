"""The engine against what inventory theory knows: chains, trees, pipelines and lost sales with exact answers."""

import numpy as np
import pytest
from planning_cases import demand_of, planning_case
from random_networks import random_plan
from scipy import stats

from meio.simulation.engine import simulate

BACKORDERED = {"promise": "2 d", "when_unserved": "backordered"}


def lane(source, destination, lead_time, every=1, cost=0.0):
    fields = {"lead_time": lead_time, "review": {"every": every}, "cost": {"per_unit": cost}, "crossover": True}
    return {"from": source, "to": destination, **fields}


def case(daily, packages, days, warm_up_days=50, **fields):
    """A compiled network for one product; `daily` are its demand's parameters in each zone, per day."""
    root = np.sqrt(days)
    rows = [("item", zone, days * mean, *(root * sd for sd in rest)) for zone, (mean, *rest) in daily.items()]
    parameters = ("mean", "sd")[: len(rows[0]) - 2]
    horizon = {"start": "2026-01-05", "periods": 1, "period_days": days, "warm_up_days": warm_up_days}
    return planning_case(demand_of(rows, parameters), packages, horizon=horizon, **fields)


def simulated(compiled, levels, replications, seed):
    """The result at one order-up-to level a node, by name."""
    names, lanes, plan = compiled.names.nodes, compiled.lanes, random_plan(compiled, 0)
    assert lanes.node_idx.tolist() == list(range(len(names)))  # one lane into each node
    targets = np.array([[[levels[name]] for name in names]], dtype=float)
    chosen = type(plan)(**{**vars(plan), "lane_idx": lanes.node_idx[None, :], "targets": targets})
    return simulate(compiled, chosen, replications=replications, seed=seed)


def per_day(result, *columns):
    return result.cost[list(columns)].sum(axis=1) / result.days


def assert_near(values, expected, precision=np.inf):
    """The mean is within four standard errors of what is expected; one of these is at most `precision`."""
    error = stats.sem(values)
    assert abs(np.mean(values) - expected) < 4 * error
    assert error < precision


# ---- networks with a known cost


@pytest.fixture(scope="module")
def serial_chain():
    """Example 6.1 of Snyder and Shen, with 20 units for each of theirs, as units here are whole.

    Their periods: demand is observed, orders go up, shipments come down, costs are charged. What is ordered after the
    demand of period t with a lead time of L is there before the costs of t + L. Here the same order is placed at the
    midnight that ends day t, and lead times count from there:

    - A stock that others draw on is drawn on at midnights. Between its order at one midnight and the arrival L days
      later come L of these, as there come L periods' orders in theirs: the lead time stays L.
    - The last stock is drawn on during the day. An order that is to be there for the close of t + L must come by the
      midnight before day t + L, L - 1 days after it was placed.

    Units on the way cost their source's holding for L periods; here they pay that when they leave.
    """
    units, days = 20, 10_000
    holding = {"first": 7.0, "second": 4.0, "third": 2.0}
    compiled = case(
        {"town": (5.0 * units, 1.0 * units)},
        {("first", "town"): 0.0},
        days,
        distribution="normal",
        sites={name: {"holding": {"per_unit_day": cost}} for name, cost in holding.items()},
        lanes=[
            lane("vendor", "third", {"mean": 2}),
            lane("third", "second", {"mean": 1}, cost=2.0),
            lane("second", "first", {"mean": 0}, cost=4.0),
        ],
        speed={**BACKORDERED, "backordered_per_day": {"per_unit": 37.12}},
    )
    levels = {"first": 6.49, "second": 5.53, "third": 10.69}
    return simulated(compiled, {name: units * level for name, level in levels.items()}, 100, seed=61), units


def test_serial_chain_costs_what_is_published(serial_chain):
    result, units = serial_chain
    assert_near(per_day(result, "holding", "backorder", "lane_transport") / units, 47.65, precision=0.03)


def test_serial_chain_has_the_known_units_on_the_way(serial_chain):
    result, units = serial_chain
    assert_near(per_day(result, "lane_transport") / units, 5.0 * (2.0 + 4.0), precision=0.02)


def test_distribution_tree_costs_what_is_exact():
    """Three levels under continuous review (Rong, Atan and Snyder, 2017, figure 1a), at the best symmetric levels.

    Stock and backorders cost by the time they last; a day's close sees them as any other instant does, since demand
    is a Poisson process and lead times are the same for all. Its cost leaves out the pipeline: units on the way to a
    leaf and to a middle node, at their source's holding, 4 × 8 × 2/3 + 2 × 16 × 1/3 = 32 a day.
    """
    leaves = {f"leaf {number}": f"middle {number // 2}" for number in range(4)}
    middles = ("middle 0", "middle 1")
    at_once = {"lead_time": {"mean": 1}, "every": 0}
    compiled = case(
        {f"zone of {leaf}": (8.0,) for leaf in leaves},
        {(leaf, f"zone of {leaf}"): 0.0 for leaf in leaves},
        4000,
        sites={"root": {"holding": {"per_unit_day": 1 / 3}}}
        | {middle: {"holding": {"per_unit_day": 2 / 3}} for middle in middles}
        | {leaf: {"holding": {"per_unit_day": 1.0}} for leaf in leaves},
        lanes=[lane("vendor", "root", **at_once)]
        + [lane("root", middle, cost=1 / 3, **at_once) for middle in middles]
        + [lane(middle, leaf, cost=2 / 3, **at_once) for leaf, middle in leaves.items()],
        speed={**BACKORDERED, "backordered_per_day": {"per_unit": 20.0}},
    )
    levels = {"root": 33} | dict.fromkeys(middles, 18) | dict.fromkeys(leaves, 14)
    result = simulated(compiled, levels, 40, seed=17)
    assert_near(per_day(result, "holding", "backorder"), 33.02550302749047, precision=0.1)
    assert_near(per_day(result, "lane_transport"), 32.0, precision=0.05)


# ---- one stock, an order at each demand: units on the way are customers in an M/G/∞ or an M/G/S/S queue

LEAD_TIMES = {
    "gamma": {"distribution": "gamma", "mean": 2.0, "cv": 0.9},
    "lognormal": {"distribution": "lognormal", "mean": 2.0, "cv": 1.2},
    "empirical": {"distribution": "empirical", "values": [0.25, 0.5, 1.25, 6.0]},
    "deterministic": {"mean": 2.0},
}
RATE, MEAN_LEAD_TIME = 4.0, 2.0  # units a day, days


def one_for_one(lead_time, speed, level, replications=20, seed=5):
    compiled = case(
        {"town": (RATE,)},
        {("shop", "town"): 1.0},
        3000,
        lanes=[lane("vendor", "shop", lead_time, every=0)],
        speed=speed,
        holding={"per_unit_day": 1.0},
    )
    return simulated(compiled, {"shop": level}, replications, seed)


@pytest.mark.parametrize("name", LEAD_TIMES)
def test_units_on_the_way_are_poisson_whatever_the_lead_time(name):
    """Palm's theorem: with mean demand × mean lead time.

    On hand and owed are what the level has more and less than is on the way. The same draws with one unit more on
    the shelf have one unit more on hand exactly when no more than the level is on the way, which shows the
    distribution itself: the difference of means is its value at the level.
    """
    level, on_the_way = 9, stats.poisson(RATE * MEAN_LEAD_TIME)
    owing = {**BACKORDERED, "backordered_per_day": {"per_unit": 1.0}}
    result = one_for_one(LEAD_TIMES[name], owing, level)
    units = np.arange(100)
    assert_near(per_day(result, "holding"), np.maximum(level - units, 0) @ on_the_way.pmf(units), precision=0.05)
    assert_near(per_day(result, "backorder"), np.maximum(units - level, 0) @ on_the_way.pmf(units), precision=0.05)
    roomier = one_for_one(LEAD_TIMES[name], owing, level + 1)
    assert_near(per_day(roomier, "holding") - per_day(result, "holding"), on_the_way.cdf(level), precision=0.01)


@pytest.mark.parametrize("name", LEAD_TIMES)
def test_lost_sales_of_one_for_one_orders_are_erlang_s(name):
    """Units on the way are calls in a loss system with as many lines as the level, whatever the lead time is like."""
    level = 9
    result = one_for_one(LEAD_TIMES[name], {"promise": "2 d", "lost": {"per_unit": 1.0}}, level)
    busy = stats.poisson(RATE * MEAN_LEAD_TIME).pmf(np.arange(level + 1))
    busy /= busy.sum()
    service = result.service
    assert_near(service["lost"] / service["demand"], busy[-1], precision=0.003)
    assert_near(per_day(result, "holding"), (level - np.arange(level + 1)) @ busy, precision=0.03)


# ---- one stock, daily reviews, lost sales: a Markov chain


@pytest.mark.parametrize(("lead_days", "level"), [(1, 7), (2, 7), (2, 11)])
def test_lost_sales_with_daily_reviews_are_the_markov_chain_s(lead_days, level):
    mean, holding, penalty, package = 3.0, 1.0, 7.0, 2.0
    compiled = case(
        {"town": (mean,)},
        {("shop", "town"): package},
        3000,
        lanes=[lane("vendor", "shop", {"mean": lead_days})],
        speed={"promise": "2 d", "lost": {"per_unit": penalty}},
        holding={"per_unit_day": holding},
    )
    result = simulated(compiled, {"shop": level}, 20, seed=12)
    left, lost = left_and_lost(lead_days, level, mean)
    assert_near(result.service["lost"] / result.days, lost, precision=0.02)
    assert_near(per_day(result, "holding"), holding * left, precision=0.02)
    expected = holding * left + penalty * lost + package * (mean - lost)
    assert_near(per_day(result, "holding", "lost", "outbound"), expected, precision=0.1)


def left_and_lost(lead_days, level, mean):
    """Mean units left at a day's close and lost in a day, from the stationary distribution of the morning's state.

    The state is what is on hand after the review and what is to arrive on each of the next mornings; all of it adds
    up to the level, so the last one follows from the others.
    """
    demand = stats.poisson(mean).pmf(np.arange(level))
    sold_chance = [np.append(demand[:most], 1 - demand[:most].sum()) for most in range(level + 1)]
    states = [state for state in np.ndindex(*(level + 1,) * lead_days) if sum(state) <= level]
    place = {state: number for number, state in enumerate(states)}
    moves = np.zeros((len(states), len(states)))
    for state, number in place.items():
        arriving = (*state[1:], level - sum(state))
        for sold, chance in enumerate(sold_chance[state[0]]):
            moves[number, place[state[0] - sold + arriving[0], *arriving[1:]]] += chance
    balance = np.vstack([moves.T - np.eye(len(states)), np.ones(len(states))])
    share = np.linalg.lstsq(balance, np.append(np.zeros(len(states)), 1.0), rcond=None)[0]
    sold = share @ [chance @ np.arange(len(chance)) for chance in (sold_chance[state[0]] for state in states)]
    return share @ [state[0] for state in states] - sold, mean - sold
