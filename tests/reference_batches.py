"""Policies outside the engine, in the reference simulator: orders wait for the end of their batch and go together."""

from collections import defaultdict
from copy import deepcopy
from itertools import groupby

import numpy as np
from reference_clock import MINUTES_PER_DAY
from reference_customers import ReferenceCustomers


class ReferenceBatches(ReferenceCustomers):
    def __init__(self, compiled, plan, policy, *arguments):
        super().__init__(compiled, plan, policy, *arguments)
        self.outside = None if isinstance(policy, str) else deepcopy(policy)
        self.orders_seen = 0

    def batches(self, orders):
        """A day's orders by when they are assigned: at once, or at the end of their batch, the close at the latest."""
        minutes = getattr(self.outside, "batch_minutes", 0)
        if minutes == 0:
            return [(order.time, [order]) for order in orders]

        def end(order):
            return MINUTES_PER_DAY * order.day + min((order.minute // minutes + 1) * minutes, MINUTES_PER_DAY)

        return [(moment, list(batch)) for moment, batch in groupby(orders, key=end)]

    def serve_batch(self, orders):
        """Each by itself; or ask the policy about all, and do for one after the other what it says."""
        for order in orders:
            for product, units in order.lines.items():
                self.happens("ordered", product, -1, units, minute=order.time)
        if self.outside is None:
            for order in orders:
                self.serve(order)
            return
        packages = self._answer(orders)
        for place, order in enumerate(orders):
            self.count(order)
            left = dict(order.lines)
            for node, ship_day, units in packages[place]:
                self.ship_in_time(order, node, units, ship_day)
                left = {product: number - units.get(product, 0) for product, number in left.items()}
            self.serve_rest(order, {product: number for product, number in left.items() if number})
        self.orders_seen += len(orders)
        for order in orders:
            for product in order.lines:
                self.review_at_once(product)

    def _answer(self, orders):
        """Packages by place of the order: node, ship date, units by product."""
        from meio.simulation.parcel_checks import packages

        batch, answer = self._open_batch(orders), defaultdict(list)
        is_built_in = hasattr(self.outside, "assign_batch")
        rows = self.outside.assign_batch(batch) if is_built_in else self._rows(batch, orders)
        for (place, node, ship_day), lines in packages(rows).items():
            products = list(orders[place].lines)
            answer[place].append((node, ship_day, {products[line]: lines[line] for line in sorted(lines)}))
        return answer

    def _rows(self, batch, orders):
        """The parcels of a policy of the user's, by their places on the axes."""
        from meio.simulation.parcel_checks import Row
        from meio.simulation.views import orders_of

        names = self.c.names
        for parcel in self.outside.assign(orders_of(batch, self.c, self.orders_seen)):
            place, node = parcel.order - self.orders_seen - 1, names.nodes.index(parcel.node)
            line = list(orders[place].lines).index(names.products.index(parcel.product))
            ship_day = batch.ship_day[place, node] if parcel.ship_day is None else parcel.ship_day
            yield Row(place, line, node, parcel.units, int(ship_day))

    def _open_batch(self, orders):
        """What the policy is told: the orders, and for each node what it costs and has left."""
        from meio.simulation.open_batch import Left, OpenBatch

        products, c = sorted({product for order in orders for product in order.lines}), self.c
        lines = [(order, product) for order in orders for product in order.lines]
        delay = [[self.delay(node, order.speed, order.day, order.minute) for node in self.nodes] for order in orders]
        ship_day = np.array([order.day for order in orders])[:, None] + np.array(delay)
        in_time = [
            [self.in_time(order.speed, days[node], node, order.zone)[0] for node in self.nodes]
            for order, days in zip(orders, delay, strict=True)
        ]
        class_cost = np.moveaxis(np.array(in_time), 1, 2)
        too_heavy = np.full_like(class_cost[:, :1], np.inf)
        of_line = {id(order): costs for order, costs in zip(orders, class_cost, strict=True)}
        room = [
            [self.room_to_ship(node, day) for node in self.nodes]
            for day in range(self.day, self.day + c.outbound.cost.shape[2])
        ]
        free = [[max(self.free(product, node), 0) for node in self.nodes] for product in products]
        prices = [[self.plan.prices.outbound[n, self.period(days[n])] for n in self.nodes] for days in ship_day]
        return OpenBatch(
            minute=np.array([order.time for order in orders]),
            day=np.array([order.day for order in orders]),
            class_idx=np.array([order.zone * len(c.names.speeds) + order.speed for order in orders]),
            line_ptr=np.cumsum([0] + [len(order.lines) for order in orders]),
            product_idx=np.array([product for _, product in lines]),
            units=np.array([order.lines[product] for order, product in lines]),
            stock_row=np.array([products.index(product) for _, product in lines]),
            weight_kg=np.array([c.products.weight_kg[product] for _, product in lines]),
            unit_cost=np.array([of_line[id(order)][self.weight_class(product)] for order, product in lines]),
            outbound_price=np.array(prices),
            unit_value=np.array([[self.above_least(product, node) for node in self.nodes] for _, product in lines]),
            ship_day=ship_day,
            class_cost=np.concatenate([class_cost, too_heavy], axis=1),
            limit_kg=c.outbound.weight_limit_kg,
            first_day=self.day,
            left=Left(stock=np.array(free), room=np.array(room)),
        )
