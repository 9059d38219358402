"""Random small networks with every feature the certificate has to bear, policies for them, and the check of a bound."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from random_networks import Size, random_network, random_plan

from meio.network.compiled import BACKORDERED, DETERMINISTIC, EMPIRICAL_LEAD_TIME, LATE, LOST, CompiledScenario
from meio.optimizer.baselines import baseline_plans
from meio.optimizer.planner import plan
from meio.plans import Plan
from meio.simulation.engine import simulate
from meio.simulation.statistics import mean_ci95

ESCALATIONS = 2  # a bound that an interval misses is tried again on four times as many fresh paths, so often
POLICIES = ("nearest", "priced")


class Candidate(NamedTuple):
    name: str
    plan: Plan
    policy: str


class Verdict(NamedTuple):
    """Simulated mean cost and the upper end of its interval; whether the bound lies above it for good."""

    mean: float
    upper: float
    violated: bool


def certificate_network(seed: int) -> CompiledScenario:
    """A network of 1 to 3 stocking layers and 1 to 3 speeds, half of them simple enough for every part of the bound."""
    rng = np.random.default_rng([seed, 1])
    size = Size(
        products=int(rng.integers(1, 4)),
        centres=int(rng.integers(0, 3)),
        serving=int(rng.integers(1, 4)),
        vendors=int(rng.integers(1, 3)),
        zones=int(rng.integers(1, 4)),
        speeds=int(rng.integers(1, 4)),
        types=int(rng.integers(1, 3)),
        periods=int(rng.integers(2, 5)),
        period_days=int(rng.integers(3, 8)),
        warm_up_days=int(rng.choice([0, 0, 3, 6])),
        daily_mean=float(rng.uniform(0.5, 5.0)),
    )
    simple = rng.random() < 0.5
    compiled = random_network(seed, size, tight=bool(rng.random() < 0.6))
    compiled = compiled._replace(
        products=_products(rng, compiled),
        nodes=_nodes(rng, compiled),
        lanes=_lanes(rng, compiled, simple),
        penalties=_penalties(rng, compiled),
        outbound=compiled.outbound._replace(unserved=_unserved(rng, size.speeds)),
        costs=compiled.costs._replace(end_stock_value=float(rng.choice([0.0, 0.5, 0.9, 1.0]))),
    )
    if simple:
        compiled = compiled._replace(
            demand=compiled.demand._replace(stream_kind=rng.integers(4, size=len(compiled.demand.stream_kind)))
        )
    compiled = _fewer_lanes(rng, compiled) if rng.random() < 0.6 else compiled
    return _stock(rng, compiled)


def policies(compiled: CompiledScenario, seed: int) -> list[Candidate]:
    """The plan, the baselines, scaled targets, random ones, and some that game the horizon."""
    plans = [replace(random_plan(compiled, seed, cover), name=f"random {cover}") for cover in (0.0, 1.0, 3.0, 8.0)]
    best = plan(compiled, workers=1)
    plans += [best, *baseline_plans(compiled).values()]
    plans += [replace(best, targets=np.rint(best.targets * scale), name=f"×{scale}") for scale in (0.5, 0.8, 1.3, 2.0)]
    ahead = best.targets.copy()
    ahead[:, :, 0] = np.rint(ahead.sum(axis=2))
    ahead[:, :, 1:] = 0.0
    stop = best.targets.copy()
    stop[:, :, -1] = 0.0
    plans += [replace(best, targets=ahead, name="all ahead"), replace(best, targets=stop, name="stop early")]
    return [Candidate(one.name, one, POLICIES[(index + seed) % 2]) for index, one in enumerate(plans)]


def verdict(compiled: CompiledScenario, candidate: Candidate, bound: float, replications: int, seed: int) -> Verdict:
    """Simulate, again on more paths where the interval lies below the bound."""
    for attempt in range(ESCALATIONS + 1):
        paths = replications * 4**attempt
        result = simulate(
            compiled, candidate.plan, replications=paths, seed=seed + attempt, policy=candidate.policy, workers=1
        )
        mean, _, upper = mean_ci95(result.cost["total"])
        if not bound > upper + 1e-6 * abs(upper):
            return Verdict(mean, upper, False)
    return Verdict(mean, upper, True)


def _products(rng, compiled):
    """Vendors ask about the unit cost; now and then less than stock is worth at the end."""
    products = compiled.products
    cost = np.repeat(products.unit_cost, np.diff(products.supply_ptr))
    low = 0.7 if rng.random() < 0.1 else 1.0
    volume = products.volume_m3.copy()
    volume[0] = max(volume[0], 0.25)  # the planner divides by the volume of all demand
    return products._replace(supply_unit_cost=cost * rng.uniform(low, 1.2, len(cost)), volume_m3=volume)


def _nodes(rng, compiled):
    return compiled.nodes._replace(
        holding_per_unit_day=rng.uniform(0.02, rng.choice([0.1, 1.0]), len(compiled.nodes.lat))
    )


def _lanes(rng, compiled, simple):
    lanes = compiled.lanes
    kind, mean, least = lanes.lead_time_kind.copy(), lanes.lead_time_mean_days.copy(), lanes.lead_time_least_days.copy()
    if simple:
        kind[:] = DETERMINISTIC
        mean[:] = rng.choice([0.0, 0.5, 1.0, 2.0, 4.0], len(mean))
    for lane in range(len(mean)):
        if kind[lane] == DETERMINISTIC:
            least[lane] = mean[lane]
        elif kind[lane] == EMPIRICAL_LEAD_TIME:
            least[lane] = lanes.lead_time_values[lanes.lead_time_ptr[lane]]
    review = rng.choice([1, 1, 2, 5]) if simple else lanes.review_every_days
    return lanes._replace(
        lead_time_kind=kind,
        lead_time_mean_days=mean,
        lead_time_sd_days=np.where(kind == DETERMINISTIC, 0.0, lanes.lead_time_sd_days),
        lead_time_least_days=least,
        review_every_days=np.broadcast_to(review, len(mean)).copy(),
        review_offset_days=np.zeros_like(lanes.review_offset_days) if simple else lanes.review_offset_days,
        crossover=lanes.crossover & (rng.random() < 0.5),
    )


def _penalties(rng, compiled):
    shape = compiled.penalties.lost.shape
    return compiled.penalties._replace(
        lost=rng.uniform(10, rng.choice([20, 60]), shape),
        late=rng.uniform(0.5, 8, shape),
        backordered_per_day=rng.uniform(0.3, 6, shape),
    )


def _unserved(rng, num_speeds):
    kinds = [[LOST], [LOST, LATE], [BACKORDERED], [LOST, LATE, BACKORDERED]][rng.integers(4)]
    return rng.choice(kinds, num_speeds)


def _fewer_lanes(rng, compiled):
    """Close most vendors' lanes to sites that another node supplies, so that stock passes through layers."""
    lanes, num_nodes = compiled.lanes, len(compiled.names.nodes)
    bought = lanes.source_idx >= num_nodes
    supplied = np.isin(lanes.node_idx, lanes.node_idx[~bought])
    kept = np.flatnonzero(~(bought & supplied) | (rng.random(len(bought)) < 0.1))
    values = [lanes.lead_time_values[lanes.lead_time_ptr[lane] : lanes.lead_time_ptr[lane + 1]] for lane in kept]
    parts = {
        name: part[kept]
        for name, part in lanes._asdict().items()
        if name not in ("node_ptr", "lead_time_ptr", "lead_time_values")
    }
    fewer = lanes._replace(
        **parts,
        node_ptr=np.searchsorted(lanes.node_idx[kept], np.arange(num_nodes + 1)),
        lead_time_ptr=np.cumsum([0, *map(len, values)]),
        lead_time_values=np.concatenate([*values, []]),
    )
    return compiled._replace(
        lanes=fewer, names=compiled.names._replace(lanes=tuple(compiled.names.lanes[i] for i in kept))
    )


def _stock(rng, compiled):
    """Orders on their way on lanes that exist; none on half of the networks."""
    stock, num_lanes = compiled.stock, len(compiled.lanes.source_idx)
    number = len(stock.order_units) if rng.random() < 0.5 else 0
    return compiled._replace(
        stock=stock._replace(
            order_product_idx=stock.order_product_idx[:number],
            order_lane_idx=rng.integers(num_lanes, size=number),
            order_units=stock.order_units[:number],
            order_arrives_day=stock.order_arrives_day[:number],
        )
    )
