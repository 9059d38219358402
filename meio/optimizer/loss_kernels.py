"""Shortage of an order-up-to level: expected lost units per review cycle and expected backlog.

Both follow from the demand X over a lead time and the demand W over lead time plus review interval (its window):

- backlog at the end of a window: E(W − y)⁺;
- lost (or spilled) units per cycle: E[(W − y)⁺ − (X − y)⁺ | X ≤ y], which is Erlang's loss formula when demand is
  Poisson and the review interval goes to zero, and the newsvendor's when the lead time is zero.

References
----------
Karush, W. (1957), "A queuing model for an inventory problem", Operations Research 5: Erlang's loss formula for a
base-stock level with lost sales.
"""

from __future__ import annotations

import math

import numpy as np

from meio.network.compiled import Floats
from meio.network.jit import borrowing_kernel

COUNT, NORMAL_FAMILY, GAMMA_FAMILY, POINTS = range(4)
_LEAST_PROBABILITY = 1e-9
_SURELY_ABOVE = 84.0  # P(X < shape - d) <= exp(-d² / (2 shape)) of a gamma variable: less than 1 can tell from 0
LARGEST_COUNTED_MEAN = 600.0  # beyond it the probability of no demand underflows, and a gamma fits as well


@borrowing_kernel
def normal_survival_and_loss(mean: float, variance: float, level: float) -> tuple[float, float]:
    """P(D > level) and E(D − level)⁺ of a normal demand; a point mass when the variance is zero."""
    if variance <= 0.0:
        return (1.0 if mean > level else 0.0), max(0.0, mean - level)
    deviation = math.sqrt(variance)
    z = (level - mean) / deviation
    survival = 0.5 * math.erfc(z / math.sqrt(2.0))
    return survival, deviation * (math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi) - z * survival)


@borrowing_kernel
def regularized_gamma_survival(shape: float, x: float) -> float:
    """Q(shape, x)."""
    return gamma_survivals(shape, math.lgamma(shape), x)[0]


@borrowing_kernel
def gamma_survivals(shape: float, log_gamma: float, x: float) -> tuple[float, float]:
    """Q(shape, x) and Q(shape + 1, x), given log Γ(shape)."""
    below = shape - x
    if x <= 0.0 or (below > 0.0 and below * below > _SURELY_ABOVE * shape):
        return 1.0, 1.0
    front = math.exp(shape * math.log(x) - x - log_gamma)
    survival = gamma_survival(shape, x, front)
    return survival, survival + front / shape


@borrowing_kernel
def gamma_survival(shape: float, x: float, front: float) -> float:
    """Q(shape, x), by its series below shape + 1, by its continued fraction above.

    `front` is x^shape exp(-x) / Γ(shape).
    """
    if x >= shape + 1.0:
        return front * gamma_fraction(shape, x)
    if front * (shape + 1.0) < 1e-17 * shape * (shape + 1.0 - x):  # more than the whole series
        return 1.0
    term = 1.0 / shape
    total = term
    denominator = shape
    while abs(term) > 1e-16 * abs(total):
        denominator += 1.0
        term *= x / denominator
        total += term
    return 1.0 - front * total


@borrowing_kernel
def gamma_fraction(shape: float, x: float) -> float:
    """1 / (x + 1 - shape + a₁ / (x + 3 - shape + a₂ / …)), a_k = k (shape - k), by Wallis' recurrences.

    Convergents are compared without dividing, which would take most of the time.
    """
    b = x + 1.0 - shape
    above, below, former_above, former_below = 1.0, b, 0.0, 1.0
    for step in range(1, 10_000):
        a = step * (shape - step)
        b += 2.0
        next_above, next_below = b * above + a * former_above, b * below + a * former_below
        settled = abs(next_above * below - above * next_below) <= 1e-15 * abs(next_above * below)
        former_above, former_below, above, below = above, below, next_above, next_below
        if settled:
            break
        if abs(below) > 1e100:
            above, below, former_above, former_below = (
                1e-100 * above,
                1e-100 * below,
                1e-100 * former_above,
                1e-100 * former_below,
            )
    return above / below


@borrowing_kernel
def log_gamma_of_shape(family: int, mean: float, variance: float) -> float:
    """Logarithm of Γ(shape) of a demand that is read as gamma, which no level changes; 0 of others."""
    if family == NORMAL_FAMILY or mean <= 0.0 or variance <= 0.0 or mean * mean > 10_000.0 * variance:
        return 0.0
    return math.lgamma(mean * mean / variance)


@borrowing_kernel
def gamma_survival_and_loss(mean: float, variance: float, level: float) -> tuple[float, float]:
    """P(D > level) and E(D − level)⁺ of a gamma demand; nearly symmetric ones (shape > 10,000) as normal."""
    return gamma_outcome(mean, variance, log_gamma_of_shape(GAMMA_FAMILY, mean, variance), level)


@borrowing_kernel
def gamma_outcome(mean: float, variance: float, log_gamma: float, level: float) -> tuple[float, float]:
    """`gamma_survival_and_loss`, given `log_gamma_of_shape`."""
    if variance <= 0.0 or mean * mean > 10_000.0 * variance:
        return normal_survival_and_loss(mean, variance, level)
    if level <= 0.0:
        return 1.0, mean - level
    shape = mean * mean / variance
    x = level * mean / variance
    survival, above = gamma_survivals(shape, log_gamma, x)
    return survival, mean * above - level * survival


@borrowing_kernel
def survival_and_loss(family: int, mean: float, variance: float, level: float) -> tuple[float, float]:
    """P(D > level) and E(D − level)⁺ by family; counts in the large are read as gamma."""
    return family_outcome(family, mean, variance, log_gamma_of_shape(family, mean, variance), level)


@borrowing_kernel
def family_outcome(family: int, mean: float, variance: float, log_gamma: float, level: float) -> tuple[float, float]:
    """`survival_and_loss`, given `log_gamma_of_shape`."""
    if mean <= 0.0:
        return (1.0 if level < 0.0 else 0.0), max(0.0, -level)
    if family == NORMAL_FAMILY:
        return normal_survival_and_loss(mean, variance, level)
    return gamma_outcome(mean, variance, log_gamma, level)


@borrowing_kernel
def lost_per_cycle(
    window_loss: float, lead_loss: float, lead_survival: float, window_mean: float, lead_mean: float, level: float
) -> float:
    """Units lost per review cycle from the losses of both windows at one level.

    Where the lead time's demand almost surely exceeds the level, the ratio loses its digits and the fluid limit (a
    level ships itself once per half-way window) takes its place.
    """
    cycle_mean = window_mean - lead_mean
    covered = 1.0 - lead_survival
    if covered < _LEAST_PROBABILITY:
        return cycle_mean * max(0.0, 1.0 - 2.0 * level / (window_mean + lead_mean))
    lost = (window_loss - lead_loss - cycle_mean * lead_survival) / covered
    return min(max(lost, 0.0), cycle_mean)


@borrowing_kernel
def count_recursion(mean: float, variance: float) -> tuple[float, float, float]:
    """pmf(0), a and b of a count with these moments, whose pmf(n + 1) / pmf(n) is (a + b n) / (n + 1).

    Negative binomial; Poisson when not over-dispersed; always zero when its mean is zero.
    """
    if mean <= 0.0:
        return 1.0, 0.0, 0.0
    excess = variance - mean
    if excess <= 1e-9 * mean:
        return math.exp(-mean), mean, 0.0
    return math.exp(mean * mean / excess * math.log(mean / variance)), mean * mean / variance, excess / variance


@borrowing_kernel
def fill_count_shortage(
    window_mean: float, window_variance: float, lead_mean: float, lead_variance: float, lost: Floats, backlog: Floats
) -> None:
    """Lost per cycle and backlog at levels 0, 1, 2, …, by the recursion of the probabilities."""
    mass, first, slope = count_recursion(window_mean, window_variance)
    survival, loss = 1.0 - mass, window_mean
    for level in range(backlog.size):
        backlog[level] = loss
        loss = max(0.0, loss - survival)
        mass *= (first + slope * level) * (1.0 / (level + 1.0))
        survival = max(0.0, survival - mass)
    mass, first, slope = count_recursion(lead_mean, lead_variance)
    survival, loss = 1.0 - mass, lead_mean
    for level in range(lost.size):
        if lead_mean <= 0.0:
            lost[level] = min(backlog[level], window_mean)
            continue
        lost[level] = lost_per_cycle(backlog[level], loss, survival, window_mean, lead_mean, float(level))
        loss = max(0.0, loss - survival)
        mass *= (first + slope * level) * (1.0 / (level + 1.0))
        survival = max(0.0, survival - mass)


@borrowing_kernel
def points_survival_and_loss(values: Floats, cumulative: Floats, level: float) -> tuple[float, float]:
    """P(D > level) and E(D − level)⁺ of a discrete demand given by its values and cumulative probabilities."""
    survival = 0.0
    loss = 0.0
    previous = 0.0
    for k in range(values.size):
        mass = cumulative[k] - previous
        previous = cumulative[k]
        if values[k] > level:
            survival += mass
            loss += mass * (values[k] - level)
    return survival, loss


@borrowing_kernel
def shortage(
    family: int,
    window_mean: float,
    window_variance: float,
    lead_mean: float,
    lead_variance: float,
    values: Floats,
    cumulative: Floats,
    level: float,
) -> tuple[float, float, float, float]:
    """Lost per cycle, backlog, and their derivatives in the level, for one continuous level (or a table of points)."""
    if family == POINTS:
        window_survival, window_loss = points_survival_and_loss(values, cumulative, level)
    else:
        window_survival, window_loss = survival_and_loss(family, window_mean, window_variance, level)
    lead_survival, lead_loss = survival_and_loss(family, lead_mean, lead_variance, level)
    lost = lost_per_cycle(window_loss, lead_loss, lead_survival, window_mean, lead_mean, level)
    if lead_mean <= 0.0:
        return lost, window_loss, -window_survival, -window_survival
    step = 1e-5 * max(1.0, window_mean)
    _, next_window_loss = survival_and_loss(family, window_mean, window_variance, level + step)
    next_survival, next_lead_loss = survival_and_loss(family, lead_mean, lead_variance, level + step)
    ahead = lost_per_cycle(next_window_loss, next_lead_loss, next_survival, window_mean, lead_mean, level + step)
    return lost, window_loss, (ahead - lost) / step, -window_survival


@borrowing_kernel
def fill_shortage(
    family: int,
    window_mean: float,
    window_variance: float,
    lead_mean: float,
    lead_variance: float,
    values: Floats,
    cumulative: Floats,
    step: float,
    lost: Floats,
    backlog: Floats,
) -> None:
    """Lost per cycle and backlog at each level of a lattice: 0, step, 2 step and so on."""
    if family == COUNT and step == 1.0 and window_mean < LARGEST_COUNTED_MEAN:
        fill_count_shortage(window_mean, window_variance, lead_mean, lead_variance, lost, backlog)
        return
    window_log_gamma = log_gamma_of_shape(family, window_mean, window_variance)
    lead_log_gamma = log_gamma_of_shape(family, lead_mean, lead_variance)
    for index in range(lost.size):
        level = index * step
        if family == POINTS:
            _, window_loss = points_survival_and_loss(values, cumulative, level)
        else:
            _, window_loss = family_outcome(family, window_mean, window_variance, window_log_gamma, level)
        lead_survival, lead_loss = family_outcome(family, lead_mean, lead_variance, lead_log_gamma, level)
        lost[index] = lost_per_cycle(window_loss, lead_loss, lead_survival, window_mean, lead_mean, level)
        backlog[index] = window_loss


@borrowing_kernel
def fill_count_mass(mean: float, variance: float, step: float, mass: Floats) -> None:
    """Probability of demand in [k·step − step/2, k·step + step/2), the last cell holding the rest."""
    if step == 1.0 and mean < LARGEST_COUNTED_MEAN and variance >= (1.0 - 1e-6) * mean:
        term, first, slope = count_recursion(mean, variance)
        total = 0.0
        for k in range(mass.size):
            mass[k] = term
            total += term
            term *= (first + slope * k) / (k + 1.0)
        mass[mass.size - 1] += max(0.0, 1.0 - total)
        return
    below, log_gamma = 0.0, log_gamma_of_shape(GAMMA_FAMILY, mean, variance)
    for k in range(mass.size):
        survival, _ = family_outcome(GAMMA_FAMILY, mean, variance, log_gamma, (k + 0.5) * step)
        mass[k] = max(0.0, 1.0 - survival - below)
        below = 1.0 - survival
    mass[mass.size - 1] += max(0.0, 1.0 - below)


NO_POINTS = np.empty(0)
