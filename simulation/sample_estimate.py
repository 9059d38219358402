"""From what sampled products caused to what the whole catalogue causes, with the error of both samples.

The estimator is the regression estimator of stratified sampling: what the sample says, expanded, corrected by what is
known of all products (their planned money and units). Its variance has two parts: other products could have been drawn,
and other paths.

References
----------
Cochran (1977), Sampling Techniques, chapters 5 and 7. Särndal, Swensson and Wretman (1992), Model Assisted Survey
Sampling, chapters 6 and 8. MacKinnon and White (1985), Journal of Econometrics 29. Satterthwaite (1946), Biometrics
Bulletin 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from meio.network.compiled import Floats
from meio.simulation.sample_frame import Sample

_CONFIDENCE = 0.975
_NUM_KNOWN = 3  # units, money to buy and to hold
_LEAST_TO_FIT = 10  # degrees of freedom
_RANK = 1e-9
_LEAST_OWN = 0.1


class Estimated(NamedTuple):
    """Totals of a catalogue, estimated; [measure] unless said otherwise."""

    path: Floats
    """[replication, measure]"""
    mean: Floats
    products_sd: Floats
    """Standard error that comes from having drawn these products."""
    paths_sd: Floats
    """Standard error that comes from having drawn these paths."""
    half_width: Floats
    """Half the 95% interval."""


def estimated(values: Floats, sample: Sample) -> Estimated:
    """Estimate totals over a catalogue.

    Parameters
    ----------
    values : array, [replication, drawn product, measure]
        What each drawn product caused.
    sample : Sample

    Notes
    -----
    With N products in a stratum, n of them drawn, f = n/N, s² the variance of the residuals of the products' means
    over R paths and v their mean variance over paths, having drawn these products adds Σ N²(1 − f)(s² − v/R)/n: a
    mean over paths differs by chance, too, and that is in the variance of the estimate over paths, divided by R.
    """
    weight, replications = sample.weight, len(values)
    known, total = _known(sample)
    mean = values.mean(axis=0)
    slope, leverage = _fit(mean, known, sample)
    path = np.einsum("i,rik->rk", weight, values) + (total - weight @ known) @ slope
    chance = values.var(axis=0, ddof=1) / replications if replications > 1 else np.zeros_like(mean)
    products = _products_variance(mean - known @ slope, chance, leverage, sample)
    paths = path.var(axis=0, ddof=1) / replications if replications > 1 else np.zeros(path.shape[1])
    half_width = _half_width(products, paths, _freedom(sample), replications - 1)
    return Estimated(path, path.mean(axis=0), np.sqrt(products), np.sqrt(paths), half_width)


def _known(sample: Sample) -> tuple[Floats, Floats]:
    """What is known of the drawn products, [drawn, known], and its totals over all, [known]."""
    known = np.stack([sample.frame.units, sample.frame.bought, sample.frame.held], axis=1)
    return known[sample.product_idx], known.sum(axis=0)


def _drawn_stratum(sample: Sample) -> tuple[Floats, Floats]:
    """Matrix of means over the drawn products of each stratum, [stratum, drawn], and its transpose as a look-up."""
    stratum = sample.stratum_idx[sample.product_idx]
    inside = (stratum == np.arange(len(sample.num_drawn))[:, None]).astype(np.float64)
    return inside / np.maximum(sample.num_drawn, 1)[:, None], inside.T


def _fit(mean: Floats, known: Floats, sample: Sample) -> tuple[Floats, Floats]:
    """How measures grow with what is known within strata, [known, measure], and each product's pull on that, [drawn].

    Both are 0 when too few products tell.
    """
    if _freedom(sample) < _LEAST_TO_FIT:
        return np.zeros((known.shape[1], mean.shape[1])), np.zeros(len(known))
    averaging, inside = _drawn_stratum(sample)
    weight = np.sqrt(sample.weight * (sample.weight - 1.0))[:, None]
    centred = weight * (known - inside @ (averaging @ known))
    scale = np.maximum(np.abs(centred).max(axis=0), 1e-300)
    left, singular, right = np.linalg.svd(centred / scale, full_matrices=False)
    kept = singular > _RANK * singular.max(initial=0.0)
    left = left[:, kept]
    slope = right[kept].T @ ((left.T @ (weight * (mean - inside @ (averaging @ mean)))) / singular[kept, None])
    return np.asarray(slope / scale[:, None]), np.asarray((left**2).sum(axis=1))


def _products_variance(residual: Floats, chance: Floats, leverage: Floats, sample: Sample) -> Floats:
    """Variance that comes from drawing products, [measure].

    A product that pulls the fit towards itself leaves too small a residual: it counts as if the fit were without it
    (MacKinnon and White 1985).
    """
    averaging, inside = _drawn_stratum(sample)
    drawn, every = sample.num_drawn[:, None], sample.num_products[:, None]
    deviation = (residual - inside @ (averaging @ residual)) / np.maximum(1.0 - leverage, _LEAST_OWN)[:, None]
    between = averaging @ deviation**2 * drawn / np.maximum(drawn - 1, 1)
    real = np.maximum(between - averaging @ chance, 0.0)
    return np.asarray((every**2 * (1.0 - drawn / every) * real / np.maximum(drawn, 1)).sum(axis=0))


def _freedom(sample: Sample) -> int:
    """Degrees of freedom of the products' variance: products drawn by chance, less strata and what is known."""
    by_chance = sample.num_drawn < sample.num_products
    return int((sample.num_drawn[by_chance] - 1).sum()) - _NUM_KNOWN


def _half_width(products: Floats, paths: Floats, products_freedom: int, paths_freedom: int) -> Floats:
    """Half the 95% interval of a sum of two variances, each estimated with its degrees of freedom; NaN: cannot tell."""
    variance = products + paths
    if paths_freedom < 1:
        return np.full(len(variance), np.nan)
    spread = products**2 / max(products_freedom, 1) + paths**2 / paths_freedom
    freedom = np.divide(variance**2, spread, out=np.ones(len(variance)), where=spread > 0)
    return np.asarray(stdtrit(freedom, _CONFIDENCE) * np.sqrt(variance))
