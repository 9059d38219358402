"""The read-only side of a simulation, from a compiled scenario and a plan."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from meio.network.compiled import Bools, CompiledScenario, Demand, Floats, Ints, RecordedOrders
from meio.network.supply import end_value, landed_cost
from meio.network.units import MINUTES_PER_DAY
from meio.plans import Plan
from meio.simulation.capacity import daily_capacity, num_days
from meio.simulation.routes import build_routes
from meio.simulation.streams import name_keys
from meio.simulation.world import (
    BASKETS,
    RECORDED,
    UNITS,
    Clock,
    Guides,
    Opening,
    OrderSource,
    Sizes,
    StreamKeys,
    Supply,
    Values,
    World,
)

GUIDE_PARTS = 256
_Arrays = TypeVar("_Arrays", bound=NamedTuple)


def build_world(compiled: CompiledScenario, plan: Plan, protection: Ints | None = None) -> World:
    """The scenario and the plan as the kernels read them.

    Parameters
    ----------
    compiled : CompiledScenario
    plan : Plan
    protection : array of int [speed, period, slot], optional
        Units that the `reserve` policy keeps for faster speeds.

    Raises
    ------
    ValueError
        When the plan's arrays do not fit the scenario, or it orders a product on a lane that cannot bring it.
    """
    _check_shapes(compiled, plan)
    names = compiled.names
    supply = _supply(compiled, plan)
    return World(
        clock=_clock(compiled),
        sizes=Sizes(
            num_products=len(names.products),
            num_nodes=len(names.nodes),
            num_types=len(names.storage_types),
            num_zones=len(names.zones),
            num_speeds=len(names.speeds),
        ),
        products=_own(compiled.products),
        nodes=_own(compiled.nodes),
        lanes=_own(compiled.lanes),
        outbound=_own(compiled.outbound),
        penalties=_own(compiled.penalties),
        costs=compiled.costs,
        demand=_own(compiled.demand),
        supply=supply,
        capacity=daily_capacity(compiled),
        orders=_order_source(compiled),
        values=_values(compiled, plan, protection),
        opening=_opening(compiled, supply),
        guides=_guides(compiled.demand),
        routes=build_routes(compiled),
        keys=StreamKeys(name_keys(names.products), name_keys(names.lanes)),
    )


def contiguous(array: ArrayLike) -> Any:
    """A writable copy in C order: the one memory layout the kernels are compiled for."""
    return np.array(array, order="C")


def _own(arrays: _Arrays) -> _Arrays:
    return arrays._make(contiguous(part) for part in arrays)


def _check_shapes(compiled: CompiledScenario, plan: Plan) -> None:
    names = compiled.names
    slots = (len(names.products), len(names.nodes))
    expected = {
        "targets": (*slots, compiled.num_periods),
        "lane_idx": slots,
        "unit_value": (*slots, compiled.num_periods),
    }
    for field, shape in expected.items():
        if (found := getattr(plan, field).shape) != shape:
            raise ValueError(f"plan {plan.name}: {field} has shape {found}, the scenario needs {shape}")


def _clock(compiled: CompiledScenario) -> Clock:
    end_day = num_days(compiled)
    days = np.arange(-compiled.warm_up_days, end_day + compiled.outbound.cost.shape[2])
    return Clock(
        first_day=-compiled.warm_up_days,
        end_day=end_day,
        period_days=compiled.period_days,
        num_periods=compiled.num_periods,
        first_weekday=compiled.first_weekday,
        period=np.clip(days // compiled.period_days, 0, compiled.num_periods - 1),
    )


def _supply(compiled: CompiledScenario, plan: Plan) -> Supply:
    lanes, num_nodes = compiled.lanes, len(compiled.names.nodes)
    product_idx, node_idx = np.nonzero(plan.lane_idx >= 0)
    slot = product_idx * num_nodes + node_idx
    lane_idx = plan.lane_idx[product_idx, node_idx]
    source_idx = lanes.source_idx[lane_idx]
    from_node = source_idx < num_nodes
    row = _supply_row(compiled, product_idx, source_idx - num_nodes, from_node)
    pack = np.where(from_node, 1, compiled.products.supply_pack[row])
    minimum = np.where(from_node, 1, compiled.products.supply_minimum_order[row])
    num_slots, always = plan.lane_idx.size, lanes.review_every_days == 0

    def per_slot(values: ArrayLike, otherwise: float) -> Any:
        filled = np.full(num_slots, otherwise, dtype=np.asarray(values).dtype)
        filled[slot] = values
        return filled

    all_products, all_nodes = np.divmod(np.arange(num_slots), num_nodes)
    return Supply(
        product_idx=all_products,
        node_idx=all_nodes,
        lane_idx=per_slot(lane_idx.astype(np.int64), -1),
        source_slot=per_slot(np.where(from_node, product_idx * num_nodes + source_idx, -1), -1),
        order_up_to=np.rint(_by_period(plan.targets)).astype(np.int64),
        minimum_order=per_slot(np.maximum(lanes.minimum_order[lane_idx], minimum), 1),
        pack=per_slot(np.lcm(lanes.pack[lane_idx], pack), 1),
        downstream_first=np.argsort(compiled.nodes.echelon, kind="stable"),
        product_reviewed_always=np.isin(np.arange(len(plan.lane_idx)), product_idx[always[lane_idx]]),
        in_proportion=compiled.conditions.shortage_in_proportion,
    )


def _supply_row(compiled: CompiledScenario, product_idx: Ints, vendor_idx: Ints, from_node: Bools) -> Ints:
    """Row of the vendor's terms for each product; 0 where the source is a node."""
    products, num_vendors = compiled.products, max(len(compiled.names.vendors), 1)
    row_product = np.repeat(np.arange(len(compiled.names.products)), np.diff(products.supply_ptr))
    row_of = np.full((len(compiled.names.products), num_vendors), -1)
    row_of[row_product, products.supply_vendor_idx] = np.arange(len(row_product))
    row = np.where(from_node, 0, row_of[product_idx, np.where(from_node, 0, vendor_idx)])
    if (missing := row < 0).any():
        first = int(missing.argmax())
        product, vendor = compiled.names.products[product_idx[first]], compiled.names.vendors[vendor_idx[first]]
        raise ValueError(f"the plan orders {product} from {vendor}, which does not sell it")
    return row


def _order_source(compiled: CompiledScenario) -> OrderSource:
    conditions = compiled.conditions
    recorded, baskets = conditions.recorded, len(conditions.basket_share) > 1
    midnights = MINUTES_PER_DAY * np.arange(-compiled.warm_up_days, num_days(compiled) + 1)
    return OrderSource(
        kind=RECORDED if recorded.given else BASKETS if baskets else UNITS,
        basket_end=shares_summed(conditions.basket_share),
        day_ptr=np.searchsorted(recorded.minute, midnights),
        recorded=RecordedOrders(recorded.given, *(contiguous(part) for part in recorded[1:])),
    )


def _values(compiled: CompiledScenario, plan: Plan, protection: Ints | None) -> Values:
    products, nodes = compiled.products, compiled.nodes
    holding = (
        nodes.holding_per_unit_day
        + np.multiply.outer(products.volume_m3, nodes.holding_per_m3_day)
        + np.multiply.outer(products.unit_cost, nodes.holding_of_unit_cost_per_day)
    )
    landed = landed_cost(compiled)
    return Values(
        holding_per_day=holding.ravel(),
        landed_cost=landed.ravel(),
        least_landed_cost=landed.min(axis=1),
        end_value=end_value(compiled).ravel(),
        unit_value=_by_period(plan.unit_value),
        least_unit_value=_least(plan.unit_value),
        base_value=_base(plan.unit_value, (plan.lane_idx >= 0) & compiled.nodes.serves_customers),
        outbound_price=contiguous(plan.prices.outbound.T),
        least_outbound_price=float(plan.prices.outbound.min()),
        protection=np.zeros((0, 0, 0), dtype=np.int64) if protection is None else contiguous(protection),
    )


def with_plan(world: World, compiled: CompiledScenario, plan: Plan, protection: Ints | None = None) -> World:
    """The same network under another plan; parameters and errors are those of `build_world`."""
    _check_shapes(compiled, plan)
    return world._replace(supply=_supply(compiled, plan), values=_values(compiled, plan, protection))


def revalued(world: World, unit_value: Floats) -> World:
    """The same, with orders assigned by other unit values, [product, node, period]."""
    serving = (world.supply.lane_idx >= 0).reshape(unit_value.shape[:2]) & world.nodes.serves_customers
    values = world.values._replace(
        unit_value=_by_period(unit_value),
        least_unit_value=_least(unit_value),
        base_value=_base(unit_value, serving),
    )
    return world._replace(values=values)


def _least(unit_value: Floats) -> Floats:
    """Least value over nodes, [period, product]."""
    return np.ascontiguousarray(unit_value.min(axis=1).T)


def _base(unit_value: Floats, serving: Bools) -> Floats:
    """Least value over the serving nodes of each product, [period, product]; 0 where there are none."""
    least = np.where(serving[:, :, None], unit_value, np.inf).min(axis=1).T
    return np.ascontiguousarray(np.where(np.isfinite(least), least, 0.0))


def _opening(compiled: CompiledScenario, supply: Supply) -> Opening:
    stock, num_nodes = compiled.stock, len(compiled.names.nodes)
    slot = stock.order_product_idx * num_nodes + compiled.lanes.node_idx[stock.order_lane_idx]
    return Opening(
        on_hand=contiguous(stock.on_hand.ravel() if stock.given else supply.order_up_to[0]),
        order_slot=contiguous(slot),
        order_units=contiguous(stock.order_units),
        order_arrives_day=contiguous(stock.order_arrives_day),
        order_on_chosen_lane=contiguous(supply.lane_idx[slot] == stock.order_lane_idx),
    )


def _guides(demand: Demand) -> Guides:
    num_streams = np.diff(demand.product_ptr)
    product_idx = np.repeat(np.arange(len(num_streams)), num_streams)
    class_end = np.empty_like(demand.mix_share)
    num_mixes = len(demand.mix_ptr) - 1
    class_guide = np.empty((num_mixes, GUIDE_PARTS), dtype=np.int64)
    for mix in range(num_mixes):
        here = slice(demand.mix_ptr[mix], demand.mix_ptr[mix + 1])
        class_end[here] = shares_summed(demand.mix_share[here])
        class_guide[mix] = demand.mix_ptr[mix] + _guide(class_end[here])
    hour_end = shares_summed(demand.hourly_share)
    return Guides(
        stream_product_idx=product_idx,
        stream_number=np.arange(len(product_idx)) - demand.product_ptr[product_idx],
        class_end=class_end,
        class_guide=class_guide,
        hour_end=hour_end,
        hour_guide=_guide(hour_end),
    )


def shares_summed(share: Floats) -> Floats:
    """Shares summed up; from the last positive one on above 1, so that a search always ends there."""
    ends = np.cumsum(share)
    ends[np.flatnonzero(share)[-1] :] = 2.0
    return ends


def _guide(ends: Floats) -> Ints:
    return np.searchsorted(ends, np.arange(GUIDE_PARTS) / GUIDE_PARTS, side="right")


def _by_period(values: Floats) -> Floats:
    """[product, node, period] as [period, slot]."""
    return np.ascontiguousarray(np.moveaxis(values, 2, 0).reshape(values.shape[2], -1))
