"""A plan's simulation estimated from a sample of the products, the rest as load."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from time import perf_counter
from typing import NamedTuple

import numpy as np

from meio.network.compiled import CompiledScenario, Floats
from meio.network.model import Policy
from meio.network.product_selection import joined
from meio.plans import Plan
from meio.simulation.couplings import CouplingError, SampleError, shared_capacities, shared_orders
from meio.simulation.measures import SimulationResult
from meio.simulation.sample_frame import Frame, Sample, draw_sample, frame_of, put_together
from meio.simulation.sample_load import Cover, cover_of, load_of, standing_for, use_of
from meio.simulation.sample_result import Findings, sampled_result
from meio.simulation.sample_room import outcomes_beside, unlimited
from meio.simulation.shards import Shard, outcomes_of, plans_joined, shard_of, summed
from meio.simulation.tally import Outcome
from meio.simulation.warm_up import target_m3


class _Drawn(NamedTuple):
    """The products drawn, and what is known of all."""

    sample: Sample
    shard: Shard
    factor: Cover
    """How often each stratum's use stands for that of its products not drawn."""
    level: Floats
    """[period]: targets of all products, m³."""


def simulate_sample(
    shards: Iterable[tuple[CompiledScenario, Plan]],
    *,
    sample: float,
    replications: int,
    seed: int,
    policy: Policy = "priced",
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> SimulationResult:
    """Estimate what a whole simulation would find, from some of the products.

    Parameters
    ----------
    shards : iterable of (CompiledScenario, Plan)
        Different products of one network; gone through twice, one shard after the other. A list of one will do.
    sample : float
        Number of products to simulate, or (below 1) their share.
    replications : int
        Number of sample paths, at least 2: one does not tell how far paths differ.
    seed : int
        Of the sample and of all random streams, 0 to 2⁶³ − 1.
    policy : {"nearest", "priced", "reserve"}
    workers : int, optional
        Replications run at the same time; none: one per core. Does not change the result.
    progress : callable, optional
        Called with the number of replications once they are finished.

    Returns
    -------
    SimulationResult
        Totals of all products as the sample lets expect them; `estimate` tells how they were found, with intervals.

    Raises
    ------
    CouplingError
        When orders or the policy need several products at once.
    SampleError
        When the sample is too small.
    """
    began = perf_counter()
    if replications < 2:
        raise SampleError(f"replications: found {replications}, expected at least 2 to tell how far a sample is off")
    drawn = _draw(shards, sample, seed, policy)
    shared = shared_capacities(drawn.shard.compiled)
    run = partial(outcomes_of, replications=replications, seed=seed, policy=policy, workers=workers, by_product=True)
    strata = [run(unlimited(part.compiled), part.plan) for part in _strata(drawn)]
    load = load_of(strata, drawn.factor)
    if shared:
        free = [use_of(summed(outcomes)) for outcomes in zip(*strata, strict=True)]
        own, load = outcomes_beside(drawn.shard, free, load, seed=seed, policy=policy, workers=workers)
    else:
        own = [_together(drawn.sample, outcomes) for outcomes in zip(*strata, strict=True)]
    if progress is not None:
        progress(replications)
    findings = Findings(drawn.sample, drawn.factor, tuple(shared), own, strata, load)
    return sampled_result(
        drawn.shard.compiled, findings, drawn.level, policy=policy, seed=seed, seconds=perf_counter() - began
    )


def _draw(shards: Iterable[tuple[CompiledScenario, Plan]], sample: float, seed: int, policy: Policy) -> _Drawn:
    """Draw products and collect them from the shards."""
    drawn = draw_sample(put_together(_frames(shards, policy)), sample, seed)
    first, num_strata = 0, len(drawn.num_products)
    parts: list[Shard] = []
    covers: list[Cover] = []
    levels: list[Floats] = []
    for compiled, plan in shards:
        end = first + len(compiled.names.products)
        here = drawn.product_idx[(drawn.product_idx >= first) & (drawn.product_idx < end)] - first
        parts.append(shard_of(compiled, plan, here))
        covers.append(cover_of(compiled, plan, drawn.stratum_idx[first:end], num_strata))
        levels.append(target_m3(compiled, plan))
        first = end
    shard = Shard(joined([part.compiled for part in parts]), plans_joined([part.plan for part in parts]))
    own = cover_of(*shard, drawn.stratum_idx[drawn.product_idx], num_strata)
    every = covers[0]
    for cover in covers[1:]:
        every = every.plus(cover)
    return _Drawn(drawn, shard, standing_for(every, own), np.sum(levels, axis=0))


def _frames(shards: Iterable[tuple[CompiledScenario, Plan]], policy: Policy) -> Iterator[Frame]:
    """The frame of each shard, which must not share orders among products."""
    for compiled, plan in shards:
        found = shared_orders(compiled, policy)
        if compiled.conditions.recorded.given:
            found = ["recorded orders"]
        if found:
            raise CouplingError(found)
        yield frame_of(compiled, plan)


def _strata(drawn: _Drawn) -> Iterator[Shard]:
    """The drawn products of each stratum."""
    stratum = drawn.sample.stratum_idx[drawn.sample.product_idx]
    for index in range(len(drawn.sample.num_products)):
        yield shard_of(*drawn.shard, np.flatnonzero(stratum == index))


def _together(sample: Sample, strata: Sequence[Outcome]) -> Outcome:
    """One replication of all strata, its products in the order of the sample."""
    place = np.argsort(np.argsort(sample.stratum_idx[sample.product_idx], kind="stable"))
    outcome = summed(strata)
    tally = outcome.tally
    return outcome._replace(
        tally=tally._replace(product_money=tally.product_money[place], product_service=tally.product_service[place])
    )
