"""The network as YAML lines: sites with their capacities, lanes with their lead times and costs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from meio.generator.assortment import peak_shape
from meio.generator.flows import Flows
from meio.generator.groups import VENDORS, groups_of
from meio.generator.places import distances
from meio.generator.sites import of_kind

TRUCK_KM_PER_DAY = 800.0
TRUCK_COST_PER_M3_KM = 0.03
PEAK_HIRES = 0.45  # inbound hands at the height of the peak, over those of an ordinary week, less 1


class Room(NamedTuple):
    """Storage: days of the demand that falls to a site, and standard deviations of a day's demand of each product."""

    days: float
    deviations: float


class Size(NamedTuple):
    """How a kind of site is sized, by what is expected to fall to it in ordinary weeks.

    Attributes
    ----------
    room : dict of str to Room
        By storage type.
    inbound, outbound : float
        Units a day over the demand.
    holding : str
        Its holding cost; empty: that of the scenario.
    """

    room: dict[str, Room]
    inbound: float
    outbound: float
    holding: str = ""


# By the stock that plans without limits keep, which is nearly proportional to the deviations whatever the size of the
# network: more than in ordinary weeks, less than in the peak.
SIZES = {
    "distribution_centre": Size(
        {"sortable": Room(45, 13), "non_sortable": Room(30, 2)},
        3.0,
        3.0,
        "{of_unit_cost_per_year: 0.25, per_m3_day: 0.25}",
    ),
    "fulfilment_centre": Size({"sortable": Room(2, 8.5), "non_sortable": Room(2, 6.5)}, 1.5, 1.75),
    "same_day_site": Size({"sortable": Room(2, 8)}, 2.6, 2.8, "{of_unit_cost_per_year: 0.25, per_m3_day: 1.50}"),
}
UNEVENNESS = (0.85, 1.35)  # a site is so many times as large as that, evenly spread


def node_lines(sites: pd.DataFrame, shares: pd.DataFrame, flows: Flows, num_weeks: int, slack: pd.Series) -> str:
    """Return the `nodes` block, an entry a site.

    Parameters
    ----------
    sites : DataFrame [site]
        As `lay_out` gives them.
    shares : DataFrame [group, site]
        Share of a group's demand that falls to a site.
    flows : Flows
        Of the catalogue.
    num_weeks : int
        Periods of the horizon.
    slack : Series [site]
        Factor of all capacities of a site.
    """
    lines = [
        f"  {name}: {{kind: vendor, lat: {vendor.lat}, lon: {vendor.lon}}} # {vendor.place}"
        for name, vendor in VENDORS.items()
    ]
    sums = flows.frame()
    for name, site in zip(sites.index, sites.to_dict("records"), strict=True):
        parts = [f"kind: {site['kind']}, lat: {site['lat']}, lon: {site['lon']}"]
        parts += _capacities(site["kind"], shares[name], sums, num_weeks, slack[name])
        lines.append(f"  {name}: # {site['place']}\n    {{" + ",\n    ".join(parts) + "}")
    return "\n".join(lines)


def _capacities(kind: str, share: pd.Series, sums: pd.DataFrame, num_weeks: int, slack: float) -> list[str]:
    """Return the entries of a site's capacities."""
    size = SIZES[kind]
    units = slack * (share * sums["units"]).sum()
    inbound = rounded(size.inbound * units)
    if kind == "fulfilment_centre":
        hires = [1 + PEAK_HIRES * week for week in peak_shape(num_weeks)]
        inbound = "[" + ", ".join(rounded(size.inbound * units * hired) for hired in hires) + "]"
    rooms = [
        f"{name}: {rounded(slack * _storage(room, share[groups], sums.loc[groups]))}"
        for name, room in size.room.items()
        if share[groups := groups_of(name)].any()
    ]
    parts = [
        "storage_m3: {" + ", ".join(rooms) + "}",
        f"inbound_units_per_day: {inbound}",
        f"outbound_units_per_day: {rounded(size.outbound * units)}",
    ]
    return parts + ([f"holding: {size.holding}"] if size.holding else [])


def _storage(room: Room, share: pd.Series, sums: pd.DataFrame) -> float:
    """Storage in m³ for some groups, from their shares and sums."""
    spread = (np.sqrt(share) * sums["spread_m3"]).sum()
    return float(room.days * (share * sums["m3"]).sum() + room.deviations * spread)


def lane_lines(sites: pd.DataFrame) -> str:
    """Return the `lanes` block, a line a lane."""
    centres = of_kind(sites, "distribution_centre")
    gates = pd.DataFrame(VENDORS.values(), list(VENDORS))
    km = distances(pd.concat([gates[["lat", "lon"]], sites[["lat", "lon"]]]), centres)
    lines = ["  # vendors to distribution centres, ordered once a week"]
    for rank, (name, vendor) in enumerate(VENDORS.items()):
        for place, centre in enumerate(centres.index):
            days = min(max(vendor.days + km.loc[name, centre] / TRUCK_KM_PER_DAY, 14.0), 45.0)
            lead = f"{{distribution: gamma, mean: {days:.1f} d, cv: {vendor.cv}}}"
            review = f"{{every: 1 w, offset: {(rank + 2 * place) % 7} d}}"
            lines.append(_lane(name, centre, lead, km.loc[name, centre], 0.20, review))
    lines.append("  # distribution centres to the other sites, the nearest daily and the next every other day")
    for site in sites.index.difference(centres.index, sort=False):
        for rank, centre in enumerate(km.loc[site].nsmallest(2).index):
            away = km.loc[site, centre]
            days = min(max(round(2 * (0.6 + away / TRUCK_KM_PER_DAY)) / 2, 1.0), 4.0)
            lead = f"{{distribution: gamma, mean: {days:g} d, cv: 0.2}}"
            lines.append(_lane(centre, site, lead, away, 0.12, f"{{every: {rank + 1} d}}"))
    return "\n".join(lines)


def _lane(source: str, destination: str, lead: str, km: float, handling: float, review: str) -> str:
    cost = f"{{per_unit: {handling:.2f}, per_m3: {3 + TRUCK_COST_PER_M3_KM * km:.1f}}}"
    return f"  - {{from: {source}, to: {destination}, lead_time: {lead}, cost: {cost}, review: {review}}}"


def rounded(amount: float) -> str:
    """Three significant digits, as a planner would write it."""
    return f"{float(f'{amount:.3g}'):g}"
