"""Levels over time as stock can follow them: what lies at a node leaves only as fast as demand takes it.

A level y of period p can be followed when y + (units taken since the first period) never falls.
"""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import kernel
from meio.optimizer.demand_kernels import shifted


@kernel
def fill_taken(consumed: Floats, lane: Ints, lead_days: Floats, period_days: float, taken: Floats) -> None:
    """Fill the units taken from each position since the first period, one lead time late, [product, node, period]."""
    for product in range(lane.shape[0]):
        for node in range(lane.shape[1]):
            taken[product, node, 0] = 0.0
            lead = lead_days[lane[product, node]] / period_days if lane[product, node] >= 0 else 0.0
            for period in range(1, taken.shape[2]):
                step = period_days * shifted(consumed[product, node], period - lead)
                taken[product, node, period] = taken[product, node, period - 1] + step


@kernel
def level_out(level: Floats, taken: Floats) -> None:
    """Move levels as little as can be, in squares, until they can be followed; all [product, node, period].

    Periods whose levels fall too fast share their average (pooling adjacent violators).
    """
    num_periods = level.shape[2]
    mean, size = np.empty(num_periods), np.empty(num_periods)
    for product in range(level.shape[0]):
        for node in range(level.shape[1]):
            own, gone = level[product, node], taken[product, node]
            pooled = 0
            for period in range(num_periods):
                mean[pooled], size[pooled] = own[period] + gone[period], 1.0
                pooled += 1
                while pooled > 1 and mean[pooled - 1] < mean[pooled - 2]:
                    total = size[pooled - 1] + size[pooled - 2]
                    both = mean[pooled - 1] * size[pooled - 1] + mean[pooled - 2] * size[pooled - 2]
                    mean[pooled - 2], size[pooled - 2] = both / total, total
                    pooled -= 1
            period = 0
            for block in range(pooled):
                for _ in range(int(size[block])):
                    own[period] = max(0.0, mean[block] - gone[period])
                    period += 1
