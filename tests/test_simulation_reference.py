"""The engine against the reference simulator, event by event and cent by cent, on the same random draws."""

from collections import Counter
from functools import cache
from itertools import combinations, product

import numpy as np
import pytest
from random_conditions import POLICIES, Features, random_case
from reference_policies import Backwards
from reference_results import (
    amounts_of_engine,
    amounts_of_reference,
    events_of_engine,
    events_of_reference,
    units_of_engine,
    units_of_reference,
)
from reference_simulator import ReferenceSimulator

from meio.simulation.build import build_world
from meio.simulation.replication import Assignment, Setting, run_path
from meio.simulation.transportation import BatchPolicy

NUM_SCENARIOS, GROUP = 240, 20
OUTSIDE = {"batch": BatchPolicy, "backwards": Backwards}  # policies outside the engine
RULES = (  # that decide something only under some conditions
    "orders of several lines",
    "orders of several units",
    "kept whole",
    "split",
    "split for its score",
    "parcels",
    "second round",
    "late in parts",
    "backorder in parts",
    "shortage in proportion",
    "no departure",
    "disrupted node",
    "disrupted lane",
)


@cache
def both(seed):
    """The engine's units and amounts, the reference simulator's, and the rules it used."""
    case, replication = random_case(seed), seed % 3
    protection = case.protection.reshape(*case.protection.shape[:2], -1) if case.policy == "reserve" else None
    outside = OUTSIDE[case.policy](case.compiled.conditions.batch_minutes) if case.policy in OUTSIDE else None
    reference = ReferenceSimulator(case.compiled, case.plan, outside or case.policy, seed, replication, case.protection)
    reference.run()
    world = build_world(case.compiled, case.plan, protection)
    assignment = Assignment(case.policy, min(POLICIES.index(case.policy), len(POLICIES) - len(OUTSIDE)), outside)
    state = run_path(Setting(case.compiled, world, assignment, seed, with_events=True), replication).state
    assert events_of_engine(state) == events_of_reference(reference), f"seed {seed}: events"
    engines = units_of_engine(case.compiled, state), amounts_of_engine(state)
    references = units_of_reference(case.compiled, reference), amounts_of_reference(case.compiled, reference)
    return engines, references, reference.m.used


@pytest.mark.parametrize("first", range(0, NUM_SCENARIOS, GROUP))
def test_engine_and_reference_simulator_agree(first):
    for seed in range(first, first + GROUP):
        (units, amounts), (expected_units, expected_amounts), _ = both(seed)
        for kind, expected in expected_units.items():
            assert units[kind].tolist() == expected.tolist(), f"seed {seed}: {kind}"
        for kind, expected in expected_amounts.items():
            assert amounts[kind] == pytest.approx(expected, rel=1e-9, abs=1e-9), f"seed {seed}: {kind}"


def test_the_scenarios_use_every_rule():
    """Else agreement would say little."""
    rules, units, amounts = Counter(), Counter(), Counter()
    for seed in range(NUM_SCENARIOS):
        (engine_units, engine_amounts), _, used = both(seed)
        rules.update({rule: 1 for rule, times in used.items() if times})
        units.update({kind: int(np.any(number)) for kind, number in engine_units.items()})
        amounts.update({kind: int(np.any(amount)) for kind, amount in engine_amounts.items()})
    assert {rule: rules[rule] for rule in RULES if rules[rule] < 20} == {}
    assert {kind: times for kind, times in (units | amounts).items() if times < 20} == {}


def test_the_scenarios_combine_every_two_features():
    cases = [random_case(seed) for seed in range(NUM_SCENARIOS)]
    switches = {name: [getattr(case.features, name) for case in cases] for name in Features._fields}
    switches |= {policy: [case.policy == policy for case in cases] for policy in POLICIES}
    for one, other in combinations(switches, 2):
        found = set(zip(switches[one], switches[other], strict=True))
        possible = set(product((False, True), repeat=2)) - ({(True, True)} if {one, other} <= set(POLICIES) else set())
        assert found == possible, f"{one} and {other}"
