"""Capacities and lead times that change by a factor or an amount, in what a scenario says in YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from meio.network.positions import Located
from meio.network.problems import KeyPath, Problem, one_of, problem_at, shown
from meio.network.units import parse_days
from meio.studies.model import CapacityChange, LeadTimeChange
from meio.studies.network_edits import lanes_of, matching, with_lanes, with_value

_FLOWS = ("inbound", "outbound")
_LANE_CAPACITY = "capacity_units_per_day"


def scaled_capacities(document: Located, given: Located, problems: list[Problem]) -> Located:
    """Capacities times the factors that the study gives."""
    for _, item in given.children():
        change = CapacityChange.model_validate(item.plain())
        scale = _scale(document, change, item, problems)
        if change.lane is not None:
            document = _scaled_lanes(document, item, scale, problems)
        else:
            document = _scaled_node(document, change, item, scale, problems)
    return document


def _scale(
    document: Located, change: CapacityChange, item: Located, problems: list[Problem]
) -> Callable[[Located], Located]:
    """What a factor makes of a capacity; periods beyond the horizon are a problem."""
    periods = document.find(("horizon", "periods"))
    count = periods.value if periods and isinstance(periods.value, int) else 0
    if change.periods is not None and max(change.periods) > count:
        place = item.nearest(("periods",)).place
        problems.append(problem_at(place, "capacities.periods", str(max(change.periods)), f"at most {count} periods"))
        return lambda capacity: capacity
    chosen = np.zeros(count, dtype=bool)
    chosen[np.array(change.periods, dtype=np.int64) - 1 if change.periods else slice(None)] = True

    def scale(capacity: Located) -> Located:
        plain = capacity.plain()
        if not _is_limit(plain, count):
            return capacity  # the scenario's own checks say what is wrong with it
        if change.periods is None and not isinstance(plain, list):
            return replace(capacity, value=plain * change.factor)
        scaled = (np.broadcast_to(plain, count) * np.where(chosen, change.factor, 1.0)).tolist()
        return replace(capacity, value=[Located(one, capacity.place, capacity.place) for one in scaled])

    return scale


def _is_limit(plain: Any, count: int) -> bool:
    """Whether a value is a capacity that can be scaled: a number, or one for each period."""
    listed = plain if isinstance(plain, list) else [plain] * count
    return len(listed) == count and all(isinstance(one, int | float) and not isinstance(one, bool) for one in listed)


def _scaled_node(
    document: Located,
    change: CapacityChange,
    item: Located,
    scale: Callable[[Located], Located],
    problems: list[Problem],
) -> Located:
    nodes = document.nearest(("nodes",))
    names = list(nodes.value) if isinstance(nodes.value, dict) else []
    if change.node not in names:
        place, meant = item.nearest(("node",)).place, (str(change.node), names)
        problems.append(problem_at(place, "capacities.node", shown(change.node), one_of(names, "node"), meant))
        return document
    limits = [(path, limit) for path in _paths(document, change) if (limit := document.find(path)) is not None]
    limits = [(path, limit) for path, limit in limits if limit.value not in (None, "unlimited")]
    if not limits:
        what = change.storage_type or change.resource or "capacity"
        found = f"{change.node}, whose {what} has no limit"
        problems.append(problem_at(item.place, "capacities", found, "a capacity with a limit"))
    for path, limit in limits:
        document = with_value(document, path, scale(limit))
    return document


def _paths(document: Located, change: CapacityChange) -> Iterator[KeyPath]:
    """Where the capacities of a node stand that a change is about."""
    node: KeyPath = ("nodes", str(change.node))
    if change.resource in (None, "storage"):
        rooms = document.find((*node, "storage_m3"))
        for kind, _ in rooms.children() if rooms else ():
            if change.storage_type in (None, kind):
                yield (*node, "storage_m3", kind)
    if change.storage_type is None:
        yield from ((*node, f"{flow}_units_per_day") for flow in _FLOWS if change.resource in (None, flow))


def _scaled_lanes(
    document: Located, item: Located, scale: Callable[[Located], Located], problems: list[Problem]
) -> Located:
    lanes = lanes_of(document)
    chosen = matching(lanes, item.nearest(("lane",)), problems)
    limited = [lane for lane in chosen if (limit := lane.child(_LANE_CAPACITY)) and limit.value is not None]
    if chosen and not limited:
        found = "a lane without a limit"
        problems.append(problem_at(item.place, "capacities", found, f"a lane with {_LANE_CAPACITY}"))
    scaled = [
        with_value(lane, (_LANE_CAPACITY,), scale(lane.nearest((_LANE_CAPACITY,)))) if lane in limited else lane
        for lane in lanes
    ]
    return with_lanes(document, scaled)


def changed_lead_times(document: Located, given: Located, problems: list[Problem]) -> Located:
    """Lead times longer by an amount, their spread as before, or times a factor."""
    for _, item in given.children():
        change = LeadTimeChange.model_validate(item.plain())
        lanes = lanes_of(document)
        chosen = matching(lanes, item, problems)
        document = with_lanes(document, [_slower(lane, change) if lane in chosen else lane for lane in lanes])
    return document


def _slower(lane: Located, change: LeadTimeChange) -> Located:
    """A lane whose lead time changes; one that cannot be read is left to the scenario's own checks."""
    lead_time = lane.nearest(("lead_time",))
    plain = lead_time.plain()
    try:
        values = [_after(parse_days(value), change) for value in plain.get("values") or ()]
        mean = parse_days(plain["mean"]) if plain.get("mean") is not None else None
    except (AttributeError, ValueError):
        return lane
    changed: dict[str, Any] = {"values": values} if values else {}
    if mean is not None:
        changed["mean"] = _after(mean, change)
        if change.plus is not None and isinstance(plain.get("cv"), int | float) and changed["mean"] > 0:
            changed["cv"] = plain["cv"] * mean / changed["mean"]
    place = lead_time.place
    children = {key: Located(value, place, place) for key, value in changed.items() if key != "values"}
    if values:
        children["values"] = Located([Located(value, place, place) for value in values], place, place)
    return with_value(lane, ("lead_time",), replace(lead_time, value={**lead_time.value, **children}))


def _after(days: float, change: LeadTimeChange) -> float:
    return days + change.plus if change.plus is not None else days * (change.factor or 0.0)
