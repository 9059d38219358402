"""Demand lost in periods that were out of stock in part or whole, given what was sold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc
from scipy.stats import nbinom

from meio.network.compiled import Bools, Floats


@dataclass(frozen=True, eq=False)
class Lost:
    """Distribution of the demand beyond sales; all arrays are [cell], a cell being a series in a period.

    Attributes
    ----------
    sold : array [cell]
        Units.
    in_stock : array [cell]
        Share of the period, 0 to 1.
    demand : array [cell]
        Mean demand, before sales are known; above 0.
    dispersion : array [cell]
        Variance of demand over its mean, above 1.
    """

    sold: Floats
    in_stock: Floats
    demand: Floats
    dispersion: Floats

    def moments(self) -> tuple[Floats, Floats]:
        """Mean and variance of the lost demand, each [cell]."""
        shape = self._shape() + self.sold
        mean = (1.0 - self.in_stock) * shape * self._scale()
        variance = mean + mean**2 / shape
        if (sold_out := self._sold_out()).any():
            mean[sold_out], variance[sold_out] = self._at_least(sold_out)
        return mean, variance

    def draw(self, random: np.random.Generator) -> Floats:
        """One draw for each cell."""
        rate = random.gamma(self._shape() + self.sold, self._scale())
        units = random.poisson((1.0 - self.in_stock) * rate).astype(float)
        if (sold_out := self._sold_out()).any():
            law = self._shape()[sold_out], 1.0 / self.dispersion[sold_out]
            sold = self.sold[sold_out]
            level = random.random(sold.size) * nbinom.sf(sold - 1, *law)
            beyond = np.maximum(nbinom.isf(level, *law) - sold, 0.0)
            units[sold_out] = np.where(np.isfinite(beyond), beyond, self.dispersion[sold_out] - 1.0)
        return units

    def _shape(self) -> Floats:
        """Shape of the gamma distribution of the rate over periods."""
        return self.demand / (self.dispersion - 1.0)

    def _scale(self) -> Floats:
        """Scale of the rate's gamma distribution given the sales."""
        scale: Floats = 1.0 / (1.0 / (self.dispersion - 1.0) + self.in_stock)
        return scale

    def _sold_out(self) -> Bools:
        """Cells with sales though never in stock: a flag for a period that sold out, we know not when."""
        flagged: Bools = (self.in_stock == 0) & (self.sold > 0)
        return flagged

    def _at_least(self, cells: Bools) -> tuple[Floats, Floats]:
        """Mean and variance of demand beyond the sales, given that it is no less.

        k pmf(k; n) = m pmf(k − 1; n + 1) for a negative binomial with mean m and shape n, so that partial moments are
        tails of its neighbours. Far in the tail, where these vanish, what is beyond is as good as geometric.
        """
        n, m, sold = self._shape()[cells], self.demand[cells], self.sold[cells]
        failure = 1.0 - 1.0 / self.dispersion[cells]
        geometric = self.dispersion[cells] - 1.0
        tail = _tail(sold, n, failure)
        known = tail > 1e-200
        first = np.divide(m * _tail(sold - 1, n + 1, failure), tail, out=sold + geometric, where=known)
        pairs = m**2 * (1 + 1 / n) * _tail(sold - 2, n + 2, failure)
        second = np.divide(pairs, tail, out=np.zeros_like(tail), where=known) + first
        variance = np.where(known, second - first**2, geometric * (1 + geometric))
        return np.maximum(first - sold, 0.0), np.maximum(variance, 0.0)


def _tail(least: Floats, shape: Floats, failure: Floats) -> Floats:
    """Probability of at least so many, array [cell]."""
    tail: Floats = np.where(least > 0, betainc(np.maximum(least, 1e-9), shape, failure), 1.0)
    return tail
