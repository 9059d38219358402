"""What a policy of your own sees and answers: orders, what each node could do for them, and parcels.

See docs/policies.md for an example and the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeGuard, cast

from meio.network.units import MINUTES_PER_DAY

if TYPE_CHECKING:
    from meio.simulation.measures import SimulationResult


class PolicyError(Exception):
    """A policy outside the engine misbehaved; the message names the policy, the order, what was found and expected.

    Attributes
    ----------
    result : SimulationResult, optional
        What was simulated until then.
    """

    result: SimulationResult | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Units of one product in an order; an order names a product once."""

    product: str
    units: int


@dataclass(frozen=True, slots=True)
class Option:
    """What one node could do for an order in time, at the moment the policy is asked.

    Attributes
    ----------
    node : str
    ship_day : int
        The earliest day it can ship the order, counted like `Order.day`.
    free : mapping of product to int
        Units of each of the order's products that are on the shelf, not owed to earlier customers, and of which one
        alone can be delivered in time.
    room : float
        Shipping capacity left on that day, units; ``inf`` when it is unlimited.
    unit_cost : mapping of product to float
        Outbound cost of a package with one unit, money; ``inf`` when no service takes it in time.
    outbound_price : float
        The plan's price of shipping a unit from the node on that day, money.
    unit_value : mapping of product to float
        What taking a unit from the node costs the network, by the plan, above the least of any node that stocks the
        product and serves customers, money.
    """

    node: str
    ship_day: int
    free: Mapping[str, int]
    room: float
    unit_cost: Mapping[str, float]
    outbound_price: float
    unit_value: Mapping[str, float]
    _package: Callable[[Mapping[str, int]], tuple[float, float]] = field(repr=False, compare=False)

    def package_cost(self, units: Mapping[str, int]) -> float:
        """Outbound cost of these units, by product, as one package, money.

        When no service takes their weight in time they travel as the least number of equal packages one takes;
        ``inf`` when there is none.
        """
        return self._package(units)[0]

    def delivery_days(self, units: Mapping[str, int]) -> float:
        """Days from the order's day to the delivery of such a package shipped on `ship_day`; ``inf``: not in time."""
        return self._package(units)[1]

    def offer(self, wanted: Mapping[str, int]) -> dict[str, int]:
        """Units of each product wanted that the node has and can ship, in turn, as far as its room reaches."""
        left, offered = self.room, {}
        for product, units in wanted.items():
            if (taken := int(min(units, self.free[product], left))) > 0:
                offered[product] = taken
                left -= taken
        return offered

    def score(self, units: Mapping[str, int]) -> float:
        """What the built-in policy ``priced`` weighs: outbound cost, outbound price and value of these units, money."""
        charges = (count * (self.outbound_price + self.unit_value[product]) for product, count in units.items())
        return self.package_cost(units) + sum(charges)


@dataclass(frozen=True, slots=True)
class Order:
    """A customer order to assign.

    Attributes
    ----------
    number : int
        From 1 in each replication, in the order in which orders come.
    day : int
        Day it was placed, 0 the horizon's first; negative in the warm-up.
    minute : float
        Minute of that day.
    placed : str
        The same moment in the scenario's time zone, such as ``2026-01-05T10:31``.
    zone, speed : str
    lines : tuple of Line
    options : tuple of Option
        A node each that has something of it and can deliver in time, in the scenario's order of nodes.
    """

    number: int
    day: int
    minute: float
    placed: str
    zone: str
    speed: str
    lines: tuple[Line, ...]
    options: tuple[Option, ...]

    @property
    def wanted(self) -> dict[str, int]:
        """Units by product."""
        return {line.product: line.units for line in self.lines}


@dataclass(frozen=True, slots=True)
class Parcel:
    """Units of one product of an order that a node is to ship.

    Parcels of one order, node and day travel as one package.

    Attributes
    ----------
    order : int
        `Order.number`.
    node, product : str
    units : int
    ship_day : int, optional
        None: the earliest, `Option.ship_day`.
    """

    order: int
    node: str
    product: str
    units: int
    ship_day: int | None = None


class AssignmentPolicy(Protocol):
    """Assigns customer orders to nodes.

    Every replication works on a deep copy of its own, so a policy may remember what it saw earlier on the path.
    """

    @property
    def name(self) -> str:
        """What results and messages call it."""

    @property
    def batch_minutes(self) -> int:
        """Orders of so many minutes are assigned together, at their end; 0: each order at its instant."""

    def assign(self, orders: Sequence[Order]) -> Iterable[Parcel]:
        """Say which node ships what; what is left out counts as not served in time, as the order's speed has it."""


def check_policy(candidate: object, name: str) -> AssignmentPolicy:
    """Return an object as the policy it is to be.

    Raises
    ------
    PolicyError
        Saying all that it lacks, `name` being what the message calls it.
    """
    if faults := _faults(candidate):
        raise PolicyError(f"{name} is no policy: it lacks {', and '.join(faults)}")
    return cast(AssignmentPolicy, candidate)


def _faults(candidate: object) -> list[str]:
    """What an object lacks to be a policy, each as a phrase."""
    name, minutes = (getattr(candidate, attribute, None) for attribute in ("name", "batch_minutes"))
    faults = []
    if not (isinstance(name, str) and name):
        faults.append(f"a name (found {name!r}, expected some text)")
    if not (_is_whole(minutes) and 0 <= minutes <= MINUTES_PER_DAY):
        faults.append(f"batch_minutes (found {minutes!r}, expected a whole number from 0 to {MINUTES_PER_DAY})")
    if not callable(getattr(candidate, "assign", None)):
        faults.append("a method assign(orders)")
    return faults


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
