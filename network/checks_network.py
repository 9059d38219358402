"""Rules of the network's shape: nodes, lanes, capacities, and who feeds whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import networkx as nx

from meio.network.model import Lane, NodeKind
from meio.network.problems import KeyPath, Problem, one_of, problem_at, shown
from meio.network.topology import find_cycle
from meio.network.world import World

_KEYS_OF_A_VENDOR = ("kind", "lat", "lon")


def unknown_lane_ends(world: World) -> Iterator[Problem]:
    """Lanes from or to a node that is not there, or into a vendor."""
    for index, lane in world.lanes.items():
        for key, name, kind in (("from", lane.source, "node"), ("to", lane.destination, "stocking node")):
            names = world.names[kind]
            if name not in names:
                path = ("lanes", index, key)
                found = shown(name) + (", a vendor" if name in world.names["node"] else "")
                yield problem_at(world.place(path), path, found, one_of(names, kind), (name, names))


def lanes_to_themselves(world: World) -> Iterator[Problem]:
    """Lanes from a node to itself."""
    for index, lane in world.lanes.items():
        if lane.source == lane.destination:
            path = ("lanes", index, "to")
            yield problem_at(world.place(path), path, f"{shown(lane.destination)} on both ends", "two different nodes")


def duplicate_lanes(world: World) -> Iterator[Problem]:
    """Lanes given twice; parallel lanes must differ in something."""
    first: list[tuple[int, Lane]] = []
    for index, lane in world.lanes.items():
        twin = next((other for other, known in first if known == lane), None)
        if twin is None:
            first.append((index, lane))
            continue
        path = ("lanes", index)
        found = f"the same lane from {lane.source} to {lane.destination} as lanes.{twin}"
        yield problem_at(world.place(path), path, found, "each lane once")


def cycles(world: World) -> Iterator[Problem]:
    """Lanes that lead back to where they began."""
    graph = world.supply_graph()
    for component in nx.strongly_connected_components(graph):
        if cycle := find_cycle(graph.subgraph(component)):
            cycle = _turned(cycle, list(world.nodes))
            lane = next(i for i, lane in world.lanes.items() if [lane.source, lane.destination] == (cycle * 2)[:2])
            path = ("lanes", lane)
            found = f"the cycle {' → '.join([*cycle, cycle[0]])}"
            yield problem_at(world.place(path), path, found, "lanes that never lead back")


def _turned(cycle: list[str], order: list[str]) -> list[str]:
    """Turn a cycle so that it begins with its first node in the file."""
    start = min(range(len(cycle)), key=lambda place: order.index(cycle[place]))
    return cycle[start:] + cycle[:start]


def nodes_without_vendor(world: World) -> Iterator[Problem]:
    """Stocking nodes that no vendor reaches over lanes."""
    if not (world.all_nodes_fit and world.all_lanes_fit):
        return
    graph = world.supply_graph()
    vendors = [name for name, node in world.nodes.items() if node.kind is NodeKind.VENDOR]
    reached = set(vendors).union(*(nx.descendants(graph, vendor) for vendor in vendors))
    for name in world.nodes:
        if name not in reached:
            path = ("nodes", name)
            yield problem_at(
                world.key_place(path), path, "a node that no vendor reaches", "lanes that lead to it from a vendor"
            )


def vendors_as_stocking_nodes(world: World) -> Iterator[Problem]:
    """Vendors with a key that only means something for stocking nodes."""
    for name, node in world.nodes.items():
        for key in sorted(node.model_fields_set.difference(_KEYS_OF_A_VENDOR)):
            if node.kind is NodeKind.VENDOR:
                path = ("nodes", name, key)
                expected = f"only {', '.join(_KEYS_OF_A_VENDOR)} for a vendor"
                yield problem_at(world.key_place(path), path, "a key of stocking nodes", expected)


def nodes_without_storage(world: World) -> Iterator[Problem]:
    """Stocking nodes with room for nothing."""
    for name, node in world.nodes.items():
        if node.kind is not NodeKind.VENDOR and not node.storage_m3:
            path = ("nodes", name, "storage_m3")
            expected = "m³ or 'unlimited' for at least one storage type"
            yield problem_at(world.key_place(path), path, "nothing", expected)


def nobody_serves_customers(world: World) -> Iterator[Problem]:
    """Networks without a node that customer orders may be assigned to."""
    if world.all_nodes_fit and world.nodes and not any(node.serves_customers for node in world.nodes.values()):
        expected = "at least one fulfilment centre, same-day site or node with ships_to_customers: true"
        yield problem_at(world.key_place(("nodes",)), ("nodes",), "no node that serves customers", expected)


def unknown_storage_types(world: World) -> Iterator[Problem]:
    """Storage of types that the scenario does not name."""
    for name, node in world.nodes.items():
        yield from _unknown_keys(world, ("nodes", name, "storage_m3"), node.storage_m3, "storage type")


def unknown_speeds(world: World) -> Iterator[Problem]:
    """Cut-offs of speeds that the scenario does not name."""
    for name, node in world.nodes.items():
        yield from _unknown_keys(world, ("nodes", name, "cutoff"), node.cutoff, "speed")


def _unknown_keys(world: World, path: KeyPath, keys: dict[str, Any], kind: str) -> Iterator[Problem]:
    names = world.names[kind]
    for key in keys:
        if names and key not in names:
            here = (*path, key)
            found = f"the unknown {kind} {shown(key)}"
            yield problem_at(world.key_place(here), here, found, one_of(names, kind), (key, names))


def lists_of_wrong_length(world: World) -> Iterator[Problem]:
    """Capacities per period with more or fewer numbers than there are periods."""
    if world.horizon is None:
        return
    for path, values in _capacities(world):
        if isinstance(values, list) and len(values) != world.horizon.periods:
            expected = f"one number, or {world.horizon.periods} (one a period)"
            yield problem_at(world.place(path), path, f"{len(values)} numbers", expected)


def _capacities(world: World) -> Iterator[tuple[KeyPath, Any]]:
    for name, node in world.nodes.items():
        for kind, room in node.storage_m3.items():
            yield ("nodes", name, "storage_m3", kind), room
        yield ("nodes", name, "inbound_units_per_day"), node.inbound_units_per_day
        yield ("nodes", name, "outbound_units_per_day"), node.outbound_units_per_day
    for index, lane in world.lanes.items():
        yield ("lanes", index, "capacity_units_per_day"), lane.capacity_units_per_day


def reviews_within_a_day(world: World) -> Iterator[Problem]:
    """Reviews that are not at the same hour every time."""
    for index, lane in world.lanes.items():
        for key, days in (("every", lane.review.every), ("offset", lane.review.offset)):
            if days % 1 != 0:
                path = ("lanes", index, "review", key)
                found = shown(world.document.nearest(path).value)
                expected = "whole days, or 0 for an order at each demand" if key == "every" else "whole days"
                yield problem_at(world.place(path), path, found, expected)


def lanes_that_never_depart(world: World) -> Iterator[Problem]:
    """Lanes that depart only on days on which their source does not ship."""
    for index, lane in world.lanes.items():
        source = world.nodes.get(lane.source)
        if source is not None and set(lane.departs).isdisjoint(source.ship_days):
            path = ("lanes", index, "departs")
            found = f"{', '.join(lane.departs)}, when {lane.source} does not ship"
            yield problem_at(world.place(path), path, found, f"at least one of {', '.join(source.ship_days)}")
