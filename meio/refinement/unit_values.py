"""What taking a unit from a node costs the network, at other capacity prices than a plan's."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import CompiledScenario, Floats
from meio.optimizer.prices import capacities, met_by_a_unit
from meio.plans import CapacityPrices, Plan


def unit_values(compiled: CompiledScenario, plan: Plan, prices: CapacityPrices) -> Floats:
    """A plan's unit values, [product, node, period], with the prices that a unit meets on its way in replaced."""
    shared, lanes = capacities(compiled), compiled.lanes
    more = met_by_a_unit(prices, shared).lane - met_by_a_unit(plan.prices, shared).lane
    change = np.zeros_like(plan.unit_value)
    for node in range(change.shape[1]):  # upstream before downstream
        lane = plan.lane_idx[:, node]
        change[:, node] = np.where(lane[:, None] >= 0, more[lane], 0.0)
        source = lanes.source_idx[lane]
        within = np.flatnonzero((lane >= 0) & (source < change.shape[1]))
        change[within, node] += change[within, source[within]]
    return plan.unit_value + change
