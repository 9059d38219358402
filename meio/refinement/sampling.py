"""A plan on sampled paths: every product by the simulator's rules, with prices in place of the shared capacities."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.network.model import Policy
from meio.optimizer.prices import fields
from meio.plans import CapacityPrices, Plan
from meio.refinement.unit_values import unit_values
from meio.simulation.build import build_world, revalued
from meio.simulation.world import World

_PRODUCTS_PER_TASK = 16


class Paths(NamedTuple):
    """What it takes to run a plan's products on sampled paths."""

    compiled: CompiledScenario
    world: World
    lane_idx: Ints
    """[product, node]"""
    policy: int
    workers: int
    open_ptr: Ints
    """[product + 1] into `open_orders`"""
    open_orders: Ints


class Samples(NamedTuple):
    """What paths say about targets; means over the paths."""

    cost: Floats
    """[product]: with prices, money over the horizon"""
    slope: Floats
    """[product, node, period]: derivative of the cost in each target; 0 where it was not asked for"""
    stored: Floats
    """[product, node, period]: units at day closes"""
    received: Floats
    """[product, node, period]: units per day"""
    shipped: Floats
    """[product, node, period]: units per day, to customers and downstream"""
    sent: Floats
    """[product, node, period]: units per day, departed on its lane to the node"""


def paths_of(compiled: CompiledScenario, plan: Plan, policy: Policy, workers: int | None = None) -> Paths:
    """Prepare a plan's lanes and unit values for sampled paths."""
    product_idx = compiled.stock.order_product_idx
    count = np.bincount(product_idx, minlength=len(plan.targets))
    return Paths(
        compiled=compiled,
        world=build_world(compiled, plan),
        lane_idx=plan.lane_idx,
        policy=int(policy != "nearest"),  # every other policy weighs the plan's prices
        workers=workers or os.cpu_count() or 1,
        open_ptr=np.concatenate([[0], np.cumsum(count)]),
        open_orders=np.argsort(product_idx, kind="stable"),
    )


def with_prices(paths: Paths, plan: Plan, prices: CapacityPrices) -> Paths:
    """The same, with orders assigned by other prices than the plan's."""
    return paths._replace(world=revalued(paths.world, unit_values(paths.compiled, plan, prices)))


def sampled(
    paths: Paths,
    targets: Floats,
    prices: CapacityPrices,
    seed: int,
    num_paths: int,
    products: Ints | None = None,
    with_slope: bool = False,
) -> Samples:
    """Run products, all when left out, on paths of a seed under `targets` [product, node, period].

    Targets are rounded as the simulator rounds them.
    The result is zero for products that were not run, and does not depend on the number of workers.
    """
    from meio.refinement.path_kernels import Use
    from meio.refinement.sample_kernels import sample_products
    from meio.refinement.terms_kernels import PathPrices

    cost, slope, use = np.zeros(len(targets)), np.zeros(targets.shape), np.zeros((len(Use._fields), *targets.shape))
    whole, met = np.rint(targets).astype(np.int64), PathPrices(*map(np.ascontiguousarray, fields(prices)))
    chosen = np.arange(len(targets)) if products is None else products

    def run(first: int) -> None:
        sample_products(
            paths.world,
            met,
            paths.compiled.stock.given,
            chosen[first : first + _PRODUCTS_PER_TASK],
            paths.open_ptr,
            paths.open_orders,
            whole,
            paths.policy,
            seed,
            num_paths,
            with_slope,
            cost,
            slope,
            use,
        )

    with ThreadPoolExecutor(paths.workers) as pool:
        list(pool.map(run, range(0, len(chosen), _PRODUCTS_PER_TASK)))
    return Samples(cost, slope, *(use / paths.compiled.period_days))


def use_of(paths: Paths, samples: Samples) -> CapacityPrices:
    """Mean use of every capacity: m³ at day closes, units per day."""
    products, names = paths.compiled.products, paths.compiled.names
    volume = [products.volume_m3 * (products.storage_type_idx == kind) for kind in range(len(names.storage_types))]
    lane = np.zeros((len(names.lanes), paths.compiled.num_periods))
    product, node = np.nonzero(paths.lane_idx >= 0)
    np.add.at(lane, paths.lane_idx[product, node], samples.sent[product, node])
    return CapacityPrices(
        np.stack([np.tensordot(each, samples.stored, axes=1) for each in volume], axis=1),
        samples.received.sum(axis=0),
        samples.shipped.sum(axis=0),
        lane,
    )
