"""Rules of the simulation's conditions: baskets, and disruptions of something that is there."""

from __future__ import annotations

from collections.abc import Iterator

from meio.network.model import Disruption, PerPeriod, Simulation
from meio.network.problems import KeyPath, Problem, one_of, problem_at, shown
from meio.network.world import World


def baskets_of_no_order(world: World) -> Iterator[Problem]:
    """Baskets that are never drawn."""
    if world.simulation and not any(world.simulation.baskets):
        path = ("simulation", "baskets")
        yield problem_at(world.place(path), path, "only zeros", "at least one number above 0")


def baskets_beside_recorded_orders(world: World) -> Iterator[Problem]:
    """Baskets for random orders where there are none."""
    drawn_singly = Simulation.model_fields["baskets"].default
    if world.simulation and world.simulation.orders is not None and world.simulation.baskets != drawn_singly:
        path = ("simulation", "baskets")
        found, expected = "baskets beside orders", "one of the two: recorded orders have their own lines"
        yield problem_at(world.key_place(path), path, found, expected)


def disruptions_of_nothing(world: World) -> Iterator[Problem]:
    """Disruptions of nodes, vendors or lanes that are not there."""
    for index, one in world.disruptions.items():
        path = ("simulation", "disruptions", index)
        if one.node is not None:
            yield from _unknown(world, (*path, "node"), one.node, "stocking node")
        if one.vendor is not None:
            yield from _unknown(world, (*path, "vendor"), one.vendor, "vendor")
        if one.lane is not None:
            source, destination = one.lane.source, one.lane.destination
            unknown = [
                *_unknown(world, (*path, "lane", "from"), source, "node"),
                *_unknown(world, (*path, "lane", "to"), destination, "stocking node"),
            ]
            yield from unknown or _unjoined(world, (*path, "lane"), source, destination)


def _unknown(world: World, path: KeyPath, name: str, kind: str) -> Iterator[Problem]:
    names = world.names[kind]
    if name not in names:
        found = shown(name)
        if name in world.names["node"]:
            found += ", a vendor" if name in world.names["vendor"] else ", which is no vendor"
        yield problem_at(world.place(path), path, found, one_of(names, kind), (name, names))


def _unjoined(world: World, path: KeyPath, source: str, destination: str) -> Iterator[Problem]:
    """Report two ends that no lane joins."""
    joined = list(dict.fromkeys(f"{lane.source}→{lane.destination}" for lane in world.lanes.values()))
    name = f"{source}→{destination}"
    if world.all_lanes_fit and name not in joined:
        yield problem_at(
            world.place(path), path, f"{name}, which no lane joins", one_of(joined, "lane"), (name, joined)
        )


def disruptions_on_other_days(world: World) -> Iterator[Problem]:
    """Disruptions that end before they begin, or lie wholly outside the days simulated."""
    for index, one in world.disruptions.items():
        path = ("simulation", "disruptions", index)
        if one.ends < one.begins:
            expected = f"{one.begins}, on which it begins, or a later day"
            yield problem_at(world.place((*path, "ends")), (*path, "ends"), str(one.ends), expected)
        elif world.horizon is not None:
            first, end = world.horizon.simulated_days
            start = world.horizon.start
            if (one.ends - start).days < first or (one.begins - start).days >= end:
                found = f"{one.begins} to {one.ends}"
                expected = f"some day {world.horizon.simulated_dates}"
                yield problem_at(world.place((*path, "begins")), (*path, "begins"), found, expected)


def shares_of_unlimited_capacity(world: World) -> Iterator[Problem]:
    """Disruptions that do nothing, since they leave a share of capacities that are all unlimited."""
    for index, one in world.disruptions.items():
        capacities = _capacities(world, one)
        if one.capacity > 0 and capacities and not any(given is not None for given in capacities):
            path = ("simulation", "disruptions", index, "capacity")
            key = "inbound_units_per_day or outbound_units_per_day" if one.node else "capacity_units_per_day"
            where = f"nodes.{one.node}" if one.node else f"its lane{'s' if one.vendor else ''}"
            found = f"a share of {one.capacity:g} of what has no limit, which changes nothing"
            yield problem_at(world.place(path), path, found, f"0 (nothing moves), or {key} at {where}")


def _capacities(world: World, one: Disruption) -> list[PerPeriod | None]:
    """Capacities that a disruption takes away from; none where its place could not be read."""
    if one.node is not None:
        node = world.nodes.get(one.node) if one.node in world.names["stocking node"] else None
        return [node.inbound_units_per_day, node.outbound_units_per_day] if node else []
    if not world.all_lanes_fit:
        return []
    source, destination = (one.lane.source, one.lane.destination) if one.lane else (one.vendor, None)
    lanes = [lane for lane in world.lanes.values() if lane.source == source]
    return [lane.capacity_units_per_day for lane in lanes if destination in (None, lane.destination)]
