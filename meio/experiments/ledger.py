"""A replication's money by product and week: what the simulator's tally adds up over all products.

Stock is looked at after every day's close, flows are read from the event log afterwards, so that the simulation's own
loops know nothing of it. Every kind of cost adds up to the tally's.
"""

from __future__ import annotations

import numpy as np

from meio.experiments.flows import book_flows, lane_costs
from meio.network.compiled import Floats, Ints
from meio.simulation.state import CLASS, DESTINATION_SLOT, IN_YARD, LANE, NOWHERE, USED, State
from meio.simulation.tally import (
    BACKORDER,
    HOLDING,
    LANE_TRANSPORT,
    MONEY,
    OVERFLOW,
    PURCHASE,
    STOCK_CHANGE,
    UNAVOIDABLE,
)
from meio.simulation.world import World

DAYS_PER_WEEK = 7
NUM_COSTS = UNAVOIDABLE
SALES, WANTED = NUM_COSTS, NUM_COSTS + 1
COLUMNS = (*MONEY[:NUM_COSTS], "sales", "wanted")
_ROUNDING = 1e-7  # of a replication's cost


class ProductLedger:
    """Books of one replication.

    Attributes
    ----------
    money : array [week, product, kind]
        The kinds of cost of `COLUMNS`, the change of a week's stock value among them; ``sales``, units shipped at their
        selling price; ``wanted``, units asked for, served or not, at the least cost of having one.
    """

    def __init__(self, world: World) -> None:
        num_weeks = -(-world.clock.end_day // DAYS_PER_WEEK)
        self.money = np.zeros((num_weeks, world.sizes.num_products, len(COLUMNS)))
        self._owned = self._ordered = np.zeros(0)

    def open_first_day(self, world: World, state: State) -> None:
        """Note the stock and the waiting orders that the horizon begins with."""
        self._owned, self._ordered = _owned_value(world, state), _waiting_cost(world, state)

    def close_day(self, world: World, state: State, day: int) -> None:
        """Charge what a close charges, day ≥ 0; at a week's end the change of the stock's value."""
        money = self.money[day // DAYS_PER_WEEK]
        money[:, HOLDING] += _held(world, state)
        money[:, OVERFLOW] += _too_much(world, state, day) * world.costs.overflow_per_m3_day
        money[:, BACKORDER] += _owed(world, state)
        before, self._ordered = self._ordered, _waiting_cost(world, state)
        money[:, [PURCHASE, LANE_TRANSPORT]] += before - self._ordered
        if (day + 1) % DAYS_PER_WEEK == 0 or day + 1 == world.clock.end_day:
            before, self._owned = self._owned, _owned_value(world, state)
            money[:, STOCK_CHANGE] += before - self._owned

    def close(self, world: World, state: State, lane_idx: Ints) -> None:
        """Book the log's flows, and make sure that nothing is missing.

        Parameters
        ----------
        world : World
        state : State
            At the replication's end, with its log.
        lane_idx : array of int [day from the replication's first, slot]
            Lane on which orders of the day were placed.

        Raises
        ------
        RuntimeError
            When a kind of cost does not add up to the tally's: a defect, never the input's fault.
        """
        book_flows(self.money, world, state.log, lane_idx)
        booked, tally = self.money.sum(axis=(0, 1))[:NUM_COSTS], state.tally.money[:NUM_COSTS]
        wrong = np.abs(booked - tally) > _ROUNDING * np.abs(tally).sum()
        if wrong.any():
            kind = int(wrong.argmax())
            raise RuntimeError(f"{MONEY[kind]} by product is {booked[kind]:.6g}, of all {tally[kind]:.6g}")


def _by_product(world: World, slot: Ints, amount: Floats) -> Floats:
    summed = np.bincount(slot // world.sizes.num_nodes, amount, world.sizes.num_products)
    return summed.astype(np.float64)


def _shipments(state: State, *places: int) -> tuple[Ints, Ints]:
    """Slots and units of the shipments in some of the places."""
    transit, used = state.transit, int(state.transit.counters[USED])
    there = np.isin(transit.place[:used], places)
    return transit.slot[:used][there], transit.units[:used][there]


def _owned_value(world: World, state: State) -> Floats:
    """Value of all units on hand, in yards and on the way, [product]."""
    used = int(state.transit.counters[USED])
    places = np.unique(state.transit.place[:used])
    slot, units = _shipments(state, *places[places != NOWHERE].tolist())
    every, end_value = np.arange(len(state.stock.on_hand)), world.values.end_value
    on_hand = _by_product(world, every, state.stock.on_hand * end_value)
    return on_hand + _by_product(world, slot, units * end_value[slot])


def _waiting_cost(world: World, state: State) -> Floats:
    """Purchase and transport of what is ordered and has not left, [product, 2]."""
    orders, size = state.orders, int(state.orders.size[0])
    slot, units = orders.detail[:size, DESTINATION_SLOT], np.maximum(orders.units[:size], 0)
    costs = lane_costs(world, slot // world.sizes.num_nodes, orders.detail[:size, LANE])
    return np.stack([_by_product(world, slot, units * cost) for cost in costs], axis=1)


def _held(world: World, state: State) -> Floats:
    """Holding cost of a day, yards included, [product]."""
    slot, units = _shipments(state, IN_YARD)
    every, per_day = np.arange(len(state.stock.on_hand)), world.values.holding_per_day
    return _by_product(world, every, state.stock.on_hand * per_day) + _by_product(world, slot, units * per_day[slot])


def _too_much(world: World, state: State, day: int) -> Floats:
    """Stock in yards, and each product's part of what storage holds above a capacity that fell, m³ [product]."""
    num_nodes, volume = world.sizes.num_nodes, world.products.volume_m3
    slot, units = _shipments(state, IN_YARD)
    yard = _by_product(world, slot, units * volume[slot // num_nodes])
    period = world.clock.period[day - world.clock.first_day]
    excess = np.maximum(state.stock.stored_m3 - world.nodes.storage_m3[:, :, period], 0.0)
    if not excess.any():
        return yard
    stored = state.stock.on_hand.reshape(-1, num_nodes) * volume[:, None]
    share = excess / np.maximum(state.stock.stored_m3, 1e-300)  # [node, storage type]
    above: Floats = (stored * share[:, world.products.storage_type_idx].T).sum(axis=1)
    return yard + above


def _owed(world: World, state: State) -> Floats:
    """Backorder penalties of a day, [product]."""
    customers, size = state.customers, int(state.customers.size[0])
    slot, units = customers.slot[:size], customers.units[:size]
    speed = customers.detail[:size, CLASS] % world.sizes.num_speeds
    penalty = world.penalties.backordered_per_day[slot // world.sizes.num_nodes, speed]
    return _by_product(world, slot, np.maximum(units, 0) * penalty)
