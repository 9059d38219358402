"""All subproblems of a block of products at given prices, and what they use of the shared capacity."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import kernel
from meio.optimizer.class_kernels import assign_classes, fill_choices
from meio.optimizer.cluster_kernels import Classes, new_classes
from meio.optimizer.demand_kernels import fill_shipping_costs, num_classes, shifted
from meio.optimizer.model import PlanningModel
from meio.optimizer.node_kernels import fill_worth, level_response, served_units, solve_node_levels
from meio.optimizer.product_kernels import (
    Workspace,
    new_workspace,
    on_hand_days,
    price_fall,
    price_nodes,
    start_product,
)
from meio.optimizer.subproblem_kernels import Tables, at, new_tables
from meio.optimizer.tree_kernels import solve_tree_product
from meio.optimizer.upstream_kernels import children_gains, solve_upstream


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
    paid: Floats
    """[period]: how much of it is paid for capacity on the way into nodes"""
    storage: Floats
    """[node, storage type, period]: m³ on hand"""
    carried: Floats
    """[node, storage type, period]: m³ on hand beyond followed levels, which fell faster than demand took them"""
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


@kernel
def solve_block(
    model: PlanningModel,
    prices: Prices,
    first: int,
    end: int,
    given: bool,
    decisions: Decisions,
    totals: Aggregates,
) -> None:
    """Solve products first to end - 1 and add them to the totals.

    With `given`, lanes and levels are not chosen but read from the decisions, and their use and worth are found.
    """
    num_nodes, num_periods = prices.outbound.shape
    classes, tables = new_classes(num_nodes, model.num_speeds), new_tables(2 * num_nodes + 1)
    work = new_workspace(num_nodes, num_periods)
    for product in range(first, end):
        solve_product(model, prices, product, given, decisions, totals, classes, tables, work)


@kernel
def solve_product(
    model: PlanningModel,
    prices: Prices,
    product: int,
    given: bool,
    decisions: Decisions,
    totals: Aggregates,
    classes: Classes,
    tables: Tables,
    work: Workspace,
) -> None:
    """Solve every period of one product and add it to the totals."""
    lane = decisions.lane_idx[product]
    start_product(model, prices.storage, prices.lane, product, given, lane, decisions.supply_cost[product], work)
    shipping = np.empty((num_classes(model, product), lane.size))
    fill_shipping_costs(model, product, shipping)
    if model.is_tree[product]:
        solve_tree_product(model, prices, product, given, shipping, decisions, totals, work)
        add_replenishment(model, product, lane, work.consumed, decisions.level[product], given, totals)
        return
    choices = np.empty((shipping.shape[0], 3), np.int64)
    for period in range(model.num_periods):
        middle = (period + 0.5) * model.period_days
        if price_nodes(model, prices.outbound, prices.lane, product, period, lane, work):
            fill_choices(shipping, work.ranking, work.region, choices)
        holding = work.holding[:, period]
        cost = assign_classes(
            model, product, shipping, choices, middle, lane, work.region, work.delivered, holding, classes
        )
        if given:
            work.given[:] = decisions.level[product, :, period]
        steps, step, shortage = solve_node_levels(
            model,
            product,
            period,
            lane,
            work.region,
            work.charge,
            work.given,
            classes,
            tables,
            work.lattice,
            work.order_node,
            work.order_gain,
            work.levels,
            work.unserved,
        )
        cost += shortage - (classes.loss_saving * work.unserved[: lane.size]).sum()
        served_units(classes, work.unserved, work.region, work.served)
        fill_worth(tables, work.region, work.charge, work.lattice, work.worth)
        cost += add_nodes(model, prices, product, period, lane, given, work, decisions, totals)
        add_responses(model, product, period, lane, step, classes, tables, work, totals)
        bonus = at(tables.size, tables.gain, 2 * lane.size, work.lattice[2 * lane.size])
        cost += add_upstream_nodes(
            model, prices, product, period, lane, steps, step, bonus, given, classes.rate, work, decisions, totals
        )
        totals.cost[period] += cost * model.period_days
    add_replenishment(model, product, lane, work.consumed, decisions.level[product], given, totals)


@kernel
def add_nodes(
    model: PlanningModel,
    prices: Prices,
    product: int,
    period: int,
    lane: Ints,
    given: bool,
    work: Workspace,
    decisions: Decisions,
    totals: Aggregates,
) -> float:
    """Keep the levels of the nodes that serve customers, add what they use; return what their stock costs per day."""
    cost, period_days = 0.0, model.period_days
    storage_type, volume = model.storage_type_idx[product], model.volume_m3[product]
    lead_days, review_days, lane_price = model.lead_days, model.review_days, prices.lane
    holding, consumed = work.holding, work.consumed
    for node in range(lane.size):
        charge, source = work.charge[node], work.region[node]
        if charge == np.inf:
            continue
        level, served = work.levels[node], work.served[node]
        cost += (charge + (holding[source, period] if source != node else 0.0)) * level
        fall = price_fall(lane_price[lane[node]], period)
        totals.paid[period] += fall * level + work.paid[node] * served * period_days
        if not given:
            decisions.level[product, node, period] = level
        decisions.worth[product, node, period] = work.worth[node]
        shelf = max(0.0, level - on_hand_days(lead_days[lane[node]], review_days[lane[node]]) * served)
        totals.storage[node, storage_type, period] += volume * shelf
        totals.customers[node, period] += served
        consumed[node, period] += served
        if source != node:
            consumed[source, period] += served
    return cost


@kernel
def add_responses(
    model: PlanningModel,
    product: int,
    period: int,
    lane: Ints,
    step: float,
    classes: Classes,
    tables: Tables,
    work: Workspace,
    totals: Aggregates,
) -> None:
    """Add how the nodes' stock and flow fall when their prices rise: the dual's curvature."""
    storage_type, volume = model.storage_type_idx[product], model.volume_m3[product]
    sizes, gains, region, lattice = tables.size, tables.gain, work.region, work.lattice
    window_mean, lead_mean, spill_cost = classes.window_mean, classes.lead_mean, classes.spill_cost
    for node in range(lane.size):
        charge, rate = work.charge[node], classes.rate[node]
        if charge == np.inf:
            continue
        response = level_response(sizes, gains, region, lattice, charge, step, node)
        totals.response_volume2[lane[node], storage_type, period] += volume * volume * response
        totals.response_volume[lane[node], storage_type, period] += volume * response
        ahead = model.period_days * rate  # what a rising inbound price may pull forward at once
        totals.response_units[lane[node], period] += max(response, ahead / max(charge, 1e-9))
        cycle, gap = 0.0, 0.0
        for speed in range(model.num_speeds):
            units = window_mean[node, speed] - lead_mean[node, speed]
            cycle += units
            gap += spill_cost[node, speed] * units
        if cycle > 0.0:
            totals.response_flow[node, period] += rate / max(2.0 * gap / cycle, 1e-6)


@kernel
def add_upstream_nodes(
    model: PlanningModel,
    prices: Prices,
    product: int,
    period: int,
    lane: Ints,
    steps: int,
    step: float,
    bonus: float,
    given: bool,
    rate: Floats,
    work: Workspace,
    decisions: Decisions,
    totals: Aggregates,
) -> float:
    """Solve the upstream nodes of a period, add what they use; return what their stock costs per day."""
    cost = 0.0
    storage_type, volume = model.storage_type_idx[product], model.volume_m3[product]
    middle = (period + 0.5) * model.period_days
    for node in range(lane.size):
        if not work.is_upstream[node]:
            continue
        holding, region = work.holding[node, period], lane.size + node
        charge = price_fall(prices.lane[lane[node]], period) / model.period_days
        gains = work.gains[: int(np.rint(work.levels[region] / step))]
        children_gains(
            model.lane_source_idx, node, lane, holding, bonus, work.order_node[:steps], work.order_gain, gains
        )
        level, short, unallocated, worth = solve_upstream(
            model,
            product,
            middle,
            lane[node],
            rate[region],
            holding,
            charge,
            step,
            gains,
            work.given[node],
            work.mass,
        )
        cost += short + holding * unallocated + charge * level
        totals.paid[period] += charge * level * model.period_days
        if not given:
            decisions.level[product, node, period] = level
        decisions.worth[product, node, period] = worth
        totals.storage[node, storage_type, period] += volume * unallocated
        response = np.sqrt(max(level, 1.0)) / max(holding, 1e-9)
        totals.response_volume2[lane[node], storage_type, period] += volume * volume * response
        totals.response_flow[node, period] += rate[region]
    return cost


@kernel
def add_replenishment(
    model: PlanningModel, product: int, lane: Ints, consumed: Floats, levels: Floats, given: bool, totals: Aggregates
) -> None:
    """Add what arrives on each lane: what was consumed one lead time ago, and what raises or lowers the level.

    Levels that are chosen may fall at once, which keeps use linear in them. Those that are followed fall no faster
    than demand takes them, and what is left of them is stored.
    """
    kind, volume, period_days = model.storage_type_idx[product], model.volume_m3[product], model.period_days
    for node in range(lane.size):
        if lane[node] < 0:
            continue
        lead = model.lead_days[lane[node]] / period_days
        position = levels[node, 0]
        for period in range(model.num_periods):
            taken, level = shifted(consumed[node], period - lead), levels[node, period]
            left = position - taken * period_days
            position = max(level, left) if given and period > 0 else level
            totals.lane[lane[node], period] += taken if period == 0 else (position - left) / period_days
            totals.carried[node, kind, period] += volume * (position - level)
