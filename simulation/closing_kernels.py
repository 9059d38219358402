"""The close of a day: holding, overflow and backorder costs, and the day's record of use."""

from __future__ import annotations

import numpy as np

from meio.network.jit import kernel
from meio.simulation.clock_kernels import period_of
from meio.simulation.state import CLASS, NOWHERE, ORDER_DAY, USED, State
from meio.simulation.tally import BACKORDER, HOLDING, OVERFLOW, OWED_UNITS, STOCK_CHANGE
from meio.simulation.tally_kernels import charge, charge_product, count
from meio.simulation.world import World


@kernel
def close_day(world: World, state: State, day: int) -> None:
    """Charge what is charged at a day's close and note what the day used."""
    _count_storage(world, state, day)
    if day >= 0:
        _charge_yard(world, state, day)
        _charge_owed(world, state)
        _record_use(world, state, day)
        record_money(state, day)
        _record_service(state, day)
    state.used.inbound[:] = 0
    state.used.lane[:] = 0


@kernel
def count_owned(world: World, state: State, sign: float) -> None:
    """Add to the change of stock the value of all units on hand, in yards and on the way, where they are or go."""
    transit, end_value, product_idx = state.transit, world.values.end_value, world.supply.product_idx
    value = 0.0
    for slot in range(len(end_value)):
        owned = state.stock.on_hand[slot] * end_value[slot]
        value += owned
        charge_product(state.tally, product_idx[slot], STOCK_CHANGE, sign * owned)
    for shipment in range(transit.counters[USED]):
        if transit.place[shipment] != NOWHERE:
            slot = transit.slot[shipment]
            owned = transit.units[shipment] * end_value[slot]
            value += owned
            charge_product(state.tally, product_idx[slot], STOCK_CHANGE, sign * owned)
    state.tally.money[STOCK_CHANGE] += sign * value


@kernel
def count_owed(world: World, state: State) -> None:
    """Note the orders that count and are still owed."""
    customers = state.customers
    for request in range(customers.size[0]):
        if customers.detail[request, ORDER_DAY] >= 0:
            speed = customers.detail[request, CLASS] % world.sizes.num_speeds
            product = world.supply.product_idx[customers.slot[request]]
            count(state.tally, product, speed, OWED_UNITS, customers.units[request])


@kernel
def record_money(state: State, day: int) -> None:
    """Note what was charged since it was last noted as charged on a day."""
    tally = state.tally
    for kind in range(len(tally.money)):
        tally.money_by_day[day, kind] += tally.money[kind] - tally.noted_money[kind]
        tally.noted_money[kind] = tally.money[kind]


@kernel
def _record_service(state: State, day: int) -> None:
    tally = state.tally
    for speed, kind in np.ndindex(tally.service.shape):
        tally.service_by_day[day, speed, kind] = tally.service[speed, kind] - tally.noted_service[speed, kind]
        tally.noted_service[speed, kind] = tally.service[speed, kind]


@kernel
def _record_use(world: World, state: State, day: int) -> None:
    tally, used, place = state.tally, state.used, day - world.clock.first_day
    for node in range(world.sizes.num_nodes):
        tally.inbound[day, node], tally.outbound[day, node] = used.inbound[node], used.outbound[place, node]
    for lane in range(len(used.lane)):
        tally.lane[day, lane] = used.lane[lane]


@kernel
def _count_storage(world: World, state: State, day: int) -> None:
    """Stored volume anew from the stock, its record, and the holding cost."""
    products, tally = world.products, state.tally
    state.stock.stored_m3[:] = 0.0
    holding = 0.0
    for product in range(world.sizes.num_products):
        storage_type, volume = products.storage_type_idx[product], products.volume_m3[product]
        for node in range(world.sizes.num_nodes):
            slot = product * world.sizes.num_nodes + node
            units = state.stock.on_hand[slot]
            state.stock.stored_m3[node, storage_type] += units * volume
            held = units * world.values.holding_per_day[slot]
            holding += held
            if day >= 0:
                tally.storage_units[day, node, storage_type] += units
                charge_product(tally, product, HOLDING, held)
    if day >= 0:
        for node, storage_type in np.ndindex(state.stock.stored_m3.shape):
            tally.storage_m3[day, node, storage_type] = state.stock.stored_m3[node, storage_type]
        tally.money[HOLDING] += holding


@kernel
def _charge_yard(world: World, state: State, day: int) -> None:
    """Holding and overflow cost of the yard; overflow too for what storage holds above a capacity that fell."""
    transit, nodes = state.transit, world.nodes
    overflow_m3, holding = 0.0, 0.0
    period = period_of(world.clock, day)
    for node in range(world.sizes.num_nodes):
        for storage_type in range(world.sizes.num_types):
            shipment = transit.yard_first[node, storage_type]
            while shipment >= 0:
                slot, units = transit.slot[shipment], transit.units[shipment]
                product = world.supply.product_idx[slot]
                held, volume_m3 = units * world.values.holding_per_day[slot], units * world.products.volume_m3[product]
                holding += held
                state.tally.yard_m3[day, node] += volume_m3
                charge_product(state.tally, product, HOLDING, held)
                charge_product(state.tally, product, OVERFLOW, volume_m3 * world.costs.overflow_per_m3_day)
                shipment = transit.next[shipment]
            excess_m3 = state.stock.stored_m3[node, storage_type] - nodes.storage_m3[node, storage_type, period]
            overflow_m3 += max(excess_m3, 0.0)
            if excess_m3 > 0.0:
                _share_excess(world, state, node, storage_type, excess_m3)
        overflow_m3 += state.tally.yard_m3[day, node]
    state.tally.money[HOLDING] += holding
    state.tally.money[OVERFLOW] += overflow_m3 * world.costs.overflow_per_m3_day


@kernel
def _charge_owed(world: World, state: State) -> None:
    customers = state.customers
    for request in range(customers.size[0]):
        if customers.units[request] > 0:
            product = world.supply.product_idx[customers.slot[request]]
            speed = customers.detail[request, CLASS] % world.sizes.num_speeds
            penalty = world.penalties.backordered_per_day[product, speed]
            charge(state.tally, product, BACKORDER, customers.units[request] * penalty)


@kernel
def _share_excess(world: World, state: State, node: int, storage_type: int, excess_m3: float) -> None:
    """Charge what a storage type holds above a capacity that fell to the products there, by their volume."""
    if len(state.tally.product_money) == 0:
        return
    rate = excess_m3 / state.stock.stored_m3[node, storage_type] * world.costs.overflow_per_m3_day
    for product in range(world.sizes.num_products):
        if world.products.storage_type_idx[product] == storage_type:
            units = state.stock.on_hand[product * world.sizes.num_nodes + node]
            charge_product(state.tally, product, OVERFLOW, units * world.products.volume_m3[product] * rate)
