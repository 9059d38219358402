"""The simulator's rules once more, slow and plain: an event list and dictionaries instead of kernels.

It shares with the engine only the random draws (the day's orders and the lead times). Everything else is computed from
the compiled scenario and the plan by the rules of docs/simulation.md.
"""

import heapq
import math
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from meio.network.compiled import BACKORDERED, LATE
from meio.network.supply import landed_cost
from meio.simulation.build import build_world
from meio.simulation.demand_kernels import draw_day_orders
from meio.simulation.engine_kernels import CUSTOMER_DEMAND, LEAD_TIME
from meio.simulation.replenishment_kernels import lead_time_days
from meio.simulation.streams import name_keys
from meio.simulation.streams_kernels import derived_key, start

MORNING, ARRIVAL, CATCH_UP, RELEASE, REVIEW, ORDER = range(6)  # what happens at one instant, in this order
TINY = 1e-9


@dataclass
class Shipment:
    product: int
    node: int
    units: int
    arrival: float


@dataclass
class Request:
    """A downstream order (child) or a customer's order (zone, speed) that waits at a node or vendor."""

    product: int
    source: int
    units: int
    child: int = -1
    zone: int = -1
    speed: int = -1
    day: int = 0
    delay: int = 0


@dataclass
class Measures:
    money: dict = field(default_factory=lambda: defaultdict(float))
    service: dict = field(default_factory=lambda: defaultdict(float))
    storage: dict = field(default_factory=lambda: defaultdict(float))
    inbound: dict = field(default_factory=lambda: defaultdict(int))
    outbound: dict = field(default_factory=lambda: defaultdict(int))
    lane: dict = field(default_factory=lambda: defaultdict(int))
    km: float = 0.0
    local: int = 0


class ReferenceSimulator:
    def __init__(self, compiled, plan, policy, seed, replication):
        self.c, self.plan, self.policy = compiled, plan, policy
        self.products, self.nodes = range(len(compiled.names.products)), range(len(compiled.names.nodes))
        self.first_day, self.end_day = -compiled.warm_up_days, compiled.num_periods * compiled.period_days
        self.landed = landed_cost(compiled)
        self.on_hand, self.position = defaultdict(int), defaultdict(int)
        self.yard = {node: [] for node in self.nodes}
        self.in_transit, self.requests, self.owed = [], [], []
        self.departures, self.latest = defaultdict(int), defaultdict(lambda: -math.inf)
        self.pending_release = set()
        self.m = Measures()
        self.events, self.sequence = [], count()
        self.day = self.first_day
        self._keys(seed, replication)

    # ---- random draws, shared with the engine

    def _keys(self, seed, replication):
        names, demand = self.c.names, self.c.demand
        key = below(below(np.uint64(0), seed), replication)
        product_key = [below(key, word) for word in name_keys(names.products)]
        self.lead_key = [below(one, LEAD_TIME) for one in product_key]
        self.lane_word = name_keys(names.lanes)
        self.demand_key = np.array(
            [
                below(below(product_key[product], CUSTOMER_DEMAND), number)
                for product in self.products
                for number in range(demand.product_ptr[product + 1] - demand.product_ptr[product])
            ],
            dtype=np.uint64,
        )
        self.draws = np.zeros(2, dtype=np.uint64)
        self.world = build_world(self.c, self.plan)  # for its look-up tables only

    def _orders(self, day):
        world = self.world
        return draw_day_orders(world.demand, world.guides, world.clock, self.demand_key, self.draws, day)

    def _lead_time(self, product, lane, number):
        key = below(self.lead_key[product], self.lane_word[lane])
        start(self.draws, below(key, number))
        return lead_time_days(self.world.lanes, lane, self.draws)

    # ---- calendar

    def period(self, day):
        return min(max(day // self.c.period_days, 0), self.c.num_periods - 1)

    def weekday(self, day):
        return (self.c.first_weekday + day) % 7

    def delay(self, node, speed, day, minute):
        late = int(minute >= self.c.nodes.cutoff_minute[node, speed])
        return self.c.nodes.ship_delay_days[node, self.weekday(day), late]

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

    def _at(self, minute, rank, action, *arguments):
        heapq.heappush(self.events, (minute, rank, next(self.sequence), action, arguments))

    def _open(self):
        c, stock = self.c, self.c.stock
        self.now = self.first_day * 1440.0
        self.used_in, self.used_lane, self.used_out = defaultdict(int), defaultdict(int), defaultdict(int)
        for product in self.products:
            for node in self.nodes:
                units = int(
                    stock.on_hand[product, node] if stock.given else np.rint(self.plan.targets[product, node, 0])
                )
                self.position[product, node] = units
                stored = min(units, self._space(product, node))
                self.on_hand[product, node] = stored
                if stored < units:
                    self.yard[node].append(Shipment(product, node, units - stored, self.now))
        orders = zip(
            stock.order_product_idx, stock.order_lane_idx, stock.order_units, stock.order_arrives_day, strict=True
        )
        for product, lane, units, arrives in orders:
            node = c.lanes.node_idx[lane]
            self.position[product, node] += units
            arrival = 1440.0 * (self.first_day + arrives)
            if lane == self.plan.lane_idx[product, node]:
                self.latest[product, node] = max(self.latest[product, node], arrival)
            self._send(Shipment(product, node, units, arrival))

    # ---- receiving

    def _send(self, shipment):
        self.in_transit.append(shipment)
        self._at(shipment.arrival, ARRIVAL, self._arrive, shipment)

    def _arrive(self, shipment):
        self.in_transit.remove(shipment)
        self.yard[shipment.node].append(shipment)
        self._put_away(shipment.node)

    def _space(self, product, node):
        kinds, volume = self.c.products.storage_type_idx, self.c.products.volume_m3
        stored = sum(self.on_hand[p, node] * volume[p] for p in self.products if kinds[p] == kinds[product])
        free = self.c.nodes.storage_m3[node, kinds[product], self.period(self.day)] - stored
        return whole(free / volume[product]) if volume[product] > 0 else 10**18

    def _put_away(self, node):
        """First in, first out within a storage type; one type's lack of space does not hold up another."""
        kinds, blocked = self.c.products.storage_type_idx, set()
        for shipment in list(self.yard[node]):
            kind = kinds[shipment.product]
            if kind in blocked:
                continue
            inbound = self.c.nodes.inbound_units_per_day[node, self.period(self.day)] - self.used_in[node]
            units = min(shipment.units, whole(inbound), self._space(shipment.product, node))
            shipment.units -= units
            self.used_in[node] += units
            self.on_hand[shipment.product, node] += units
            if units:
                self._wake(shipment.product, node)
            if shipment.units:
                blocked.add(kind)
            else:
                self.yard[node].remove(shipment)

    def _wake(self, product, node):
        slot = (product, node)
        waited_for = any((r.product, r.source) == slot for r in self.owed + self.requests)
        if waited_for and slot not in self.pending_release:
            self.pending_release.add(slot)
            self._at(self.now, RELEASE, self._release, slot)

    def _take(self, product, node, units):
        self.on_hand[product, node] -= units
        self._put_away(node)

    # ---- replenishment

    def _morning(self):
        for node in self.nodes:
            self._put_away(node)

    def _catch_up(self):
        self._serve_owed(list(self.owed))
        self._ship_requests(list(self.requests))

    def _release(self, slot):
        self.pending_release.discard(slot)
        self._serve_owed([r for r in self.owed if (r.product, r.source) == slot])
        self._ship_requests([r for r in self.requests if (r.product, r.source) == slot])

    def _review(self):
        c, period = self.c, self.period(self.day)
        for product in self.products:
            orders = []
            for node in sorted(self.nodes, key=lambda node: c.nodes.echelon[node]):
                lane = self.plan.lane_idx[product, node]
                missing = int(np.rint(self.plan.targets[product, node, period])) - self.position[product, node]
                if lane < 0 or missing <= 0:
                    continue
                if (self.day - c.lanes.review_offset_days[lane]) % c.lanes.review_every_days[lane]:
                    continue
                units = self._order_quantity(product, lane, missing)
                source = c.lanes.source_idx[lane]
                self.position[product, node] += units
                if source in self.nodes:
                    self.position[product, source] -= units
                orders.append(Request(product, source, units, child=node))
            orders.sort(key=lambda order: -self.plan.unit_value[product, order.child, period])
            for order in orders:
                self.requests.append(order)
                self._ship_requests([order])

    def _order_quantity(self, product, lane, missing):
        minimum, pack = self.c.lanes.minimum_order[lane], self.c.lanes.pack[lane]
        row = self._supply_row(product, lane)
        if row is not None:
            minimum = max(minimum, self.c.products.supply_minimum_order[row])
            pack = math.lcm(pack, self.c.products.supply_pack[row])
        return math.ceil(max(missing, minimum) / pack) * pack

    def _supply_row(self, product, lane):
        vendor, products = self.c.lanes.source_idx[lane] - len(self.nodes), self.c.products
        rows = range(products.supply_ptr[product], products.supply_ptr[product + 1])
        return next((row for row in rows if products.supply_vendor_idx[row] == vendor), None)

    def _ship_requests(self, requests):
        for request in requests:
            lane = self.plan.lane_idx[request.product, request.child]
            units = min(request.units, self._units_that_can_leave(request, lane))
            if units > 0:
                request.units -= units
                if request.units == 0:
                    self.requests.remove(request)
                self._depart(request.product, request.child, lane, units)

    def _units_that_can_leave(self, request, lane):
        c, period, source = self.c, self.period(self.day), request.source
        units = whole(c.lanes.capacity_units_per_day[lane, period] - self.used_lane[lane])
        if source not in self.nodes:
            return units
        if c.nodes.ship_delay_days[source, self.weekday(self.day), 0] > 0:
            return 0
        left = whole(c.nodes.outbound_units_per_day[source, period] - self.used_out[source, self.day])
        return min(units, left, self._free(request.product, source))

    def _free(self, product, node):
        return self.on_hand[product, node] - sum((r.product, r.source) == (product, node) for r in self.owed)

    def _depart(self, product, node, lane, units):
        c, lanes, slot = self.c, self.c.lanes, (product, node)
        source = lanes.source_idx[lane]
        if source in self.nodes:
            self.used_out[source, self.day] += units
            self._take(product, source, units)
        arrival = self.now + 1440 * self._lead_time(product, lane, self.departures[slot])
        self.departures[slot] += 1
        if not lanes.crossover[lane]:
            arrival = self.latest[slot] = max(arrival, self.latest[slot])
        self.used_lane[lane] += units
        self._send(Shipment(product, node, units, arrival))
        if self.day >= 0:
            row = self._supply_row(product, lane)
            self.m.money["purchase"] += units * (0 if row is None else c.products.supply_unit_cost[row])
            weight, volume = c.products.weight_kg[product], c.products.volume_m3[product]
            cost = lanes.cost_per_unit[lane] + weight * lanes.cost_per_kg[lane] + volume * lanes.cost_per_m3[lane]
            self.m.money["lane_transport"] += units * cost

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
        for (product, _), number in self.on_hand.items():
            units[product] += number
        for shipment in self.in_transit + [one for queue in self.yard.values() for one in queue]:
            units[shipment.product] += shipment.units
        cost = sum(number * self.c.products.unit_cost[product] for product, number in units.items())
        return cost * self.c.costs.end_stock_value


def whole(amount):
    """Whole units in an amount, never negative."""
    return 10**18 if amount == math.inf else max(math.floor(amount + TINY), 0)


def below(key, word):
    """Key of a stream below another's, typed as the kernels need it."""
    return np.uint64(derived_key(key, word))
