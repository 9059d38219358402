"""The two-layer network in SimPy: the same rules, the same customers, the same measures, with NumPy wherever it can.

One process yields the time to the next order of all customers and assigns it; another reviews stock every midnight;
each truck is a process. What needs no event of its own is left to NumPy: orders are drawn beforehand (by our engine,
so that both programs serve the same customers), candidate nodes are sorted by the policy's score
beforehand, and money and service are added up once a day. It covers what the network has and no more: stock at its
targets at the start, the same parameters in all periods, whole days of lead time, orders lost when nobody can serve
them, no warm-up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import simpy

from meio.network.compiled import CompiledScenario, Ints
from meio.network.supply import landed_cost, lane_unit_cost
from meio.plans import Plan
from peers.draws import DayOrders, orders_by_day

MINUTES_PER_DAY = 1440
LOST = -1


class SimpyTwin:
    """One replication under the `priced` policy."""

    def __init__(self, compiled: CompiledScenario, plan: Plan, seed: int) -> None:
        self.compiled = compiled
        names, nodes = compiled.names, compiled.nodes
        self.num_nodes, self.num_classes = len(names.nodes), len(names.zones) * len(names.speeds)
        self.days = compiled.num_periods * compiled.period_days
        self.orders: list[DayOrders] = orders_by_day(compiled, plan, seed)
        self.centre = names.nodes.index("dc")
        self.sites = [node for node in range(self.num_nodes) if node != self.centre]
        self.targets = plan.targets[:, :, 0].astype(np.int64)
        self.value_order = np.argsort(-plan.unit_value[:, self.sites, 0], axis=1, kind="stable")
        self.lead_minutes = (
            MINUTES_PER_DAY * compiled.lanes.lead_time_mean_days
        ).tolist()  # of the lane into each node
        self.on_hand: list[int] = self.targets.ravel().tolist()
        self.centre_stock = self.targets[:, self.centre].copy()  # by product
        self.position = self.targets.copy()
        self.waiting: list[tuple[int, int, int]] = []  # product, place among the sites, units
        self.capacity = np.minimum(nodes.outbound_units_per_day[:, 0], 2**31).astype(np.int64).tolist()
        self.room = [self.capacity.copy(), self.capacity.copy()]  # packages that nodes can ship today, tomorrow
        self._tabulate(plan)
        self.money = dict.fromkeys(("purchase", "lane_transport", "outbound", "holding", "lost", "unavoidable"), 0.0)
        self.service = np.zeros((len(names.speeds), 3))  # demand, filled, delivery days
        self.shipped = np.zeros(2)  # distance, from the nearest node
        self.env = simpy.Environment()

    def run(self) -> float:
        """Run all days and return the CPU seconds it took."""
        self.env.process(self._mornings())
        self.env.process(self._customers())
        began = time.process_time()
        self.env.run(until=self.days * MINUTES_PER_DAY)
        return time.process_time() - began

    def measures(self) -> dict[str, float]:
        """Money by kind, service by speed, and where customers were served from, as a simulation's tables name them."""
        found = dict(self.money)
        for speed, (demand, filled, days) in zip(self.compiled.names.speeds, self.service.tolist(), strict=True):
            found |= {
                f"demand {speed}": demand,
                f"filled {speed}": filled,
                f"delivery_days_mean {speed}": days / filled,
            }
        distance_km, local = (self.shipped / self.service[:, 1].sum()).tolist()
        return found | {"distance_km_mean": distance_km, "local_share": local}

    def _tabulate(self, plan: Plan) -> None:
        """Look-up tables by class and by row: product, class and days until the order is shipped."""
        c, num_speeds = self.compiled, len(self.compiled.names.speeds)
        self.zone, self.speed = np.divmod(np.arange(self.num_classes), num_speeds)
        delays = range(c.outbound.cost.shape[2])
        by_class = (self.speed[:, None], np.array(delays), slice(None), self.zone[:, None])
        self.cost = c.outbound.cost[0][by_class]  # [class, delay, node]
        self.transit = c.outbound.transit_days[0][by_class]
        self.distance = c.outbound.distance_km[:, self.zone].T  # [class, node]
        reaches = np.where(c.nodes.serves_customers, self.distance, np.inf)
        self.nearest = reaches.argmin(axis=1)
        score = self.cost + (plan.unit_value[:, :, 0] + plan.prices.outbound[:, 0])[:, None, None, :]
        ranked = np.argsort(score, axis=-1, kind="stable").reshape(-1, self.num_nodes)
        able = np.isfinite(np.take_along_axis(score.reshape(ranked.shape), ranked, axis=-1)).sum(axis=1)
        first_slot = np.repeat(self.num_nodes * np.arange(len(score)), self.num_classes * len(delays))
        pairs = [(slot, slot % self.num_nodes) for slot in range(self.position.size)]  # shared: they stay in the cache
        rows = ((first_slot[:, None] + ranked).tolist(), able.tolist())
        self.candidates = [tuple(pairs[slot] for slot in slots[:number]) for slots, number in zip(*rows, strict=True)]
        self.transport_cost = lane_unit_cost(c)  # [product, node]: one lane into each node
        least = (self.cost + landed_cost(c)[:, None, None, :]).min(axis=-1)  # [product, class, delay]
        self.unavoidable = np.minimum(least, c.penalties.lost[:, self.speed, None]).ravel()  # [row]
        by_value = np.outer(c.products.unit_cost, c.nodes.holding_of_unit_cost_per_day)
        by_volume = np.outer(c.products.volume_m3, c.nodes.holding_per_m3_day)
        self.holding = c.nodes.holding_per_unit_day + by_volume + by_value  # [product, node]

    # ---- customers

    def _customers(self) -> Iterator[simpy.Event]:
        """Every order at its minute: the best candidate with stock and room to ship."""
        timeout, on_hand, candidates = self.env.timeout, self.on_hand, self.candidates
        now = 0.0
        for day, orders in enumerate(self.orders):
            row = (orders.product_idx * self.num_classes + orders.class_idx) * self.cost.shape[1] + orders.delay_days
            moments = day * MINUTES_PER_DAY + orders.minute
            gaps = np.diff(moments, prepend=now)
            rooms = [self.room[days] for days in orders.delay_days.tolist()]
            chosen: list[int] = []
            choose = chosen.append
            for gap, place, room in zip(gaps.tolist(), row.tolist(), rooms, strict=True):
                yield timeout(gap)
                for slot, node in candidates[place]:
                    if on_hand[slot] and room[node]:
                        on_hand[slot] -= 1
                        room[node] -= 1
                        choose(slot)
                        break
                else:
                    choose(LOST)
            now = moments[-1] if len(moments) else now
            self._close(orders, row, np.array(chosen))  # nothing else happens before midnight

    def _close(self, orders: DayOrders, row: Ints, chosen: Ints) -> None:
        """Add up a day."""
        c, money, speed = self.compiled, self.money, self.speed[orders.class_idx]
        served = chosen != LOST
        sold = np.bincount(chosen[served], minlength=self.position.size)
        self.position -= sold.reshape(self.position.shape)
        node, of_class, days = chosen[served] % self.num_nodes, orders.class_idx[served], orders.delay_days[served]
        money["outbound"] += self.cost[of_class, days, node].sum()
        money["lost"] += c.penalties.lost[orders.product_idx[~served], speed[~served]].sum()
        money["unavoidable"] += self.unavoidable[row].sum()
        self._charge_holding()
        self.shipped += self.distance[of_class, node].sum(), (self.nearest[of_class] == node).sum()
        num_speeds = len(self.service)
        self.service[:, 0] += np.bincount(speed, minlength=num_speeds)
        self.service[:, 1] += np.bincount(speed[served], minlength=num_speeds)
        taken = days + self.transit[of_class, days, node]
        self.service[:, 2] += np.bincount(speed[served], weights=taken, minlength=num_speeds)

    def _charge_holding(self) -> None:
        held = np.array(self.on_hand).reshape(self.position.shape)
        held[:, self.centre] = self.centre_stock
        self.money["holding"] += (held * self.holding).sum()

    # ---- replenishment

    def _mornings(self) -> Iterator[simpy.Event]:
        """Reviews at midnight, downstream first; trucks of that midnight have come before."""
        position, centre, sites = self.position, self.centre, self.sites
        while True:
            today, tomorrow = self.room
            today[:], tomorrow[:] = tomorrow, self.capacity
            orders = self.targets[:, sites] - position[:, sites]
            position[:, sites] += orders
            position[:, centre] -= orders.sum(axis=1)
            from_vendor = self.targets[:, centre] - position[:, centre]
            position[:, centre] += from_vendor
            self.money["purchase"] += from_vendor @ self.compiled.products.supply_unit_cost
            self._depart(centre, from_vendor)
            self._send_from_centre(orders)
            yield self.env.timeout(MINUTES_PER_DAY)

    def _send_from_centre(self, orders: Ints) -> None:
        """Ship the morning's orders, [product, site]; of short products the most valuable first, the rest waits."""
        short = np.flatnonzero(orders.sum(axis=1) > self.centre_stock)
        shipped = orders.copy()
        for product in short.tolist():
            left = int(self.centre_stock[product])
            for site in self.value_order[product].tolist():
                shipped[product, site] = units = min(int(orders[product, site]), left)
                left -= units
                if missing := int(orders[product, site]) - units:
                    self.waiting.append((product, site, missing))
        self.centre_stock -= shipped.sum(axis=1)
        for site, node in enumerate(self.sites):
            self._depart(node, shipped[:, site])

    def _serve_waiting(self) -> None:
        """Ship what sites still wait for, first come first served."""
        shipped = np.zeros((len(self.targets), len(self.sites)), dtype=np.int64)
        still_waiting = []
        for product, site, units in self.waiting:
            sent = min(units, int(self.centre_stock[product]))
            self.centre_stock[product] -= sent
            shipped[product, site] += sent
            if sent < units:
                still_waiting.append((product, site, units - sent))
        self.waiting = still_waiting
        for site, node in enumerate(self.sites):
            self._depart(node, shipped[:, site])

    def _depart(self, node: int, units: Ints) -> None:
        """Let a truck leave for a node with units of each product."""
        if units.any():
            self.money["lane_transport"] += units @ self.transport_cost[:, node]
            self.env.process(self._truck(node, units))

    def _truck(self, node: int, units: Ints) -> Iterator[simpy.Event]:
        yield self.env.timeout(self.lead_minutes[node])
        if node == self.centre:
            self.centre_stock += units
            if self.waiting:
                self._serve_waiting()
            return
        on_hand, brought = self.on_hand, np.flatnonzero(units)
        for slot, number in zip((brought * self.num_nodes + node).tolist(), units[brought].tolist(), strict=True):
            on_hand[slot] += number
