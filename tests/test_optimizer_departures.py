"""Waits for a day of departure: closed forms, a plain walk through the calendar, and what the planner makes of them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from planning_cases import demand_of, planning_case
from scipy import stats
from toy import toy_scenario

from meio.network.compile import compile_scenario
from meio.network.model import ALL_WEEK
from meio.optimizer.certificate_model import certificate_model
from meio.optimizer.departures import days_until_departure, departure_days, wait_for_departure
from meio.optimizer.model import planning_model
from meio.optimizer.planner import plan

WEEKDAYS = list(ALL_WEEK[:5])
START = date(2026, 1, 8)  # a Thursday


def _random_case(seed: int, every: tuple[int, ...] = (1, 2, 3, 5, 7, 10, 14)):
    """The toy with any days of shipping, departure and review, from any weekday on."""
    random = np.random.default_rng(seed)

    def some_days() -> list[str]:
        return [str(day) for day in random.permutation(ALL_WEEK)[: random.integers(1, 8)]]

    ends = [("mill", "hub"), ("mill", "north"), ("hub", "north"), ("hub", "south"), ("hub", "city"), ("north", "city")]
    nodes = {name: {"ship_days": some_days()} for name in ("hub", "north", "south", "city")}
    lanes = [
        {
            "from": source,
            "to": destination,
            "lead_time": {"mean": 1},
            "review": {"every": int(random.choice(every)), "offset": int(random.integers(9))},
            "departs": list(dict.fromkeys([*some_days(), *nodes.get(source, {}).get("ship_days", [])[:1]])),
        }
        for source, destination in ends
    ]
    start = {"start": START + timedelta(int(random.integers(7)))}
    return toy_scenario(nodes=nodes, lanes=lanes, horizon=start)


def _leaves(scenario, lane, day: date) -> bool:
    weekday, source = ALL_WEEK[day.weekday()], scenario.file.nodes[lane.source]
    return weekday in lane.departs and weekday in source.ship_days


def _days_until(scenario, lane, day: date) -> int:
    return next(wait for wait in range(8) if _leaves(scenario, lane, day + timedelta(wait)))


def _lanes(scenario, compiled):
    """Lanes of the file by their place among the compiled ones."""
    names = {f"{lane.source}→{lane.destination}": lane for lane in scenario.file.lanes}
    return [names[name] for name in compiled.names.lanes]


@pytest.mark.parametrize("seed", range(12))
def test_waits_are_those_of_a_walk_through_the_calendar(seed: int) -> None:
    scenario = _random_case(seed)
    compiled = compile_scenario(scenario)
    wait, start = wait_for_departure(compiled), scenario.file.horizon.start
    for index, lane in enumerate(_lanes(scenario, compiled)):
        every, offset = int(lane.review.every), int(lane.review.offset)
        reviews = [start + timedelta(day) for day in range(7 * every * 10) if (day - offset) % every == 0]
        waits = [_days_until(scenario, lane, day) for day in reviews]
        assert wait.mean_days[index] == pytest.approx(np.mean(waits), abs=1e-12)
        assert wait.variance[index] == pytest.approx(np.var(waits), abs=1e-12)
        leaves = [_leaves(scenario, lane, date(2026, 1, 5) + timedelta(day)) for day in range(7)]
        assert departure_days(compiled)[index].tolist() == leaves
        until = [_days_until(scenario, lane, date(2026, 1, 5) + timedelta(day)) for day in range(7)]
        assert days_until_departure(compiled)[index].tolist() == until


@pytest.mark.parametrize(
    ("every", "departs", "mean", "variance"),
    [
        ("1 w", ["thu"], 0.0, 0.0),  # the day of the review: the usual case
        ("1 w", ["mon"], 4.0, 0.0),
        ("2 w", ["thu", "sun"], 0.0, 0.0),
        ("1 d", ["mon"], 3.0, 4.0),  # uniform over 0 to 6
        ("1 d", WEEKDAYS, 3 / 7, 5 / 7 - 9 / 49),
        ("2 d", ["tue"], 3.0, 4.0),  # an interval prime to 7 meets every weekday alike
        ("1 d", list(ALL_WEEK), 0.0, 0.0),
    ],
)
def test_closed_forms(every: str, departs: list[str], mean: float, variance: float) -> None:
    lane = {"from": "mill", "to": "hub", "lead_time": {"mean": 1}, "review": {"every": every}, "departs": departs}
    wait = wait_for_departure(compile_scenario(toy_scenario(lanes=[lane], horizon={"start": START})))
    assert wait.mean_days[0] == pytest.approx(mean, abs=1e-15)
    assert wait.variance[0] == pytest.approx(variance, abs=1e-15)
    if mean == 0.0:
        assert (wait.mean_days[0], wait.variance[0]) == (0.0, 0.0)


def test_orders_at_each_demand_wait_from_the_moment_they_are_placed() -> None:
    """Until the midnight of the day of departure: whole days less the time of the day."""
    lane = {"from": "mill", "to": "hub", "lead_time": {"mean": 1}, "review": {"every": 0}, "departs": ["mon"]}
    profile = [0.0] * 8 + [1.0, 3.0, 2.0] + [0.0] * 13
    compiled = compile_scenario(toy_scenario(lanes=[lane], horizon={"hourly_profile": profile}))
    waits, weights = [], []
    for days in range(7):
        for hour, weight in enumerate(profile):
            waits.append(max(0.0, days - (hour + 0.5) / 24))
            weights.append(weight)
    mean = np.average(waits, weights=weights)
    wait = wait_for_departure(compiled)
    assert wait.mean_days[0] == pytest.approx(mean)
    assert wait.variance[0] == pytest.approx(np.average((np.array(waits) - mean) ** 2, weights=weights))


def _site(lead_days: float, lane: dict[str, object], rate: float = 30.0, periods: int = 2):
    """One site, fed by a vendor, that loses what it cannot serve."""
    lanes = [{"from": "vendor", "to": "site", "lead_time": {"mean": lead_days}, **lane}]
    return planning_case(
        demand_of([("item", "zone", rate)]),
        {("site", "zone"): 1.0},
        lanes=lanes,
        periods=periods,
        period_days=7,
        speed={"promise": "2 d", "lost": {"per_unit": 20.0}},
    )


def test_a_constant_wait_is_lead_time() -> None:
    """The horizon begins on a Monday; reviewed on Thursdays, departing on Mondays, is four days more on the way."""
    weekly = {"review": {"every": 7.0, "offset": 3.0}}
    waiting, longer = _site(2.0, {**weekly, "departs": ["mon"]}), _site(6.0, weekly)
    assert planning_model(waiting).lead_days.tolist() == planning_model(longer).lead_days.tolist() == [6.0]
    assert planning_model(waiting).lead_variance.tolist() == [0.0]
    np.testing.assert_array_equal(plan(waiting).targets, plan(longer).targets)


def _cost_of_levels(rate: float, lead: int, waits: list[int], levels: np.ndarray) -> np.ndarray:
    """Holding and shortage per day of a daily review by the exact windows of every review; demand is Poisson."""

    def excess(days: int) -> np.ndarray:
        mean = rate * days
        return mean * stats.poisson.sf(levels - 2, mean) - levels * stats.poisson.sf(levels - 1, mean)

    short = sum(excess(lead + wait + 1) - excess(lead + wait) for wait in waits) / len(waits)
    return 0.1 * levels + 20.0 * short


@pytest.mark.parametrize(("departs", "at_most"), [(["mon"], 0.06), (["mon", "thu"], 0.06), (WEEKDAYS, 0.06)])
@pytest.mark.parametrize("weekly", [7.0, 30.0])
def test_levels_cover_the_wait(departs: list[str], at_most: float, weekly: float) -> None:
    """Daily reviews that wait: near the best level of the exact windows, which levels that know of no wait are not."""
    waits = [next(w for w in range(7) if ALL_WEEK[(day + w) % 7] in departs) for day in range(7)]
    levels = np.arange(1000)
    cost = _cost_of_levels(weekly / 7, 2, waits, levels)
    waiting, at_once = (plan(_site(2.0, lane, weekly, 4)).targets[0, 0, 1] for lane in ({"departs": departs}, {}))
    assert cost[int(waiting)] <= (1.0 + at_most) * cost.min()
    assert cost[int(at_once)] > 1.05 * cost[int(waiting)]


@pytest.mark.parametrize("seed", range(6))
def test_bound_knows_when_orders_can_leave_next(seed: int) -> None:
    """Never later than an order really leaves: reviews, waits and departures followed through the calendar."""
    scenario = _random_case(seed, every=(0, 1, 3, 7, 10))
    compiled = compile_scenario(scenario)
    earliest = certificate_model(compiled).next_departure
    start, num_days = scenario.file.horizon.start, earliest.shape[1]
    for index, lane in enumerate(_lanes(scenario, compiled)):
        every, offset = int(lane.review.every), int(lane.review.offset)
        ordered = [day for day in range(-14, num_days) if every == 0 or (day - offset) % every == 0]
        leaves = {day + _days_until(scenario, lane, start + timedelta(day)) for day in ordered}
        for day in range(num_days):
            later = [left for left in leaves if left >= day + (every > 0)]
            assert earliest[index, day] <= min(later, default=num_days + 30)
            assert _leaves(scenario, lane, start + timedelta(int(earliest[index, day])))
