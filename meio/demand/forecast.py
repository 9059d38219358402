"""A probabilistic forecast: a mean and a covariance over cells (products × zones × speeds × periods, or any)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from meio.demand.roots import DenseRoot, FactorRoot, Root
from meio.network.compiled import Floats

_NEGATIVE = 1e-8  # an eigenvalue of the correlation this far below zero is no rounding


@dataclass(frozen=True, eq=False)
class Forecast:
    """A Gaussian forecast of many cells.

    Attributes
    ----------
    mean : array [cell]
        In units of demand, as everything here.
    root : Root
        L with covariance L Lᵀ.
    """

    mean: Floats
    root: Root

    @classmethod
    def from_covariance(cls, mean: ArrayLike, covariance: ArrayLike) -> Forecast:
        """Return the forecast with a covariance [cell, cell] of any rank.

        Directions whose variance is below 1e-14 × cells of the largest (after scaling every cell to variance 1)
        are taken as certain: a matrix of floats says no more about them.

        Raises
        ------
        ValueError
            If shapes differ, values are not finite, or the matrix is not symmetric or has a negative variance.
        """
        mean = finite(mean, "mean", 1)
        covariance = finite(covariance, "covariance", 2)
        if covariance.shape != (mean.size, mean.size):
            raise ValueError(f"covariance: found shape {covariance.shape}, expected {(mean.size, mean.size)}")
        sd = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        unit = np.divide(1.0, sd, out=np.zeros_like(sd), where=sd > 0)
        correlation = covariance * unit[:, None] * unit
        largest = np.abs(covariance).max(initial=0.0)
        if (np.diag(covariance) < 0).any() or np.abs(covariance[sd == 0]).max(initial=0.0) > 1e-12 * largest:
            raise ValueError("covariance: a cell of variance 0 or less has a negative variance or varies with others")
        if not np.allclose(correlation, correlation.T, atol=1e-9):
            raise ValueError("covariance: not symmetric; expected covariance[i, j] == covariance[j, i]")
        value, vector = np.linalg.eigh((correlation + correlation.T) / 2)
        if value.size and value[0] < -_NEGATIVE * mean.size:
            raise ValueError(
                f"covariance: some combination of cells has negative variance (eigenvalue {value[0]:.3g} of the "
                "correlation); estimate it on complete data, or shrink it towards its diagonal"
            )
        keep = value > 1e-14 * mean.size * value.max(initial=0.0)
        return cls(mean, DenseRoot.of(sd[:, None] * vector[:, keep] * np.sqrt(value[keep])))

    @classmethod
    def from_factors(cls, mean: ArrayLike, factor: ArrayLike, own_sd: ArrayLike) -> Forecast:
        """Return the forecast with covariance factor factorᵀ + diag(own_sd²), never formed.

        Parameters
        ----------
        mean : array [cell]
        factor : array [cell, factor]
            What each shared factor, of variance 1, adds to each cell.
        own_sd : array [cell]
            Standard deviation of what is a cell's own.
        """
        mean, own_sd, factor = finite(mean, "mean", 1), finite(own_sd, "own_sd", 1), finite(factor, "factor", 2)
        if own_sd.shape != mean.shape or factor.shape[0] != mean.size:
            raise ValueError(
                f"found own_sd of {own_sd.size} cells and factor of {factor.shape[0]}, expected {mean.size}"
            )
        if (own_sd < 0).any():
            raise ValueError(f"own_sd: found {own_sd.min()}, expected 0 or more")
        return cls(mean, FactorRoot(factor, own_sd))

    @classmethod
    def from_samples(cls, samples: ArrayLike) -> Forecast:
        """Return the forecast with mean and covariance of an ensemble [sample, cell] of at least two."""
        samples = finite(samples, "samples", 2)
        if samples.shape[0] < 2:
            raise ValueError(f"samples: found {samples.shape[0]}, expected at least 2")
        mean = samples.mean(axis=0)
        return cls(mean, DenseRoot.of((samples - mean).T / np.sqrt(samples.shape[0] - 1)))

    @property
    def sd(self) -> Floats:
        """Standard deviation of each cell, array [cell]."""
        return np.sqrt(self.root.variance())

    def covariance(self) -> Floats:
        """Array [cell, cell]."""
        full = self.root.spread(np.eye(self.root.num_sources))
        return full @ full.T

    def sample(self, num_samples: int, random: np.random.Generator) -> Floats:
        """Array [sample, cell]; every sample keeps the laws imposed without noise."""
        return self.mean + self.root.spread(random.standard_normal((self.root.num_sources, num_samples))).T

    def quantiles(self, probabilities: ArrayLike) -> Floats:
        """Quantiles of each cell by itself, array [probability, cell]."""
        return self.mean + np.multiply.outer(ndtri(np.asarray(probabilities, float)), self.sd)


def finite(values: ArrayLike, name: str, num_axes: int) -> Floats:
    """Return an array of floats, or raise ValueError that names it."""
    array = np.array(values, dtype=float)
    if array.ndim != num_axes:
        raise ValueError(f"{name}: found {array.ndim} axes, expected {num_axes}")
    bad = np.argwhere(~np.isfinite(array))
    if bad.size:
        place = ", ".join(map(str, bad[0]))
        raise ValueError(f"{name}[{place}]: found {array[tuple(bad[0])]}, expected a finite number")
    return array
