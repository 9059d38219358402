"""Assign the orders of a batch together: a transportation linear program over ways to serve them.

A column is a way to serve one order: from one node, or split among several by the rule of docs/simulation.md, at its
true score. Every unit of stock and every place on a ship date that several orders want is a row. The program serves as
many units as it can, and among those solutions takes the least score; what an order leaves unserved scores nothing. For
orders of one unit this is the transportation problem, whose corners are whole; an order that comes out in fractions is
assigned by the rule of one order, with what is left. Orders that want nothing scarce never enter it.

References
----------
Hitchcock (1941), "The distribution of a product from several sources to numerous localities"; Dantzig & Wolfe (1960),
"Decomposition principle for linear programs" (columns found by prices); Xu, Allgor & Graves (2009), "Benefits of
reevaluating real-time order fulfillment decisions".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Ints
from meio.simulation.open_batch import OpenBatch
from meio.simulation.parcel_checks import Row
from meio.simulation.scarcity import Scarce, contested_by, scarce_of
from meio.simulation.splitting import Way, assign_in_turn, available, best_way, offers_of, terms_of, way_of
from meio.simulation.ways_program import WaysProgram

ROUNDS = 1  # of columns found by prices


class BatchPolicy:
    """The built-in policy `batch`.

    Parameters
    ----------
    batch_minutes : int
        Length of a batch.
    """

    name = "batch"

    def __init__(self, batch_minutes: int) -> None:
        self.batch_minutes = batch_minutes

    def assign_batch(self, batch: OpenBatch) -> list[Row]:
        """Parcels of a batch, by order."""
        return [
            Row(order, line, node, int(units[line]), int(batch.ship_day[order, node]))
            for order, way in sorted(assign_together(batch).ways.items())
            for node, units in zip(way.nodes, way.units, strict=True)
            for line in np.flatnonzero(units).tolist()
        ]


class Together(NamedTuple):
    """How a batch is served."""

    ways: dict[int, Way]
    """By place in the batch."""
    num_contested: int
    """Orders that want something of which there is not enough for all who do."""
    num_fractional: int
    """Of these, orders that the program did not serve in one way."""
    in_turn: bool
    """Whether assigning one order after the other scored less than the program with what became of its fractions."""


def assign_together(batch: OpenBatch) -> Together:
    """Serve as many units of a batch as the program can, at the least score.

    Never fewer units, nor as many at a higher score, than by assigning one order after the other.
    """
    scarce = scarce_of(batch)
    contested = contested_by(batch, scarce)
    one_unit = np.add.reduceat(batch.units, batch.line_ptr[:-1]) == 1
    ways = _alone(batch, np.flatnonzero(one_unit & ~contested))
    ways |= assign_in_turn(batch, np.flatnonzero(~one_unit & ~contested), batch.left.copy())
    if not contested.any():
        return Together(ways, 0, 0, in_turn=False)
    in_turn = assign_in_turn(batch, np.flatnonzero(contested), batch.left.copy())
    program, num_fractional = _by_program(batch, in_turn, scarce)
    better = _value(in_turn) < _value(program)
    return Together(ways | (in_turn if better else program), len(in_turn), num_fractional, better)


def _value(ways: dict[int, Way]) -> tuple[int, float]:
    """Less is better: first units not served, then the score, without the noise of its sum."""
    return -sum(way.total for way in ways.values()), round(sum(way.score for way in ways.values()), 9)


def _alone(batch: OpenBatch, orders: Ints) -> dict[int, Way]:
    """The node of the least score for each order of one unit that nobody competes with: `best_way`, all at once."""
    line, nodes = batch.line_ptr[orders], np.arange(batch.unit_cost.shape[1])
    room = batch.left.room[batch.ship_day[orders] - batch.first_day, nodes]
    cost = np.where((batch.left.stock[batch.stock_row[line]] > 0) & (room > 0), batch.unit_cost[line], np.inf)
    score = cost + (batch.outbound_price[orders] + batch.unit_value[line])
    least = score.min(axis=1)
    node = np.where(score == least[:, None], cost, np.inf).argmin(axis=1)
    one = np.ones(1, dtype=np.int64)
    return {
        order: Way((chosen,), (one,), best, 1) if best < np.inf else Way((), (), 0.0, 0)
        for order, chosen, best in zip(orders.tolist(), node.tolist(), least.tolist(), strict=True)
    }


def _by_program(batch: OpenBatch, in_turn: dict[int, Way], scarce: Scarce) -> tuple[dict[int, Way], int]:
    """Ways for contested orders, and how many of them the program left in fractions."""
    program = WaysProgram(batch, list(in_turn), scarce)
    for place, (order, way) in enumerate(in_turn.items()):
        program.add(place, _first_ways(batch, order, way))
    shares = program.solve()
    if (batch.units > 1).any() or (np.diff(batch.line_ptr) > 1).any():
        for _ in range(ROUNDS):
            if not program.add_by_prices():
                break
            shares = program.solve()
    return program.rounded(shares)


def _first_ways(batch: OpenBatch, order: int, in_turn: Way) -> list[Way]:
    """What each node alone offers; unless the order is one unit, also its way in turn and its best if it came first."""
    terms, (free, room) = terms_of(batch, order), available(batch, order, batch.left)
    offers = offers_of(terms, terms.units, free, room)
    ways = [way_of(offers, node) for node in np.flatnonzero(offers.total).tolist()]
    if terms.units.sum() == 1:
        return ways
    splits = [in_turn, best_way(terms, free, room)]
    return [*ways, *(way for way in splits if len(way.nodes) > 1)]
