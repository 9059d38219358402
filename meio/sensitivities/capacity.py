"""The same scenario with more or less of one capacity, in all periods."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from meio.network.compiled import CompiledScenario, Floats
from meio.plans import CapacityPrices


class Capacity(NamedTuple):
    """A capacity of a node or lane."""

    resource: str
    """storage, inbound, outbound or lane"""
    at: str
    storage_type: str
    """Empty but for storage."""


def scaled(compiled: CompiledScenario, capacity: Capacity, factor: float) -> CompiledScenario:
    """The scenario with a factor on one capacity."""
    if capacity.resource == "lane":
        lanes = compiled.lanes
        changed = _times(lanes.capacity_units_per_day, _place(compiled, capacity), factor)
        return compiled._replace(lanes=lanes._replace(capacity_units_per_day=changed))
    field = "storage_m3" if capacity.resource == "storage" else f"{capacity.resource}_units_per_day"
    changed = _times(getattr(compiled.nodes, field), _place(compiled, capacity), factor)
    given: dict[str, Any] = {field: changed}
    return compiled._replace(nodes=compiled.nodes._replace(**given))


def scaled_use(values: CapacityPrices, compiled: CompiledScenario, capacity: Capacity, factor: float) -> CapacityPrices:
    """Uses with a factor on those of one capacity."""
    given: dict[str, Any] = {
        capacity.resource: _times(getattr(values, capacity.resource), _place(compiled, capacity), factor)
    }
    return replace(values, **given)


def of_capacity(values: CapacityPrices, compiled: CompiledScenario, capacity: Capacity) -> Floats:
    """Prices, or uses, of one capacity, [period]."""
    part: Floats = getattr(values, capacity.resource)[_place(compiled, capacity)]
    return part


def _place(compiled: CompiledScenario, capacity: Capacity) -> tuple[int, ...]:
    names = compiled.names
    if capacity.resource == "storage":
        return names.nodes.index(capacity.at), names.storage_types.index(capacity.storage_type)
    return ((names.lanes if capacity.resource == "lane" else names.nodes).index(capacity.at),)


def _times(values: Floats, place: tuple[int, ...], factor: float) -> Floats:
    changed = values.copy()
    changed[place] *= factor
    return changed
