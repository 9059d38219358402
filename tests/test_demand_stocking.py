"""The cost of stocking by forecasts, against a simulation of one product by hand and the newsvendor's formula."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from meio.demand.rolling import RollingForecasts
from meio.demand.spans import PROBABILITIES, Span
from meio.demand.stocking import StockingCost

LEVELS = np.array(PROBABILITIES)


def past_of(demand, quantile, window, value=1.0):
    """Rolling forecasts whose window quantiles [origin, series, probability] and period demand are given."""
    both = np.stack([quantile, quantile], axis=2)
    outcomes = np.stack([demand, np.full_like(demand, np.nan)], axis=2)
    origins = np.arange(10, 10 + len(demand))
    return RollingForecasts("given", (Span(1, 1), window), 7, origins, both, outcomes, np.full(demand.shape[1], value))


def cost_by_hand(levels, demand, lead, holding, shortage):
    """One product, one period after another."""
    on_hand, arriving, cost = levels[0], [], 0.0
    for period, (level, wanted) in enumerate(zip(levels, demand, strict=True)):
        order = max(level - on_hand - sum(units for _, units in arriving), 0.0)
        arriving.append((period + lead, order))
        on_hand += sum(units for day, units in arriving if day == period)
        arriving = [(day, units) for day, units in arriving if day > period]
        if not np.isnan(wanted):
            cost += holding * max(on_hand - wanted, 0) + shortage * max(wanted - on_hand, 0)
            on_hand = max(on_hand - wanted, 0)
    return cost


@pytest.mark.parametrize("lead", [0, 1, 3])
def test_cost_is_that_of_one_product_at_a_time(lead):
    random = np.random.default_rng(lead)
    demand = random.poisson(6.0, (30, 5)).astype(float)
    demand[4, 2] = np.nan
    quantile = np.sort(random.gamma(20.0, 1.0 + lead, (30, 5, len(LEVELS))), axis=2)
    stocking = StockingCost(Span(1, lead + 1), service=0.9)
    past = past_of(demand, quantile, stocking.window, value=4.0)
    holding = 0.25 * 7 / 365 * 4.0
    expected = [
        cost_by_hand(quantile[:, series, PROBABILITIES.index(0.9)], demand[:, series], lead, holding, 9 * holding)
        for series in range(5)
    ]
    assert stocking.of_series(past) == pytest.approx(expected)
    assert stocking("all", past) == pytest.approx(sum(expected))


def test_without_lead_time_the_cost_is_the_newsvendor_s_and_the_right_quantile_is_cheapest():
    of, service = stats.norm(50, 10), 0.95
    demand = of.ppf((np.random.default_rng(5).permutation(20_000) + 0.5) / 20_000)[:, None]
    stocking = StockingCost(Span(1, 1), service=service)
    holding = 0.25 * 7 / 365
    newsvendor = holding / (1 - service) * 10 * stats.norm.pdf(stats.norm.ppf(service))
    costs = {
        shift: stocking("all", past_of(demand, np.broadcast_to(of.ppf(LEVELS) + shift, (20_000, 1, 15)), Span(1, 1)))
        for shift in (-3.0, 0.0, 3.0)
    }
    assert costs[0.0] / 20_000 == pytest.approx(newsvendor, rel=0.01)
    assert costs[0.0] == min(costs.values())
