"""The two-layer network in SimPy once more, written as the rules read: every order is scored and booked when it comes.

`simpy_twin.py` sorts every product's candidates by their score beforehand and books a day at a time, which our engine
does not; here both do the same steps for each order.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import simpy

from meio.network.compiled import CompiledScenario
from meio.plan import Plan
from peers.simpy_twin import MINUTES_PER_DAY, SimpyTwin


class SimpyStepwise(SimpyTwin):
    """One replication under the `priced` policy, order by order."""

    def __init__(self, compiled: CompiledScenario, plan: Plan, seed: int) -> None:
        super().__init__(compiled, plan, seed)
        value = plan.unit_value[:, :, 0] + plan.prices.outbound[:, 0]
        self.value: list[list[float]] = value.tolist()  # [product][node], with the price of shipping
        self.least_value: list[float] = value[:, self.sites].min(axis=1).tolist()
        self.lost_penalty: list[list[float]] = compiled.penalties.lost.tolist()
        self.unavoidable_of_row: list[float] = self.unavoidable.tolist()
        self.sold = [0] * self.position.size
        self.ways = [[self._ways(order_class, days) for days in (0, 1)] for order_class in range(self.num_classes)]
        num_speeds = len(compiled.names.speeds)
        self.demand, self.filled, self.delivery_days = [0] * num_speeds, [0] * num_speeds, [0.0] * num_speeds
        self.distance_km, self.local = 0.0, 0

    def _ways(self, order_class: int, days: int) -> list[tuple[float, int, float, float, bool]]:
        """Cost, node, days to deliver, distance, whether it is the nearest; cheapest first."""
        cost = self.cost[order_class, days]
        return [
            (
                float(cost[node]),
                node,
                days + float(self.transit[order_class, days, node]),
                float(self.distance[order_class, node]),
                node == int(self.nearest[order_class]),
            )
            for node in np.argsort(cost, kind="stable").tolist()
            if np.isfinite(cost[node])
        ]

    def _customers(self) -> Iterator[simpy.Event]:
        timeout, now = self.env.timeout, 0.0
        num_delays = self.cost.shape[1]
        for day, orders in enumerate(self.orders):
            moments = day * MINUTES_PER_DAY + orders.minute
            gaps = np.diff(moments, prepend=now)
            lists = (values.tolist() for values in (gaps, orders.product_idx, orders.class_idx, orders.delay_days))
            for gap, product, order_class, days in zip(*lists, strict=True):
                yield timeout(gap)
                row = (product * self.num_classes + order_class) * num_delays + days
                self.money["unavoidable"] += self.unavoidable_of_row[row]
                self._serve(product, order_class, days)
            now = moments[-1] if len(moments) else now
            self._close_day()

    def _serve(self, product: int, order_class: int, days: int) -> None:
        speed = order_class % len(self.demand)
        self.demand[speed] += 1
        room, on_hand, value = self.room[days], self.on_hand, self.value[product]
        first_slot, least_value = product * self.num_nodes, self.least_value[product]
        best, best_score = None, np.inf
        for way in self.ways[order_class][days]:
            cost, node, *_ = way
            if cost + least_value >= best_score:
                break
            if on_hand[first_slot + node] and room[node] and cost + value[node] < best_score:
                best, best_score = way, cost + value[node]
        if best is None:
            self.money["lost"] += self.lost_penalty[product][speed]
            return
        cost, node, taken, distance_km, local = best
        on_hand[first_slot + node] -= 1
        self.sold[first_slot + node] += 1
        room[node] -= 1
        self.money["outbound"] += cost
        self.filled[speed] += 1
        self.delivery_days[speed] += taken
        self.distance_km += distance_km
        self.local += local

    def _close_day(self) -> None:
        self.position -= np.array(self.sold).reshape(self.position.shape)
        self.sold = [0] * self.position.size
        self._charge_holding()
        self.service = np.array([self.demand, self.filled, self.delivery_days]).T
        self.shipped = np.array([self.distance_km, self.local])
