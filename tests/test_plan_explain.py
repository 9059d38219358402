"""A target taken apart: its parts are the kernels' own, they add up, and what is not there is a clear error."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from planning_cases import demand_of, hub_and_coasts, planning_case, planning_scenario, two_coasts
from scipy import stats
from toy import toy_scenario

import meio
from meio.explanation import Explanation, explain
from meio.explanation.subject import subject_of
from meio.explanation.words import explanation_text
from meio.folder import OutputError
from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.optimizer.anatomy import dissect
from meio.optimizer.evaluation import Evaluator
from meio.optimizer.planner import plan
from meio.plans import Plan


@pytest.fixture(scope="module")
def compiled() -> CompiledScenario:
    return compile_scenario(toy_scenario())


@pytest.fixture(scope="module")
def planned(compiled: CompiledScenario) -> Plan:
    return plan(compiled)


def _limited() -> CompiledScenario:
    """Two coasts, the west short of room in some periods, and of hands to receive."""
    use = plan(two_coasts()).use
    room = [float(share * use.storage[WEST].max()) for share in (0.9, 0.7, 0.8)]
    received = 0.9 * float(use.inbound[WEST].max())
    return two_coasts(sites={"west": {"storage_m3": {"standard": room}, "inbound_units_per_day": received}})


WEST = 0
CASES = {
    "toy": (lambda: compile_scenario(toy_scenario()), "mug", "north"),
    "limited": (_limited, "p3", "west"),
    "hub's site": (lambda: hub_and_coasts(sites={"hub": {"storage_m3": {"standard": 1.0}}}), "p1", "east"),
}


def _case(name: str) -> tuple[CompiledScenario, Plan, Explanation]:
    build, product, node = CASES[name]
    compiled = build()
    planned = plan(compiled)
    return compiled, planned, explain(compiled, planned, product, node)


def test_facts_of_a_product_at_a_node(compiled: CompiledScenario, planned: Plan) -> None:
    why = explain(compiled, planned, "mug", "city")
    lane = {"hub→city": (2.0, 0.6, 3.0 / 7.0), "north→city": (1.125, 0.5, 0.0)}[why.lane]  # the hub rests at weekends
    assert why.product == "mug"
    assert why.lead_time_days == lane[0]
    assert why.transport_cost_per_unit == pytest.approx(lane[1])
    assert why.departure_wait_days == pytest.approx(lane[2])
    assert why.window_days == pytest.approx(lane[0] + 1.0 + lane[2])
    assert why.holding_cost_per_unit_day == pytest.approx(2.0 * 0.002 + 0.2 / 365.0 * 4.0)
    assert [one.period for one in why.periods] == [1, 2, 3, 4]
    weekly = [70.0, 70.0, 140.0, 70.0]
    mug, city = compiled.names.products.index("mug"), compiled.names.nodes.index("city")
    for one, mean, target in zip(why.periods, weekly, planned.targets[mug, city], strict=True):
        assert one.target == target
        assert one.national_demand_over_window == pytest.approx(mean / 7.0 * why.window_days)


def test_one_period(compiled: CompiledScenario, planned: Plan) -> None:
    every = explain(compiled, planned, "book", "north").periods
    assert explain(compiled, planned, "book", "north", 3).periods == (every[2],)


def test_the_library_explains_a_scenario(compiled: CompiledScenario, planned: Plan) -> None:
    assert meio.explain(toy_scenario(), planned, "book", "north", 2) == explain(compiled, planned, "book", "north", 2)


@pytest.mark.parametrize("case", CASES)
def test_moves_lead_from_no_prices_to_the_target(case: str) -> None:
    _, _, why = _case(case)
    for one in why.periods:
        assert one.at_no_prices + sum(move.units for move in one.moved_by) == pytest.approx(one.target, abs=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_parts_add_up_to_what_the_kernels_charge_and_save(case: str) -> None:
    compiled, planned, why = _case(case)
    product, node = compiled.names.products.index(why.product), compiled.names.nodes.index(why.node)
    subject = subject_of(compiled, planned, product, node)
    for one in why.periods:
        used, position = one.used_in_period - 1, subject.position(one.period - 1)
        level = np.where(subject.model.serves_customers > 0, position, 0.0)
        of = dissect(subject.model, subject.shared, planned.prices, subject.lane, level, used)
        assert sum(one.overage.values()) == pytest.approx(of.work.charge[node], abs=1e-12)
        assert one.last_unit.charge == pytest.approx(of.work.charge[node], abs=1e-12)
        assert one.last_unit.worth == pytest.approx(of.work.worth[node], abs=1e-12)
        on_the_way = {
            name: part for name, part in one.paid.items() if "price" in name and name != "outbound price here"
        }
        assert sum(on_the_way.values()) == pytest.approx(of.work.paid[node], abs=1e-12)
        assert sum(one.demand.by_speed.values()) == pytest.approx(one.demand.mean, rel=1e-9)
        assert sum(one.demand.by_zone.values()) == pytest.approx(one.demand.mean, rel=1e-9)
        assert sum(gone.share for gone in one.shortages) == pytest.approx(1.0)
        assert one.spill_out == pytest.approx(compiled.period_days * of.work.unserved[node], abs=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_the_last_unit_is_worth_what_following_the_targets_says(case: str) -> None:
    compiled, planned, why = _case(case)
    product, node = compiled.names.products.index(why.product), compiled.names.nodes.index(why.node)
    subject = subject_of(compiled, planned, product, node)
    one = why.periods[1]
    steady = np.repeat(subject.position(1)[None, :, None], compiled.num_periods, axis=2)
    followed = Evaluator(subject.model, subject.shared, 1).follow(planned.prices, subject.lane[None], steady)
    assert one.last_unit.worth == pytest.approx(followed.decisions.worth[0, node, one.used_in_period - 1], abs=1e-12)


def test_shortages_cost_what_spilling_costs() -> None:
    compiled = two_coasts()
    planned = plan(compiled)
    one = explain(compiled, planned, "p3", "west", 2).periods[0]
    assert [(gone.to, gone.share, gone.extra_cost) for gone in one.shortages] == [
        ("east", pytest.approx(1.0), pytest.approx(5.0))
    ]
    assert one.underage == pytest.approx(5.0)


@pytest.mark.parametrize(("mean", "lost", "holding"), [(3.0, 10.0, 0.5), (20.0, 4.0, 0.3), (80.0, 25.0, 0.1)])
def test_the_ratio_gives_a_newsvendors_level(mean: float, lost: float, holding: float) -> None:
    compiled = planning_case(
        demand_of([("item", "town", mean)]),
        {("site", "town"): 1.0},
        speed={"promise": "2 d", "lost": {"per_unit": lost}},
        holding={"per_unit_day": holding},
    )
    one = explain(compiled, plan(compiled), "item", "site", 1).periods[0]
    assert one.target == stats.poisson.ppf(one.critical_ratio, mean)
    assert one.covered == pytest.approx(stats.poisson.cdf(one.target, mean))
    assert one.demand.mean == pytest.approx(mean)
    assert one.demand.sd == pytest.approx(np.sqrt(mean))
    levels = np.arange(2000)
    unmet = stats.poisson.sf(levels[levels >= one.target], mean).sum()
    assert one.spill_out == pytest.approx(unmet, rel=1e-6)
    assert one.units_for_dearer_speeds == 0.0
    assert [(gone.to, gone.share) for gone in one.shortages] == [("lost", 1.0)]


def test_a_normal_newsvendor_is_covered_with_its_ratio() -> None:
    compiled = planning_case(
        demand_of([("item", "town", 40.0, 12.0)], ["mean", "sd"]), {("site", "town"): 1.0}, distribution="normal"
    )
    one = explain(compiled, plan(compiled), "item", "site", 1).periods[0]
    assert one.covered == pytest.approx(one.critical_ratio, abs=1e-6)


def test_units_for_dearer_speeds_against_two_newsvendors() -> None:
    slow, fast, holding, means = 1.2, 60.0, 1.0, {"slow": 3.0, "fast": 9.0}
    speeds: dict[str, Any] = {
        name: {"promise": "2 d", "lost": {"per_unit": 1.0 + worth}} for name, worth in (("slow", slow), ("fast", fast))
    }
    scenario = planning_scenario(
        demand_of([("item", "town", 1.0)]), {("site", "town"): 1.0}, speeds=speeds, holding={"per_unit_day": holding}
    )
    table = pd.DataFrame(
        [("item", "town", name, "*", mean) for name, mean in means.items()],
        columns=["product", "zone", "speed", "period", "mean"],
    )
    compiled = compile_scenario(replace(scenario, tables={**scenario.tables, "demand": table}))
    one = explain(compiled, plan(compiled), "item", "site", 1).periods[0]
    levels = np.arange(60)
    every, dear = stats.poisson.sf(levels, sum(means.values())), stats.poisson.sf(levels, means["fast"])
    charge = sum(one.overage.values())
    slow_worth, fast_worth = (
        next(gone.extra_cost for gone in one.shortages if gone.speed == name) for name in ("slow", "fast")
    )
    best = int((slow_worth * every + (fast_worth - slow_worth) * dear > charge).sum())
    alone = int((slow_worth * every > charge).sum())
    assert one.target == best
    assert one.units_for_dearer_speeds == best - alone
    assert best > alone


def test_room_that_is_short_moves_the_target_down() -> None:
    room = 0.8 * float(plan(two_coasts()).use.storage[WEST].max())
    compiled = two_coasts(sites={"west": {"storage_m3": {"standard": room}}})
    planned = plan(compiled)
    assert planned.prices.storage.max() > 0.0
    one = explain(compiled, planned, "p3", "west", 2).periods[0]
    moved = {move.cause: move.units for move in one.moved_by}
    assert moved["storage price here"] < 0.0
    assert moved["inbound price here"] == moved["outbound price here"] == moved["lane price"] == 0.0
    assert one.storage_price_per_unit_day == pytest.approx(one.overage["storage price"])


def test_no_price_moves_nothing_where_nothing_binds() -> None:
    compiled = two_coasts()
    for one in explain(compiled, plan(compiled), "p2", "east").periods:
        assert {move.cause for move in one.moved_by if move.units != 0.0} <= {"packs", "rounding"}


def test_an_upstream_node_covers_what_it_feeds() -> None:
    compiled = hub_and_coasts()
    planned = plan(compiled)
    one = explain(compiled, planned, "p1", "hub", 2).periods[0]
    targets = {name: planned.targets[1, compiled.names.nodes.index(name), 1] for name in ("west", "east")}
    assert one.feeds == targets
    assert one.demand.mean == pytest.approx(2 * 8.0 / 7.0 * (10.0 + 0.5 * 7.0))
    assert one.demand.sd**2 == pytest.approx(one.demand.mean + 7.0**2 / 12.0 * (2 * 8.0 / 7.0) ** 2)
    mean, excess = one.demand.mean, one.demand.sd**2 - one.demand.mean
    assert one.covered == pytest.approx(stats.nbinom.cdf(one.target, mean**2 / excess, mean / (mean + excess)))
    assert one.last_unit.worth == pytest.approx(one.last_unit.at_node - one.last_unit.charge)
    assert sum(one.demand.by_zone.values()) == pytest.approx(one.demand.mean)


def test_a_period_in_words(compiled: CompiledScenario, planned: Plan) -> None:
    text = explanation_text(explain(compiled, planned, "mug", "north", 3), "EUR")
    assert text.startswith("mug at north: ordered on ")
    for start in ("period 3", "demand", "one short", "one too many", "paid", "last unit", "covered", "spill", "moved"):
        assert f"\n{start} " in text
    assert "EUR a day" in text


def test_every_period_in_a_table(compiled: CompiledScenario, planned: Plan) -> None:
    lines = explanation_text(explain(compiled, planned, "mug", "city"), "EUR").splitlines()
    assert lines[2].split()[:4] == ["period", "target", "demand", "sd"]
    assert [line.split()[0] for line in lines[3:7]] == ["1", "2", "3", "4"]


def test_an_explanation_is_plain_data(compiled: CompiledScenario, planned: Plan) -> None:
    facts = asdict(explain(compiled, planned, "mug", "city", 1))
    assert facts["periods"][0]["moved_by"][0]["cause"] == "storage price here"


@pytest.mark.parametrize(
    ("product", "node", "period", "message"),
    [
        ("mugg", "city", None, "product 'mugg' is not in the scenario; did you mean 'mug'?"),
        ("mug", "sooth", None, "node 'sooth' is not in the scenario; did you mean 'south'?"),
        ("mug", "zzz", None, "node 'zzz' is not in the scenario"),
        ("mug", "city", 0, "period 0 is not in the horizon: expected 1 to 4"),
        ("mug", "city", 5, "period 5 is not in the horizon: expected 1 to 4"),
        ("sofa", "city", None, "the plan does not stock sofa at city: no lane brings it there"),
    ],
)
def test_errors(
    compiled: CompiledScenario, planned: Plan, product: str, node: str, period: int | None, message: str
) -> None:
    with pytest.raises(OutputError) as raised:
        explain(compiled, planned, product, node, period)
    assert str(raised.value) == message
