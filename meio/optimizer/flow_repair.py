"""Where an inflow is exceeded: order earlier while there is room, then later, where waiting costs least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.optimizer.evaluation import Evaluation, Evaluator
from meio.optimizer.paths import ordered_units, rows_on
from meio.optimizer.prices import Capacities
from meio.optimizer.storage_repair import MOST_CUT


@dataclass
class Gate:
    """One limited inflow and the orders that pass it."""

    node: int
    rows: Ints
    """[row]: products"""
    level: Floats
    """[row, period]"""
    ordered: Floats
    """[row, period]: units"""
    flow: Floats
    """[period]: units"""
    limit: Floats
    """[period]: units"""
    margin: float
    """Share of a limit that is left free."""

    def excess(self, period: int) -> float:
        """Units to move out of a period, 0 where the limit holds."""
        if self.flow[period] <= self.limit[period]:
            return 0.0
        return float(self.flow[period] - (1.0 - self.margin) * self.limit[period])

    def chosen(self, units: Floats, cost: Floats, need: float, whole_units: bool) -> Ints:
        """Rows, cheapest first, whose units [row] together reach the need; those of the last are cut to it in place."""
        order = np.argsort(cost, kind="stable")
        order = order[units[order] > 0.0]
        total = np.cumsum(units[order])
        count = int(np.searchsorted(total, need))
        if count < len(order):
            too_many = float(total[count] - need)
            units[order[count]] -= np.floor(too_many) if whole_units else too_many
        return np.asarray(order[: count + 1])

    def move(self, chosen: Ints, units: Floats, period: int, to: int) -> None:
        """Order units [row] of some rows in another period."""
        moved = units[chosen]
        self.ordered[chosen, period] -= moved
        self.flow[period] -= moved.sum()
        if to < len(self.flow):
            self.ordered[chosen, to] += moved
            self.flow[to] += moved.sum()
        self.level[chosen, min(period, to)] += moved if to < period else -moved


def move_orders(
    level: Floats,
    taken: Floats,
    current: Evaluation,
    evaluate: Evaluator,
    storage: Floats,
    margin: float,
    whole_units: bool,
) -> None:
    """Raise and lower levels in place so that fewer orders arrive where an inflow is exceeded.

    Stock that is cut in a period only delays its order. Ordering earlier costs holding, which is little for most; so
    that is tried first, from the last period to the first, while `storage` in use [node, storage type, period] leaves
    room. What is left is delayed, from the first period to the last.
    """
    for node, lane, flow, limit in _exceeded(current, evaluate.shared):
        rows = rows_on(current.decisions.lane_idx, node, lane)
        own = level[rows, node]
        days = evaluate.model.period_days
        gate = Gate(node, rows, own, ordered_units(own, taken[rows, node]), days * flow, days * limit, margin)
        for period in range(len(flow) - 1, 0, -1):
            if gate.excess(period) > 0.0:
                _order_earlier(gate, period, current, evaluate, storage, whole_units)
        worth = np.maximum(current.decisions.worth[rows, node], 0.0)
        for period in range(len(flow)):
            if gate.excess(period) > 0.0:
                _order_later(gate, period, worth[:, period], whole_units)
        level[rows, node] = gate.level


def _exceeded(current: Evaluation, shared: Capacities) -> list[tuple[int, int | None, Floats, Floats]]:
    """Node, lane (none: all of them), flow and limit by period of arrival of every inflow that is exceeded."""
    use, limit = current.use, shared.limit
    nodes = np.flatnonzero((use.inbound > limit.inbound).any(axis=1)).tolist()
    found: list[tuple[int, int | None, Floats, Floats]] = [
        (node, None, use.inbound[node], limit.inbound[node]) for node in nodes
    ]
    for lane in np.flatnonzero((use.lane > limit.lane).any(axis=1)).tolist():
        departed = shared.departure[lane]  # [period of departure, period of arrival]
        flow = use.lane[lane] @ departed
        finite = np.where(np.isfinite(limit.lane[lane]), limit.lane[lane], 1e18)
        known = departed.sum(axis=0) > 1.0 - 1e-9  # the others departed before the horizon
        most = np.where(known, finite @ departed, np.inf)
        found.append((int(shared.lane_node_idx[lane]), lane, flow, most))
    return found


def _order_earlier(
    gate: Gate, period: int, current: Evaluation, evaluate: Evaluator, storage: Floats, whole_units: bool
) -> None:
    """Bring orders of a period one period forward, the cheapest to hold first, as far as there is room."""
    model, limit = evaluate.model, evaluate.shared.limit.storage
    kind, volume = model.storage_type_idx[gate.rows], model.volume_m3[gate.rows]
    before = period - 1
    cost = model.holding_per_day[gate.rows, gate.node] + volume * current.prices.storage[gate.node, kind, before]
    units = np.floor(gate.ordered[:, period]) if whole_units else gate.ordered[:, period].copy()
    order = np.argsort(cost, kind="stable")
    for one in range(limit.shape[1]):
        mine = order[kind[order] == one]
        room = (1.0 - gate.margin) * limit[gate.node, one, before] - storage[gate.node, one, before]
        units[mine[np.cumsum(units[mine] * volume[mine]) > room]] = 0.0
    chosen = gate.chosen(units, cost, gate.excess(period), whole_units)
    gate.move(chosen, units, period, before)
    np.add.at(storage[gate.node, :, before], kind[chosen], units[chosen] * volume[chosen])


def _order_later(gate: Gate, period: int, worth: Floats, whole_units: bool) -> None:
    """Put orders of a period off, where a unit less is worth least; in the first period, cut what is held."""
    held = gate.level[:, period]
    units = np.minimum(held, np.maximum(1.0, MOST_CUT * held))
    if period > 0:
        units = np.minimum(units, gate.ordered[:, period])
    if whole_units:
        units = np.floor(units)
    chosen = gate.chosen(units, worth, gate.excess(period), whole_units)
    gate.move(chosen, units, period, period + 1)
