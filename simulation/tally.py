"""What a replication counts from the horizon's first day on: money, service, and daily use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from meio.network.compiled import Floats
from meio.simulation.world import World

if TYPE_CHECKING:
    from meio.simulation.state import Log

# Tally.money
(
    PURCHASE,
    LANE_TRANSPORT,
    OUTBOUND,
    HOLDING,
    OVERFLOW,
    LATE_PENALTY,
    LOST_PENALTY,
    BACKORDER,
    STOCK_CHANGE,
    UNAVOIDABLE,
) = range(10)
MONEY = (
    "purchase",
    "lane_transport",
    "outbound",
    "holding",
    "overflow",
    "late",
    "lost",
    "backorder",
    "stock_change",
    "unavoidable",
)
# Tally.service
DEMAND, ON_TIME, LATE_UNITS, LOST_UNITS, OWED_UNITS, DELIVERY_DAYS, ORDERS = range(7)
NUM_SERVICE_KINDS = 7
# Tally.shipped
SHIPPED_UNITS, PACKAGES = range(2)


class Tally(NamedTuple):
    """What is counted from the horizon's first day on."""

    money: Floats
    """[kind of MONEY]"""
    service: Floats
    """[speed, kind]: units by day of order; days from order to delivery, summed over units filled; orders"""
    shipped: Floats
    """[node, zone, kind]: units and packages shipped to customers."""
    money_by_day: Floats
    """[day, kind of MONEY]: charged on the day."""
    service_by_day: Floats
    """[day, speed, kind]: recorded on the day."""
    noted_money: Floats
    """[kind of MONEY]: what is in `money_by_day`."""
    noted_service: Floats
    """[speed, kind]: what is in `service_by_day`."""
    storage_m3: Floats
    """[day, node, storage type]: at the close, without the yard."""
    storage_units: Floats
    """[day, node, storage type]"""
    yard_m3: Floats
    """[day, node]: at the close."""
    inbound: Floats
    """[day, node]: units put into storage."""
    outbound: Floats
    """[day, node]: units shipped, by ship date."""
    lane: Floats
    """[day, lane]: units departed."""
    product_money: Floats
    """[product, kind of MONEY]: what each product caused, of orders of one product; empty unless asked for."""
    product_service: Floats
    """[product, speed, kind]: the same of `service`."""


class Outcome(NamedTuple):
    """What is kept of a replication."""

    tally: Tally
    orders: int
    """Warm-up included."""
    units_lost: int
    days: int
    """Complete days that count."""
    log: Log | None
    """Events, when they were asked for."""
    failure: BaseException | None
    """Why it stopped before its end: a policy outside the engine."""


def empty_tally(world: World, *, by_product: bool = False) -> Tally:
    """A tally of nothing."""
    sizes, days = world.sizes, world.clock.end_day
    num_products = sizes.num_products if by_product else 0
    by_type = (days, sizes.num_nodes, sizes.num_types)
    return Tally(
        money=np.zeros(len(MONEY)),
        service=np.zeros((sizes.num_speeds, NUM_SERVICE_KINDS)),
        shipped=np.zeros((sizes.num_nodes, sizes.num_zones, 2)),
        money_by_day=np.zeros((days, len(MONEY))),
        service_by_day=np.zeros((days, sizes.num_speeds, NUM_SERVICE_KINDS)),
        noted_money=np.zeros(len(MONEY)),
        noted_service=np.zeros((sizes.num_speeds, NUM_SERVICE_KINDS)),
        storage_m3=np.zeros(by_type),
        storage_units=np.zeros(by_type),
        yard_m3=np.zeros(by_type[:2]),
        inbound=np.zeros(by_type[:2]),
        outbound=np.zeros(by_type[:2]),
        lane=np.zeros((days, len(world.lanes.source_idx))),
        product_money=np.zeros((num_products, len(MONEY))),
        product_service=np.zeros((num_products, sizes.num_speeds, NUM_SERVICE_KINDS)),
    )
