"""The sampled model: its samples, its linear program and its decomposition against each other and known answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from planning_cases import COASTS, demand_of, hub_and_coasts, planning_case, two_coasts
from scipy import stats

from meio.network.compiled import CompiledScenario
from meio.optimizer.decomposition import SampledOracle, decomposed
from meio.optimizer.demand_samples import demand_samples
from meio.optimizer.extensive import extensive_solution
from meio.optimizer.sampled import SampledModel, largest_program, sampled_model

TIGHT = {"west": {"storage_m3": {"standard": 0.9}}, "east": {"inbound_units_per_day": 9.0}}


def modelled(compiled: CompiledScenario, num_samples: int = 20) -> SampledModel:
    return sampled_model(compiled, num_samples, seed=1)


def with_limit(model: SampledModel, place: int, factor: float) -> SampledModel:
    limit = model.shared.limit.copy()
    limit[place] *= factor
    return model._replace(shared=model.shared._replace(limit=limit))


def test_samples_are_fixed_by_seed_and_product():
    many, few = two_coasts(6), two_coasts(3)
    window = np.full(6, 10.0)
    drawn = demand_samples(many, window, 30, 5)
    np.testing.assert_array_equal(drawn[:3], demand_samples(few, window[:3], 30, 5))
    assert (drawn != demand_samples(many, window, 30, 6)).any()


def test_samples_have_the_moments_of_their_window():
    compiled = two_coasts(2)
    drawn = demand_samples(compiled, np.array([10.0, 3.0]), 4000, 0)
    daily = compiled.demand.daily_mean[:, 0].reshape(2, 2).sum(axis=1)
    total = drawn.sum(axis=3)[:, 0]
    for product, days in enumerate((10.0, 3.0)):
        mean = days * daily[product]
        assert total[product].mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / 4000))
        assert total[product].var() == pytest.approx(mean, rel=0.15)


def test_window_starts_in_the_middle_of_its_period():
    demand = pd.DataFrame(
        [("p0", "seattle", "1", 7.0), ("p0", "seattle", "2", 70.0)], columns=["product", "zone", "period", "mean"]
    )
    compiled = planning_case(demand, {("west", "seattle"): 3.0}, periods=2, period_days=7)
    mean = demand_samples(compiled, np.array([7.0]), 4000, 0).sum(axis=3).mean(axis=2)[0]
    np.testing.assert_allclose(mean, [0.5 * 7.0 + 0.5 * 70.0, 70.0], rtol=0.02)


def test_waiting_customers_cost_half_a_window():
    speed = {"promise": "2 d", "when_unserved": "backordered", "backordered_per_day": {"per_unit": 0.5}}
    lanes = [{"from": "vendor", "to": "west", "lead_time": {"mean": 4.0}, "cost": {"per_unit": 1.0}}]
    compiled = planning_case(demand_of([("p0", "seattle", 5.0)]), {("west", "seattle"): 3.0}, speed=speed, lanes=lanes)
    model = modelled(compiled)
    assert model.window_days[0] == 5.0
    assert model.service_cost.item() == pytest.approx(1.0 + 3.0)
    assert model.unserved_cost.item() == pytest.approx(4.0 + 0.5 * 2.5)


def test_shorter_window_turns_its_stock_more_often():
    lanes = [
        {"from": "vendor", "to": "west", "lead_time": {"mean": 7.0}},
        {"from": "vendor", "to": "east", "lead_time": {"mean": 1.0}},
    ]
    model = modelled(planning_case(demand_of([("p0", "seattle", 5.0)]), COASTS, lanes=lanes))
    np.testing.assert_allclose(model.turns, [[1.0, 4.0]])


def test_samples_of_a_table_keep_its_totals():
    table = pd.DataFrame(
        [("p0", "seattle", quantile, 12.0) for quantile in (0.1, 0.9)],
        columns=["product", "zone", "probability", "value"],
    )
    compiled = planning_case(table, {("west", "seattle"): 3.0}, distribution="quantiles", periods=2, period_days=7)
    drawn = demand_samples(compiled, np.array([7.0]), 2000, 0).sum(axis=3)
    assert drawn.mean() == pytest.approx(12.0, rel=0.02)


def test_one_node_is_the_newsvendor():
    compiled = planning_case(
        demand_of([("p0", "seattle", 30.0)]), {("west", "seattle"): 3.0}, holding={"per_unit_day": 2}
    )
    model = modelled(compiled, 200)
    level = extensive_solution(model).level[0, 0, 0]
    demand = np.sort(model.demand[0, 0, :, 0])
    ratio = 1.0 - 2.0 * model.window_days[0] / (10.0 - 3.0)  # lost 10, shipping 3
    assert level == demand[int(np.ceil(ratio * 200)) - 1]
    assert level == pytest.approx(stats.poisson.ppf(ratio, 30.0 * model.window_days[0]), rel=0.1)


@pytest.mark.parametrize("name", ["coasts", "three layers of limits", "hub"])
def test_decomposition_and_linear_program_agree(name):
    compiled = {
        "coasts": lambda: two_coasts(8, sites=TIGHT),
        "three layers of limits": lambda: two_coasts(
            8, sites={**TIGHT, "west": {**TIGHT["west"], "outbound_units_per_day": 8.0}}
        ),
        "hub": lambda: hub_and_coasts(sites={"hub": {"inbound_units_per_day": 4.0}}),
    }[name]()
    model = modelled(compiled)
    ascent, program = decomposed(model, 1e-5, 100, workers=1), extensive_solution(model)
    assert model.period_days * ascent.rounds[-1].highest == pytest.approx(program.cost, rel=1e-4)
    assert (program.prices > 0).any()
    at_duals = SampledOracle(model, 1, workers=1)(program.prices)
    value = at_duals.cost.sum() + (at_duals.use.sum(axis=0) - model.shared.limit) @ program.prices
    assert model.period_days * value == pytest.approx(program.cost, rel=1e-6)


def test_answers_do_not_depend_on_workers_or_on_the_way_there():
    model = modelled(two_coasts(8, sites=TIGHT))
    prices = np.random.default_rng(0).uniform(0, 1, len(model.shared.limit))
    fresh = SampledOracle(model, 4, workers=1)
    travelled = SampledOracle(model, 4, workers=2)
    travelled(3.0 * prices)
    one, other = fresh(prices), travelled(prices)
    value = one.cost + one.use @ prices
    np.testing.assert_allclose(other.cost + other.use @ prices, value, rtol=1e-9)
    np.testing.assert_array_equal(SampledOracle(model, 4, workers=2)(prices).level, one.level)


def test_use_of_blocks_adds_up():
    model = modelled(two_coasts(8, sites=TIGHT))
    answer = SampledOracle(model, 3, workers=1)(np.zeros(len(model.shared.limit)))
    np.testing.assert_allclose(answer.use.sum(axis=0), model.shared.use(answer.level, answer.flow))


def test_without_binding_capacity_no_price():
    wide = {"west": {"storage_m3": {"standard": 1e5}}, "east": {"inbound_units_per_day": 1e5}}
    model = modelled(two_coasts(4, sites=wide))
    assert (extensive_solution(model).prices == 0).all()
    assert (decomposed(model, 1e-9, 20, workers=1).prices == 0).all()


def test_duals_are_what_capacity_is_worth():
    model = modelled(two_coasts(8, sites=TIGHT))
    base = extensive_solution(model)
    for place in np.flatnonzero(base.prices > 0)[:3]:
        step = 1e-3 * model.shared.limit[place] * model.period_days
        more, less = (extensive_solution(with_limit(model, place, 1.0 + s)).cost for s in (1e-3, -1e-3))
        low, high = (base.cost - more) / step, (less - base.cost) / step
        assert -1e-9 <= low <= base.prices[place] * (1 + 1e-6)
        assert base.prices[place] <= high * (1 + 1e-6)


def test_linear_program_respects_capacity():
    model = modelled(two_coasts(8, sites=TIGHT))
    solution = extensive_solution(model)
    assert (model.shared.use(solution.level, solution.flow) <= model.shared.limit * (1 + 1e-7)).all()


def test_rising_levels_are_received():
    compiled = two_coasts(2, sites={"west": {"inbound_units_per_day": 9.0}})
    model = modelled(compiled)
    level, flow = np.zeros(model.cells), np.zeros(model.cells)
    level[0, 0] = [3.0, 10.0, 3.0]
    flow[1, 0] = [1.0, 2.0, 4.0]
    np.testing.assert_allclose(model.shared.use(level, flow), [1.0, 2.0 + 1.0, 4.0 - 1.0])


def test_hub_is_paid_on_the_way():
    model = modelled(hub_and_coasts(sites={"hub": {"inbound_units_per_day": 4.0, "outbound_units_per_day": 5.0}}))
    flow = np.zeros(model.cells)
    flow[0, 1:] = 1.0  # west and east
    np.testing.assert_allclose(model.shared.use(np.zeros(model.cells), flow), 2.0)


def test_size_is_known_without_samples():
    compiled = two_coasts(5)
    assert largest_program(compiled, 20) == 5 * 2 * 2 * 3 * 20  # products, nodes, zones, periods, samples
    assert largest_program(planning_case(demand_of([("p0", "nowhere", 3.0)]), COASTS), 20) == 0
