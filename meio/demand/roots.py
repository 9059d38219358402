"""Square roots L of covariances L Lᵀ: dense, low-rank plus diagonal, and conditioned on laws.

A forecast is its mean plus L times independent standard normal sources. Working with L instead of L Lᵀ keeps every
covariance positive semi-definite by construction, and laws exact to rounding and not to its square root.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse

from meio.network.compiled import Floats, Ints

_GONE = 1e-12  # a standard deviation that fell to this share of the forecast's is rounding
_GONE_VARIANCE = 1e-13  # the same for a variance that is a difference
_MANY_CELLS = 1_000  # from here on a root is not stored as a matrix when it can be kept as factors


class Root(Protocol):
    """A matrix L [cell, source] that may not be stored as one."""

    @property
    def num_sources(self) -> int:
        """Number of columns."""

    def spread(self, sources: Floats) -> Floats:
        """L @ sources, array [cell, …] of an array [source, …]."""

    def weigh(self, weights: sparse.csr_array) -> Floats:
        """Weights @ L, array [law, source] of weights [law, cell]."""

    def rows(self, cells_idx: Ints) -> Floats:
        """L[cells_idx], array [cell, source] of some cells."""

    @property
    def scale(self) -> Floats:
        """Standard deviation of each cell before any law, array [cell]: what rounding is measured by."""

    def variance(self) -> Floats:
        """Variance of each cell, array [cell]."""

    def conditioned(self, basis: Floats) -> Root:
        """Root of what is left when the sources are known along an orthonormal basis [source + noise, direction].

        The last rows of the basis, beyond this root's sources, are noises of the laws that were imposed.
        """


@dataclass(frozen=True, eq=False)
class DenseRoot:
    """L as an array [cell, source]."""

    matrix: Floats
    scale: Floats

    @classmethod
    def of(cls, matrix: Floats) -> DenseRoot:
        """Root of a forecast that knows no laws yet."""
        return cls(matrix, np.linalg.norm(matrix, axis=1))

    @property
    def num_sources(self) -> int:
        """Number of columns."""
        return int(self.matrix.shape[1])

    def spread(self, sources: Floats) -> Floats:
        """L @ sources."""
        return self.matrix @ sources

    def weigh(self, weights: sparse.csr_array) -> Floats:
        """Weights @ L."""
        rows: Floats = weights @ self.matrix
        return rows

    def rows(self, cells_idx: Ints) -> Floats:
        """L[cells_idx]."""
        return self.matrix[cells_idx]

    def variance(self) -> Floats:
        """Variance of each cell."""
        return np.asarray(np.square(self.matrix).sum(axis=1), np.float64)

    def conditioned(self, basis: Floats) -> DenseRoot:
        """[L, 0] (I − basis basisᵀ), without sources of laws whose noise no longer matters."""
        width = self.num_sources
        known = self.matrix @ basis[:width]
        left = np.hstack([self.matrix - known @ basis[:width].T, -known @ basis[width:].T])
        left[np.linalg.norm(left, axis=1) <= _GONE * self.scale] = 0.0
        return DenseRoot(left, self.scale)


@dataclass(frozen=True, eq=False)
class FactorRoot:
    """L = [factor, diag(own_sd)]: factors that cells share, and what is each cell's own.

    Attributes
    ----------
    factor : array [cell, factor]
    own_sd : array [cell]
    """

    factor: Floats
    own_sd: Floats

    @property
    def num_sources(self) -> int:
        """Number of columns."""
        return int(self.factor.shape[1] + self.own_sd.size)

    def spread(self, sources: Floats) -> Floats:
        """L @ sources."""
        shared, own = np.split(sources, [self.factor.shape[1]])
        return self.factor @ shared + (own.T * self.own_sd).T

    def weigh(self, weights: sparse.csr_array) -> Floats:
        """Weights @ L."""
        return np.hstack([weights @ self.factor, weights.toarray() * self.own_sd])

    def rows(self, cells_idx: Ints) -> Floats:
        """L[cells_idx]."""
        own = np.zeros((cells_idx.size, self.own_sd.size))
        own[np.arange(cells_idx.size), cells_idx] = self.own_sd[cells_idx]
        return np.hstack([self.factor[cells_idx], own])

    @property
    def scale(self) -> Floats:
        """Standard deviation of each cell."""
        return np.sqrt(self.variance())

    def variance(self) -> Floats:
        """Variance of each cell."""
        return np.asarray(np.square(self.factor).sum(axis=1) + self.own_sd**2, np.float64)

    def conditioned(self, basis: Floats) -> Root:
        """A dense root of few cells; of many, one that keeps this root and the basis apart."""
        if self.own_sd.size < _MANY_CELLS:
            return DenseRoot.of(np.hstack([self.factor, np.diag(self.own_sd)])).conditioned(basis)
        return ConditionedRoot(self, basis)


@dataclass(frozen=True, eq=False)
class ConditionedRoot:
    """[L, 0] (I − basis basisᵀ) without ever forming it: for more cells than a square matrix has room for."""

    root: Root
    basis: Floats

    @property
    def num_sources(self) -> int:
        """Number of columns."""
        return int(self.basis.shape[0])

    def spread(self, sources: Floats) -> Floats:
        """L @ sources."""
        left = sources - self.basis @ (self.basis.T @ sources)
        return self.root.spread(left[: self.root.num_sources])

    def weigh(self, weights: sparse.csr_array) -> Floats:
        """Weights @ L."""
        return self._left(self.root.weigh(weights))

    def rows(self, cells_idx: Ints) -> Floats:
        """L[cells_idx]."""
        return self._left(self.root.rows(cells_idx))

    @property
    def scale(self) -> Floats:
        """As of the root below."""
        return self.root.scale

    def _left(self, inner: Floats) -> Floats:
        wide = np.hstack([inner, np.zeros((inner.shape[0], self.num_sources - inner.shape[1]))])
        return wide - (wide @ self.basis) @ self.basis.T

    def variance(self) -> Floats:
        """Variance of each cell; what is below 1e-13 of the variance before any law is rounding, and 0."""
        known = self.root.spread(self.basis[: self.root.num_sources])
        left = self.root.variance() - np.einsum("cd,cd->c", known, known)
        return np.where(left > _GONE_VARIANCE * self.scale**2, left, 0.0)

    def conditioned(self, basis: Floats) -> Root:
        """One more layer on top of this one."""
        return ConditionedRoot(self, basis)
