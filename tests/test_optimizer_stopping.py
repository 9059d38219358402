"""Stop rules: each by itself, together, and in a plan."""

from typing import Any

import pytest
from planning_cases import two_coasts

from meio.network.model import Planning
from meio.optimizer.planner import plan, stop_rule
from meio.optimizer.stopping import AnyOf, GapClosed, MostIterations, MostSeconds, Progress

LONG_AGO = Progress(iteration=1000, dual_gap=1.0, violation=1.0, seconds=1e6)
SMALL: dict[str, Any] = {"sites": {"west": {"storage_m3": {"standard": 0.3}}}}


@pytest.mark.parametrize(
    ("gap", "violation", "stops"), [(0.01, 0.0, True), (0.011, 0.0, False), (0.0, 0.0051, False), (-0.1, 0.0, True)]
)
def test_a_closed_gap_needs_capacity_respected(gap: float, violation: float, stops: bool) -> None:
    assert GapClosed(0.01)(Progress(1, gap, violation, 0.0)) is stops


def test_limits_count_what_they_name() -> None:
    assert not MostIterations(5)(LONG_AGO._replace(iteration=4))
    assert MostIterations(5)(LONG_AGO._replace(iteration=5))
    assert not MostSeconds(5.0)(LONG_AGO._replace(seconds=4.9))
    assert MostSeconds(5.0)(LONG_AGO._replace(seconds=5.0))


def test_any_rule_stops() -> None:
    begun = Progress(1, 1.0, 1.0, 0.0)
    assert not AnyOf(())(begun)
    assert not AnyOf((MostIterations(2), MostSeconds(1.0)))(begun)
    assert AnyOf((MostIterations(2), MostSeconds(1.0)))(begun._replace(seconds=2.0))


def test_the_scenario_sets_the_rules() -> None:
    begun = Progress(2, 1.0, 1.0, 10.0)
    assert not stop_rule(Planning(max_iterations=3))(begun)
    assert stop_rule(Planning(max_iterations=2))(begun)
    assert stop_rule(Planning(max_iterations=3, max_seconds=9.0))(begun)


def test_a_plan_stops_with_the_first_evaluation_after_its_time() -> None:
    compiled = two_coasts(**SMALL)
    assert plan(compiled, Planning(max_seconds=1e-9)).iterations == 1
    assert plan(compiled, Planning(max_seconds=1e9, max_iterations=4, target_gap=1e-12)).iterations == 4
