"""The products that were not drawn, as load on what they share with those that were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.plans import Plan
from meio.simulation.sample_frame import frame_of
from meio.simulation.tally import Outcome

DAYS_PER_WEEK = 7


class Cover(NamedTuple):
    """Demand and targets of products by stratum: what tells how their use of a place compares."""

    units: Floats
    """[stratum, 1]: expected demand over the horizon."""
    node: Floats
    """[stratum, node]: targets, units."""
    lane: Floats
    """[stratum, lane]: units of the nodes that order on it."""
    storage: Floats
    """[stratum, node, storage type]: m³."""

    def plus(self, other: Cover) -> Cover:
        """Of both together."""
        return Cover(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Use(NamedTuple):
    """Use of capacities on every day of the horizon."""

    storage_m3: Floats
    """[day, node, storage type]: at the close."""
    storage_units: Floats
    inbound: Floats
    """[day, node]: units."""
    outbound: Floats
    lane: Floats
    """[day, lane]: units."""


def cover_of(compiled: CompiledScenario, plan: Plan, stratum_idx: Ints, num_strata: int) -> Cover:
    """Targets of some products, whose strata are given, by stratum; means over periods."""
    names, products = compiled.names, compiled.products
    units = plan.targets.mean(axis=2)  # [product, node]
    demand = np.zeros((num_strata, 1))
    np.add.at(demand[:, 0], stratum_idx, frame_of(compiled, plan).units)
    node = np.zeros((num_strata, len(names.nodes)))
    lane = np.zeros((num_strata, len(names.lanes)))
    storage = np.zeros((num_strata, len(names.nodes), len(names.storage_types)))
    np.add.at(node, stratum_idx, units)
    np.add.at(storage.swapaxes(1, 2), (stratum_idx, products.storage_type_idx), units * products.volume_m3[:, None])
    product_idx, node_idx = np.nonzero(plan.lane_idx >= 0)
    of_lane = (stratum_idx[product_idx], plan.lane_idx[product_idx, node_idx])
    np.add.at(lane, of_lane, units[product_idx, node_idx])
    return Cover(demand, node, lane, storage)


def standing_for(every: Cover, drawn: Cover) -> Cover:
    """How often the use of a stratum's drawn products must be added to stand for the others; shapes of `Cover`.

    Volume compares as targets do, flows as demand does, more or less at a place as the targets there say. Where a
    stratum has products at a place and none of them was drawn, strata that have some there stand for them.
    """
    factor = Cover(*(_standing_for(whole, part) for whole, part in zip(every, drawn, strict=True)))
    return factor._replace(
        node=_scaled(factor.node, drawn.node, factor.units), lane=_scaled(factor.lane, drawn.lane, factor.units)
    )


def _scaled(factor: Floats, drawn: Floats, to: Floats) -> Floats:
    """Factors [stratum, place] whose mean over places, weighted by what was drawn there, is that of demand."""
    total = (factor * drawn).sum(axis=1, keepdims=True)
    flow = to * drawn.sum(axis=1, keepdims=True)
    scaled: Floats = factor * np.divide(flow, total, out=np.zeros_like(total), where=total > 0)
    return scaled


def _standing_for(every: Floats, drawn: Floats) -> Floats:
    others = np.maximum(every - drawn, 0.0)
    factor = np.divide(others, drawn, out=np.zeros_like(drawn), where=drawn > 0)
    known = np.where((drawn > 0) & (others > 0), others, 0.0).sum(axis=0)
    scaled: Floats = factor * np.divide(others.sum(axis=0), known, out=np.ones_like(known), where=known > 0)
    return scaled


def use_of(outcome: Outcome) -> Use:
    """The daily use of a replication."""
    return Use(*(getattr(outcome.tally, name) for name in Use._fields))


def load_of(strata: Sequence[Sequence[Outcome]], factor: Cover) -> list[Use]:
    """What the products not drawn use, a path a replication.

    The mean of what a stratum's drawn products use, times its factor, and their deviations from it, times the root of
    the factor: as many independent products deviate that much. A replication's load deviates like the next replication
    of the drawn products, so that it is independent of their own path.

    Parameters
    ----------
    strata : sequence of sequence of Outcome, [stratum][replication]
        Drawn products without limits.
    factor : Cover
        As `standing_for` gives it.
    """
    replications = len(strata[0])
    by_place = Use(factor.storage, factor.storage, factor.node, factor.node, factor.lane)
    paths: list[list[Floats]] = []
    for name, factors in zip(Use._fields, by_place, strict=True):
        total = np.zeros((replications, *getattr(strata[0][0].tally, name).shape))
        for outcomes, times in zip(strata, factors, strict=True):
            if times.any():
                total += _others(np.stack([getattr(outcome.tally, name) for outcome in outcomes]), times)
        paths.append(list(np.maximum(total, 0.0)))
    return [Use(*parts) for parts in zip(*paths, strict=True)]


def _others(drawn: Floats, times: Floats) -> Floats:
    """Use by the others of a stratum, [replication, day, place…], from that by its drawn products."""
    replications = len(drawn)
    mean = drawn.mean(axis=0)
    unbiased = np.sqrt(replications / (replications - 1.0)) if replications > 1 else 0.0
    deviation = np.roll(drawn - mean, -1, axis=0) * unbiased
    return np.asarray(times * mean + np.sqrt(times) * deviation)


def room_left(capacity: Floats, own: Floats, load: Floats, *, queues: bool) -> tuple[Floats, Floats]:
    """What is left of a capacity for the drawn products, and what the load gets of it, each [day, place].

    What the load leaves; where both want more than there is, a share in proportion to what they want. With queues, what
    does not get through on a day is wanted again on the next, of both.

    Parameters
    ----------
    capacity, own, load : array, [day, place]
        What there is, and what the drawn products and the others want of it.
    queues : bool
    """
    left, passed = np.empty_like(capacity), np.empty_like(capacity)
    mine, theirs = np.zeros(capacity.shape[1:]), np.zeros(capacity.shape[1:])
    for day, limit in enumerate(capacity):
        mine, theirs = mine + own[day], theirs + load[day]
        total = mine + theirs
        share = np.divide(mine, total, out=np.zeros_like(total), where=total > 0)
        full = total > limit
        bound = np.where(full, limit, 0.0)
        left[day] = np.where(full, bound * share, limit - np.where(full, 0.0, theirs))
        passed[day] = np.where(full, bound * (1.0 - share), theirs)
        waits = full & queues
        mine = np.where(waits, mine - bound * share, 0.0)
        theirs = np.where(waits, theirs - bound * (1.0 - share), 0.0)
    return left, passed


def in_units(left: Floats, passed: Floats) -> Floats:
    """Room by day in whole units beside a load, both [day, place]; less than a unit is saved for the days after.

    Unlimited room stays so, and where there is never a load, all does.
    """
    changes = np.isfinite(left) & (passed > 0).any(axis=0)
    summed = np.floor(np.cumsum(np.where(changes, left, 0.0), axis=0) + 1e-9)
    return np.where(changes, np.diff(summed, axis=0, prepend=0.0), left)


def over_all_days(by_day: Floats, first_day: int, num_days: int) -> Floats:
    """Daily values of the horizon, stretched to the warm-up and to ship dates after the end by the weekdays there.

    Parameters
    ----------
    by_day : array, [day of the horizon, place…]
    first_day : int
        First of the days wanted, at most 0.
    num_days : int
        How many are wanted.
    """
    end, days = len(by_day), first_day + np.arange(num_days)
    week = min(DAYS_PER_WEEK, end)
    day = np.where(days < 0, days % week, np.where(days >= end, end - week + (days - end) % week, days))
    return by_day[day]
