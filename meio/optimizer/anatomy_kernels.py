"""One product in one period, laid open: the tables behind its levels, for whoever asks why."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import kernel
from meio.optimizer.block_kernels import Prices, solve_levels
from meio.optimizer.class_kernels import assign_classes, fill_choices, new_choices
from meio.optimizer.cluster_kernels import Classes, new_classes
from meio.optimizer.cycle_kernels import add_cycle_spread, fill_cycles
from meio.optimizer.demand_kernels import fill_shipping_costs, num_classes
from meio.optimizer.loss_kernels import COUNT
from meio.optimizer.model import PlanningModel
from meio.optimizer.node_kernels import fill_worth, served_units
from meio.optimizer.product_kernels import Workspace, new_workspace, price_nodes, start_product
from meio.optimizer.subproblem_kernels import Tables, new_tables
from meio.optimizer.table_kernels import family_of


@kernel
def dissected(
    model: PlanningModel, prices: Prices, product: int, period: int, lane: Ints, level: Floats
) -> tuple[float, Classes, Tables, Workspace, Floats, Ints]:
    """Units of a lattice step, classes, tables and workspace of a product in a period, at given lanes and levels.

    Lanes and levels are [node]. The last two are what shipping to each class costs, [class, node], and its choices of
    node, [choice, class].
    """
    num_nodes, num_periods = prices.outbound.shape
    classes, tables = new_classes(num_nodes, model.num_speeds), new_tables(2 * num_nodes + 1, model.num_speeds)
    work = new_workspace(num_nodes, num_periods)
    kept, supply_cost = lane.copy(), np.full((num_nodes, num_periods), np.inf)
    shipping = np.empty((num_classes(model, product), num_nodes))
    fill_shipping_costs(model, product, shipping)
    chain_days = start_product(model, prices.storage, prices.lane, product, True, shipping, kept, supply_cost, work)
    choices = new_choices(shipping)
    price_nodes(model, prices.outbound, prices.lane, product, period, kept, work)
    fill_choices(work.ranking, work.region, choices)
    middle, holding = (period + 0.5) * model.period_days, work.holding[:, period]
    assign_classes(model, product, shipping, choices.node, middle, kept, work.region, work.delivered, holding, classes)
    fill_cycles(model, product, kept, classes.rate, work.cycle)
    continuous = family_of(model.stream_kind[model.product_ptr[product]]) != COUNT
    add_cycle_spread(work.cycle, work.region, continuous, classes)
    work.given[:] = level
    step, _ = solve_levels(model, product, period, kept, chain_days, classes, tables, work)
    served_units(classes, work.unserved, work.region, work.served)
    fill_worth(tables, work.region, work.charge, work.lattice, work.worth)
    return step, classes, tables, work, shipping, choices.node
