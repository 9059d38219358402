"""Disruptions, departure days, shared shortage, and the record of events."""

import numpy as np
import pytest
from random_networks import Size, random_network, random_plan

from meio.network.compiled import Disruptions
from meio.simulation.build import build_world
from meio.simulation.capacity import daily_capacity
from meio.simulation.engine import simulate
from meio.simulation.events import EVENTS
from meio.simulation.replication import Assignment, Setting, run_path

SIZE = Size(products=4, serving=3, period_days=10, daily_mean=6.0)


@pytest.fixture(scope="module")
def network():
    compiled = random_network(8, SIZE, tight=False)
    return compiled, random_plan(compiled, 8, cover_days=4)


def disrupted(compiled, node=-1, lane=-1, days=(5, 12), share=0.0):
    one = Disruptions(*(np.array([value]) for value in (node, lane, *days, share)))
    return compiled._replace(conditions=compiled.conditions._replace(disruptions=one))


def events_of(compiled, plan, policy=1, seed=3):
    setting = Setting(compiled, build_world(compiled, plan), Assignment("", policy), seed, with_events=True)
    state = run_path(setting, 0).state
    size = state.log.size[0]
    log = {name: values[:size] for name, values in state.log._asdict().items() if name != "size"}
    return state, log, np.floor(log["minute"] / 1440)


def test_a_node_that_is_down_neither_receives_nor_ships(network):
    compiled, plan = network
    node = 1
    used = simulate(disrupted(compiled, node=node), plan, replications=1, seed=3)
    state, log, day = events_of(disrupted(compiled, node=node), plan)
    stored = (log["kind"] == EVENTS.index("stored")) & (log["node_idx"] == node)
    assert stored.any()
    assert not (stored & (day >= 5) & (day < 12)).any()
    assert state.tally.outbound[5:12, node].sum() == 0
    assert state.tally.outbound[12:, node].sum() > 0
    assert used.units_lost == 0


def test_a_lane_that_is_down_carries_nothing_and_catches_up(network):
    compiled, plan = network
    lane = int(np.bincount(plan.lane_idx[plan.lane_idx >= 0]).argmax())
    state = events_of(disrupted(compiled, lane=lane), plan)[0]
    assert state.tally.lane[5:12, lane].sum() == 0
    assert state.tally.lane[12, lane] >= state.tally.lane[:5, lane].mean()


def test_part_of_a_capacity_is_left():
    compiled = random_network(9, SIZE, tight=True)
    node = int(np.isfinite(compiled.nodes.inbound_units_per_day).all(axis=1).argmax())
    usual, less = daily_capacity(compiled), daily_capacity(disrupted(compiled, node=node, share=0.25))
    place = np.arange(compiled.warm_up_days + 5, compiled.warm_up_days + 12)
    assert less.inbound[place, node] == pytest.approx(0.25 * usual.inbound[place, node])
    assert np.delete(less.inbound, place, axis=0).tolist() == np.delete(usual.inbound, place, axis=0).tolist()


def test_a_lane_departs_on_its_days_only(network):
    compiled, plan = network
    lane, weekdays = int(np.bincount(plan.lane_idx[plan.lane_idx >= 0]).argmax()), [0, 3]
    departs = compiled.lanes.departs.copy()
    departs[lane] = np.isin(np.arange(7), weekdays)
    state = events_of(compiled._replace(lanes=compiled.lanes._replace(departs=departs)), plan)[0]
    days = np.flatnonzero(state.tally.lane[:, lane])
    assert len(days) > 2
    assert set((compiled.first_weekday + days) % 7) <= set(weekdays)


def test_a_shortage_is_shared_in_proportion(network):
    from meio.simulation.replenishment_kernels import share_out

    compiled, plan = network
    state = events_of(compiled, plan)[0]
    state.stock.on_hand[2], state.stock.owed[2], state.stock.on_hand[9], state.stock.owed[9] = 12, 2, 100, 0
    source_slot, slots, units = np.array([2, 2, 9, 2]), np.arange(4), np.array([5, 10, 3, 6])
    granted = units.copy()
    share_out(state, source_slot, slots, units, granted)
    assert granted.tolist() == [2, 5, 3, 3]  # 10 of 21: 2.38, 4.76, 2.86


def test_events_tell_every_unit(network):
    state, log, _ = events_of(*network)

    def units(*names):
        return int(log["units"][np.isin(log["kind"], [EVENTS.index(name) for name in names])].sum())

    assert units("ordered") == state.ledger.demand.sum()
    assert units("shipped", "shipped_late", "shipped_owed") == state.ledger.sold.sum()
    assert units("lost") == state.ledger.lost.sum()
    assert units("stored") == state.ledger.received.sum()
    assert units("departed") == units("arrived") + _on_the_way(state) - _opened(network[0])
    assert (np.diff(log["minute"]) >= 0).all()


def _on_the_way(state):
    from meio.simulation.state import ON_THE_WAY

    return int(state.transit.units[state.transit.place == ON_THE_WAY].sum())


def _opened(compiled):
    """Units of orders placed before the first day."""
    return int(compiled.stock.order_units.sum())


def test_nothing_is_recorded_that_nobody_asked_for(network):
    compiled, plan = network
    setting = Setting(compiled, build_world(compiled, plan), Assignment("", 1), 3)
    assert len(run_path(setting, 0).state.log.kind) == 0
