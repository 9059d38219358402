"""Where things are: metropolitan areas of the United States, and distances between them."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pandas as pd

from meio.network.geography import great_circle_km


def read_places() -> pd.DataFrame:
    """Metropolitan areas by name, the largest first: lat, lon, population (public, rounded census figures)."""
    with files("meio.generator").joinpath("places.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, index_col="place")


def distances(origins: pd.DataFrame, destinations: pd.DataFrame) -> pd.DataFrame:
    """Great-circle distances in km, a row an origin and a column a destination."""
    lat, lon = origins["lat"].to_numpy()[:, None], origins["lon"].to_numpy()[:, None]
    km = great_circle_km(lat, lon, destinations["lat"].to_numpy(), destinations["lon"].to_numpy())
    return pd.DataFrame(km, origins.index, destinations.index)


def well_placed(count: int, zones: pd.DataFrame, places: pd.DataFrame) -> list[str]:
    """Choose places one by one, each that which brings the customers nearest (greedy medians).

    Parameters
    ----------
    count : int
        How many; at most as many as there are places.
    zones : DataFrame [zone]
        Customers: lat, lon, population.
    places : DataFrame [place]
        Where a site may stand: lat, lon.
    """
    km = distances(zones, places).to_numpy()
    population = zones["population"].to_numpy()
    reach = np.full(len(zones), np.inf)
    chosen: list[int] = []
    for _ in range(count):
        total = population @ np.minimum(km, reach[:, None])
        total[chosen] = np.inf
        chosen.append(int(total.argmin()))
        reach = np.minimum(reach, km[:, chosen[-1]])
    return [str(places.index[place]) for place in chosen]
