"""Replenishment in the reference simulator: reviews, shortage, departures."""

import math
from collections import defaultdict

from reference_clock import MINUTES_PER_DAY
from reference_network import Request, Shipment
from reference_receiving import ReferenceReceiving


class ReferenceSupply(ReferenceReceiving):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.departures, self.latest = defaultdict(int), defaultdict(lambda: -math.inf)

    def review(self):
        """Every product-node whose lane is due on this day orders."""
        every, offset = self.c.lanes.review_every_days, self.c.lanes.review_offset_days
        for product in self.products:
            self._order(product, lambda lane: not every[lane] or (self.day - offset[lane]) % every[lane] == 0)

    def review_at_once(self, product):
        """After a customer's order: on lanes that are always reviewed."""
        self._order(product, lambda lane: self.c.lanes.review_every_days[lane] == 0)

    def _order(self, product, due):
        """Downstream first, so that a node sees what those it supplies order at the same instant."""
        placed = []
        for node in sorted(self.nodes, key=lambda node: self.c.nodes.echelon[node]):
            lane = self.plan.lane_idx[product, node]
            missing = self.target(product, node, self.period(self.day)) - self.position[product, node]
            if lane < 0 or missing <= 0 or not due(lane):
                continue
            request = Request(product, int(self.c.lanes.source_idx[lane]), node, self._quantity(product, lane, missing))
            self.position[product, node] += request.units
            self.happens("replenishment", product, node, request.units)
            if request.source in self.nodes:
                self.position[product, request.source] -= request.units
            placed.append(request)
        if self.c.conditions.shortage_in_proportion:
            self._ship_in_proportion(placed)
        else:
            self._ship_by_value(placed)

    def _quantity(self, product, lane, missing):
        """What is missing, at least the minimum order, in whole packs: the lane's, and the vendor's for the product."""
        minimum, pack = int(self.c.lanes.minimum_order[lane]), int(self.c.lanes.pack[lane])
        row = self._supply_row(product, lane)
        if row is not None:
            minimum = max(minimum, int(self.c.products.supply_minimum_order[row]))
            pack = math.lcm(pack, int(self.c.products.supply_pack[row]))
        return math.ceil(max(missing, minimum) / pack) * pack

    def _supply_row(self, product, lane):
        """Where the vendor's terms for the product stand; none on a lane from a node."""
        vendor, products = self.c.lanes.source_idx[lane] - len(self.nodes), self.c.products
        rows = range(products.supply_ptr[product], products.supply_ptr[product + 1])
        return next((row for row in rows if products.supply_vendor_idx[row] == vendor), None)

    # ---- shortage

    def _ship_by_value(self, placed):
        """The most valuable need first."""
        values = self.plan.unit_value[..., self.period(self.day)]
        for request in sorted(placed, key=lambda request: -values[request.product, request.child]):
            self.requests.append(request)
            self._ship(request, request.units)

    def _ship_in_proportion(self, placed):
        """Each gets the same share of its units."""
        shares = {}
        for source in {request.source for request in placed}:
            group = [request for request in placed if request.source == source]
            asked = [request.units for request in group]
            there = self.free(group[0].product, source) if source in self.nodes else sum(asked)
            self.m.used["shortage in proportion"] += 0 < there < sum(asked)
            shares.update(zip((request.child for request in group), in_proportion(asked, there), strict=True))
        for request in placed:
            self.requests.append(request)
            self._ship(request, shares[request.child])

    # ---- leaving

    def ship_requests(self, requests):
        """What waits, in the order in which it was placed."""
        for request in list(requests):
            self._ship(request, request.units)

    def _ship(self, request, most):
        """Let leave what can, at most so many units; the rest waits."""
        lane = self.plan.lane_idx[request.product, request.child]
        units = min(most, self._units_that_can_leave(request, lane))
        if units > 0:
            request.units -= units
            if request.units == 0:
                self.requests.remove(request)
            self._depart(request, lane, units)

    def _units_that_can_leave(self, request, lane):
        source, room = request.source, self.room_on_lane(lane)
        if source not in self.nodes:
            return room
        if self.c.nodes.ship_delay_days[source, self.weekday(self.day), 0] > 0:
            return 0
        return min(room, self.room_to_ship(source, self.day), self.free(request.product, source))

    def _depart(self, request, lane, units):
        product, node, source = request.product, request.child, request.source
        if source in self.nodes:
            self.used_out[source, self.day] += units
            self.take(product, source, units)
        number = self.departures[product, node]
        self.departures[product, node] += 1
        arrival = self.clock.minute + MINUTES_PER_DAY * self.draws.lead_time(product, lane, number)
        if not self.c.lanes.crossover[lane]:
            arrival = self.not_before(product, node, arrival)
        self.used_lane[lane] += units
        self.happens("departed", product, node, units)
        self.send(Shipment(product, node, units), arrival)
        if self.counts:
            self._pay(product, lane, units)

    def not_before(self, product, node, arrival):
        """The arrival, or that of an earlier departure if it is later: nobody overtakes."""
        self.latest[product, node] = max(arrival, self.latest[product, node])
        return self.latest[product, node]

    def _pay(self, product, lane, units):
        lanes, products, row = self.c.lanes, self.c.products, self._supply_row(product, lane)
        by_weight = products.weight_kg[product] * lanes.cost_per_kg[lane]
        by_volume = products.volume_m3[product] * lanes.cost_per_m3[lane]
        self.m.money["lane_transport"] += units * (lanes.cost_per_unit[lane] + by_weight + by_volume)
        self.m.money["purchase"] += units * (0 if row is None else products.supply_unit_cost[row])


def in_proportion(asked, there):
    """Whole shares of what is there: the same part of each, rounded down, and the rest to the largest remainders."""
    total, there = sum(asked), max(there, 0)
    if there >= total:
        return list(asked)
    shares = [units * there // total for units in asked]
    by_remainder = sorted(range(len(asked)), key=lambda place: -(asked[place] * there % total))
    for place in by_remainder[: there - sum(shares)]:
        shares[place] += 1
    return shares
