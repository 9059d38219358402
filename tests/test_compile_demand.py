"""Compiled demand against the tables it came from, looked up row by row."""

from itertools import product as every

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from toy import TABLES, toy_scenario

from meio.network.compile_demand import compile_demand
from meio.network.compiled import Demand, Floats
from meio.network.model import Scenario

PRODUCTS, ZONES = list(TABLES["products"]["product"]), list(TABLES["zones"]["zone"])
SPEEDS, PERIODS = ["same_day", "two_day", "standard"], ["1", "2", "3", "4"]
WHOLE = {"whole": "demand.csv", "products": None, "zone_mix": None, "speed_mix": None}
PARAMETERS = {
    "poisson": ["mean"],
    "negative_binomial": ["mean", "dispersion"],
    "normal": ["mean", "sd"],
    "gamma": ["mean", "sd"],
}
VARIANCE = {
    "poisson": lambda row: row["mean"],
    "negative_binomial": lambda row: row["mean"] * row["dispersion"],
    "normal": lambda row: row["sd"] ** 2,
    "gamma": lambda row: row["sd"] ** 2,
}
seeds = st.integers(0, 2**32 - 1)


def _random_rows(random: np.random.Generator, distribution: str, *keys: list[str]) -> pd.DataFrame:
    """Some of all combinations of the keys and a period or every period, shuffled, with parameters from 1 to 5."""
    cells = [cell for cell in every(*keys, [*PERIODS, "*"]) if random.random() < 0.4]
    columns = [*["product", "zone", "speed"][: len(keys)], "period"]
    parameters = pd.DataFrame({name: random.uniform(1, 5, len(cells)) for name in PARAMETERS[distribution]})
    frame = pd.concat([pd.DataFrame(cells, columns=columns), parameters], axis=1)
    return frame.iloc[random.permutation(len(cells))].reset_index(drop=True)


def _row(rows: list[dict[str, object]], period: str) -> dict[str, object] | None:
    """The period's own row, else the row for every period."""
    by_period = {row["period"]: row for row in rows}
    return by_period.get(period, by_period.get("*"))


def _classes(demand: Demand, per_stream: Floats) -> Floats:
    """Per-stream figures [stream, period] spread over [product, zone, speed, period] by share."""
    spread = np.zeros((len(PRODUCTS), len(ZONES) * len(SPEEDS), len(PERIODS)))
    for p in range(len(PRODUCTS)):
        for j in range(demand.product_ptr[p], demand.product_ptr[p + 1]):
            mix = slice(demand.mix_ptr[demand.mix_idx[j]], demand.mix_ptr[demand.mix_idx[j] + 1])
            spread[p, demand.mix_class_idx[mix]] += np.outer(demand.mix_share[mix], per_stream[j])
    return spread.reshape(len(PRODUCTS), len(ZONES), len(SPEEDS), len(PERIODS))


@settings(max_examples=25)
@given(seeds, st.sampled_from(list(PARAMETERS)))
def test_whole_demand_of_every_class_and_period(seed: int, distribution: str) -> None:
    table = _random_rows(np.random.default_rng(seed), distribution, PRODUCTS, ZONES, SPEEDS)
    demand = compile_demand(toy_scenario({"demand": table}, demand={"distribution": distribution, **WHOLE}))
    means, variances = _classes(demand, demand.daily_mean), _classes(demand, demand.daily_variance)
    rows = {key: group.to_dict("records") for key, group in table.groupby(["product", "zone", "speed"])}
    for (p, product), (z, zone), (s, speed), (t, period) in every(*map(enumerate, (PRODUCTS, ZONES, SPEEDS, PERIODS))):
        row = _row(rows.get((product, zone, speed), []), period)
        assert 7 * means[p, z, s, t] == pytest.approx(row["mean"] if row else 0)
        assert 7 * variances[p, z, s, t] == pytest.approx(VARIANCE[distribution](row) if row else 0)


@settings(max_examples=25)
@given(seeds, st.sampled_from(list(PARAMETERS)))
def test_factorised_demand_of_every_product_and_period(seed: int, distribution: str) -> None:
    table = _random_rows(np.random.default_rng(seed), distribution, PRODUCTS)
    demand = compile_demand(toy_scenario({"product_demand": table}, demand={"distribution": distribution}))
    means = _classes(demand, demand.daily_mean)
    rows = {key: group.to_dict("records") for key, group in table.groupby("product")}
    assert [len(rows.get(product, [])) > 0 for product in PRODUCTS] == (np.diff(demand.product_ptr) == 1).tolist()
    streams = [product for product in PRODUCTS if product in rows]
    for (p, product), (t, period) in every(enumerate(PRODUCTS), enumerate(PERIODS)):
        row = _row(rows.get(product, []), period)
        assert 7 * means[p, ..., t].sum() == pytest.approx(row["mean"] if row else 0)
        if product in streams:
            variance = 7 * demand.daily_variance[streams.index(product), t]
            assert variance == pytest.approx(VARIANCE[distribution](row) if row else 0)


def _shares(scenario: Scenario) -> Floats:
    demand = compile_demand(scenario)
    shares = _classes(demand, np.ones((len(demand.mix_idx), len(PERIODS))))[..., 0]
    np.testing.assert_allclose(shares.sum(axis=(1, 2)), 1)
    assert (demand.mix_share > 0).all()
    return shares


def test_mix_is_the_groups_own_or_that_of_every_group() -> None:
    everyone = np.outer([0.6, 0.1, 0.05, 0.25], [0.2, 0.3, 0.5])
    furniture = np.outer([0.5, 0, 0, 0.5], [0, 0.3, 0.7])
    np.testing.assert_allclose(_shares(toy_scenario()), [everyone, everyone, everyone, furniture])


def test_mix_without_a_table_is_by_population() -> None:
    population = TABLES["zones"]["population"] / TABLES["zones"]["population"].sum()
    shares = _shares(toy_scenario({"zone_mix": None}, demand={"zone_mix": None}))
    np.testing.assert_allclose(shares.sum(axis=2), np.tile(population, (4, 1)))


def test_equal_mixes_are_stored_once() -> None:
    demand = compile_demand(toy_scenario())
    assert len(demand.mix_ptr) - 1 == 2
    assert demand.mix_idx[0] == demand.mix_idx[1] == demand.mix_idx[2] != demand.mix_idx[3]


def _points(demand: Demand, stream: int, period: int) -> tuple[list[float], list[float]]:
    cell = stream * len(PERIODS) + period
    points = slice(demand.table_ptr[cell], demand.table_ptr[cell + 1])
    return demand.table_value[points].tolist(), demand.table_probability[points].tolist()


def test_empirical_demand_draws_from_its_own_periods_points() -> None:
    rows = [
        ("mug", "2", 5.0, 0.5),
        ("mug", "*", 3.0, 0.25),
        ("mug", "*", 1.0, 0.75),
        ("mug", "2", 0.0, 0.5),
        ("kettle", "4", 8.0, 1.0),
    ]
    table = pd.DataFrame(rows, columns=["product", "period", "value", "probability"])
    demand = compile_demand(toy_scenario({"product_demand": table}, demand={"distribution": "empirical"}))
    every_period, second, none = ([1.0, 3.0], [0.75, 1.0]), ([0.0, 5.0], [0.5, 1.0]), ([0.0], [1.0])
    expected = [[every_period, second, every_period, every_period], [none, none, none, ([8.0], [1.0])]]
    assert [[_points(demand, j, t) for t in range(4)] for j in range(2)] == expected
    for (j, points), t in every(enumerate(expected), range(4)):
        value, probability = points[t]
        oracle = stats.rv_discrete(values=(value, np.diff([0, *probability])))
        assert 7 * demand.daily_mean[j, t] == pytest.approx(oracle.mean())
        assert 7 * demand.daily_variance[j, t] == pytest.approx(oracle.var())


def test_quantile_demand_keeps_its_levels() -> None:
    rows = [("sofa", "*", 0.9, 30.0), ("sofa", "*", 0.1, 10.0), ("sofa", "*", 0.5, 20.0), ("sofa", "3", 0.5, 7.0)]
    table = pd.DataFrame(rows, columns=["product", "period", "probability", "value"])
    demand = compile_demand(toy_scenario({"product_demand": table}, demand={"distribution": "quantiles"}))
    for t in (0, 1, 3):
        assert _points(demand, 0, t) == ([10.0, 20.0, 30.0], [0.1, 0.5, 0.9])
    assert _points(demand, 0, 2) == ([7.0], [0.5])
    # constant at 10 and 30 with probability 0.1 each, uniform between with the rest
    np.testing.assert_allclose(7 * demand.daily_mean[0], [20, 20, 7, 20])
    variance = 0.2 * 10**2 + 0.8 * 20**2 / 12
    np.testing.assert_allclose(7 * demand.daily_variance[0], [variance, variance, 0, variance], atol=1e-9)


def test_hourly_profile_sums_to_one() -> None:
    profile = [0.0] * 8 + [2.0] * 8 + [1.0] * 8
    hourly = compile_demand(toy_scenario(horizon={"hourly_profile": profile})).hourly_share
    np.testing.assert_allclose(hourly, np.array(profile) / 24)
