"""Some products of a compiled scenario as a scenario of their own, and such parts put together again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import numpy as np

from meio.network.compiled import (
    CompiledScenario,
    Demand,
    Ints,
    Penalties,
    Products,
    RecordedOrders,
    Stock,
)

_Arrays = TypeVar("_Arrays", bound=NamedTuple)
_SUPPLY = ("supply_vendor_idx", "supply_unit_cost", "supply_minimum_order", "supply_pack")


def of_products(compiled: CompiledScenario, product_idx: Ints) -> CompiledScenario:
    """The scenario of some products only, in the order given; what all products share stays as it is.

    A recorded order keeps its lines of these products.

    Parameters
    ----------
    compiled : CompiledScenario
    product_idx : array of int
        Each product at most once.
    """
    names = tuple(compiled.names.products[product] for product in product_idx.tolist())
    recorded = compiled.conditions.recorded
    return compiled._replace(
        names=compiled.names._replace(products=names),
        products=_products(compiled.products, product_idx),
        penalties=Penalties(*(part[product_idx] for part in compiled.penalties)),
        demand=_demand(compiled.demand, product_idx, compiled.num_periods),
        stock=_stock(compiled.stock, product_idx),
        conditions=compiled.conditions._replace(
            recorded=_recorded(recorded, product_idx) if recorded.given else recorded
        ),
    )


def joined(parts: Sequence[CompiledScenario]) -> CompiledScenario:
    """Scenarios of different products of one network as one scenario, the products one part after another.

    Raises
    ------
    ValueError
        When there is none, or one has recorded orders, which cannot be put together.
    """
    if not parts or any(part.conditions.recorded.given for part in parts):
        raise ValueError("joined: expected at least one scenario, and none with recorded orders")
    names = tuple(chain.from_iterable(part.names.products for part in parts))
    penalties = [part.penalties for part in parts]
    return parts[0]._replace(
        names=parts[0].names._replace(products=names),
        products=_in_a_row([part.products for part in parts], ptr=("supply_ptr",)),
        penalties=_in_a_row(penalties, ptr=()),
        demand=_joined_demand([part.demand for part in parts]),
        stock=_joined_stock(parts),
    )


def _rows_of(ptr: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Pointers of some rows of a CSR structure, and where their entries are."""
    length = np.diff(ptr)[rows]
    pointers = np.concatenate([[0], np.cumsum(length)])
    return pointers, np.repeat(ptr[rows] - pointers[:-1], length) + np.arange(pointers[-1])


def _products(products: Products, product_idx: Ints) -> Products:
    supply_ptr, row = _rows_of(products.supply_ptr, product_idx)
    supply = {name: getattr(products, name)[row] for name in _SUPPLY}
    others = {name: part[product_idx] for name, part in products._asdict().items() if not name.startswith("supply_")}
    return Products(**others, **supply, supply_ptr=supply_ptr)


def _demand(demand: Demand, product_idx: Ints, num_periods: int) -> Demand:
    product_ptr, stream = _rows_of(demand.product_ptr, product_idx)
    cell = (stream[:, None] * num_periods + np.arange(num_periods)).ravel()
    table_ptr, point = _rows_of(demand.table_ptr, cell)
    mix, mix_idx = np.unique(demand.mix_idx[stream], return_inverse=True)
    mix_ptr, share = _rows_of(demand.mix_ptr, mix)
    by_stream = {name: getattr(demand, name)[stream] for name in ("stream_kind", "daily_mean", "daily_variance")}
    return demand._replace(
        **by_stream,
        product_ptr=product_ptr,
        mix_idx=mix_idx,
        mix_ptr=mix_ptr,
        mix_class_idx=demand.mix_class_idx[share],
        mix_share=demand.mix_share[share],
        table_ptr=table_ptr,
        table_value=demand.table_value[point],
        table_probability=demand.table_probability[point],
    )


def _stock(stock: Stock, product_idx: Ints) -> Stock:
    place = _places(product_idx, len(stock.on_hand))
    here = np.flatnonzero(place[stock.order_product_idx] >= 0)
    return Stock(
        given=stock.given,
        on_hand=stock.on_hand[product_idx],
        order_product_idx=place[stock.order_product_idx[here]],
        order_lane_idx=stock.order_lane_idx[here],
        order_units=stock.order_units[here],
        order_arrives_day=stock.order_arrives_day[here],
    )


def _recorded(recorded: RecordedOrders, product_idx: Ints) -> RecordedOrders:
    place = _places(product_idx, 1 + max(int(recorded.product_idx.max(initial=0)), int(product_idx.max(initial=0))))
    line = np.flatnonzero(place[recorded.product_idx] >= 0)
    order_of_line = np.repeat(np.arange(len(recorded.minute)), np.diff(recorded.line_ptr))[line]
    order, num_lines = np.unique(order_of_line, return_counts=True)
    return RecordedOrders(
        given=True,
        minute=recorded.minute[order],
        class_idx=recorded.class_idx[order],
        line_ptr=np.concatenate([[0], np.cumsum(num_lines)]),
        product_idx=place[recorded.product_idx[line]],
        units=recorded.units[line],
    )


def _places(product_idx: Ints, num_products: int) -> Ints:
    """Place of each product among those chosen; -1: not chosen."""
    place = np.full(num_products, -1)
    place[product_idx] = np.arange(len(product_idx))
    return place


def _in_a_row(parts: Sequence[_Arrays], ptr: tuple[str, ...]) -> _Arrays:
    """Arrays of parts one after another, of pointers what they point to."""
    fields: dict[str, Any] = {}
    for name in parts[0]._fields:
        arrays = [getattr(part, name) for part in parts]
        fields[name] = _pointers(arrays) if name in ptr else np.concatenate(arrays)
    return parts[0]._replace(**fields)


def _pointers(parts: Sequence[Ints]) -> Ints:
    return np.concatenate([[0], np.cumsum(np.concatenate([np.diff(part) for part in parts]))])


def _joined_demand(parts: Sequence[Demand]) -> Demand:
    num_mixes = np.cumsum([0, *(len(part.mix_ptr) - 1 for part in parts)])
    shifted = [part._replace(mix_idx=part.mix_idx + first) for part, first in zip(parts, num_mixes, strict=False)]
    together = _in_a_row(shifted, ptr=("product_ptr", "mix_ptr", "table_ptr"))
    return together._replace(hourly_share=parts[0].hourly_share)


def _joined_stock(parts: Sequence[CompiledScenario]) -> Stock:
    num_products = np.cumsum([0, *(len(part.names.products) for part in parts)])
    shifted = [
        part.stock._replace(order_product_idx=part.stock.order_product_idx + first)
        for part, first in zip(parts, num_products, strict=False)
    ]
    arrays = (np.concatenate(arrays) for arrays in zip(*(stock[1:] for stock in shifted), strict=True))
    return Stock(parts[0].stock.given, *arrays)
