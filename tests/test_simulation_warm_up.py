"""Warm-up detection: MSER-5 step by step, start-ups of known length, and no false alarm on noise, weeks or seasons."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from random_networks import random_plan

from meio.network.compile import compile_scenario
from meio.network.scenario import load_scenario
from meio.simulation.engine import simulate
from meio.simulation.warm_up import start_up_days, suggested_warm_up, truncation

SEEDS = range(60)
QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.yaml"


def plain_truncation(series):
    """MSER-5 in so many words; of equal errors the first."""
    batches = [sum(series[first : first + 5]) / 5 for first in range(0, len(series) - 4, 5)]
    best, where = np.inf, 0
    for left_out in range(len(batches) // 2 + 1):
        rest = batches[left_out:]
        mean = sum(rest) / len(rest)
        error = sum((value - mean) ** 2 for value in rest) / len(rest) ** 2
        if error < best:
            best, where = error, 5 * left_out
    return where


@pytest.mark.parametrize("seed", range(20))
def test_truncation_is_that_of_mser_5(seed):
    rng = np.random.default_rng(seed)
    days = int(rng.integers(5, 100))
    series = 10 + rng.normal(0, 1, days) + 5 * np.exp(-np.arange(days) / rng.uniform(1, 10))
    assert truncation(series) == plain_truncation(series)


def noise(seed, days=91, replications=10, spread=0.05):
    """Stock that wanders about a level of 1, with a week's rhythm, [replication, day]."""
    rng = np.random.default_rng(seed)
    wander = np.zeros((replications, days))
    shock = rng.normal(0, spread * np.sqrt(1 - 0.8**2), wander.shape)
    wander[:, 0] = rng.normal(0, spread, replications)
    for day in range(1, days):
        wander[:, day] = 0.8 * wander[:, day - 1] + shock[:, day]
    return 1 + wander + 0.1 * np.sin(2 * np.pi * np.arange(days) / 7)


def test_no_start_up_in_noise():
    suggested = [start_up_days(noise(seed), 7) for seed in SEEDS]
    assert np.mean(np.array(suggested) > 0) <= 0.05


@pytest.mark.parametrize("length", [7, 14, 30])
@pytest.mark.parametrize("direction", [0.8, -0.6])
def test_a_start_up_is_found_within_a_few_days(length, direction):
    drift = direction * np.clip(1 - np.arange(91) / length, 0, None)
    suggested = np.array([start_up_days(noise(seed) + drift, 7) for seed in SEEDS])
    assert np.quantile(np.abs(suggested - length), 0.9) <= 0.3 * length + 2


def test_no_stock_at_all_is_no_start_up():
    assert start_up_days(np.zeros((3, 40)), 7) == 0


def quarter(season, warm_up_days=0):
    """The quickstart over 13 weeks with demand that follows a season, and room for everything."""
    settings = [f"horizon.warm_up_days={warm_up_days}", "nodes.FC.storage_m3.standard=unlimited"]
    scenario = load_scenario(QUICKSTART, settings)
    base = scenario.tables["product_demand"].query("period == '*'")
    weeks = [base.assign(period=str(week), mean=base["mean"] * share) for week, share in enumerate(season, start=1)]
    return compile_scenario(replace(scenario, tables={**scenario.tables, "product_demand": pd.concat(weeks)}))


@pytest.fixture(scope="module")
def steady():
    """The same demand in every week, started without stock, and targets for it: 25 days at the DC, 5 at the FC."""
    compiled = quarter(np.ones(13))
    cover_days = np.array([{"DC": 25.0, "FC": 5.0}[node] for node in compiled.names.nodes])
    targets = np.ceil(compiled.demand.daily_mean[:, :1, np.newaxis] * cover_days[:, np.newaxis])
    lane_idx = np.broadcast_to(compiled.lanes.node_ptr[:-1], targets.shape[:2])
    return compiled, replace(random_plan(compiled, 1), lane_idx=lane_idx.copy(), targets=np.repeat(targets, 13, axis=2))


def stock(result):
    return (result.daily["stock_m3"] + result.daily["yard_m3"]).to_numpy().reshape(result.replications, -1)


def test_a_simulated_start_is_told_by_what_a_long_warm_up_changes(steady):
    compiled, plan = steady
    cold = simulate(compiled, plan, replications=10, seed=1, daily=True)
    warm = simulate(compiled._replace(warm_up_days=70), plan, replications=10, seed=1, daily=True)
    excess = np.convolve((stock(cold) - stock(warm)).mean(axis=0), np.ones(7) / 7, "valid") / stock(warm).mean()
    forgotten = int((excess < 0.1).argmax())
    assert forgotten > 10
    assert cold.warm_up_days_suggested == pytest.approx(forgotten, abs=4)
    assert warm.warm_up_days_suggested == 0


def test_given_stock_is_no_start_up(steady):
    compiled, plan = steady
    given = compiled._replace(stock=compiled.stock._replace(given=True))
    assert suggested_warm_up(given, plan, []) == 0


def test_the_horizon_does_not_tell_with_one_replication_or_a_season_at_once(steady):
    compiled, plan = steady
    assert simulate(compiled, plan, replications=1, seed=1).warm_up_days_suggested is None
    falling = replace(plan, targets=plan.targets * np.linspace(2, 1, 13))
    assert simulate(compiled, falling, replications=3, seed=1).warm_up_days_suggested is None


def test_a_peak_later_is_no_start_up(steady):
    """A retailer's year end, with its peak in weeks 9 to 12, after a warm-up."""
    season = np.array([1, 1, 1, 1, 1, 1, 1.05, 1.15, 1.5, 1.65, 1.65, 1.6, 1.2])
    compiled, (_, plan) = quarter(season, warm_up_days=70), steady
    peak = replace(plan, targets=np.round(plan.targets * season))
    paths = stock(simulate(compiled, peak, replications=200, seed=5, daily=True))[:, :49]
    suggested = [start_up_days(paths[first : first + 10], 7) for first in range(0, 200, 10)]
    assert np.mean(np.array(suggested) > 0) <= 0.05
    assert simulate(compiled, peak, replications=10, seed=5).warm_up_days_suggested == suggested[0] == 0
