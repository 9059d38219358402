"""The scenario as contiguous arrays: what the optimizer's and the simulator's kernels read.

Axes and their sizes: product P, node N (stocking sites only, upstream before downstream), vendor V, lane A (sorted
by destination node), zone Z, speed S, storage type G, period T, weight class B, delay D, demand stream J, mix M.
Index arrays end in ``_idx``, CSR pointers in ``_ptr``. ``inf`` means "no limit" for a capacity and "cannot" for a cost.
Times are days (float) or minutes after midnight (int); money is the scenario's currency.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# lane_lead_time_kind
DETERMINISTIC, GAMMA_LEAD_TIME, LOGNORMAL, EMPIRICAL_LEAD_TIME = range(4)
# stream_kind
POISSON, NEGATIVE_BINOMIAL, NORMAL, GAMMA, EMPIRICAL, QUANTILES = range(6)
# speed_unserved
LOST, LATE, BACKORDERED = range(3)


class Names(NamedTuple):
    """Names along each axis, in index order."""

    products: tuple[str, ...]
    nodes: tuple[str, ...]
    vendors: tuple[str, ...]
    zones: tuple[str, ...]
    speeds: tuple[str, ...]
    storage_types: tuple[str, ...]
    services: tuple[str, ...]
    lanes: tuple[str, ...]
    """``source→destination``, with ``#2``, ``#3``… on parallel lanes."""


class Products(NamedTuple):
    """One entry a product, [product]."""

    volume_m3: Floats
    weight_kg: Floats
    unit_cost: Floats
    price: Floats
    storage_type_idx: Ints
    weight_class_idx: Ints
    supply_ptr: Ints
    """[product + 1] into the four arrays below: the vendors that sell the product."""
    supply_vendor_idx: Ints
    supply_unit_cost: Floats
    supply_minimum_order: Ints
    supply_pack: Ints


class Nodes(NamedTuple):
    """One entry a stocking site, [node] first."""

    echelon: Ints
    """[node]: longest number of lanes down to a node without outgoing lanes (0 there)."""
    serves_customers: Bools
    is_fulfilment_centre: Bools
    """[node]: kind is fulfilment_centre (a baseline needs to know)."""
    stocks_type: Bools
    """[node, storage type]"""
    storage_m3: Floats
    """[node, storage type, period]; 0 where the type is not stocked."""
    inbound_units_per_day: Floats
    """[node, period]"""
    outbound_units_per_day: Floats
    """[node, period]"""
    holding_per_unit_day: Floats
    """[node]: the three parts of the holding cost, node's own or the scenario's"""
    holding_per_m3_day: Floats
    holding_of_unit_cost_per_day: Floats
    cutoff_minute: Ints
    """[node, speed]"""
    ship_delay_days: Ints
    """[node, weekday of the order, 0 before or 1 after cut-off]: days until the node ships the order."""
    lat: Floats
    lon: Floats


class Lanes(NamedTuple):
    """One entry a lane, [lane] first; sorted by destination, so `node_ptr` finds a node's lanes."""

    source_idx: Ints
    """[lane]: a node, or number of nodes + vendor."""
    node_idx: Ints
    """[lane]: destination."""
    node_ptr: Ints
    """[node + 1]: lanes into each node."""
    lead_time_kind: Ints
    lead_time_mean_days: Floats
    lead_time_sd_days: Floats
    lead_time_least_days: Floats
    lead_time_ptr: Ints
    """[lane + 1] into lead_time_values."""
    lead_time_values: Floats
    """Observed lead times of empirical lanes, ascending, days."""
    review_every_days: Ints
    """[lane]; 0: an order at each demand."""
    review_offset_days: Ints
    cost_per_unit: Floats
    cost_per_kg: Floats
    cost_per_m3: Floats
    minimum_order: Ints
    pack: Ints
    capacity_units_per_day: Floats
    """[lane, period]"""
    crossover: Bools
    departs: Bools
    """[lane, weekday]"""


class Outbound(NamedTuple):
    """Serving customers: [delay] is the number of days between order and shipping, 0 to D - 1.

    For each cell the service is the cheapest one offered whose transit meets the promise after that delay.
    """

    cost: Floats
    """[weight class, speed, delay, node, zone]: money per package; inf: the promise cannot be met."""
    transit_days: Floats
    """[weight class, speed, delay, node, zone]: transit of that cheapest service."""
    late_cost: Floats
    """[weight class, node, zone]: cheapest service whatever its days; inf: the node cannot reach the zone."""
    late_transit_days: Floats
    """[weight class, node, zone]"""
    distance_km: Floats
    """[node, zone]: great circle."""
    promise_days: Floats
    """[speed]"""
    unserved: Ints
    """[speed]: LOST, LATE or BACKORDERED."""
    weight_limit_kg: Floats
    """[weight class]: its heaviest package, ascending."""
    distance_bands_km: Floats
    """[distance band − 1]: the farthest of each band but the last, ascending; empty where the scenario has no bands."""


class Penalties(NamedTuple):
    """Money per unit for [product, speed]."""

    lost: Floats
    late: Floats
    backordered_per_day: Floats


class Demand(NamedTuple):
    """Demand as independent streams; each unit of a stream falls to a (zone, speed) class by the stream's mix.

    Poisson, negative binomial, normal and gamma streams are independent from day to day, and `daily_mean` and
    `daily_variance` describe one day. Empirical and quantile streams draw a period's total, whose units then fall
    evenly over the period's days; `daily_mean` is the period's mean over its days and `daily_variance` its variance
    over its days (as if days were independent).
    """

    product_ptr: Ints
    """[product + 1] into the streams, which are sorted by product."""
    stream_kind: Ints
    daily_mean: Floats
    """[stream, period]"""
    daily_variance: Floats
    """[stream, period]"""
    mix_idx: Ints
    """[stream]"""
    mix_ptr: Ints
    """[mix + 1]"""
    mix_class_idx: Ints
    """zone * number of speeds + speed, ascending within a mix."""
    mix_share: Floats
    """Sums to 1 within a mix; all positive."""
    table_ptr: Ints
    """[stream * period + 1] into table_value: empirical or quantile points of that stream and period."""
    table_value: Floats
    """Ascending, units per period."""
    table_probability: Floats
    """Cumulative probability at each value, ascending, the last is 1 for empirical."""
    hourly_share: Floats
    """[hour of the day], sums to 1."""


class Costs(NamedTuple):
    """Money that is not tied to one lane, service or speed."""

    overflow_per_m3_day: float
    end_stock_value: float


class Stock(NamedTuple):
    """What is where on the first day; all zero where the scenario gives none."""

    given: bool
    """Whether the scenario gives initial stock (else a simulation starts at its targets)."""
    on_hand: Ints
    """[product, node]"""
    order_product_idx: Ints
    order_lane_idx: Ints
    order_units: Ints
    order_arrives_day: Floats


class RecordedOrders(NamedTuple):
    """Orders that replace the random ones, by their minutes; all empty where the scenario gives none."""

    given: bool
    minute: Floats
    """[order]: from the horizon's first midnight, negative in the warm-up."""
    class_idx: Ints
    """[order]: zone * number of speeds + speed."""
    line_ptr: Ints
    """[order + 1] into the two arrays below."""
    product_idx: Ints
    """[line]: each product at most once an order."""
    units: Ints
    """[line]: at least 1."""


class Disruptions(NamedTuple):
    """What a node or lane can do less on some days, [disruption]."""

    node_idx: Ints
    """-1: a lane."""
    lane_idx: Ints
    """-1: a node."""
    first_day: Ints
    """From the horizon's first day, 0."""
    end_day: Ints
    """The day after the last one."""
    capacity_share: Floats
    """Share of the capacity that is left; of several on one day the product."""


class Conditions(NamedTuple):
    """What only the simulator reads."""

    shortage_in_proportion: bool
    batch_minutes: int
    basket_share: Floats
    """[units - 1]: share of orders with so many units, sums to 1."""
    recorded: RecordedOrders
    disruptions: Disruptions


class CompiledScenario(NamedTuple):
    """All arrays of a scenario."""

    name: str
    hash: str
    start: str
    """ISO date of the first day."""
    first_weekday: int
    """Weekday of the first day, Monday 0."""
    num_periods: int
    period_days: int
    warm_up_days: int
    names: Names
    products: Products
    nodes: Nodes
    lanes: Lanes
    outbound: Outbound
    penalties: Penalties
    demand: Demand
    costs: Costs
    stock: Stock
    conditions: Conditions
    zone_lat: Floats
    """[zone]"""
    zone_lon: Floats
    zone_population: Floats
    currency: str = ""
    """Label of money."""
