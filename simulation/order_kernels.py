"""A day's orders of several units: drawn units put into baskets, or orders as recorded."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import kernel
from meio.simulation.drawn import DayOrders
from meio.simulation.streams import Keys
from meio.simulation.streams_kernels import derived_key, start, uniform
from meio.simulation.world import OrderSource


class Orders(NamedTuple):
    """Orders of a day in the order they come."""

    minute: Floats
    """[order]: of the day."""
    class_idx: Ints
    """[order]: zone * number of speeds + speed."""
    line_ptr: Ints
    """[order + 1]"""
    product_idx: Ints
    """[line]: each product once an order."""
    units: Ints
    """[line]"""


@kernel
def recorded_orders(source: OrderSource, day: int, first_day: int, midnight: float) -> Orders:
    """Recorded orders of a day."""
    recorded, place = source.recorded, day - first_day
    first, end = source.day_ptr[place], source.day_ptr[place + 1]
    lines = slice(recorded.line_ptr[first], recorded.line_ptr[end])
    return Orders(
        recorded.minute[first:end] - midnight,
        recorded.class_idx[first:end],
        recorded.line_ptr[first : end + 1] - recorded.line_ptr[first],
        recorded.product_idx[lines],
        recorded.units[lines],
    )


@kernel
def single_units(units: DayOrders) -> Orders:
    """Every unit an order of its own."""
    num_orders = len(units.minute)
    return Orders(
        units.minute,
        units.class_idx.astype(np.int64),
        np.arange(num_orders + 1),
        units.product_idx.astype(np.int64),
        np.ones(num_orders, dtype=np.int64),
    )


@kernel
def in_baskets(units: DayOrders, basket_end: Floats, num_classes: int, key: np.uint64, draws: Keys, day: int) -> Orders:
    """Cut a day's units of each class, in their order, into orders of random size.

    Parameters
    ----------
    units : DayOrders
    basket_end : array [units - 1]
        Shares of orders by units, summed up.
    num_classes : int
        Zones times speeds.
    key : uint64
        Below it, each class and day has its stream of sizes.
    draws : array of uint64 [2]
        Scratch.
    day : int
    """
    order_of_unit, first_unit = _orders_of_units(units, basket_end, num_classes, key, draws, day)
    num_orders = len(first_unit)
    unit_ptr = np.zeros(num_orders + 1, dtype=np.int64)
    for order in order_of_unit:
        unit_ptr[order + 1] += 1
    unit_ptr = np.cumsum(unit_ptr)
    product_idx, place = np.empty(len(order_of_unit), dtype=np.int64), unit_ptr[:-1].copy()
    for unit in range(len(order_of_unit)):
        order = order_of_unit[unit]
        product_idx[place[order]] = units.product_idx[unit]
        place[order] += 1
    line_ptr, line_product, line_units = _lines(unit_ptr, product_idx)
    return Orders(
        units.minute[first_unit], units.class_idx[first_unit].astype(np.int64), line_ptr, line_product, line_units
    )


@kernel
def _orders_of_units(
    units: DayOrders, basket_end: Floats, num_classes: int, key: np.uint64, draws: Keys, day: int
) -> tuple[Ints, Ints]:
    """Order of each unit, and each order's first unit."""
    num_units = len(units.minute)
    order_of_unit, first_unit = np.empty(num_units, dtype=np.int64), np.empty(num_units, dtype=np.int64)
    open_order, room = np.empty(num_classes, dtype=np.int64), np.zeros(num_classes, dtype=np.int64)
    drawn, num_orders = np.zeros(num_classes, dtype=np.int64), 0
    for unit in range(num_units):
        order_class = units.class_idx[unit]
        if room[order_class] == 0:
            start(draws, derived_key(derived_key(key, order_class), day))
            draws[1] = drawn[order_class]
            room[order_class] = 1 + np.searchsorted(basket_end, uniform(draws), side="right")
            drawn[order_class] += 1
            open_order[order_class], first_unit[num_orders] = num_orders, unit
            num_orders += 1
        order_of_unit[unit] = open_order[order_class]
        room[order_class] -= 1
    return order_of_unit, first_unit[:num_orders]


@kernel
def _lines(unit_ptr: Ints, product_idx: Ints) -> tuple[Ints, Ints, Ints]:
    """Lines of orders from their units: pointers, products and numbers of units."""
    line_ptr = np.zeros(len(unit_ptr), dtype=np.int64)
    line_product, line_units = np.empty_like(product_idx), np.empty_like(product_idx)
    num_lines = 0
    for order in range(len(unit_ptr) - 1):
        first = num_lines
        for unit in range(unit_ptr[order], unit_ptr[order + 1]):
            line = first
            while line < num_lines and line_product[line] != product_idx[unit]:
                line += 1
            if line == num_lines:
                line_product[line], line_units[line] = product_idx[unit], 0
                num_lines += 1
            line_units[line] += 1
        line_ptr[order + 1] = num_lines
    return line_ptr, line_product[:num_lines], line_units[:num_lines]
