"""How a case is scored: each law's miss, and errors beside doing nothing and an equal-variance projection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from meio.demand import Forecast, Law, reconcile
from meio.demand.laws import law_arrays


class Ways(NamedTuple):
    """The same forecast, mean [cell], as it is, moved by the same variance everywhere, and by its own."""

    nothing: np.ndarray
    equal: np.ndarray
    own: np.ndarray

    def errors(self, truth: np.ndarray) -> np.ndarray:
        """Root mean square error of each way, array [way]."""
        return np.array([np.sqrt(np.mean((way - truth) ** 2)) for way in self])


def three_ways(forecast: Forecast, laws: Sequence[Law]) -> tuple[Ways, float]:
    """Reconcile in both ways; also return by how much the mean and ten samples of the second miss the laws at most.

    The equal-variance projection is the least squares one: the nearest point, all cells alike.
    """
    num_cells = forecast.mean.size
    alike = Forecast.from_factors(forecast.mean, np.zeros((num_cells, 0)), np.ones(num_cells))
    own = reconcile(forecast, laws)
    outcomes = np.vstack([own.mean, own.sample(10, np.random.default_rng(0))])
    return Ways(forecast.mean, reconcile(alike, laws).mean, own.mean), largest_miss(outcomes, laws)


def largest_miss(demand: np.ndarray, laws: Sequence[Law]) -> float:
    """By how much demand [cell] or [sample, cell] misses the laws at most, as a share of what they add up."""
    arrays = law_arrays(laws, demand.shape[-1])
    return max(float((np.abs(arrays.excess(row)) / arrays.scale(row)).max()) for row in np.atleast_2d(demand))


def ratios(errors: np.ndarray) -> dict[str, float]:
    """Mean errors [case, way] as ratios: own over nothing and over equal; and how often own is nearer."""
    nothing, equal, own = errors.mean(axis=0)
    return {
        "error": round(float(own), 5),
        "error_of_nothing": round(float(nothing), 5),
        "error_of_equal_variance": round(float(equal), 5),
        "ratio_to_nothing": round(float(own / nothing), 4),
        "ratio_to_equal_variance": round(float(own / equal), 4),
        "share_nearer_than_nothing": round(float((errors[:, 2] < errors[:, 0]).mean()), 3),
        "share_nearer_than_equal_variance": round(float((errors[:, 2] < errors[:, 1]).mean()), 3),
    }
