"""The lane on which each node is supplied with a product: where a unit and the stock behind it cost least together."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import kernel
from meio.optimizer.cycle_kernels import cycle_units, cycle_variance
from meio.optimizer.demand_kernels import shifted
from meio.optimizer.model import PlanningModel
from meio.optimizer.stock_cost_kernels import customers_stock, deviation_of, stage_stock

_SWEEPS = 3  # over the nodes; the first without the stock of upstream nodes, so that nodes can join one together


@kernel
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
    the stock that its window, its order cycle and its packs need at the node, and for what the node's demand adds to
    the pooled stock of the upstream nodes on the way.
    """
    num_nodes, open_choice = lane.size, False
    for node in range(num_nodes):
        lane[node], ways = -1, 0
        for candidate in range(model.node_ptr[node], model.node_ptr[node + 1]):
            if model.lane_cost[product, candidate] < np.inf:
                lane[node] = candidate if ways == 0 else lane[node]
                ways += 1
        open_choice = open_choice or ways > 1
    if not open_choice:
        return
    rate, penalty, owed, daily = np.zeros(num_nodes), np.zeros(num_nodes), np.zeros(num_nodes), np.zeros(2)
    fill_nearest(model, product, shipping, lane, rate, penalty, owed, daily)
    mean_holding = np.empty(num_nodes)
    for node in range(num_nodes):
        mean_holding[node] = holding[node].mean()
    passed, urgency, below_days = np.zeros(num_nodes), np.zeros(num_nodes), np.zeros(num_nodes)
    for sweep in range(_SWEEPS):
        sweep_lanes(
            model,
            product,
            mean_holding,
            lane_price,
            rate,
            penalty,
            owed,
            daily,
            sweep > 0,
            passed,
            urgency,
            below_days,
            lane,
        )


@kernel
def sweep_lanes(
    model: PlanningModel,
    product: int,
    holding: Floats,
    lane_price: Floats,
    rate: Floats,
    penalty: Floats,
    owed: Floats,
    daily: Floats,
    with_upstream: bool,
    passed: Floats,
    urgency: Floats,
    below_days: Floats,
    lane: Ints,
) -> None:
    """Choose every node's lane, upstream nodes first, then add up what passes through each node on these lanes.

    `passed` [node] is the daily demand below a node, `urgency` what being short of a unit costs it per day, and
    `below_days` the days that the stages below it take.
    """
    num_nodes = lane.size
    unit_cost, own_urgency = np.zeros(num_nodes), np.zeros(num_nodes)
    for node in range(num_nodes):
        if lane[node] < 0:
            continue
        before, least, cheapest = lane[node], np.inf, 0.0
        flow = rate[node] + passed[node]
        for candidate in range(model.node_ptr[node], model.node_ptr[node + 1]):
            if model.lane_cost[product, candidate] == np.inf:
                continue
            source = model.lane_source_idx[candidate]
            unit = model.lane_cost[product, candidate] + lane_price[candidate].mean()
            supplier_holding = 0.0
            if source < num_nodes:
                unit += unit_cost[source]
                supplier_holding = holding[source]
            stock, urgent = node_stock(
                model,
                product,
                candidate,
                holding[node],
                supplier_holding,
                rate[node],
                penalty[node],
                owed[node],
                daily,
                passed[node],
                urgency[node],
                below_days[node],
            )
            score = unit if flow <= 0.0 else flow * unit + stock
            if with_upstream and flow > 0.0:
                days = below_days[node] + model.lead_days[candidate] + model.review_days[candidate]
                score += upstream_stock(
                    model, product, source, before, flow, max(urgent, urgency[node]), days, holding, daily, passed, lane
                )
            if score < least:
                least, lane[node], cheapest, own_urgency[node] = score, candidate, unit, urgent
        unit_cost[node] = cheapest
    pass_up(model, rate, own_urgency, passed, urgency, below_days, lane)


@kernel
def node_stock(
    model: PlanningModel,
    product: int,
    candidate: int,
    holding: float,
    supplier_holding: float,
    rate: float,
    penalty: float,
    owed: float,
    daily: Floats,
    passed: float,
    urgency: float,
    below_days: float,
) -> tuple[float, float]:
    """Cost per day of the stock a node keeps on a lane, and what being short of a unit costs its customers per day."""
    lead, review = model.lead_days[candidate], model.review_days[candidate]
    cycle = cycle_units(model.pack[product, candidate], model.least_order[product, candidate], (rate + passed) * review)
    echelon, spread, cost, urgent = holding - supplier_holding, cycle_variance(cycle), 0.0, 0.0
    if rate > 0.0:
        cost, urgent, level = customers_stock(
            max(echelon, 0.01 * holding),
            penalty,
            owed,
            rate,
            daily,
            lead,
            review,
            model.lead_variance[candidate],
            spread,
        )
        cost += holding * (0.5 * rate * (review - 1.0) + max(0.0, 0.5 * (cycle + 1.0) - level))
    if passed > 0.0:
        random_days = model.lead_variance[candidate] + review * review / 12.0
        deviation = deviation_of(passed, daily, lead + 0.5 * review + below_days, random_days, spread)
        cost += max(stage_stock(echelon, urgency, deviation), 0.5 * holding * (cycle - 1.0))
    return cost, urgent


@kernel
def upstream_stock(
    model: PlanningModel,
    product: int,
    source: int,
    before: int,
    flow: float,
    urgency: float,
    below_days: float,
    holding: Floats,
    daily: Floats,
    passed: Floats,
    lane: Ints,
) -> float:
    """Cost per day that a node's flow adds to the pooled stock of the upstream nodes from `source` up.

    `before` is the lane on which the flow came so far: on its way it is already part of what passes.
    """
    cost, num_nodes = 0.0, lane.size
    while source < num_nodes:
        into = lane[source]
        others, old = passed[source], model.lane_source_idx[before]
        while old < num_nodes:
            if old == source:
                others = max(0.0, others - flow)
            old = model.lane_source_idx[lane[old]]
        supplier = model.lane_source_idx[into]
        echelon = holding[source] - (holding[supplier] if supplier < num_nodes else 0.0)
        days = model.lead_days[into] + 0.5 * model.review_days[into]
        random_days = model.lead_variance[into] + model.review_days[into] ** 2 / 12.0
        for demand, sign in ((others + flow, 1.0), (others, -1.0)):
            if demand > 1e-9 * flow:
                units = demand * model.review_days[into]
                cycle = cycle_units(model.pack[product, into], model.least_order[product, into], units)
                deviation = deviation_of(demand, daily, days + below_days, random_days, cycle_variance(cycle))
                cycle_stock = 0.5 * holding[source] * (cycle - 1.0)
                cost += sign * max(stage_stock(echelon, urgency, deviation), cycle_stock)
        below_days += days
        source = supplier
    return cost


@kernel
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
            urgency[source] += rate[node] * own_urgency[node] + passed[node] * urgency[node]
            below_days[source] += flow * days + passed[node] * below_days[node]


@kernel
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

    A unit that is lost there costs what the next best node adds, at most the penalty. `daily` gets mean and variance
    of the product's demand of a day over the horizon.
    """
    row, num_speeds = 0, model.num_speeds
    for stream in range(model.product_ptr[product], model.product_ptr[product + 1]):
        mix, mean = model.mix_idx[stream], model.daily_mean[stream].mean()
        daily[0] += mean
        daily[1] += model.daily_variance[stream].mean()
        for entry in range(model.mix_ptr[mix], model.mix_ptr[mix + 1]):
            speed = model.mix_class_idx[entry] % num_speeds
            for pattern in range(model.pattern_ptr[speed], model.pattern_ptr[speed + 1]):
                best, least, second = -1, np.inf, np.inf
                for node in range(lane.size):
                    if lane[node] >= 0 and model.serves_customers[node]:
                        cost = shipping[row, node]
                        if cost < least:
                            best, least, second = node, cost, least
                        elif cost < second:
                            second = cost
                row += 1
                if best < 0:
                    continue
                units = mean * model.mix_share[entry] * model.pattern_share[pattern]
                backordered = model.backorder_penalty[product, speed]
                rate[best] += units
                if backordered < np.inf and second == np.inf:
                    owed[best] += units * backordered
                else:
                    lost = np.inf if backordered < np.inf else model.lost_penalty[product, speed]
                    penalty[best] += units * max(0.0, min(second - least, lost - least))
    for node in range(lane.size):
        if rate[node] > 0.0:
            penalty[node] /= rate[node]
            owed[node] /= rate[node]


@kernel
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
