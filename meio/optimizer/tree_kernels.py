"""Products without spill, exactly: the best levels of their supply trees in every period, and what they use.

One node for each customer class, owed when short: such a product is a classic multi-echelon system, and theory solves
it. Serial chains by Clark and Scarf's recursion; branching trees by trying base-stock levels under first come, first
served. Each period is solved as if it went on for ever, at its own demand and prices.

Exact, in this sense: chains, and trees with Poisson demand (or with one stream of any counts spread over the
customers), fixed lead times, and reviews at each demand. Daily reviews and lead times of whole days are as good.
Approximate: random lead times by their moments (exact for Poisson demand and a gamma lead time; an order that would
overtake another waits for it, which is not counted); longer reviews by their mean delay and its variance; several
streams that are not Poisson by the variance of the split; normal and gamma demand where trees branch, by the lattice
and a polish of levels; movers so fast that their levels outnumber the lattice's points, by levels of several units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import kernel
from meio.optimizer.branch_kernels import best_tree, new_search
from meio.optimizer.demand_kernels import integral
from meio.optimizer.echelon_kernels import solve_positions
from meio.optimizer.lattice_kernels import Lattice, fill_lattice, new_lattice
from meio.optimizer.loss_kernels import COUNT
from meio.optimizer.model import PlanningModel
from meio.optimizer.outcome_kernels import own_level, tree_outcome
from meio.optimizer.product_kernels import Workspace
from meio.optimizer.split_kernels import Split, fill_split
from meio.optimizer.table_kernels import family_of
from meio.optimizer.tree_demand_kernels import Shares, Tree, class_shares, delivery_cost, fill_tree, new_tree

if TYPE_CHECKING:
    from meio.optimizer.block_kernels import Aggregates, Decisions, Prices

POLISHING_ROUNDS = 3


@kernel
def solve_tree_product(
    model: PlanningModel,
    prices: Prices,
    product: int,
    given: bool,
    shipping: Floats,
    decisions: Decisions,
    totals: Aggregates,
    work: Workspace,
) -> None:
    """Solve every period of a product without spill and add it to the totals; `work` knows its lanes and holding."""
    lane = decisions.lane_idx[product]
    tree, shares = new_tree(lane.size), class_shares(model, product, lane, shipping)
    family = family_of(model.stream_kind[model.product_ptr[product]])
    for period in range(model.num_periods):
        fill_tree(model, product, period, lane, shares, work.holding, prices.lane, tree)
        lattice = new_lattice(family, tree, model.period_days)
        fill_lattice(model, product, period, lane, shares, tree, lattice)
        split = fill_split(tree, lattice)
        level = decisions.level[product, :, period]
        if not given:
            work.levels[: lane.size] = 0.0
            fill_best_levels(tree, lattice, split, work.levels[: lane.size])
            level[:] = work.levels[: lane.size]
        cost = add_stock_use(model, product, period, lane, tree, lattice, split, level, decisions.worth, totals)
        cost += add_deliveries(model, prices, product, period, lane, shares, tree, work.consumed, totals)
        totals.cost[period] += cost * model.period_days


@kernel
def fill_best_levels(tree: Tree, lattice: Lattice, split: Split, level: Floats) -> None:
    """Fill the echelon levels of least cost, [node] units."""
    num_nodes = tree.rate.size
    cost, slope = np.zeros((num_nodes, lattice.size)), np.zeros(num_nodes)
    solve_positions(tree, lattice, cost, slope, level)
    if tree.branches.any():
        _fill_branch_levels(tree, lattice, split, cost, slope, level)
    for node in range(num_nodes):  # a node of a chain has no more than what comes down to it
        source = tree.source[node]
        if tree.in_use[node] and source >= 0 and not tree.branches[source]:
            level[node] = min(level[node], level[source])
    for node in range(num_nodes - 1, -1, -1):
        source = tree.source[node]
        if tree.in_use[node] and source >= 0 and tree.branches[source]:
            level[source] += level[node]
    if tree.branches.any() and lattice.family != COUNT:
        _polish(tree, lattice, split, level)


@kernel
def _fill_branch_levels(tree: Tree, lattice: Lattice, split: Split, cost: Floats, slope: Floats, level: Floats) -> None:
    """Own levels of nodes whose subtree branches, and levels of the chains below them."""
    search = new_search(tree, lattice, split, cost, slope)
    for root in range(tree.rate.size):
        if tree.in_use[root] and tree.source[root] < 0 and tree.branches[root]:
            best_tree(tree, lattice, split, search, root)
            level[root] = search.steps[0, root] * lattice.step
            for node in range(root + 1, tree.rate.size):
                if search.below[root, node] and tree.branches[tree.source[node]]:
                    level[node] = search.steps[0, node] * lattice.step


@kernel
def _polish(tree: Tree, lattice: Lattice, split: Split, level: Floats) -> None:
    """Move the levels of continuous demand off the lattice: the vertex of a parabola, node by node."""
    num_nodes, size = tree.rate.size, lattice.size
    owed, waiting, shelf = np.zeros((num_nodes, size - lattice.zero)), np.zeros(size), np.zeros(num_nodes)
    best = tree_outcome(tree, lattice, split, level, owed, waiting, shelf)
    for _ in range(POLISHING_ROUNDS):
        for node in range(num_nodes):
            if not tree.in_use[node]:
                continue
            here, step = level[node], lattice.step
            level[node] = here + step
            above = tree_outcome(tree, lattice, split, level, owed, waiting, shelf)
            level[node] = here - step
            below = tree_outcome(tree, lattice, split, level, owed, waiting, shelf)
            bend = above - 2.0 * best + below
            move = 0.5 * (below - above) / bend if bend > 0.0 else 0.0
            level[node] = max(0.0, here + step * min(2.0, max(-2.0, move)))
            cost = tree_outcome(tree, lattice, split, level, owed, waiting, shelf)
            if cost < best:
                best = cost
            else:
                level[node] = here


@kernel
def add_stock_use(
    model: PlanningModel,
    product: int,
    period: int,
    lane: Ints,
    tree: Tree,
    lattice: Lattice,
    split: Split,
    level: Floats,
    worth: Floats,
    totals: Aggregates,
) -> float:
    """Add the space that levels take and how levels answer prices; return their cost per day.

    `worth` [product, node, period] gets the cost of one unit less, prices answer by the cost's curvature: both from
    the costs of a level a step lower and a step higher.
    """
    num_nodes, size, volume = lane.size, lattice.size, model.volume_m3[product]
    kind = model.storage_type_idx[product]
    owed, waiting, shelf = np.zeros((num_nodes, size - lattice.zero)), np.zeros(size), np.zeros(num_nodes)
    cost = tree_outcome(tree, lattice, split, level, owed, waiting, shelf)
    for node in range(num_nodes):
        totals.storage[node, kind, period] += volume * shelf[node]
        if tree.in_use[node] and not tree.branches[node]:
            totals.paid[period] += tree.charge[node] * level[node] * model.period_days
        elif tree.in_use[node]:
            totals.paid[period] += tree.charge[node] * own_level(tree, level, node) * model.period_days
    for node in range(num_nodes):
        worth[product, node, period] = 0.0
        if not tree.in_use[node]:
            continue
        here, move = level[node], lattice.step
        if not lattice.whole:
            move = max(move, 0.1 * np.sqrt(tree.variance[node]))
        level[node] = here + move
        above = tree_outcome(tree, lattice, split, level, owed, waiting, shelf)
        level[node] = here - move
        below = tree_outcome(tree, lattice, split, level, owed, waiting, shelf)
        level[node] = here
        if here > 0.0:
            worth[product, node, period] = (below - cost) / move
        _add_response(model, kind, volume, period, lane[node], node, tree, here, above, cost, below, move, totals)
    return cost


@kernel
def _add_response(
    model: PlanningModel,
    kind: int,
    volume: float,
    period: int,
    lane: int,
    node: int,
    tree: Tree,
    level: float,
    above: float,
    cost: float,
    below: float,
    move: float,
    totals: Aggregates,
) -> None:
    """Add how a node's stock and inflow fall when their prices rise."""
    holding, rate = max(tree.holding[node], 1e-9), tree.rate[node]
    curvature = (above - 2.0 * cost + below) / (move * move)
    response = (level + 1.0) / holding
    if curvature > 0.0:
        response = min(response, 1.0 / curvature)
    totals.response_volume2[lane, kind, period] += volume * volume * response
    totals.response_volume[lane, kind, period] += volume * response
    totals.response_units[lane, period] += max(response, model.period_days * rate / holding)
    totals.response_flow[node, period] += rate


@kernel
def add_deliveries(
    model: PlanningModel,
    prices: Prices,
    product: int,
    period: int,
    lane: Ints,
    shares: Shares,
    tree: Tree,
    consumed: Floats,
    totals: Aggregates,
) -> float:
    """Add what customers take, `consumed` [node, period]; return what delivering it costs per day, prices included."""
    first, cost = model.product_ptr[product], 0.0
    middle = (period + 0.5) * model.period_days
    for node in range(lane.size):
        consumed[node, period] = tree.rate[node] if tree.in_use[node] else 0.0
        if not tree.in_use[node] or tree.num_children[node] > 0:
            continue
        for stream in range(shares.shipping.shape[0]):
            daily = integral(model.daily_mean[first + stream], model.period_days, middle - 0.5, middle + 0.5)
            cost += daily * shares.shipping[stream, node]
        delivered, paid = delivery_cost(model, product, period, lane, prices.lane, prices.outbound, node)
        cost += tree.rate[node] * delivered
        totals.paid[period] += tree.rate[node] * paid * model.period_days
        totals.customers[node, period] += tree.rate[node]
    return cost
