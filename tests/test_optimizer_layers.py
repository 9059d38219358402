"""Deeper networks: Clark and Scarf's chain by a recursion of its own, conservation of flows, prices and what they buy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from planning_cases import demand_of, evaluator, planning_case
from scipy import stats

from meio.network.compiled import CompiledScenario
from meio.optimizer.prices import no_prices

BACKORDERED = {"promise": "2 d", "when_unserved": "backordered", "backordered_per_day": {"per_unit": 2.0}}


def chain(
    leads: list[float], holding: list[float], rate: float, review: float = 1.0, **fields: Any
) -> CompiledScenario:
    """A vendor and stages in a row, the last of which serves; `leads` and `holding` from upstream down."""
    names = [*(f"stage{index}" for index in range(len(leads) - 1)), "site"]
    lanes = [
        {"from": source, "to": node, "lead_time": {"mean": lead}, "review": {"every": review}}
        for source, node, lead in zip(["vendor", *names], names, leads, strict=False)
    ]
    sites = {name: {"holding": {"per_unit_day": cost}} for name, cost in zip(names, holding, strict=True)}
    demand = demand_of([("item", "town", rate)])
    return planning_case(demand, {("site", "town"): 1.0}, sites=sites, lanes=lanes, **fields)


def _clark_scarf(leads: list[float], holding: list[float], rate: float, backorder: float) -> tuple[list[int], float]:
    """Echelon levels from upstream down and least cost per day, by recursion on a grid, all stages reviewing daily."""
    units = np.arange(120)  # more than any window's demand
    grid = np.arange(-units.size * len(leads), 300)
    window = stats.poisson.pmf(units, rate * (leads[-1] + 1.0))
    backlog = np.maximum(units[None, :] - grid[:, None], 0.0) @ window
    upstream = [0.0, *holding]
    cost = (holding[-1] - upstream[-2]) * grid + (backorder + holding[-1]) * backlog
    levels = [int(grid[np.argmin(cost)])]
    for stage in range(len(leads) - 2, -1, -1):
        best = int(np.argmin(cost))
        allocated = np.where(np.arange(grid.size) < best, cost, cost[best])
        mean, half_a_day = rate * (leads[stage] + 0.5), rate**2 / 12.0  # an order comes at any moment between reviews
        demand = stats.nbinom.pmf(units, mean**2 / half_a_day, mean / (mean + half_a_day))
        grid = grid[units.size :]
        smeared = np.convolve(allocated, demand)[units.size : allocated.size]
        cost = (holding[stage] - upstream[stage]) * grid + smeared
        levels.insert(0, int(grid[np.argmin(cost)]))
    passing = sum(cost * (lead + 0.5) for cost, lead in zip(holding[:-1], leads[:-1], strict=True))
    return levels, float(cost.min()) - rate * (holding[-1] * (leads[-1] + 1.0) + passing)


CHAINS = [
    ([4.0, 6.0, 3.0], [0.1, 0.2, 0.3], 1.0),
    ([9.0, 2.0, 5.0], [0.05, 0.06, 0.4], 2.5),
    ([5.0, 7.0, 2.0, 4.0], [0.05, 0.1, 0.2, 0.4], 1.5),
    ([12.0, 3.0, 3.0, 1.0], [0.1, 0.11, 0.12, 0.13], 0.6),
]


@pytest.mark.parametrize(("leads", "holding", "rate"), CHAINS)
def test_a_chain_has_clark_and_scarfs_levels_and_cost(leads: list[float], holding: list[float], rate: float) -> None:
    compiled = chain(leads, holding, rate, speed=BACKORDERED)
    evaluate = evaluator(compiled)
    planned = evaluate(no_prices(evaluate.shared.limit))
    levels, cost = _clark_scarf(leads, holding, rate, 2.0)
    assert planned.decisions.level[0, :, 0].tolist() == levels
    assert planned.cost - rate == pytest.approx(cost, rel=1e-6)  # a package costs 1
