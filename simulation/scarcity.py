"""What the orders of a batch compete for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Bools
from meio.simulation.open_batch import OpenBatch


class Scarce(NamedTuple):
    """What several orders want and there is not enough of."""

    stock: Bools
    """[product of the batch, node]"""
    room: Bools
    """[day from the batch's first, node]"""


def scarce_of(batch: OpenBatch) -> Scarce:
    """Stock and room of a batch that several of its orders want and that does not suffice for all."""
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
    return Scarce(
        (stock_lines > 1) & (stock_wanted > left.stock) & (left.stock > 0),
        (room_orders > 1) & (room_wanted > left.room) & (left.room > 0),
    )


def contested_by(batch: OpenBatch, scarce: Scarce) -> Bools:
    """Whether an order could use anything scarce."""
    in_time, nodes = np.isfinite(batch.unit_cost), np.arange(batch.unit_cost.shape[1])
    by_line = (scarce.stock[batch.stock_row] & in_time).any(axis=1)
    reaches = np.logical_or.reduceat(in_time & (batch.left.stock[batch.stock_row] > 0), batch.line_ptr[:-1])
    by_room = (scarce.room[batch.ship_day - batch.first_day, nodes] & reaches).any(axis=1)
    return np.logical_or.reduceat(by_line, batch.line_ptr[:-1]) | by_room
