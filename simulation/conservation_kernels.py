"""Whether every unit is accounted for: what the ledger says against what the lists hold."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Ints
from meio.network.jit import kernel
from meio.simulation.state import DESTINATION_SLOT, NOWHERE, USED, Ledger, Stock, Transit, Waiting


class Imbalance(NamedTuple):
    """Units found minus units expected; all zero when nothing is lost."""

    stock: Ints
    """[slot]: in storage against opening + received − sold − sent."""
    orders: Ints
    """[slot]: received + in transit + waiting upstream + in the yard against ordered."""
    position: Ints
    """[slot]: inventory position against its parts."""
    demand: Ints
    """[product]: sold + lost + still owed against demand."""


@kernel
def find_imbalance(ledger: Ledger, stock: Stock, transit: Transit, orders: Waiting, customers: Waiting) -> Imbalance:
    """Compare a replication's ledger with its stock, shipments and queues."""
    num_nodes = len(stock.on_hand) // len(ledger.demand)
    on_order, owed_downstream = _on_order(transit, len(stock.on_hand)), np.zeros_like(stock.on_hand)
    waiting = np.zeros_like(stock.on_hand)
    for request in range(orders.size[0]):
        waiting[orders.detail[request, DESTINATION_SLOT]] += orders.units[request]
        if orders.slot[request] >= 0:
            owed_downstream[orders.slot[request]] += orders.units[request]
    owed = np.zeros_like(stock.on_hand)
    owed_of_product = np.zeros_like(ledger.demand)
    for request in range(customers.size[0]):
        owed[customers.slot[request]] += customers.units[request]
        owed_of_product[customers.slot[request] // num_nodes] += customers.units[request]
    on_order += waiting
    return Imbalance(
        stock=stock.on_hand - (ledger.opening + ledger.received - ledger.sold - ledger.sent),
        orders=ledger.received + on_order - ledger.ordered,
        position=stock.position - (stock.on_hand + on_order - owed - owed_downstream),
        demand=ledger.sold.reshape(-1, num_nodes).sum(axis=1) + ledger.lost + owed_of_product - ledger.demand,
    )


@kernel
def units_lost(imbalance: Imbalance) -> int:
    """Sum of all differences, whatever their sign."""
    per_slot = np.abs(imbalance.stock).sum() + np.abs(imbalance.orders).sum() + np.abs(imbalance.position).sum()
    return int(per_slot + np.abs(imbalance.demand).sum())


@kernel
def _on_order(transit: Transit, num_slots: int) -> Ints:
    """Units of each slot on the way and in its yard."""
    units = np.zeros(num_slots, dtype=np.int64)
    for shipment in range(transit.counters[USED]):
        if transit.place[shipment] != NOWHERE:
            units[transit.slot[shipment]] += transit.units[shipment]
    return units
