"""What a unit costs when it leaves on a lane."""

from __future__ import annotations

from meio.network.jit import kernel
from meio.simulation.world import World


@kernel
def purchase_cost(world: World, product: int, lane: int) -> float:
    """Money per unit paid to the vendor of a lane; 0 when the lane comes from a node."""
    vendor, products = world.lanes.source_idx[lane] - world.sizes.num_nodes, world.products
    for row in range(products.supply_ptr[product], products.supply_ptr[product + 1]):
        if products.supply_vendor_idx[row] == vendor:
            return float(products.supply_unit_cost[row])
    return 0.0


@kernel
def transport_cost(world: World, product: int, lane: int) -> float:
    """Money per unit paid to the carrier of a lane."""
    lanes, products = world.lanes, world.products
    by_weight = products.weight_kg[product] * lanes.cost_per_kg[lane]
    by_volume = products.volume_m3[product] * lanes.cost_per_m3[lane]
    return float(lanes.cost_per_unit[lane] + by_weight + by_volume)
