"""What flowed in a replication, from its event log: purchases, transport, packages, sales and orders lost."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from meio.network.compiled import Bools, Floats, Ints
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.events import (
    LOST,
    ORDERED,
    OWED,
    REPLENISHMENT,
    SHIPPED,
    SHIPPED_LATE,
    SHIPPED_OWED,
)
from meio.simulation.state import Log
from meio.simulation.tally import LANE_TRANSPORT, LATE_PENALTY, LOST_PENALTY, OUTBOUND, PURCHASE, UNAVOIDABLE
from meio.simulation.world import World

_DAYS_PER_WEEK = 7
_SALES, _WANTED = UNAVOIDABLE, UNAVOIDABLE + 1


class _Events(NamedTuple):
    """The log as far as it was written, each [event]."""

    kind: Ints
    minute: Floats
    day: Ints
    product_idx: Ints
    node_idx: Ints
    zone_idx: Ints
    speed_idx: Ints
    units: Ints
    number: Ints

    def of(self, chosen: Bools | Ints) -> _Events:
        parts: list[Any] = [part[chosen] for part in self]
        return _Events(*parts)


def book_flows(money: Floats, world: World, log: Log, lane_idx: Ints) -> None:
    """Add to [week, product, kind] what the log says happened from day 0 on.

    Replenishment orders count when they are placed; the ledger takes back what still waits.

    Parameters
    ----------
    money : array [week, product, kind]
        As `ProductLedger` says.
    world : World
    log : Log
    lane_idx : array of int [day from the replication's first, slot]
        Lane on which orders of the day were placed.
    """
    events = _events(log)
    _book_customers(money, world, events)
    _book_shipped(money, world, events)
    _book_ordered(money, world, events, lane_idx)


def _events(log: Log) -> _Events:
    size = int(log.size[0])
    day = np.floor(log.minute[:size] / MINUTES_PER_DAY).astype(np.int64)
    parts = (log.product_idx, log.node_idx, log.zone_idx, log.speed_idx, log.units, log.number)
    return _Events(log.kind[:size], log.minute[:size], day, *(part[:size] for part in parts))


def _book(money: Floats, events: _Events, kind: int, amount: Floats) -> None:
    """Add amounts, [event], to a kind; those before day 0 do not count."""
    counts = events.day >= 0
    of_kind = money[:, :, kind]
    np.add.at(of_kind, (events.day[counts] // _DAYS_PER_WEEK, events.product_idx[counts]), amount[counts])


def _book_customers(money: Floats, world: World, events: _Events) -> None:
    """Units asked for, and those lost."""
    asked, lost = events.of(events.kind == ORDERED), events.of(events.kind == LOST)
    _book(money, asked, _WANTED, asked.units * world.values.least_landed_cost[asked.product_idx])
    _book(money, lost, LOST_PENALTY, lost.units * world.penalties.lost[lost.product_idx, lost.speed_idx])


def _book_shipped(money: Floats, world: World, events: _Events) -> None:
    """Packages, sales and penalties for being late; a package of several lines is shared out by weight."""
    shipped = events.of(np.isin(events.kind, (SHIPPED, SHIPPED_LATE, SHIPPED_OWED)))
    late = shipped.kind == SHIPPED_LATE
    delay = _delay_days(world, _ordered_when(events, shipped))
    # lines of one order that leave a node in time share a package; late and owed units have their own
    shared = shipped.number * world.sizes.num_nodes + shipped.node_idx
    key = np.where(shipped.kind == SHIPPED, shared, -1 - np.arange(len(shared)))
    _, first, package = np.unique(key, return_index=True, return_inverse=True)
    weight: Floats = shipped.units * world.products.weight_kg[shipped.product_idx]
    cost = _package_costs(
        world,
        shipped.of(first),
        np.bincount(package, weight).astype(np.float64),
        np.bincount(package, shipped.units).astype(np.int64),
        delay[first],
        late[first],
    )
    share = np.divide(weight, np.bincount(package, weight)[package], out=np.ones(len(weight)), where=weight > 0)
    _book(money, shipped, OUTBOUND, cost[package] * share)
    _book(money, shipped, _SALES, shipped.units * world.products.price[shipped.product_idx])
    penalty = shipped.units * world.penalties.late[shipped.product_idx, shipped.speed_idx]
    _book(money, shipped, LATE_PENALTY, np.where(late, penalty, 0.0))


def _package_costs(world: World, packages: _Events, weight_kg: Floats, units: Ints, delay: Ints, late: Bools) -> Floats:
    from meio.experiments.account_kernels import fill_package_costs

    cost = np.zeros(len(units))
    fill_package_costs(
        world, weight_kg, units, packages.speed_idx, delay, packages.node_idx, packages.zone_idx, late, cost
    )
    return cost


def _ordered_when(events: _Events, shipped: _Events) -> _Events:
    """Shipments with the moment of their order: those of owed units come later."""
    owed = events.of(events.kind == OWED)
    waited = shipped.kind == SHIPPED_OWED
    if not waited.any():
        return shipped
    num_products, num_nodes = events.product_idx.max() + 1, events.node_idx.max() + 1

    def key(of: _Events) -> Ints:
        together: Ints = (of.number * num_products + of.product_idx) * num_nodes + of.node_idx
        return together

    order = np.argsort(key(owed), kind="stable")
    at = order[np.searchsorted(key(owed), key(shipped.of(waited)), sorter=order)]
    minute, day = shipped.minute.copy(), shipped.day.copy()
    minute[waited], day[waited] = owed.minute[at], owed.day[at]
    return shipped._replace(minute=minute, day=day)


def _delay_days(world: World, orders: _Events) -> Ints:
    """Days from an order to its ship date at a node."""
    weekday = (world.clock.first_weekday + orders.day) % _DAYS_PER_WEEK
    minute = (orders.minute - orders.day * MINUTES_PER_DAY).astype(np.int64)
    pattern = world.routes.pattern_idx[weekday, orders.speed_idx, minute]
    delay: Ints = world.routes.pattern_delay_days[pattern, orders.node_idx]
    return delay


def _book_ordered(money: Floats, world: World, events: _Events, lane_idx: Ints) -> None:
    """Purchase and transport of what was ordered, as if it left at once."""
    ordered = events.of(events.kind == REPLENISHMENT)
    slot = ordered.product_idx * world.sizes.num_nodes + ordered.node_idx
    lane = lane_idx[ordered.day - world.clock.first_day, slot]
    purchase, transport = lane_costs(world, ordered.product_idx, lane)
    _book(money, ordered, PURCHASE, ordered.units * purchase)
    _book(money, ordered, LANE_TRANSPORT, ordered.units * transport)


def lane_costs(world: World, product_idx: Ints, lane: Ints) -> tuple[Floats, Floats]:
    """Money per unit paid to the vendor (0: a node sends it), and to the carrier."""
    products, lanes = world.products, world.lanes
    row_product = np.repeat(np.arange(world.sizes.num_products), np.diff(products.supply_ptr))
    bought = np.zeros((world.sizes.num_products, world.sizes.num_nodes + int(lanes.source_idx.max()) + 1))
    bought[row_product, world.sizes.num_nodes + products.supply_vendor_idx] = products.supply_unit_cost
    transport: Floats = (
        lanes.cost_per_unit[lane]
        + products.weight_kg[product_idx] * lanes.cost_per_kg[lane]
        + products.volume_m3[product_idx] * lanes.cost_per_m3[lane]
    )
    return bought[product_idx, lanes.source_idx[lane]], transport
