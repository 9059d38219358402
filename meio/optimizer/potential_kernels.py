"""What a unit is worth at a node on a day, at least: a price of stock that no way of getting it there undercuts.

Along every path of a unit (bought or there at the start, carried, kept, sold or left over) its costs add up to at least
the difference of these values at the path's ends, after `charge` per close has been set aside for stock terms.
"""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats
from meio.network.jit import kernel
from meio.optimizer.certificate_model import CertificateModel
from meio.optimizer.lane_times import NO_END

_TOLERANCE = 1e-9


@kernel
def fill_values(
    model: CertificateModel,
    inbound_price: Floats,
    outbound_price: Floats,
    lane_price: Floats,
    product: int,
    holding: Floats,
    charge: Floats,
    rise: Floats,
    in_lag: bool,
    value: Floats,
) -> bool:
    """Fill the least value of a unit; False when a unit left at the end could have cost less than it is worth.

    Parameters
    ----------
    inbound_price, outbound_price, lane_price : array [node or lane, period]
    holding : array [node, day]
        Holding cost with the storage price.
    charge, rise : array [day]
        Of the least holding cost of any node: what is set aside, and what values rise by.
    in_lag : bool
        Whether nothing is set aside for units on their way from vendors.
    value : array [node, day + 1]
        The result; its last day is the end.
    """
    num_days, num_nodes = model.num_days, value.shape[0]
    risen = np.zeros(num_days + 1)
    for day in range(num_days):
        risen[day + 1] = risen[day] + rise[day]
    rate = charge + rise
    end_values = model.end_value[product]
    leaving, arriving = np.empty(num_days), np.empty(num_days + 1)
    profitable = False
    for node in range(num_nodes):
        arriving[:] = np.inf
        end_value = end_values[node]
        start = end_value if model.start_is_free else np.inf
        for lane in range(model.node_ptr[node], model.node_ptr[node + 1]):
            if model.lane_cost[product, lane] == np.inf:
                continue
            latest = latest_open_arrival(model, product, lane)
            _fill_leaving(model, outbound_price, lane_price, product, lane, value, risen, leaving)
            bought = model.lane_source_idx[lane] >= num_nodes
            rate_on_lane = rise if bought and in_lag else rate
            _subtract_transit(model, lane, latest, rate_on_lane, leaving)
            least = _arrive(model, lane, latest, leaving, arriving)
            profitable |= least + risen[num_days] < end_value - _TOLERANCE * (1.0 + end_value)
            if model.transit_is_free:
                _arrive_from_start(model, lane, latest, rate_on_lane, end_value, arriving)
        lowest = _keep(model, inbound_price[node], holding[node], rate, start, end_value, arriving, value[node])
        profitable |= lowest + risen[num_days] < end_value - _TOLERANCE * (1.0 + end_value)
    for node in range(num_nodes):
        value[node] += risen
    return not profitable


@kernel
def latest_open_arrival(model: CertificateModel, product: int, lane: int) -> int:
    """Day before which nothing new arrives on a lane that keeps its order; 0 where none is on its way."""
    latest = 0
    if model.crossover[lane] == 0:
        for order in range(model.order_ptr[product], model.order_ptr[product + 1]):
            if model.order_lane_idx[order] == lane:
                latest = max(latest, model.order_arrival_day[order])
    return latest


@kernel
def start_credit(model: CertificateModel, product: int, charge: Floats, in_lag: bool, value: Floats) -> float:
    """How much more than its worth at the start the given stock counts for, where it is and where it arrives."""
    num_days, end_value = model.num_days, model.end_value[product]
    credit = 0.0
    for node in range(value.shape[0]):
        credit += model.stock_units[product, node] * max(value[node, 0] - end_value[node], 0.0)
    for order in range(model.order_ptr[product], model.order_ptr[product + 1]):
        arrival = model.order_arrival_day[order]
        lane = model.order_lane_idx[order]
        node = model.lane_node_idx[lane]
        worth = value[node, arrival] if arrival < num_days else end_value[node]
        if not (in_lag and model.lane_source_idx[lane] >= value.shape[0]):
            worth += charge[: min(arrival, num_days)].sum()
        credit += model.order_units[order] * max(worth - end_value[node], 0.0)
    return credit


@kernel
def _fill_leaving(
    model: CertificateModel,
    outbound_price: Floats,
    lane_price: Floats,
    product: int,
    lane: int,
    value: Floats,
    risen: Floats,
    leaving: Floats,
) -> None:
    """Value (before the rise) of a unit that leaves on a lane, by day."""
    source, cost = model.lane_source_idx[lane], model.lane_cost[product, lane]
    for day in range(model.num_days):
        period = day // model.period_days
        leaving[day] = cost + lane_price[lane, period]
        if source < value.shape[0]:
            leaving[day] += value[source, day] + outbound_price[source, period]
        else:
            leaving[day] -= risen[day]


@kernel
def _subtract_transit(model: CertificateModel, lane: int, latest: int, rate: Floats, leaving: Floats) -> None:
    """Take off what stock terms charge, and values rise by, while the unit is on its way."""
    num_days = model.num_days
    if rate.max() <= 0.0:
        return
    for day in range(num_days):
        for close in range(day, num_days):
            probability = 1.0 if close < latest else model.still_in_transit[lane, close - day]
            if probability <= 0.0:
                break
            leaving[day] -= probability * rate[close]


@kernel
def _arrive(model: CertificateModel, lane: int, latest: int, leaving: Floats, arriving: Floats) -> float:
    """Lower arriving values to those of what leaves; the least value among what can still be on its way at the end."""
    num_days = model.num_days
    least_days, most_days = model.least_transit_days[lane], model.most_transit_days[lane]
    on_the_way, lowest = np.inf, np.inf
    for day in range(num_days):
        most = max(most_days, latest - day)
        if day + most >= num_days:
            on_the_way = min(on_the_way, leaving[day])
        if most_days < NO_END:
            for arrival in range(day + least_days, min(day + most, num_days) + 1):
                arriving[arrival] = min(arriving[arrival], leaving[day])
        elif day + least_days <= num_days:
            lowest = min(lowest, leaving[day])
            arriving[day + least_days] = min(arriving[day + least_days], lowest)
    return on_the_way


@kernel
def _arrive_from_start(
    model: CertificateModel, lane: int, latest: int, rate: Floats, end_value: float, arriving: Floats
) -> None:
    """Units on their way when counting begins, of which the policy chose the number."""
    worth = end_value
    for close in range(model.num_days):
        worth -= (1.0 if close < latest else model.still_in_transit[lane, close]) * rate[close]
    last = min(max(model.most_transit_days[lane], latest), model.num_days)
    for day in range(last + 1):
        arriving[day] = min(arriving[day], worth)


@kernel
def _keep(
    model: CertificateModel,
    inbound_price: Floats,
    holding: Floats,
    rate: Floats,
    start: float,
    end_value: float,
    arriving: Floats,
    value: Floats,
) -> float:
    """Values on the shelf from those that arrive in the yard; the least of shelf and yard at the end."""
    num_days = model.num_days
    shelf, yard = start, start
    first = -1
    for day in range(num_days + 1):
        if day > 0:
            kept = holding[day - 1] - rate[day - 1]
            shelf, yard = shelf + kept, yard + kept
        yard = min(yard, arriving[day])
        period = min(day, num_days - 1) // model.period_days
        shelf = min(shelf, yard + inbound_price[period])
        value[day] = shelf
        if first < 0 and shelf < np.inf:
            first = day
    if first < 0:
        value[:] = end_value
        return end_value
    value[:first] = value[first]
    return min(shelf, yard)
