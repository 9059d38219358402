"""Protection levels: Littlewood's rule against its closed form, a plain loop and a simulation of two classes."""

from __future__ import annotations

from dataclasses import replace
from math import exp, inf

import numpy as np
import pytest
from random_networks import SMALL, Size, random_network, random_plan
from scipy import stats

from meio.network.compiled import BACKORDERED, LATE, LOST
from meio.simulation.engine import simulate
from meio.simulation.protection import _littlewood, protection_levels


def plain_levels(compiled, plan):  # noqa: C901 - one loop, read from top to bottom
    """The same from the words of the docstring, one product, node, period and speed at a time."""
    demand, outbound, penalties = compiled.demand, compiled.outbound, compiled.penalties
    num_speeds, num_zones = len(compiled.names.speeds), len(compiled.names.zones)
    num_products, num_nodes = plan.lane_idx.shape
    levels = np.zeros((num_speeds, compiled.num_periods, num_products, num_nodes), dtype=np.int64)

    def rate(product, period, zone, speed):
        total = 0.0
        for stream in range(demand.product_ptr[product], demand.product_ptr[product + 1]):
            entries = range(demand.mix_ptr[demand.mix_idx[stream]], demand.mix_ptr[demand.mix_idx[stream] + 1])
            share = sum(demand.mix_share[e] for e in entries if demand.mix_class_idx[e] == zone * num_speeds + speed)
            total += demand.daily_mean[stream, period] * share
        return total

    def exposure(product, node):
        return max(0.5, compiled.lanes.review_every_days[plan.lane_idx[product, node]] / 2)

    def ranked(product, period, zone, speed):
        stocked = [node for node in range(num_nodes) if plan.lane_idx[product, node] >= 0]
        weight_class = compiled.products.weight_class_idx[product]
        charge = {n: plan.unit_value[product, n, period] + plan.prices.outbound[n, period] for n in stocked}
        scores = {n: outbound.cost[weight_class, speed, 0, n, zone] + charge[n] for n in stocked}
        order = sorted((n for n in stocked if scores[n] < inf), key=lambda n: scores[n])
        fate = penalties.lost[product, speed]
        if outbound.unserved[speed] == LATE:
            late = min((outbound.late_cost[weight_class, n, zone] + charge[n] for n in stocked), default=inf)
            fate = late + penalties.late[product, speed] if late < inf else fate
        regrets = {}
        for place, node in enumerate(order):
            other = fate
            if outbound.unserved[speed] == BACKORDERED:
                other = scores[node] + penalties.backordered_per_day[product, speed] * exposure(product, node)
            if place + 1 < len(order):
                other = scores[order[place + 1]]
            regrets[node] = max(0.0, other - scores[node])
        return order, regrets

    for product, period in np.ndindex(num_products, compiled.num_periods):
        first, served = {}, {}
        for zone, speed in np.ndindex(num_zones, num_speeds):
            units = rate(product, period, zone, speed)
            order, regrets = ranked(product, period, zone, speed)
            for node in order if units > 0 else ():
                served.setdefault((node, speed), []).append((units, regrets[node]))
                if node == order[0]:
                    first.setdefault((node, speed), []).append((units, regrets[node]))
        for speed, node in np.ndindex(num_speeds, num_nodes):
            faster = [s for s in range(num_speeds) if outbound.promise_days[s] < outbound.promise_days[speed]]
            rows = [row for s in faster for row in first.get((node, s), [])]
            own = first.get((node, speed)) or served.get((node, speed)) or [(1.0, 0.0)]
            if not rows:
                continue
            mean = sum(units for units, _ in rows) * exposure(product, node)
            fast = sum(units * regret for units, regret in rows) / sum(units for units, _ in rows)
            slow = sum(units * regret for units, regret in own) / sum(units for units, _ in own)
            target = round(plan.targets[product, node, period])
            y = 0
            while fast > slow and y < target and stats.poisson.sf(y, mean) > slow / fast:
                y += 1
            levels[speed, period, product, node] = y
    return levels.reshape(num_speeds, compiled.num_periods, -1)


@pytest.mark.parametrize("seed", range(8))
def test_levels_are_those_of_a_plain_loop(seed):
    compiled = random_network(seed, SMALL)
    plan = random_plan(compiled, seed)
    levels = protection_levels(compiled, plan)
    assert levels.tolist() == plain_levels(compiled, plan).tolist()


def test_the_fastest_speed_leaves_nothing_and_somebody_leaves_something():
    compiled = random_network(5, Size(products=20, speeds=3))
    compiled = compiled._replace(outbound=compiled.outbound._replace(promise_days=np.array([1.0, 2.0, 3.0])))
    levels = protection_levels(compiled, random_plan(compiled, 5))
    assert not levels[0].any()
    assert levels[2].any()


def test_littlewoods_closed_form():
    """With mean 1 faster order, P(≥ 1) = 1 − 1/e and P(≥ 2) = 1 − 2/e."""
    mean, fast = np.full(5, 1.0), np.full(5, 10.0)
    slow = np.array([10.0, 10 * (1 - exp(-1)) + 1e-9, 10 * (1 - exp(-1)) - 1e-9, 10 * (1 - 2 * exp(-1)) - 1e-9, 11.0])
    assert _littlewood(mean, fast, slow).tolist() == [0, 0, 1, 2, 0]
    assert _littlewood(np.zeros(1), fast[:1], np.ones(1)).tolist() == [0]


def test_littlewoods_level_is_the_best_for_slow_orders_before_fast_ones():
    """His setting: units sold first to any number of slow orders, then to a random number of fast ones."""
    mean, fast, slow, stock = 4.2, 9.0, 4.0, 12
    counts = np.arange(60)
    probability = stats.poisson.pmf(counts, mean)
    gains = [slow * (stock - y) + fast * probability @ np.minimum(counts, y) for y in range(stock + 1)]
    assert _littlewood(np.array([mean]), np.array([fast]), np.array([slow])) == np.argmax(gains)


def test_reserve_sends_slow_orders_where_fast_ones_cannot_be_served():
    """Only site 0 is in time for the fast speed; site 1 serves the slow one too, for a little more, and has plenty."""
    compiled = random_network(2, Size(centres=1, serving=2, speeds=2, warm_up_days=0), tight=False)
    cost = np.full_like(compiled.outbound.cost, inf)
    cost[:, :, :, 1], cost[:, 1, :, 2] = 5.0, 6.0
    compiled = compiled._replace(
        outbound=compiled.outbound._replace(promise_days=np.array([1.0, 9.0]), cost=cost, unserved=np.full(2, LOST)),
        penalties=compiled.penalties._replace(lost=np.full((3, 2), 60.0)),
        lanes=compiled.lanes._replace(review_every_days=np.full_like(compiled.lanes.review_every_days, 4)),
        stock=compiled.stock._replace(given=False),
    )
    plan = random_plan(compiled, 2)
    targets = np.zeros_like(plan.targets)
    targets[:, 1], targets[:, 2] = 5.0, 40.0
    nothing = replace(plan.prices, outbound=np.zeros_like(plan.prices.outbound))
    plan = replace(plan, targets=targets, unit_value=np.zeros_like(targets), prices=nothing)
    assert (plan.lane_idx[:, 1:] >= 0).all()
    levels = protection_levels(compiled, plan).reshape(2, 3, 3, 3)  # [speed, period, product, node]
    assert (levels[1, :, :, 1] > 0).all()
    assert not levels[:, :, :, 2].any()
    results = [simulate(compiled, plan, replications=10, seed=3, policy=name) for name in ("priced", "reserve")]
    fast, slow = (
        [r.service.query(f"speed == '{name}'")["lost"].sum() for r in results] for name in compiled.names.speeds
    )
    assert 0 < fast[1] < 0.8 * fast[0]
    assert slow[1] <= slow[0]
    assert results[1].cost["total"].mean() < results[0].cost["total"].mean()
