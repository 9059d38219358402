"""The supply side of the reference simulator: draws, calendar, receiving, replenishment."""

import heapq
import math
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count

import numpy as np

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


class ReferenceSupply:
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
        every, offset = self.c.lanes.review_every_days, self.c.lanes.review_offset_days
        for product in self.products:
            self._order(product, lambda lane: not every[lane] or (self.day - offset[lane]) % every[lane] == 0)

    def _order_at_once(self, product):
        self._order(product, lambda lane: self.c.lanes.review_every_days[lane] == 0)

    def _order(self, product, due):
        c, period, orders = self.c, self.period(self.day), []
        for node in sorted(self.nodes, key=lambda node: c.nodes.echelon[node]):
            lane = self.plan.lane_idx[product, node]
            missing = int(np.rint(self.plan.targets[product, node, period])) - self.position[product, node]
            if lane < 0 or missing <= 0 or not due(lane):
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


def whole(amount):
    """Whole units in an amount, never negative."""
    return 10**18 if amount == math.inf else max(math.floor(amount + TINY), 0)


def below(key, word):
    """Key of a stream below another's, typed as the kernels need it."""
    return np.uint64(derived_key(key, word))
