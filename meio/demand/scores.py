"""How good quantiles of demand were, once the demand is known.

Quantiles stand on the last axis, at the levels `PROBABILITIES`; demand has the axes before it. Where demand is unknown
(NaN) so is its score.

References
----------
Koenker, R. and Bassett, G. (1978), "Regression quantiles", Econometrica 46.
Gneiting, T. and Raftery, A. (2007), "Strictly proper scoring rules, prediction, and estimation", JASA 102.
Czado, C., Gneiting, T. and Held, L. (2009), "Predictive model assessment for count data", Biometrics 65.
"""

from __future__ import annotations

import numpy as np

from meio.demand.spans import PROBABILITIES
from meio.network.compiled import Floats, Ints

LEVELS = np.array(PROBABILITIES)
_ENDS = np.concatenate([[0.0], LEVELS, [1.0]])


def quantile_losses(quantile: Floats, demand: Floats) -> Floats:
    """Loss at each level [..., probability], units: p a unit that demand is above it, 1 − p a unit that it is below."""
    above = demand[..., None] - quantile
    return np.maximum(LEVELS * above, (LEVELS - 1) * above)


def quantile_loss(quantile: Floats, demand: Floats) -> Floats:
    """Loss [...], units: the mean over the levels of what `quantile_losses` returns."""
    loss: Floats = quantile_losses(quantile, demand).mean(axis=-1)
    return loss


def crps(quantile: Floats, demand: Floats) -> Floats:
    """Continuous ranked probability score [...], units, of the distribution that the quantiles draw.

    Its quantile function is linear between the levels and constant outside them. The score is twice the integral of the
    quantile loss over all levels, in closed form: demand − quantile is linear in p between two levels, so that its
    product with p is integrated exactly by Simpson's rule, and its negative part is a triangle or a trapezium.
    """
    above = demand[..., None] - _with_ends(quantile)
    start, end, width = above[..., :-1], above[..., 1:], np.diff(_ENDS)
    low, high = _ENDS[:-1], _ENDS[1:]
    product = (low * start + (low + high) * (start + end) + high * end) / 6
    crossing = (start > 0) & (end < 0)
    part = np.divide(end**2, 2 * (start - end), out=np.zeros_like(start), where=crossing)
    short = np.where(crossing, part, np.maximum(-(start + end) / 2, 0.0))
    score: Floats = 2 * ((product + short) * width).sum(axis=-1)
    return score


def mean_demand(quantile: Floats) -> Floats:
    """Mean [...], units, of the distribution that `crps` describes; what lies beyond the last level adds nothing."""
    ends = _with_ends(quantile)
    mean: Floats = ((ends[..., :-1] + ends[..., 1:]) / 2 * np.diff(_ENDS)).sum(axis=-1)
    return mean


def level_of(quantile: Floats, value: Floats) -> Floats:
    """Probability [...] of demand below a value; where several levels have that very quantile, their middle."""
    at_or_below = (quantile <= value[..., None]).sum(axis=-1)
    below = (quantile < value[..., None]).sum(axis=-1)
    level = (_interpolated(quantile, at_or_below, value) + _interpolated(quantile, below, value)) / 2
    return np.where(np.isnan(value), np.nan, level)


def levels_of_demand(quantile: Floats, demand: Floats) -> tuple[Floats, Floats]:
    """Levels [...] between which a demand lies.

    A whole number y of units stands for all between y − ½ and y + ½, and zero for all below ½; any other number for
    itself, so that its two levels are the same.
    """
    half = np.where(demand == np.round(demand), 0.5, 0.0)
    low, high = level_of(quantile, demand - half), level_of(quantile, demand + half)
    return np.where(demand == 0, 0.0, low), high


def share_below(low: Floats, high: Floats, probability: float) -> Floats:
    """Share [...], 0 to 1, of the levels between `low` and `high` that are below a probability; NaN where unknown.

    Its mean over demands is the probability itself where forecasts are right, also when demand is counted in few units.
    """
    width = high - low
    spread = np.divide(probability - low, width, out=np.zeros_like(low), where=width > 0)
    share = np.where(width > 0, np.clip(spread, 0.0, 1.0), high <= probability)
    return np.where(np.isnan(low), np.nan, share)


def covered(low: Floats, high: Floats, coverage: float) -> Floats:
    """Share [...] of the levels between `low` and `high` inside the central interval of a nominal coverage."""
    tail = (1 - coverage) / 2
    return share_below(low, high, 1 - tail) - share_below(low, high, tail)


def inside(quantile: Floats, demand: Floats, coverage: float) -> Floats:
    """1 where demand [...] lies in the interval, its ends rounded to whole units and included, else 0; NaN: unknown.

    Its mean is above the nominal coverage when demand is counted in few units: half of it zero, no interval of whole
    units has less than the zeros in its lower tail.
    """
    tail = (1 - coverage) / 2
    low, high = (np.round(quantile[..., _position(level)]) for level in (tail, 1 - tail))
    return np.where(np.isnan(demand), np.nan, (low <= demand) & (demand <= high))


def _position(level: float) -> int:
    return int(np.abs(LEVELS - level).argmin())


def _with_ends(quantile: Floats) -> Floats:
    return np.concatenate([quantile[..., :1], quantile, quantile[..., -1:]], axis=-1)


def _interpolated(quantile: Floats, num_below: Ints, value: Floats) -> Floats:
    """Level of a value that has so many of the quantiles below it: 0 below all of them, 1 above all."""
    upper = np.clip(num_below, 1, len(LEVELS) - 1)
    low, high = (np.take_along_axis(quantile, at[..., None], axis=-1)[..., 0] for at in (upper - 1, upper))
    share = np.divide(value - low, high - low, out=np.zeros_like(low), where=high > low)
    level = LEVELS[upper - 1] + share * (LEVELS[upper] - LEVELS[upper - 1])
    return np.where(num_below == 0, 0.0, np.where(num_below == len(LEVELS), 1.0, level))
