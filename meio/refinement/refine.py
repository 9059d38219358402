"""Improve a plan's targets on sampled paths under the real assignment policy, within its capacities.

The planner's closed forms let an order that spills find its next choice and an upstream node be short for all its
children alike. Here every product runs on sampled orders by the simulator's rules, and each node's targets shift
together against the derivative of the cost. A price per node and storage type keeps the shifts within storage.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from meio.network.compiled import Bools, CompiledScenario, Floats, Ints
from meio.optimizer.model import planning_model
from meio.optimizer.prices import capacities, fields, violation
from meio.plan import CapacityPrices, Plan, Refinement
from meio.refinement.storage_price import (
    SPREAD,
    first_price,
    moved_price,
    storage_limit,
    storage_taken,
    with_storage,
)
from meio.simulation.build import build_world
from meio.simulation.world import World

if TYPE_CHECKING:
    from meio.refinement.search_kernels import Sample

SEED = 2**62  # of the paths: a plan is proven on others
PATHS = (2, 16)  # least and most of a product
ORDERS_WANTED = 1_500  # of a product, over all its paths
FIRST_ROOM = 4096  # departures of a path; more when it does not suffice
STEPS = 3  # samples of a round; each round begins with the best so far
MOST_FITS = 6  # times that shifts are taken back where they do not fit
MARGIN = 0.01  # of a capacity, left free: further paths differ
FIRST_STRIDE = 0.1  # of a node's mean target, at least one unit


class Work(NamedTuple):
    """Targets on their way to the best, product by product."""

    compiled: CompiledScenario
    world: World
    base: Floats
    """[product, node, period]"""
    shift: Floats
    """[product, node]"""
    stride: Floats
    """[product, node]"""
    width: Ints
    """[product, 1]: most nodes that step together"""
    num_paths: Ints
    """[product]"""
    open_orders: list[Ints]
    policy: int
    workers: int


def refined(
    compiled: CompiledScenario,
    plan: Plan,
    rounds: int,
    *,
    policy: Literal["nearest", "priced"] = "priced",
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Plan:
    """Shift a plan's targets to what costs least on sampled paths.

    Products that the planner solves exactly (no spill) or stocks at one node only keep their targets, and so do those
    whose shift does not pay on further paths.

    Parameters
    ----------
    compiled : CompiledScenario
    plan : Plan
        Its targets are where the search begins; its prices stand for the shared capacities.
    rounds : int
        Each takes a step at every node of every product, and moves the prices of storage. 0 changes nothing.
    policy : {"nearest", "priced"}
        How orders are assigned.
    workers : int, optional
        Threads; none: one per core. Does not change the result.
    progress : callable, optional
        Called with the number of finished rounds after each.

    Returns
    -------
    Plan
        With shifted targets, the use they have on the paths, and in `refinement` what that changed. Storage on the
        paths, with one standard deviation, stays within capacity, or within what the plan took there before.
    """
    chosen = _worth_refining(compiled, plan)
    if rounds == 0 or not chosen.any():
        return plan
    work = work_of(compiled, plan, policy, workers)
    before = _searched(work, plan.prices, 1, SEED)
    budget = np.maximum(storage_taken(work.compiled, before, SPREAD), storage_limit(compiled))
    price = first_price(budget.shape[:2])
    for done in range(1, rounds + 1):
        paid, prices = price.value, with_storage(plan.prices, price.value)
        samples = _searched(work, prices, STEPS, SEED, chosen, before)
        price = moved_price(price, (storage_taken(work.compiled, samples, SPREAD) / budget - 1.0).max(axis=2), compiled)
        if progress is not None:
            progress(done)
    return _kept(work, plan, paid, chosen)


def _worth_refining(compiled: CompiledScenario, plan: Plan) -> Bools:
    """Products that can spill or wait between nodes, and are ordered at reviews, [product]."""
    reviewed = (plan.lane_idx < 0) | (compiled.lanes.review_every_days[plan.lane_idx] > 0)
    chosen: Bools = ((plan.lane_idx >= 0).sum(axis=1) > 1) & reviewed.all(axis=1)
    return chosen & ~planning_model(compiled).is_tree if chosen.any() else chosen


def _fitted(work: Work, plan: Plan, prices: CapacityPrices, moved: Bools, before: list[Sample]) -> list[Sample]:
    """Take back the part of a node's shifts for which it has no storage, or no receiving capacity; what is left."""
    former, kind = _use(work, plan, before), work.compiled.products.storage_type_idx
    allowed, samples = _allowed(work, former), _searched(work, prices, 1, SEED + 1, moved, before)
    for _ in range(MOST_FITS):
        used = _use(work, plan, samples)
        storage = _share(former.storage, used.storage, allowed.storage)  # [node, storage type]
        inbound = _share(former.inbound, used.inbound, allowed.inbound)  # [node]
        share = np.minimum(storage.T[kind], inbound)
        if share.min() >= 1.0:
            break
        work.shift[:] *= np.where(share < 1.0, 0.8 * share, 1.0)  # customers turned away elsewhere come back
        samples = _searched(work, prices, 1, SEED + 1, moved, before)
    return samples


def _allowed(work: Work, former: CapacityPrices) -> CapacityPrices:
    """Capacity, or what the plan took before where that is more: the opening stock may exceed it."""
    limit = capacities(work.compiled).limit
    return CapacityPrices(*(np.maximum(old, most) for old, most in zip(fields(former), fields(limit), strict=True)))


def _share(former: Floats, used: Floats, allowed: Floats) -> Floats:
    """How much of a change in use fits in every period, [..., period] to [...]: 1 where all of it does."""
    room = np.maximum(0.0, (1.0 - MARGIN) * allowed - former)
    change = np.maximum(used - former, 1e-12)
    fits = used <= (1.0 - MARGIN) * np.where(np.isfinite(allowed), allowed, np.inf)
    return np.asarray(np.where(fits | (used <= former), 1.0, np.minimum(1.0, room / change)).min(axis=-1))


def _kept(work: Work, plan: Plan, paid: Floats, chosen: Bools) -> Plan:
    """The plan with the shifts that pay on further paths too."""
    shift, prices = work.shift.copy(), with_storage(plan.prices, paid)
    work.shift[:] = 0.0
    before = _searched(work, prices, 1, SEED + 1)
    work.shift[:] = shift
    after = _searched(work, prices, 1, SEED + 1, chosen, before)
    worse = _costs(after) >= _costs(before)
    work.shift[worse] = 0.0
    best = _fitted(work, plan, prices, chosen & ~worse, before)
    used, former = _use(work, plan, best), _use(work, plan, before)
    saved = float((_costs(before) - _costs(best)).sum())
    return replace(
        plan,
        targets=_targets(work, plan),
        use=used,
        capacity_violation_max=violation(used, _allowed(work, former)),
        refinement=Refinement(int((~worse & chosen).sum()), saved, tuple(map(tuple, paid.tolist()))),
    )


def _costs(samples: list[Sample]) -> Floats:
    return np.array([sample.cost[0] for sample in samples])


def _use(work: Work, plan: Plan, samples: list[Sample]) -> CapacityPrices:
    """Mean use of every capacity on the paths, per day."""
    compiled, days = work.compiled, work.compiled.period_days
    received, shipped, sent = (
        np.stack([getattr(sample.use, name) for sample in samples]) / days for name in ("received", "shipped", "sent")
    )
    lane = np.zeros((len(compiled.names.lanes), compiled.num_periods))
    product, node = np.nonzero(plan.lane_idx >= 0)
    np.add.at(lane, plan.lane_idx[product, node], sent[product, node])
    return CapacityPrices(storage_taken(work.compiled, samples, 0.0), received.sum(axis=0), shipped.sum(axis=0), lane)


def work_of(
    compiled: CompiledScenario, plan: Plan, policy: Literal["nearest", "priced"], workers: int | None = None
) -> Work:
    """A plan's targets, ready to be searched."""
    base, num_products = np.ascontiguousarray(plan.targets), len(plan.targets)
    days = compiled.num_periods * compiled.period_days + compiled.warm_up_days
    streams = np.repeat(np.arange(num_products), np.diff(compiled.demand.product_ptr))
    orders = days * np.bincount(streams, compiled.demand.daily_mean.mean(axis=1), num_products)
    num_paths = np.clip(np.ceil(ORDERS_WANTED / np.maximum(orders, 1.0)), *PATHS).astype(np.int64)
    by_product = np.argsort(compiled.stock.order_product_idx, kind="stable")
    ends = np.cumsum(np.bincount(compiled.stock.order_product_idx, minlength=num_products))
    return Work(
        compiled=compiled,
        world=build_world(compiled, plan),
        base=base,
        shift=np.zeros(base.shape[:2]),
        stride=np.maximum(1.0, FIRST_STRIDE * base.mean(axis=2)),
        width=np.full((num_products, 1), base.shape[1]),
        num_paths=num_paths,
        open_orders=np.split(by_product, ends[:-1]),
        policy=("nearest", "priced").index(policy),
        workers=workers or os.cpu_count() or 1,
    )


def path_cost(work: Work, prices: CapacityPrices, product: int, targets: Floats, seed: int, num_paths: int) -> float:
    """Mean cost of a product's targets [node, period] on paths at capacity prices, money over the horizon."""
    state = (np.zeros(len(targets)), np.ones(len(targets)), np.ones(1, np.int64))
    return float(_search(work, prices, product, targets, state, 1, seed, num_paths).cost[0])


def _searched(
    work: Work,
    prices: CapacityPrices,
    steps: int,
    seed: int,
    chosen: Bools | None = None,
    others: list[Sample] | None = None,
) -> list[Sample]:
    """Take steps with every product at prices; the best sample of each. Those not chosen keep the other sample."""

    def search(product: int) -> Sample:
        if chosen is not None and others is not None and not chosen[product]:
            return others[product]
        state = (work.shift[product], work.stride[product], work.width[product])
        return _search(work, prices, product, work.base[product], state, steps, seed, int(work.num_paths[product]))

    with ThreadPoolExecutor(work.workers) as pool:
        return list(pool.map(search, range(len(work.base))))


def _search(
    work: Work,
    prices: CapacityPrices,
    product: int,
    base: Floats,
    state: tuple[Floats, Floats, Ints],
    steps: int,
    seed: int,
    num_paths: int,
) -> Sample:
    """Take steps with one product, whose shift, stride and width change in place; the best sample."""
    from meio.refinement.search_kernels import new_sample, search_product
    from meio.refinement.terms_kernels import PathPrices

    met = PathPrices(
        *(np.ascontiguousarray(part) for part in (prices.storage, prices.inbound, prices.outbound, prices.lane))
    )
    best, room = new_sample(*base.shape), FIRST_ROOM
    while True:
        shift, stride, width = state[0].copy(), state[1].copy(), state[2].copy()
        if search_product(
            work.world,
            met,
            work.compiled.stock.given,
            product,
            work.open_orders[product],
            np.ascontiguousarray(base),
            shift,
            stride,
            width,
            work.policy,
            seed,
            num_paths,
            steps,
            room,
            best,
        ):
            break
        room *= 2
    for part, moved in zip(state, (shift, stride, width), strict=True):
        part[:] = moved
    return best


def _targets(work: Work, plan: Plan) -> Floats:
    """Whole targets after the shift."""
    from meio.refinement.search_kernels import fill_targets, shape_of

    targets = np.empty(work.base.shape, np.int64)
    for base, shift, lane_idx, target in zip(work.base, work.shift, plan.lane_idx, targets, strict=True):
        fill_targets(base, shape_of(base), shift, lane_idx, target)
    return targets.astype(np.float64)
