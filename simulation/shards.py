"""Products simulated shard by shard where nothing couples them: memory is set by the shard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import NamedTuple

import numpy as np

from meio.network.compiled import CompiledScenario, Ints
from meio.network.model import Policy
from meio.network.product_selection import of_products
from meio.plans import Plan
from meio.simulation.build import build_world
from meio.simulation.couplings import CouplingError, couples
from meio.simulation.engine import assignment_of, protection_for
from meio.simulation.measures import SimulationResult
from meio.simulation.replication import Setting, run_replication
from meio.simulation.stopping import StoppingRule, in_order
from meio.simulation.tabulate import tabulate
from meio.simulation.tally import Outcome, Tally
from meio.simulation.warm_up import suggested_at, target_m3

_BY_PRODUCT = ("product_money", "product_service")  # of a tally


class Shard(NamedTuple):
    """Some products of a scenario, and their plan."""

    compiled: CompiledScenario
    plan: Plan


def simulate_shards(
    shards: Iterable[tuple[CompiledScenario, Plan]],
    *,
    replications: int,
    seed: int,
    policy: Policy = "priced",
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> SimulationResult:
    """Simulate shards of products one after another, as if all were simulated together.

    Every random number belongs to a product by name, so each product's path is what it is in the whole: units, orders
    and flows are the same number for number, money to the rounding of sums in another order.

    Parameters
    ----------
    shards : iterable of (CompiledScenario, Plan)
        Different products of one network; each is asked for when the one before is done, and forgotten then.
    replications : int
        Number of sample paths, at least 1.
    seed : int
        Of all random streams, 0 to 2⁶³ − 1.
    policy : {"nearest", "priced", "reserve"}
    workers : int, optional
        Replications run at the same time; none: one per core. Does not change the result.
    progress : callable, optional
        Called with the number of finished shards after each.

    Raises
    ------
    CouplingError
        When products depend on each other, with what they share.
    ValueError
        When there is no shard.
    """
    began, level = perf_counter(), np.zeros(0)
    first: CompiledScenario | None = None
    total: list[Outcome] = []
    for number, (compiled, plan) in enumerate(shards, start=1):
        if found := couples(compiled, policy):
            raise CouplingError(found)
        outcomes = outcomes_of(compiled, plan, replications=replications, seed=seed, policy=policy, workers=workers)
        total = [added(one, other) for one, other in zip(total, outcomes, strict=True)] if total else outcomes
        level = level + target_m3(compiled, plan) if first else target_m3(compiled, plan)
        first = first or of_products(compiled, np.zeros(0, dtype=np.int64))
        if progress is not None:
            progress(number)
    if first is None:
        raise ValueError("shards: found none, expected at least one")
    result = tabulate(first, total, policy=policy, seed=seed, seconds=perf_counter() - began)
    return replace(result, warm_up_days_suggested=suggested_at(first, level, total))


def cut(compiled: CompiledScenario, plan: Plan, num_shards: int) -> Iterator[Shard]:
    """Cut a scenario and its plan into shards of about as many products each, in their order."""
    for product_idx in np.array_split(np.arange(len(compiled.names.products)), num_shards):
        if len(product_idx):
            yield shard_of(compiled, plan, product_idx)


def shard_of(compiled: CompiledScenario, plan: Plan, product_idx: Ints) -> Shard:
    """Some products with what a simulation needs of their plan."""
    return Shard(of_products(compiled, product_idx), of_plan(plan, product_idx))


def of_plan(plan: Plan, product_idx: Ints) -> Plan:
    """Targets, lanes and unit values of some products; prices, use and bound stay those of all."""
    return replace(
        plan,
        targets=plan.targets[product_idx],
        lane_idx=plan.lane_idx[product_idx],
        unit_value=plan.unit_value[product_idx],
        refinement=None,
    )


def plans_joined(plans: Sequence[Plan]) -> Plan:
    """Plans of different products as one plan, as far as a simulation needs it."""
    return replace(
        plans[0],
        targets=np.concatenate([plan.targets for plan in plans]),
        lane_idx=np.concatenate([plan.lane_idx for plan in plans]),
        unit_value=np.concatenate([plan.unit_value for plan in plans]),
    )


def outcomes_of(
    compiled: CompiledScenario,
    plan: Plan,
    *,
    replications: int,
    seed: int,
    policy: Policy,
    workers: int | None,
    by_product: bool = False,
) -> list[Outcome]:
    """Simulate some products by themselves, without looking at what they share with others."""
    world = build_world(compiled, plan, protection_for(policy, compiled, plan))
    setting = Setting(compiled, world, assignment_of(policy, compiled), seed, by_product=by_product)
    return list(in_order(partial(run_replication, setting), StoppingRule(replications, replications, None), workers))


def added(one: Outcome, other: Outcome) -> Outcome:
    """The same replication of different products, put together; the other's products come after."""
    mine, theirs = one.tally, other.tally
    joins = {name: np.concatenate([getattr(mine, name), getattr(theirs, name)]) for name in _BY_PRODUCT}
    sums = {name: getattr(mine, name) + getattr(theirs, name) for name in Tally._fields if name not in _BY_PRODUCT}
    return one._replace(
        tally=Tally(**sums, **joins),
        orders=one.orders + other.orders,
        units_lost=one.units_lost + other.units_lost,
    )


def summed(outcomes: Sequence[Outcome]) -> Outcome:
    """Shards of one replication put together."""
    total = outcomes[0]
    for outcome in outcomes[1:]:
        total = added(total, outcome)
    return total
