"""The stocking sites of a network of any size, and what falls to each."""

from __future__ import annotations

import pandas as pd

from meio.generator.groups import GROUPS
from meio.generator.places import distances, well_placed

CENTRE_SHARE, SAME_DAY_SHARE = 0.15, 0.20  # of the sites; the others are fulfilment centres
BULKY_SHARE = 0.25  # of the fulfilment centres: those for what the sorting line cannot take
FEWEST_SITES = 3  # one of each kind
COURIER_KM = 80  # reach of a same-day site
NEAR_KM = 50  # within a metropolitan area


def lay_out(num_sites: int, zones: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Lay out the sites: by name kind, place, lat, lon, and whether each storage type is held.

    Same-day sites stand in the largest zones, the others where they bring the customers nearest. The first fulfilment
    centre holds both storage types, the others one.
    """
    num_centres = max(1, round(CENTRE_SHARE * num_sites))
    num_same_day = min(max(1, round(SAME_DAY_SHARE * num_sites)), len(zones))
    num_fulfilment = num_sites - num_centres - num_same_day
    num_bulky = round(BULKY_SHARE * (num_fulfilment - 1))
    fulfilment = well_placed(num_fulfilment - num_bulky, zones, places)
    bulky = well_placed(1 + num_bulky, zones, places)[1:]
    rows = [
        *(("dc", "distribution_centre", place, True, True) for place in well_placed(num_centres, zones, places)),
        *(("fc", "fulfilment_centre", place, True, place == fulfilment[0]) for place in fulfilment),
        *(("bulky", "fulfilment_centre", place, False, True) for place in bulky),
        *(("sd", "same_day_site", place, True, False) for place in zones.index[:num_same_day]),
    ]
    names = [f"{row[0]}_{_slug(row[2])}" for row in rows]
    sites = pd.DataFrame([row[1:] for row in rows], names, columns=["kind", "place", "sortable", "non_sortable"])
    return sites.join(places[["lat", "lon"]], on="place")


def of_kind(sites: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Sites of a kind, in the order written."""
    return sites[sites["kind"] == kind]


def same_day_site(sites: pd.DataFrame, zones: pd.DataFrame) -> pd.Series:
    """Return the same-day site of each zone that a courier reaches."""
    km = distances(zones, of_kind(sites, "same_day_site"))
    return km[km.min(axis=1) <= COURIER_KM].idxmin(axis=1)


def share_by_site(zone_mix: pd.DataFrame, sites: pd.DataFrame, zones: pd.DataFrame) -> pd.DataFrame:
    """Share of each group's demand [group, site] that is expected to fall to a site.

    Same-day orders fall to the zone's same-day site, all others to the fulfilment centres that hold the group, a near
    one more than a far one (inverse square of the distance); a distribution centre has what falls to the sites it is
    nearest to.
    """
    by_courier = same_day_site(sites, zones)
    served = sites[sites["kind"] != "distribution_centre"]
    shares = pd.DataFrame(0.0, list(GROUPS), served.index)
    for name, group in GROUPS.items():
        centres = of_kind(sites, "fulfilment_centre")
        pull = (NEAR_KM + distances(zones, centres[centres[group.storage_type]])) ** -2.0
        wanted = zone_mix.loc[name]
        same_day = wanted[by_courier.index] * group.same_day
        other = wanted.sub(same_day, fill_value=0)
        shares.loc[name, pull.columns] = other @ pull.div(pull.sum(axis=1), axis=0)
        by_site = same_day.groupby(by_courier).sum()
        shares.loc[name, by_site.index] = by_site
    feeding = distances(served, of_kind(sites, "distribution_centre")).idxmin(axis=1)
    fed = shares.T.groupby(feeding).sum().T
    return pd.concat([fed, shares], axis=1).reindex(columns=sites.index, fill_value=0.0)


def _slug(place: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in place.lower()).replace("__", "_")
