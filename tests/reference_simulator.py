"""The simulator's rules once more, slow and plain: SimPy and dictionaries instead of kernels.

It shares with the engine only the random draws (`reference_orders.Draws`). Everything else is computed from the
compiled scenario and the plan by the rules of docs/simulation.md, whose chapters are classes here that build one on
another: network, receiving, supply, packages, offers, customers, batches, and in this module the day.
"""

from collections import defaultdict

from reference_batches import ReferenceBatches
from reference_clock import CATCH_UP, CLOSE, LAST_BATCH, MINUTES_PER_DAY, ORDER, REVIEW, YARD
from reference_orders import orders_of_day


class ReferenceSimulator(ReferenceBatches):
    def run(self):
        """One replication; returns its measures."""
        self.open()
        self.clock.run(until=self.clock.process(self._days()))
        for one in self.owed:
            self.m.service[one.speed, "owed"] += one.units * (one.day >= 0)
        self.m.note(self.day)
        return self.m

    def _days(self):
        """A process: each day's fixed points. Orders and arrivals come in between, at their minutes."""
        for day in range(self.first_day, self.end_day):
            midnight = day * MINUTES_PER_DAY
            yield self.clock.at(midnight, YARD)
            self._begin(day)
            yield self.clock.at(midnight, CATCH_UP)
            self.serve_owed(self.owed)
            self.ship_requests(self.requests)
            yield self.clock.at(midnight, REVIEW)
            self.review()
            self.clock.process(self._customers(day))
            yield self.clock.at(midnight + MINUTES_PER_DAY, CLOSE)
            self._close()
        self.m.money["stock_change"] -= self._owned_value()

    def _customers(self, day):
        """A process: the day's orders, each at the moment at which it is assigned."""
        for moment, orders in self.batches(orders_of_day(self.c, self.draws, day)):
            yield self.clock.at(moment, LAST_BATCH if moment == (day + 1) * MINUTES_PER_DAY else ORDER)
            self.serve_batch(orders)

    def _begin(self, day):
        """The day's capacity is new, and the yard moves in as far as it can."""
        if day == 0:
            self.m.money["stock_change"] += self._owned_value()
        self.day = day
        self.used_in, self.used_lane = defaultdict(int), defaultdict(int)
        for node in self.nodes:
            self.put_away(node)

    def release(self, product, node):
        """Goods came in for which somebody waits: customers first."""
        self.awake.discard((product, node))
        self.serve_owed([one for one in self.owed if (one.product, one.node) == (product, node)])
        self.ship_requests([one for one in self.requests if (one.product, one.source) == (product, node)])

    # ---- the close

    def _close(self):
        if not self.counts:
            return
        for node in self.nodes:
            self._charge_stock(node)
            self.m.inbound[self.day, node] = self.used_in[node]
            self.m.outbound[self.day, node] = self.used_out[node, self.day]
        penalties = self.c.penalties.backordered_per_day
        self.m.money["backorder"] += sum(one.units * penalties[one.product, one.speed] for one in self.owed)
        for lane, units in self.used_lane.items():
            self.m.lane[self.day, lane] = units
        self.m.note(self.day)

    def _charge_stock(self, node):
        """Holding on all that is at the node; overflow on the yard and on what lies above capacity."""
        volume_m3 = self.c.products.volume_m3
        stored, excess = self.stored_m3(node), 0.0
        for kind, m3 in enumerate(stored):
            self.m.storage_m3[self.day, node, kind] = m3
            excess += max(m3 - self.c.nodes.storage_m3[node, kind, self.period(self.day)], 0)
        in_yard = sum(shipment.units * volume_m3[shipment.product] for shipment in self.yard[node])
        self.m.yard_m3[self.day, node] = in_yard
        self.m.money["overflow"] += (in_yard + excess) * self.c.costs.overflow_per_m3_day
        held = [(product, self.on_hand[product, node]) for product in self.products]
        held += [(shipment.product, shipment.units) for shipment in self.yard[node]]
        self.m.money["holding"] += sum(units * self._holding(product, node) for product, units in held)

    def _holding(self, product, node):
        nodes, products = self.c.nodes, self.c.products
        by_volume = nodes.holding_per_m3_day[node] * products.volume_m3[product]
        by_value = nodes.holding_of_unit_cost_per_day[node] * products.unit_cost[product]
        return nodes.holding_per_unit_day[node] + by_volume + by_value

    def _owned_value(self):
        """Units on hand, in the yard and on the way, at the least cost of replacing them."""
        units = defaultdict(int, self.on_hand)
        for shipment in self.in_transit + [one for queue in self.yard.values() for one in queue]:
            units[shipment.product, shipment.node] += shipment.units
        return sum(number * self._end_value(*place) for place, number in units.items())

    def _end_value(self, product, node):
        cost = self.landed[product, node]
        replacement = cost if cost < float("inf") else self.c.products.unit_cost[product]
        return self.c.costs.end_stock_value * replacement
