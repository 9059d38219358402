"""What a simulation only reads: the scenario's arrays, and what the kernels want to find ready beside them.

A slot is a product-node: product * number of nodes + node. Days count from the horizon's first day, so warm-up days
are negative; minutes count from that day's midnight.
"""

from __future__ import annotations

from typing import NamedTuple

from meio.network.compiled import (
    Bools,
    Costs,
    Demand,
    Floats,
    Ints,
    Lanes,
    Nodes,
    Outbound,
    Penalties,
    Products,
    RecordedOrders,
)
from meio.simulation.streams import Keys

ROUNDING_KG = 1e-9  # a package that is this much too heavy still goes at its class

# OrderSource.kind
UNITS, BASKETS, RECORDED = range(3)


class Clock(NamedTuple):
    """Days of a replication."""

    first_day: int
    """Minus the number of warm-up days."""
    end_day: int
    """Nothing runs from this day on."""
    period_days: int
    num_periods: int
    first_weekday: int
    """Weekday of day 0, Monday 0."""
    period: Ints
    """[day from the replication's first, to the last possible ship date]: whose parameters hold, from 0."""


class Sizes(NamedTuple):
    """Lengths of the axes."""

    num_products: int
    num_nodes: int
    num_types: int
    num_zones: int
    num_speeds: int


class Supply(NamedTuple):
    """How each slot is replenished: the plan's target, and the terms of the lane the plan chose."""

    product_idx: Ints
    """[slot]; looking it up takes less time than dividing."""
    node_idx: Ints
    """[slot]"""
    lane_idx: Ints
    """[slot]; -1: not stocked."""
    source_slot: Ints
    """[slot]: the slot that ships to it; -1: a vendor does, or nobody."""
    order_up_to: Ints
    """[period, slot]"""
    minimum_order: Ints
    """[slot]"""
    pack: Ints
    """[slot]"""
    downstream_first: Ints
    """Nodes in the order of their reviews."""
    product_reviewed_always: Bools
    """[product]: some node orders it at each demand, not at reviews only."""
    in_proportion: bool
    """Whether a shortage is shared out in proportion, not by value."""


class Capacity(NamedTuple):
    """Units that can flow on a day, disruptions and departure days considered; days from the replication's first."""

    inbound: Floats
    """[day, node]"""
    outbound: Floats
    """[ship date, node]"""
    lane: Floats
    """[day, lane]"""


class OrderSource(NamedTuple):
    """Where customer orders come from."""

    kind: int
    """UNITS: drawn, one unit each; BASKETS: drawn units, several an order; RECORDED."""
    basket_end: Floats
    """[units - 1]: shares of orders by units, summed up; the last is above 1."""
    day_ptr: Ints
    """[day from the replication's first + 1] into the recorded orders."""
    recorded: RecordedOrders


class Values(NamedTuple):
    """What stock, and taking it, is worth."""

    holding_per_day: Floats
    """[slot]: per unit at the close of a day."""
    landed_cost: Floats
    """[slot]: least purchase and transport cost of having a unit there."""
    least_landed_cost: Floats
    """[product]"""
    end_value: Floats
    """[slot]: what a unit left there at the end counts for."""
    unit_value: Floats
    """[period, slot]: what taking a unit costs the network, by the plan."""
    least_unit_value: Floats
    """[period, product]: the least over its nodes."""
    base_value: Floats
    """[period, product]: the least over the nodes that stock it and serve customers; 0 where there are none."""
    outbound_price: Floats
    """[period, node]: by the plan, per unit shipped."""
    least_outbound_price: float
    protection: Ints
    """[speed, period, slot]: units kept for faster speeds; no speed when the policy reserves nothing."""


class Opening(NamedTuple):
    """Where units are on a replication's first day."""

    on_hand: Ints
    """[slot]"""
    order_slot: Ints
    """[open order]"""
    order_units: Ints
    """[open order]"""
    order_arrives_day: Floats
    """[open order]: days after the replication's first midnight."""
    order_on_chosen_lane: Bools
    """[open order]: whether it travels on the lane the plan orders on."""


class Guides(NamedTuple):
    """Look-up tables for drawing a unit's class and clock time from one uniform number.

    References
    ----------
    Chen & Asau (1974), On generating random variates from an empirical distribution.
    """

    stream_product_idx: Ints
    """[stream]"""
    stream_number: Ints
    """[stream]: its place among its product's streams."""
    class_end: Floats
    """[class of a mix]: shares of the mix summed up to this class; the last is above 1."""
    class_guide: Ints
    """[mix, part]: the class at which the search for a number in this part of [0, 1) begins."""
    hour_end: Floats
    """[hour]: share of a day's orders up to the end of the hour; the last is above 1."""
    hour_guide: Ints
    """[part]"""


class Routes(NamedTuple):
    """Nodes that can serve a zone in time, cheapest first.

    A pattern is a speed together with every node's delay: it changes with the weekday and as cut-offs pass. A row of
    candidates is (pattern * number of weight classes + weight class) * number of zones + zone; a row of late
    candidates is weight class * number of zones + zone.
    """

    serving_node_idx: Ints
    """Nodes that serve customers."""
    pattern_idx: Ints
    """[weekday, speed, minute of the day]"""
    pattern_delay_days: Ints
    """[pattern, node]"""
    ptr: Ints
    """[row + 1]"""
    node_idx: Ints
    cost: Floats
    delay_days: Ints
    transit_days: Floats
    late_ptr: Ints
    """[late row + 1]"""
    late_node_idx: Ints
    late_cost: Floats
    late_transit_days: Floats


class StreamKeys(NamedTuple):
    """Names of what draws random numbers."""

    product: Keys
    """[product]"""
    lane: Keys
    """[lane]"""


class World(NamedTuple):
    """Everything a replication reads."""

    clock: Clock
    sizes: Sizes
    products: Products
    nodes: Nodes
    lanes: Lanes
    outbound: Outbound
    penalties: Penalties
    costs: Costs
    demand: Demand
    supply: Supply
    capacity: Capacity
    orders: OrderSource
    values: Values
    opening: Opening
    guides: Guides
    routes: Routes
    keys: StreamKeys
