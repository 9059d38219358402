"""Packages to customers in the reference simulator: their number, their cost, and what is counted when they leave."""

import math
from typing import NamedTuple

import numpy as np
from reference_network import TINY
from reference_supply import ReferenceSupply

from meio.network.compiled import LATE


class Packages(NamedTuple):
    """Packages of equal weight."""

    number: int
    cost: float
    """Of all of them."""
    transit_days: float


class ReferencePackages(ReferenceSupply):
    def packages(self, units, cost, transit_days):
        """The least number of packages of equal weight that a service takes, one a unit at most; else None."""
        kilograms = added(number * self.c.products.weight_kg[product] for product, number in units.items())
        for number in range(1, sum(units.values()) + 1):
            kind = int(np.searchsorted(self.c.outbound.weight_limit_kg, kilograms / number - TINY))
            if kind < len(cost) and cost[kind] < math.inf:
                return Packages(number, number * float(cost[kind]), float(transit_days[kind]))
        return None

    def weight_class(self, product):
        return int(self.c.products.weight_class_idx[product])

    def in_time(self, speed, delay, node, zone):
        """Cost and days of the cheapest service in time, both by weight class."""
        cell = (slice(None), speed, delay, node, zone)
        return self.c.outbound.cost[cell], self.c.outbound.transit_days[cell]

    def of_any_duration(self, node, zone):
        """Cost and days of the cheapest service, both by weight class."""
        return self.c.outbound.late_cost[:, node, zone], self.c.outbound.late_transit_days[:, node, zone]

    def ship_packages(self, node, zone, units, ship_day, packages):
        total = sum(units.values())
        self.used_out[node, ship_day] += total
        self.m.used["parcels"] += packages.number > 1
        if self.counts:
            self.m.money["outbound"] += packages.cost
            self.m.shipped[node, zone] += total
            self.m.packages[node, zone] += packages.number
        for product, number in units.items():
            self.take(product, node, number)

    def fill(self, speed, order_day, fate, units, days):
        """Count units as served within the promise or late; orders count by the day they come."""
        if order_day >= 0:
            self.m.service[speed, fate] += units
            self.m.service[speed, "delivery_days"] += units * days

    # ---- what perfect stock would cost

    def unavoidable(self, order):
        """The least that an order costs when every node has stock; an order of several units, whole or one by one."""
        one_by_one = added(
            units * min([self.c.penalties.lost[product, order.speed], *self._whole_costs(order, {product: 1})])
            for product, units in order.lines.items()
        )
        return min([one_by_one, *self._whole_costs(order, order.lines)]) if order.units > 1 else one_by_one

    def _whole_costs(self, order, lines):
        """Supply, packages, and late penalties, for every node and way that could serve all of it."""
        for node in self.nodes:
            supply = added(units * self.landed[product, node] for product, units in lines.items())
            delay = self.delay(node, order.speed, order.day, order.minute)
            ways = [(0.0, self.in_time(order.speed, delay, node, order.zone))]
            if self.c.outbound.unserved[order.speed] == LATE:
                penalty = added(units * self.c.penalties.late[product, order.speed] for product, units in lines.items())
                ways.append((penalty, self.of_any_duration(node, order.zone)))
            for penalty, (cost, days) in ways:
                taken = all(cost[self.weight_class(product)] < math.inf for product in lines)
                if taken and supply < math.inf and (packages := self.packages(lines, cost, days)):
                    yield supply + penalty + packages.cost


def added(amounts):
    """Added up one after the other. (Python's own sum of floats may be exact, from 3.12 on.)"""
    total = 0.0
    for amount in amounts:
        total += amount
    return total
