"""Effects with their intervals and p-values, from outcomes and who was treated.

Notes
-----
Products: the difference of means within strata, weighed by their size, with Neyman's variance (never too small on
average) and Satterthwaite's degrees of freedom. Weeks: the mean difference within pairs of blocks, by Student's t.
Both p-values draw the lots again and again with the outcomes as they are: if the treatment changes nothing, each draw
was as likely as the one that was made, whatever the distribution of outcomes (Fisher 1935).

Outcomes are adjusted for covariates that the lots cannot change (Deng et al. 2013, "CUPED"). The coefficients do not
look at who was treated, so the lots may be drawn again on adjusted outcomes.

References
----------
Fisher, R. A. (1935), The Design of Experiments. Imbens, G. and Rubin, D. (2015), Causal Inference, chapters 5 to 9.
Deng, A., Xu, Y., Kohavi, R. and Walker, T. (2013), "Improving the sensitivity of online controlled experiments by
utilizing pre-experiment data", WSDM.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from meio.experiments.design import drawn_blocks, drawn_products
from meio.network.compiled import Bools, Floats, Ints

DRAWS = 999
_EXACT = 1e-9  # of a statistic: draws this close to it count as as far from zero


class Effect(NamedTuple):
    """Treatment less control, in the unit of the outcomes."""

    estimate: float
    low: float
    """Of the 95% interval."""
    high: float
    p_value: float
    """Of no effect at all, by drawing the lots again."""
    standard_error: float


def adjusted(outcome: Floats, covariates: Floats, group: Ints) -> Floats:
    """Outcomes less what covariates explain within groups.

    Parameters
    ----------
    outcome : array [unit]
    covariates : array [unit, covariate]
        What the treatment cannot change.
    group : array of int [unit]
        From 0. With as many covariates as a quarter of the units within groups, nothing is adjusted.
    """
    size = np.bincount(group)

    def within(values: Floats) -> Floats:
        mean = np.bincount(group, values) / np.maximum(size, 1)
        inside: Floats = values - mean[group]
        return inside

    spread = np.stack([within(column) for column in covariates.T], axis=1) if covariates.size else covariates
    varies = spread.std(axis=0) > _EXACT * (np.abs(covariates).max(axis=0, initial=0.0) + 1e-300)
    spread = spread[:, varies]
    if spread.shape[1] == 0 or 4 * spread.shape[1] > len(outcome) - (size > 0).sum():
        return outcome
    coefficients, *_ = np.linalg.lstsq(spread / spread.std(axis=0), within(outcome))
    explained: Floats = spread / spread.std(axis=0) @ coefficients
    return outcome - explained


def effect_on_products(outcome: Floats, treated: Bools, stratum: Ints, generator: np.random.Generator) -> Effect:
    """Effect from products that were drawn within strata, all arrays [product]."""
    estimate, variance, freedom = _stratified(outcome, treated, stratum)
    error = float(np.sqrt(variance))
    drawn = [_stratified(outcome, drawn_products(stratum, generator), stratum) for _ in range(DRAWS)]
    p_value = _p_value(_studentised(estimate, variance), np.array([_studentised(*one[:2]) for one in drawn]))
    half = float(stdtrit(freedom, 0.975)) * error
    return Effect(estimate, estimate - half, estimate + half, p_value, error)


def effect_on_weeks(outcome: Floats, treated: Bools, generator: np.random.Generator) -> Effect:
    """Effect from pairs of blocks of weeks, both arrays [pair, block of the pair]."""
    sign = np.where(treated[:, 0], 1.0, -1.0)
    difference = outcome[:, 0] - outcome[:, 1]
    num_pairs = len(sign)
    estimate, error = float((sign * difference).mean()), float((sign * difference).std(ddof=1) / np.sqrt(num_pairs))
    if 2**num_pairs <= DRAWS:
        signs = 1.0 - 2.0 * ((np.arange(2**num_pairs)[:, None] >> np.arange(num_pairs)) & 1)
        drawn = signs @ difference / num_pairs
        p_value = float((np.abs(drawn) >= abs(estimate) * (1.0 - _EXACT)).mean())
    else:
        signs = np.stack([np.where(drawn_blocks(num_pairs, generator)[:, 0], 1.0, -1.0) for _ in range(DRAWS)])
        p_value = _p_value(estimate, signs @ difference / num_pairs)
    half = float(stdtrit(num_pairs - 1, 0.975)) * error
    return Effect(estimate, estimate - half, estimate + half, p_value, error)


def _stratified(outcome: Floats, treated: Bools, stratum: Ints) -> tuple[float, float, float]:
    """Estimate, its variance, and degrees of freedom."""
    arm = 2 * stratum + treated
    size = np.bincount(arm, minlength=2 * (stratum.max() + 1)).astype(np.float64)
    mean = np.bincount(arm, outcome, len(size)) / size
    spread = np.bincount(arm, (outcome - mean[arm]) ** 2, len(size)) / np.maximum(size - 1.0, 1.0)
    weight = np.repeat(size.reshape(-1, 2).sum(axis=1) / len(outcome), 2)
    parts = weight**2 * spread / size
    estimate = float((weight * mean) @ np.tile([-1.0, 1.0], len(size) // 2))
    squares = float((parts**2 / np.maximum(size - 1.0, 1.0)).sum())
    return estimate, float(parts.sum()), float(parts.sum() ** 2 / squares) if squares > 0 else float(len(outcome))


def _studentised(estimate: float, variance: float) -> float:
    return estimate / np.sqrt(variance) if variance > 0 else 0.0


def _p_value(found: float, drawn: Floats) -> float:
    """Share of draws, the one that was made among them, at least as far from zero."""
    return float((1 + (np.abs(drawn) >= abs(found) * (1.0 - _EXACT)).sum()) / (1 + len(drawn)))
