"""The lower bound of one product at given prices: the best of a few ways to divide holding costs, each of them valid.

A holding cost can be set aside for stock terms (`charge`), or let the value of a unit rise from day to day (`rise`),
which counts opening stock that stands in for later purchases, and units that are still on their way at the end.
"""

from __future__ import annotations

import math

import numpy as np

from meio.network.compiled import Bools, Floats, Ints
from meio.network.jit import kernel
from meio.optimizer.certificate_model import CertificateModel
from meio.optimizer.lane_times import NO_END
from meio.optimizer.potential_kernels import fill_values, start_credit
from meio.optimizer.service_kernels import fill_class_costs, fill_period_values
from meio.optimizer.stock_kernels import stock_cost, stock_estimate
from meio.optimizer.window_kernels import daily_units

ORDERS_ONLY, RISE_ONLY, STOCK_ONLY, STOCK_AND_END, STOCK_AFTER_START = range(5)
NUM_DIVISIONS = 5


@kernel
def bound_block(
    model: CertificateModel,
    storage_price: Floats,
    inbound_price: Floats,
    outbound_price: Floats,
    lane_price: Floats,
    sharing: float,
    products: Ints,
    bound: Floats,
    stock: Floats,
) -> None:
    """Fill the bound of the products of a block, and how much of it is the cost of stock; -inf: none.

    Parameters
    ----------
    storage_price : array [node, storage type, period]
    inbound_price, outbound_price : array [node, period]
    lane_price : array [lane, period]
    sharing : float
        See `stock_cost`.
    products : array of int
        The block.
    bound, stock : array [product]
    """
    num_days, num_nodes = model.num_days, len(model.node_ptr) - 1
    holding, value = np.empty((num_nodes, num_days)), np.empty((num_nodes, num_days + 1))
    charge, rise = np.empty(num_days), np.empty(num_days)
    for product in products:
        bound[product], stock[product] = -np.inf, 0.0
        is_ordered = _ordered_classes(model, product, inbound_price.shape[1])
        _fill_holding(model, storage_price, product, holding)
        lag = _lag(model, product)
        for choice in range(2 * NUM_DIVISIONS):
            division, in_lag = choice % NUM_DIVISIONS, choice >= NUM_DIVISIONS
            if in_lag and (lag < 0 or not _differs(division)):
                continue
            if not _divide(model, product, division, in_lag, holding, charge, rise):
                continue
            if not fill_values(
                model, inbound_price, outbound_price, lane_price, product, holding, charge, rise, in_lag, value
            ):
                continue
            total, kept = _cost(
                model,
                outbound_price,
                product,
                value,
                charge,
                lag if in_lag else -1,
                is_ordered,
                sharing,
                bound[product],
            )
            if total > bound[product]:
                bound[product], stock[product] = total, kept


@kernel
def _lag(model: CertificateModel, product: int) -> int:
    """Most closes that a unit from a vendor is on its way; -1: there is no limit."""
    lag = 0
    for lane in range(len(model.lane_source_idx)):
        if model.lane_source_idx[lane] >= len(model.node_ptr) - 1 and model.lane_cost[product, lane] < np.inf:
            lag = max(lag, model.most_transit_days[lane])
    return lag if lag < NO_END else -1


@kernel
def _differs(division: int) -> bool:
    """Whether units on their way from vendors make a difference to a division."""
    return division not in (ORDERS_ONLY, RISE_ONLY)


@kernel
def _ordered_classes(model: CertificateModel, product: int, num_periods: int) -> Bools:
    """Which classes (zone and speed) order the product at all."""
    demand = model.demand
    is_ordered = np.zeros(model.late_cost.shape[1] * model.num_speeds, dtype=np.bool_)
    for stream in range(demand.product_ptr[product], demand.product_ptr[product + 1]):
        mix = demand.mix_idx[stream]
        for period in range(num_periods):
            if daily_units(demand, stream, period, num_periods, model.period_days) > 0.0:
                for place in range(demand.mix_ptr[mix], demand.mix_ptr[mix + 1]):
                    is_ordered[demand.mix_class_idx[place]] = True
                break
    return is_ordered


@kernel
def _fill_holding(model: CertificateModel, storage_price: Floats, product: int, holding: Floats) -> None:
    """Holding cost of a unit with the storage price, which overflow in the yard can undercut, [node, day]."""
    storage_type, volume = model.storage_type_idx[product], model.volume_m3[product]
    for node in range(holding.shape[0]):
        for day in range(model.num_days):
            price = storage_price[node, storage_type, day // model.period_days]
            price = min(price, model.overflow_per_m3_day)
            holding[node, day] = model.holding_per_day[product, node] + volume * price


@kernel
def _divide(
    model: CertificateModel,
    product: int,
    division: int,
    in_lag: bool,
    holding: Floats,
    charge: Floats,
    rise: Floats,
) -> bool:
    """Divide the least holding cost of any node between stock terms and rising values; False: nothing to try."""
    num_days = model.num_days
    charge[:] = 0.0
    rise[:] = 0.0
    if division == ORDERS_ONLY:
        return True
    least = np.empty(num_days)
    for day in range(num_days):
        least[day] = holding[:, day].min()
    if least.max() <= 0.0:
        return False
    first, end = 0, num_days
    if division == RISE_ONLY:
        end = 0
    elif division != STOCK_ONLY:
        end = num_days - _days_on_the_way(model, product, in_lag)
    if division == STOCK_AFTER_START:
        missing = _least_missing(model, product)
        while first < end and missing > 0.0 and model.start_is_free:
            missing -= least[first]
            first += 1
        if first == 0:
            return False
    if division != RISE_ONLY and first >= end:
        return False
    for day in range(num_days):
        if first <= day < end:
            charge[day] = least[day]
        elif division != STOCK_ONLY:
            rise[day] = least[day]
    return True


@kernel
def _days_on_the_way(model: CertificateModel, product: int, in_lag: bool) -> int:
    """Mean days on the longest way from a vendor, rounded up; in lag, those after the first node."""
    num_nodes = len(model.node_ptr) - 1
    days = np.zeros(num_nodes)
    for node in range(num_nodes):
        for lane in range(model.node_ptr[node], model.node_ptr[node + 1]):
            if model.lane_cost[product, lane] < np.inf:
                source = model.lane_source_idx[lane]
                if source < num_nodes:
                    days[node] = max(days[node], days[source] + model.still_in_transit[lane].sum())
                elif not in_lag:
                    days[node] = max(days[node], model.still_in_transit[lane].sum())
    return int(min(math.ceil(days.max() - 1e-9), model.num_days))


@kernel
def _least_missing(model: CertificateModel, product: int) -> float:
    """Least difference of what a unit from a vendor costs at any node and its end value there; 0 without a way."""
    least = np.inf
    for lane in range(len(model.lane_source_idx)):
        if model.lane_source_idx[lane] >= len(model.node_ptr) - 1:
            cost = model.lane_cost[product, lane]
            least = min(least, cost - model.end_value[product, model.lane_node_idx[lane]])
    return least if least < np.inf else 0.0


@kernel
def _cost(
    model: CertificateModel,
    outbound_price: Floats,
    product: int,
    value: Floats,
    charge: Floats,
    lag: int,
    is_ordered: Bools,
    sharing: float,
    to_beat: float,
) -> tuple[float, float]:
    """The bound at given values of stock, and its part for stock; nothing where it would hardly beat another."""
    num_nodes, num_periods = outbound_price.shape
    lowest, lowest_from = np.empty((num_nodes + 1, num_periods)), np.empty((num_nodes + 1, num_periods))
    fill_period_values(model, value, lowest, lowest_from)
    least, extra = np.zeros((len(is_ordered), num_periods)), np.zeros((len(is_ordered), num_periods))
    waiting, longest, cheapest = np.inf, 0.0, 0.0
    for order_class in range(len(is_ordered)):
        if is_ordered[order_class]:
            penalty = model.backorder_penalty[product, order_class % model.num_speeds]
            closes = fill_class_costs(
                model, outbound_price, product, order_class, lowest, lowest_from, least[order_class], extra[order_class]
            )
            waiting, longest = min(waiting, penalty), max(longest, closes)
            cheapest = min(cheapest, value.min())
    if waiting < np.inf and model.transit_is_free and cheapest < 0.0:
        return -np.inf, 0.0  # orders that wait from the warm-up could take units worth less than nothing
    first_unwaited = max(0, math.floor(model.num_days - min(longest, float(model.num_days))))
    served = _orders(model, product, least, num_periods) - start_credit(model, product, charge, lag >= 0, value)
    if served + stock_estimate(model, product, charge) <= to_beat:
        return -np.inf, 0.0
    kept = stock_cost(model, product, charge, lag, is_ordered, extra, waiting, first_unwaited, sharing)
    return served + kept, kept


@kernel
def _orders(model: CertificateModel, product: int, least: Floats, num_periods: int) -> float:
    """Expected least cost of all orders."""
    demand = model.demand
    total = 0.0
    for stream in range(demand.product_ptr[product], demand.product_ptr[product + 1]):
        mix = demand.mix_idx[stream]
        for period in range(num_periods):
            units = daily_units(demand, stream, period, num_periods, model.period_days)
            if units > 0.0:
                for place in range(demand.mix_ptr[mix], demand.mix_ptr[mix + 1]):
                    total += units * demand.mix_share[place] * least[demand.mix_class_idx[place], period]
    return total
