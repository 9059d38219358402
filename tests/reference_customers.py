"""Customer orders in the reference simulator: from the moment they come to the last unit owed."""

import math

from reference_clock import MINUTES_PER_DAY
from reference_network import TINY, Owed
from reference_offers import ReferenceOffers

from meio.network.compiled import BACKORDERED, LATE


class ReferenceCustomers(ReferenceOffers):
    def serve(self, order):
        """In time; what nobody can serve in time as the order's speed says. Then nodes order that always may."""
        self.count(order)
        left = order.lines
        if self.policy == "reserve":
            left = self.serve_in_time(order, left, protected=True)
            self.m.used["second round"] += bool(left)
        self.serve_rest(order, self.serve_in_time(order, left, protected=False))
        for product in order.lines:
            self.review_at_once(product)

    def serve_rest(self, order, left):
        """What nobody serves in time, line by line."""
        unserved = self.c.outbound.unserved[order.speed]
        for product, units in left.items():
            if unserved == LATE:
                units = self._serve_late(order, product, units)  # noqa: PLW2901
            elif unserved == BACKORDERED:
                units = self._owe(order, product, units)  # noqa: PLW2901
            self._lose(order, product, units)

    def _serve_late(self, order, product, units):
        """By the cheapest service of any duration, then the next; returns what is left."""
        kind = self.weight_class(product)
        costs = {node: self.of_any_duration(node, order.zone)[0][kind] for node in self.nodes}
        for node in sorted((one for one in costs if costs[one] < math.inf), key=costs.get):
            ship_day = order.day + self.delay(node, order.speed, order.day, order.minute)
            number = min(units, self.room_to_ship(node, ship_day), self.free(product, node))
            if number <= 0:
                continue
            packages = self.packages({product: number}, *self.of_any_duration(node, order.zone))
            self.position[product, node] -= number
            self.happens("shipped_late", product, node, number)
            self.fill(order.speed, order.day, "late", number, ship_day - order.day + packages.transit_days)
            self.m.money["late"] += number * self.c.penalties.late[product, order.speed] * self.counts
            self.ship_packages(node, order.zone, {product: number}, ship_day, packages)
            units -= number
            self.m.used["late in parts"] += units > 0
        return units

    def _owe(self, order, product, units):
        """The cheapest node that stocks the product and could have been in time owes it; returns what is left."""
        delays = {node: self.delay(node, order.speed, order.day, order.minute) for node in self.nodes}
        kind, costs = self.weight_class(product), {}
        for node, delay in delays.items():
            cost = self.in_time(order.speed, delay, node, order.zone)[0][kind]
            if cost < math.inf and self.plan.lane_idx[product, node] >= 0:
                costs[node] = cost
        if not costs:
            return units
        node = min(costs, key=costs.get)
        self.position[product, node] -= units
        self.happens("owed", product, node, units)
        self.owed.append(Owed(product, node, units, order.zone, order.speed, order.day, delays[node]))
        return 0

    def serve_owed(self, owed):
        """What is there of it now, the oldest first, by the service chosen when the order came."""
        for one in list(owed):
            minute = self.clock.minute - MINUTES_PER_DAY * self.day
            ship_day = self.day + self.delay(one.node, one.speed, self.day, minute)
            units = min(one.units, self.on_hand[one.product, one.node], self.room_to_ship(one.node, ship_day))
            if units <= 0:
                continue
            one.units -= units
            self.happens("shipped_owed", one.product, one.node, units)
            if one.units == 0:
                self.owed.remove(one)
            self.m.used["backorder in parts"] += one.units > 0
            packages = self.packages({one.product: units}, *self.in_time(one.speed, one.delay, one.node, one.zone))
            days = ship_day - one.day + packages.transit_days
            on_time = days <= self.c.outbound.promise_days[one.speed] + TINY
            self.fill(one.speed, one.day, "on_time" if on_time else "late", units, days)
            self.ship_packages(one.node, one.zone, {one.product: units}, ship_day, packages)

    def _lose(self, order, product, units):
        if units:
            self.happens("lost", product, -1, units)
        if self.counts:
            self.m.service[order.speed, "lost"] += units
            self.m.money["lost"] += units * self.c.penalties.lost[product, order.speed]

    def count(self, order):
        self.m.used["orders"] += 1
        self.m.used["orders of several units"] += order.units > 1
        self.m.used["orders of several lines"] += len(order.lines) > 1
        if self.counts:
            self.m.service[order.speed, "orders"] += 1
            self.m.service[order.speed, "demand"] += order.units
            self.m.money["unavoidable"] += self.unavoidable(order)
