"""What stock must cost on top: for every day of reckoning the newsvendor cost of the best stock position there is.

Stock that is neither there nor on its way on a day cannot serve the orders of the days before anything new can come
(the window); stock that the orders do not need is kept. Both hold on every path for every policy.
"""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Bools, Floats
from meio.network.jit import kernel
from meio.optimizer.certificate_model import CertificateModel
from meio.optimizer.reckoning_kernels import (
    LONG_WINDOW,
    MANY_DAYS,
    days_of_reckoning,
    is_vendors,
    most_closes,
    most_overlapping,
    thinned_out,
    window_length,
    window_of_each_close,
)
from meio.optimizer.window_kernels import MOST_UNITS, window_demand

_LEAST_SHARE = 1e-6
_NUM_RANKS = 3
_MARGIN = 1.0 - 1e-9  # of rounding


@kernel
def stock_cost(
    model: CertificateModel,
    product: int,
    charge: Floats,
    lag: int,
    is_ordered: Bools,
    extra: Floats,
    waiting: float,
    first_unwaited: int,
    sharing: float,
) -> float:
    """Least expected cost of stock and of what it fails to serve, beyond the least cost of every order.

    Parameters
    ----------
    charge : array [day]
        Cost of one unit, wherever it is, at each close.
    lag : int
        Closes after which a unit has arrived from its vendor, if units on that way are not charged; else -1.
    is_ordered : array [class]
    extra : array [class, period]
        What losing an order costs more than serving it.
    waiting : float
        Least penalty per close of an order that waits; inf: none does.
    first_unwaited : int
        Day from which the waiting penalty is not counted here.
    sharing : float
        Windows among which a lost unit is counted, over those that hold it: 1 is what holds.
    """
    if charge.max() <= 0.0:
        return 0.0
    anchor = days_of_reckoning(model, product)
    length = np.empty(len(anchor), dtype=np.int64)
    chance = np.zeros((len(anchor), model.num_days + 2))
    for index in range(len(anchor)):
        length[index] = window_length(model, product, anchor[index], chance[index])
    keep = thinned_out(model.num_days, anchor, length)
    anchor, length, chance = anchor[keep], length[keep], chance[keep]
    of_close = window_of_each_close(model.num_days, anchor, length)
    theta = sharing / most_overlapping(model.num_days, anchor, length)
    per_close = 0.0
    if waiting < np.inf:
        per_close = min(waiting, _least_extra(is_ordered, extra) / most_closes(of_close, anchor))
    total = 0.0
    held, short, demand = np.empty(MOST_UNITS), np.empty(MOST_UNITS), np.empty(MOST_UNITS)
    for index in range(len(anchor)):
        held[:] = 0.0
        short[:] = 0.0
        since, until = anchor[index] + max(lag, 0), model.num_days
        if index + 1 < len(anchor):
            until = min(anchor[index + 1] + max(lag, 0), until)
        if lag >= 0:
            since = max(since, _latest_arrival(model, product))
        _add_holding(model, product, charge, anchor[index], since, until, demand, held)
        if waiting < np.inf:
            _add_waiting(
                model,
                product,
                anchor[index],
                of_close == index,
                chance[index],
                per_close,
                first_unwaited,
                demand,
                short,
            )
        else:
            _add_losses(
                model, product, anchor[index], length[index], chance[index], is_ordered, extra, theta, demand, short
            )
        total += _least_cost(held, short)
    return _MARGIN * total


@kernel
def stock_estimate(model: CertificateModel, product: int, charge: Floats) -> float:
    """About what `stock_cost` can come to at most: two deviations above the mean of each window, at each close.

    Only says whether working it out is worth while.
    """
    demand, num_days = model.demand, model.num_days
    longest = 0
    for lane in range(len(model.lane_source_idx)):
        if is_vendors(model, product, lane):
            days = model.not_yet_sellable[lane].sum() + model.next_departure[lane, 0]
            longest = max(longest, int(days) + 1)
    window = min(max(longest, 1), num_days)
    total = 0.0
    for day in range(num_days):
        period = day // model.period_days
        mean, variance = 0.0, 0.0
        for stream in range(demand.product_ptr[product], demand.product_ptr[product + 1]):
            mean += demand.daily_mean[stream, period]
            variance += demand.daily_variance[stream, period]
        total += charge[day] * (window * mean + 2.0 * np.sqrt(window * variance))
    return total


@kernel
def _least_extra(is_ordered: Bools, extra: Floats) -> float:
    least = np.inf
    for order_class in range(len(is_ordered)):
        if is_ordered[order_class]:
            least = min(least, extra[order_class].min())
    return max(least, 0.0)


@kernel
def _add(pmf: Floats, length: int, weight: float, target: Floats) -> None:
    for units in range(length):
        target[units] += weight * pmf[units]


@kernel
def _num_streams(model: CertificateModel, product: int) -> int:
    return int(model.demand.product_ptr[product + 1] - model.demand.product_ptr[product])


@kernel
def _latest_arrival(model: CertificateModel, product: int) -> int:
    """Day by which the orders that were on their way from vendors, and what must wait for them, have arrived."""
    latest = 0
    for order in range(model.order_ptr[product], model.order_ptr[product + 1]):
        if model.lane_source_idx[model.order_lane_idx[order]] >= len(model.node_ptr) - 1:
            latest = max(latest, model.order_arrival_day[order])
    return latest


@kernel
def _add_holding(
    model: CertificateModel,
    product: int,
    charge: Floats,
    first: int,
    since: int,
    until: int,
    demand: Floats,
    held: Floats,
) -> None:
    """Weigh the demand up to each close of some days with its charge; on long horizons a few closes together."""
    every = np.ones(_num_streams(model, product))
    step = (until - since + 3) // 4 if model.num_days > MANY_DAYS else 1
    day = since
    while day < until:
        last = min(day + step, until)
        length = window_demand(model.demand, product, every, first, last - first, model.period_days, demand)
        _add(demand, length, charge[day:last].sum(), held)
        day = last


@kernel
def _add_waiting(
    model: CertificateModel,
    product: int,
    first: int,
    is_close: Bools,
    chance: Floats,
    per_close: float,
    first_unwaited: int,
    demand: Floats,
    short: Floats,
) -> None:
    every = np.ones(_num_streams(model, product))
    for close in range(first, min(first_unwaited, model.num_days)):
        if is_close[close]:
            days = close - first + 1
            length = window_demand(model.demand, product, every, first, days, model.period_days, demand)
            _add(demand, length, per_close * chance[days], short)


@kernel
def _add_losses(
    model: CertificateModel,
    product: int,
    first: int,
    window: int,
    chance: Floats,
    is_ordered: Bools,
    extra: Floats,
    theta: float,
    demand: Floats,
    short: Floats,
) -> None:
    """Weigh the window's demand with what losing costs, the dearest classes for themselves as well."""
    step = max(1, window // 4) if model.num_days > MANY_DAYS and window >= LONG_WINDOW else 1
    worth = _window_extra(model, is_ordered, extra, first, window)
    above = 0.0
    for rank in range(_NUM_RANKS):
        threshold = _threshold(model, product, worth, (_NUM_RANKS - rank) / _NUM_RANKS)
        share = _shares(model, product, worth, threshold)
        if threshold - above <= 0.0:
            continue
        days = 1
        while days <= window:
            last = min(days + step, window + 1)
            probability = chance[days] - (chance[last] if last <= window else 0.0)
            if probability > _LEAST_SHARE:
                length = window_demand(model.demand, product, share, first, days, model.period_days, demand)
                _add(demand, length, theta * (threshold - above) * probability, short)
            days = last
        above = threshold


@kernel
def _window_extra(model: CertificateModel, is_ordered: Bools, extra: Floats, first: int, window: int) -> Floats:
    """Least extra cost of each class over the periods of a window; -1 where nothing is ordered."""
    begin, end = first // model.period_days, (first + window - 1) // model.period_days
    worth = np.full(len(is_ordered), -1.0)
    for order_class in range(len(is_ordered)):
        if is_ordered[order_class]:
            worth[order_class] = max(extra[order_class, begin : end + 1].min(), 0.0)
    return worth


@kernel
def _threshold(model: CertificateModel, product: int, worth: Floats, share: float) -> float:
    """The extra cost that about this share of the orders reaches."""
    weight = np.zeros(len(worth))
    demand = model.demand
    for stream in range(demand.product_ptr[product], demand.product_ptr[product + 1]):
        mix = demand.mix_idx[stream]
        for place in range(demand.mix_ptr[mix], demand.mix_ptr[mix + 1]):
            weight[demand.mix_class_idx[place]] += demand.mix_share[place] * demand.daily_mean[stream].mean()
    order = np.argsort(-worth)
    total, reached, threshold = weight.sum(), 0.0, 0.0
    for order_class in order:
        if worth[order_class] < 0.0:
            break
        threshold = worth[order_class]
        reached += weight[order_class]
        if reached >= share * total * (1.0 - 1e-12) and share < 1.0:
            break
    return threshold


@kernel
def _shares(model: CertificateModel, product: int, worth: Floats, threshold: float) -> Floats:
    """Share of each stream whose extra cost is at least a threshold."""
    demand = model.demand
    first = demand.product_ptr[product]
    shares = np.zeros(_num_streams(model, product))
    for stream in range(len(shares)):
        mix = demand.mix_idx[first + stream]
        for place in range(demand.mix_ptr[mix], demand.mix_ptr[mix + 1]):
            if worth[demand.mix_class_idx[place]] >= threshold:
                shares[stream] += demand.mix_share[place]
        shares[stream] = min(shares[stream], 1.0)
    return shares


@kernel
def _least_cost(held: Floats, short: Floats) -> float:
    """Least over y of Σ_d held[d]·(y − d)⁺ + short[d]·(d − y)⁺."""
    cost, above, below = 0.0, 0.0, 0.0
    for units in range(len(short)):
        cost += units * short[units]
        above += short[units]
    for units in range(len(short)):
        above -= short[units]
        below += held[units]
        if below >= above:
            break
        cost += below - above
    return max(cost, 0.0)
