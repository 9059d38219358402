"""Customer orders of the reference simulator: drawn unit by unit, in baskets, or recorded."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import count, pairwise

import numpy as np
from reference_clock import MINUTES_PER_DAY

from meio.simulation.build import build_world
from meio.simulation.demand_kernels import draw_day_orders
from meio.simulation.drawn import room_to_draw
from meio.simulation.engine_kernels import BASKET_SIZE, CUSTOMER_DEMAND, LEAD_TIME
from meio.simulation.replenishment_kernels import lead_time_days
from meio.simulation.streams import name_keys
from meio.simulation.streams_kernels import derived_key, start, uniform


@dataclass(frozen=True)
class Order:
    time: float
    """Minutes from the horizon's first midnight."""
    zone: int
    speed: int
    lines: dict
    """Units by product, in the order of the lines."""

    @property
    def day(self):
        return int(self.time // MINUTES_PER_DAY)

    @property
    def minute(self):
        """Of the day."""
        return self.time - MINUTES_PER_DAY * self.day

    @property
    def units(self):
        return sum(self.lines.values())


class Draws:
    """The random numbers of a replication: all that the reference simulator shares with the engine."""

    def __init__(self, compiled, plan, seed, replication):
        self.c = compiled
        self.world = build_world(compiled, plan)  # for its look-up tables only
        self.key = _below(_below(np.uint64(0), seed), replication)
        product_key = [_below(self.key, word) for word in name_keys(compiled.names.products)]
        self.lead_time_key = [_below(one, LEAD_TIME) for one in product_key]
        self.lane_word = name_keys(compiled.names.lanes)
        streams = [range(last - first) for first, last in pairwise(compiled.demand.product_ptr)]
        keys = [
            _below(_below(product_key[product], CUSTOMER_DEMAND), number)
            for product, numbers in enumerate(streams)
            for number in numbers
        ]
        self.demand_key, self.scratch = np.array(keys, dtype=np.uint64), np.zeros(2, dtype=np.uint64)

    def units(self, day):
        """A day's units by the minute: minute of the day, product, and class (zone and speed) of each."""
        world = self.world
        room = room_to_draw(0, 0)
        drawn = draw_day_orders(world.demand, world.guides, world.clock, self.demand_key, self.scratch, room, day)
        return list(zip(drawn.minute.tolist(), drawn.product_idx.tolist(), drawn.class_idx.tolist(), strict=True))

    def basket_sizes(self, day, order_class):
        """Units of a class's first, second… order of the day: the first size up to which shares exceed a draw."""
        start(self.scratch, _below(_below(_below(self.key, BASKET_SIZE), order_class), day))
        share = self.c.conditions.basket_share
        largest, cumulative = int(np.flatnonzero(share)[-1]) + 1, np.cumsum(share)
        for _ in count():
            yield min(1 + int(np.searchsorted(cumulative, uniform(self.scratch), side="right")), largest)

    def lead_time(self, product, lane, number):
        """Days that a product's departure on a lane takes; departures are numbered from 0."""
        start(self.scratch, _below(_below(self.lead_time_key[product], self.lane_word[lane]), number))
        return lead_time_days(self.world.lanes, lane, self.scratch)


def orders_of_day(compiled, draws, day):
    """The day's orders in the order they come."""
    if compiled.conditions.recorded.given:
        return _recorded(compiled, day)
    units, num_speeds = draws.units(day), len(compiled.names.speeds)
    by_class = defaultdict(list)
    for place, (minute, product, order_class) in enumerate(units):
        by_class[order_class].append((minute, place, product))
    orders = []
    for order_class, members in by_class.items():
        sizes, zone_and_speed = list(_sizes(draws, day, order_class, len(members))), divmod(order_class, num_speeds)
        for first, size in zip(np.cumsum([0, *sizes]), sizes, strict=False):
            basket = members[first : first + size]
            minute, place, _ = basket[0]
            lines = _added_up((product, 1) for _, _, product in basket)
            orders.append((minute, place, Order(day * MINUTES_PER_DAY + minute, *zone_and_speed, lines)))
    return [order for _, _, order in sorted(orders, key=lambda order: order[:2])]


def _sizes(draws, day, order_class, num_units):
    """Sizes of a day's orders of one class until its units are used up; the last may be cut short."""
    if len(draws.c.conditions.basket_share) == 1:
        yield from [1] * num_units
        return
    for size in draws.basket_sizes(day, order_class):
        yield size
        num_units -= size
        if num_units <= 0:
            return


def _recorded(compiled, day):
    table, num_speeds, orders = compiled.conditions.recorded, len(compiled.names.speeds), []
    for number in np.flatnonzero(table.minute // MINUTES_PER_DAY == day):
        rows = slice(table.line_ptr[number], table.line_ptr[number + 1])
        lines = _added_up(zip(table.product_idx[rows].tolist(), table.units[rows].tolist(), strict=True))
        orders.append(Order(float(table.minute[number]), *divmod(int(table.class_idx[number]), num_speeds), lines))
    return orders


def _added_up(lines):
    """Units by product, in the order of first appearance."""
    units = defaultdict(int)
    for product, number in lines:
        units[product] += number
    return dict(units)


def _below(key, word):
    """Key of a stream below another's, typed as the kernels need it."""
    return np.uint64(derived_key(key, word))
