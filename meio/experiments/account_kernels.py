"""What packages that were shipped cost, worked out again from their weights."""

from __future__ import annotations

from meio.network.compiled import Bools, Floats, Ints
from meio.network.jit import kernel
from meio.simulation.package_kernels import packages_by_any, packages_in_time
from meio.simulation.world import World


@kernel
def fill_package_costs(
    world: World,
    weight_kg: Floats,
    units: Ints,
    speed: Ints,
    delay: Ints,
    node: Ints,
    zone: Ints,
    late: Bools,
    cost: Floats,
) -> None:
    """Set the money that each shipment to a customer cost, all arrays [shipment]; `late` goes by any service."""
    for row in range(len(units)):
        if late[row]:
            packages, weight_class = packages_by_any(world, weight_kg[row], units[row], node[row], zone[row])
            cost[row] = packages * world.outbound.late_cost[weight_class, node[row], zone[row]]
        else:
            packages, weight_class = packages_in_time(
                world, weight_kg[row], units[row], speed[row], delay[row], node[row], zone[row]
            )
            cost[row] = packages * world.outbound.cost[weight_class, speed[row], delay[row], node[row], zone[row]]
