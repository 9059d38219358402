"""What is left of a scenario from the first day of a period on, as a scenario of its own."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from meio.network.compiled import CompiledScenario, Conditions, Demand, Disruptions, RecordedOrders, Stock
from meio.simulation.build import contiguous


def remaining(compiled: CompiledScenario, period: int, stock: Stock) -> CompiledScenario:
    """The scenario without its first periods, as the planner sees it: without disruptions and recorded orders.

    Parameters
    ----------
    compiled : CompiledScenario
    period : int
        Periods that are over.
    stock : Stock
        What is where on the first day that is left.
    """
    days, nodes, lanes = period * compiled.period_days, compiled.nodes, compiled.lanes
    every = np.maximum(lanes.review_every_days, 1)
    return compiled._replace(
        start=(date.fromisoformat(compiled.start) + timedelta(days)).isoformat(),
        first_weekday=(compiled.first_weekday + days) % 7,
        num_periods=compiled.num_periods - period,
        warm_up_days=0,
        nodes=nodes._replace(
            storage_m3=contiguous(nodes.storage_m3[:, :, period:]),
            inbound_units_per_day=contiguous(nodes.inbound_units_per_day[:, period:]),
            outbound_units_per_day=contiguous(nodes.outbound_units_per_day[:, period:]),
        ),
        lanes=lanes._replace(
            review_offset_days=(lanes.review_offset_days - days) % every,
            capacity_units_per_day=contiguous(lanes.capacity_units_per_day[:, period:]),
        ),
        demand=_demand(compiled.demand, period),
        stock=stock,
        conditions=_undisturbed(compiled.conditions),
    )


def _demand(demand: Demand, period: int) -> Demand:
    num_points = np.diff(demand.table_ptr)
    kept = np.tile(np.arange(demand.daily_mean.shape[1]) >= period, len(demand.daily_mean))
    points = np.repeat(kept, num_points)
    return demand._replace(
        daily_mean=contiguous(demand.daily_mean[:, period:]),
        daily_variance=contiguous(demand.daily_variance[:, period:]),
        table_ptr=np.concatenate([[0], np.cumsum(num_points[kept])]),
        table_value=demand.table_value[points],
        table_probability=demand.table_probability[points],
    )


def _undisturbed(conditions: Conditions) -> Conditions:
    recorded, disruptions = conditions.recorded, conditions.disruptions
    return conditions._replace(
        recorded=RecordedOrders(
            False,
            recorded.minute[:0],
            recorded.class_idx[:0],
            recorded.line_ptr[:1],
            recorded.product_idx[:0],
            recorded.units[:0],
        ),
        disruptions=Disruptions(
            disruptions.node_idx[:0],
            disruptions.lane_idx[:0],
            disruptions.first_day[:0],
            disruptions.end_day[:0],
            disruptions.capacity_share[:0],
        ),
    )
