"""No unit is lost, and a lost one would be found and named."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import Size, random_network, random_plan

from meio.simulation import replication
from meio.simulation.build import build_world
from meio.simulation.conservation import ConservationError, imbalance_of, raise_imbalance
from meio.simulation.empty_state import new_state
from meio.simulation.engine import simulate
from meio.simulation.replication import Assignment, Setting, run_path, run_replication
from meio.simulation.state import IN_YARD, ON_THE_WAY

sizes = st.builds(
    Size,
    products=st.integers(1, 5),
    centres=st.integers(0, 2),
    serving=st.integers(1, 4),
    vendors=st.integers(1, 2),
    zones=st.integers(1, 4),
    weight_classes=st.integers(1, 2),
    speeds=st.integers(1, 3),
    types=st.integers(1, 3),
    periods=st.integers(1, 3),
    period_days=st.integers(1, 6),
    warm_up_days=st.integers(0, 7),
    daily_mean=st.floats(0.1, 8),
)


@settings(max_examples=80)
@given(seed=st.integers(0, 10**6), size=sizes, policy=st.sampled_from(["nearest", "priced"]), cover=st.floats(0.5, 12))
def test_every_unit_is_accounted_for(seed, size, policy, cover):
    compiled = random_network(seed, size)
    result = simulate(compiled, random_plan(compiled, seed, cover), replications=2, seed=seed, policy=policy, workers=1)
    assert result.units_lost == 0
    service = result.service
    assert (service["demand"] == service["filled"] + service["lost"] + service["owed"]).all()
    assert (service["filled"] == service["on_time"] + service["late"]).all()


@pytest.fixture(scope="module")
def ended():
    """A network and the state at the end of a replication with goods on the way, waiting and owed."""
    compiled = random_network(11, Size(products=4, serving=4, daily_mean=4.0))
    world = build_world(compiled, random_plan(compiled, 11))
    state = run_path(Setting(compiled, world, Assignment("priced", 1), seed=1), 0).state
    assert (state.transit.place == ON_THE_WAY).any()
    return compiled, state


def drop_receipt(state):
    shipment = np.flatnonzero(state.transit.place == ON_THE_WAY)[0]
    state.transit.units[shipment] -= 1
    return state.transit.slot[shipment], "what was ordered"


def drop_from_shelf(state):
    state.stock.on_hand[3] -= 1
    return 3, "closing stock"


def forget_order(state):
    state.stock.position[2] -= 1
    return 2, "inventory position"


@pytest.mark.parametrize("plant_bug", [drop_receipt, drop_from_shelf, forget_order])
def test_a_lost_unit_is_named(ended, plant_bug):
    compiled, state = ended
    slots = state._replace(
        stock=state.stock._replace(on_hand=state.stock.on_hand.copy(), position=state.stock.position.copy()),
        transit=state.transit._replace(units=state.transit.units.copy()),
    )
    slot, rule = plant_bug(slots)
    product, node = divmod(int(slot), len(compiled.names.nodes))
    where = f"product {compiled.names.products[product]} at {compiled.names.nodes[node]}, day 9 of replication 3"
    with pytest.raises(ConservationError, match=f"{re.escape(where)}: .*{rule}.* \\(-1 units\\)"):
        raise_imbalance(imbalance_of(slots), compiled.names, replication=2, day=8)


def test_a_lost_order_is_named(ended):
    compiled, state = ended
    lost = state.ledger.lost.copy()
    lost[1] += 2
    tampered = state._replace(ledger=state.ledger._replace(lost=lost))
    with pytest.raises(ConservationError, match=r"product product 1, day 1 of replication 1: sold .* \(\+2 units\)"):
        raise_imbalance(imbalance_of(tampered), compiled.names, replication=0, day=0)


def test_the_simulation_stops_with_the_first_day_that_does_not_balance(monkeypatch):
    compiled = random_network(11, Size(warm_up_days=2))

    def one_unit_too_many(*arguments, **options):
        state = new_state(*arguments, **options)
        state.ledger.sold[0] += 1
        return state

    monkeypatch.setattr(replication, "new_state", one_unit_too_many)
    with pytest.raises(
        ConservationError, match=r"product product 0 at centre 0, day -1 of replication 1: .* \(\+1 units\)"
    ):
        simulate(compiled, random_plan(compiled, 1), replications=1, seed=1)


def test_a_receipt_that_is_dropped_is_caught_and_named():
    """A defect planted in a running simulation: one shipment vanishes on day 4."""
    compiled = random_network(11, Size(products=4, serving=4, daily_mean=4.0))
    dropped = []

    def lose_a_shipment(state, world, _day):
        shipment = np.flatnonzero(state.transit.place == ON_THE_WAY)[-1]
        state.transit.place[shipment] = IN_YARD  # off the road, and nobody takes it in
        dropped.append((int(state.transit.slot[shipment]), int(state.transit.units[shipment])))
        state.transit.units[shipment] = 0
        return world

    world = build_world(compiled, random_plan(compiled, 11))
    setting = Setting(compiled, world, Assignment("priced", 1), 1, adapt_days=(3,), new_adapt=lambda _: lose_a_shipment)
    with pytest.raises(ConservationError) as caught:
        run_replication(setting, 0)
    slot, units = dropped[0]
    product, node = divmod(slot, len(compiled.names.nodes))
    where = f"product {compiled.names.products[product]} at {compiled.names.nodes[node]}, day 4 of replication 1"
    assert str(caught.value).startswith(where)
    assert f"is not what was ordered (-{units} units)" in str(caught.value)
