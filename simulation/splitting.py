"""Whole or split: how the units of one order are shared out among nodes (docs/simulation.md, "Several units")."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.simulation.open_batch import Left, OpenBatch
from meio.simulation.world import ROUNDING_KG


class Terms(NamedTuple):
    """One order, and what it costs at every node."""

    units: Ints
    """[line]"""
    weight_kg: Floats
    """[line]: of a unit."""
    charge: Floats
    """[line, node]: what a unit scores beside its package's cost."""
    class_cost: Floats
    """[weight class + 1, node]: of a package; the last, for what is too heavy, is inf."""
    limit_kg: Floats
    """[weight class]"""


class Offers(NamedTuple):
    """What every node offers."""

    units: Ints
    """[line, node]"""
    total: Ints
    """[node]"""
    cost: Floats
    """[node]: of the package; inf: it offers nothing."""
    score: Floats
    """[node]: cost and the charges of its units."""


class Way(NamedTuple):
    """A way to serve an order, wholly or in part."""

    nodes: tuple[int, ...]
    """[package]"""
    units: tuple[Ints, ...]
    """[package][line]"""
    score: float
    total: int
    """Units."""


def terms_of(batch: OpenBatch, order: int) -> Terms:
    """Terms of one order of a batch, scored as `priced` does."""
    lines = slice(batch.line_ptr[order], batch.line_ptr[order + 1])
    charge = batch.outbound_price[order] + batch.unit_value[lines]
    return Terms(batch.units[lines], batch.weight_kg[lines], charge, batch.class_cost[order], batch.limit_kg)


def available(batch: OpenBatch, order: int, left: Left) -> tuple[Ints, Ints]:
    """Units that may be taken for an order, [line, node], and the room on its ship dates, [node]."""
    lines = slice(batch.line_ptr[order], batch.line_ptr[order + 1])
    free = np.where(np.isfinite(batch.unit_cost[lines]), left.stock[batch.stock_row[lines]], 0)
    return free, left.room[batch.ship_day[order] - batch.first_day, np.arange(free.shape[1])]


def best_way(terms: Terms, free: Ints, room: Ints) -> Way:
    """Serve as much of an order as can be, whole when that scores no more than the sum of the split.

    Parameters
    ----------
    terms : Terms
    free : array [line, node]
        Units that may be taken.
    room : array [node]
        Units the node can ship.
    """
    offers = offers_of(terms, terms.units, free, room)
    split = _split(terms, offers, free, room)
    whole = _first_least(np.where(offers.total == terms.units.sum(), offers.score, np.inf), offers.cost)
    if whole >= 0 and offers.score[whole] <= split.score:
        return way_of(offers, whole)
    return split


def offers_of(terms: Terms, wanted: Ints, free: Ints, room: Ints) -> Offers:
    """What every node offers of the units wanted, [line]: each line in turn as far as its stock and room reach."""
    has = np.minimum(wanted[:, None], free)
    units = np.minimum(has, np.maximum(room - (np.cumsum(has, axis=0) - has), 0))
    total = units.sum(axis=0)
    weight_kg, charge = _line_by_line(units * terms.weight_kg[:, None]), _line_by_line(units * terms.charge)
    cost = package_costs(weight_kg, total, terms.class_cost, terms.limit_kg)
    return Offers(units, np.where(np.isfinite(cost), total, 0), cost, cost + charge)


def _line_by_line(parts: Floats) -> Floats:
    """Sum over lines in their order, rounding as the kernels do, [node] from [line, node]."""
    return np.asarray(np.cumsum(parts, axis=0)[-1])


def package_costs(weight_kg: Floats, units: Ints, class_cost: Floats, limit_kg: Floats) -> Floats:
    """Cost of each node's package, [node], money; inf where there are no units or no service takes them."""
    number, weight_class = packages_of(weight_kg, units, class_cost, limit_kg)
    return number * class_cost[weight_class, np.arange(len(units))]


def packages_of(weight_kg: Floats, units: Ints, class_cost: Floats, limit_kg: Floats) -> tuple[Ints, Ints]:
    """Number of equal packages that each node's units travel as, and their weight class.

    One, when a service takes their whole weight, else the least number that one takes; no more than there are units.

    Parameters
    ----------
    weight_kg, units : array [node]
    class_cost : array [weight class + 1, node]
        Of a package, money; inf in the last row, which is the class of what is too heavy or of nothing.
    limit_kg : array [weight class]
        Ascending.
    """
    weight_kg = weight_kg - ROUNDING_KG
    number = np.maximum(np.ceil(weight_kg / limit_kg[-1]), 1.0).astype(np.int64)
    weight_class = np.full_like(units, len(limit_kg))
    waiting = np.flatnonzero(number <= units)
    while len(waiting):
        weight_class[waiting] = limit_kg.searchsorted(weight_kg[waiting] / number[waiting])
        refused = np.isinf(class_cost[weight_class[waiting], waiting])
        waiting = waiting[refused & (number[waiting] < units[waiting])]
        number[waiting] += 1
    return number, weight_class


def way_of(offers: Offers, node: int) -> Way:
    """Only what one node offers."""
    return Way((node,), (offers.units[:, node],), float(offers.score[node]), int(offers.total[node]))


def _split(terms: Terms, offers: Offers, free: Ints, room: Ints) -> Way:
    """Take the offer with the least score per unit, and go on with what is left."""
    wanted, score = terms.units, 0.0
    nodes: list[int] = []
    units: list[Ints] = []
    while True:
        each = np.maximum(offers.total, 1)
        node = _first_least(offers.score / each, offers.cost / each)
        if node < 0:
            return Way(tuple(nodes), tuple(units), score, int(terms.units.sum() - wanted.sum()))
        taken = offers.units[:, node]
        nodes.append(node)
        units.append(taken)
        score += float(offers.score[node])
        wanted = wanted - taken
        if not wanted.any():
            return Way(tuple(nodes), tuple(units), score, int(terms.units.sum()))
        room = np.where(np.arange(len(room)) == node, 0, room)  # what it has and can ship, it has offered
        offers = offers_of(terms, wanted, free, room)


def _first_least(score: Floats, cost: Floats) -> int:
    """The first of those with the least score, then the least cost; -1: none is finite."""
    least = score.min(initial=np.inf)
    if np.isinf(least):
        return -1
    return int(np.where(score == least, cost, np.inf).argmin())


def take(batch: OpenBatch, order: int, way: Way, left: Left) -> None:
    """Take a way's units from what is left."""
    rows = batch.stock_row[batch.line_ptr[order] : batch.line_ptr[order + 1]]
    for node, units in zip(way.nodes, way.units, strict=True):
        left.stock[rows, node] -= units
        left.room[batch.ship_day[order, node] - batch.first_day, node] -= units.sum()


def assign_in_turn(batch: OpenBatch, orders: Ints, left: Left) -> dict[int, Way]:
    """Serve some orders of a batch one after the other, each the best way with what is left then."""
    ways = {}
    for order in orders.tolist():
        ways[order] = best_way(terms_of(batch, order), *available(batch, order, left))
        take(batch, order, ways[order], left)
    return ways
