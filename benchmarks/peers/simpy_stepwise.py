"""The two-layer network in SimPy, order by order: one process yields to each order's moment, serves it and books it.

It does for each order what our engine does: candidates are sorted by cost beforehand, and scored when the order comes.
`simpy_twin.py` sorts them by score beforehand, which holds as long as values do not change, and books a day at a time.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import simpy

from meio.network.compiled import CompiledScenario
from meio.plans import Plan
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
        timeout, on_hand, rooms, sold = self.env.timeout, self.on_hand, self.room, self.sold
        ways, value, least_value = self.ways, self.value, self.least_value
        unavoidable_of_row, num_nodes, infinite = self.unavoidable_of_row, self.num_nodes, float("inf")
        demand, filled, delivery_days = self.demand, self.filled, self.delivery_days
        num_speeds, now = len(demand), 0.0
        for day, orders in enumerate(self.orders):
            moments = day * MINUTES_PER_DAY + orders.minute
            row = (orders.product_idx * self.num_classes + orders.class_idx) * self.cost.shape[1] + orders.delay_days
            columns = (np.diff(moments, prepend=now), row, orders.product_idx, orders.class_idx, orders.delay_days)
            outbound, lost, unavoidable, distance_km, local = 0.0, 0.0, 0.0, 0.0, 0
            for gap, place, product, order_class, days in zip(*(c.tolist() for c in columns), strict=True):
                yield timeout(gap)
                speed, room, first_slot = order_class % num_speeds, rooms[days], product * num_nodes
                demand[speed] += 1
                unavoidable += unavoidable_of_row[place]
                value_at, least, best, best_score = value[product], least_value[product], None, infinite
                for way in ways[order_class][days]:
                    if way[0] + least >= best_score:
                        break
                    node = way[1]
                    score = way[0] + value_at[node]
                    if score < best_score and on_hand[first_slot + node] and room[node]:
                        best, best_score = way, score
                if best is None:
                    lost += self.lost_penalty[product][speed]
                    continue
                cost, node, taken, kilometres, is_nearest = best
                on_hand[first_slot + node] -= 1
                room[node] -= 1
                sold[first_slot + node] += 1
                outbound += cost
                filled[speed] += 1
                delivery_days[speed] += taken
                distance_km += kilometres
                local += is_nearest
            now = moments[-1] if len(moments) else now
            for kind, amount in (("outbound", outbound), ("lost", lost), ("unavoidable", unavoidable)):
                self.money[kind] += amount
            self.shipped += distance_km, local
            self._close_day()

    def _close_day(self) -> None:
        self.position -= np.array(self.sold).reshape(self.position.shape)
        self.sold[:] = [0] * len(self.sold)
        self._charge_holding()
        self.service = np.array([self.demand, self.filled, self.delivery_days]).T
