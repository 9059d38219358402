"""All rules between the parts of a scenario, one function a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from meio.network import (
    checks_demand,
    checks_network,
    checks_orders,
    checks_products,
    checks_service,
    checks_simulation,
    checks_tables,
)
from meio.network.problems import Problem
from meio.network.world import World

Check = Callable[[World], Iterator[Problem]]

CHECKS: tuple[Check, ...] = (
    checks_tables.empty_tables,
    checks_tables.duplicate_rows,
    checks_tables.unknown_names,
    checks_network.unknown_lane_ends,
    checks_network.lanes_to_themselves,
    checks_network.duplicate_lanes,
    checks_network.cycles,
    checks_network.vendors_as_stocking_nodes,
    checks_network.nodes_without_storage,
    checks_network.nobody_serves_customers,
    checks_network.unknown_storage_types,
    checks_network.unknown_speeds,
    checks_network.lists_of_wrong_length,
    checks_network.reviews_within_a_day,
    checks_network.lanes_that_never_depart,
    checks_service.unknown_time_zone,
    checks_service.no_hour_with_orders,
    checks_service.storage_types_named_twice,
    checks_service.services_of_unknown_nodes,
    checks_service.bands_not_ascending,
    checks_service.services_beyond_the_last_band,
    checks_service.bands_without_rate,
    checks_products.products_without_supply,
    checks_products.products_too_heavy,
    checks_products.storage_types_not_stocked,
    checks_products.stock_without_room,
    checks_products.open_orders_without_lane,
    checks_demand.products_without_demand,
    checks_demand.periods_without_demand,
    checks_demand.quantiles_that_fall,
    checks_demand.groups_without_mix,
    checks_demand.speeds_without_mix,
    checks_demand.zones_without_people,
    checks_simulation.baskets_of_no_order,
    checks_simulation.baskets_beside_recorded_orders,
    checks_simulation.disruptions_of_nothing,
    checks_simulation.disruptions_on_other_days,
    checks_simulation.shares_of_unlimited_capacity,
    checks_orders.orders_at_odds,
    checks_orders.orders_outside_the_days,
)

# What follows from other parts is only asked when those are sound: one mistake is reported once.
CHECKS_OF_SOUND_PARTS: tuple[tuple[Check, tuple[str, ...]], ...] = (
    (checks_network.nodes_without_vendor, ("nodes", "lanes")),
    (checks_products.products_that_reach_no_customer, ("nodes", "lanes", "storage_types", "supply")),
    (checks_demand.shares_that_do_not_sum_to_one, ("demand.zone_mix", "demand.speed_mix")),
    (checks_demand.probabilities_that_do_not_sum_to_one, ("demand.whole", "demand.products")),
    (
        checks_service.zones_out_of_reach,
        ("horizon", "storage_types", "nodes", "lanes", "zones", "speeds", "outbound", "products", "demand"),
    ),
)

OF_PRODUCTS: tuple[Check, ...] = (
    checks_tables.duplicate_rows,
    checks_tables.unknown_names,
    checks_products.products_without_supply,
    checks_products.products_too_heavy,
    checks_products.storage_types_not_stocked,
    checks_products.stock_without_room,
    checks_products.open_orders_without_lane,
    checks_products.products_that_reach_no_customer,
    checks_demand.products_without_demand,
    checks_demand.periods_without_demand,
    checks_demand.quantiles_that_fall,
    checks_demand.groups_without_mix,
    checks_demand.probabilities_that_do_not_sum_to_one,
)
"""Those whose answer for a product depends on its own rows alone: what may be asked of some products."""


def problems_in(world: World, known: Sequence[Problem], only: Sequence[Check] | None = None) -> list[Problem]:
    """Problems between the parts of a scenario, beside those already known; those that only some checks find."""
    found = [problem for check in CHECKS if only is None or check in only for problem in check(world)]
    for check, parts in CHECKS_OF_SOUND_PARTS:
        asked = only is None or check in only
        if asked and not any(problem.lies_in(part) for problem in [*known, *found] for part in parts):
            found += check(world)
    return found
