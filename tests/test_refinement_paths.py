"""Sampled paths of the refinement: the simulator's own cost, and derivatives that finite differences confirm."""

import numba
import numpy as np
import pytest
from random_networks import Size, random_network, random_plan

from meio.network.compiled import DETERMINISTIC, LOST, CompiledScenario
from meio.refinement.order_kernels import Orders, draw_orders
from meio.refinement.path_kernels import new_path
from meio.refinement.sample_kernels import new_sample, path_key, take_sample
from meio.refinement.supply_kernels import new_streams
from meio.refinement.terms_kernels import PathPrices, fill_terms, new_terms
from meio.refinement.worth_kernels import new_values
from meio.simulation.build import build_world
from meio.simulation.engine import simulate
from meio.simulation.references import by_reference

SEED, COPIES = 5, 23
POLICIES = ("nearest", "priced")


@numba.njit
def sampled(world, prices, given, product, open_orders, target, policy, num_paths, copies, sample):
    """The kernels' sample of one product, each customer order repeated."""
    num_nodes, num_periods = target.shape
    num_days = world.clock.end_day - world.clock.first_day
    reference, terms = by_reference(world), new_terms(num_nodes, num_periods, num_days)
    fill_terms(reference, prices, given, product, terms)
    streams = new_streams(num_nodes, num_days)
    single = [draw_orders(reference, product, path_key(SEED, k), streams.draws) for k in range(num_paths)]
    orders = [
        Orders(np.repeat(part.minute, copies), np.repeat(part.row, copies), np.repeat(part.speed, copies))
        for part in single
    ]
    most = max([len(part.minute) for part in orders])
    path = new_path(num_nodes, num_periods, num_days, most, 20_000)
    values = new_values(num_nodes, num_days, most, 20_000)
    return take_sample(
        reference, terms, product, orders, open_orders, target, policy, SEED, True, streams, path, values, sample
    )


def network(seed: int, **size: int) -> CompiledScenario:
    """A random network without capacity limits whose lead times are their means, and whose packs are single units."""
    compiled = random_network(seed, Size(**size), tight=False)
    lanes, products = compiled.lanes, compiled.products
    ones = np.ones_like
    return compiled._replace(
        lanes=lanes._replace(
            lead_time_kind=np.full_like(lanes.lead_time_kind, DETERMINISTIC),
            pack=ones(lanes.pack),
            minimum_order=ones(lanes.minimum_order),
            review_every_days=np.maximum(lanes.review_every_days, 1),
        ),
        products=products._replace(
            supply_pack=ones(products.supply_pack), supply_minimum_order=ones(products.supply_minimum_order)
        ),
    )


def no_path_prices(compiled: CompiledScenario) -> PathPrices:
    names, periods = compiled.names, compiled.num_periods
    flow = (len(names.nodes), periods)
    return PathPrices(
        np.zeros((len(names.nodes), len(names.storage_types), periods)),
        np.zeros(flow),
        np.zeros(flow),
        np.zeros((len(names.lanes), periods)),
    )


def with_days_of_departure(compiled: CompiledScenario, seed: int) -> CompiledScenario:
    """The same with vendors' lanes that depart on some weekdays only."""
    departs = np.random.default_rng(seed).random((len(compiled.lanes.source_idx), 7)) < 0.3
    departs[:, 3] |= ~departs.any(axis=1)
    departs[compiled.lanes.source_idx < len(compiled.names.nodes)] = True
    return compiled._replace(lanes=compiled.lanes._replace(departs=departs))


@pytest.mark.parametrize("policy", range(2))
@pytest.mark.parametrize("seed", range(9))
def test_paths_cost_what_the_simulator_says(seed, policy):
    compiled = with_days_of_departure(network(seed), seed) if seed >= 6 else network(seed)
    plan = random_plan(compiled, seed)
    world, prices = build_world(compiled, plan), no_path_prices(compiled)
    total = 0.0
    for product in range(len(compiled.names.products)):
        sample = new_sample(*plan.targets.shape[1:])
        target = np.rint(plan.targets[product]).astype(np.int64)
        open_orders = np.flatnonzero(compiled.stock.order_product_idx == product)
        assert sampled(world, prices, compiled.stock.given, product, open_orders, target, policy, 3, 1, sample)
        total += sample.cost[0]
    simulated = simulate(compiled, plan, replications=3, seed=SEED, policy=POLICIES[policy], workers=1)
    assert total == pytest.approx(simulated.cost["total"].mean(), rel=1e-12)


def off_kinks(rng: np.random.Generator, plan_targets: np.ndarray) -> np.ndarray:
    """Targets of COPIES times the plan's that are no multiples of COPIES, so that no shelf is just emptied."""
    return np.rint(plan_targets).astype(np.int64) * COPIES + rng.integers(1, COPIES - 1, plan_targets.shape)


def derivatives(compiled: CompiledScenario, seed: int, policy: int) -> list[tuple[float, float]]:
    """Finite differences and derivatives of all targets, on a random plan.

    Each order is COPIES orders, so one unit of target is a small step and the cost is linear in it.
    """
    plan = random_plan(compiled, seed)
    world, rng = build_world(compiled, plan), np.random.default_rng(seed)
    prices = PathPrices(*(rng.random(part.shape) for part in no_path_prices(compiled)))
    targets = off_kinks(rng, plan.targets)
    pairs = []
    for product in range(len(targets)):
        open_orders = np.flatnonzero(compiled.stock.order_product_idx == product)

        def cost_and_slope(target, product=product, open_orders=open_orders):
            sample = new_sample(*target.shape)
            assert sampled(world, prices, compiled.stock.given, product, open_orders, target, policy, 1, COPIES, sample)
            return sample

        base = cost_and_slope(targets[product])
        for node, period in np.argwhere(plan.lane_idx[product][:, None] >= np.zeros(targets.shape[2])):
            moved = targets[product].copy()
            moved[node, period] += 1
            pairs.append((cost_and_slope(moved).cost[0] - base.cost[0], base.slope[node, period]))
    return pairs


@pytest.mark.parametrize("policy", range(2))
@pytest.mark.parametrize("departures", [False, True])
def test_derivatives_are_finite_differences(departures, policy):
    agree = []
    for seed in range(16):
        compiled = network(seed, warm_up_days=2 * (seed % 2))
        if departures:
            compiled = with_days_of_departure(compiled, seed)
        if seed % 4 == 0:  # nobody waits: orders of nothing are worked out only when asked for
            compiled = compiled._replace(
                outbound=compiled.outbound._replace(unserved=np.full_like(compiled.outbound.unserved, LOST))
            )
        pairs = derivatives(compiled, seed, policy)
        agree += [difference == pytest.approx(slope, rel=1e-6, abs=1e-7) for difference, slope in pairs]
    # the rest: nodes that serve customers and owe units downstream on a day on which they do not ship
    assert np.mean(agree) >= 0.97
