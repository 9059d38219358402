"""Where things are: sites, zones, and the distances between them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from meio.network.geography import great_circle_km

HERE = Path(__file__).parent
COURIER_KM = 80  # reach of a same-day site


def read_sites() -> pd.DataFrame:
    """Sites by name: kind, place, lat, lon, and the storage types they hold (`stores`)."""
    return pd.read_csv(HERE / "sites.csv", index_col="site", keep_default_na=False)


def read_zones() -> pd.DataFrame:
    """Demand zones by name: lat, lon, population."""
    return pd.read_csv(HERE / "zones.csv", index_col="zone")


def of_kind(sites: pd.DataFrame, *kinds: str) -> pd.DataFrame:
    """Sites of these kinds, in the order written."""
    return sites[sites["kind"].isin(kinds)]


def storing(sites: pd.DataFrame, storage_type: str) -> pd.DataFrame:
    """Sites that hold a storage type."""
    return sites[[storage_type in types.split() for types in sites["stores"]]]


def distances(origins: pd.DataFrame, destinations: pd.DataFrame) -> pd.DataFrame:
    """Great-circle distances in km, a row an origin and a column a destination."""
    lat, lon = origins["lat"].to_numpy()[:, None], origins["lon"].to_numpy()[:, None]
    km = great_circle_km(lat, lon, destinations["lat"].to_numpy(), destinations["lon"].to_numpy())
    return pd.DataFrame(km, origins.index, destinations.index)


def nearest(origins: pd.DataFrame, destinations: pd.DataFrame) -> pd.Series:
    """Name of the destination nearest to each origin."""
    return distances(origins, destinations).idxmin(axis=1)


def same_day_site(sites: pd.DataFrame, zones: pd.DataFrame) -> pd.Series:
    """Return the same-day site of each zone that a courier reaches."""
    km = distances(zones, of_kind(sites, "same_day_site"))
    return km[km.min(axis=1) <= COURIER_KM].idxmin(axis=1)
