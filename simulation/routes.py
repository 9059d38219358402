"""Nodes that can serve each zone in time, sorted by cost once, so that an order's assignment reads them in order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.world import Routes

DAYS_PER_WEEK = 7


class _Patterns(NamedTuple):
    """Distinct ways in which nodes' delays combine for a speed."""

    idx: Ints
    """[weekday, speed, minute of the day]"""
    speed: Ints
    """[pattern]"""
    delay_days: Ints
    """[pattern, node]"""


class _Candidates(NamedTuple):
    """Nodes of each row, cheapest first; of equal ones the first of the node axis."""

    ptr: Ints
    node_idx: Ints
    order: tuple[Ints, ...]
    """Where each candidate stands in an array [..., node]."""


def build_routes(compiled: CompiledScenario) -> Routes:
    """Candidate nodes of every pattern, weight class and zone, and the late ones."""
    patterns, outbound = _patterns(compiled), compiled.outbound
    cost = _of_patterns(outbound.cost, patterns)
    candidates = _cheapest_first(cost)
    late_cost = np.moveaxis(outbound.late_cost, 1, 2)  # [weight class, zone, node]
    late = _cheapest_first(late_cost)
    return Routes(
        serving_node_idx=np.flatnonzero(compiled.nodes.serves_customers),
        pattern_idx=patterns.idx,
        pattern_delay_days=patterns.delay_days,
        ptr=candidates.ptr,
        node_idx=candidates.node_idx,
        cost=cost[candidates.order],
        delay_days=patterns.delay_days[candidates.order[0], candidates.node_idx],
        transit_days=_of_patterns(outbound.transit_days, patterns)[candidates.order],
        late_ptr=late.ptr,
        late_node_idx=late.node_idx,
        late_cost=late_cost[late.order],
        late_transit_days=np.moveaxis(outbound.late_transit_days, 1, 2)[late.order],
    )


def _patterns(compiled: CompiledScenario) -> _Patterns:
    nodes, minutes = compiled.nodes, np.arange(MINUTES_PER_DAY)
    num_speeds, num_nodes = len(compiled.names.speeds), len(compiled.names.nodes)
    delay = np.where(nodes.serves_customers[:, None, None], nodes.ship_delay_days, 0)
    idx = np.empty((DAYS_PER_WEEK, num_speeds, MINUTES_PER_DAY), dtype=np.int64)
    number: dict[tuple[int, ...], int] = {}
    for weekday, speed in np.ndindex(DAYS_PER_WEEK, num_speeds):
        after_cutoff = (minutes[:, None] >= nodes.cutoff_minute[:, speed]).astype(np.int64)  # [minute, node]
        distinct, at_minute = np.unique(after_cutoff, axis=0, return_inverse=True)
        delays = delay[np.arange(num_nodes), weekday, distinct]
        own = [number.setdefault((speed, *row.tolist()), len(number)) for row in delays]
        idx[weekday, speed] = np.array(own)[at_minute]
    table = np.array(list(number), dtype=np.int64).reshape(-1, 1 + num_nodes)
    return _Patterns(idx, table[:, 0], np.ascontiguousarray(table[:, 1:]))


def _of_patterns(table: Floats, patterns: _Patterns) -> Floats:
    """[weight class, speed, delay, node, zone] as [pattern, weight class, zone, node]."""
    nodes = np.arange(table.shape[3])
    picked = table[:, patterns.speed[:, None], patterns.delay_days, nodes]  # [weight class, pattern, node, zone]
    return np.ascontiguousarray(picked.transpose(1, 0, 3, 2))


def _cheapest_first(cost: Floats) -> _Candidates:
    order = np.argsort(cost, axis=-1, kind="stable")
    reachable = np.isfinite(np.take_along_axis(cost, order, axis=-1))
    *row, _ = np.nonzero(reachable)
    node_idx = order[reachable]
    ptr = np.concatenate([[0], np.cumsum(reachable.sum(axis=-1).ravel())])
    return _Candidates(ptr, node_idx, (*row, node_idx))


def nearest_serving(compiled: CompiledScenario) -> Ints:
    """The nearest node among those that serve customers, [zone]."""
    serves = compiled.nodes.serves_customers[:, None]
    nearest: Ints = np.where(serves, compiled.outbound.distance_km, np.inf).argmin(axis=0)
    return nearest
