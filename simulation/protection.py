"""Units that a node keeps for faster speeds: Littlewood's rule, for the assignment policy `reserve`.

An order takes a node's unit only if what the unit saves now is at least what it can be expected to save for a faster
order before the next delivery. References: Littlewood (1972), "Forecasting and control of passenger bookings", AGIFORS
Symposium 12; Topkis (1968), "Optimal ordering and rationing policies in a nonstationary dynamic inventory model with n
demand classes", Management Science 15.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.plans import Plan

LEAST_EXPOSURE_DAYS = 0.5


def protection_levels(compiled: CompiledScenario, plan: Plan) -> Ints:
    """Units that orders of each speed must leave at a node, [speed, period, slot]; never more than its target.

    The largest number y with P(demand of faster speeds until the next delivery ≥ y) > cost of turning an order of this
    speed away ÷ mean cost of turning a faster one away, where that demand is Poisson. Turning away costs the difference
    to the next-best node that stocks the product and is in time when it ships on the day of the order (outbound cost,
    outbound price and unit value), or else the unserved unit's penalty, late shipping or days of waiting.
    """
    from meio.simulation.protection_kernels import turned_away

    exposure_days = _exposure_days(compiled, plan)
    faster = np.less.outer(compiled.outbound.promise_days, compiled.outbound.promise_days).T  # [speed, faster speed]
    levels = np.empty((len(faster), compiled.num_periods, plan.lane_idx.size), dtype=np.int64)
    for period in range(compiled.num_periods):
        charge = plan.unit_value[:, :, period] + plan.prices.outbound[:, period]
        sums = turned_away(
            period,
            compiled.demand,
            compiled.outbound,
            compiled.penalties,
            compiled.products.weight_class_idx,
            np.where(plan.lane_idx >= 0, charge, np.inf),
            exposure_days,
        )
        of_faster = np.einsum("sf,fpnk->spnk", faster.astype(float), sums)
        units = _littlewood(of_faster[..., 0] * exposure_days, _mean(of_faster, 0), _own_cost(sums))
        levels[:, period] = np.minimum(units, np.rint(plan.targets[:, :, period])).reshape(len(faster), -1)
    return levels


def _exposure_days(compiled: CompiledScenario, plan: Plan) -> Floats:
    """Mean days until the next delivery, [product, node]: half the review interval of the plan's lane."""
    return np.maximum(compiled.lanes.review_every_days[plan.lane_idx] / 2.0, LEAST_EXPOSURE_DAYS)


def _own_cost(sums: Floats) -> Floats:
    """Mean cost of turning a unit of a speed away, [speed, product, node].

    Of the zones whose first choice the node is; where there are none, of all that it can serve, which come to it when
    better nodes have nothing.
    """
    return np.where(sums[..., 0] > 0, _mean(sums, 0), _mean(sums, 2))


def _mean(sums: Floats, column: int) -> Floats:
    """Cost per unit; 0 where there are none."""
    rate, cost = sums[..., column], sums[..., column + 1]
    return np.divide(cost, rate, out=np.zeros_like(cost), where=rate > 0)


def _littlewood(mean: Floats, fast_cost: Floats, slow_cost: Floats) -> Floats:
    """Largest y with P(Poisson(mean) ≥ y) > slow_cost / fast_cost; 0 where a fast unit is worth no more."""
    units = np.zeros_like(mean)
    protects = (mean > 0) & (fast_cost > slow_cost)
    units[protects] = stats.poisson.isf(slow_cost[protects] / fast_cost[protects], mean[protects])
    return units
