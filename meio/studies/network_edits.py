"""Nodes and lanes that open, close or change, in what a scenario says in YAML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from meio.network.merge import merge
from meio.network.positions import Located
from meio.network.problems import KeyPath, Problem, one_of, problem_at, shown

_SERVICES = ("outbound", "services")


def changed_nodes(document: Located, given: Located, problems: list[Problem]) -> Located:
    """Open, close and alter nodes as the study says."""
    for name, node in _entries(given, "open"):
        document = _opened(document, str(name), node, problems)
    for _, closed in _entries(given, "close"):
        document = _closed(document, closed, problems)
    return with_altered(document, ("nodes",), given.nearest(("alter",)), problems) if given.child("alter") else document


def with_altered(document: Located, path: KeyPath, given: Located, problems: list[Problem]) -> Located:
    """Merge keys into the entries of a mapping that exist already, such as nodes or speeds."""
    known = document.find(path)
    names = list(known.value) if known and isinstance(known.value, dict) else []
    for name, change in given.children():
        if known is None or name not in names:
            kind = str(path[-1]).removesuffix("s")
            dotted = (*path, str(name))
            problems.append(problem_at(change.key, dotted, shown(name), one_of(names, kind), (str(name), names)))
        else:
            known = replace(known, value={**known.value, name: merge(known.value[name], change)})
    return document if known is None else with_value(document, path, known)


def changed_lanes(document: Located, given: Located, problems: list[Problem]) -> Located:
    """Open, close and alter lanes as the study says."""
    lanes = lanes_of(document)
    lanes += [lane for _, lane in _entries(given, "open")]
    for _, closed in _entries(given, "close"):
        gone = matching(lanes, closed, problems)
        lanes = [lane for lane in lanes if lane not in gone]
    for _, altered in _entries(given, "alter"):
        chosen = matching(lanes, altered, problems)
        lanes = [merge(lane, altered) if lane in chosen else lane for lane in lanes]
    return with_lanes(document, lanes)


def matching(lanes: Iterable[Located], ends: Located, problems: list[Problem]) -> list[Located]:
    """The lanes from one node, and to another when that is given; it is a problem when there are none."""
    lanes = list(lanes)
    source, destination = (_end(ends, key) for key in ("from", "to"))
    found = [
        lane for lane in lanes if _end(lane, "from") == source and destination in (None, _end(lane, "to")) and source
    ]
    if not found:
        names = list(dict.fromkeys(f"{_end(lane, 'from')}→{_end(lane, 'to')}" for lane in lanes))
        told = source if destination is None else f"{source}→{destination}"
        expected = one_of(names, "lane")
        problems.append(problem_at(ends.place, "lanes", f"no lane {told}", expected, (str(told), names)))
    return found


def with_value(document: Located, path: KeyPath, value: Located) -> Located:
    """The document with another value at a path of mappings that exist."""
    if not path:
        return value
    head = str(path[0])
    below = document.child(head) or Located({}, value.place, value.key)
    return replace(document, value={**document.value, head: with_value(below, path[1:], value)})


def with_lanes(document: Located, lanes: list[Located]) -> Located:
    """The document with other lanes."""
    former = document.nearest(("lanes",))
    return with_value(document, ("lanes",), replace(former, value=lanes))


def lanes_of(document: Located) -> list[Located]:
    """The lanes of a document."""
    lanes = document.child("lanes")
    return list(lanes.value) if lanes and isinstance(lanes.value, list) else []


def _entries(given: Located, key: str) -> list[tuple[str | int, Located]]:
    child = given.child(key)
    return list(child.children()) if child else []


def _end(lane: Located, key: str) -> str | None:
    end = lane.child(key)
    return None if end is None else end.value


def _opened(document: Located, name: str, given: Located, problems: list[Problem]) -> Located:
    """A document with a new node, its lanes, and its name among those that offer its services."""
    nodes = document.nearest(("nodes",))
    if document.find(("nodes", name)) is not None:
        found = f"{shown(name)}, which the scenario has already"
        problems.append(problem_at(given.key, ("nodes", "open"), found, "a new name, or alter"))
        return document
    own = {key: child for key, child in given.value.items() if key not in ("lanes", "services")}
    document = with_value(document, ("nodes",), replace(nodes, value={**nodes.value, name: replace(given, value=own)}))
    lanes = [_with_end(lane, name) for _, lane in _entries(given, "lanes")]
    document = with_lanes(document, [*lanes_of(document), *lanes])
    for _, service in _entries(given, "services"):
        document = _offered(document, service, name, problems)
    return document


def _with_end(lane: Located, name: str) -> Located:
    """A lane of a new node: the end that it does not give is the node."""
    absent = "from" if lane.child("to") and not lane.child("from") else "to"
    if lane.child(absent):
        return lane
    return replace(lane, value={**lane.value, absent: Located(name, lane.place, lane.place)})


def _offered(document: Located, service: Located, name: str, problems: list[Problem]) -> Located:
    """A document in which a node offers a carrier service; one without a list of nodes is offered by every node."""
    services = document.find(_SERVICES)
    known = list(services.value) if services and isinstance(services.value, dict) else []
    if service.value not in known:
        found = (str(service.value), known)
        expected = one_of(known, "service")
        problems.append(problem_at(service.place, _SERVICES, shown(service.value), expected, found))
        return document
    path = (*_SERVICES, service.value, "nodes")
    nodes = document.find(path)
    if nodes is None or not isinstance(nodes.value, list):
        return document
    added = replace(nodes, value=[*nodes.value, Located(name, service.place, service.place)])
    return with_value(document, path, added)


def _closed(document: Located, name: Located, problems: list[Problem]) -> Located:
    """A document without a node, its lanes, its disruptions and its name among those that offer services."""
    nodes = document.nearest(("nodes",))
    if not isinstance(nodes.value, dict) or name.value not in nodes.value:
        known = list(nodes.value) if isinstance(nodes.value, dict) else []
        expected = one_of(known, "node")
        problems.append(
            problem_at(name.place, ("nodes", "close"), shown(name.value), expected, (str(name.value), known))
        )
        return document
    kept = {key: node for key, node in nodes.value.items() if key != name.value}
    document = with_value(document, ("nodes",), replace(nodes, value=kept))
    lanes = [lane for lane in lanes_of(document) if name.value not in (_end(lane, "from"), _end(lane, "to"))]
    document = with_lanes(document, lanes)
    for path in _lists_of_nodes(document):
        listed = document.nearest(path)
        if isinstance(listed.value, list):
            items = [item for item in listed.value if not _names(item, name.value)]
            document = with_value(document, path, replace(listed, value=items))
    return document


def _lists_of_nodes(document: Located) -> list[KeyPath]:
    """Where a document lists nodes besides its lanes: services, and disruptions."""
    services = document.find(_SERVICES)
    offered = [(*_SERVICES, str(key), "nodes") for key, _ in services.children()] if services else []
    return [path for path in [*offered, ("simulation", "disruptions")] if document.find(path) is not None]


def _names(item: Located, name: str) -> bool:
    """Whether an item of a list is a node, or a disruption at it."""
    if not isinstance(item.value, dict):
        return bool(item.value == name)
    places = [item.child("node"), item.child("vendor"), item.find(("lane", "from")), item.find(("lane", "to"))]
    return any(place is not None and place.value == name for place in places)
