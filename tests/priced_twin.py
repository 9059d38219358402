"""The policy `priced`, written in Python with what a policy of one's own sees."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from meio.simulation.policies import Parcel


class Priced:
    """The rule of one order, written with what a policy sees, order after order."""

    name, batch_minutes = "twin", 60

    def assign(self, orders):
        taken = {}
        for order in orders:
            for node, units in self.packages(order, taken):
                for product, count in units.items():
                    yield Parcel(order.number, node, product, count)

    def packages(self, order, taken):
        options = [self.left(option, taken) for option in order.options]
        wanted, split = order.wanted, []
        while wanted:
            offers = [(option, option.offer(wanted)) for option in options]
            offers = [(option, made) for option, made in offers if made and option.package_cost(made) < inf]
            if not split:
                full = [(o.score(made), o.package_cost(made), at, o, made) for at, (o, made) in enumerate(offers)]
                whole = min((offer for offer in full if offer[4] == wanted), default=None)
            if not offers:
                break
            option, made = min(offers, key=self.each)
            split.append((option, made))
            options = [other for other in options if other is not option]
            wanted = {p: left for p, units in wanted.items() if (left := units - made.get(p, 0))}
        if whole and whole[0] <= sum(option.score(made) for option, made in split):
            split = [whole[3:]]
        for option, made in split:
            for product, units in made.items():
                taken[option.node, product] = taken.get((option.node, product), 0) + units
                taken[option.node, option.ship_day] = taken.get((option.node, option.ship_day), 0) + units
            yield option.node, made

    @staticmethod
    def each(offer):
        option, made = offer
        return option.score(made) / sum(made.values()), option.package_cost(made) / sum(made.values())

    @staticmethod
    def left(option, taken):
        free = {product: units - taken.get((option.node, product), 0) for product, units in option.free.items()}
        return replace(option, free=free, room=option.room - taken.get((option.node, option.ship_day), 0))
