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
        one_by_one = added(units * self._least_of_unit(order, product) for product, units in order.lines.items())
        return min([one_by_one, *self._whole_costs(order)]) if order.units > 1 else one_by_one

    def _least_of_unit(self, order, product):
        """From the best node in time, or late if the speed allows it; or losing it."""
        speed, kind = order.speed, self.weight_class(product)
        costs = [self.c.penalties.lost[product, speed]]
        for node in self.nodes:
            delay = self.delay(node, speed, order.day, order.minute)
            costs.append(self.landed[product, node] + self.in_time(speed, delay, node, order.zone)[0][kind])
            if self.c.outbound.unserved[speed] == LATE:
                late = self.c.penalties.late[product, speed] + self.of_any_duration(node, order.zone)[0][kind]
                costs.append(self.landed[product, node] + late)
        return min(costs)

    def _whole_costs(self, order):
        """Supply and packages in time, for every node that could serve all of it."""
        for node in self.nodes:
            delay = self.delay(node, order.speed, order.day, order.minute)
            cost, days = self.in_time(order.speed, delay, node, order.zone)
            if all(cost[self.weight_class(product)] < math.inf for product in order.lines):
                supply = added(units * self.landed[product, node] for product, units in order.lines.items())
                if packages := self.packages(order.lines, cost, days):
                    yield supply + packages.cost


def added(amounts):
    """Added up one after the other. (Python's own sum of floats may be exact, from 3.12 on.)"""
    total = 0.0
    for amount in amounts:
        total += amount
    return total
