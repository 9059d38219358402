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

from meio.experiments.design import drawn_blocks, many_draws
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
    found = _stratified(outcome, treated[None, :], stratum)
    drawn = _stratified(outcome, many_draws(stratum, generator, DRAWS), stratum)
    estimate, error = float(found.estimate[0]), float(np.sqrt(found.variance[0]))
    half = float(stdtrit(found.freedom[0], 0.975)) * error
    p_value = _p_value(float(found.studentised[0]), drawn.studentised)
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
        lots = drawn_blocks(DRAWS * num_pairs, generator)[:, 0].reshape(DRAWS, num_pairs)
        signs = np.where(lots, 1.0, -1.0)
        p_value = _p_value(estimate, signs @ difference / num_pairs)
    half = float(stdtrit(num_pairs - 1, 0.975)) * error
    return Effect(estimate, estimate - half, estimate + half, p_value, error)


class _Stratified(NamedTuple):
    """Each [draw]."""

    estimate: Floats
    variance: Floats
    freedom: Floats

    @property
    def studentised(self) -> Floats:
        """Estimate over its standard error; 0 where there is none."""
        error = np.sqrt(self.variance)
        return np.divide(self.estimate, error, out=np.zeros_like(error), where=error > 0.0)


def _stratified(outcome: Floats, treated: Bools, stratum: Ints) -> _Stratified:
    """Neyman's estimate for each draw of `treated`, [draw, product]."""
    estimate, variance, squares = (np.zeros(len(treated)) for _ in range(3))
    for each in range(stratum.max() + 1):
        members = stratum == each
        values = outcome[members] - outcome[members].mean()
        weight = members.sum() / len(outcome)
        for sign, arm in ((1.0, treated[:, members]), (-1.0, ~treated[:, members])):
            size = arm.sum(axis=1)
            mean = arm @ values / size
            spread = np.maximum(arm @ values**2 - size * mean**2, 0.0) / np.maximum(size - 1, 1)
            part = weight**2 * spread / size
            estimate += sign * weight * mean
            variance += part
            squares += part**2 / np.maximum(size - 1, 1)
    everybody = np.full(len(treated), float(len(outcome)))
    return _Stratified(estimate, variance, np.divide(variance**2, squares, out=everybody, where=squares > 0.0))


def _p_value(found: float, drawn: Floats) -> float:
    """Share of draws, the one that was made among them, at least as far from zero."""
    return float((1 + (np.abs(drawn) >= abs(found) * (1.0 - _EXACT)).sum()) / (1 + len(drawn)))
