"""All subproblems of a block of products at given prices, and what they use of the shared capacity."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.optimizer.class_kernels import Choices, assign_classes, fill_choices, new_choices
from meio.optimizer.cluster_kernels import OWED_COST, Classes, new_classes
from meio.optimizer.cycle_kernels import add_cycle_spread, fill_cycles
from meio.optimizer.demand_kernels import fill_shipping_costs, num_classes
from meio.optimizer.layer_kernels import solve_layers
from meio.optimizer.loss_kernels import COUNT
from meio.optimizer.model import PlanningModel
from meio.optimizer.node_kernels import fill_worth, saved_by_losing, served_units, solve_node_levels
from meio.optimizer.product_kernels import (
    Workspace,
    new_workspace,
    price_nodes,
    start_product,
)
from meio.optimizer.subproblem_kernels import Tables, at, new_tables
from meio.optimizer.table_kernels import family_of
from meio.optimizer.tree_kernels import solve_tree_product
from meio.optimizer.upstream_kernels import fill_debts
from meio.optimizer.use_kernels import add_layers, add_nodes, add_replenishment, add_responses


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
    """[product, node, period of use]: inventory position of a node, echelon position where it supplies others; units"""
    supply_cost: Floats
    """[product, node, period]: cost of one more unit arriving at the node, prices included"""
    worth: Floats
    """[product, node, period]: cost per day of having one unit less than the level"""
    consumed: Floats
    """[product, node, period]: units per day that customers take from the node, or from those it supplies"""


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
    classes, tables = new_classes(num_nodes, model.num_speeds), new_tables(2 * num_nodes + 1, model.num_speeds)
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
    shipping = np.empty((num_classes(model, product), lane.size))
    fill_shipping_costs(model, product, shipping)
    supply_cost = decisions.supply_cost[product]
    chain_days = start_product(model, prices.storage, prices.lane, product, given, shipping, lane, supply_cost, work)
    if model.is_tree[product]:
        solve_tree_product(model, prices, product, given, shipping, decisions, totals, work)
    else:
        choices = new_choices(shipping)
        solve_spilling_product(
            model, prices, product, given, shipping, choices, chain_days, decisions, totals, classes, tables, work
        )
    decisions.consumed[product] = work.consumed
    add_replenishment(model, product, lane, work.consumed, decisions.level[product], given, totals)


@borrowing_kernel
def solve_spilling_product(
    model: PlanningModel,
    prices: Prices,
    product: int,
    given: bool,
    shipping: Floats,
    choices: Choices,
    chain_days: float,
    decisions: Decisions,
    totals: Aggregates,
    classes: Classes,
    tables: Tables,
    work: Workspace,
) -> None:
    """Solve every period of a product whose customers find other nodes; `work` knows its lanes and holding."""
    lane = decisions.lane_idx[product]
    continuous = family_of(model.stream_kind[model.product_ptr[product]]) != COUNT
    for period in range(model.num_periods):
        middle = (period + 0.5) * model.period_days
        if price_nodes(model, prices.outbound, prices.lane, product, period, lane, work):
            fill_choices(work.ranking, work.region, choices)
        holding = work.holding[:, period]
        cost = assign_classes(
            model, product, shipping, choices.node, middle, lane, work.region, work.delivered, holding, classes
        )
        fill_cycles(model, product, lane, classes.rate, work.cycle)
        add_cycle_spread(work.cycle, work.region, continuous, classes)
        set_given(model, product, period, lane, chain_days, given, decisions.level, classes, tables, work)
        step, shortage = solve_levels(model, product, period, lane, chain_days, classes, tables, work)
        cost += shortage - saved_by_losing(classes.loss_saving, work.unserved)
        served_units(classes, work.unserved, work.region, work.served)
        fill_worth(tables, work.region, work.charge, work.lattice, work.worth)
        cost += add_nodes(model, product, period, lane, given, work, decisions, totals)
        add_responses(model, product, period, lane, step, classes, tables, work, totals)
        cost += add_layers(model, product, period, lane, given, work, decisions, totals)
        totals.cost[period] += cost * model.period_days


@borrowing_kernel
def solve_levels(
    model: PlanningModel,
    product: int,
    period: int,
    lane: Ints,
    chain_days: float,
    classes: Classes,
    tables: Tables,
    work: Workspace,
) -> tuple[float, float]:
    """Levels of all nodes of a period, or what given ones lead to; return a lattice step and the cost of shortage."""
    steps, step, shortage = solve_node_levels(
        model,
        product,
        period,
        lane,
        chain_days,
        work.region,
        work.cycle,
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
    fill_debts(classes.terms[:, :, OWED_COST], classes.rate, work.region, work.charge, work.layers.owed)
    solve_layers(
        model,
        product,
        period,
        lane,
        work.is_upstream,
        work.holding[:, period],
        work.fall,
        classes.rate,
        work.lattice,
        work.order_node[:steps],
        work.order_gain,
        at(tables.size, tables.gain, 2 * lane.size, work.lattice[2 * lane.size]),
        step,
        work.layers,
    )
    return step, shortage


@borrowing_kernel
def set_given(
    model: PlanningModel,
    product: int,
    period: int,
    lane: Ints,
    chain_days: float,
    given: bool,
    level: Floats,
    classes: Classes,
    tables: Tables,
    work: Workspace,
) -> None:
    """Fill the levels to follow. A node that serves customers and nodes splits its level as it would its best one."""
    if not given:
        return
    to_customers, to_nodes, splits = work.given, work.layers.given, False
    for node in range(lane.size):
        splits = splits or (work.is_upstream[node] and work.charge[node] < np.inf)
    if splits:
        to_customers[:] = -1.0
        to_nodes[:] = -1.0
        solve_levels(model, product, period, lane, chain_days, classes, tables, work)
    for node in range(lane.size):
        to_customers[node] = to_nodes[node] = level[product, node, period]
        if work.is_upstream[node] and work.charge[node] < np.inf:
            own, passed = work.levels[node], work.layers.level[node]
            to_customers[node] *= own / max(own + passed, 1e-12)
            to_nodes[node] -= to_customers[node]
