"""Sampled customer orders of one product: those the simulator draws for it under the same seed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.clock_kernels import weekday_of
from meio.simulation.demand_kernels import draw_unit, key_of_units, units_of_day
from meio.simulation.engine_kernels import CUSTOMER_DEMAND
from meio.simulation.streams import Keys
from meio.simulation.streams_kernels import derived_key
from meio.simulation.world import World


class Orders(NamedTuple):
    """Orders of one unit each, in the order they come."""

    minute: Floats
    """[order]: since the horizon's first midnight; negative in the warm-up"""
    row: Ints
    """[order]: row of candidates in the simulator's routes"""
    speed: Ints
    """[order]"""


@kernel
def draw_orders(world: World, product: int, path_key: np.uint64, draws: Keys) -> Orders:
    """All orders of a product on one path; `path_key` is the simulator's key of a replication."""
    demand, clock = world.demand, world.clock
    first, end = demand.product_ptr[product], demand.product_ptr[product + 1]
    key = derived_key(derived_key(path_key, world.keys.product[product]), CUSTOMER_DEMAND)
    num_days = clock.end_day - clock.first_day
    units = np.empty((num_days, end - first), np.int64)
    for stream in range(first, end):
        stream_key = derived_key(key, world.guides.stream_number[stream])
        for day in range(num_days):
            units[day, stream - first] = units_of_day(demand, clock, stream, stream_key, draws, clock.first_day + day)
    orders = Orders(np.empty(units.sum()), np.empty(units.sum(), np.int64), np.empty(units.sum(), np.int64))
    place = 0
    for day in range(num_days):
        begin = place
        for stream in range(first, end):
            stream_key = derived_key(key, world.guides.stream_number[stream])
            place = _draw_day(
                world, product, stream, stream_key, clock.first_day + day, units[day, stream - first], orders, place
            )
        _sort(orders, begin, place)
    return orders


@borrowing_kernel
def _draw_day(
    world: World, product: int, stream: int, stream_key: np.uint64, day: int, units: int, orders: Orders, place: int
) -> int:
    """Write a day's orders of one stream from `place` on; return the place behind them."""
    sizes, key = world.sizes, key_of_units(stream_key, day)
    for unit in range(units):
        minute, order_class = draw_unit(world.demand, world.guides, stream, key, unit)
        zone, speed = order_class // sizes.num_speeds, order_class % sizes.num_speeds
        pattern = world.routes.pattern_idx[weekday_of(world.clock, day), speed, int(minute)]
        kind = pattern * world.outbound.cost.shape[0] + world.products.weight_class_idx[product]
        orders.minute[place] = day * MINUTES_PER_DAY + minute
        orders.row[place], orders.speed[place] = kind * sizes.num_zones + zone, speed
        place += 1
    return place


@kernel
def _sort(orders: Orders, begin: int, end: int) -> None:
    """Put a day's orders in the order of their minutes; equal ones stay as drawn."""
    if end - begin < 2:
        return
    order = begin + np.argsort(orders.minute[begin:end], kind="mergesort")
    orders.minute[begin:end], orders.row[begin:end] = orders.minute[order], orders.row[order]
    orders.speed[begin:end] = orders.speed[order]
