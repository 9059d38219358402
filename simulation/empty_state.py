"""The state of a replication before its first day."""

from __future__ import annotations

from typing import Any

import numpy as np

from meio.network.compiled import Demand, Ints
from meio.simulation.drawn import room_to_draw
from meio.simulation.state import (
    FREE,
    Batch,
    Departures,
    Ledger,
    Log,
    Offers,
    Review,
    State,
    Stock,
    Touched,
    Transit,
    Used,
    Waiting,
)
from meio.simulation.tally import empty_tally
from meio.simulation.world import World


def new_state(world: World, room: int, *, with_events: bool = False, by_product: bool = False) -> State:
    """An empty state whose lists have room for so many entries each."""
    sizes = world.sizes
    num_slots = sizes.num_products * sizes.num_nodes
    num_days = world.clock.end_day - world.clock.first_day
    return State(
        stock=Stock(
            _counts(num_slots), _counts(num_slots), _counts(num_slots), np.zeros((sizes.num_nodes, sizes.num_types))
        ),
        ledger=Ledger(*(_counts(num_slots) for _ in range(5)), *(_counts(sizes.num_products) for _ in range(2))),
        used=Used(
            _counts(sizes.num_nodes),
            _counts(len(world.clock.period), sizes.num_nodes),
            _counts(len(world.lanes.source_idx)),
        ),
        transit=_empty_transit(room, num_days, (sizes.num_nodes, sizes.num_types)),
        orders=_nobody_waiting(room, num_slots, num_details=2),
        customers=_nobody_waiting(room, num_slots, num_details=4),
        touched=Touched(_counts(num_slots), np.zeros(num_slots, dtype=bool), _counts(1), _counts(1)),
        departures=Departures(
            np.zeros(sizes.num_products, dtype=np.uint64),
            _counts(num_slots),
            np.full(num_slots, -np.inf),
            _none(num_slots),
        ),
        batch=_empty_batch(room),
        offers=_no_offers(most_lines(world), sizes.num_nodes),
        review=Review(*(_counts(sizes.num_nodes) for _ in range(3))),
        drawing=room_to_draw(len(world.demand.stream_kind), _orders_of_most_days(world.demand)),
        log=_empty_log(room if with_events else 0),
        tally=empty_tally(world, by_product=by_product),
        now=np.zeros(1),
        order_number=_counts(1),
        basket_key=np.zeros(1, dtype=np.uint64),
        demand_key=np.zeros(len(world.demand.stream_kind), dtype=np.uint64),
        draws=np.zeros(2, dtype=np.uint64),
        full=np.zeros(1, dtype=bool),
        stopped=np.zeros(1, dtype=bool),
    )


def most_lines(world: World) -> int:
    """Most lines that an order can have."""
    recorded = np.diff(world.orders.recorded.line_ptr).max(initial=1)
    return max(int(recorded), len(world.orders.basket_end))


def _orders_of_most_days(demand: Demand) -> int:
    """Units that few days sell more of."""
    mean, variance = demand.daily_mean.sum(axis=0), demand.daily_variance.sum(axis=0)
    return 16 + int((mean + 4.0 * np.sqrt(variance)).max())


def _counts(*shape: int) -> Ints:
    return np.zeros(shape, dtype=np.int64)


def _none(*shape: int) -> Ints:
    return np.full(shape, -1, dtype=np.int64)


def _empty_transit(room: int, num_days: int, queues: tuple[int, int]) -> Transit:
    counters = _counts(5)
    counters[FREE] = -1
    return Transit(
        slot=_counts(room),
        units=_counts(room),
        minute=np.zeros(room),
        number=_counts(room),
        next=_counts(room),
        place=_counts(room),
        first_of_day=_none(num_days),
        heap=_counts(room),
        counters=counters,
        yard_first=_none(*queues),
        yard_last=_none(*queues),
    )


def _empty_batch(room: int) -> Batch:
    lengths = {"line_ptr": room + 1, "counters": 2, "callback": 1}
    lists: dict[str, Any] = {name: _counts(lengths.get(name, room)) for name in Batch._fields}
    return Batch(**(lists | {"minute": np.zeros(room)}))


def _no_offers(num_lines: int, num_nodes: int) -> Offers:
    return Offers(
        left=_counts(num_lines),
        unfilled=_counts(num_lines),
        offer=_counts(num_lines),
        whole=_counts(num_lines),
        split_units=_counts(num_nodes, num_lines),
        split_node=_counts(num_nodes),
    )


def _empty_log(room: int) -> Log:
    lists: dict[str, Any] = {name: _counts(room) for name in Log._fields}
    return Log(**(lists | {"minute": np.zeros(room), "size": _counts(1)}))


def _nobody_waiting(room: int, num_slots: int, num_details: int) -> Waiting:
    return Waiting(
        _counts(room),
        _counts(room),
        _counts(room, num_details),
        _counts(room),
        _none(num_slots),
        _none(num_slots),
        _counts(1),
    )
