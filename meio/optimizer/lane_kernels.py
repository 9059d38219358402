"""The lane on which each node is supplied with a product: where a unit and the stock behind it cost least together."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.optimizer.array_kernels import total
from meio.optimizer.demand_kernels import shifted
from meio.optimizer.lane_stock_kernels import customers_stock_on, stage_stock_on, upstream_stock
from meio.optimizer.model import PlanningModel


@borrowing_kernel
def choose_lanes(
    model: PlanningModel,
    product: int,
    holding: Floats,
    lane_price: Floats,
    shipping: Floats,
    lane: Ints,
) -> None:
    """Fill the lane into each node that costs least at these prices, [node]; -1 where none can bring the product.

    `shipping` [class, node] is what serving each customer class costs. A lane pays for a unit on its whole way, for
    the stock that its window, its order cycle and its packs need at the node, and for the pooled stock of the upstream
    nodes on the way. Nodes that share an upstream node gain by joining it together, so the search, one node after the
    other, starts from every upstream node in turn, and from none.
    """
    num_nodes, open_choice = lane.size, False
    for node in range(num_nodes):
        lane[node], ways = -1, 0
        for candidate in range(model.node_ptr[node], model.node_ptr[node + 1]):
            if model.lane_cost[product, candidate] < np.inf:
                lane[node] = candidate if ways == 0 else lane[node]
                ways += 1
        open_choice = open_choice or ways > 1
    if open_choice:
        search_lanes(model, product, holding, lane_price, shipping, lane)


@kernel
def search_lanes(
    model: PlanningModel, product: int, holding: Floats, lane_price: Floats, shipping: Floats, lane: Ints
) -> None:
    """Replace the lanes by the cheapest of several local searches."""
    num_nodes, num_lanes = lane.size, model.lane_source_idx.size
    rate, penalty, owed, daily = np.zeros(num_nodes), np.zeros(num_nodes), np.zeros(num_nodes), np.zeros(2)
    fill_nearest(model, product, shipping, lane, rate, penalty, owed, daily)
    if daily[0] <= 0.0:
        return
    mean_holding, unit = np.empty(num_nodes), np.full(num_lanes, np.inf)
    own_stock, own_urgency = np.zeros(num_lanes), np.zeros(num_lanes)
    for node in range(num_nodes):
        mean_holding[node] = holding[node].mean()
        for candidate in range(model.node_ptr[node], model.node_ptr[node + 1]):
            if model.lane_cost[product, candidate] == np.inf:
                continue
            unit[candidate] = model.lane_cost[product, candidate] + lane_price[candidate].mean()
            if rate[node] > 0.0:
                own_stock[candidate], own_urgency[candidate] = customers_stock_on(
                    model, product, candidate, node, mean_holding, rate[node], penalty[node], owed[node], daily
                )
    passed, urgency, below_days = np.zeros(num_nodes), np.zeros(num_nodes), np.zeros(num_nodes)
    best, least, unit_cost = lane.copy(), np.inf, np.zeros(num_nodes)
    for start in range(-2, num_nodes):
        if not start_from(model, start, unit, passed, lane):
            continue
        for sweep in range(5):  # choose without or from the start, count, choose, choose, count
            choosing = sweep in (2, 3) or (sweep == 0 and start < 0)
            with_upstream = sweep > 0 or start == -1
            total = sweep_lanes(
                model,
                product,
                mean_holding,
                unit,
                own_stock,
                own_urgency,
                rate,
                daily,
                choosing,
                with_upstream,
                passed,
                urgency,
                below_days,
                unit_cost,
                lane,
            )
            pass_up(model, rate, own_urgency, passed, urgency, below_days, lane)
        if total < least:
            least = total
            best[:] = lane
    lane[:] = best


@borrowing_kernel
def start_from(model: PlanningModel, start: int, unit: Floats, passed: Floats, lane: Ints) -> bool:
    """Put every node that can be supplied by the node `start` on its lane (negative: none); whether any can."""
    passed[:] = 0.0
    found = start < 0
    for node in range(max(0, start + 1), lane.size):
        for candidate in range(model.node_ptr[node], model.node_ptr[node + 1]):
            if unit[candidate] < np.inf and start >= 0 and model.lane_source_idx[candidate] == start:
                lane[node] = candidate
                found = True
    return found


@borrowing_kernel
def sweep_lanes(
    model: PlanningModel,
    product: int,
    holding: Floats,
    unit: Floats,
    own_stock: Floats,
    own_urgency: Floats,
    rate: Floats,
    daily: Floats,
    choosing: bool,
    with_upstream: bool,
    passed: Floats,
    urgency: Floats,
    below_days: Floats,
    unit_cost: Floats,
    lane: Ints,
) -> float:
    """Choose every node's lane, upstream nodes first, or keep them; return what all of them cost per day.

    `unit`, `own_stock` and `own_urgency` [lane] are what a unit costs on a lane, what the stock for customers costs per
    day, and what one of them short costs per day;
    `passed` [node] is the daily demand below a node, `urgency` what being short of a unit costs it per day, and
    `below_days` the days that the stages below it take; `unit_cost` [node] gets what a unit costs that arrives there.
    """
    sources, lead_days, review_days = model.lane_source_idx, model.lead_days, model.review_days
    lead_variance, pack, least_order = model.lead_variance, model.pack[product], model.least_order[product]
    num_nodes, total = lane.size, 0.0
    unit_cost[:] = 0.0
    for node in range(num_nodes):
        if lane[node] < 0:
            continue
        before, least, cheapest, kept = lane[node], np.inf, 0.0, 0.0
        flow = rate[node] + passed[node]
        for candidate in range(model.node_ptr[node], model.node_ptr[node + 1]):
            if unit[candidate] == np.inf or not (choosing or candidate == before):
                continue
            source, cost, stock = model.lane_source_idx[candidate], unit[candidate], own_stock[candidate]
            cost += unit_cost[source] if source < num_nodes else 0.0
            if passed[node] > 0.0:
                stock += stage_stock_on(
                    sources,
                    lead_days,
                    lead_variance,
                    review_days,
                    pack,
                    least_order,
                    candidate,
                    holding,
                    passed[node],
                    node,
                    urgency[node],
                    below_days[node],
                    daily,
                )
            score = cost if flow <= 0.0 else flow * cost + stock
            if choosing and with_upstream and flow > 0.0:
                urgent = max(urgency[node], own_urgency[candidate])
                days = below_days[node] + model.lead_days[candidate] + model.review_days[candidate]
                score += upstream_stock(
                    sources,
                    lead_days,
                    lead_variance,
                    review_days,
                    pack,
                    least_order,
                    source,
                    before,
                    flow,
                    urgent,
                    days,
                    holding,
                    daily,
                    passed,
                    lane,
                )
            if score < least:
                least, lane[node], cheapest, kept = score, candidate, cost, stock
        unit_cost[node] = cheapest
        total += rate[node] * cheapest + kept
    return total


@borrowing_kernel
def pass_up(
    model: PlanningModel,
    rate: Floats,
    own_urgency: Floats,
    passed: Floats,
    urgency: Floats,
    below_days: Floats,
    lane: Ints,
) -> None:
    """Fill what passes through each node on its way down, how urgent it is, and how long the stages below take."""
    passed[:] = 0.0
    urgency[:] = 0.0
    below_days[:] = 0.0
    for node in range(lane.size - 1, -1, -1):
        if passed[node] > 0.0:
            urgency[node] /= passed[node]
            below_days[node] /= passed[node]
        flow = rate[node] + passed[node]
        if lane[node] < 0 or flow <= 0.0:
            continue
        source = model.lane_source_idx[lane[node]]
        if source < lane.size:
            days = model.lead_days[lane[node]] + model.review_days[lane[node]]
            passed[source] += flow
            urgency[source] += rate[node] * own_urgency[lane[node]] + passed[node] * urgency[node]
            below_days[source] += flow * days + passed[node] * below_days[node]


@borrowing_kernel
def fill_nearest(
    model: PlanningModel,
    product: int,
    shipping: Floats,
    lane: Ints,
    rate: Floats,
    penalty: Floats,
    owed: Floats,
    daily: Floats,
) -> None:
    """Fill the daily demand that each node ships to cheapest, what losing or owing a unit of it costs, all [node].

    Another node may serve what this one lacks, but some node must have the stock for it. `daily` gets mean and variance
    of the product's demand of a day over the horizon.
    """
    row, num_speeds = 0, model.num_speeds
    for stream in range(model.product_ptr[product], model.product_ptr[product + 1]):
        mix, mean = model.mix_idx[stream], total(model.daily_mean[stream]) / model.num_periods
        daily[0] += mean
        daily[1] += total(model.daily_variance[stream]) / model.num_periods
        for entry in range(model.mix_ptr[mix], model.mix_ptr[mix + 1]):
            speed = model.mix_class_idx[entry] % num_speeds
            for pattern in range(model.pattern_ptr[speed], model.pattern_ptr[speed + 1]):
                best, least = -1, np.inf
                for node in range(lane.size):
                    if lane[node] >= 0 and model.serves_customers[node]:
                        cost = shipping[row, node]
                        if cost < least:
                            best, least = node, cost
                row += 1
                if best < 0:
                    continue
                units = mean * model.mix_share[entry] * model.pattern_share[pattern]
                backordered = model.backorder_penalty[product, speed]
                rate[best] += units
                if backordered < np.inf:
                    owed[best] += units * backordered
                else:
                    penalty[best] += units * max(0.0, model.lost_penalty[product, speed] - least)
    for node in range(lane.size):
        if rate[node] > 0.0:
            penalty[node] /= rate[node]
            owed[node] /= rate[node]


@borrowing_kernel
def fill_supply_costs(model: PlanningModel, product: int, lane_price: Floats, lane: Ints, supply_cost: Floats) -> None:
    """Fill what one more unit arriving at each node costs on its lanes, prices included, [node, period]."""
    num_nodes, num_periods = supply_cost.shape
    for node in range(num_nodes):
        if lane[node] < 0:
            continue
        source, lead = model.lane_source_idx[lane[node]], model.lead_days[lane[node]]
        for period in range(num_periods):
            cost = model.lane_cost[product, lane[node]] + lane_price[lane[node], period]
            if source < num_nodes:
                cost += shifted(supply_cost[source], period - lead / model.period_days)
            supply_cost[node, period] = cost
