"""What can flow on each day of a replication: the scenario's capacities, departure days and disruptions."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.simulation.world import Capacity

DAYS_PER_WEEK = 7


def num_days(compiled: CompiledScenario) -> int:
    """Days of the horizon."""
    return compiled.num_periods * compiled.period_days


def daily_capacity(compiled: CompiledScenario) -> Capacity:
    """Units per day, from the first warm-up day to the last possible ship date."""
    days = np.arange(-compiled.warm_up_days, num_days(compiled) + compiled.outbound.cost.shape[2])
    period = np.clip(days // compiled.period_days, 0, compiled.num_periods - 1)
    nodes, lanes, disruptions = compiled.nodes, compiled.lanes, compiled.conditions.disruptions
    node_share = _shares(compiled, days, disruptions.node_idx, len(compiled.names.nodes))
    lane_share = _shares(compiled, days, disruptions.lane_idx, len(compiled.names.lanes))
    lane_share = np.where(lanes.departs[:, (compiled.first_weekday + days) % DAYS_PER_WEEK].T, lane_share, 0.0)
    return Capacity(
        inbound=_reduced(nodes.inbound_units_per_day[:, period].T, node_share),
        outbound=_reduced(nodes.outbound_units_per_day[:, period].T, node_share),
        lane=_reduced(lanes.capacity_units_per_day[:, period].T, lane_share),
    )


def _shares(compiled: CompiledScenario, days: Ints, place_idx: Ints, num_places: int) -> Floats:
    """Share of the capacity that is left, [day, place]."""
    share, disruptions = np.ones((len(days), num_places)), compiled.conditions.disruptions
    for place, first, end, left in zip(place_idx, *disruptions[2:], strict=True):
        if place >= 0:
            share[(days >= first) & (days < end), place] *= left
    return share


def _reduced(capacity: Floats, share: Floats) -> Floats:
    """A share of a capacity; none of an unlimited one is none."""
    return np.multiply(capacity, share, out=np.zeros(capacity.shape), where=share > 0)
