"""Packages to customers: what one costs, and what shipping it changes."""

from __future__ import annotations

import math

import numpy as np

from meio.network.jit import kernel
from meio.simulation.receiving_kernels import take_stock
from meio.simulation.state import TODAY, State
from meio.simulation.tally import OUTBOUND, PACKAGES, SHIPPED_UNITS
from meio.simulation.tally_kernels import charge
from meio.simulation.world import ROUNDING_KG, World


@kernel
def packages_in_time(
    world: World, weight_kg: float, units: int, speed: int, delay: int, node: int, zone: int
) -> tuple[int, int]:
    """Packages of equal weight that a service takes in time after a delay, as few as can be, and their weight class.

    No package, 0, when no service takes the units even one by one.
    """
    limits, cost = world.outbound.weight_limit_kg, world.outbound.cost
    weight_kg -= ROUNDING_KG
    for packages in range(_fewest(limits[len(limits) - 1], weight_kg), units + 1):
        weight_class = np.searchsorted(limits, weight_kg / packages)
        if weight_class < len(limits) and cost[weight_class, speed, delay, node, zone] < np.inf:
            return packages, int(weight_class)
    return 0, 0


@kernel
def packages_by_any(world: World, weight_kg: float, units: int, node: int, zone: int) -> tuple[int, int]:
    """The same for services of any duration."""
    limits, late_cost = world.outbound.weight_limit_kg, world.outbound.late_cost
    weight_kg -= ROUNDING_KG
    for packages in range(_fewest(limits[len(limits) - 1], weight_kg), units + 1):
        weight_class = np.searchsorted(limits, weight_kg / packages)
        if weight_class < len(limits) and late_cost[weight_class, node, zone] < np.inf:
            return packages, int(weight_class)
    return 0, 0


@kernel
def _fewest(limit_kg: float, weight_kg: float) -> int:
    return max(1, math.ceil(weight_kg / limit_kg))


@kernel
def charge_packages(state: State, product: int, node: int, zone: int, packages: int, cost: float) -> None:
    """Pay and count packages that are assigned today; a product's own part has them as its first product's."""
    if state.transit.counters[TODAY] >= 0:
        charge(state.tally, product, OUTBOUND, cost)
        state.tally.shipped[node, zone, PACKAGES] += packages


@kernel
def hand_over(world: World, state: State, product: int, node: int, zone: int, units: int, ship_day: int) -> None:
    """Take units off the shelf for a customer, and their part of the ship date's capacity."""
    slot = product * world.sizes.num_nodes + node
    state.used.outbound[ship_day - world.clock.first_day, node] += units
    state.ledger.sold[slot] += units
    if state.transit.counters[TODAY] >= 0:
        state.tally.shipped[node, zone, SHIPPED_UNITS] += units
    take_stock(world, state, product, node, units)
