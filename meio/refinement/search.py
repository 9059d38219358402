"""The search on sampled paths: targets go against the derivative of their cost, prices after the use of capacities.

References
----------
Arrow, K., Hurwicz, L. and Uzawa, H. (1958), "Studies in linear and non-linear programming".
Polyak, B. and Juditsky, A. (1992), "Acceleration of stochastic approximation by averaging", SIAM J. Control and
Optimization 30.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from meio.network.compiled import Bools, Floats
from meio.optimizer.prices import average_of, fields, no_prices
from meio.plans import CapacityPrices, Plan, Refinement
from meio.refinement.price_steps import PriceSteps
from meio.refinement.sampling import Paths, sampled, use_of, with_prices
from meio.refinement.shift_steps import DOWN, NEAREST, ShiftSteps

SEED = 2**62  # of the paths: a plan is proven on others
MOST_ROUNDS = 2**20  # of one seed, apart from the next
PATHS, USE_PATHS = 2, 1  # of every product in a round, for derivatives and for use
STILL_PATHS = 12  # of products that do not move
AVERAGED = 0.3  # share of the rounds, the last ones
MARGIN = 0.01  # of what is allowed, left free: further paths differ


def searched(
    paths: Paths,
    plan: Plan,
    chosen: Bools,
    allowed: CapacityPrices,
    scale: CapacityPrices,
    rounds: int,
    progress: Callable[[int], None] | None,
    start: Refinement | None = None,
    seed: int = 0,
) -> tuple[ShiftSteps, CapacityPrices]:
    """Move the targets of chosen products [product], and all prices from the plan's on.

    Parameters
    ----------
    allowed : CapacityPrices
        Use that prices aim at.
    scale : CapacityPrices
        Prices as large as the costs they add to.
    start : Refinement, optional
        Shifts and prices to begin with; none: no shift, and the plan's prices.
    seed : int
        Of the paths.

    Returns
    -------
    ShiftSteps
        At the average shift of the last rounds.
    CapacityPrices
        Their average.
    """
    aim = CapacityPrices(*((1.0 - MARGIN) * part for part in fields(allowed)))
    shifts = ShiftSteps(plan.targets, chosen[:, None] & (plan.lane_idx >= 0))
    steps = PriceSteps(plan.prices if start is None else start.prices, aim, scale)
    if start is not None:
        shifts.begin(start.shift.mean(axis=2, keepdims=True))
    still = sampled(paths, plan.targets, no_prices(aim), SEED, STILL_PATHS, np.flatnonzero(~chosen))
    others, products = use_of(paths, still), np.flatnonzero(chosen)
    recent_shifts, recent_prices = [], []
    first = SEED + MOST_ROUNDS * seed
    for done in range(1, rounds + 1):
        valued = with_prices(paths, plan, steps.paid)
        samples = sampled(valued, shifts.targets(DOWN), steps.paid, first + done, PATHS, products, with_slope=True)
        shifts.follow(samples.slope)
        samples = sampled(valued, shifts.targets(NEAREST), steps.paid, first + done, USE_PATHS, products)
        steps.follow(CapacityPrices(*map(np.add, fields(use_of(paths, samples)), fields(others))))
        recent_shifts.append(shifts.shift)
        recent_prices.append(steps.paid)
        if progress is not None:
            progress(done)
    shifts.shift = _settled(recent_shifts)
    return shifts, average_of(recent_prices[-_last(rounds) :])


def searched_at(paths: Paths, plan: Plan, chosen: Bools, prices: CapacityPrices, rounds: int) -> ShiftSteps:
    """Move the targets of chosen products [product] at prices that rest."""
    shifts = ShiftSteps(plan.targets, chosen[:, None] & (plan.lane_idx >= 0))
    valued, products, recent = with_prices(paths, plan, prices), np.flatnonzero(chosen), []
    for done in range(1, rounds + 1):
        samples = sampled(valued, shifts.targets(DOWN), prices, SEED + done, PATHS, products, with_slope=True)
        shifts.follow(samples.slope)
        recent.append(shifts.shift)
    shifts.shift = _settled(recent)
    return shifts


def _settled(shifts: list[Floats]) -> Floats:
    """Average of the last shifts."""
    return np.asarray(np.mean(shifts[-_last(len(shifts)) :], axis=0))


def _last(rounds: int) -> int:
    return max(1, int(AVERAGED * rounds))
