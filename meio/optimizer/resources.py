"""The limited capacities of the sampled model as one vector, and what levels and flows use of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import sparse

from meio.network.compiled import Bools, CompiledScenario, Floats, Ints
from meio.optimizer.prices import capacities, fields
from meio.plans import CapacityPrices


class Resources(NamedTuple):
    """Limited resources, R of them; a cell is (product, node, period), numbered in this order."""

    limit: Floats
    """[resource]: m³, or units per day."""
    level_use: sparse.csr_array
    """[resource, cell]: use per unit of level."""
    flow_use: sparse.csr_array
    """[resource, cell]: use per unit and day shipped to customers."""
    place: Ints
    """[resource]: where it stands among all capacities, laid out by `everywhere`."""
    everywhere: CapacityPrices
    """All capacities, the unlimited ones too."""

    def spread(self, values: Floats, unlimited: float) -> CapacityPrices:
        """Values [resource] in the shape of prices; capacities without a limit get `unlimited`."""
        flat = np.full(sum(array.size for array in fields(self.everywhere)), unlimited)
        flat[self.place] = values
        return _split(flat, self.everywhere)

    def use(self, level: Floats, flow: Floats) -> Floats:
        """Use of every resource, [resource], by levels and daily flows [product, node, period]."""
        return np.asarray(self.level_use @ level.ravel() + self.flow_use @ flow.ravel())


def shared_resources(compiled: CompiledScenario, lane_idx: Ints, stocks: Bools) -> Resources:
    """The limited resources of a scenario.

    A level takes storage at its node. What a node ships in a period it receives in the same period, and besides what
    its level rises from the period before (before the first comes the last, as if the horizon were repeated). What it
    receives counts on every lane, and at every upstream node, on its way.

    Parameters
    ----------
    lane_idx : array of int [product, node]
        The lane on which each node is supplied; -1: none.
    stocks : array of bool [product, node]
        Where customers are served from.
    """
    limit = capacities(compiled).limit
    whole = np.concatenate([array.ravel() for array in fields(limit)])
    number = _split(np.arange(whole.size, dtype=np.float64), limit)
    num_periods, products = compiled.num_periods, compiled.products
    cells = np.arange(stocks.size * num_periods).reshape(*stocks.shape, num_periods)
    level, flow = _Entries(whole.size, cells.size), _Entries(whole.size, cells.size)
    for product, node in np.argwhere(stocks):
        cell = cells[product, node]
        level.add(number.storage[node, products.storage_type_idx[product]], cell, products.volume_m3[product])
        flow.add(number.outbound[node], cell, 1.0)
        for resource in _on_the_way(compiled, lane_idx[product], node, number):
            flow.add(resource, cell, 1.0)
            level.add(resource, cell, 1.0 / compiled.period_days)
            level.add(resource, np.roll(cell, 1), -1.0 / compiled.period_days)
    place = np.flatnonzero(np.isfinite(whole))
    return Resources(whole[place], level.matrix()[place], flow.matrix()[place], place, limit)


def _on_the_way(compiled: CompiledScenario, lane_idx: Ints, node: int, number: CapacityPrices) -> Iterator[Floats]:
    """Numbers by period of the resources that a unit meets from its vendor into a node."""
    while node < lane_idx.size:
        lane = lane_idx[node]
        yield number.inbound[node]
        yield number.lane[lane]
        node = int(compiled.lanes.source_idx[lane])
        if node < lane_idx.size:
            yield number.outbound[node]


class _Entries:
    """Entries of a sparse matrix, collected."""

    def __init__(self, num_rows: int, num_columns: int) -> None:
        self.shape = (num_rows, num_columns)
        self.rows: list[Floats] = []
        self.columns: list[Ints] = []
        self.values: list[Floats] = []

    def add(self, row: Floats, column: Ints, value: float) -> None:
        """Add one value at each pair of row and column."""
        self.rows.append(row)
        self.columns.append(column)
        self.values.append(np.full(len(row), value))

    def matrix(self) -> sparse.csr_array:
        """The matrix; entries at the same place add up."""
        empty = np.zeros(0)
        row, column = (np.concatenate([empty, *part]).astype(np.int64) for part in (self.rows, self.columns))
        return sparse.csr_array((np.concatenate([empty, *self.values]), (row, column)), shape=self.shape)


def _split(flat: Floats, like: CapacityPrices) -> CapacityPrices:
    """One vector over all capacities in the shape of prices."""
    ends = np.cumsum([array.size for array in fields(like)])[:-1]
    parts = zip(np.split(flat, ends), fields(like), strict=True)
    return CapacityPrices(*(part.reshape(array.shape) for part, array in parts))
