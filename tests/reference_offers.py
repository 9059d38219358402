"""Serving customers in time, in the reference simulator: what nodes offer, and which offers are taken."""

import math
from typing import NamedTuple

from reference_packages import Packages, ReferencePackages, added


class Offer(NamedTuple):
    """What a node can ship of an order now."""

    node: int
    units: dict
    """By product."""
    ship_day: int
    packages: Packages
    score: float

    @property
    def total(self):
        return sum(self.units.values())


class ReferenceOffers(ReferencePackages):
    def serve_in_time(self, order, wanted, protected):
        """Ship whole or split, what protection levels allow if they are to be kept; returns what is left."""
        for offer in self._choose(order, wanted, protected):
            self.ship_in_time(order, offer.node, offer.units, offer.ship_day)
            wanted = _without(wanted, offer)
        return wanted

    def _choose(self, order, wanted, protected):
        offers = self._offers(order, wanted, self.nodes, protected)
        filling = [offer for offer in offers if offer.total == sum(wanted.values())]
        whole = min(filling, key=lambda offer: (offer.score, offer.packages.cost, offer.node), default=None)
        split = self._split(order, wanted, protected)
        if whole is not None and whole.score <= added(offer.score for offer in split):
            self.m.used["kept whole"] += whole.total > 1
            return [whole]
        self.m.used["split for its score"] += whole is not None
        self.m.used["split"] += len(split) > 1
        return split

    def _split(self, order, wanted, protected):
        """The best offer by the unit, then the best for what is left, until the order is filled or nobody offers."""
        chosen, others = [], list(self.nodes)  # who has offered all it can has nothing more to offer
        while offers := self._offers(order, wanted, others, protected):
            best = min(offers, key=lambda one: (one.score / one.total, one.packages.cost / one.total, one.node))
            chosen.append(best)
            others.remove(best.node)
            wanted = _without(wanted, best)
        return chosen

    def _offers(self, order, wanted, nodes, protected):
        offers = [self._offer(order, wanted, node, protected) for node in nodes]
        return [offer for offer in offers if offer is not None]

    def _offer(self, order, wanted, node, protected):
        """Line by line what the node has, may use, can ship in time and has shipping capacity for."""
        delay = self.delay(node, order.speed, order.day, order.minute)
        cost, days = self.in_time(order.speed, delay, node, order.zone)
        ship_day, units = order.day + delay, {}
        room = self.room_to_ship(node, ship_day)
        for product, number in wanted.items():
            there = self._usable(product, node, order.speed, protected)
            if cost[self.weight_class(product)] < math.inf and min(number, room, there) > 0:
                units[product] = min(number, room, there)
                room -= units[product]
        packages = self.packages(units, cost, days)
        if packages is None:
            return None
        return Offer(node, units, ship_day, packages, self._score(node, units, ship_day, packages.cost))

    def _usable(self, product, node, speed, protected):
        """Free units; only those above the protection level for faster speeds when that is to be kept."""
        kept = self.protection[speed, self.period(self.day), product, node] if protected else 0
        return self.free(product, node) - int(kept)

    def _score(self, node, units, ship_day, cost):
        if self.policy == "nearest":
            return cost
        price = self.plan.prices.outbound[node, self.period(ship_day)]
        return cost + added(number * (price + self.above_least(product, node)) for product, number in units.items())

    def above_least(self, product, node):
        """The plan's value of a unit, above the least at any node that stocks the product and serves customers."""
        values = self.plan.unit_value[product, :, self.period(self.day)]
        serving = self.c.nodes.serves_customers & (self.plan.lane_idx[product] >= 0)
        return values[node] - min(values[serving], default=0.0)

    def ship_in_time(self, order, node, units, ship_day):
        """A node's package, or packages, to the customer."""
        packages = self.packages(units, *self.in_time(order.speed, ship_day - order.day, node, order.zone))
        for product, number in units.items():
            self.position[product, node] -= number
            self.happens("shipped", product, node, number)
        days = ship_day - order.day + packages.transit_days
        self.fill(order.speed, order.day, "on_time", sum(units.values()), days)
        self.ship_packages(node, order.zone, units, ship_day, packages)


def _without(wanted, offer):
    left = {product: units - offer.units.get(product, 0) for product, units in wanted.items()}
    return {product: units for product, units in left.items() if units > 0}
