"""The lane on which each node is supplied with a product."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import kernel
from meio.optimizer.demand_kernels import shifted
from meio.optimizer.model import PlanningModel


@kernel
def choose_lanes(
    model: PlanningModel,
    product: int,
    holding: Floats,
    lane_price: Floats,
    keep: bool,
    lane: Ints,
    supply_cost: Floats,
) -> None:
    """The cheapest lane into each node at these prices, and the cost of a unit arriving on it, [node, period].

    With `keep`, the lanes that `lane` names stay. A lane is charged its own cost, what the unit costs at its source
    when it leaves there, the prices on its way, and the safety stock that its window needs; -1 where no lane can bring
    the product.
    """
    num_nodes, num_periods = supply_cost.shape
    first, end = model.product_ptr[product], model.product_ptr[product + 1]
    daily_mean = max(1e-12, model.daily_mean[first:end].sum() / num_periods / num_nodes)
    daily_deviation = np.sqrt(model.daily_variance[first:end].sum() / num_periods / num_nodes)
    cost = np.empty(num_periods)
    for node in range(num_nodes):
        kept = lane[node]
        lane[node] = -1
        least = np.inf
        for candidate in range(model.node_ptr[node], model.node_ptr[node + 1]):
            if model.lane_cost[product, candidate] == np.inf or (keep and candidate != kept):
                continue
            source = model.lane_source_idx[candidate]
            lead = model.lead_days[candidate]
            for period in range(num_periods):
                cost[period] = model.lane_cost[product, candidate] + lane_price[candidate, period]
                if source < num_nodes:
                    cost[period] += shifted(supply_cost[source], period - lead / model.period_days)
            window = lead + model.review_days[candidate]
            uncertain = np.sqrt(daily_deviation**2 * window + daily_mean**2 * model.lead_variance[candidate])
            score = cost.mean() + holding[node].mean() * uncertain / daily_mean
            if score < least:
                least = score
                lane[node] = candidate
                supply_cost[node] = cost
