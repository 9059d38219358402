"""Small random networks as compiled arrays, with every feature of the simulator, and plans for them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from random_demand import random_demand

from meio.network.compiled import (
    BACKORDERED,
    DETERMINISTIC,
    EMPIRICAL_LEAD_TIME,
    GAMMA_LEAD_TIME,
    LATE,
    LOGNORMAL,
    LOST,
    CompiledScenario,
    Conditions,
    Costs,
    Disruptions,
    Lanes,
    Names,
    Nodes,
    Outbound,
    Penalties,
    Products,
    RecordedOrders,
    Stock,
)
from meio.network.supply import usable_lanes
from meio.plans import CapacityPrices, Plan


class Size(NamedTuple):
    products: int = 3
    centres: int = 1
    serving: int = 3
    vendors: int = 2
    zones: int = 4
    speeds: int = 3
    types: int = 2
    weight_classes: int = 2
    periods: int = 3
    period_days: int = 5
    warm_up_days: int = 3
    daily_mean: float = 2.0

    @property
    def nodes(self):
        return self.centres + self.serving


SMALL = Size()
HEAVIEST_KG = 5.0


def random_network(seed: int, size: Size = SMALL, tight: bool = True) -> CompiledScenario:
    """A network of vendors, centres and serving nodes; `tight`: with capacities that bind."""
    rng = np.random.default_rng(seed)
    lanes, lane_names = _lanes(rng, size, tight)
    nodes = _nodes(rng, size, tight)
    return CompiledScenario(
        name=f"random {seed}",
        hash="",
        start="2026-01-05",
        first_weekday=int(rng.integers(7)),
        num_periods=size.periods,
        period_days=size.period_days,
        warm_up_days=size.warm_up_days,
        names=Names(
            products=_named("product", size.products),
            nodes=_named("centre", size.centres) + _named("site", size.serving),
            vendors=_named("vendor", size.vendors),
            zones=_named("zone", size.zones),
            speeds=_named("speed", size.speeds),
            storage_types=_named("type", size.types),
            services=("parcel",),
            lanes=lane_names,
        ),
        products=_products(rng, size),
        nodes=nodes,
        lanes=lanes,
        outbound=_outbound(rng, size, nodes),
        penalties=Penalties(*(rng.uniform(0.5, 20, (size.products, size.speeds)) for _ in range(3))),
        demand=random_demand(rng, size),
        costs=Costs(overflow_per_m3_day=1.5, end_stock_value=0.8),
        stock=_stock(rng, size, lanes),
        conditions=undisturbed(),
        zone_lat=np.zeros(size.zones),
        zone_lon=np.zeros(size.zones),
        zone_population=np.ones(size.zones),
    )


def undisturbed() -> Conditions:
    """No disruption, every order one unit."""
    none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
    recorded = RecordedOrders(False, nothing, none, np.zeros(1, dtype=np.int64), none, none)
    return Conditions(False, 60, np.ones(1), recorded, Disruptions(none, none, none, none, nothing))


def random_plan(compiled: CompiledScenario, seed: int, cover_days: float = 6.0) -> Plan:
    """Targets of about so many days of demand, on random usable lanes, with random prices and values."""
    rng = np.random.default_rng(seed)
    names, num_periods = compiled.names, compiled.num_periods
    shape = (len(names.products), len(names.nodes), num_periods)
    usable, lane_idx = usable_lanes(compiled), np.full(shape[:2], -1)
    for product, node in np.ndindex(shape[:2]):
        into = np.arange(compiled.lanes.node_ptr[node], compiled.lanes.node_ptr[node + 1])
        choices = into[usable[product, into]]
        if len(choices) and rng.random() < 0.95:
            lane_idx[product, node] = rng.choice(choices)
    for product, node in np.argwhere(lane_idx >= 0):  # nobody orders from a node that does not stock the product
        source = compiled.lanes.source_idx[lane_idx[product, node]]
        if source < shape[1] and lane_idx[product, source] < 0:
            lane_idx[product, node] = -1
    mean = np.add.reduceat(compiled.demand.daily_mean, compiled.demand.product_ptr[:-1])  # [product, period]
    targets = np.floor(mean[:, None, :] * cover_days * rng.uniform(0.2, 1.2, shape)) * (lane_idx >= 0)[:, :, None]
    num_lanes, num_types = len(names.lanes), len(names.storage_types)
    prices = CapacityPrices(
        np.zeros((shape[1], num_types, num_periods)),
        np.zeros((shape[1], num_periods)),
        rng.uniform(0, 2, (shape[1], num_periods)),
        np.zeros((num_lanes, num_periods)),
    )
    unit_value = rng.uniform(-1, 5, shape)
    return Plan(
        f"plan {seed}",
        targets,
        lane_idx,
        unit_value,
        prices,
        prices,
        0.0,
        "none",
        0.0,
        0.0,
        0.0,
        0,
        0.0,
        pd.DataFrame(),
        pd.DataFrame(),
    )


def _named(kind, number):
    return tuple(f"{kind} {index}" for index in range(number))


def _products(rng, size):
    num_rows = size.products * size.vendors
    volume_m3 = rng.choice([0.0, 0.25, 0.3, 1.0], size.products, p=[0.1, 0.3, 0.3, 0.3])
    weight_kg = rng.uniform(0.1, HEAVIEST_KG, size.products)
    return Products(
        volume_m3=volume_m3,
        weight_kg=weight_kg,
        unit_cost=rng.uniform(2, 10, size.products),
        price=rng.uniform(10, 20, size.products),
        storage_type_idx=rng.integers(size.types, size=size.products),
        weight_class_idx=np.searchsorted(_weight_limits(size), weight_kg),
        supply_ptr=np.arange(size.products + 1) * size.vendors,
        supply_vendor_idx=np.tile(np.arange(size.vendors), size.products),
        supply_unit_cost=rng.uniform(2, 10, num_rows),
        supply_minimum_order=rng.choice([1, 1, 5], num_rows),
        supply_pack=rng.choice([1, 2, 3], num_rows),
    )


def _weight_limits(size):
    return HEAVIEST_KG * np.arange(1, size.weight_classes + 1) / size.weight_classes


def _nodes(rng, size, tight):
    num_nodes, shape = size.nodes, (size.nodes, size.periods)
    daily = size.daily_mean * size.products / size.serving
    cutoffs = rng.choice([600, 840, 1440], (num_nodes, size.speeds))
    ships = rng.random((num_nodes, 7)) < 0.8
    ships[:, 2] = True
    wait = np.array([[[_wait(ships[n], day, late) for late in (0, 1)] for day in range(7)] for n in range(num_nodes)])
    return Nodes(
        echelon=np.repeat([1, 0], [size.centres, size.serving]),
        serves_customers=np.repeat([rng.random() < 0.3, True], [size.centres, size.serving]),
        is_fulfilment_centre=np.repeat([False, True], [size.centres, size.serving]),
        stocks_type=np.ones((num_nodes, size.types), dtype=bool),
        storage_m3=_limits(rng, (num_nodes, size.types, size.periods), 3 * daily, tight),
        inbound_units_per_day=_limits(rng, shape, 2 * daily, tight),
        outbound_units_per_day=_limits(rng, shape, 2 * daily, tight),
        holding_per_unit_day=rng.uniform(0, 0.1, num_nodes),
        holding_per_m3_day=rng.uniform(0, 0.1, num_nodes),
        holding_of_unit_cost_per_day=rng.uniform(0, 0.001, num_nodes),
        cutoff_minute=cutoffs,
        ship_delay_days=wait,
        lat=np.zeros(num_nodes),
        lon=np.zeros(num_nodes),
    )


def _wait(ships, weekday, late):
    return next(days for days in range(late, 9) if ships[(weekday + days) % 7])


def _limits(rng, shape, around, tight):
    """Capacities around a number; half of them unlimited, all of them when nothing is tight."""
    limits = np.round(around * rng.uniform(0.4, 1.5, shape), 1)
    unlimited = rng.random(shape[0]) < (0.5 if tight else 1.1)
    limits[unlimited] = np.inf
    return limits


def _lanes(rng, size, tight):
    centres = np.arange(size.centres)
    pairs = [(size.nodes + vendor, node) for vendor in range(size.vendors) for node in range(size.nodes)]
    pairs += [(centre, node) for centre in centres for node in range(size.centres, size.nodes)]
    pairs += [(size.centres, size.centres + 1)] if size.serving > 1 else []  # one site feeds the next
    pairs.sort(key=lambda pair: pair[1])
    source_idx, node_idx = np.array(pairs).T
    num_lanes = len(pairs)
    kind = rng.choice([DETERMINISTIC, GAMMA_LEAD_TIME, LOGNORMAL, EMPIRICAL_LEAD_TIME], num_lanes)
    mean = np.where(kind == DETERMINISTIC, rng.choice([0.0, 0.5, 1.0, 2.0], num_lanes), rng.uniform(0.2, 3, num_lanes))
    values = [np.sort(rng.choice([0.0, 0.5, 1.0, 1.5, 4.0], 3)) if one == EMPIRICAL_LEAD_TIME else [] for one in kind]
    lanes = Lanes(
        source_idx=source_idx,
        node_idx=node_idx,
        node_ptr=np.searchsorted(node_idx, np.arange(size.nodes + 1)),
        lead_time_kind=kind,
        lead_time_mean_days=mean,
        lead_time_sd_days=np.where(kind == DETERMINISTIC, 0.0, mean * rng.uniform(0.3, 1.2, num_lanes)),
        lead_time_least_days=np.zeros(num_lanes),
        lead_time_ptr=np.cumsum([0, *map(len, values)]),
        lead_time_values=np.concatenate([*values, []]),
        review_every_days=rng.choice([0, 1, 2, 3], num_lanes),
        review_offset_days=rng.integers(3, size=num_lanes),
        cost_per_unit=rng.uniform(0, 1, num_lanes),
        cost_per_kg=rng.uniform(0, 0.2, num_lanes),
        cost_per_m3=rng.uniform(0, 0.5, num_lanes),
        minimum_order=rng.choice([1, 1, 4], num_lanes),
        pack=rng.choice([1, 2], num_lanes),
        capacity_units_per_day=_limits(rng, (num_lanes, size.periods), 3.0 * size.daily_mean, tight),
        crossover=rng.random(num_lanes) < 0.3,
        departs=np.ones((num_lanes, 7), dtype=bool),
    )
    names = [f"{source}→{node}" for source, node in pairs]
    return lanes, tuple(names)


def _outbound(rng, size, nodes):
    num_delays = max(2, 1 + int(nodes.ship_delay_days.max()))
    shape = (size.weight_classes, size.speeds, num_delays, size.nodes, size.zones)
    promise = np.sort(rng.choice([1.0, 2.0, 3.0, 5.0], size.speeds))
    transit = rng.choice([0.5, 1.0, 2.0, 3.0], (size.weight_classes, size.nodes, size.zones))
    late_cost = np.round(rng.uniform(2, 9, transit.shape), 1)
    serves = nodes.serves_customers[:, None]
    late_cost = np.where(serves & (rng.random(transit.shape) < 0.9), late_cost, np.inf)
    in_time = transit[:, None, None] + np.arange(num_delays)[:, None, None] <= promise[:, None, None, None]
    cost = np.where(
        in_time & np.isfinite(late_cost)[:, None, None], np.broadcast_to(late_cost[:, None, None], shape), np.inf
    )
    return Outbound(
        cost=cost,
        transit_days=np.where(np.isfinite(cost), transit[:, None, None], np.inf),
        late_cost=late_cost,
        late_transit_days=transit,
        distance_km=rng.uniform(10, 900, (size.nodes, size.zones)),
        promise_days=promise,
        unserved=rng.permutation(np.resize([LOST, LATE, BACKORDERED], size.speeds)),
        weight_limit_kg=_weight_limits(size),
        distance_bands_km=np.array([200.0, 500.0]),
    )


def _stock(rng, size, lanes):
    num_orders = 4
    return Stock(
        given=bool(rng.random() < 0.5),
        on_hand=rng.integers(0, 8, (size.products, size.nodes)),
        order_product_idx=rng.integers(size.products, size=num_orders),
        order_lane_idx=rng.integers(len(lanes.source_idx), size=num_orders),
        order_units=rng.integers(1, 10, num_orders),
        order_arrives_day=rng.choice([0.0, 0.5, 1.0, 3.25], num_orders),
    )
