"""Distributions of counts with a given mean and variance."""

from __future__ import annotations

import numpy as np
from scipy import stats

from meio.demand.spans import PROBABILITIES
from meio.network.compiled import Floats

_POISSON = 1.001  # variance over mean below which demand is taken as Poisson


def count_quantiles(mean: Floats, variance: Floats) -> Floats:
    """Return quantiles at `PROBABILITIES`, [..., probability], of a negative binomial with a mean and variance [...].

    Poisson where the variance is no larger than the mean, 0 where the mean is 0.
    """
    quantile = np.zeros((*mean.shape, len(PROBABILITIES)))
    wide = (mean > 0) & (variance > _POISSON * mean)
    narrow = (mean > 0) & ~wide
    share = (mean[wide] / variance[wide])[:, None]
    number = mean[wide][:, None] * share / (1 - share)
    quantile[wide] = stats.nbinom.ppf(PROBABILITIES, number, share)
    quantile[narrow] = stats.poisson.ppf(PROBABILITIES, mean[narrow][:, None])
    return quantile
