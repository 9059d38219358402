"""Random small scenarios with everything the simulator knows, each feature switched on by a draw of its own."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from random_networks import Size, random_network, random_plan

from meio.network.compiled import BACKORDERED, LATE, LOST, CompiledScenario, Disruptions, RecordedOrders
from meio.plans import Plan

POLICIES = ("nearest", "priced", "reserve", "batch", "backwards")


class Features(NamedTuple):
    """Probability of each that a scenario has it."""

    parcels: bool
    """Services with weight limits, dearer the heavier the package; else costs by chance, with gaps."""
    baskets: bool
    recorded: bool
    disrupted: bool
    departure_days: bool
    in_proportion: bool
    tight: bool
    even_money: bool
    """Costs, prices and values in quarters, so that many scores are equal."""


PROBABILITY = Features(0.8, 0.5, 0.35, 0.5, 0.5, 0.5, 0.7, 0.4)


class Case(NamedTuple):
    features: Features
    size: Size
    compiled: CompiledScenario
    plan: Plan
    policy: str
    protection: np.ndarray
    """[speed, period, product, node]: units"""


def random_case(seed: int) -> Case:
    """A scenario, a plan for it and a policy."""
    rng = np.random.default_rng([seed, 4])
    features = Features(*(bool(rng.random() < probability) for probability in PROBABILITY))
    size = Size(
        products=int(rng.integers(1, 5)),
        centres=int(rng.integers(0, 3)),
        serving=int(rng.integers(1, 5)),
        zones=int(rng.integers(1, 5)),
        speeds=int(rng.integers(1, 4)),
        weight_classes=int(rng.integers(2, 5)),
        warm_up_days=int(rng.integers(0, 5)),
        daily_mean=float(rng.choice([2.0, 4.0])),
    )
    compiled = random_network(seed, size, tight=features.tight)
    if features.parcels:
        compiled = _with_parcels(rng, compiled)
    if features.departure_days:
        compiled = _with_departure_days(rng, compiled)
    unserved = rng.choice([LOST, LATE, BACKORDERED], size.speeds)
    compiled = compiled._replace(
        outbound=compiled.outbound._replace(unserved=unserved),
        conditions=compiled.conditions._replace(
            shortage_in_proportion=features.in_proportion,
            batch_minutes=int(rng.choice([1, 45, 240, 1440])),
            basket_share=_basket_share(rng) if features.baskets else np.ones(1),
            recorded=_recorded(rng, size) if features.recorded else compiled.conditions.recorded,
            disruptions=_disruptions(rng, size, compiled) if features.disrupted else compiled.conditions.disruptions,
        ),
    )
    plan = random_plan(compiled, seed + 1000, cover_days=float(rng.uniform(1, 6)))
    if features.even_money:
        compiled, plan = _even(compiled, plan)
    shape = (size.speeds, size.periods, size.products, size.nodes)
    return Case(features, size, compiled, plan, str(rng.choice(POLICIES)), rng.choice([0, 0, 1, 3], shape))


def _with_parcels(rng, compiled):
    """Two services, a fast one and a slow one; each takes packages up to a weight of its own at each node and zone."""
    outbound, num_nodes, num_zones = compiled.outbound, len(compiled.names.nodes), len(compiled.names.zones)
    num_classes = outbound.cost.shape[0]
    limits = np.sort(rng.choice([1.0, 2.0, 3.5, 4.5], num_classes - 1, replace=False))
    limits = np.append(limits, rng.choice([5.0, 8.0]))
    weight_kg = rng.integers(1, 21, len(compiled.names.products)) / 4.0
    shape = (2, num_classes, num_nodes, num_zones)
    cost = rng.uniform(1, 6, (2, 1, num_nodes, num_zones)) + np.cumsum(rng.uniform(0, 3, shape), axis=1)
    heaviest = rng.integers(num_classes + 1, size=(2, 1, num_nodes, num_zones))  # number of classes that it takes
    heaviest = np.where(rng.random(heaviest.shape) < 0.6, num_classes, heaviest)
    taken = np.arange(num_classes)[:, None, None] < heaviest
    cost = np.where(taken & compiled.nodes.serves_customers[:, None], np.round(cost, 2), np.inf)
    days = np.stack([rng.choice([0.25, 0.5, 1.0], shape[2:]), rng.choice([1.0, 2.0, 4.0], shape[2:])])
    days = np.broadcast_to(days[:, None], shape)
    delay = np.arange(outbound.cost.shape[2])[:, None, None]
    in_time = days[:, :, None, None] + delay <= outbound.promise_days[:, None, None, None]
    in_time_cost = np.where(in_time, cost[:, :, None, None], np.inf)
    chosen = in_time_cost.argmin(axis=0)[None]
    late = cost.argmin(axis=0)[None]
    all_days = np.broadcast_to(days[:, :, None, None], in_time_cost.shape)
    return compiled._replace(
        products=compiled.products._replace(
            weight_kg=weight_kg, weight_class_idx=np.searchsorted(limits, weight_kg).astype(np.int64)
        ),
        outbound=outbound._replace(
            cost=np.take_along_axis(in_time_cost, chosen, axis=0)[0],
            transit_days=np.take_along_axis(all_days, chosen, axis=0)[0],
            late_cost=np.take_along_axis(cost, late, axis=0)[0],
            late_transit_days=np.take_along_axis(days, late, axis=0)[0],
            weight_limit_kg=limits,
        ),
    )


def _with_departure_days(rng, compiled):
    departs = rng.random(compiled.lanes.departs.shape) < 0.6
    departs[:, rng.integers(7)] = True
    departs[rng.random(len(departs)) < 0.3] = True
    return compiled._replace(lanes=compiled.lanes._replace(departs=departs))


def _basket_share(rng):
    share = rng.random(4) * (rng.random(4) < 0.7)
    share[rng.integers(4)] += 0.5
    return share / share.sum()


def _recorded(rng, size):
    """Orders of one to three lines at any minute, many of them at midnight, at cut-offs and at equal moments."""
    first_day, end_day = -size.warm_up_days, size.periods * size.period_days
    number = int(rng.poisson(0.5 * size.daily_mean * size.products * (end_day - first_day)))
    moment = np.where(rng.random(number) < 0.5, rng.choice([0.0, 600.0, 720.0, 840.0, 1439.5], number), -1.0)
    moment = np.where(moment < 0, np.floor(rng.uniform(0, 1440 * 60, number)) / 60, moment)
    minute = np.sort(rng.integers(first_day, end_day, number) * 1440.0 + moment)
    lines = [
        rng.choice(size.products, rng.integers(1, min(size.products, 3) + 1), replace=False) for _ in range(number)
    ]
    ptr = np.cumsum([0, *map(len, lines)]).astype(np.int64)
    return RecordedOrders(
        given=True,
        minute=minute,
        class_idx=rng.integers(size.zones * size.speeds, size=number),
        line_ptr=ptr,
        product_idx=np.concatenate([*lines, np.zeros(0)]).astype(np.int64),
        units=np.minimum(rng.geometric(0.5, ptr[-1]), 7),
    )


def _disruptions(rng, size, compiled):
    """Of nodes, lanes, and all lanes of a vendor, in the warm-up too, some overlapping."""
    rows = []
    for _ in range(rng.integers(1, 6)):
        first = int(rng.integers(-size.warm_up_days, size.periods * size.period_days))
        days = (first, first + int(rng.integers(1, 6)), float(rng.choice([0.0, 0.0, 0.3, 0.5, 0.75])))
        kind = rng.integers(3)
        if kind == 0:
            rows.append((int(rng.integers(size.nodes)), -1, *days))
        elif kind == 1:
            rows.append((-1, int(rng.integers(len(compiled.lanes.source_idx))), *days))
        else:
            vendor = size.nodes + rng.integers(size.vendors)
            rows += [(-1, int(lane), *days) for lane in np.flatnonzero(compiled.lanes.source_idx == vendor)]
    node, lane, first_day, end_day, share = zip(*rows, strict=True)
    whole = [np.array(part, dtype=np.int64) for part in (node, lane, first_day, end_day)]
    return Disruptions(*whole, np.array(share))


def _even(compiled, plan):
    """The same with outbound costs, prices and values in quarters: sums and their comparisons are exact then."""

    def quarters(money):
        return np.round(money * 4) / 4

    outbound = compiled.outbound
    outbound = outbound._replace(cost=quarters(outbound.cost), late_cost=quarters(outbound.late_cost))
    prices = replace(plan.prices, outbound=quarters(plan.prices.outbound))
    return compiled._replace(outbound=outbound), replace(plan, prices=prices, unit_value=quarters(plan.unit_value))
