"""The customer orders that our engine draws, for twins that are to serve the same customers."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.plans import Plan


class DayOrders(NamedTuple):
    """Orders of one unit each, by time, [order]."""

    minute: Floats
    """Of the day."""
    product_idx: Ints
    class_idx: Ints
    """zone * number of speeds + speed"""
    delay_days: Ints
    """Days until nodes ship it: all that serve customers are taken to have the same cut-offs and shipping days."""


def orders_by_day(compiled: CompiledScenario, plan: Plan, seed: int) -> list[DayOrders]:
    """All orders of replication 0; no warm-up."""
    from meio.simulation.build import build_world
    from meio.simulation.demand_kernels import draw_day_orders
    from meio.simulation.drawn import room_to_draw
    from meio.simulation.engine_kernels import CUSTOMER_DEMAND
    from meio.simulation.streams_kernels import derived_key

    def below(key: np.uint64, word: int) -> np.uint64:
        return np.uint64(derived_key(key, word))

    world, nodes = build_world(compiled, plan), compiled.nodes
    replication_key = below(below(np.uint64(0), seed), 0)
    streams = zip(world.guides.stream_product_idx, world.guides.stream_number, strict=True)
    keys = [
        below(below(below(replication_key, world.keys.product[product]), CUSTOMER_DEMAND), number)
        for product, number in streams
    ]
    stream_key, scratch = np.array(keys, dtype=np.uint64), np.zeros(2, dtype=np.uint64)
    site, found = int(nodes.serves_customers.argmax()), []
    for day in range(compiled.num_periods * compiled.period_days):
        new_arrays = room_to_draw(0, 0)
        drawn = draw_day_orders(world.demand, world.guides, world.clock, stream_key, scratch, new_arrays, day)
        cutoff = nodes.cutoff_minute[site, drawn.class_idx % len(compiled.names.speeds)]
        late, weekday = (drawn.minute >= cutoff).astype(np.int64), (compiled.first_weekday + day) % 7
        delay_days = nodes.ship_delay_days[site, weekday, late]
        found.append(DayOrders(drawn.minute, drawn.product_idx, drawn.class_idx, delay_days))
    return found


def seconds_to_draw(compiled: CompiledScenario, seed: int) -> float:
    """CPU seconds in which NumPy draws as many days of such orders: in bulk, a day at a time.

    Raises
    ------
    ValueError
        When products differ in their mix of zones and speeds, which this does not cover.
    """
    demand, random = compiled.demand, np.random.default_rng(seed)
    if not (demand.mix_share.reshape(-1, demand.mix_ptr[1]) == demand.mix_share[: demand.mix_ptr[1]]).all():
        raise ValueError("all products are expected to have the same mix of zones and speeds")
    classes, class_end = demand.mix_class_idx, np.cumsum(demand.mix_share[: demand.mix_ptr[1] - 1])
    hour_end, hour = np.concatenate([[0.0], np.cumsum(demand.hourly_share)]), 60.0 * np.arange(25)
    began = time.process_time()
    for day in range(compiled.num_periods * compiled.period_days):
        units = random.poisson(demand.daily_mean[:, day // compiled.period_days])
        num_orders = units.sum()
        np.interp(np.sort(random.random(num_orders)), hour_end, hour)
        random.permutation(np.repeat(np.arange(len(units)), units))
        classes[np.searchsorted(class_end, random.random(num_orders))]
    return time.process_time() - began
