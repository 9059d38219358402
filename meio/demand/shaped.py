"""Forecasts whose cells keep quantiles of their own when laws are imposed: counts, zeros and skew stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from meio.demand.forecast import Forecast
from meio.demand.laws import Law
from meio.demand.moments import level_weights
from meio.demand.nonnegative import NonnegativeForecast
from meio.demand.update import reconcile_samples
from meio.network.compiled import Floats

_CERTAIN = 1e-12  # levels nearer to 0 or 1 have no place in a sample of any size


@dataclass(frozen=True, eq=False)
class ShapedForecast:
    """A Gaussian that says how cells go together, and quantiles that say how each of them is spread.

    An outcome is drawn from the Gaussian; each cell's value is replaced by its own quantile at the same level; then all
    are moved to keep the laws as an outcome of the Gaussian would be (`reconcile_samples`), and none is negative.

    Attributes
    ----------
    before : Forecast
        Without laws.
    laws : sequence of Law
    after : NonnegativeForecast
        The Gaussian with the laws: mean, sd and covariance are its own.
    quantile : array [cell, probability]
        Of each cell before the laws, units, ≥ 0, at `meio.demand.spans.PROBABILITIES`.
    """

    before: Forecast
    laws: Sequence[Law]
    after: NonnegativeForecast
    quantile: Floats

    @property
    def mean(self) -> Floats:
        """Most probable demand of the Gaussian, array [cell]."""
        return self.after.mean

    @property
    def sd(self) -> Floats:
        """Of the Gaussian, array [cell]."""
        return self.after.sd

    def sample(self, num_samples: int, random: np.random.Generator) -> Floats:
        """Array [sample, cell]; every sample keeps the exact laws and is not negative."""
        drawn, sd = self.before.sample(num_samples, random) - self.before.mean, self.before.sd
        level = ndtr(np.divide(drawn, sd, out=np.zeros_like(drawn), where=sd > 0)).clip(_CERTAIN, 1 - _CERTAIN)
        shaped = np.einsum("cp,psc->sc", self.quantile, level_weights(level))
        return self.after.nearest(reconcile_samples(self.before, self.laws, shaped, random))
