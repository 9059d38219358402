"""Demand is not negative: the nearest forecast that is not, with every law still exact.

Reconciled demand is m + L z with laws inside L, so whatever z is, they hold. The most probable demand without
negative cells is the one with the shortest z: a least distance problem, solved by non-negative least squares
(Lawson and Hanson 1974, chapter 23) over the few cells that would be negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import nnls

from meio.demand.forecast import Forecast
from meio.demand.laws import LawError
from meio.demand.roots import Root
from meio.network.compiled import Floats, Ints

_NEGATIVE = 1e-11  # shares of the largest cell below which a negative number is rounding
_CENTRINGS = 4  # moves of samples; each leaves about half of what their average was off
_REPAIRS = 5  # moves, each on what the one before left by rounding


@dataclass(frozen=True, eq=False)
class NonnegativeForecast:
    """A Gaussian forecast, each of whose outcomes is moved to the nearest demand that is not negative.

    Distance is measured by the forecast's own covariance, so the laws it was reconciled with stay exact. This is
    not the Gaussian given that demand is not negative, which keeps no mass at zero: here a slow mover's zero has a
    probability, as in life.

    Attributes
    ----------
    gaussian : Forecast
        Before cells were kept from falling below zero.
    mean : array [cell]
        Its mean, moved in the same way: the most probable demand that keeps the laws and is not negative; near to the
        average of samples.
    """

    gaussian: Forecast
    mean: Floats

    @property
    def sd(self) -> Floats:
        """Standard deviation of each cell before the move, array [cell]; see `covariance`."""
        return self.gaussian.sd

    def covariance(self) -> Floats:
        """Covariance before the move, array [cell, cell]: it keeps the laws, and is an approximation from above.

        Moving to a convex set brings no two outcomes further apart, measured by this covariance; so the moved
        outcomes spread no more in total. A single cell near zero spreads less than this says.
        """
        return self.gaussian.covariance()

    def sample(self, num_samples: int, random: np.random.Generator) -> Floats:
        """Array [sample, cell]; every sample keeps the exact laws and is not negative."""
        return self.nearest(self.gaussian.sample(num_samples, random))

    def nearest(self, samples: Floats) -> Floats:
        """Samples [sample, cell] that keep the laws, each moved to one near by that also is not negative.

        Moves all go up in cells near zero, and take with them what shares a law with these cells. So the samples are
        set down together by what their average has risen, along the laws, and moved again.
        """
        root = self.gaussian.root
        wanted = _nearest(samples.mean(axis=0), root)
        moved = samples
        for _ in range(_CENTRINGS):
            samples = samples + wanted - moved.mean(axis=0)
            moved = samples.copy()
            for row in np.flatnonzero(samples.min(axis=1, initial=0.0) < 0):
                moved[row] = _nearest(samples[row], root)
        return moved

    def quantiles(self, probabilities: ArrayLike, num_samples: int, random: np.random.Generator) -> Floats:
        """Quantiles of each cell by itself over samples, array [probability, cell]."""
        samples = self.sample(num_samples, random)
        return np.asarray(np.quantile(samples, np.asarray(probabilities, float), axis=0), dtype=float)


def keep_nonnegative(forecast: Forecast) -> NonnegativeForecast:
    """Return the forecast moved to demand that is not negative; impose laws before, with `reconcile`.

    Raises
    ------
    LawError
        If no demand that keeps the laws is without negative cells.
    """
    return NonnegativeForecast(forecast, _nearest(forecast.mean, forecast.root))


def _nearest(demand: Floats, root: Root) -> Floats:
    """Nearest non-negative point of demand + L z, array [cell]; a short move mends the rounding of a long one."""
    negligible = _NEGATIVE * np.abs(demand).max(initial=0.0)
    moved = demand
    for _ in range(_REPAIRS):
        if moved.min(initial=0.0) >= -negligible:
            return np.maximum(moved, 0.0)
        moved = _without_negative(moved, root, negligible)
    if moved.min() < -negligible:
        raise LawError("the laws leave next to no demand without negative cells; drop one or give it noise_sd")
    return np.maximum(moved, 0.0)


def _without_negative(demand: Floats, root: Root, negligible: float) -> Floats:
    """Demand + L z of the shortest z that leaves no cell negative; cells are held as they turn out so."""
    held_idx, moved = np.flatnonzero(demand < -negligible), demand
    num_held = 0
    while num_held < held_idx.size:
        num_held = held_idx.size
        moved = _least_move(demand, root, held_idx)
        held_idx = np.union1d(held_idx, np.flatnonzero(moved < -negligible))
    return moved


def _least_move(demand: Floats, root: Root, held_idx: Ints) -> Floats:
    """Demand + L z of the shortest z that leaves none of the held cells below zero."""
    rows = root.rows(held_idx)
    length = np.linalg.norm(rows, axis=1)
    if (stuck := held_idx[(length == 0) & (demand[held_idx] < 0)]).size:
        raise LawError(f"the laws leave only {demand[stuck[0]]:.6g} for cell {stuck[0]}, expected 0 or more")
    unit = rows / np.where(length > 0, length, 1.0)[:, None]
    short = -demand[held_idx] / np.where(length > 0, length, 1.0)
    size = np.abs(short).max()
    share, _ = nnls(np.vstack([unit.T, short / size]), np.append(np.zeros(unit.shape[1]), 1.0))
    left = 1.0 - share @ short / size
    if left < 1e-9:
        cells = ", ".join(map(str, held_idx[share > 1e-9 * share.max()][:8]))
        raise LawError(f"no demand without negative cells keeps the laws: they leave too little for cells {cells}")
    at_zero = share > 0
    sources = np.linalg.lstsq(unit[at_zero], short[at_zero], rcond=1e-12)[0]
    moved: Floats = demand + root.spread(np.asarray(sources, dtype=float))
    moved[held_idx[at_zero]] = 0.0
    return moved
