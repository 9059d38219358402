"""Impose linear laws on a Gaussian forecast: Bayes' rule with the laws as observations.

With covariance L Lᵀ, laws A x = b and their noise a diagonal N, demand is x = m + L z and a law reads
[A L, N] (z, e) = b − A m in standard normal z and e. The update is the shortest such (z, e): the same as
m + ΣAᵀ(AΣAᵀ + NNᵀ)⁻¹(b − Am), but by a QR factorisation that squares no condition number, needs no inverse, and
meets laws without noise and laws that depend on each other in the same way.

References
----------
Hansen, Maddix, Alizadeh, Gupta, Mahoney (2023), "Learning physical models that can respect conservation laws".
Wickramasuriya, Athanasopoulos, Hyndman (2019), "Optimal forecast reconciliation for hierarchical and grouped time
series through trace minimization".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import qr, solve_triangular

from meio.demand.forecast import Forecast
from meio.demand.laws import Law, LawArrays, LawError, law_arrays
from meio.network.compiled import Floats, Ints

TOLERANCE = 1e-10  # a law holds when it misses by no more than this share of the numbers it adds up
_DEPENDENT = 1e-11  # a law is implied by others when no more than this share of its terms' spread is new
_REFINEMENTS = 3  # solves on what is left over; each takes off most of the rounding of the one before


def reconcile(forecast: Forecast, laws: Iterable[Law]) -> Forecast:
    """Return the forecast given that the laws hold; uncertain cells move more.

    Laws without noise hold in the mean and in every sample, to 1e-10 of the numbers they add up. Laws may be
    redundant, and the covariance may have any rank.

    Parameters
    ----------
    forecast : Forecast
    laws : iterable of Law
        In any order.

    Raises
    ------
    LawError
        If laws contradict each other, or cells that the forecast is certain of.
    """
    laws = tuple(laws)
    if not laws:
        return forecast
    arrays = law_arrays(laws, forecast.mean.size)
    directions = _Directions.of(forecast, arrays)
    moved, missed = _moved(forecast, arrays, directions, forecast.mean[:, None], np.zeros((len(laws), 1)))
    mean = moved[:, 0]
    broken = np.flatnonzero(missed[:, 0] > TOLERANCE * np.maximum(arrays.scale(mean), arrays.scale(forecast.mean)))
    if broken.size:
        raise LawError(_contradiction(laws, arrays, directions, mean, int(broken[0])))
    return Forecast(mean, forecast.root.conditioned(directions.basis))


def reconcile_samples(forecast: Forecast, laws: Iterable[Law], samples: Floats, random: np.random.Generator) -> Floats:
    """Move samples of any distribution so that each keeps the laws, the uncertain cells of each the most.

    Samples of the forecast itself become samples of `reconcile`'s result; others keep their shape, moved by the same
    linear rule.

    Parameters
    ----------
    forecast : Forecast
        Says which cells are uncertain, and which go together.
    laws : iterable of Law
        Which do not contradict each other; with noise, each sample misses them by its own draw.
    samples : array [sample, cell]
    random : Generator
        Draws the noise of laws.

    Returns
    -------
    array [sample, cell]

    References
    ----------
    Panagiotelis, Gamakumara, Athanasopoulos, Hyndman (2023), "Probabilistic forecast reconciliation: properties,
    evaluation and score optimisation".
    """
    laws = tuple(laws)
    arrays = law_arrays(laws, forecast.mean.size)
    if not laws:
        return samples
    noise = arrays.noise_sd[:, None] * random.standard_normal((len(laws), len(samples)))
    return _moved(forecast, arrays, _Directions.of(forecast, arrays), samples.T, noise)[0].T


def _moved(
    forecast: Forecast, arrays: LawArrays, directions: _Directions, demand: Floats, noise: Floats
) -> tuple[Floats, Floats]:
    """Demand [cell, sample] given the laws, begun with a noise [law, sample] of each; and what still misses them."""
    noisy = arrays.noise_sd > 0
    num_sources, value, noise = forecast.root.num_sources, arrays.value[:, None], noise.copy()
    for _ in range(_REFINEMENTS):
        step = directions.shortest(value - arrays.weights @ demand - noise)
        demand = demand + forecast.root.spread(step[:num_sources])
        noise[noisy] += arrays.noise_sd[noisy, None] * step[num_sources:]
    return demand, np.abs(arrays.weights @ demand - value + noise)


@dataclass(frozen=True, eq=False)
class _Directions:
    """What the laws say about sources and noises: independent laws first, as an orthonormal basis.

    Attributes
    ----------
    basis : array [source + noise, direction]
    triangle : array [direction, law]
        Each law, over its size, in the basis; laws in the order of `order_idx`.
    order_idx : array [law]
    size : array [law]
        Standard deviations of a law's terms added up, with its noise: what rounding is a share of; 1 where it is 0.
    """

    basis: Floats
    triangle: Floats
    order_idx: Ints
    size: Floats

    @classmethod
    def of(cls, forecast: Forecast, arrays: LawArrays) -> _Directions:
        """Factor the laws; those of the first directions are the independent ones."""
        noise = np.diag(arrays.noise_sd)[:, arrays.noise_sd > 0]
        rows = np.hstack([forecast.root.weigh(arrays.weights), noise])
        size = abs(arrays.weights) @ forecast.root.scale + arrays.noise_sd
        size[size == 0] = 1.0
        basis, triangle, order_idx = qr((rows / size[:, None]).T, mode="economic", pivoting=True)
        rank = int((np.abs(np.diag(triangle)) > _DEPENDENT).sum())
        first = np.asarray(basis[:, :rank], dtype=float), np.asarray(triangle[:rank], dtype=float)
        return cls(*first, np.asarray(order_idx, dtype=np.int64), size)

    def shortest(self, missing: Floats) -> Floats:
        """Shortest sources and noises [source + noise, …] that add `missing` [law, …] to the independent laws."""
        rank = self.basis.shape[1]
        first_idx = self.order_idx[:rank]
        along = missing[first_idx] / self.size[first_idx, None]
        return self.basis @ solve_triangular(self.triangle[:, :rank], along, trans="T")

    def implied_by(self, law: int) -> Ints:
        """Independent laws of which a law is a combination, as indices."""
        rank = self.basis.shape[1]
        column = self.triangle[:, np.flatnonzero(self.order_idx == law)[0]]
        share = solve_triangular(self.triangle[:, :rank], column)
        return np.sort(self.order_idx[:rank][np.abs(share) > 1e-8])


def _contradiction(laws: Sequence[Law], arrays: LawArrays, directions: _Directions, mean: Floats, law: int) -> str:
    says = f"law '{laws[law].name}' says {laws[law].value:.12g}"
    implied = laws[law].value + arrays.excess(mean)[law]
    others = [laws[other].name for other in directions.implied_by(law) if other != law]
    if not others:
        return f"{says}, but the forecast is certain of {implied:.12g}; give these cells some variance, or drop the law"
    shown = ", ".join(f"'{name}'" for name in others[:8]) + (f" and {len(others) - 8} more" if len(others) > 8 else "")
    return f"laws contradict each other: {says}, but {shown} leave only {implied:.12g}; drop one or give it noise_sd"
