"""A policy as a user might write one, to have something outside the engine that is not its own."""

from collections import Counter

from meio.simulation.policies import Parcel


class Backwards:
    """Takes from the last node first, whatever it costs, and forgets every seventh order."""

    name = "backwards"

    def __init__(self, batch_minutes):
        self.batch_minutes = batch_minutes
        self.seen = 0

    def assign(self, orders):
        taken = Counter()
        for order in orders:
            self.seen += 1
            wanted = order.wanted if self.seen % 7 else {}
            for option in reversed(order.options):
                offer = self._offer(option, wanted, taken)
                if offer and option.package_cost(offer) < float("inf"):
                    wanted = {product: units - offer.get(product, 0) for product, units in wanted.items()}
                    taken.update({(option.node, product): units for product, units in offer.items()})
                    taken[option.node, option.ship_day] += sum(offer.values())
                    yield from (Parcel(order.number, option.node, product, units) for product, units in offer.items())

    def _offer(self, option, wanted, taken):
        offer, room = {}, option.room - taken[option.node, option.ship_day]
        for product, units in wanted.items():
            there = int(min(units, option.free[product] - taken[option.node, product], room))
            if there > 0:
                offer[product] = there
                room -= there
        return offer
