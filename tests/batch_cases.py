"""Batches of orders on random networks, as the engine puts them before a policy outside it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from random_networks import Size, random_network, random_plan

from meio.network.compiled import CompiledScenario
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.build import build_world
from meio.simulation.empty_state import new_state
from meio.simulation.open_batch import OpenBatch, open_batch
from meio.simulation.state import State
from meio.simulation.world import World


class Case(NamedTuple):
    compiled: CompiledScenario
    world: World
    state: State

    @property
    def batch(self) -> OpenBatch:
        return open_batch(self.world, self.state)


def random_case(seed: int, num_orders: int, most_lines: int, most_units: int, size: Size, most_stock: int = 4) -> Case:
    """Orders of one hour on a day of the second period, with little stock and some capacity used."""
    rng = np.random.default_rng(seed)
    compiled = random_network(seed, size)
    world = build_world(compiled, random_plan(compiled, seed))
    state = new_state(world, 500)
    state.stock.on_hand[:] = rng.integers(0, most_stock + 1, len(state.stock.on_hand))
    state.stock.owed[:] = rng.integers(0, 2, len(state.stock.owed))
    state.used.outbound[:] = rng.integers(0, 2, state.used.outbound.shape)
    begin = size.period_days * MINUTES_PER_DAY + 60 * rng.integers(8, 20)
    lines = rng.integers(1, min(most_lines, size.products) + 1, num_orders)
    batch = state.batch._replace(
        minute=np.sort(begin + rng.uniform(0, 60, num_orders)),
        class_idx=rng.integers(0, size.zones * size.speeds, num_orders),
        line_ptr=np.concatenate([[0], np.cumsum(lines)]),
        product_idx=np.concatenate([rng.choice(size.products, number, replace=False) for number in lines]),
        units=rng.integers(1, most_units + 1, lines.sum()),
        counters=np.array([num_orders, 0]),
    )
    return Case(compiled, world, state._replace(batch=batch))
