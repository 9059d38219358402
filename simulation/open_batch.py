"""The orders of an open batch as arrays, and what each node could do for them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.state import NUM_ORDERS, State
from meio.simulation.world import World

UNLIMITED = 2**62
_ROUNDING = 1e-9  # of a unit of capacity
DAYS_PER_WEEK = 7


class OpenBatch(NamedTuple):
    """Orders to assign together, and their terms at every node."""

    minute: Floats
    """[order]: from the horizon's first midnight."""
    day: Ints
    """[order]"""
    class_idx: Ints
    """[order]: zone * number of speeds + speed."""
    line_ptr: Ints
    """[order + 1]"""
    product_idx: Ints
    """[line]"""
    units: Ints
    """[line]"""
    stock_row: Ints
    """[line]: of its product in `Left.stock`."""
    weight_kg: Floats
    """[line]: of a unit."""
    unit_cost: Floats
    """[line, node]: package of one unit, shipped on the earliest day; inf: not in time."""
    outbound_price: Floats
    """[order, node]: of a unit, on that day."""
    unit_value: Floats
    """[line, node]: above the product's least value."""
    ship_day: Ints
    """[order, node]: the earliest."""
    class_cost: Floats
    """[order, weight class + 1, node]: package shipped on that day; inf: not in time, and in the last class."""
    limit_kg: Floats
    """[weight class]: heaviest package, ascending."""
    first_day: int
    """Day of the first row of `Left.room`."""
    left: Left


class Left(NamedTuple):
    """What nodes have left for the batch; assigning takes from it."""

    stock: Ints
    """[product of the batch, node]: units not owed to earlier customers."""
    room: Ints
    """[day from the batch's first, node]: units of shipping capacity."""

    def copy(self) -> Left:
        """The same, to take from."""
        return Left(self.stock.copy(), self.room.copy())


def open_batch(world: World, state: State) -> OpenBatch:
    """The orders that wait in `State.batch`, at least one."""
    batch, num_speeds = state.batch, world.sizes.num_speeds
    num_orders = int(batch.counters[NUM_ORDERS])
    ptr = batch.line_ptr[: num_orders + 1].copy()
    minute, class_idx = batch.minute[:num_orders].copy(), batch.class_idx[:num_orders].copy()
    product_idx, units = batch.product_idx[: ptr[-1]].copy(), batch.units[: ptr[-1]].copy()
    zone, speed = class_idx // num_speeds, class_idx % num_speeds
    day = (minute // MINUTES_PER_DAY).astype(np.int64)
    delay = _delays(world, day, speed, minute)
    nodes, order_of = np.arange(world.sizes.num_nodes), np.repeat(np.arange(num_orders), np.diff(ptr))
    cost = np.moveaxis(world.outbound.cost[:, speed[:, None], delay, nodes, zone[:, None]], 0, 1)
    products, stock_row = np.unique(product_idx, return_inverse=True)
    slot = product_idx[:, None] * world.sizes.num_nodes + nodes
    period, first_day = world.clock.period, int(day.min())
    price = world.values.outbound_price[period[day[:, None] + delay - world.clock.first_day], nodes]
    line_period = period[day - world.clock.first_day][order_of]
    above_base = (
        world.values.unit_value[line_period[:, None], slot] - world.values.base_value[line_period, product_idx][:, None]
    )
    return OpenBatch(
        minute=minute,
        day=day,
        class_idx=class_idx,
        line_ptr=ptr,
        product_idx=product_idx,
        units=units,
        stock_row=stock_row,
        weight_kg=world.products.weight_kg[product_idx],
        unit_cost=cost[order_of, world.products.weight_class_idx[product_idx]],
        outbound_price=price,
        unit_value=above_base,
        ship_day=day[:, None] + delay,
        class_cost=np.concatenate([cost, np.full_like(cost[:, :1], np.inf)], axis=1),
        limit_kg=world.outbound.weight_limit_kg,
        first_day=first_day,
        left=_left(world, state, products, first_day, int(day.max())),
    )


def _delays(world: World, day: Ints, speed: Ints, minute: Floats) -> Ints:
    """Days until each node ships each order, [order, node]."""
    weekday = (world.clock.first_weekday + day) % DAYS_PER_WEEK
    minute_of_day = (minute - day * MINUTES_PER_DAY).astype(np.int64)
    return world.routes.pattern_delay_days[world.routes.pattern_idx[weekday, speed, minute_of_day]]


def _left(world: World, state: State, products: Ints, first_day: int, last_day: int) -> Left:
    slot = products[:, None] * world.sizes.num_nodes + np.arange(world.sizes.num_nodes)
    days = np.arange(first_day, last_day + world.outbound.cost.shape[2]) - world.clock.first_day
    room = np.minimum(world.capacity.outbound[days] - state.used.outbound[days], UNLIMITED)
    return Left(
        stock=np.maximum(state.stock.on_hand[slot] - state.stock.owed[slot], 0),
        room=np.maximum(np.floor(room + _ROUNDING), 0).astype(np.int64),
    )
