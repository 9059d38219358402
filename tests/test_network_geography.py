"""Great-circle distances against published ones and against the chord through the globe."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meio.network.geography import EARTH_RADIUS_KM, great_circle_km

latitudes, longitudes = st.floats(-90, 90), st.floats(-180, 180)
JFK, LAX, LHR, SYD = (40.6398, -73.7789), (33.9425, -118.4081), (51.4706, -0.4619), (-33.9461, 151.1772)


@pytest.mark.parametrize(("one", "other", "km"), [(JFK, LAX, 3983), (JFK, LHR, 5555), (LHR, SYD, 17020)])
def test_distances_between_airports(one: tuple[float, float], other: tuple[float, float], km: float) -> None:
    assert great_circle_km(*one, *other) == pytest.approx(km, rel=0.005)  # published along the ellipsoid


@given(latitudes, longitudes, latitudes, longitudes)
def test_agrees_with_the_angle_between_vectors(lat: float, lon: float, other_lat: float, other_lon: float) -> None:
    one, other = _unit_vector(lat, lon), _unit_vector(other_lat, other_lon)
    angle = np.arctan2(np.linalg.norm(np.cross(one, other)), one @ other)
    assert great_circle_km(lat, lon, other_lat, other_lon) == pytest.approx(EARTH_RADIUS_KM * angle, abs=1e-3)


def test_arguments_broadcast() -> None:
    north_south = great_circle_km([[0.0], [10.0], [90.0]], 0.0, [0.0, 20.0], 0.0)
    degree = EARTH_RADIUS_KM * np.pi / 180
    np.testing.assert_allclose(north_south, degree * np.array([[0, 20], [10, 10], [90, 70]]))


def _unit_vector(lat: float, lon: float) -> np.ndarray:
    phi, lambda_ = np.radians([lat, lon])
    return np.array([np.cos(phi) * np.cos(lambda_), np.cos(phi) * np.sin(lambda_), np.sin(phi)])
