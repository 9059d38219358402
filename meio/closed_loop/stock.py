"""What a running simulation has where, as the opening stock of what is left of the horizon."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Ints, Stock
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.state import DESTINATION_SLOT, IN_YARD, LANE, ON_THE_WAY, USED, State
from meio.simulation.world import World


def stock_at(state: State, world: World, day: int) -> Stock:
    """Stock at the midnight that begins a day.

    On hand is what is in storage or the yard and not owed to customers. Open orders are shipments on their way, and
    what waits at a vendor, expected after its lane's mean lead time. What waits at a node upstream is left out: the
    planner finds the source's stock, and orders again.
    """
    transit, num_nodes, lanes = state.transit, world.sizes.num_nodes, world.lanes
    used = slice(int(transit.counters[USED]))
    slot, units, place = transit.slot[used], transit.units[used], transit.place[used]
    yard = np.zeros_like(state.stock.on_hand)
    np.add.at(yard, slot[place == IN_YARD], units[place == IN_YARD])
    on_hand = np.maximum(state.stock.on_hand + yard - state.stock.owed, 0)

    going = place == ON_THE_WAY
    orders = state.orders
    size = int(orders.size[0])
    waits = (orders.slot[:size] < 0) & (orders.units[:size] > 0)
    detail = orders.detail[:size][waits]
    order_slot = np.concatenate([slot[going], detail[:, DESTINATION_SLOT]])
    return Stock(
        given=True,
        on_hand=on_hand.reshape(-1, num_nodes),
        order_product_idx=order_slot // num_nodes,
        order_lane_idx=np.concatenate([_lane_into(slot[going], world), detail[:, LANE]]),
        order_units=np.concatenate([units[going], orders.units[:size][waits]]),
        order_arrives_day=np.concatenate(
            [transit.minute[used][going] / MINUTES_PER_DAY - day, lanes.lead_time_mean_days[detail[:, LANE]]]
        ),
    )


def _lane_into(slot: Ints, world: World) -> Ints:
    """The lane a slot orders on, or the first one into its node when it orders on none any more."""
    chosen, first = world.supply.lane_idx[slot], world.lanes.node_ptr[slot % world.sizes.num_nodes]
    return np.where(chosen >= 0, chosen, first)
