"""The world of the reference simulator: calendar, capacities, and what is where."""

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from reference_clock import ARRIVAL, LAST_RELEASE, MINUTES_PER_DAY, RELEASE, Clock
from reference_measures import Measures
from reference_orders import Draws

from meio.network.supply import landed_cost

TINY = 1e-9
UNLIMITED = 2**62


@dataclass(eq=False)
class Shipment:
    product: int
    node: int
    units: int


@dataclass(eq=False)
class Request:
    """A downstream node's order that waits at a node or vendor."""

    product: int
    source: int
    child: int
    units: int


@dataclass(eq=False)
class Owed:
    """A line of a customer's order that a node owes."""

    product: int
    node: int
    units: int
    zone: int
    speed: int
    day: int
    """Of the order."""
    delay: int
    """Days the node would have taken to ship it then."""


class ReferenceNetwork:
    """Calendar, capacities, stock; receiving, supply and customers build on it."""

    def __init__(self, compiled, plan, policy, seed, replication, protection=None):
        self.c, self.plan, self.policy, self.protection = compiled, plan, policy, protection
        self.products, self.nodes = range(len(compiled.names.products)), range(len(compiled.names.nodes))
        self.first_day, self.end_day = -compiled.warm_up_days, compiled.num_periods * compiled.period_days
        self.draws, self.m = Draws(compiled, plan, seed, replication), Measures()
        self.clock, self.day = Clock(self.first_day), self.first_day
        self.on_hand, self.position = defaultdict(int), defaultdict(int)  # by (product, node)
        self.yard = {node: [] for node in self.nodes}
        self.in_transit, self.requests, self.owed = [], [], []
        self.used_in, self.used_out, self.used_lane = defaultdict(int), defaultdict(int), defaultdict(int)
        self.awake, self.landed = set(), landed_cost(compiled)

    @property
    def counts(self):
        """Whether the day counts: the warm-up does not."""
        return self.day >= 0

    def happens(self, event, product, node, units, minute=None):
        """Record an event, now or at a minute."""
        at = self.clock.minute if minute is None else float(minute)
        self.m.events.append((round(at, 6), event, int(product), int(node), int(units)))

    # ---- calendar

    def period(self, day):
        return min(max(day // self.c.period_days, 0), self.c.num_periods - 1)

    def weekday(self, day):
        return (self.c.first_weekday + day) % 7

    def delay(self, node, speed, day, minute):
        """Days until a node ships what is ordered at this minute of a day."""
        passed = int(minute >= self.c.nodes.cutoff_minute[node, speed])
        return int(self.c.nodes.ship_delay_days[node, self.weekday(day), passed])

    # ---- capacities, in whole units left of a day's

    def room_to_receive(self, node):
        capacity = self.c.nodes.inbound_units_per_day[node, self.period(self.day)]
        return whole(self._left("node", node, self.day, capacity) - self.used_in[node])

    def room_to_ship(self, node, ship_day):
        capacity = self.c.nodes.outbound_units_per_day[node, self.period(ship_day)]
        return whole(self._left("node", node, ship_day, capacity) - self.used_out[node, ship_day])

    def room_on_lane(self, lane):
        if not self.c.lanes.departs[lane, self.weekday(self.day)]:
            self.m.used["no departure"] += 1
            return 0
        capacity = self.c.lanes.capacity_units_per_day[lane, self.period(self.day)]
        return whole(self._left("lane", lane, self.day, capacity) - self.used_lane[lane])

    def _left(self, kind, place, day, capacity):
        """What disruptions leave of a capacity on a day; nothing of an unlimited one is nothing."""
        given = self.c.conditions.disruptions
        for one, first_day, end_day, share in zip(
            getattr(given, f"{kind}_idx"), given.first_day, given.end_day, given.capacity_share, strict=True
        ):
            if one == place and first_day <= day < end_day:
                self.m.used[f"disrupted {kind}"] += 1
                capacity = capacity * share if share > 0 else 0.0
        return capacity

    # ---- stock

    def free(self, product, node):
        """Units on hand that are not owed to earlier customers."""
        owed = sum(one.units for one in self.owed if (one.product, one.node) == (product, node))
        return self.on_hand[product, node] - owed

    def target(self, product, node, period):
        return int(np.rint(self.plan.targets[product, node, period]))

    def wake(self, product, node):
        """When goods come in, those who wait for them get them at that instant."""
        place = (product, node)
        waiting = [(one.product, one.node) for one in self.owed]
        waiting += [(request.product, request.source) for request in self.requests]
        if place in waiting and place not in self.awake:
            self.awake.add(place)
            day_is_over = self.clock.minute == MINUTES_PER_DAY * (self.day + 1)
            self.clock.call_at(self.clock.now, LAST_RELEASE if day_is_over else RELEASE, self.release, product, node)

    def send(self, shipment, arrival):
        self.in_transit.append(shipment)
        self.clock.call_at(arrival, ARRIVAL, self.arrive, shipment)


def whole(amount):
    """Whole units in an amount, never negative."""
    return UNLIMITED if amount == math.inf else max(math.floor(amount + TINY), 0)
