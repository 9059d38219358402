"""Whether what a policy answers can be done, and if not, a message that says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import NamedTuple

import numpy as np

from meio.network.compiled import CompiledScenario, Floats
from meio.network.problems import closest
from meio.simulation.open_batch import OpenBatch
from meio.simulation.policies import Order, Parcel, PolicyError
from meio.simulation.splitting import packages_of
from meio.simulation.world import World


class Row(NamedTuple):
    """A parcel by its places on the axes."""

    order: int
    """In the batch."""
    line: int
    """Of the order, from 0."""
    node: int
    units: int
    ship_day: int


class ParcelCheck:
    """Takes a policy's parcels one by one, and refuses the first that cannot be done.

    Attributes
    ----------
    rows : list of Row
        Parcels so far.
    """

    def __init__(
        self, policy: str, batch: OpenBatch, orders: Sequence[Order], compiled: CompiledScenario, world: World
    ) -> None:
        self.rows: list[Row] = []
        self._policy, self._batch, self._orders, self._names, self._world = policy, batch, orders, compiled.names, world
        self._left = batch.left.copy()
        self._unassigned = batch.units.copy()
        self._place = {order.number: place for place, order in enumerate(orders)}

    def add(self, parcel: object) -> None:
        """Check one more parcel.

        Raises
        ------
        PolicyError
            When it cannot be done, together with those before it.
        """
        if not isinstance(parcel, Parcel):
            where = described_all(self._orders)
            raise PolicyError(f"policy {self._policy}, {where}: found {parcel!r}, expected a Parcel")
        place = self._place.get(parcel.order) if _is_whole(parcel.order) else None
        if place is None:
            found = f"a parcel of order {parcel.order!r}"
            raise PolicyError(f"policy {self._policy}, {described_all(self._orders)}: found {found}; {parcel}")
        node, line = self._node(place, parcel), self._line(place, parcel)
        units = self._units(place, parcel, line)
        row = Row(place, line, node, units, self._ship_day(place, parcel, node))
        self._check_service(row, parcel)
        self._take(row, parcel)
        self.rows.append(row)

    def check_packages(self) -> None:
        """Check that a service takes each package, once all parcels are known.

        Raises
        ------
        PolicyError
            When none takes one in time, however it is divided.
        """
        for (place, node, ship_day), lines in packages(self.rows).items():
            first = self._batch.line_ptr[place]
            weight = sum(units * self._batch.weight_kg[first + line] for line, units in lines.items())
            cost = np.append(self._costs(place, node, ship_day), np.inf)[:, None]
            total = np.array([sum(lines.values())])
            _, weight_class = packages_of(np.array([weight]), total, cost, self._batch.limit_kg)
            if np.isinf(cost[weight_class[0], 0]):
                found = f"a package of {weight:g} kg from {self._names.nodes[node]}"
                self._refuse(place, found, f"one that a service takes within the promise of {self._speed(place)}")

    def _node(self, place: int, parcel: Parcel) -> int:
        if parcel.node in self._names.nodes:
            return self._names.nodes.index(parcel.node)
        return self._refuse(place, f"node {parcel.node!r}", _one_of(parcel.node, self._names.nodes), parcel)

    def _line(self, place: int, parcel: Parcel) -> int:
        products = [line.product for line in self._orders[place].lines]
        if parcel.product in products:
            return products.index(parcel.product)
        return self._refuse(place, f"product {parcel.product!r}", _one_of(parcel.product, products), parcel)

    def _units(self, place: int, parcel: Parcel, line: int) -> int:
        if not _is_whole(parcel.units) or parcel.units < 1:
            self._refuse(place, f"units {parcel.units!r}", "a whole number from 1 on", parcel)
        left = self._unassigned[self._batch.line_ptr[place] + line]
        if parcel.units > left:
            expected = (
                f"at most the {left} of {self._orders[place].lines[line].units} ordered that are still unassigned"
            )
            self._refuse(place, f"{parcel.units} units of {parcel.product}", expected, parcel)
        return int(parcel.units)

    def _ship_day(self, place: int, parcel: Parcel, node: int) -> int:
        """Check the day by itself; whether a service is in time then depends on the product."""
        earliest = int(self._batch.ship_day[place, node])
        if parcel.ship_day is None:
            return earliest
        day, found = parcel.ship_day, f"ship_day {parcel.ship_day!r}"
        if not _is_whole(day):
            self._refuse(place, found, "a whole number of a day, or None for the earliest", parcel)
        if day < self._batch.day[place]:
            self._refuse(place, f"{found}, in the past", self._from(place, earliest, parcel), parcel)
        if day < earliest:
            self._refuse(place, found, self._from(place, earliest, parcel), parcel)
        weekday = (self._world.clock.first_weekday + day) % 7
        if self._world.nodes.ship_delay_days[node, weekday, 0] > 0:
            self._refuse(place, found, f"a day on which {parcel.node} ships", parcel)
        return int(day)

    def _from(self, place: int, earliest: int, parcel: Parcel) -> str:
        return f"{earliest} or later: the order came on day {self._orders[place].day}, and {parcel.node} ships it then"

    def _check_service(self, row: Row, parcel: Parcel) -> None:
        product = self._batch.product_idx[self._batch.line_ptr[row.order] + row.line]
        cost = self._costs(row.order, row.node, row.ship_day)
        if np.isinf(cost[self._world.products.weight_class_idx[product]]):
            found = f"{parcel.product} from {parcel.node} on day {row.ship_day}"
            self._refuse(row.order, found, f"a delivery within the promise of {self._speed(row.order)}", parcel)

    def _take(self, row: Row, parcel: Parcel) -> None:
        line = self._batch.line_ptr[row.order] + row.line
        stock, room = self._batch.stock_row[line], row.ship_day - self._batch.first_day
        if row.units > (free := self._left.stock[stock, row.node]):
            expected = f"at most the {free} that {parcel.node} has free"
            self._refuse(row.order, f"{row.units} units of {parcel.product}", expected, parcel)
        if row.units > (left := self._left.room[room, row.node]):
            expected = f"at most the {left} that {parcel.node} can still ship on day {row.ship_day}"
            self._refuse(row.order, f"{row.units} units", expected, parcel)
        self._left.stock[stock, row.node] -= row.units
        self._left.room[room, row.node] -= row.units
        self._unassigned[line] -= row.units

    def _costs(self, place: int, node: int, ship_day: int) -> Floats:
        """Cost of a package that leaves on a day, [weight class]; inf: not in time."""
        outbound, delay = self._world.outbound.cost, ship_day - int(self._batch.day[place])
        zone, speed = divmod(int(self._batch.class_idx[place]), self._world.sizes.num_speeds)
        if delay >= outbound.shape[2]:
            return np.full(len(outbound), np.inf)
        return outbound[:, speed, delay, node, zone]

    def _speed(self, place: int) -> str:
        return self._orders[place].speed

    def _refuse(self, place: int, found: str, expected: str, parcel: Parcel | None = None) -> int:
        order, given = self._orders[place], f"; {parcel}" if parcel else ""
        raise PolicyError(f"policy {self._policy}, {described(order)}: found {found}, expected {expected}{given}")


def described(order: Order) -> str:
    """An order as a message names it."""
    return f"order {order.number} (placed {order.placed}, zone {order.zone}, speed {order.speed})"


def described_all(orders: Sequence[Order]) -> str:
    """The orders of a batch as a message names them."""
    if len(orders) == 1:
        return described(orders[0])
    return f"orders {orders[0].number} to {orders[-1].number} (placed {orders[0].placed} to {orders[-1].placed})"


def packages(rows: Iterable[Row]) -> dict[tuple[int, int, int], dict[int, int]]:
    """Units by line of each package (order, node, ship day), in the order in which they first appear."""
    together: dict[tuple[int, int, int], dict[int, int]] = {}
    for row in rows:
        lines = together.setdefault((row.order, row.node, row.ship_day), {})
        lines[row.line] = lines.get(row.line, 0) + row.units
    return together


def _one_of(name: object, names: Sequence[str]) -> str:
    meant = closest(name, names) if isinstance(name, str) else None
    if meant:
        return f"a name of the scenario; did you mean '{meant}'?"
    shown = ", ".join(names[:10])
    return f"one of {shown}{', …' if len(names) > 10 else ''}"


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
