"""What a replication counts from the horizon's first day on: money, service, and daily use."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats
from meio.simulation.world import World

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
DEMAND, ON_TIME, LATE_UNITS, LOST_UNITS, OWED_UNITS, DELIVERY_DAYS = range(6)
NUM_SERVICE_KINDS = 6
# Tally.shipped
SHIPPED_UNITS, SHIPPED_KM, SHIPPED_LOCALLY = range(3)


class Tally(NamedTuple):
    """What is counted from the horizon's first day on."""

    money: Floats
    """[kind of MONEY]"""
    service: Floats
    """[speed, kind]: units by day of order; days from order to delivery, summed over units filled"""
    shipped: Floats
    """[kind]: units shipped to customers, their distances, and how many came from the node nearest to the zone."""
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


class Outcome(NamedTuple):
    """What is kept of a replication."""

    tally: Tally
    orders: int
    """Warm-up included."""
    units_lost: int


def empty_tally(world: World) -> Tally:
    """A tally of nothing."""
    sizes, days = world.sizes, world.clock.end_day
    by_type = (days, sizes.num_nodes, sizes.num_types)
    return Tally(
        money=np.zeros(len(MONEY)),
        service=np.zeros((sizes.num_speeds, NUM_SERVICE_KINDS)),
        shipped=np.zeros(3),
        storage_m3=np.zeros(by_type),
        storage_units=np.zeros(by_type),
        yard_m3=np.zeros(by_type[:2]),
        inbound=np.zeros(by_type[:2]),
        outbound=np.zeros(by_type[:2]),
        lane=np.zeros((days, len(world.lanes.source_idx))),
    )
