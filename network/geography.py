"""Distances on the globe."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from meio.network.compiled import Floats

EARTH_RADIUS_KM = 6371.0088  # mean radius of the WGS 84 ellipsoid


def great_circle_km(lat: ArrayLike, lon: ArrayLike, other_lat: ArrayLike, other_lon: ArrayLike) -> Floats:
    """Great-circle distance in km by the haversine formula; the arguments broadcast.

    Parameters
    ----------
    lat, lon, other_lat, other_lon : array_like
        Degrees north and east of the two points.
    """
    phi, other_phi, lambda_, other_lambda = (np.radians(np.asarray(one)) for one in (lat, other_lat, lon, other_lon))
    half_dphi, half_dlambda = (other_phi - phi) / 2, (other_lambda - lambda_) / 2
    haversine = np.sin(half_dphi) ** 2 + np.cos(phi) * np.cos(other_phi) * np.sin(half_dlambda) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(haversine, 1.0))), dtype=np.float64)
