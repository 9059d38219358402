"""Networks small enough to be worked out by hand: a vendor, a centre, and two sites that serve one zone."""

from dataclasses import replace

import numpy as np
from random_networks import Size, random_network, random_plan
from reference_results import amounts_of_engine, amounts_of_reference, units_of_engine, units_of_reference
from reference_simulator import ReferenceSimulator

from meio.network.compiled import DETERMINISTIC, LOST, Disruptions, Lanes, RecordedOrders
from meio.simulation.build import build_world
from meio.simulation.replication import Assignment, Setting, run_path

CENTRE, NORTH, SOUTH = range(3)
FROM_VENDOR, TO_NORTH, TO_SOUTH = range(3)  # lanes
A, B = range(2)  # products, of 1 kg and 1 money each
FAST, SLOW = range(2)  # speeds
LIGHT, HEAVY = range(2)  # packages up to 1 and 2 kg
NOON = 720.0
POLICIES = ("nearest", "priced", "reserve")


def example(
    orders, on_hand=(), cost=((3, 2), (4.5, 6)), late_cost=((np.inf,) * 2,) * 2, targets=(), unserved=LOST, **conditions
):
    """Seven days with these orders, one lane review and one departure a day, and a day on every lane.

    Parameters
    ----------
    orders : list of (minute, speed, {product: units})
    on_hand, targets : {(product, node): units}, else 0
    cost, late_cost : [light or heavy, north or south]: money per package in time, and at any duration
    conditions : fields of `Conditions`
    """
    size = Size(products=2, centres=1, serving=2, vendors=1, zones=1, speeds=2, types=1, periods=1, period_days=7)
    compiled = random_network(0, size._replace(warm_up_days=0), tight=False)
    shape = compiled.outbound.cost.shape
    by_node = np.concatenate([np.full((2, 1), np.inf), np.array(cost, dtype=float)], axis=1)  # none from the centre
    late_by_node = np.concatenate([np.full((2, 1), np.inf), np.array(late_cost, dtype=float)], axis=1)
    compiled = compiled._replace(
        first_weekday=0,
        products=compiled.products._replace(
            volume_m3=np.zeros(2),
            weight_kg=np.ones(2),
            weight_class_idx=np.zeros(2, dtype=np.int64),
            supply_unit_cost=np.ones(2),
            supply_minimum_order=np.ones(2, dtype=np.int64),
            supply_pack=np.ones(2, dtype=np.int64),
        ),
        nodes=compiled.nodes._replace(
            serves_customers=np.array([False, True, True]),
            cutoff_minute=np.full((3, 2), 1440),
            ship_delay_days=np.broadcast_to([0, 1], (3, 7, 2)).copy(),
        ),
        lanes=_lanes(),
        outbound=compiled.outbound._replace(
            cost=np.broadcast_to(by_node[:, None, None, :, None], shape).copy(),
            transit_days=np.ones(shape),
            late_cost=late_by_node[:, :, None],
            late_transit_days=np.full((2, 3, 1), 9.0),
            promise_days=np.array([3.0, 3.0]),
            unserved=np.array([unserved, unserved]),
            weight_limit_kg=np.array([1.0, 2.0]),
        ),
        stock=compiled.stock._replace(
            given=True,
            on_hand=_filled(on_hand),
            **{
                name: getattr(compiled.stock, name)[:0]
                for name in ("order_product_idx", "order_lane_idx", "order_units", "order_arrives_day")
            },
        ),
        names=compiled.names._replace(lanes=("vendor→centre", "centre→north", "centre→south")),
        conditions=compiled.conditions._replace(recorded=_recorded(orders), **conditions),
    )
    plan = random_plan(compiled, 0)
    plan = replace(
        plan,
        targets=_filled(targets).astype(float)[:, :, None],
        lane_idx=np.tile(np.arange(3), (2, 1)),
        unit_value=np.zeros((2, 3, 1)),
        prices=replace(plan.prices, outbound=np.zeros((3, 1))),
    )
    return compiled, plan


def simulated(simulator, compiled, plan, policy="priced", protection=None):
    """Units and amounts of an example by the simulator of this name; `policy`: a name, or one outside the engine."""
    if simulator == "reference":
        reference = ReferenceSimulator(compiled, plan, policy, 1, 0, protection)
        reference.run()
        return units_of_reference(compiled, reference) | amounts_of_reference(compiled, reference)
    flat = None if protection is None else protection.reshape(*protection.shape[:2], -1)
    outside = None if policy in POLICIES else policy
    assignment = Assignment("", len(POLICIES) if outside else POLICIES.index(policy), outside)
    state = run_path(Setting(compiled, build_world(compiled, plan, flat), assignment, seed=1), 0).state
    return units_of_engine(compiled, state) | amounts_of_engine(state)


def disruption(first_day, end_day, share, node=-1, lane=-1):
    whole = (np.array([number]) for number in (node, lane, first_day, end_day))
    return Disruptions(*whole, np.array([float(share)]))


def _lanes():
    none = np.zeros(3)
    one = np.ones(3, dtype=np.int64)
    return Lanes(
        source_idx=np.array([3, CENTRE, CENTRE]),
        node_idx=np.array([CENTRE, NORTH, SOUTH]),
        node_ptr=np.arange(4),
        lead_time_kind=DETERMINISTIC * one,
        lead_time_mean_days=np.ones(3),
        lead_time_sd_days=none,
        lead_time_least_days=none,
        lead_time_ptr=np.zeros(4, dtype=np.int64),
        lead_time_values=np.zeros(0),
        review_every_days=one,
        review_offset_days=0 * one,
        cost_per_unit=none,
        cost_per_kg=none,
        cost_per_m3=none,
        minimum_order=one,
        pack=one,
        capacity_units_per_day=np.full((3, 1), np.inf),
        crossover=np.zeros(3, dtype=bool),
        departs=np.ones((3, 7), dtype=bool),
    )


def _recorded(orders):
    lines = [list(lines.items()) for _, _, lines in orders]
    product_idx, units = np.array([line for one in lines for line in one], dtype=np.int64).reshape(-1, 2).T
    return RecordedOrders(
        given=True,
        minute=np.array([minute for minute, _, _ in orders], dtype=float),
        class_idx=np.array([speed for _, speed, _ in orders], dtype=np.int64),
        line_ptr=np.cumsum([0, *map(len, lines)]).astype(np.int64),
        product_idx=product_idx.copy(),
        units=units.copy(),
    )


def _filled(units):
    array = np.zeros((2, 3), dtype=np.int64)
    for place, number in dict(units).items():
        array[place] = number
    return array
