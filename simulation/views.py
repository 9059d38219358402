"""The orders of a batch in the scenario's names, as a policy outside the engine sees them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from math import inf

import numpy as np

from meio.network.compiled import CompiledScenario, Floats
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.open_batch import UNLIMITED, OpenBatch
from meio.simulation.policies import Line, Option, Order
from meio.simulation.splitting import available, packages_of


def orders_of(batch: OpenBatch, compiled: CompiledScenario, seen: int) -> list[Order]:
    """Orders of a batch; `seen` orders of the replication came before it."""
    return [_order(batch, compiled, order, seen + order + 1) for order in range(len(batch.minute))]


def _order(batch: OpenBatch, compiled: CompiledScenario, order: int, number: int) -> Order:
    names, here = compiled.names, slice(batch.line_ptr[order], batch.line_ptr[order + 1])
    zone, speed = divmod(int(batch.class_idx[order]), len(names.speeds))
    minute, day = float(batch.minute[order]), int(batch.day[order])
    products = [names.products[product] for product in batch.product_idx[here]]
    return Order(
        number=number,
        day=day,
        minute=minute - day * MINUTES_PER_DAY,
        placed=(datetime.fromisoformat(compiled.start) + timedelta(minutes=minute)).isoformat(timespec="minutes"),
        zone=names.zones[zone],
        speed=names.speeds[speed],
        lines=tuple(map(Line, products, batch.units[here].tolist())),
        options=_options(batch, compiled, order, products),
    )


def _options(batch: OpenBatch, compiled: CompiledScenario, order: int, products: list[str]) -> tuple[Option, ...]:
    here = slice(batch.line_ptr[order], batch.line_ptr[order + 1])
    free, room = available(batch, order, batch.left)
    weight_kg = dict(zip(products, batch.weight_kg[here].tolist(), strict=True))
    zone, speed = divmod(int(batch.class_idx[order]), len(compiled.names.speeds))
    delay = batch.ship_day[order] - batch.day[order]
    options = []
    for node in np.flatnonzero((free > 0).any(axis=0) & (room > 0)).tolist():
        days = compiled.outbound.transit_days[:, speed, delay[node], node, zone] + delay[node]
        options.append(
            Option(
                node=compiled.names.nodes[node],
                ship_day=int(batch.ship_day[order, node]),
                free=dict(zip(products, free[:, node].tolist(), strict=True)),
                room=inf if room[node] > UNLIMITED // 2 else int(room[node]),
                unit_cost=dict(zip(products, batch.unit_cost[here, node].tolist(), strict=True)),
                outbound_price=float(batch.outbound_price[order, node]),
                unit_value=dict(zip(products, batch.unit_value[here, node].tolist(), strict=True)),
                _package=partial(_package, weight_kg, batch.class_cost[order][:, [node]], days, batch.limit_kg),
            )
        )
    return tuple(options)


def _package(
    weight_kg: Mapping[str, float], class_cost: Floats, days: Floats, limit_kg: Floats, units: Mapping[str, int]
) -> tuple[float, float]:
    """Cost of units travelling together, and days from the order to their delivery."""
    weight = sum(count * weight_kg[product] for product, count in units.items())
    total = np.array([sum(units.values())])
    number, weight_class = packages_of(np.array([weight]), total, class_cost, limit_kg)
    cost = float(number[0] * class_cost[weight_class[0], 0])
    return cost, float(days[weight_class[0]]) if cost < inf else inf
