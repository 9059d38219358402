"""The engine against the plain reference simulator, unit by unit and cent by cent, on the same random draws."""

import numpy as np
import pytest
from random_networks import Size, random_network, random_plan
from reference_simulator import ReferenceSimulator

from meio.simulation.build import build_world
from meio.simulation.replication import Assignment, Setting, run_path
from meio.simulation.tally import DELIVERY_DAYS, DEMAND, LATE_UNITS, LOST_UNITS, MONEY, ON_TIME, OWED_UNITS

KINDS = {
    "demand": DEMAND,
    "on_time": ON_TIME,
    "late": LATE_UNITS,
    "lost": LOST_UNITS,
    "owed": OWED_UNITS,
    "delivery_days": DELIVERY_DAYS,
}


@pytest.mark.parametrize("seed", range(40))
def test_engine_and_reference_simulator_agree(seed):
    size, compiled, plan = _case(seed)
    policy = ("nearest", "priced")[seed % 2]
    reference = ReferenceSimulator(compiled, plan, policy, seed, replication=seed % 3)
    expected = reference.run()
    state = _run(compiled, plan, seed)
    _same_units(state, reference)
    tally = state.tally
    found = {
        (speed, kind): tally.service[speed, place] for speed in range(size.speeds) for kind, place in KINDS.items()
    }
    assert found == pytest.approx({key: expected.service[key] for key in found})
    assert dict(zip(MONEY, tally.money, strict=True)) == pytest.approx({k: expected.money[k] for k in MONEY}, rel=1e-9)


def test_the_random_networks_use_every_rule():
    """Else agreement would say little."""
    totals, service, most = np.zeros(len(MONEY)), np.zeros(7), {}
    for seed in range(40):
        size, compiled, plan = _case(seed)
        tally = _run(compiled, plan, seed).tally
        totals += np.abs(tally.money)
        service += tally.service.sum(axis=0)
        limits = {"inbound": compiled.nodes.inbound_units_per_day, "outbound": compiled.nodes.outbound_units_per_day}
        limits["lane"] = compiled.lanes.capacity_units_per_day
        for name, limit in limits.items():
            by_day = np.repeat(limit, size.period_days, axis=1).T
            most[name] = max(most.get(name, 0), (getattr(tally, name) >= np.floor(by_day)).sum())
        most["yard"] = max(most.get("yard", 0), (tally.yard_m3 > 0).sum())
    assert (totals > 0).all()
    assert (service > 0).all()
    assert min(most.values()) > 5


def _run(compiled, plan, seed):
    assignment = Assignment("", seed % 2)
    return run_path(Setting(compiled, build_world(compiled, plan), assignment, seed), seed % 3).state


def _same_units(state, reference):
    slots = [(product, node) for product in reference.products for node in reference.nodes]
    assert state.stock.on_hand.tolist() == [reference.on_hand[slot] for slot in slots]
    assert state.stock.position.tolist() == [reference.position[slot] for slot in slots]
    for name in ("inbound", "outbound", "lane"):
        daily, expected = getattr(state.tally, name), getattr(reference.m, name)
        assert {place: daily[place] for place in expected} == expected
        assert daily.sum() == sum(expected.values())
    for place, m3 in reference.m.storage.items():
        assert state.tally.storage_m3[place] == pytest.approx(m3)
    assert np.isclose(state.tally.storage_m3.sum(), sum(reference.m.storage.values()))


def _case(seed):
    size = Size(
        products=1 + seed % 4, centres=seed % 3, serving=1 + seed % 4, speeds=1 + seed % 3, warm_up_days=seed % 5
    )
    compiled = random_network(seed, size, tight=seed % 4 != 3)
    return size, compiled, random_plan(compiled, seed + 1000, cover_days=2 + seed % 5)
