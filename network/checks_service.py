"""Rules of time and delivery: the calendar, speeds, services, distance bands and rates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from zoneinfo import available_timezones

from meio.network.cells import cell_problems
from meio.network.model import Scenario
from meio.network.problems import Problem, one_of, problem_at, shown
from meio.network.promise import unreachable
from meio.network.world import World


def unknown_time_zone(world: World) -> Iterator[Problem]:
    """Time zones not in the IANA database."""
    zones = _time_zones()
    if world.horizon and world.horizon.time_zone not in zones:
        path = ("horizon", "time_zone")
        name = world.horizon.time_zone
        expected = "an IANA time zone such as America/New_York"
        yield problem_at(world.place(path), path, shown(name), expected, (name, zones))


@cache
def _time_zones() -> list[str]:
    return sorted(available_timezones())


def no_hour_with_orders(world: World) -> Iterator[Problem]:
    """Hourly profiles that are zero all day."""
    if world.horizon and not any(world.horizon.hourly_profile):
        path = ("horizon", "hourly_profile")
        yield problem_at(world.place(path), path, "24 zeros", "at least one hour with orders")


def storage_types_named_twice(world: World) -> Iterator[Problem]:
    """Storage types listed twice."""
    names = world.names["storage type"]
    for index, name in enumerate(names):
        if name in names[:index]:
            path = ("storage_types", index)
            yield problem_at(world.place(path), path, f"{shown(name)} a second time", "each storage type once")


def services_of_unknown_nodes(world: World) -> Iterator[Problem]:
    """Services offered by nodes that are not there or serve no customers."""
    names = world.names["customer node"]
    services = (world.outbound and world.outbound.services) or {}
    for service, offer in services.items():
        for index, node in enumerate(offer.nodes or []):
            if node not in names:
                path = ("outbound", "services", service, "nodes", index)
                found = shown(node) + (", which serves no customers" if node in world.names["node"] else "")
                yield problem_at(world.place(path), path, found, one_of(names, "node"), (node, names))


def bands_not_ascending(world: World) -> Iterator[Problem]:
    """Distance bands that end before the one within them."""
    bounds = (world.outbound and world.outbound.distance_bands_km) or []
    for index in range(1, len(bounds)):
        if bounds[index] <= bounds[index - 1]:
            path = ("outbound", "distance_bands_km", index)
            expected = f"more than {bounds[index - 1]:g}, the band before"
            yield problem_at(world.place(path), path, f"{bounds[index]:g}", expected)


def services_beyond_the_last_band(world: World) -> Iterator[Problem]:
    """Services with transit days for bands that do not exist."""
    if world.outbound is None or world.outbound.distance_bands_km is None:
        return
    most = len(world.outbound.distance_bands_km) + 1
    for name, service in (world.outbound.services or {}).items():
        if len(service.transit_days) > most:
            path = ("outbound", "services", name, "transit_days")
            found = f"{len(service.transit_days)} bands"
            yield problem_at(world.place(path), path, found, f"at most {most}, one more than distance_bands_km")


def bands_without_rate(world: World) -> Iterator[Problem]:
    """Bands that a service reaches but the rate card does not price, or the other way round."""
    outbound, rates = world.outbound, world.tables.get("rates")
    if outbound is None or outbound.distance_bands_km is None or outbound.services is None or rates is None:
        return
    if rates.frame.empty or rates.frame[["service", "band"]].isna().any(axis=None):
        return
    num_bands = len(outbound.distance_bands_km) + 1
    reach = {name: min(len(service.transit_days), num_bands) for name, service in outbound.services.items()}
    beyond = rates.frame["band"] > rates.frame["service"].map(reach)
    yield from cell_problems(rates, "band", beyond, "a band for which the service has transit_days")
    priced = set(zip(rates.frame["service"], rates.frame["band"], strict=True))
    for name, last in reach.items():
        absent = [str(band) for band in range(1, last + 1) if (name, band) not in priced]
        if absent:
            path = ("outbound", "services", name, "transit_days")
            found = f"no rate for band {', '.join(absent)}"
            yield problem_at(world.place(path), path, found, "a row in the table rates for every band")


def zones_out_of_reach(world: World) -> Iterator[Problem]:
    """Zones that want a speed at which no node can serve them, even before its cut-off."""
    if world.file is None or "products" not in world.tables:
        return
    frames = {name: table.frame.reset_index(drop=True) for name, table in world.tables.items()}
    pairs = unreachable(Scenario(world.file, frames, "", {}))
    zones = world.tables["zones"]
    for speed in world.file.speeds:
        wrong = zones.frame["zone"].isin([zone for zone, wanted in pairs if wanted == speed])
        promise = world.document.nearest(("speeds", speed, "promise")).value
        expected = (
            f"a node that serves it within the promise of {promise if isinstance(promise, str) else f'{promise:g} d'}"
        )
        yield from cell_problems(zones, "zone", wrong, expected, f"{{}} out of reach at speed {shown(speed)}")
