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
import scipy.sparse as sp

from meio.network.compiled import Bools, Floats, Ints
from meio.simulation.open_batch import OpenBatch
from meio.simulation.parcel_checks import Row
from meio.simulation.splitting import (
    Way,
    assign_in_turn,
    available,
    best_way,
    offers_of,
    take,
    terms_of,
    way_of,
)

ROUNDS = 1  # of columns found by prices
_WHOLE = 1e-6  # a share above 1 minus this is whole
_LEAST_GAIN = 1e-6  # money, for a column to be worth adding


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
    scarce = _scarce(batch)
    contested = _contested(batch, scarce)
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


class _Scarce(NamedTuple):
    """What several orders want and there is not enough of."""

    stock: Bools
    """[product of the batch, node]"""
    room: Bools
    """[day from the batch's first, node]"""


def _scarce(batch: OpenBatch) -> _Scarce:
    left, nodes = batch.left, np.arange(batch.unit_cost.shape[1])
    in_time = np.isfinite(batch.unit_cost)
    wants = np.where(in_time, batch.units[:, None], 0)
    stock_wanted, stock_lines = np.zeros_like(left.stock), np.zeros_like(left.stock)
    np.add.at(stock_wanted, batch.stock_row, wants)
    np.add.at(stock_lines, batch.stock_row, wants > 0)
    could = np.minimum(wants, left.stock[batch.stock_row])
    by_order = np.add.reduceat(could, batch.line_ptr[:-1])
    room_wanted, room_orders = np.zeros_like(left.room), np.zeros_like(left.room)
    day = (batch.ship_day - batch.first_day, nodes)
    np.add.at(room_wanted, day, by_order)
    np.add.at(room_orders, day, by_order > 0)
    return _Scarce(
        (stock_lines > 1) & (stock_wanted > left.stock) & (left.stock > 0),
        (room_orders > 1) & (room_wanted > left.room) & (left.room > 0),
    )


def _contested(batch: OpenBatch, scarce: _Scarce) -> Bools:
    """Whether an order could use anything scarce."""
    in_time, nodes = np.isfinite(batch.unit_cost), np.arange(batch.unit_cost.shape[1])
    by_line = (scarce.stock[batch.stock_row] & in_time).any(axis=1)
    reaches = np.logical_or.reduceat(in_time & (batch.left.stock[batch.stock_row] > 0), batch.line_ptr[:-1])
    by_room = (scarce.room[batch.ship_day - batch.first_day, nodes] & reaches).any(axis=1)
    return np.logical_or.reduceat(by_line, batch.line_ptr[:-1]) | by_room


def _by_program(batch: OpenBatch, in_turn: dict[int, Way], scarce: _Scarce) -> tuple[dict[int, Way], int]:
    """Ways for contested orders, and how many of them the program left in fractions."""
    program = _Program(batch, list(in_turn), scarce)
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


class _Program:
    """The linear program over the ways of contested orders; rows: the orders, then scarce stock, then scarce room."""

    def __init__(self, batch: OpenBatch, orders: list[int], scarce: _Scarce) -> None:
        self.batch, self.orders = batch, orders
        self.place: list[int] = []
        self.ways: list[Way] = []
        self._columns: list[tuple[Ints, Ints]] = []
        self._stock_row = _numbered(scarce.stock, len(orders))
        self._room_row = _numbered(scarce.room, len(orders) + int(scarce.stock.sum()))
        limits = [np.ones(len(orders)), batch.left.stock[scarce.stock], batch.left.room[scarce.room]]
        self._limit = np.concatenate(limits).astype(np.float64)
        self._prices = np.zeros(len(self._limit))
        self._reward = 0.0

    def add(self, place: int, ways: list[Way]) -> None:
        """Add ways to serve the order at a place among the contested ones."""
        self.place += [place] * len(ways)
        self.ways += ways
        self._columns += [self._column(place, way) for way in ways]

    def solve(self) -> Floats:
        """Share of each way; keeps the prices of the rows."""
        if not self.ways:
            return np.zeros(0)
        score = np.array([way.score for way in self.ways])
        total = np.array([way.total for way in self.ways])
        highest = np.zeros(len(self.orders))
        np.maximum.at(highest, self.place, np.abs(score))
        self._reward = 1.0 + 2.0 * float(highest.sum())  # one more unit is worth any change of score
        shares, self._prices = _least_cost(score - self._reward * total, self._matrix(), self._limit)
        return shares

    def add_by_prices(self) -> bool:
        """Add each order's best way at the rows' prices, where that promises a gain; whether any does."""
        batch, before = self.batch, len(self.ways)
        nodes = np.arange(batch.unit_cost.shape[1])
        for place, order in enumerate(self.orders):
            terms, (free, room) = terms_of(batch, order), available(batch, order, batch.left)
            stock = self._price(self._stock_row[batch.stock_row[batch.line_ptr[order] : batch.line_ptr[order + 1]]])
            ship = self._price(self._room_row[batch.ship_day[order] - batch.first_day, nodes])
            way = best_way(terms._replace(charge=terms.charge + stock + ship), free, room)
            if way.score - self._reward * way.total + self._prices[place] < -_LEAST_GAIN:
                paid = sum(
                    float(units @ (stock + ship)[:, node]) for node, units in zip(way.nodes, way.units, strict=True)
                )
                self.add(place, [way._replace(score=way.score - paid)])
        return len(self.ways) > before

    def rounded(self, shares: Floats) -> tuple[dict[int, Way], int]:
        """Ways whose share is whole, then the other orders in turn with what is left."""
        left = self.batch.left.copy()
        ways = {}
        for column in np.flatnonzero(shares > 1.0 - _WHOLE).tolist():
            order = self.orders[self.place[column]]
            ways[order] = self.ways[column]
            take(self.batch, order, ways[order], left)
        others = np.array([order for order in self.orders if order not in ways], dtype=np.int64)
        return ways | assign_in_turn(self.batch, others, left), len(others)

    def _price(self, row: Ints) -> Floats:
        return np.where(row >= 0, self._prices[row], 0.0)

    def _column(self, place: int, way: Way) -> tuple[Ints, Ints]:
        """Rows that a way takes from, and units of each; of its order's row it takes one."""
        order, batch = self.orders[place], self.batch
        nodes, units = np.array(way.nodes), np.array(way.units)  # [package], [package, line]
        lines = batch.stock_row[batch.line_ptr[order] : batch.line_ptr[order + 1]]
        days = batch.ship_day[order, nodes] - batch.first_day
        rows = np.append(self._stock_row[lines, nodes[:, None]], self._room_row[days, nodes][:, None], axis=1)
        taken = np.append(units, units.sum(axis=1, keepdims=True), axis=1)
        used = (rows >= 0) & (taken > 0)
        return np.append(rows[used], place), np.append(taken[used], 1)

    def _matrix(self) -> sp.csc_array:
        """Units of each row that a way takes, [row, way]."""
        rows, values = (np.concatenate(parts) for parts in zip(*self._columns, strict=True))
        ends = np.cumsum([0, *(len(rows) for rows, _ in self._columns)])
        return sp.csc_array((values.astype(np.float64), rows, ends), shape=(len(self._limit), len(self.ways)))


def _numbered(chosen: Bools, first: int) -> Ints:
    """Number of each chosen entry from `first` on; -1 elsewhere."""
    numbers = np.full(chosen.shape, -1)
    numbers[chosen] = first + np.arange(chosen.sum())
    return numbers


def _least_cost(cost: Floats, matrix: sp.csc_array, limit: Floats) -> tuple[Floats, Floats]:
    """Shares x ≥ 0 of least cost with matrix · x ≤ limit, and the prices of the rows, ≥ 0."""
    import highspy

    num_rows, num_columns = matrix.shape
    program = highspy.HighsLp()
    program.num_row_, program.num_col_ = num_rows, num_columns
    program.col_cost_, program.col_lower_ = cost, np.zeros(num_columns)
    program.col_upper_ = np.full(num_columns, highspy.kHighsInf)
    program.row_lower_, program.row_upper_ = np.full(num_rows, -highspy.kHighsInf), limit
    program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    program.a_matrix_.start_, program.a_matrix_.index_ = matrix.indptr, matrix.indices
    program.a_matrix_.value_ = matrix.data
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(program)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        status = solver.modelStatusToString(solver.getModelStatus())
        raise RuntimeError(f"the linear program of a batch ended as: {status}")
    solution = solver.getSolution()
    return np.array(solution.col_value), -np.array(solution.row_dual)
