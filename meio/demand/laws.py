"""Linear laws that demand must keep: conservation, and conditions at the boundary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from meio.demand.forecast import finite
from meio.network.compiled import Floats, Ints


class LawError(ValueError):
    """Laws that no demand keeps, or that this forecast leaves no room for; its text names them."""


@dataclass(frozen=True, eq=False)
class Law:
    """A weighted sum of cells that has a value.

    Attributes
    ----------
    name : str
        Shown in messages.
    cells_idx : array [term]
        A cell may occur more than once.
    weights : array [term]
    value : float
    noise_sd : float
        How far the sum may miss the value, as a standard deviation; 0 holds it exactly.
    """

    name: str
    cells_idx: Ints
    weights: Floats
    value: float = 0.0
    noise_sd: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells_idx", np.array(self.cells_idx, dtype=np.int64))
        object.__setattr__(self, "weights", finite(self.weights, f"weights of law '{self.name}'", 1))
        finite(self.value, f"value of law '{self.name}'", 0)
        if self.cells_idx.shape != self.weights.shape:
            raise ValueError(f"law '{self.name}': found {self.cells_idx.size} cells and {self.weights.size} weights")
        if not 0 <= self.noise_sd < np.inf:
            raise ValueError(f"noise_sd of law '{self.name}': found {self.noise_sd}, expected 0 or more, finite")


def total(name: str, cells_idx: Sequence[int] | Ints, value: float, noise_sd: float = 0.0) -> Law:
    """Conservation: cells add up to a value known from outside."""
    return Law(name, np.asarray(cells_idx), np.ones(len(cells_idx)), value, noise_sd)


def parts_of_whole(name: str, parts_idx: Sequence[int] | Ints, whole: int, noise_sd: float = 0.0) -> Law:
    """Conservation: cells add up to another cell, itself a forecast."""
    return Law(name, np.append(parts_idx, whole), np.append(np.ones(len(parts_idx)), -1.0), 0.0, noise_sd)


def known(name: str, cell: int, value: float, noise_sd: float = 0.0) -> Law:
    """Boundary condition of Dirichlet: a cell has a value, as orders already placed."""
    return Law(name, np.array([cell]), np.ones(1), value, noise_sd)


def flat_end(name: str, cells_idx: Sequence[int] | Ints, noise_sd: float = 0.0) -> Law:
    """Boundary condition of Neumann: the last of a row of cells is as the one before."""
    return Law(name, np.asarray(cells_idx)[-2:], np.array([-1.0, 1.0]), 0.0, noise_sd)


def closed_cycle(name: str, cells_idx: Sequence[int] | Ints, noise_sd: float = 0.0) -> Law:
    """Periodic boundary: the last of a row of cells is as the first."""
    return Law(name, np.asarray(cells_idx)[[0, -1]], np.array([-1.0, 1.0]), 0.0, noise_sd)


class LawArrays(NamedTuple):
    """Laws as arrays: weights [law, cell] sparse, value [law], noise_sd [law]."""

    weights: sparse.csr_array
    value: Floats
    noise_sd: Floats

    def excess(self, demand: ArrayLike) -> Floats:
        """By how much demand [cell] misses each law, array [law]."""
        return np.asarray(self.weights @ np.asarray(demand) - self.value, dtype=float)

    def scale(self, demand: ArrayLike) -> Floats:
        """Size of the numbers that each law adds up at a demand [cell], array [law]."""
        return np.asarray(abs(self.weights) @ np.abs(np.asarray(demand)) + np.abs(self.value), dtype=float)


def law_arrays(laws: Iterable[Law], num_cells: int) -> LawArrays:
    """Laws over a number of cells as arrays.

    Raises
    ------
    LawError
        If a law names a cell that is not there.
    """
    laws = tuple(laws)
    for law in laws:
        outside = law.cells_idx[(law.cells_idx < 0) | (law.cells_idx >= num_cells)]
        if outside.size:
            raise LawError(f"law '{law.name}': found cell {outside[0]}, expected 0 to {num_cells - 1}")
    row_idx = np.repeat(np.arange(len(laws)), [law.cells_idx.size for law in laws])
    cell_idx = np.concatenate([np.empty(0, np.int64), *(law.cells_idx for law in laws)])
    weight = np.concatenate([np.empty(0), *(law.weights for law in laws)])
    return LawArrays(
        sparse.csr_array((weight, (row_idx, cell_idx)), shape=(len(laws), num_cells)),
        np.array([law.value for law in laws], dtype=float),
        np.array([law.noise_sd for law in laws], dtype=float),
    )
