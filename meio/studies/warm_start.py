"""Where the search for a plan starts that differs from a plan at hand in some nodes, lanes or products."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import CompiledScenario, Floats
from meio.optimizer.prices import capacities, fields, no_prices
from meio.plans import CapacityPrices, Plan, Refinement


class Start(NamedTuple):
    """What the search for a plan begins with."""

    prices: CapacityPrices | None
    """For the closed forms; none: zero."""
    refinement: Refinement | None
    """For sampled paths; none: no shift."""


def carried_over(plan: Plan, former: CompiledScenario, compiled: CompiledScenario) -> Start:
    """Prices and shifts by the names of products, nodes, storage types and lanes; zero for what is new.

    Parameters
    ----------
    plan : Plan
        Of `former`.
    former, compiled : CompiledScenario
        The scenario it was made for, and the one whose search starts from it. When their periods differ it starts from
        nothing.
    """
    if (former.num_periods, former.period_days) != (compiled.num_periods, compiled.period_days):
        return Start(None, None)
    prices, refinement = _prices(plan.prices, former, compiled), plan.refinement
    if refinement is None:
        return Start(prices, None)
    shift = np.zeros((len(compiled.names.products), len(compiled.names.nodes), compiled.num_periods))
    products = _places(former.names.products, compiled.names.products)
    nodes = _places(former.names.nodes, compiled.names.nodes)
    shift[np.ix_(products[1], nodes[1])] = refinement.shift[np.ix_(products[0], nodes[0])]
    return Start(prices, refinement._replace(prices=_prices(refinement.prices, former, compiled), shift=shift))


def _prices(prices: CapacityPrices, former: CompiledScenario, compiled: CompiledScenario) -> CapacityPrices:
    nodes = _places(former.names.nodes, compiled.names.nodes)
    lanes = _places(former.names.lanes, compiled.names.lanes)
    kinds = _places(former.names.storage_types, compiled.names.storage_types)
    carried = no_prices(capacities(compiled).limit)
    storage, *flows = fields(carried)
    storage[np.ix_(nodes[1], kinds[1])] = prices.storage[np.ix_(nodes[0], kinds[0])]
    for part, given, (old, new) in zip(flows, fields(prices)[1:], (nodes, nodes, lanes), strict=True):
        _copy(part, given, old, new)
    return carried


def _copy(part: Floats, given: Floats, old: list[int], new: list[int]) -> None:
    part[new] = given[old]


def _places(former: tuple[str, ...], names: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Indices of the names that both have, in the one and in the other."""
    index = {name: place for place, name in enumerate(former)}
    both = [(index[name], place) for place, name in enumerate(names) if name in index]
    return [old for old, _ in both], [new for _, new in both]
