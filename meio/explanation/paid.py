"""What a unit pays on its way to a node, and what it pays for being there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from meio.explanation.subject import Subject
from meio.optimizer.prices import met_by_a_unit, no_prices
from meio.plans import CapacityPrices


def paid_on_the_way(subject: Subject, period: int) -> dict[str, float]:
    """Parts of what replacing a unit taken in a period costs, money per unit; outbound is paid to ship it."""
    from meio.optimizer.product_kernels import cost_on_the_way, price_on_the_way

    model, lane, node = subject.model, subject.lane, subject.node
    paid = {"purchase and transport": cost_on_the_way(model.lane_source_idx, model.lane_cost[0], lane, node)}
    for name, prices in _parts(subject):
        met = met_by_a_unit(prices, subject.shared).lane
        paid[name] = price_on_the_way(
            model.lane_source_idx, model.lead_days, model.period_days, met, lane, node, period
        )
    if subject.serves_customers:
        paid["outbound price here"] = float(subject.plan.prices.outbound[node, period])
    return paid


def _parts(subject: Subject) -> Iterator[tuple[str, CapacityPrices]]:
    """The plan's prices at one place and of one kind each, of those that a unit meets before it arrives."""
    full, nothing, names = subject.plan.prices, no_prices(subject.plan.prices), subject.compiled.names.nodes
    for place in subject.path:
        here = (np.arange(len(full.inbound)) == place)[:, None]
        into = (np.arange(len(full.lane)) == subject.lane[place])[:, None]
        where = "here" if place == subject.node else f"at {names[place]}"
        yield f"inbound price {where}", replace(nothing, inbound=np.where(here, full.inbound, 0.0))
        yield f"lane price to {where.removeprefix('at ')}", replace(nothing, lane=np.where(into, full.lane, 0.0))
        if place != subject.node:
            yield f"outbound price {where}", replace(nothing, outbound=np.where(here, full.outbound, 0.0))


def overage(subject: Subject, period: int) -> dict[str, float]:
    """Parts of what one more unit of level costs, money per day.

    A unit at a node that another one supplies no longer lies there. A price on the way in that falls by the next period
    makes having the unit now dearer than having it then.
    """
    from meio.optimizer.product_kernels import price_fall

    model, node, source = subject.model, subject.node, subject.source
    storage = model.volume_m3[0] * subject.plan.prices.storage[:, model.storage_type_idx[0], period]
    met = met_by_a_unit(subject.plan.prices, subject.shared).lane[subject.lane[node]]
    parts = {
        "holding": float(model.holding_per_day[0, node]),
        "storage price": float(storage[node]),
        "price fall": price_fall(met, period) / model.period_days,
    }
    if subject.serves_customers and source < len(subject.lane):
        parts["holding upstream"] = -float(model.holding_per_day[0, source])
        parts["storage price upstream"] = -float(storage[source])
    return parts
