"""What only the simulator reads, as arrays: recorded orders, baskets, disruptions."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from meio.network.columns import floats, integers, positions
from meio.network.compiled import Conditions, Disruptions, Ints, Lanes, Names, RecordedOrders
from meio.network.model import Disruption, Scenario


def compile_conditions(scenario: Scenario, names: Names, lanes: Lanes) -> Conditions:
    """Conditions of a scenario's simulation."""
    simulation, start = scenario.file.simulation, scenario.file.horizon.start
    baskets = floats(simulation.baskets)
    return Conditions(
        shortage_in_proportion=simulation.shortage == "in_proportion",
        batch_minutes=simulation.batch_minutes,
        basket_share=baskets / baskets.sum(),
        recorded=_recorded(scenario, names),
        disruptions=_disruptions(simulation.disruptions, start, names, lanes),
    )


def _recorded(scenario: Scenario, names: Names) -> RecordedOrders:
    """Orders by their minutes, of the same minute as the table has them; the lines of one product are added up."""
    table = scenario.tables.get("orders")
    if table is None:
        nothing, none = floats([]), integers([])
        return RecordedOrders(False, nothing, none, np.zeros(1, dtype=np.int64), none, none)
    lines = table.groupby(["order", "product"], sort=False, as_index=False).agg(
        {"placed": "first", "zone": "first", "speed": "first", "units": "sum"}
    )
    order_idx, _ = pd.factorize(lines["order"])
    first = np.unique(order_idx, return_index=True)[1]
    elapsed = lines["placed"].to_numpy() - np.datetime64(scenario.file.horizon.start)
    minute = floats(elapsed / np.timedelta64(1, "m"))[first]
    by_time = np.argsort(minute, kind="stable")
    place = np.argsort(by_time)[order_idx]
    by_order = np.argsort(place, kind="stable")
    zone, speed = positions(names.zones, lines["zone"]), positions(names.speeds, lines["speed"])
    return RecordedOrders(
        given=True,
        minute=minute[by_time],
        class_idx=(zone * len(names.speeds) + speed)[first][by_time],
        line_ptr=np.searchsorted(place[by_order], np.arange(len(first) + 1)),
        product_idx=positions(names.products, lines["product"])[by_order],
        units=integers(lines["units"])[by_order],
    )


def _disruptions(given: list[Disruption], start: date, names: Names, lanes: Lanes) -> Disruptions:
    rows = []
    for one in given:
        days = ((one.begins - start).days, (one.ends - start).days + 1, one.capacity)
        if one.node is not None:
            rows.append((names.nodes.index(one.node), -1, *days))
        else:
            rows += [(-1, lane, *days) for lane in _lanes_of(one, names, lanes)]
    node_idx, lane_idx, first_day, end_day, share = zip(*rows, strict=True) if rows else [()] * 5
    return Disruptions(integers(node_idx), integers(lane_idx), integers(first_day), integers(end_day), floats(share))


def _lanes_of(disruption: Disruption, names: Names, lanes: Lanes) -> Ints:
    """Lanes that a disruption of a lane or vendor concerns."""
    sources = (*names.nodes, *names.vendors)
    if disruption.lane is None:
        return np.flatnonzero(lanes.source_idx == sources.index(str(disruption.vendor)))
    from_source = lanes.source_idx == sources.index(disruption.lane.source)
    return np.flatnonzero(from_source & (lanes.node_idx == names.nodes.index(disruption.lane.destination)))
