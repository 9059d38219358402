"""Demand of one product as its customer classes, each at the node that serves it at least delivered cost."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats
from meio.network.jit import kernel


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
    spill_cost: Floats
    """[cluster, speed]: money per unit that leaves the cluster unserved, times the cycle's demand while filling"""
    backlog_cost: Floats
    """[cluster, speed]: money per unit and day owed, likewise"""
    near_choice: Floats
    """[node, node]: share of a node's spill whose next choice lies in the region"""
    far_choice: Floats
    """[node, node]: share of a node's spill whose next choice outside the region is this node"""


@kernel
def shifted(series, position):
    """A per-period series at a fractional period, linear between periods, constant beyond both ends."""
    last = series.size - 1
    if position <= 0.0:
        return series[0]
    if position >= last:
        return series[last]
    floor = int(position)
    weight = position - floor
    return (1.0 - weight) * series[floor] + weight * series[floor + 1]


@kernel
def integral(rate, period_days, start, end):
    """Integral of a daily rate, constant within periods and beyond both ends, between two days."""
    total = 0.0
    last = rate.size - 1
    if start < 0.0:
        total += rate[0] * (min(end, 0.0) - start)
    horizon = rate.size * period_days
    if end > horizon:
        total += rate[last] * (end - max(start, horizon))
    low, high = max(start, 0.0), min(end, horizon)
    period = int(low / period_days)
    while low < high:
        step_end = min(high, (period + 1) * period_days)
        total += rate[min(period, last)] * (step_end - low)
        low = step_end
        period += 1
    return total


@kernel
def choose_lanes(model, product, holding, lane_price, keep, lane, supply_cost):
    """The cheapest lane into each node at these prices, and the cost of a unit arriving on it, [node, period].

    With `keep`, the lanes that `lane` names stay. A lane is charged its own cost, what the unit costs at its source when it leaves there, the prices on its way, and
    the safety stock that its window needs; -1 where no lane can bring the product.
    """
    num_nodes, num_periods = supply_cost.shape
    first, end = model.product_ptr[product], model.product_ptr[product + 1]
    daily_mean = max(1e-12, model.daily_mean[first:end].sum() / num_periods / num_nodes)
    daily_deviation = np.sqrt(model.daily_variance[first:end].sum() / num_periods / num_nodes)
    cost = np.empty(num_periods)
    for node in range(num_nodes):
        kept = lane[node]
        lane[node] = -1
        least = np.inf
        for candidate in range(model.node_ptr[node], model.node_ptr[node + 1]):
            if model.lane_cost[product, candidate] == np.inf or (keep and candidate != kept):
                continue
            source = model.lane_source_idx[candidate]
            lead = model.lead_days[candidate]
            for period in range(num_periods):
                cost[period] = model.lane_cost[product, candidate] + lane_price[candidate, period]
                if source < num_nodes:
                    cost[period] += shifted(supply_cost[source], period - lead / model.period_days)
            window = lead + model.review_days[candidate]
            uncertain = np.sqrt(daily_deviation**2 * window + daily_mean**2 * model.lead_variance[candidate])
            score = cost.mean() + holding[node].mean() * uncertain / daily_mean
            if score < least:
                least = score
                lane[node] = candidate
                supply_cost[node] = cost


@kernel
def num_classes(model, product):
    """Number of customer classes of a product: mix entries times the patterns of their speed."""
    count = 0
    for stream in range(model.product_ptr[product], model.product_ptr[product + 1]):
        mix = model.mix_idx[stream]
        for entry in range(model.mix_ptr[mix], model.mix_ptr[mix + 1]):
            speed = model.mix_class_idx[entry] % model.num_speeds
            count += model.pattern_ptr[speed + 1] - model.pattern_ptr[speed]
    return count


@kernel
def fill_shipping_costs(model, product, shipping):
    """Cost of shipping to each class from each node, [class, node]: in time, or late where the speed allows; else inf.

    Classes run over the product's streams, their mix entries and the patterns of the entry's speed, in this order.
    """
    weight_class = model.weight_class_idx[product]
    row = 0
    for stream in range(model.product_ptr[product], model.product_ptr[product + 1]):
        mix = model.mix_idx[stream]
        for entry in range(model.mix_ptr[mix], model.mix_ptr[mix + 1]):
            zone, speed = divmod(model.mix_class_idx[entry], model.num_speeds)
            for pattern in range(model.pattern_ptr[speed], model.pattern_ptr[speed + 1]):
                for node in range(shipping.shape[1]):
                    cost = model.outbound_cost[weight_class, speed, model.pattern_delay[pattern, node], node, zone]
                    if cost == np.inf:
                        cost = model.late_cost[weight_class, node, zone] + model.late_penalty[product, speed]
                    shipping[row, node] = cost
                row += 1


@kernel
def best_alternatives(shipping, delivered, region, costs):
    """The cheapest node, the cheapest other one in its region, and the cheapest outside of it (-1: none)."""
    best, near, far = -1, -1, -1
    least = np.inf
    for node in range(costs.size):
        costs[node] = shipping[node] + delivered[node]
        if costs[node] < least:
            best, least = node, costs[node]
    if best < 0:
        return best, near, far
    own = region[best]
    least_near, least_far = np.inf, np.inf
    for node in range(costs.size):
        if region[node] == own:
            if costs[node] < least_near and node != best:
                near, least_near = node, costs[node]
        elif costs[node] < least_far:
            far, least_far = node, costs[node]
    return best, near, far


@kernel
def new_classes(num_nodes, num_speeds):
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
        np.zeros((clusters, num_speeds)),
        np.zeros((clusters, num_speeds)),
        np.zeros((num_nodes, num_nodes)),
        np.zeros((num_nodes, num_nodes)),
    )


@kernel
def clear_classes(classes):
    """Empty `classes` for the next period."""
    for array in (classes.window_mean, classes.lead_mean, classes.spill_cost, classes.backlog_cost):
        array[:] = 0.0
    for array in (classes.window_excess, classes.lead_excess, classes.window_common, classes.lead_common, classes.rate):
        array[:] = 0.0
    classes.near_choice[:] = 0.0
    classes.far_choice[:] = 0.0


@kernel
def node_windows(model, stream, middle, lane, windows):
    """Fill mean and variance of a stream's demand over each node's window and lead time, [node, 4].

    The window lies so that its review interval is centred on `middle`, the day for which stock is planned.
    """
    for node in range(lane.size):
        if lane[node] < 0:
            continue
        half_review = 0.5 * model.review_days[lane[node]]
        start = middle - half_review - model.lead_days[lane[node]]
        mean, variance = model.daily_mean[stream], model.daily_variance[stream]
        windows[node, 0] = integral(mean, model.period_days, start, middle + half_review)
        windows[node, 1] = integral(variance, model.period_days, start, middle + half_review)
        windows[node, 2] = integral(mean, model.period_days, start, middle - half_review)
        windows[node, 3] = integral(variance, model.period_days, start, middle - half_review)


@kernel
def add_costs(spill_cost, backlog_cost, speed, cycle, owed, lost, best, own_region, cost, near_cost, far_cost):
    """Split what it costs to serve a class ever farther away over the clusters that must be short before it is paid.

    The parts at its node, its region and the nation add up to the cost of not serving it at all: losing it, or owing
    it (`lost` is then infinite) in the last cluster that could still have served it.
    """
    nation = spill_cost.shape[0] - 1
    outside = min(far_cost, lost)
    next_best = min(near_cost, outside)
    if next_best < np.inf:
        spill_cost[best, speed] += cycle * max(0.0, next_best - cost)
    if outside < np.inf:
        spill_cost[own_region, speed] += cycle * max(0.0, outside - next_best)
    if lost < np.inf:
        spill_cost[nation, speed] += cycle * max(0.0, lost - outside)
    else:
        last = nation if far_cost < np.inf else (own_region if near_cost < np.inf else best)
        backlog_cost[last, speed] += cycle * owed


@kernel
def assign_stream(
    model, product, stream, daily_rate, row, shipping, windows, lane, region, delivered, holding, classes, costs
):
    """Add a stream's classes, each at its cheapest node; return what serving all of them there costs per day.

    Classes that no node can serve at all are lost, whatever is stocked. `row` is where the stream's classes begin in `shipping`; the row after them is returned too.
    """
    base = 0.0
    num_nodes = delivered.size
    spill_cost, backlog_cost, rates = classes.spill_cost, classes.backlog_cost, classes.rate
    window_mean, lead_mean = classes.window_mean, classes.lead_mean
    near_choice, far_choice = classes.near_choice, classes.far_choice
    pattern_ptr, pattern_share = model.pattern_ptr, model.pattern_share
    mix_class_idx, mix_share = model.mix_class_idx, model.mix_share
    mix = model.mix_idx[stream]
    first, end = model.mix_ptr[mix], model.mix_ptr[mix + 1]
    for entry in range(first, end):
        speed = mix_class_idx[entry] % model.num_speeds
        owed = model.backorder_penalty[product, speed]
        lost = np.inf if owed < np.inf else model.lost_penalty[product, speed]
        for pattern in range(pattern_ptr[speed], pattern_ptr[speed + 1]):
            best, near, far = best_alternatives(shipping[row], delivered, region, costs)
            row += 1
            share = mix_share[entry] * pattern_share[pattern]
            if best < 0:
                base += share * daily_rate * (model.lost_penalty[product, speed] if lost < np.inf else 0.0)
                continue
            window_mean[best, speed] += share * windows[best, 0]
            lead_mean[best, speed] += share * windows[best, 2]
            if end - first == 1:
                classes.window_excess[best] += share * (windows[best, 1] - windows[best, 0])
                classes.lead_excess[best] += share * (windows[best, 3] - windows[best, 2])
            cycle = share * (windows[best, 0] - windows[best, 2])
            rate = cycle / model.review_days[lane[best]]
            rates[best] += rate
            base += rate * costs[best]
            near_cost = costs[near] if near >= 0 else np.inf
            far_cost = costs[far] if far >= 0 else np.inf
            own_region = num_nodes + region[best]
            owed_here = owed + holding[best]
            add_costs(
                spill_cost,
                backlog_cost,
                speed,
                cycle,
                owed_here,
                lost,
                best,
                own_region,
                costs[best],
                near_cost,
                far_cost,
            )
            if near >= 0 and near_cost <= min(far_cost, lost):
                near_choice[best, near] += cycle
            if far >= 0 and far_cost <= lost:
                far_choice[best, far] += cycle
    return base, row


@kernel
def add_common_spread(windows, lane, classes):
    """Add the squared coefficient of variation that a stream's classes share, beyond their own Poisson noise."""
    for node in range(lane.size):
        if lane[node] >= 0 and windows[node, 0] > 0.0:
            classes.window_common[node] += (windows[node, 1] - windows[node, 0]) / windows[node, 0] ** 2
            if windows[node, 2] > 0.0:
                classes.lead_common[node] += (windows[node, 3] - windows[node, 2]) / windows[node, 2] ** 2


@kernel
def roll_up(model, lane, region, classes):
    """Add node demand up to regions and nation, and turn summed costs into averages per unit."""
    num_nodes = lane.size
    nation = 2 * num_nodes
    for node in range(num_nodes):
        if classes.rate[node] <= 0.0:
            continue
        for cluster in (num_nodes + region[node], nation):
            classes.window_mean[cluster] += classes.window_mean[node]
            classes.lead_mean[cluster] += classes.lead_mean[node]
            classes.window_excess[cluster] += classes.window_excess[node]
            classes.lead_excess[cluster] += classes.lead_excess[node]
            classes.rate[cluster] += classes.rate[node]
            classes.window_common[cluster] += classes.rate[node] * classes.window_common[node]
            classes.lead_common[cluster] += classes.rate[node] * classes.lead_common[node]
        lead, window = model.lead_days[lane[node]], model.lead_days[lane[node]] + model.review_days[lane[node]]
        classes.window_common[node] += model.lead_variance[lane[node]] / window**2
        if lead > 0.0:
            classes.lead_common[node] += model.lead_variance[lane[node]] / lead**2
    for cluster in range(nation + 1):
        if cluster >= num_nodes and classes.rate[cluster] > 0.0:
            classes.window_common[cluster] /= classes.rate[cluster]
            classes.lead_common[cluster] /= classes.rate[cluster]
        for speed in range(model.num_speeds):
            cycle = classes.window_mean[cluster, speed] - classes.lead_mean[cluster, speed]
            if cycle > 0.0:
                classes.spill_cost[cluster, speed] /= cycle
                classes.backlog_cost[cluster, speed] /= cycle


@kernel
def assign_classes(model, product, shipping, middle, lane, region, delivered, holding, classes):
    """Fill `classes` with the product's demand around the day `middle`; return its least cost of delivery per day."""
    windows = np.zeros((lane.size, 4))
    costs = np.empty(lane.size)
    clear_classes(classes)
    base = 0.0
    row = 0
    for stream in range(model.product_ptr[product], model.product_ptr[product + 1]):
        node_windows(model, stream, middle, lane, windows)
        mix = model.mix_idx[stream]
        is_one_class = model.mix_ptr[mix + 1] - model.mix_ptr[mix] == 1
        rate = integral(model.daily_mean[stream], model.period_days, middle - 0.5, middle + 0.5)
        cost, row = assign_stream(
            model, product, stream, rate, row, shipping, windows, lane, region, delivered, holding, classes, costs
        )
        base += cost
        if not is_one_class:
            add_common_spread(windows, lane, classes)
    roll_up(model, lane, region, classes)
    return base


@kernel
def fill_nearest_shares(model, lane_idx, shares):
    """Add to `shares` [product, node] the demand of each class at the node that ships to it cheapest, of those stocked.

    Shares are of the mean demand over the whole horizon; classes that no node can serve fall to nobody.
    """
    num_nodes = lane_idx.shape[1]
    region = np.arange(num_nodes)
    costs, delivered = np.empty(num_nodes), np.empty(num_nodes)
    for product in range(lane_idx.shape[0]):
        for node in range(num_nodes):
            serves = lane_idx[product, node] >= 0 and model.serves_customers[node]
            delivered[node] = 0.0 if serves else np.inf
        shipping = np.empty((num_classes(model, product), num_nodes))
        fill_shipping_costs(model, product, shipping)
        first, end = model.product_ptr[product], model.product_ptr[product + 1]
        total = model.daily_mean[first:end].sum()
        row = 0
        for stream in range(first, end):
            mix = model.mix_idx[stream]
            weight = model.daily_mean[stream].sum() / total if total > 0.0 else 0.0
            for entry in range(model.mix_ptr[mix], model.mix_ptr[mix + 1]):
                speed = model.mix_class_idx[entry] % model.num_speeds
                for pattern in range(model.pattern_ptr[speed], model.pattern_ptr[speed + 1]):
                    best, _, _ = best_alternatives(shipping[row], delivered, region, costs)
                    if best >= 0:
                        shares[product, best] += weight * model.mix_share[entry] * model.pattern_share[pattern]
                    row += 1
