"""What turning an order away from a node costs, product by product."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import BACKORDERED, LATE, Demand, Floats, Ints, Outbound, Penalties
from meio.network.jit import kernel


@kernel
def turned_away(
    period: int,
    demand: Demand,
    outbound: Outbound,
    penalties: Penalties,
    weight_class_idx: Ints,
    charge: Floats,
    exposure_days: Floats,
) -> Floats:
    """Demand for units of each node, and what turning it away costs.

    Parameters
    ----------
    period : int
    demand, outbound, penalties : NamedTuples
        Of the scenario.
    weight_class_idx : array of int [product]
    charge : array [product, node]
        Outbound price and value of a unit, money; inf: the node does not stock it.
    exposure_days : array [product, node]

    Returns
    -------
    array [speed, product, node, 4]
        Units a day of the zones whose first choice the node is, and what they cost per day if all turned away; the same
        of every zone the node can serve.
    """
    num_speeds, num_nodes, num_zones = outbound.cost.shape[1], outbound.cost.shape[3], outbound.cost.shape[4]
    sums = np.zeros((num_speeds, len(charge), num_nodes, 4))
    score, ranking = np.empty(num_nodes), np.empty(num_nodes, dtype=np.int64)
    for product in range(len(charge)):
        rate = _class_rates(demand, product, period, num_zones * num_speeds)
        for zone_speed in np.flatnonzero(rate):
            zone, speed = zone_speed // num_speeds, zone_speed % num_speeds
            weight_class = weight_class_idx[product]
            score[:] = outbound.cost[weight_class, speed, 0, :, zone] + charge[product]
            num_ranked = _rank(score, ranking)
            unserved = _unserved_cost(outbound, penalties, product, speed, zone, weight_class, charge[product])
            for place in range(num_ranked):
                node, otherwise = ranking[place], unserved
                if outbound.unserved[speed] == BACKORDERED:
                    waiting = penalties.backordered_per_day[product, speed] * exposure_days[product, node]
                    otherwise = score[node] + waiting
                if place + 1 < num_ranked:
                    otherwise = score[ranking[place + 1]]
                cost = rate[zone_speed] * max(otherwise - score[node], 0.0)
                if place == 0:
                    sums[speed, product, node, 0] += rate[zone_speed]
                    sums[speed, product, node, 1] += cost
                sums[speed, product, node, 2] += rate[zone_speed]
                sums[speed, product, node, 3] += cost
    return sums


@kernel
def _class_rates(demand: Demand, product: int, period: int, num_classes: int) -> Floats:
    """Units a day of each class, zone * number of speeds + speed."""
    rate = np.zeros(num_classes)
    for stream in range(demand.product_ptr[product], demand.product_ptr[product + 1]):
        mix = demand.mix_idx[stream]
        for entry in range(demand.mix_ptr[mix], demand.mix_ptr[mix + 1]):
            rate[demand.mix_class_idx[entry]] += demand.daily_mean[stream, period] * demand.mix_share[entry]
    return rate


@kernel
def _rank(score: Floats, ranking: Ints) -> int:
    """Put the nodes of finite score first, the least score first, of equal ones the first node; return their number."""
    size = 0
    for node in range(len(score)):
        if score[node] == np.inf:
            continue
        place = size
        while place > 0 and score[ranking[place - 1]] > score[node]:
            ranking[place] = ranking[place - 1]
            place -= 1
        ranking[place] = node
        size += 1
    return size


@kernel
def _unserved_cost(
    outbound: Outbound, penalties: Penalties, product: int, speed: int, zone: int, weight_class: int, charge: Floats
) -> float:
    """What a unit costs that nobody serves in time: its penalty, and late shipping where the speed has that."""
    late = np.inf
    if outbound.unserved[speed] == LATE:
        for node in range(len(charge)):
            late = min(late, outbound.late_cost[weight_class, node, zone] + charge[node])
    return float(late + penalties.late[product, speed] if late < np.inf else penalties.lost[product, speed])
