"""The simulator's rules once more, slow and plain: an event list and dictionaries instead of kernels.

It shares with the engine only the random draws (the day's orders and the lead times). Everything else is computed from
the compiled scenario and the plan by the rules of docs/simulation.md.
"""

import heapq
import math
from collections import defaultdict

import numpy as np
from reference_supply import CATCH_UP, MORNING, ORDER, REVIEW, TINY, ReferenceSupply, Request, whole

from meio.network.compiled import BACKORDERED, LATE


class ReferenceSimulator(ReferenceSupply):
    # ---- the event list

    def run(self):
        self._open()
        for day in range(self.first_day, self.end_day):
            if day == 0:
                self.m.money["stock_change"] += self._owned_value()
            self.day = day
            self._at(day * 1440, MORNING, self._morning)
            self._at(day * 1440, CATCH_UP, self._catch_up)
            self._at(day * 1440, REVIEW, self._review)
            orders = self._orders(day)
            for minute, product, kind in zip(*orders, strict=True):
                zone, speed = divmod(int(kind), len(self.c.names.speeds))
                self._at(day * 1440 + minute, ORDER, self._serve, int(product), zone, speed, minute)
            while self.events and self.events[0][0] < (day + 1) * 1440:
                self.now, _, _, action, arguments = heapq.heappop(self.events)
                action(*arguments)
            self._close()
        self.m.money["stock_change"] -= self._owned_value()
        for request in self.owed:
            self.m.service[request.speed, "owed"] += request.day >= 0
        return self.m

    # ---- customers

    def _serve(self, product, zone, speed, minute):
        c, weight = self.c, self.c.products.weight_class_idx[product]
        delays = [self.delay(node, speed, self.day, minute) for node in self.nodes]
        cost = [c.outbound.cost[weight, speed, delays[node], node, zone] for node in self.nodes]
        late_cost = c.outbound.late_cost[weight, :, zone]
        if self.day >= 0:
            self.m.service[speed, "demand"] += 1
            self.m.money["unavoidable"] += self._unavoidable(product, speed, cost, late_cost)
        able = [n for n in self.nodes if self._free(product, n) > 0 and self._can_ship(n, self.day + delays[n])]
        in_time = [n for n in able if cost[n] < math.inf]
        by_any = [n for n in able if late_cost[n] < math.inf]
        owing = [n for n in self.nodes if cost[n] < math.inf and self.plan.lane_idx[product, n] >= 0]
        unserved = c.outbound.unserved[speed]
        if in_time:
            node = min(in_time, key=lambda n: (self._score(product, n, cost[n], self.day + delays[n]), cost[n], n))
            days = delays[node] + c.outbound.transit_days[weight, speed, delays[node], node, zone]
            self._fill(product, node, zone, speed, self.day + delays[node], cost[node], days, "on_time", self.day)
        elif unserved == LATE and by_any:
            node = min(by_any, key=lambda n: late_cost[n])
            days = delays[node] + c.outbound.late_transit_days[weight, node, zone]
            self.m.money["late"] += c.penalties.late[product, speed] * (self.day >= 0)
            self._fill(product, node, zone, speed, self.day + delays[node], late_cost[node], days, "late", self.day)
        elif unserved == BACKORDERED and owing:
            node = min(owing, key=lambda n: cost[n])
            self.position[product, node] -= 1
            self.owed.append(Request(product, node, 1, zone=zone, speed=speed, day=self.day, delay=delays[node]))
        elif self.day >= 0:
            self.m.service[speed, "lost"] += 1
            self.m.money["lost"] += c.penalties.lost[product, speed]
        self._order_at_once(product)

    def _score(self, product, node, cost, ship_day):
        if self.policy == "nearest":
            return cost
        price = self.plan.prices.outbound[node, self.period(ship_day)]
        return cost + price + self.plan.unit_value[product, node, self.period(self.day)]

    def _can_ship(self, node, ship_day):
        return (
            whole(self.c.nodes.outbound_units_per_day[node, self.period(ship_day)] - self.used_out[node, ship_day]) > 0
        )

    def _fill(self, product, node, zone, speed, ship_day, cost, days, kind, order_day, owed=False):
        if not owed:
            self.position[product, node] -= 1
        self.used_out[node, ship_day] += 1
        if order_day >= 0:
            self.m.service[speed, kind] += 1
            self.m.service[speed, "delivery_days"] += days
        if self.day >= 0:
            distance = np.where(self.c.nodes.serves_customers, self.c.outbound.distance_km[:, zone], math.inf)
            self.m.money["outbound"] += cost
            self.m.km += distance[node]
            self.m.local += node == distance.argmin()
        self._take(product, node, 1)

    def _serve_owed(self, requests):
        outbound = self.c.outbound
        for r in requests:
            node, weight = r.source, self.c.products.weight_class_idx[r.product]
            ship_day = self.day + self.delay(node, r.speed, self.day, self.now - 1440 * self.day)
            if self.on_hand[r.product, node] > 0 and self._can_ship(node, ship_day):
                self.owed.remove(r)
                days = ship_day - r.day + outbound.transit_days[weight, r.speed, r.delay, node, r.zone]
                kind = "on_time" if days <= outbound.promise_days[r.speed] + TINY else "late"
                cost = outbound.cost[weight, r.speed, r.delay, node, r.zone]
                self._fill(r.product, node, r.zone, r.speed, ship_day, cost, days, kind, r.day, owed=True)

    def _unavoidable(self, product, speed, cost, late_cost):
        least = min(self.c.penalties.lost[product, speed], *(self.landed[product] + cost))
        if self.c.outbound.unserved[speed] == LATE:
            least = min(least, *(self.landed[product] + late_cost + self.c.penalties.late[product, speed]))
        return least

    # ---- the day's close

    def _close(self):
        c, day, products = self.c, self.day, self.c.products
        period = self.period(day)
        for node in self.nodes if day >= 0 else ():
            yard_m3 = sum(shipment.units * products.volume_m3[shipment.product] for shipment in self.yard[node])
            stored = defaultdict(float)
            held = [(p, self.on_hand[p, node]) for p in self.products]
            for product, units in held:
                stored[products.storage_type_idx[product]] += units * products.volume_m3[product]
            held += [(shipment.product, shipment.units) for shipment in self.yard[node]]
            self.m.money["holding"] += sum(units * self._holding(product, node) for product, units in held)
            excess = sum(max(m3 - c.nodes.storage_m3[node, kind, period], 0) for kind, m3 in stored.items())
            self.m.money["overflow"] += (yard_m3 + excess) * c.costs.overflow_per_m3_day
            for kind, m3 in stored.items():
                self.m.storage[day, node, kind] = m3
            self.m.inbound[day, node] = self.used_in[node]
            self.m.outbound[day, node] = self.used_out[node, day]
        if day >= 0:
            self.m.money["backorder"] += sum(c.penalties.backordered_per_day[r.product, r.speed] for r in self.owed)
            for lane, units in self.used_lane.items():
                self.m.lane[day, lane] = units
        self.used_in, self.used_lane = defaultdict(int), defaultdict(int)

    def _holding(self, product, node):
        nodes, products = self.c.nodes, self.c.products
        by_volume = nodes.holding_per_m3_day[node] * products.volume_m3[product]
        by_value = nodes.holding_of_unit_cost_per_day[node] * products.unit_cost[product]
        return nodes.holding_per_unit_day[node] + by_volume + by_value

    def _owned_value(self):
        units = defaultdict(int)
        for (product, node), number in self.on_hand.items():
            units[product, node] += number
        for shipment in self.in_transit + [one for queue in self.yard.values() for one in queue]:
            units[shipment.product, shipment.node] += shipment.units
        return sum(number * self._end_value(*place) for place, number in units.items())

    def _end_value(self, product, node):
        cost = self.landed[product, node]
        return self.c.costs.end_stock_value * (cost if np.isfinite(cost) else self.c.products.unit_cost[product])
