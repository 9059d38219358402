"""The network as YAML lines: sites with their capacities, lanes with their lead times and costs."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
from assortment import WEEKS
from places import distances, of_kind


class Room(NamedTuple):
    """Storage: days of the ordinary weeks' demand that falls to a site, and units of each product besides."""

    days: float
    units: float


# Capacity levels. Storage as `Room` says; flows as multiples of the ordinary weeks' demand that falls to a site.
STORAGE = {
    "distribution_centre": {"sortable": Room(50, 0), "non_sortable": Room(30, 0)},
    "fulfilment_centre": {"sortable": Room(2.9, 2.5), "non_sortable": Room(2.4, 2.0)},
    "same_day_site": {"sortable": Room(13, 0.8)},
}
LARGER = {  # sites with more room than their kind: those that buffer long imports, or take them in directly
    ("dc_east", "sortable"): 2.3,
    ("dc_west", "sortable"): 2.0,
    ("dc_east", "non_sortable"): 1.1,
    ("fc_dallas", "non_sortable"): 4.7,
    ("fc_lehigh", "non_sortable"): 1.95,
    ("fc_murfreesboro", "non_sortable"): 2.1,
    ("fc_tracy", "non_sortable"): 1.3,
}
INBOUND_MARGIN = {"distribution_centre": 2.2, "fulfilment_centre": 1.2, "same_day_site": 2.5}
OUTBOUND_MARGIN = {"distribution_centre": 4.0, "fulfilment_centre": 3.0, "same_day_site": 4.0}
VAN_MARGIN = 4.0  # lanes into same-day sites
PEAK_INBOUND = [1, 1, 1, 1, 1, 1, 1.1, 1.25, 1.4, 1.45, 1.45, 1.3, 1.1]  # temporary labour, by week
DISTRIBUTION_HOLDING = "holding: {of_unit_cost_per_year: 0.25, per_m3_day: 0.25}"
SAME_DAY_HOLDING = "holding: {of_unit_cost_per_year: 0.25, per_m3_day: 1.50}"

TRUCK_KM_PER_DAY = 800.0
TRUCK_COST_PER_M3_KM = 0.03


class Vendor(NamedTuple):
    """Lead time to the port, plant or warehouse gate, and how much it varies."""

    days: float
    cv: float


VENDORS = {
    "import_long_beach": Vendor(40, 0.40),
    "import_savannah": Vendor(41, 0.45),
    "import_newark": Vendor(38, 0.40),
    "wholesale_chicago": Vendor(13, 0.30),
    "border_laredo": Vendor(20, 0.35),
    "maker_high_point": Vendor(26, 0.55),
}
DIRECT = {  # vendors that also deliver bulky goods straight to fulfilment centres
    "maker_high_point": ["fc_lehigh", "fc_murfreesboro"],
    "border_laredo": ["fc_dallas", "fc_murfreesboro"],
    "import_long_beach": ["fc_tracy"],
}


def vendor_lead_days(sites: pd.DataFrame) -> pd.DataFrame:
    """Mean lead time in days from each vendor (rows) to every stocking site (columns): to the gate, then by truck."""
    km = distances(sites.loc[list(VENDORS)], sites[sites["kind"] != "vendor"])
    gate = pd.Series({name: vendor.days for name, vendor in VENDORS.items()})
    return (km / TRUCK_KM_PER_DAY).add(gate, axis=0).clip(14, 45).round(1)


def node_lines(
    sites: pd.DataFrame, units_per_day: pd.DataFrame, m3_per_day: pd.DataFrame, m3_of_each: pd.Series
) -> str:
    """Return the `nodes` block, an entry a site.

    Parameters
    ----------
    sites : DataFrame
        As `read_sites` gives them.
    units_per_day, m3_per_day : DataFrame [site, storage type]
        Flow through each stocking site in an ordinary week.
    m3_of_each : Series [storage type]
        Volume of one unit of every product.
    """
    lines = []
    for name, site in sites.iterrows():
        text = f"kind: {site['kind']}, lat: {site['lat']}, lon: {site['lon']}"
        if site["kind"] != "vendor":
            text += ",\n" + _capacities(
                name, site["kind"], units_per_day.loc[name].sum(), m3_per_day.loc[name], m3_of_each
            )
        lines.append(f"  {name}: {{{text}}}  # {site['place']}")
    return "\n".join(lines)


def _capacities(site: str, kind: str, units_per_day: float, m3_per_day: pd.Series, m3_of_each: pd.Series) -> str:
    held = m3_per_day[m3_per_day > 0]
    room = {name: STORAGE[kind][name] for name in held.index}
    ordinary = {name: room[name].days * held[name] + room[name].units * m3_of_each[name] for name in room}
    m3 = {name: LARGER.get((site, name), 1.0) * size for name, size in ordinary.items()}
    storage = ", ".join(f"{name}: {_rounded(size)}" for name, size in m3.items())
    inbound = _rounded(INBOUND_MARGIN[kind] * units_per_day)
    if kind == "fulfilment_centre":
        weeks = [_rounded(INBOUND_MARGIN[kind] * units_per_day * PEAK_INBOUND[week]) for week in range(WEEKS)]
        inbound = "[" + ", ".join(weeks) + "]"
    parts = [
        f"storage_m3: {{{storage}}}",
        f"inbound_units_per_day: {inbound}",
        f"outbound_units_per_day: {_rounded(OUTBOUND_MARGIN[kind] * units_per_day)}",
    ]
    if list(held.index) == ["non_sortable"]:
        parts.append("ship_days: [mon, tue, wed, thu, fri, sat]")
    if kind != "fulfilment_centre":
        parts.append(DISTRIBUTION_HOLDING if kind == "distribution_centre" else SAME_DAY_HOLDING)
    return ",\n".join(f"    {part}" for part in parts)


def lane_lines(sites: pd.DataFrame, units_per_day: pd.DataFrame) -> str:
    """Return the `lanes` block, a line a lane."""
    centres = of_kind(sites, "distribution_centre")
    lines = ["  # vendors to distribution centres, ordered once a week"]
    days, km = vendor_lead_days(sites), distances(sites, sites)
    for rank, (vendor, (_, cv)) in enumerate(VENDORS.items()):
        for place, centre in enumerate(centres.index):
            lead = f"{{distribution: gamma, mean: {days.loc[vendor, centre]} d, cv: {cv}}}"
            review = f"{{every: 1 w, offset: {(rank + 2 * place) % 7} d}}"
            lines.append(_lane(vendor, centre, lead, _cost(km.loc[vendor, centre], 0.20), review))
    lines.append("  # bulky goods, from vendors straight to fulfilment centres")
    for vendor, destinations in DIRECT.items():
        for centre in destinations:
            lead = f"{{distribution: gamma, mean: {days.loc[vendor, centre]} d, cv: {VENDORS[vendor].cv}}}"
            review = "{every: 1 w, offset: 3 d}"
            lines.append(_lane(vendor, centre, lead, _cost(km.loc[vendor, centre], 1.50), review, ", minimum_order: 6"))
    lines.append("  # distribution centres to fulfilment centres, the nearest daily and the next every other day")
    for site in of_kind(sites, "fulfilment_centre").index:
        for rank, centre in enumerate(km.loc[site, centres.index].nsmallest(2).index):
            lines.append(_transfer(centre, site, km.loc[centre, site], rank + 1))
    lines.append("  # distribution centres to same-day sites, by van or night truck")
    for site in of_kind(sites, "same_day_site").index:
        for centre in km.loc[site, centres.index].nsmallest(2).index:
            limit = f", capacity_units_per_day: {_rounded(VAN_MARGIN * units_per_day.loc[site].sum())}"
            lines.append(_transfer(centre, site, min(km.loc[centre, site], 1600.0), 1, limit))
    return "\n".join(lines)


def _transfer(source: str, destination: str, km: float, every: int, more: str = "") -> str:
    days = min(max(round(2 * (0.6 + km / TRUCK_KM_PER_DAY)) / 2, 1.0), 4.0)
    lead = f"{{distribution: gamma, mean: {days:g} d, cv: 0.2}}"
    return _lane(source, destination, lead, _cost(km, 0.12), f"{{every: {every} d}}", more)


def _lane(source: str, destination: str, lead: str, cost: str, review: str, more: str = "") -> str:
    return f"  - {{from: {source}, to: {destination}, lead_time: {lead}, cost: {cost}, review: {review}{more}}}"


def _cost(km: float, handling: float) -> str:
    return f"{{per_unit: {handling:.2f}, per_m3: {3 + TRUCK_COST_PER_M3_KM * km:.1f}}}"


def _rounded(amount: float) -> str:
    """Three significant digits, as a planner would write it."""
    return f"{float(f'{amount:.3g}'):g}"
