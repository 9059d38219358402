"""The product subproblem: levels of one product at every node and period, at given capacity prices.

Stock at a node serves its own customers first; what it cannot serve spills to the node's region, then to the nation,
then is lost or owed. Each cluster contributes a convex cost of its total level, so the least of their sum over the
laminar tree of clusters is found exactly by adding one step of stock at a time where it is worth most.

References
----------
Murota, K. (2003), "Discrete Convex Analysis", SIAM, sections 6.3 and 10.1: laminar convex functions, greedy ascent.
Clark, A. and Scarf, H. (1960), "Optimal policies for a multi-echelon inventory problem", Management Science 6: the
upstream node's problem.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import EMPIRICAL, GAMMA, NORMAL, Floats
from meio.network.jit import kernel
from meio.optimizer.demand_kernels import integral
from meio.optimizer.loss_kernels import (
    COUNT,
    GAMMA_FAMILY,
    NO_POINTS,
    NORMAL_FAMILY,
    fill_count_mass,
    fill_shortage,
    shortage,
)

MOST_STEPS = 1000  # lattice steps of one cluster: fast movers are planned in steps of several units
DEVIATIONS = 6.0  # how far beyond its mean demand a level may reach


class Tables(NamedTuple):
    """Cost of each cluster over its lattice of levels, money per day."""

    size: Floats
    """[cluster]: number of lattice levels, as a float"""
    gain: Floats
    """[cluster, level]: cost saved by one more unit at this level, never increasing"""
    cost: Floats
    """[cluster, level]"""
    unserved: Floats
    """[cluster, level]: units per day that leave the cluster unserved"""


@kernel
def new_tables(num_clusters):
    """Empty `Tables`."""
    shape = (num_clusters, MOST_STEPS + 2)
    return Tables(np.zeros(num_clusters), np.zeros(shape), np.zeros(shape), np.zeros(shape))


@kernel
def family_of(kind):
    """Family of the window's demand for a stream kind."""
    if kind == NORMAL:
        return NORMAL_FAMILY
    return GAMMA_FAMILY if kind == GAMMA else COUNT


@kernel
def points_of(model, stream, period, lead_days, review_days):
    """The points of a tabled demand when the window is just its period, else none; the last cell is a probability of 1.

    Quantiles stand for a piecewise linear distribution, cut into many equally likely values.
    """
    whole_period = lead_days == 0.0 and review_days == model.period_days
    if model.stream_kind[stream] < EMPIRICAL or not whole_period:
        return NO_POINTS, NO_POINTS
    cell = stream * model.num_periods + period
    first, end = model.table_ptr[cell], model.table_ptr[cell + 1]
    values, probabilities = model.table_value[first:end], model.table_probability[first:end]
    if model.stream_kind[stream] == EMPIRICAL:
        return values, probabilities
    levels = (np.arange(2000) + 0.5) / 2000.0
    return np.interp(levels, probabilities, values), (np.arange(2000) + 1.0) / 2000.0


@kernel
def speed_order(classes, cluster, order):
    """Speeds of a cluster from the dearest to serve elsewhere to the cheapest."""
    for speed in range(order.size):
        worth = classes.spill_cost[cluster, speed] + classes.backlog_cost[cluster, speed]
        place = speed
        while place > 0:
            before = order[place - 1]
            if classes.spill_cost[cluster, before] + classes.backlog_cost[cluster, before] >= worth:
                break
            order[place] = before
            place -= 1
        order[place] = speed


@kernel
def variance_of(mean, excess, common):
    """Variance of window demand from its independent and common parts."""
    return max(0.0, mean + excess + common * mean * mean)


@kernel
def highest_level(classes, cluster, ahead_days):
    """A level that surely covers a cluster's window and, beyond it, what it may buy ahead."""
    mean = classes.window_mean[cluster].sum()
    variance = variance_of(mean, classes.window_excess[cluster], classes.window_common[cluster])
    return mean + DEVIATIONS * np.sqrt(variance) + ahead_days * classes.rate[cluster] + 3.0


@kernel
def lattice_step(classes, ahead_days):
    """Units in one lattice step, so that the nation's levels fit the table."""
    return max(1.0, np.ceil(highest_level(classes, classes.rate.size - 1, ahead_days) / MOST_STEPS))


@kernel
def fill_tables(family, classes, step, ahead_days, values, cumulative, tables):
    """Cost, gain and unserved units of every cluster with demand, over its lattice."""
    num_speeds = classes.window_mean.shape[1]
    order = np.empty(num_speeds, np.int64)
    lost, backlog = np.empty(MOST_STEPS + 2), np.empty(MOST_STEPS + 2)
    for cluster in range(classes.rate.size):
        tables.size[cluster] = 0.0
        if classes.rate[cluster] <= 0.0:
            continue
        mean = classes.window_mean[cluster].sum()
        size = min(MOST_STEPS + 2, int(highest_level(classes, cluster, ahead_days) / step) + 2)
        tables.size[cluster] = size
        tables.cost[cluster, :size] = 0.0
        speed_order(classes, cluster, order)
        window_mean, lead_mean = 0.0, 0.0
        review = (mean - classes.lead_mean[cluster].sum()) / classes.rate[cluster]
        for rank in range(num_speeds):
            speed = order[rank]
            window_mean += classes.window_mean[cluster, speed]
            lead_mean += classes.lead_mean[cluster, speed]
            spill, owed = classes.spill_cost[cluster, speed], classes.backlog_cost[cluster, speed]
            if rank + 1 < num_speeds:
                spill -= classes.spill_cost[cluster, order[rank + 1]]
                owed -= classes.backlog_cost[cluster, order[rank + 1]]
            is_last = rank == num_speeds - 1
            if window_mean <= 0.0 or (spill <= 0.0 and owed <= 0.0 and not is_last):
                continue
            share = window_mean / mean
            fill_shortage(
                family,
                window_mean,
                variance_of(window_mean, share * classes.window_excess[cluster], classes.window_common[cluster]),
                lead_mean,
                variance_of(lead_mean, share * classes.lead_excess[cluster], classes.lead_common[cluster]),
                values,
                cumulative,
                step,
                lost[:size],
                backlog[:size],
            )
            tables.cost[cluster, :size] += max(0.0, spill) / review * lost[:size] + max(0.0, owed) * backlog[:size]
            if is_last:
                tables.unserved[cluster, :size] = lost[:size] / review
        fill_gains(tables.cost[cluster, :size], step, tables.gain[cluster, :size])


@kernel
def fill_gains(cost, step, gain):
    """Saving per unit of each next step under the cost's convex hull (pooling adjacent violators)."""
    size = cost.size
    weight = np.empty(size)
    pooled = 0
    for level in range(size - 1):
        gain[pooled] = (cost[level] - cost[level + 1]) / step
        weight[pooled] = 1.0
        pooled += 1
        while pooled > 1 and gain[pooled - 1] > gain[pooled - 2]:
            total = weight[pooled - 1] + weight[pooled - 2]
            mean = gain[pooled - 1] * weight[pooled - 1] + gain[pooled - 2] * weight[pooled - 2]
            gain[pooled - 2] = mean / total
            weight[pooled - 2] = total
            pooled -= 1
    level = size - 1
    gain[level] = 0.0
    for block in range(pooled - 1, -1, -1):
        for _ in range(int(weight[block])):
            level -= 1
            gain[level] = gain[block]


@kernel
def at(tables, table, cluster, level):
    """Value of a cluster's table at a lattice level, its last value beyond, zero where it has no demand."""
    size = int(tables.size[cluster])
    if size == 0:
        return 0.0
    return table[cluster, min(level, size - 1)]


@kernel
def add_stock(tables, region, charge, levels, order_node, order_gain):
    """Add steps of stock where they are worth most until none is worth its charge; return the number of steps.

    `charge` [node] is what one more unit at a node costs per day (inf: cannot be stocked). The nodes that received
    each step, and its gain at node and region beyond the charge, are kept for the upstream node's problem.
    """
    num_nodes = region.size
    nation = 2 * num_nodes
    levels[:] = 0
    steps = 0
    while steps < order_node.size:
        best, most = -1, -np.inf
        for node in range(num_nodes):
            if charge[node] < np.inf and levels[node] + 1 < tables.size[node]:
                gain = tables.gain[node, levels[node]] - charge[node]
                gain += at(tables, tables.gain, num_nodes + region[node], levels[num_nodes + region[node]])
                if gain > most:
                    best, most = node, gain
        if best < 0 or most + at(tables, tables.gain, nation, levels[nation]) <= 1e-12:
            break
        order_node[steps], order_gain[steps] = best, most
        levels[best] += 1
        levels[num_nodes + region[best]] += 1
        levels[nation] += 1
        steps += 1
    return steps


@kernel
def level_slope(family, classes, values, cumulative, cluster, level):
    """Cost per day of one cluster at a continuous level, and its derivative."""
    num_speeds = classes.window_mean.shape[1]
    order = np.empty(num_speeds, np.int64)
    speed_order(classes, cluster, order)
    mean = classes.window_mean[cluster].sum()
    review = (mean - classes.lead_mean[cluster].sum()) / classes.rate[cluster]
    window_mean, lead_mean, cost, slope, unserved = 0.0, 0.0, 0.0, 0.0, 0.0
    for rank in range(num_speeds):
        speed = order[rank]
        window_mean += classes.window_mean[cluster, speed]
        lead_mean += classes.lead_mean[cluster, speed]
        spill, owed = classes.spill_cost[cluster, speed], classes.backlog_cost[cluster, speed]
        if rank + 1 < num_speeds:
            spill -= classes.spill_cost[cluster, order[rank + 1]]
            owed -= classes.backlog_cost[cluster, order[rank + 1]]
        if window_mean <= 0.0:
            continue
        share = window_mean / mean
        lost, backlog, lost_slope, backlog_slope = shortage(
            family,
            window_mean,
            variance_of(window_mean, share * classes.window_excess[cluster], classes.window_common[cluster]),
            lead_mean,
            variance_of(lead_mean, share * classes.lead_excess[cluster], classes.lead_common[cluster]),
            values,
            cumulative,
            level,
        )
        cost += max(0.0, spill) / review * lost + max(0.0, owed) * backlog
        slope += max(0.0, spill) / review * lost_slope + max(0.0, owed) * backlog_slope
        unserved = lost / review
    return cost, slope, unserved


@kernel
def refine_levels(family, classes, region, charge, step, values, cumulative, levels):
    """Continuous levels of least cost near the lattice's, one node after the other, by bisection on the slope."""
    num_nodes = region.size
    nation = 2 * num_nodes
    for _ in range(4):
        for node in range(num_nodes):
            if charge[node] == np.inf or classes.rate[node] <= 0.0:
                continue
            own = levels[node]
            low, high = max(0.0, own - 2.0 * step), own + 2.0 * step
            for _ in range(60):
                middle = 0.5 * (low + high)
                slope = charge[node]
                for cluster in (node, num_nodes + region[node], nation):
                    if cluster == node or classes.spill_cost[cluster].sum() + classes.backlog_cost[cluster].sum() > 0.0:
                        level = middle + (0.0 if cluster == node else levels[cluster] - own)
                        slope += level_slope(family, classes, values, cumulative, cluster, level)[1]
                if slope < 0.0:
                    low = middle
                else:
                    high = middle
            change = 0.5 * (low + high) - own
            for cluster in (node, num_nodes + region[node], nation):
                levels[cluster] += change


@kernel
def upstream_worth(level, gains, mass, holding):
    """Worth of one more unit at an upstream node's lattice level: what a child gains by it, or less its holding cost."""
    worth = 0.0
    for k in range(mass.size):
        left = level - k
        if left >= gains.size:
            worth -= mass[k] * holding
        else:
            worth += mass[k] * gains[max(left, 0)]
    return worth


@kernel
def best_upstream_level(highest, gains, mass, holding, charge):
    """Least lattice level, up to `highest`, at which one more unit is not worth its charge."""
    low, high = 0, highest
    while low < high:
        middle = (low + high) // 2
        if upstream_worth(middle, gains, mass, holding) > charge:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def upstream_outcome(level, step, gains, mass):
    """Cost per day of children left short at an upstream lattice level, and the expected unallocated units."""
    short = np.zeros(gains.size + 1)  # [stock]: value of the steps that this stock cannot give
    for left in range(gains.size - 1, -1, -1):
        short[left] = short[left + 1] + step * gains[left]
    shortage_cost, unallocated = 0.0, 0.0
    for k in range(mass.size):
        left = level - k
        if left >= gains.size:
            unallocated += mass[k] * (left - gains.size) * step
        elif left >= 0:
            shortage_cost += mass[k] * short[left]
        elif gains.size > 0:
            shortage_cost += mass[k] * (short[0] - left * step * gains[0])
    return shortage_cost, unallocated


@kernel
def product_window(model, product, start, end):
    """Mean and variance of a product's total demand between two days."""
    mean, variance = 0.0, 0.0
    for stream in range(model.product_ptr[product], model.product_ptr[product + 1]):
        mean += integral(model.daily_mean[stream], model.period_days, start, end)
        variance += integral(model.daily_variance[stream], model.period_days, start, end)
    return mean, variance


@kernel
def upstream_demand(model, product, middle, lane, share_rate):
    """Mean and variance of the demand of a region over its upstream node's window.

    The window is the lead time and, on average, half the review interval; the cycle and the random lead time add
    their variance. The region keeps its share of the product's demand of the day `middle`.
    """
    lead, review = model.lead_days[lane], model.review_days[lane]
    mean, variance = product_window(model, product, middle - lead - 0.5 * review, middle)
    now, _ = product_window(model, product, middle - 0.5, middle + 0.5)
    share = share_rate / now if now > 0.0 else 0.0
    own = share * mean
    random_window = (review * review / 12.0 + model.lead_variance[lane]) * share_rate * share_rate
    return own, max(0.0, own + share * share * (variance - mean)) + random_window
