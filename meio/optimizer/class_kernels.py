"""A product's customer classes around one day, each served by the node that delivers it cheapest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel, kernel, lockstep_kernel
from meio.optimizer.array_kernels import least
from meio.optimizer.cluster_kernels import Classes, clear_classes, rank_speeds, roll_up
from meio.optimizer.demand_kernels import integral
from meio.optimizer.model import PlanningModel

BEST, NEAR, FAR = range(3)  # choices


class Choices(NamedTuple):
    """The nodes that serve each customer class cheapest."""

    node: Ints
    """[choice, class]: -1 where there is none"""
    cost: Floats
    """[choice, class]: what these nodes take, shipping included"""
    region: Ints
    """[class]: region of the cheapest node"""
    shipping: Floats
    """[node, class]: cost of shipping to each class"""


@kernel
def new_choices(shipping: Floats) -> Choices:
    """`Choices` still to be made for customer classes with these costs of shipping, [class, node]."""
    num_classes, num_nodes = shipping.shape
    by_node = np.empty((num_nodes, num_classes))
    for row in range(num_classes):
        for node in range(num_nodes):
            by_node[node, row] = shipping[row, node]
    nodes, costs = np.empty((3, num_classes), np.int64), np.empty((3, num_classes))
    return Choices(nodes, costs, np.empty(num_classes, np.int64), by_node)


@borrowing_kernel
def fill_choices(ranking: Floats, region: Ints, choices: Choices) -> None:
    """Choose the cheapest node of each class, the next one in its region and the next one outside."""
    shipping, cost = choices.shipping, choices.cost
    best, near, far = choices.node[BEST], choices.node[NEAR], choices.node[FAR]
    choices.node[:] = -1
    cost[:] = np.inf
    for node in range(region.size):
        if ranking[node] < np.inf:
            take_cheapest(shipping[node], ranking[node], node, cost[BEST], best)
    for row in range(best.size):
        choices.region[row] = region[best[row]] if best[row] >= 0 else -1
    for node in range(region.size):
        if ranking[node] < np.inf:
            take_near(shipping[node], ranking[node], node, region[node], best, choices.region, cost[NEAR], near)
            take_far(shipping[node], ranking[node], node, region[node], choices.region, cost[FAR], far)


@lockstep_kernel
def take_cheapest(shipping: Floats, price: float, node: int, least: Floats, best: Ints) -> None:
    """Let each class choose a node that is cheaper than its best so far, all [class]."""
    for row in range(best.size):
        cost = shipping[row] + price
        cheaper = cost < least[row]
        least[row] = cost if cheaper else least[row]
        best[row] = node if cheaper else best[row]


@lockstep_kernel
def take_near(
    shipping: Floats, price: float, node: int, own: int, best: Ints, region: Ints, least: Floats, near: Ints
) -> None:
    """The same for the next best node of the region, where `own` is the node's."""
    for row in range(near.size):
        cost = shipping[row] + price
        cheaper = (region[row] == own) & (best[row] != node) & (cost < least[row])
        least[row] = cost if cheaper else least[row]
        near[row] = node if cheaper else near[row]


@lockstep_kernel
def take_far(shipping: Floats, price: float, node: int, own: int, region: Ints, least: Floats, far: Ints) -> None:
    """The same for the best node outside the region."""
    for row in range(far.size):
        cost = shipping[row] + price
        cheaper = (region[row] != own) & (cost < least[row])
        least[row] = cost if cheaper else least[row]
        far[row] = node if cheaper else far[row]


@borrowing_kernel
def assign_classes(
    model: PlanningModel,
    product: int,
    shipping: Floats,
    choices: Ints,
    middle: float,
    lane: Ints,
    region: Ints,
    delivered: Floats,
    holding: Floats,
    classes: Classes,
) -> float:
    """Fill `classes` with the product's demand around the day `middle`; return its least cost of delivery per day."""
    windows = classes.windows
    clear_classes(classes)
    base, row = 0.0, 0
    for stream in range(model.product_ptr[product], model.product_ptr[product + 1]):
        node_windows(model, stream, middle, lane, windows)
        rate = integral(model.daily_mean[stream], model.period_days, middle - 0.5, middle + 0.5)
        cost, row = assign_stream(
            model,
            product,
            stream,
            rate,
            row,
            shipping,
            choices,
            windows,
            lane,
            region,
            delivered,
            holding,
            classes,
        )
        base += cost
        mix = model.mix_idx[stream]
        if model.mix_ptr[mix + 1] - model.mix_ptr[mix] > 1:
            add_common_spread(windows, lane, classes)
    roll_up(model, lane, region, classes)
    leave_unprofitable(classes.spill_cost, classes.window_mean, classes.lead_mean, classes.loss_saving)
    rank_speeds(classes)
    return base


@borrowing_kernel
def node_windows(model: PlanningModel, stream: int, middle: float, lane: Ints, windows: Floats) -> None:
    """Fill mean and variance of a stream's demand over each node's window and lead time, [node, 4].

    The window lies so that its review interval is centred on `middle`, the day for which stock is planned.
    """
    mean, variance, period_days = model.daily_mean[stream], model.daily_variance[stream], model.period_days
    for node in range(lane.size):
        if lane[node] < 0:
            continue
        half_review = 0.5 * model.review_days[lane[node]]
        start = middle - half_review - model.lead_days[lane[node]]
        windows[node, 0] = integral(mean, period_days, start, middle + half_review)
        windows[node, 1] = integral(variance, period_days, start, middle + half_review)
        windows[node, 2] = integral(mean, period_days, start, middle - half_review)
        windows[node, 3] = integral(variance, period_days, start, middle - half_review)


@borrowing_kernel
def assign_stream(
    model: PlanningModel,
    product: int,
    stream: int,
    daily_rate: float,
    row: int,
    shipping: Floats,
    choices: Ints,
    windows: Floats,
    lane: Ints,
    region: Ints,
    delivered: Floats,
    holding: Floats,
    classes: Classes,
) -> tuple[float, int]:
    """Add a stream's classes, each at its cheapest node; return what serving all of them there costs per day.

    Classes that no node can serve at all are lost, whatever is stocked. `row` is where the stream's classes begin in
    `shipping`; the row after them is returned too.
    """
    base, num_nodes, nation = 0.0, delivered.size, 2 * delivered.size
    spill_cost, backlog_cost, rates = classes.spill_cost, classes.backlog_cost, classes.rate
    window_mean, lead_mean = classes.window_mean, classes.lead_mean
    window_excess, lead_excess = classes.window_excess, classes.lead_excess
    near_choice, far_choice = classes.near_choice, classes.far_choice
    pattern_ptr, pattern_share, review_days = model.pattern_ptr, model.pattern_share, model.review_days
    mix_class_idx, mix_share, num_speeds = model.mix_class_idx, model.mix_share, model.num_speeds
    backorder_penalty, lost_penalty = model.backorder_penalty[product], model.lost_penalty[product]
    first, end = model.mix_ptr[model.mix_idx[stream]], model.mix_ptr[model.mix_idx[stream] + 1]
    for entry in range(first, end):
        speed = mix_class_idx[entry] % num_speeds
        owed = backorder_penalty[speed]
        lost = np.inf if owed < np.inf else lost_penalty[speed]
        for pattern in range(pattern_ptr[speed], pattern_ptr[speed + 1]):
            best, near, far = choices[BEST, row], choices[NEAR, row], choices[FAR, row]
            share = mix_share[entry] * pattern_share[pattern]
            if best < 0:
                base += share * daily_rate * (lost_penalty[speed] if lost < np.inf else 0.0)
                row += 1
                continue
            cost = shipping[row, best] + delivered[best]
            near_cost = shipping[row, near] + delivered[near] if near >= 0 else np.inf
            far_cost = shipping[row, far] + delivered[far] if far >= 0 else np.inf
            row += 1
            window_mean[best, speed] += share * windows[best, 0]
            lead_mean[best, speed] += share * windows[best, 2]
            if end - first == 1:
                window_excess[best] += share * (windows[best, 1] - windows[best, 0])
                lead_excess[best] += share * (windows[best, 3] - windows[best, 2])
            cycle = share * (windows[best, 0] - windows[best, 2])
            rate = cycle / review_days[lane[best]]
            rates[best] += rate
            base += rate * cost
            own_region = num_nodes + region[best]
            beyond_node, beyond_region, beyond_nation = spill_costs(cost, near_cost, far_cost, lost)
            spill_cost[best, speed] += cycle * beyond_node
            spill_cost[own_region, speed] += cycle * beyond_region
            spill_cost[nation, speed] += cycle * beyond_nation
            if lost == np.inf:  # owed in the last cluster that could still have served it
                last = nation if far_cost < np.inf else (own_region if near_cost < np.inf else best)
                backlog_cost[last, speed] += cycle * (owed + holding[best])
            if near >= 0 and near_cost <= min(far_cost, lost):
                near_choice[best, near] += cycle
            if far >= 0 and far_cost <= lost:
                far_choice[best, far] += cycle
    return base, row


@borrowing_kernel
def spill_costs(cost: float, near_cost: float, far_cost: float, lost: float) -> tuple[float, float, float]:
    """Split what it costs to serve a class ever farther away over the clusters that must be short before it is paid.

    The parts, for a unit that leaves its node, its region and the nation, add up to the cost of not serving it at
    all; those that cannot be paid are 0. The first is negative where losing a unit costs less than serving it.
    """
    outside = min(far_cost, lost)
    next_best = min(near_cost, outside)
    beyond_node = next_best - cost if next_best < np.inf else 0.0
    beyond_region = max(0.0, outside - next_best) if outside < np.inf else 0.0
    beyond_nation = max(0.0, lost - outside) if lost < np.inf else 0.0
    return beyond_node, beyond_region, beyond_nation


@borrowing_kernel
def leave_unprofitable(spill_cost: Floats, window_mean: Floats, lead_mean: Floats, loss_saving: Floats) -> None:
    """Level the speeds of a node where one of them costs more to serve than to lose, and count what losing saves.

    Customers cannot be turned away while there is stock, so such a speed takes its part of every unit that the others
    would earn by. Where even the average unit costs more to serve, nothing is worth stocking.
    """
    for node in range(loss_saving.size):
        loss_saving[node] = 0.0
        if least(spill_cost[node]) >= 0.0:
            continue
        cycle, worth = 0.0, 0.0
        for speed in range(spill_cost.shape[1]):
            demand = window_mean[node, speed] - lead_mean[node, speed]
            cycle += demand
            worth += demand * spill_cost[node, speed]
        spill_cost[node, :] = max(0.0, worth / cycle)
        loss_saving[node] = max(0.0, -worth / cycle)


@borrowing_kernel
def add_common_spread(windows: Floats, lane: Ints, classes: Classes) -> None:
    """Add the squared coefficient of variation that a stream's classes share, beyond their own Poisson noise."""
    window_common, lead_common = classes.window_common, classes.lead_common
    for node in range(lane.size):
        if lane[node] >= 0 and windows[node, 0] > 0.0:
            window_common[node] += (windows[node, 1] - windows[node, 0]) / windows[node, 0] ** 2
            if windows[node, 2] > 0.0:
                lead_common[node] += (windows[node, 3] - windows[node, 2]) / windows[node, 2] ** 2
