"""Demand and cost of a product's customers by cluster: its nodes, their regions and the nation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.optimizer.array_kernels import total
from meio.optimizer.model import PlanningModel

WINDOW_MEAN, WINDOW_VARIANCE, LEAD_MEAN, LEAD_VARIANCE, LOST_COST, OWED_COST = range(6)  # terms


class Classes(NamedTuple):
    """Demand and cost of a product's customer classes by cluster, around one day.

    Clusters are the N nodes, then the N regions (nodes with the same source, by the source's index; a node supplied
    by a vendor is a region of its own), then the nation. "Cycle" is the demand of one review interval.
    """

    window_mean: Floats
    """[cluster, speed]: mean demand of lead time and review interval"""
    lead_mean: Floats
    """[cluster, speed]: mean demand of the lead time"""
    window_excess: Floats
    """[cluster]: variance beyond the mean of streams that are independent of each other"""
    lead_excess: Floats
    window_common: Floats
    """[cluster]: squared coefficient of variation that all classes of the product share"""
    lead_common: Floats
    rate: Floats
    """[cluster]: units per day"""
    review_days: Floats
    """[cluster]: days of demand in a cycle"""
    spill_cost: Floats
    """[cluster, speed]: money per unit that leaves the cluster unserved, times the cycle's demand while filling"""
    backlog_cost: Floats
    """[cluster, speed]: money per unit and day owed, likewise"""
    terms: Floats
    """[cluster, rank, term]: the demand of all speeds down to a rank, dearest to spill first, and what it costs more
    than the next rank to lose a unit of it per cycle, or to owe it: money per day"""
    loss_saving: Floats
    """[node]: money saved per unit lost where serving costs more than losing, averaged over the node's demand"""
    near_choice: Floats
    """[node, node]: share of a node's spill whose next choice lies in the region"""
    far_choice: Floats
    """[node, node]: share of a node's spill whose next choice outside the region is this node"""
    windows: Floats
    """[node, 4]: scratch, mean and variance of a stream's demand over each node's window and lead time"""
    order: Ints
    """[rank]: scratch, a cluster's speeds"""
    near_share: Floats
    """[node]: scratch, share of a node's demand whose next choice lies in its region"""
    spilled_near: Floats
    """[node]: scratch, units per day that leave a region's nodes for others of it"""


@kernel
def new_classes(num_nodes: int, num_speeds: int) -> Classes:
    """Empty `Classes`."""
    clusters = 2 * num_nodes + 1
    return Classes(
        np.zeros((clusters, num_speeds)),
        np.zeros((clusters, num_speeds)),
        np.zeros(clusters),
        np.zeros(clusters),
        np.zeros(clusters),
        np.zeros(clusters),
        np.zeros(clusters),
        np.zeros(clusters),
        np.zeros((clusters, num_speeds)),
        np.zeros((clusters, num_speeds)),
        np.zeros((clusters, num_speeds, 6)),
        np.zeros(num_nodes),
        np.zeros((num_nodes, num_nodes)),
        np.zeros((num_nodes, num_nodes)),
        np.zeros((num_nodes, 4)),
        np.zeros(num_speeds, np.int64),
        np.zeros(num_nodes),
        np.zeros(num_nodes),
    )


@borrowing_kernel
def clear_classes(classes: Classes) -> None:
    """Empty `classes` for the next period."""
    for table in (classes.window_mean, classes.lead_mean, classes.spill_cost, classes.backlog_cost):
        table[:] = 0.0
    for row in (classes.window_excess, classes.lead_excess, classes.window_common, classes.lead_common, classes.rate):
        row[:] = 0.0
    classes.near_choice[:] = 0.0
    classes.far_choice[:] = 0.0


@borrowing_kernel
def roll_up(model: PlanningModel, lane: Ints, region: Ints, classes: Classes) -> None:
    """Add node demand up to regions and nation, and turn summed costs into averages per unit."""
    num_nodes = lane.size
    nation = 2 * num_nodes
    window_common, lead_common, rate = classes.window_common, classes.lead_common, classes.rate
    for node in range(num_nodes):
        if rate[node] <= 0.0:
            continue
        for cluster in (num_nodes + region[node], nation):
            for speed in range(model.num_speeds):
                classes.window_mean[cluster, speed] += classes.window_mean[node, speed]
                classes.lead_mean[cluster, speed] += classes.lead_mean[node, speed]
            classes.window_excess[cluster] += classes.window_excess[node]
            classes.lead_excess[cluster] += classes.lead_excess[node]
            rate[cluster] += rate[node]
            window_common[cluster] += rate[node] * window_common[node]
            lead_common[cluster] += rate[node] * lead_common[node]
        lead, window = model.lead_days[lane[node]], model.lead_days[lane[node]] + model.review_days[lane[node]]
        window_common[node] += model.lead_variance[lane[node]] / window**2
        if lead > 0.0:
            lead_common[node] += model.lead_variance[lane[node]] / lead**2
    for cluster in range(num_nodes, nation + 1):
        if rate[cluster] > 0.0:
            window_common[cluster] /= rate[cluster]
            lead_common[cluster] /= rate[cluster]
    average_costs(classes.window_mean, classes.lead_mean, classes.spill_cost, classes.backlog_cost)


@borrowing_kernel
def average_costs(window_mean: Floats, lead_mean: Floats, spill_cost: Floats, backlog_cost: Floats) -> None:
    """Turn costs summed over a cycle's demand into averages per unit, all [cluster, speed]."""
    for cluster in range(window_mean.shape[0]):
        for speed in range(window_mean.shape[1]):
            cycle = window_mean[cluster, speed] - lead_mean[cluster, speed]
            if cycle > 0.0:
                spill_cost[cluster, speed] /= cycle
                backlog_cost[cluster, speed] /= cycle


@borrowing_kernel
def rank_speeds(classes: Classes) -> None:
    """Fill the review days and the terms of every cluster with demand."""
    spill_cost, backlog_cost, rate, terms = classes.spill_cost, classes.backlog_cost, classes.rate, classes.terms
    window_means, lead_means = classes.window_mean, classes.lead_mean
    window_excess, window_common = classes.window_excess, classes.window_common
    lead_excess, lead_common = classes.lead_excess, classes.lead_common
    order = classes.order
    for cluster in range(rate.size):
        if rate[cluster] <= 0.0:
            continue
        speed_order(spill_cost[cluster], backlog_cost[cluster], order)
        mean = total(window_means[cluster])
        review = (mean - total(lead_means[cluster])) / rate[cluster]
        classes.review_days[cluster] = review
        window_mean, lead_mean = 0.0, 0.0
        for rank in range(order.size):
            speed = order[rank]
            window_mean += window_means[cluster, speed]
            lead_mean += lead_means[cluster, speed]
            spill, owed = spill_cost[cluster, speed], backlog_cost[cluster, speed]
            if rank + 1 < order.size:
                spill -= spill_cost[cluster, order[rank + 1]]
                owed -= backlog_cost[cluster, order[rank + 1]]
            share = window_mean / mean
            window_variance = variance_of(window_mean, share * window_excess[cluster], window_common[cluster])
            lead_variance = variance_of(lead_mean, share * lead_excess[cluster], lead_common[cluster])
            terms[cluster, rank, WINDOW_MEAN], terms[cluster, rank, WINDOW_VARIANCE] = window_mean, window_variance
            terms[cluster, rank, LEAD_MEAN], terms[cluster, rank, LEAD_VARIANCE] = lead_mean, lead_variance
            terms[cluster, rank, LOST_COST] = max(0.0, spill) / review
            terms[cluster, rank, OWED_COST] = max(0.0, owed)


@borrowing_kernel
def speed_order(spill_cost: Floats, backlog_cost: Floats, order: Ints) -> None:
    """Speeds of a cluster from the dearest to serve elsewhere to the cheapest."""
    for speed in range(order.size):
        worth = spill_cost[speed] + backlog_cost[speed]
        place = speed
        while place > 0:
            before = order[place - 1]
            if spill_cost[before] + backlog_cost[before] >= worth:
                break
            order[place] = before
            place -= 1
        order[place] = speed


@borrowing_kernel
def variance_of(mean: float, excess: float, common: float) -> float:
    """Variance of window demand from its independent and common parts."""
    return max(0.0, mean + excess + common * mean * mean)
