"""All subproblems of a block of products at given prices, and what they use of the shared capacity."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import kernel
from meio.optimizer.demand_kernels import (
    assign_classes,
    choose_lanes,
    fill_shipping_costs,
    new_classes,
    num_classes,
    shifted,
)
from meio.optimizer.loss_kernels import COUNT, NO_POINTS, POINTS, fill_count_mass
from meio.optimizer.subproblem_kernels import (
    DEVIATIONS,
    MOST_STEPS,
    add_stock,
    at,
    best_upstream_level,
    family_of,
    fill_tables,
    lattice_step,
    level_slope,
    new_tables,
    points_of,
    refine_levels,
    upstream_demand,
    upstream_outcome,
    upstream_worth,
)

UPSTREAM_STEPS = 12  # an upstream window may hold this many times the demand of the downstream lattice


class Prices(NamedTuple):
    """Capacity prices as a unit meets them, money."""

    storage: Floats
    """[node, storage type, period] per m³ and day"""
    outbound: Floats
    """[node, period] per unit shipped to a customer"""
    lane: Floats
    """[lane, period of arrival] per unit: receiving it, carrying it, and shipping it from its source"""


class Decisions(NamedTuple):
    """What the subproblems choose."""

    lane_idx: Ints
    """[product, node]: -1 where the product is not stocked"""
    level: Floats
    """[product, node, period of use]: inventory position of a node, echelon position of an upstream node; units"""
    supply_cost: Floats
    """[product, node, period]: cost of one more unit arriving at the node, prices included"""
    worth: Floats
    """[product, node, period]: cost per day of having one unit less than the level"""


class Aggregates(NamedTuple):
    """Sums over a block of products."""

    cost: Floats
    """[period]: priced cost of the period"""
    storage: Floats
    """[node, storage type, period]: m³ on hand"""
    customers: Floats
    """[node, period]: units per day shipped to customers"""
    lane: Floats
    """[lane, period of arrival]: units per day"""
    response_volume2: Floats
    """[lane, storage type, period]: fall of m³ at the lane's end per unit of storage price there"""
    response_volume: Floats
    """[lane, storage type, period]: cross term of m³ and units"""
    response_units: Floats
    """[lane, period]: fall of the level per unit of money charged per unit and day"""
    response_flow: Floats
    """[node, period]: units per day that leave the node per unit of money charged per unit served"""


class Workspace(NamedTuple):
    """Scratch of one product."""

    levels: Ints
    order_node: Ints
    order_gain: Floats
    mass: Floats


@kernel
def price_fall(series, period):
    """By how much a price falls to the next period: what a unit bought now instead of then costs more."""
    return series[period] - series[min(period + 1, series.size - 1)]


@kernel
def on_hand_days(model, lane):
    """Days of a node's throughput that its position holds beyond what lies on its shelves, at day closes."""
    return model.lead_days[lane] + 0.5 * (model.review_days[lane] + 1.0)


@kernel
def served_units(classes, unserved, region, served):
    """Units per day each node ships: its own demand less its spill, plus what spills to it from others."""
    num_nodes = region.size
    spilled_near = np.zeros(num_nodes)
    for node in range(num_nodes):
        served[node] = classes.rate[node] - unserved[node]
        spilled_near[region[node]] += unserved[node] * near_share(classes, node)
    total_far = 1e-12
    for node in range(num_nodes):
        total_far += unserved[node]
    lost = min(1.0, unserved[2 * num_nodes] / total_far)
    for node in range(num_nodes):
        if unserved[node] <= 0.0:
            continue
        own = region[node]
        region_short = min(1.0, unserved[num_nodes + own] / max(spilled_near[own], 1e-12))
        near = near_share(classes, node)
        far = max(0.0, 1.0 - near) + near * region_short
        near_total, far_total = classes.near_choice[node].sum(), classes.far_choice[node].sum()
        for other in range(num_nodes):
            if near_total > 0.0:
                share = near * (1.0 - region_short) * classes.near_choice[node, other] / near_total
                served[other] += unserved[node] * share
            if far_total > 0.0:
                served[other] += unserved[node] * far * (1.0 - lost) * classes.far_choice[node, other] / far_total


@kernel
def near_share(classes, node):
    """Share of a node's demand whose next choice lies in its region."""
    cycle = classes.window_mean[node].sum() - classes.lead_mean[node].sum()
    return min(1.0, classes.near_choice[node].sum() / cycle) if cycle > 0.0 else 0.0


@kernel
def take_levels(region, given, step, tables, levels):
    """Lattice levels of nodes, regions and nation that come nearest to given levels, [node]."""
    num_nodes = region.size
    levels[:] = 0
    for node in range(num_nodes):
        if tables.size[node] > 0:
            level = min(int(np.rint(given[node] / step)), int(tables.size[node]) - 1)
            levels[node] = level
            levels[num_nodes + region[node]] += level
            levels[2 * num_nodes] += level


@kernel
def solve_node_levels(
    model, product, period, lane, region, charge, given, classes, tables, work, levels, unserved, worth
):
    """Levels of the nodes that serve customers, or what their `given` levels (negative: none) lead to.

    Returns the lattice steps added, the units in one, and the cost per day of shortage.
    """
    num_nodes = region.size
    nation = 2 * num_nodes
    first_stream = model.product_ptr[product]
    family = family_of(model.stream_kind[first_stream])
    values, cumulative = NO_POINTS, NO_POINTS
    if model.product_ptr[product + 1] - first_stream == 1:
        for node in range(num_nodes):
            if classes.rate[node] > 0.0:
                lead, review = model.lead_days[lane[node]], model.review_days[lane[node]]
                values, cumulative = points_of(model, first_stream, period, lead, review)
                if values.size > 0 and classes.rate[node] >= (1.0 - 1e-9) * classes.rate[nation]:
                    family = POINTS
    step = lattice_step(classes, model.period_days)
    fill_tables(family, classes, step, model.period_days, values, cumulative, tables)
    steps = add_stock(tables, region, charge, work.levels, work.order_node, work.order_gain)
    if given[0] >= 0.0:
        take_levels(region, given, step, tables, work.levels)
    cost = 0.0
    for cluster in range(nation + 1):
        levels[cluster] = work.levels[cluster] * step
        unserved[cluster] = at(tables, tables.unserved, cluster, work.levels[cluster])
        cost += at(tables, tables.cost, cluster, work.levels[cluster])
    if family != COUNT and family != POINTS and given[0] < 0.0:
        refine_levels(family, classes, region, charge, step, values, cumulative, levels)
        cost = 0.0
        for cluster in range(nation + 1):
            if classes.rate[cluster] > 0.0:
                part, _, short = level_slope(family, classes, values, cumulative, cluster, levels[cluster])
                cost += part
                unserved[cluster] = short
    for node in range(num_nodes):
        worth[node] = 0.0
        if work.levels[node] > 0:
            worth[node] = -charge[node]
            for cluster in (node, num_nodes + region[node], nation):
                worth[node] += at(tables, tables.gain, cluster, work.levels[cluster] - 1)
    return steps, step, cost


@kernel
def level_response(tables, region, levels, charge, step, node):
    """Units by which a node's level falls per unit of charge: the inverse curvature of its clusters' costs."""
    num_nodes = region.size
    curvature = 0.0
    for cluster in (node, num_nodes + region[node], 2 * num_nodes):
        level = levels[cluster]
        below = at(tables, tables.gain, cluster, max(0, level - 1))
        curvature += (below - at(tables, tables.gain, cluster, level + 1)) / (2.0 * step)
    most = (levels[node] + 1.0) * step / max(1e-9, abs(charge[node]))
    return min(most, 1.0 / curvature) if curvature > 0.0 else most


@kernel
def children_gains(model, node, lane, holding, bonus, steps, work, gains):
    """Fill what each step of an upstream node's children is worth beyond its cost there, never rising; its number.

    `bonus` is what a step is worth to the nation. A child's step is taken while it is worth more than keeping the
    unit upstream, so no gain lies below the saving of `holding`.
    """
    size = 0
    for k in range(steps):
        if model.lane_source_idx[lane[work.order_node[k]]] == node:
            gain = work.order_gain[k] - holding + bonus
            gains[size] = max(-holding, gain if size == 0 else min(gain, gains[size - 1]))
            size += 1
    return size


@kernel
def solve_upstream(model, product, middle, lane, rate, holding, charge, step, gains, given, work):
    """Echelon level of an upstream node, or what its `given` level (negative: none) leads to.

    Returns the level, its cost per day of children left short, the unallocated units, the worth of the last unit, and
    the fall of the level per unit of holding cost (that of a normal quantile at a high service level).
    """
    mean, variance = upstream_demand(model, product, middle, lane, rate)
    deviation = np.sqrt(variance)
    reach = int((mean + (DEVIATIONS + 1.0) * deviation) / step) + 3
    mass = work.mass[: min(reach, work.mass.size)]
    fill_count_mass(mean, variance, step, mass)
    if given >= 0.0:
        level = int(np.rint(given / step))
    else:
        highest = gains.size + int((mean + DEVIATIONS * deviation + model.period_days * rate) / step) + 1
        level = best_upstream_level(highest, gains, mass, holding, charge)
    shortage, unallocated = upstream_outcome(level, step, gains, mass)
    worth = upstream_worth(level - 1, gains, mass, holding) - charge if level > 0 else 0.0
    return level * step, shortage, unallocated, worth, deviation / (2.5 * max(holding + charge, 1e-9))


@kernel
def solve_product(model, prices, product, given, decisions, totals, classes, tables, work):
    """Solve every period of one product and add it to the totals; with `given`, only follow the decisions as they are."""
    num_nodes, num_periods = prices.outbound.shape
    lane = decisions.lane_idx[product]
    supply_cost = decisions.supply_cost[product]
    storage_type = model.storage_type_idx[product]
    volume = model.volume_m3[product]
    holding = np.empty((num_nodes, num_periods))
    for node in range(num_nodes):
        holding[node] = model.holding_per_day[product, node] + volume * prices.storage[node, storage_type]
    choose_lanes(model, product, holding, prices.lane, given, lane, supply_cost)
    region = np.arange(num_nodes)
    is_upstream = np.zeros(num_nodes, np.bool_)
    for node in range(num_nodes):
        if lane[node] >= 0 and model.serves_customers[node]:
            source = model.lane_source_idx[lane[node]]
            if source < num_nodes:
                region[node] = source
                is_upstream[source] = True
    shipping = np.empty((num_classes(model, product), num_nodes))
    fill_shipping_costs(model, product, shipping)
    delivered, charge = np.empty(num_nodes), np.empty(num_nodes)
    levels, unserved = np.zeros(2 * num_nodes + 1), np.zeros(2 * num_nodes + 1)
    served, worth = np.zeros(num_nodes), np.zeros(num_nodes)
    consumed = np.zeros((num_nodes, num_periods))
    gains = np.empty(work.order_gain.size)
    wanted = np.full(num_nodes, -1.0)
    for period in range(num_periods):
        middle = (period + 0.5) * model.period_days
        for node in range(num_nodes):
            delivered[node] = np.inf
            charge[node] = np.inf
            if lane[node] >= 0 and model.serves_customers[node]:
                replaced = period + model.lead_days[lane[node]] / model.period_days
                on_the_way = holding[node, period] * on_hand_days(model, lane[node])
                delivered[node] = shifted(supply_cost[node], replaced) + prices.outbound[node, period] - on_the_way
                charge[node] = holding[node, period]
                charge[node] += price_fall(prices.lane[lane[node]], period) / model.period_days
                if region[node] != node:
                    charge[node] -= holding[region[node], period]
        base = assign_classes(model, product, shipping, middle, lane, region, delivered, holding[:, period], classes)
        if given:
            wanted[:] = decisions.level[product, :, period]
        steps, step, shortage = solve_node_levels(
            model, product, period, lane, region, charge, wanted, classes, tables, work, levels, unserved, worth
        )
        served_units(classes, unserved, region, served)
        cost = base + shortage
        nation = 2 * num_nodes
        bonus = at(tables, tables.gain, nation, work.levels[nation])
        for node in range(num_nodes):
            if charge[node] == np.inf:
                continue
            level = levels[node]
            own_charge = charge[node] + (holding[region[node], period] if region[node] != node else 0.0)
            cost += own_charge * level
            if not given:
                decisions.level[product, node, period] = level
            decisions.worth[product, node, period] = worth[node]
            shelf = max(0.0, level - on_hand_days(model, lane[node]) * served[node])
            totals.storage[node, storage_type, period] += volume * shelf
            totals.customers[node, period] += served[node]
            consumed[node, period] += served[node]
            if region[node] != node:
                consumed[region[node], period] += served[node]
            add_response(model, tables, classes, region, lane, work.levels, charge, step, node, period, product, totals)
        for node in range(num_nodes):
            if not is_upstream[node]:
                continue
            step_charge = price_fall(prices.lane[lane[node]], period) / model.period_days
            size = children_gains(model, node, lane, holding[node, period], bonus, steps, work, gains)
            allocated = int(np.rint(levels[num_nodes + node] / step))
            if allocated > size:
                gains[size:allocated] = -holding[node, period]
            rate = classes.rate[num_nodes + node]
            level, short, unallocated, last, response = solve_upstream(
                model,
                product,
                middle,
                lane[node],
                rate,
                holding[node, period],
                step_charge,
                step,
                gains[:allocated],
                wanted[node],
                work,
            )
            decisions.worth[product, node, period] = last
            cost += short + holding[node, period] * unallocated + step_charge * level
            if not given:
                decisions.level[product, node, period] = level
            totals.storage[node, storage_type, period] += volume * unallocated
            response = np.sqrt(max(level, 1.0)) / max(holding[node, period], 1e-9)
            totals.response_volume2[lane[node], storage_type, period] += volume * volume * response
            totals.response_flow[node, period] += rate
        totals.cost[period] += cost * model.period_days
    add_replenishment(model, product, lane, consumed, decisions, totals)


@kernel
def add_response(model, tables, classes, region, lane, levels, charge, step, node, period, product, totals):
    """Add how a node's stock and flow fall when its prices rise: the dual's curvature."""
    storage_type = model.storage_type_idx[product]
    volume = model.volume_m3[product]
    response = level_response(tables, region, levels, charge, step, node)
    totals.response_volume2[lane[node], storage_type, period] += volume * volume * response
    totals.response_volume[lane[node], storage_type, period] += volume * response
    ahead = model.period_days * classes.rate[node]  # what a rising inbound price may pull forward at once
    totals.response_units[lane[node], period] += max(response, ahead / max(charge[node], 1e-9))
    cycle = classes.window_mean[node] - classes.lead_mean[node]
    total = cycle.sum()
    if total > 0.0:
        gap = (classes.spill_cost[node] * cycle).sum() / total
        totals.response_flow[node, period] += classes.rate[node] / max(2.0 * gap, 1e-6)


@kernel
def add_replenishment(model, product, lane, consumed, decisions, totals):
    """Add what arrives on each lane: what was consumed one lead time ago, and what raises or lowers the level."""
    for node in range(lane.size):
        if lane[node] < 0:
            continue
        lead = model.lead_days[lane[node]] / model.period_days
        for period in range(model.num_periods):
            level = decisions.level[product, node]
            change = level[period] - level[max(0, period - 1)]
            totals.lane[lane[node], period] += shifted(consumed[node], period - lead) + change / model.period_days


@kernel
def solve_block(model, prices, first, end, given, decisions, totals):
    """Solve products first to end - 1 and add them to the totals.

    With `given`, lanes and levels are not chosen but read from the decisions, and their use and worth are found.
    """
    num_nodes = prices.outbound.shape[0]
    classes = new_classes(num_nodes, model.num_speeds)
    tables = new_tables(2 * num_nodes + 1)
    work = Workspace(
        np.zeros(2 * num_nodes + 1, np.int64),
        np.empty(MOST_STEPS * 2, np.int64),
        np.empty(MOST_STEPS * 2),
        np.empty(UPSTREAM_STEPS * MOST_STEPS),
    )
    for product in range(first, end):
        solve_product(model, prices, product, given, decisions, totals, classes, tables, work)
