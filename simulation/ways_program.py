"""The linear program that shares out scarce stock and room among ways to serve the orders of a batch."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from meio.network.compiled import Bools, Floats, Ints
from meio.simulation.open_batch import OpenBatch
from meio.simulation.scarcity import Scarce
from meio.simulation.splitting import Way, assign_in_turn, available, best_way, take, terms_of

_WHOLE = 1e-6  # a share above 1 minus this is whole
_LEAST_GAIN = 1e-6  # money, for a column to be worth adding


class WaysProgram:
    """The linear program over the ways of contested orders; rows: the orders, then scarce stock, then scarce room."""

    def __init__(self, batch: OpenBatch, orders: list[int], scarce: Scarce) -> None:
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
        shares, self._prices = least_cost(score - self._reward * total, self._matrix(), self._limit)
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


def least_cost(cost: Floats, matrix: sp.csc_array, limit: Floats) -> tuple[Floats, Floats]:
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
