"""What a replan plans: levels of demand learned from days seen, and the scenario of the periods left."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning_cases import COASTS, demand_of, planning_scenario
from toy import TABLES, toy_scenario

from meio.closed_loop.levels import SPREAD, Expected, levels, scaled
from meio.closed_loop.remaining import remaining
from meio.network.changes import Changes, changed
from meio.network.compile import compile_scenario


@given(
    st.lists(st.tuples(st.integers(0, 400), st.floats(0.5, 300.0), st.floats(0.5, 5.0)), min_size=1, max_size=6),
)
@settings(max_examples=50)
def test_levels_are_the_best_linear_estimate(products):
    observed, mean, dispersion = (np.array(column) for column in zip(*products, strict=True))
    found = levels(observed, Expected(mean, mean * dispersion))
    prior = SPREAD**2 * (np.eye(len(mean)) + np.ones((len(mean), len(mean))))
    noise = np.diag(dispersion / mean)
    expected = 1.0 + prior @ np.linalg.solve(prior + noise, observed / mean - 1.0)
    assert found == pytest.approx(expected, rel=1e-9)


def test_a_poisson_product_among_known_ones_has_the_gamma_posterior_mean():
    known = 10**7  # products that together fix the common level at 1
    observed, mean = np.array([30, known]), np.array([20.0, known])
    found = levels(observed, Expected(mean, np.array([20.0, 1e-9])))
    common = (1.0 + 20 / 45 * 1.5 + 1.0) / (1.0 + 20 / 45 + 1.0)
    assert found[0] == pytest.approx((25 * common + 30) / (25 + 20))


def test_a_product_without_a_forecast_takes_the_common_level():
    assert levels(np.array([0, 60]), Expected(np.array([0.0, 40.0]), np.array([0.0, 40.0])))[0] > 1.0


@pytest.mark.parametrize("distribution", ["poisson", "negative_binomial", "normal", "gamma", "empirical", "quantiles"])
def test_demand_at_another_level_is_that_of_a_scaled_scenario(distribution):
    columns = {
        "negative_binomial": ["mean", "dispersion"],
        "normal": ["mean", "sd"],
        "gamma": ["mean", "sd"],
        "empirical": ["value", "probability"],
        "quantiles": ["probability", "value"],
    }.get(distribution, ["mean"])
    points = [(4.0, 0.25), (9.0, 0.75)] if distribution == "empirical" else [(0.1, 4.0), (0.9, 9.0)]
    rows = [(name, "seattle", *(point[: len(columns)])) for name in ("a", "b") for point in points]
    if distribution not in ("empirical", "quantiles"):
        rows = [("a", "seattle", *(8.0, 2.0)[: len(columns)]), ("b", "seattle", *(5.0, 3.0)[: len(columns)])]
    scenario = planning_scenario(demand_of(rows, columns), COASTS, distribution=distribution, periods=3)
    expected = compile_scenario(changed(scenario, Changes(demand_scale={"a": 1.5, "b": 0.5}))).demand
    found = scaled(compile_scenario(scenario).demand, np.array([1.5, 0.5]))
    for name, part in expected._asdict().items():
        assert getattr(found, name) == pytest.approx(part), name


def test_what_is_left_is_the_scenario_written_for_the_later_weeks():
    both = {"mug": 70.0, "book": 21.0, "kettle": 7.0, "sofa": 3.5}
    later = pd.DataFrame(
        [(name, "*", mean, 1.0) for name, mean in both.items()]
        + [("mug", "1", 140.0, 1.5), ("kettle", "1", 14.0, 2.0)],
        columns=TABLES["product_demand"].columns,
    )
    whole = later.assign(period=later["period"].replace("1", "3"))
    nodes = {"north": {"storage_m3": {"bulky": [24.0, 20.0]}}, "south": {"outbound_units_per_day": [100.0, 80.0]}}
    expected = compile_scenario(
        toy_scenario({"product_demand": later}, horizon={"start": "2026-01-19", "periods": 2}, nodes=nodes)
    )
    full = compile_scenario(toy_scenario({"product_demand": whole}, horizon={"warm_up_days": 9}))
    found = remaining(full, 2, full.stock)
    for part, name in ((expected, "start"), (expected, "first_weekday"), (expected, "num_periods")):
        assert getattr(found, name) == getattr(part, name)
    assert found.warm_up_days == 0
    for name in ("nodes", "lanes", "demand", "outbound", "products"):
        for field, part in getattr(expected, name)._asdict().items():
            np.testing.assert_array_equal(getattr(getattr(found, name), field), part, err_msg=f"{name}.{field}")


def test_reviews_stay_on_their_days():
    lanes = [{"from": "vendor", "to": "west", "review": {"every": 7.0, "offset": 2.0}, "lead_time": {"mean": 1.0}}]
    rows = [("a", "seattle", 4.0)]
    small = planning_scenario(demand_of(rows), {("west", "seattle"): 1.0}, lanes=lanes, periods=4, period_days=5)
    compiled = compile_scenario(small)
    assert remaining(compiled, 3, compiled.stock).first_weekday == 1
    left = remaining(compiled, 3, compiled.stock).lanes
    days = np.arange(15, 60)
    reviewed = (days - 2) % 7 == 0
    assert (((days - 15) - left.review_offset_days[0]) % 7 == 0).tolist() == reviewed.tolist()


@pytest.mark.parametrize("distribution", ["empirical", "quantiles"])
def test_points_of_later_periods_are_kept(distribution):
    rows = [
        (name, "seattle", value + period, probability, period)
        for name in ("a", "b")
        for period in (1, 2, 3)
        for value, probability in ((2.0, 0.2), (5.0, 0.3 if distribution == "empirical" else 0.8))[: 1 + period % 2 + 1]
    ]
    demand = pd.DataFrame(rows, columns=["product", "zone", "value", "probability", "period"])
    later = demand[demand["period"] > 1].assign(period=lambda rows: rows["period"] - 1)
    full, expected = (
        compile_scenario(planning_scenario(table, COASTS, distribution=distribution, periods=periods))
        for table, periods in ((demand, 3), (later, 2))
    )
    for name, part in expected.demand._asdict().items():
        np.testing.assert_array_equal(getattr(remaining(full, 1, full.stock).demand, name), part, err_msg=name)
