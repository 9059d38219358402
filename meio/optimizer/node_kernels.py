"""Levels of the nodes that serve customers in one period, and what follows from them."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import EMPIRICAL, Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.optimizer.array_kernels import total
from meio.optimizer.cluster_kernels import Classes
from meio.optimizer.fill_kernels import fill_tables
from meio.optimizer.loss_kernels import COUNT, NO_POINTS, POINTS
from meio.optimizer.model import PlanningModel
from meio.optimizer.sole_kernels import stand_alone, stock_sole_nodes
from meio.optimizer.subproblem_kernels import Tables, add_stock, at
from meio.optimizer.table_kernels import family_of, lattice_step, level_slope, points_of, refine_levels


@borrowing_kernel
def solve_node_levels(
    model: PlanningModel,
    product: int,
    period: int,
    lane: Ints,
    chain_days: float,
    region: Ints,
    cycle: Ints,
    charge: Floats,
    given: Floats,
    classes: Classes,
    tables: Tables,
    lattice: Ints,
    order_node: Ints,
    order_gain: Floats,
    levels: Floats,
    unserved: Floats,
) -> tuple[int, float, float]:
    """Levels of the nodes that serve customers, or what their `given` levels (negative: none) lead to.

    Levels are filled for every cluster, in units (`levels`) and in steps (`lattice`). Returns the steps added, the
    units in one, and the cost per day of shortage. Steps are not counted where all nodes stand alone: no upstream node
    asks for their worth.
    """
    step = lattice_step(classes, model.period_days, chain_days, cycle)
    kind = model.stream_kind[model.product_ptr[product]]
    if kind >= EMPIRICAL:
        steps, shortage = solve_tabled(
            model,
            product,
            period,
            lane,
            step,
            region,
            cycle,
            charge,
            given,
            classes,
            tables,
            lattice,
            order_node,
            order_gain,
            levels,
            unserved,
        )
    else:
        steps, shortage = solve_lattice(
            family_of(kind),
            NO_POINTS,
            NO_POINTS,
            model.period_days,
            step,
            region,
            cycle,
            charge,
            given,
            classes,
            tables,
            lattice,
            order_node,
            order_gain,
            levels,
            unserved,
        )
    return steps, step, shortage


@kernel
def solve_tabled(
    model: PlanningModel,
    product: int,
    period: int,
    lane: Ints,
    step: float,
    region: Ints,
    cycle: Ints,
    charge: Floats,
    given: Floats,
    classes: Classes,
    tables: Tables,
    lattice: Ints,
    order_node: Ints,
    order_gain: Floats,
    levels: Floats,
    unserved: Floats,
) -> tuple[int, float]:
    """`solve_lattice` of a product whose demand is given by its points."""
    family, values, cumulative = window_demand(model, product, period, lane, classes)
    return solve_lattice(
        family,
        values,
        cumulative,
        model.period_days,
        step,
        region,
        cycle,
        charge,
        given,
        classes,
        tables,
        lattice,
        order_node,
        order_gain,
        levels,
        unserved,
    )


@borrowing_kernel
def solve_lattice(
    family: int,
    values: Floats,
    cumulative: Floats,
    period_days: float,
    step: float,
    region: Ints,
    cycle: Ints,
    charge: Floats,
    given: Floats,
    classes: Classes,
    tables: Tables,
    lattice: Ints,
    order_node: Ints,
    order_gain: Floats,
    levels: Floats,
    unserved: Floats,
) -> tuple[int, float]:
    """Levels on the lattice, then off it where demand is continuous; return the steps and the cost of shortage."""
    terms, rate = classes.terms, classes.rate
    alone = family == COUNT and step == 1.0 and given[0] < 0.0 and stand_alone(terms, rate, region, cycle, charge)
    if alone and stock_sole_nodes(terms, rate, classes.review_days, charge, period_days, tables, lattice):
        for cluster in range(levels.size):
            levels[cluster] = lattice[cluster]
        return 0, lattice_cost(tables, lattice, unserved)
    fill_tables(family, classes, step, period_days, cycle, values, cumulative, tables)
    steps = add_stock(tables, region, charge, lattice, order_node, order_gain)
    if given[0] >= 0.0:
        take_levels(region, given, step, tables, lattice)
    for cluster in range(levels.size):
        levels[cluster] = lattice[cluster] * step
    if family in (COUNT, POINTS):
        return steps, lattice_cost(tables, lattice, unserved)
    if given[0] >= 0.0:
        add_up_levels(region, given, rate, levels)
    else:
        refine_levels(family, classes, region, charge, step, values, cumulative, levels)
    return steps, continuous_cost(family, classes, values, cumulative, levels, unserved)


@kernel
def window_demand(
    model: PlanningModel, product: int, period: int, lane: Ints, classes: Classes
) -> tuple[int, Floats, Floats]:
    """Family of a product's window demand, with its points where one node serves all of a tabled demand."""
    first = model.product_ptr[product]
    family, values, cumulative = family_of(model.stream_kind[first]), NO_POINTS, NO_POINTS
    if model.stream_kind[first] < EMPIRICAL or model.product_ptr[product + 1] - first > 1:
        return family, values, cumulative
    for node in range(lane.size):
        if classes.rate[node] > 0.0:
            lead, review = model.lead_days[lane[node]], model.review_days[lane[node]]
            values, cumulative = points_of(model, first, period, lead, review)
            if values.size > 0 and classes.rate[node] >= (1.0 - 1e-9) * classes.rate[2 * lane.size]:
                family = POINTS
    return family, values, cumulative


@borrowing_kernel
def take_levels(region: Ints, given: Floats, step: float, tables: Tables, lattice: Ints) -> None:
    """Lattice levels of nodes, regions and nation that come nearest to given levels, [node]."""
    num_nodes = region.size
    lattice[:] = 0
    for node in range(num_nodes):
        if tables.size[node] > 0:
            level = min(int(np.rint(given[node] / step)), tables.size[node] - 1)
            lattice[node] = level
            lattice[num_nodes + region[node]] += level
            lattice[2 * num_nodes] += level


@borrowing_kernel
def add_up_levels(region: Ints, given: Floats, rate: Floats, levels: Floats) -> None:
    """Levels of nodes with demand as given, [node], and their sums over regions and nation."""
    num_nodes = region.size
    levels[:] = 0.0
    for node in range(num_nodes):
        if rate[node] > 0.0:
            for cluster in (node, num_nodes + region[node], 2 * num_nodes):
                levels[cluster] += given[node]


@borrowing_kernel
def lattice_cost(tables: Tables, lattice: Ints, unserved: Floats) -> float:
    """Cost per day of shortage at lattice levels; fills the units per day that leave each cluster unserved."""
    cost, sizes, costs, units = 0.0, tables.size, tables.cost, tables.unserved
    for cluster in range(lattice.size):
        unserved[cluster] = at(sizes, units, cluster, lattice[cluster])
        cost += at(sizes, costs, cluster, lattice[cluster])
    return cost


@borrowing_kernel
def continuous_cost(
    family: int, classes: Classes, values: Floats, cumulative: Floats, levels: Floats, unserved: Floats
) -> float:
    """Cost per day of shortage at continuous levels; fills the units per day that leave each cluster unserved."""
    cost = 0.0
    for cluster in range(levels.size):
        unserved[cluster] = 0.0
        if classes.rate[cluster] > 0.0:
            part, _, unserved[cluster] = level_slope(family, classes, cluster, values, cumulative, levels[cluster])
            cost += part
    return cost


@borrowing_kernel
def fill_worth(tables: Tables, region: Ints, charge: Floats, lattice: Ints, worth: Floats) -> None:
    """Fill the cost per day of having one unit less at each node, 0 where none is held."""
    sizes, gains, num_nodes = tables.size, tables.gain, region.size
    for node in range(num_nodes):
        worth[node] = 0.0
        if lattice[node] > 0:
            worth[node] = -charge[node]
            for cluster in (node, num_nodes + region[node], 2 * num_nodes):
                worth[node] += at(sizes, gains, cluster, lattice[cluster] - 1)


@borrowing_kernel
def level_response(
    sizes: Ints, gains: Floats, region: Ints, lattice: Ints, charge: float, step: float, node: int
) -> float:
    """Units by which a node's level falls per unit of charge: the inverse curvature of its clusters' costs."""
    num_nodes = region.size
    curvature = 0.0
    for cluster in (node, num_nodes + region[node], 2 * num_nodes):
        level = lattice[cluster]
        below = at(sizes, gains, cluster, max(0, level - 1))
        curvature += (below - at(sizes, gains, cluster, level + 1)) / (2.0 * step)
    most = float((lattice[node] + 1.0) * step / max(1e-9, abs(charge)))
    return min(most, 1.0 / curvature) if curvature > 0.0 else most


@borrowing_kernel
def saved_by_losing(loss_saving: Floats, unserved: Floats) -> float:
    """Money per day saved by units that leave their node unserved, where serving them costs more."""
    saved = 0.0
    for node in range(loss_saving.size):
        saved += loss_saving[node] * unserved[node]
    return saved


@borrowing_kernel
def served_units(classes: Classes, unserved: Floats, region: Ints, served: Floats) -> None:
    """Units per day each node ships: its own demand less its spill, plus what spills to it from others.

    A node takes spill only as far as it serves its own customers.
    """
    num_nodes = region.size
    rate, near_choice, far_choice = classes.rate, classes.near_choice, classes.far_choice
    near_share, spilled_near = classes.near_share, classes.spilled_near
    spilled_near[:] = 0.0
    all_unserved = 1e-12
    for node in range(num_nodes):
        served[node] = rate[node] - unserved[node]
        cycle = total(classes.window_mean[node]) - total(classes.lead_mean[node])
        near_share[node] = min(1.0, total(near_choice[node]) / cycle) if cycle > 0.0 else 0.0
        spilled_near[region[node]] += unserved[node] * near_share[node]
        all_unserved += unserved[node]
    lost = min(1.0, unserved[2 * num_nodes] / all_unserved)
    for node in range(num_nodes):
        if unserved[node] <= 0.0:
            continue
        own = region[node]
        region_short = min(1.0, unserved[num_nodes + own] / max(spilled_near[own], 1e-12))
        near = near_share[node]
        far = max(0.0, 1.0 - near) + near * region_short
        near_total, far_total = total(near_choice[node]), total(far_choice[node])
        for other in range(num_nodes):
            if near_choice[node, other] == 0.0 and far_choice[node, other] == 0.0:
                continue
            taken = 0.0
            if near_total > 0.0:
                taken += near * (1.0 - region_short) * near_choice[node, other] / near_total
            if far_total > 0.0:
                taken += far * (1.0 - lost) * far_choice[node, other] / far_total
            if taken > 0.0 and rate[other] > 0.0:
                served[other] += unserved[node] * taken * (1.0 - unserved[other] / rate[other])
