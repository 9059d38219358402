"""Prices of one scenario where another, with some nodes and lanes more or less, starts looking for its own."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import CompiledScenario, Floats
from meio.optimizer.prices import capacities, fields, no_prices
from meio.plans import CapacityPrices


def carried_over(prices: CapacityPrices, former: CompiledScenario, compiled: CompiledScenario) -> CapacityPrices | None:
    """Prices by the names of nodes, storage types and lanes; zero for what is new, none when periods differ.

    Parameters
    ----------
    prices : CapacityPrices
        Of `former`.
    former, compiled : CompiledScenario
        The scenario they were found for, and the one that starts from them.
    """
    if (former.num_periods, former.period_days) != (compiled.num_periods, compiled.period_days):
        return None
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
