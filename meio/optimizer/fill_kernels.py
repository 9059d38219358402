"""What shortage costs at each lattice level of every cluster, no further than stock can be worth its charge.

A node's table ends where its own gain has fallen to a part of what a unit costs there. The part leaves room for what
region and nation may add; where that was too little, because the stock ran into the end of a table, all levels are
filled and the stock is found again. So a cut table changes nothing but the time it takes.
"""

from __future__ import annotations

import math

import numpy as np

from meio.network.compiled import Bools, Floats, Ints
from meio.network.jit import borrowing_kernel
from meio.optimizer.cluster_kernels import (
    LEAD_MEAN,
    LEAD_VARIANCE,
    LOST_COST,
    OWED_COST,
    WINDOW_MEAN,
    WINDOW_VARIANCE,
    Classes,
)
from meio.optimizer.cycle_kernels import average_over_cycle
from meio.optimizer.loss_kernels import fill_shortage
from meio.optimizer.subproblem_kernels import MOST_STEPS, Tables, add_stock, fill_gains
from meio.optimizer.table_kernels import highest_level

PART_OF_CHARGE = 0.05  # to which a node's gain must fall where region or nation gain by its stock too
BEYOND = 3  # filled levels beyond the one whose gain is enough: the one it is compared with, and its curvature


@borrowing_kernel
def stock_nodes(
    family: int,
    classes: Classes,
    region: Ints,
    charge: Floats,
    whole: bool,
    step: float,
    ahead_days: float,
    cycle: Ints,
    values: Floats,
    cumulative: Floats,
    tables: Tables,
    lattice: Ints,
    order_node: Ints,
    order_gain: Floats,
) -> int:
    """Fill the tables, all of them if they must be `whole`, and add stock as `add_stock` does."""
    set_enough(classes.terms, region, charge, whole, tables.enough)
    fill_tables(family, classes, region, step, ahead_days, cycle, values, cumulative, tables)
    steps = add_stock(tables, region, charge, lattice, order_node, order_gain)
    if reaches_a_cut(region.size, tables.size, tables.is_cut, lattice):
        set_enough(classes.terms, region, charge, True, tables.enough)
        fill_tables(family, classes, region, step, ahead_days, cycle, values, cumulative, tables)
        steps = add_stock(tables, region, charge, lattice, order_node, order_gain)
    return steps


@borrowing_kernel
def set_enough(terms: Floats, region: Ints, charge: Floats, whole: bool, enough: Floats) -> None:
    """Fill the gain below which each node's table may end, money per day; 0 where it may not."""
    num_nodes = region.size
    for node in range(num_nodes):
        enough[node] = 0.0
        if not whole and 0.0 < charge[node] < np.inf:
            shared = 0.0
            for cluster in (num_nodes + region[node], 2 * num_nodes):
                for rank in range(terms.shape[1]):
                    shared += terms[cluster, rank, LOST_COST] + terms[cluster, rank, OWED_COST]
            enough[node] = charge[node] if shared <= 0.0 else PART_OF_CHARGE * charge[node]


@borrowing_kernel
def reaches_a_cut(num_nodes: int, sizes: Ints, is_cut: Bools, lattice: Ints) -> bool:
    """Whether a node's level comes to the end of a table that was cut."""
    reaches = False
    for node in range(num_nodes):
        reaches = reaches or (is_cut[node] and lattice[node] + BEYOND > sizes[node])
    return bool(reaches)


@borrowing_kernel
def fill_tables(
    family: int,
    classes: Classes,
    region: Ints,
    step: float,
    ahead_days: float,
    cycle: Ints,
    values: Floats,
    cumulative: Floats,
    tables: Tables,
) -> None:
    """Cost, gain and unserved units of every cluster with demand, over its lattice.

    Nodes' are averages over their order cycles, `cycle` [node] units long.
    """
    rates, terms, review_days = classes.rate, classes.terms, classes.review_days
    sizes, is_cut, enough = tables.size, tables.is_cut, tables.enough
    costs, unserved, gains = tables.cost, tables.unserved, tables.gain
    lost, backlog, recursion = tables.lost, tables.backlog, tables.recursion
    num_nodes, last = region.size, terms.shape[1] - 1
    for cluster in range(rates.size):
        sizes[cluster], is_cut[cluster] = 0, False
        if rates[cluster] <= 0.0:
            continue
        mean, variance = terms[cluster, last, WINDOW_MEAN], terms[cluster, last, WINDOW_VARIANCE]
        units = cycle[cluster] if cluster < num_nodes else 1
        highest = highest_level(mean, variance, rates[cluster], ahead_days)
        most = min(MOST_STEPS + 2, int((highest + units - 1.0) / step) + 2)
        if cluster >= num_nodes:
            most = min(most, reachable(cluster, mean, step, region, sizes, is_cut))
        half = math.ceil(0.5 * units / step) if units > 1 else 0
        least, days = enough[cluster], review_days[cluster]
        while True:
            end = fill_cost(
                family, terms, cluster, step, most, half, least, values, cumulative, recursion, lost, backlog, costs
            )
            for level in range(end):
                unserved[cluster, level] = lost[level] / days
            if units > 1:
                average_over_cycle(units, step, -terms[cluster, :, OWED_COST].sum(), costs[cluster, :end])
                average_over_cycle(units, step, 0.0, unserved[cluster, :end])
            size = end - half if end < most else end
            sizes[cluster], is_cut[cluster] = size, end < most
            if not fill_falling_gains(costs, cluster, size, step, gains):
                fill_gains(costs[cluster, :size], step, gains[cluster, :size])
            if end == most or gains[cluster, size - 2] < gains[cluster, size - 3]:
                break
            least = 0.0  # the last step is levelled with those before, perhaps with some beyond the cut


@borrowing_kernel
def fill_falling_gains(costs: Floats, cluster: int, size: int, step: float, gains: Floats) -> bool:
    """Saving per unit of each next step of a cluster's stock; whether it never rises, as that of a convex cost."""
    falling, before = True, np.inf
    for level in range(size - 1):
        gain = (costs[cluster, level] - costs[cluster, level + 1]) / step
        gains[cluster, level] = gain
        falling = falling and gain <= before
        before = gain
    gains[cluster, size - 1] = 0.0
    return falling


@borrowing_kernel
def reachable(cluster: int, mean: float, step: float, region: Ints, sizes: Ints, is_cut: Bools) -> int:
    """Levels of a region or the nation that its nodes' tables, if any was cut, can add up to."""
    num_nodes, total, cut = region.size, 2, False
    for node in range(num_nodes):
        if cluster == 2 * num_nodes or cluster == num_nodes + region[node]:
            total += sizes[node]
            cut = cut or is_cut[node]
    return max(total, int(mean / step) + BEYOND) if cut else MOST_STEPS + 2


@borrowing_kernel
def fill_cost(
    family: int,
    terms: Floats,
    cluster: int,
    step: float,
    most: int,
    half: int,
    enough: float,
    values: Floats,
    cumulative: Floats,
    recursion: Floats,
    lost: Floats,
    backlog: Floats,
    costs: Floats,
) -> int:
    """Cost per day at a cluster's levels, `most` of them or until a step gains no more than `enough` a unit.

    `half` is half of an order cycle, in steps: beyond the last level that is wanted, averages need as much, and their
    gains fall as much later. Returns the number of levels filled; `lost` then holds the units lost per cycle there.
    """
    last = terms.shape[1] - 1
    ahead = 2 * half + BEYOND
    first, end = 0, most
    if enough > 0.0:
        end = min(most, int(terms[cluster, last, WINDOW_MEAN] / step) + ahead + 1)
    while first < end:
        for level in range(first, end):
            costs[cluster, level] = 0.0
        for rank in range(last + 1):
            lost_cost, owed_cost = terms[cluster, rank, LOST_COST], terms[cluster, rank, OWED_COST]
            mean = terms[cluster, rank, WINDOW_MEAN]
            if mean <= 0.0 or (lost_cost <= 0.0 and owed_cost <= 0.0 and rank < last):
                continue
            fill_shortage(
                family,
                mean,
                terms[cluster, rank, WINDOW_VARIANCE],
                terms[cluster, rank, LEAD_MEAN],
                terms[cluster, rank, LEAD_VARIANCE],
                values,
                cumulative,
                step,
                first,
                end,
                rank,
                recursion,
                lost,
                backlog,
            )
            for level in range(first, end):
                costs[cluster, level] += lost_cost * lost[level] + owed_cost * backlog[level]
        first = end
        if first < most and costs[cluster, end - ahead] - costs[cluster, end - ahead + 1] > enough * step:
            end = min(most, end + BEYOND + int(0.25 * math.sqrt(terms[cluster, last, WINDOW_VARIANCE]) / step))
    return end
