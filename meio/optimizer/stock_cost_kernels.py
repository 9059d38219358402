"""What stock costs a node in closed form: one newsvendor for its customers, one for each stage above it.

Each stage of a chain is charged its echelon holding over the demand of all stages below it, which bounds and nearly
meets the cost of Clark and Scarf's optimum.

References
----------
Shang, K. and Song, J.-S. (2003), "Newsvendor bounds and heuristic for optimal policies in serial supply chains",
Management Science 49.
"""

from __future__ import annotations

import math

import numpy as np

from meio.network.compiled import Floats
from meio.network.jit import borrowing_kernel, kernel
from meio.optimizer.loss_kernels import fill_count_shortage, lost_per_cycle, normal_survival_and_loss

_COUNTED = 40.0  # units of window demand up to which levels are tried one by one
_LEVELS = 400


@borrowing_kernel
def deviation_of(rate: float, daily: Floats, days: float, random_days: float, spread: float) -> float:
    """Standard deviation of a share of the product's demand over a window whose length varies by `random_days`.

    `rate` is the share's units per day, `daily` the product's mean and variance of one day, `spread` more variance.
    """
    share = rate / daily[0]
    variance = rate * days + share * share * (daily[1] - daily[0]) * days
    return math.sqrt(max(0.0, variance) + random_days * rate * rate + spread)


@borrowing_kernel
def stage_stock(holding: float, urgency: float, deviation: float) -> float:
    """Least cost per day of a stage: holding of what is left and urgency of what is short, of normal demand."""
    if holding <= 0.0 or urgency <= 0.0 or deviation <= 0.0:
        return 0.0
    z = upper_quantile(holding / (holding + urgency))
    return (holding + urgency) * deviation * math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


@borrowing_kernel
def upper_quantile(tail: float) -> float:
    """Standard normal quantile above which lies a probability, to 5e-4 (Abramowitz and Stegun, 26.2.23)."""
    t = math.sqrt(-2.0 * math.log(min(tail, 1.0 - tail)))
    z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    return z if tail < 0.5 else -z


@borrowing_kernel
def customers_stock(
    holding: float,
    penalty: float,
    owed: float,
    rate: float,
    daily: Floats,
    lead: float,
    review: float,
    lead_variance: float,
    spread: float,
) -> tuple[float, float, float]:
    """Least cost per day of a node's stock for its customers beyond its mean window demand.

    Returns the cost, what one more unit short would cost per day at the best level, and that level.
    """
    window_mean, lead_mean = rate * (lead + review), rate * lead
    window_variance = deviation_of(rate, daily, lead + review, lead_variance, spread) ** 2
    lead_time_variance = deviation_of(rate, daily, lead, lead_variance, spread) ** 2
    if window_mean < _COUNTED:
        return counted_stock(
            holding, penalty / review, owed, window_mean, window_variance, lead_mean, lead_time_variance
        )
    deviation = math.sqrt(window_variance)
    low, high = max(0.0, window_mean - 3.0 * deviation), window_mean + 6.0 * deviation
    step = 1e-3 * deviation
    for _ in range(24):
        middle = 0.5 * (low + high)
        slope = level_cost(
            middle + step, holding, penalty / review, owed, window_mean, window_variance, lead_mean, lead_time_variance
        ) - level_cost(
            middle, holding, penalty / review, owed, window_mean, window_variance, lead_mean, lead_time_variance
        )
        if slope < 0.0:
            low = middle
        else:
            high = middle
    cost = level_cost(low, holding, penalty / review, owed, window_mean, window_variance, lead_mean, lead_time_variance)
    short, _ = normal_survival_and_loss(window_mean, window_variance, low)
    return cost, holding * (1.0 - short) / max(short, 1e-9), low


@borrowing_kernel
def level_cost(
    level: float,
    holding: float,
    lost_cost: float,
    owed: float,
    window_mean: float,
    window_variance: float,
    lead_mean: float,
    lead_variance: float,
) -> float:
    """Cost per day of a level under normal demand."""
    _, window_loss = normal_survival_and_loss(window_mean, window_variance, level)
    lead_survival, lead_loss = normal_survival_and_loss(lead_mean, lead_variance, level)
    lost = lost_per_cycle(window_loss, lead_loss, lead_survival, window_mean, lead_mean, level)
    return holding * (level - window_mean) + lost_cost * lost + (owed + holding) * window_loss * (owed > 0.0)


@kernel
def counted_stock(
    holding: float,
    lost_cost: float,
    owed: float,
    window_mean: float,
    window_variance: float,
    lead_mean: float,
    lead_variance: float,
) -> tuple[float, float, float]:
    """The same by trying whole levels, for slow movers."""
    size = min(_LEVELS, int(window_mean + 6.0 * math.sqrt(window_variance)) + 8)
    lost, backlog = np.empty(size), np.empty(size)
    fill_count_shortage(window_mean, window_variance, lead_mean, lead_variance, lost, backlog)
    best, least = 0, np.inf
    for level in range(size):
        cost = holding * (level - window_mean) + lost_cost * lost[level]
        if owed > 0.0:
            cost += (owed + holding) * backlog[level]
        if cost < least:
            best, least = level, cost
    short = backlog[best] - backlog[min(best + 1, size - 1)]  # probability of more demand than the level
    return least, holding * (1.0 - short) / max(short, 1e-9), float(best)
