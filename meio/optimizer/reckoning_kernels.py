"""Days of reckoning: when the certificate looks at a product's stock, and which orders nothing later can serve."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import EMPIRICAL, Floats, Ints
from meio.network.jit import borrowing_kernel, kernel
from meio.optimizer.certificate_model import CertificateModel

MANY_DAYS = 40
LONG_WINDOW = 10  # days
_LIKELY = 0.5


@kernel
def days_of_reckoning(model: CertificateModel, product: int) -> Ints:
    """Days of reckoning: when vendors' orders can leave; where demand is drawn by period, the periods' first days."""
    demand, num_days = model.demand, model.num_days
    chosen = np.zeros(num_days, dtype=np.bool_)
    for stream in range(demand.product_ptr[product], demand.product_ptr[product + 1]):
        if demand.stream_kind[stream] >= EMPIRICAL:
            chosen[:: model.period_days] = True
            return np.flatnonzero(chosen)
    chosen[0] = True
    for lane in range(len(model.lane_source_idx)):
        if is_vendors(model, product, lane):
            day = model.next_departure[lane, 0]
            while day < num_days:
                chosen[day] = True
                day = max(day + 1, model.next_departure[lane, day])
    return np.flatnonzero(chosen)


@borrowing_kernel
def is_vendors(model: CertificateModel, product: int, lane: int) -> bool:
    """Whether a lane brings the product from a vendor."""
    is_vendor = model.lane_source_idx[lane] >= len(model.node_ptr) - 1
    return bool(is_vendor and model.lane_cost[product, lane] < np.inf)


@borrowing_kernel
def window_length(model: CertificateModel, product: int, day: int, chance: Floats) -> int:
    """Days from `day` that nothing ordered later can serve, probably; `chance[n]`: that they are at least n."""
    longest = model.num_days - day
    chance[: longest + 1] = 1.0
    for lane in range(len(model.lane_source_idx)):
        if not is_vendors(model, product, lane):
            continue
        wait = model.next_departure[lane, day] - day
        for days in range(wait + 1, longest + 1):
            chance[days] *= model.not_yet_sellable[lane, days - wait]
    length = 0
    while length < longest and chance[length + 1] >= _LIKELY:
        length += 1
    return length


@kernel
def thinned_out(num_days: int, anchor: Ints, length: Ints) -> Ints:
    """Indices of the days of reckoning that are used: of many with long windows, two in a window."""
    stride = 1
    if len(anchor) > MANY_DAYS:
        shortest = length[: len(anchor) // 2].min()
        stride = shortest // 2 if shortest >= LONG_WINDOW else 1
    kept = np.empty(len(anchor), dtype=np.int64)
    number, last = 0, -num_days
    for index in range(len(anchor)):
        if length[index] > 0 and anchor[index] - last >= stride:
            kept[number] = index
            last = anchor[index]
            number += 1
    return kept[:number]


@kernel
def most_overlapping(num_days: int, anchor: Ints, length: Ints) -> int:
    """Most windows that hold one day."""
    holding = np.zeros(num_days + 1, dtype=np.int64)
    for index in range(len(anchor)):
        holding[anchor[index] : anchor[index] + length[index]] += 1
    return int(max(1, holding.max()))


@kernel
def window_of_each_close(num_days: int, anchor: Ints, length: Ints) -> Ints:
    """Index of the earliest window that holds each day; -1: none."""
    window = np.full(num_days, -1)
    for index in range(len(anchor) - 1, -1, -1):
        window[anchor[index] : anchor[index] + length[index]] = index
    return window


@kernel
def most_closes(window_of_close: Ints, anchor: Ints) -> int:
    """Most closes whose window holds one day up to the close: how often one lost unit could be charged."""
    most = 1
    for day in range(len(window_of_close)):
        closes = 0
        for close in range(day, len(window_of_close)):
            index = window_of_close[close]
            closes += index >= 0 and anchor[index] <= day
        most = max(most, closes)
    return most
