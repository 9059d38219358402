"""Many newsvendor problems of counted demand at a time: those of nodes whose stock nobody else gains by.

No table is filled: a recursion over the levels runs up to the one where a unit more saves less than its charge. `LANES`
problems of similar levels run in lockstep, so that one instruction serves several of them: all lanes in strides of
`STRIDE` levels while every one gains, then level by level, where those that have found theirs stand still.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel, kernel, lockstep_kernel
from meio.optimizer.cluster_kernels import LOST_COST, OWED_COST, WINDOW_MEAN, WINDOW_VARIANCE
from meio.optimizer.lockstep_kernels import FIRST, LANES, MASS, MEAN, SLOPE, SURVIVAL, VARIANCE, start_counts

LEVEL, COST, SHORT, LAST_GAIN, NEXT_GAIN, GAIN_BEYOND = range(6)  # answers
NUM_ANSWERS = 6
BATCH = 2048  # problems that are sorted together
STRIDE = 8
_LEAST_GAIN = 1e-12  # beyond the charge, as in `subproblem_kernels.add_stock`
_PRICE, _MASS_AHEAD, _SURVIVAL_AHEAD, _SHORT, _RANK_ROWS = range(6, 11)  # rows, beside those of every count
_DEVIATIONS, _BIT = 0.37, 2.0**-52
_KEYS, _KEYS_OF_ONE = 96, 1023 - 6  # four keys an octave, from 2^-6 to 2^18


class Lockstep(NamedTuple):
    """Scratch of the lanes and of the order in which problems take them."""

    state: Floats
    """[row · lane]: rows of each rank; apart from the arrays below, so that compilers see that they do not overlap"""
    charge: Floats
    """[lane], and so on: money per day and unit"""
    level: Floats
    gain: Floats
    """What a unit more saves per day."""
    active: Floats
    """1 where the lane still goes up."""
    cost: Floats
    last: Floats
    """What the last unit saves."""
    beyond: Floats
    """What the unit after the next saves."""
    x: Floats
    x_bits: Ints
    """The memory of x"""
    y: Floats
    y_bits: Ints
    order: Ints
    """[place]: problem"""
    key: Ints
    below: Ints
    """[key]: how many problems have a smaller one"""
    reciprocal: Floats
    """[n]: 1 / (n + 1)"""


@kernel
def new_lockstep(num_speeds: int, most_levels: int) -> Lockstep:
    """Empty `Lockstep` for levels up to `most_levels`."""
    x, y = np.ones(BATCH), np.ones(LANES)
    return Lockstep(
        np.zeros(num_speeds * _RANK_ROWS * LANES),
        np.zeros(LANES),
        np.zeros(LANES),
        np.zeros(LANES),
        np.zeros(LANES),
        np.zeros(LANES),
        np.zeros(LANES),
        np.zeros(LANES),
        x,
        x.view(np.int64),
        y,
        y.view(np.int64),
        np.zeros(BATCH, np.int64),
        np.zeros(BATCH, np.int64),
        np.zeros(_KEYS + 1, np.int64),
        1.0 / np.arange(1.0, most_levels + 2 * STRIDE),
    )


@borrowing_kernel
def solve_newsvendors(terms: Floats, charge: Floats, scratch: Lockstep, answers: Floats) -> None:
    """Least level at which a unit more saves no more than its charge, and what follows from it.

    Parameters
    ----------
    terms
        [problem, rank, term] as in `Classes`, without lead time.
    charge
        [problem]: money per day and unit of level, above 0; inf: nothing is stocked.
    answers
        [problem, answer], to fill: level (beyond the most where it was not found), cost of shortage per day, units
        short per window, and what the last unit, one more and another one save per day (the last is the next one
        where nothing is stocked).
    """
    ranks, last = terms.shape[1], terms.shape[1] - 1
    state, reciprocal, order = scratch.state, scratch.reciprocal, scratch.order
    limit, level, gain = scratch.charge, scratch.level, scratch.gain
    x, x_bits, y, y_bits = scratch.x, scratch.x_bits, scratch.y, scratch.y_bits
    for begin in range(0, charge.size, BATCH):
        size = min(BATCH, charge.size - begin)
        if size > LANES:
            estimate_levels(terms[begin : begin + size], charge[begin : begin + size], x, x_bits)
        sort_by_level(size, begin, x_bits, scratch.key, scratch.below, order)
        for first in range(0, size, LANES):
            lanes = min(LANES, size - first)
            width = -8 * (-lanes // 8)  # whole vectors of up to eight
            load(terms, charge, order[first : first + lanes], state, limit)
            for rank in range(ranks):
                start_counts(width, rank * _RANK_ROWS * LANES, state, x, x_bits, y, y_bits)
            reached = stride(width, ranks, limit, reciprocal, state, gain)
            climb(width, ranks, reached, limit, reciprocal, state, level, gain, scratch.active)
            finish(width, ranks, level, gain, state, scratch.cost, scratch.last, scratch.beyond)
            short = (last * _RANK_ROWS + _SHORT) * LANES
            for lane in range(lanes):
                answer = answers[order[first + lane]]
                answer[LEVEL] = level[lane]
                answer[COST] = scratch.cost[lane]
                answer[SHORT] = state[short + lane]
                answer[LAST_GAIN] = scratch.last[lane]
                answer[NEXT_GAIN] = gain[lane]
                answer[GAIN_BEYOND] = scratch.beyond[lane]


@lockstep_kernel
def estimate_levels(terms: Floats, charge: Floats, level: Floats, level_bits: Ints) -> None:
    """Fill about how high each problem's level lies; `level_bits` is the memory of `level` read as integers.

    Deviations above the mean are about half the logarithm of price to charge; a double's bits are, nearly, its binary
    logarithm.
    """
    last = terms.shape[1] - 1
    for problem in range(charge.size):
        price = 0.0
        for rank in range(last + 1):
            price += terms[problem, rank, LOST_COST] + terms[problem, rank, OWED_COST]
        level[problem] = price / charge[problem]
    for problem in range(charge.size):
        deviations = max(0.0, _DEVIATIONS * (float(level_bits[problem]) * _BIT - 1023.0))
        deviation = np.sqrt(terms[problem, last, WINDOW_VARIANCE])
        level[problem] = terms[problem, last, WINDOW_MEAN] + deviations * deviation


@borrowing_kernel
def sort_by_level(size: int, begin: int, level_bits: Ints, key: Ints, count: Ints, order: Ints) -> None:
    """Order problems `begin` to `begin` + size - 1 by the octave of their level, and its quarter."""
    if size <= LANES:
        for place in range(size):
            order[place] = begin + place
        return
    count[:] = 0
    for place in range(size):
        quarter = (level_bits[place] >> 50) - (_KEYS_OF_ONE << 2)
        key[place] = min(max(quarter, 0), _KEYS - 1)
        count[key[place] + 1] += 1
    for k in range(1, _KEYS):
        count[k] += count[k - 1]
    for place in range(size):
        order[count[key[place]]] = begin + place
        count[key[place]] += 1


@borrowing_kernel
def load(terms: Floats, charge: Floats, problems: Ints, state: Floats, limit: Floats) -> None:
    """Copy the problems into the lanes; lanes left over get no demand."""
    limit[:] = np.inf
    for lane in range(problems.size):
        limit[lane] = charge[problems[lane]] + _LEAST_GAIN
    for rank in range(terms.shape[1]):
        row = rank * _RANK_ROWS * LANES
        if problems.size < LANES:
            state[row : row + _RANK_ROWS * LANES] = 0.0
        for lane in range(problems.size):
            term = terms[problems[lane], rank]
            state[row + MEAN * LANES + lane] = term[WINDOW_MEAN]
            state[row + VARIANCE * LANES + lane] = term[WINDOW_VARIANCE]
            state[row + _PRICE * LANES + lane] = term[LOST_COST] + term[OWED_COST]


@lockstep_kernel
def fill_gain(width: int, ranks: int, survival_row: int, state: Floats, gain: Floats) -> None:
    """Fill what a unit more saves: the price of each rank's unit short, times the probability of one."""
    for lane in range(width):
        gain[lane] = 0.0
    for rank in range(ranks):
        row = rank * _RANK_ROWS * LANES
        for lane in range(width):
            gain[lane] += state[row + _PRICE * LANES + lane] * state[row + survival_row * LANES + lane]


@lockstep_kernel
def stride(width: int, ranks: int, limit: Floats, reciprocal: Floats, state: Floats, gain: Floats) -> int:
    """Go up `STRIDE` levels at a time while a unit more is worth its charge in every lane; return the level."""
    level = 0
    while level + 2 * STRIDE <= reciprocal.size:
        for rank in range(ranks):
            row = rank * _RANK_ROWS * LANES
            for lane in range(width):
                mass, survival = state[row + MASS * LANES + lane], state[row + SURVIVAL * LANES + lane]
                slope = state[row + SLOPE * LANES + lane]
                ratio = state[row + FIRST * LANES + lane] + slope * level
                for ahead in range(STRIDE):
                    mass *= (ratio + slope * ahead) * reciprocal[level + ahead]
                    survival -= mass
                state[row + _MASS_AHEAD * LANES + lane] = mass
                state[row + _SURVIVAL_AHEAD * LANES + lane] = survival
        fill_gain(width, ranks, _SURVIVAL_AHEAD, state, gain)
        stay = 0
        for lane in range(width):
            stay += 0 if gain[lane] > limit[lane] else 1
        if stay > 0:
            break
        level += STRIDE
        for rank in range(ranks):
            row = rank * _RANK_ROWS * LANES
            for lane in range(width):
                state[row + MASS * LANES + lane] = state[row + _MASS_AHEAD * LANES + lane]
                state[row + SURVIVAL * LANES + lane] = state[row + _SURVIVAL_AHEAD * LANES + lane]
    return level


@lockstep_kernel
def climb(
    width: int,
    ranks: int,
    reached: int,
    limit: Floats,
    reciprocal: Floats,
    state: Floats,
    level: Floats,
    gain: Floats,
    active: Floats,
) -> None:
    """Go up level by level from the one reached; each lane stops at its own."""
    fill_gain(width, ranks, SURVIVAL, state, gain)
    for lane in range(width):
        level[lane] = float(reached)
    climbing = width
    while climbing > 0 and reached + 2 <= reciprocal.size:
        for units in range(reached, reached + 2):  # counting who climbs takes as long as a level
            for lane in range(width):
                up = 1.0 if gain[lane] > limit[lane] else 0.0
                active[lane] = up
                level[lane] += up
                gain[lane] = 0.0
            for rank in range(ranks):
                row = rank * _RANK_ROWS * LANES
                for lane in range(width):
                    mass, survival = state[row + MASS * LANES + lane], state[row + SURVIVAL * LANES + lane]
                    ratio = state[row + FIRST * LANES + lane] + state[row + SLOPE * LANES + lane] * units
                    next_mass = mass * (ratio * reciprocal[units])
                    up = active[lane] > 0.0
                    survival = survival - next_mass if up else survival
                    state[row + MASS * LANES + lane] = next_mass if up else mass
                    state[row + SURVIVAL * LANES + lane] = survival
                    gain[lane] += state[row + _PRICE * LANES + lane] * survival
        reached += 2
        climbing = 0
        for lane in range(width):
            climbing += 1 if active[lane] > 0.0 else 0


@lockstep_kernel
def finish(
    width: int, ranks: int, level: Floats, gain: Floats, state: Floats, cost: Floats, last: Floats, beyond: Floats
) -> None:
    """Cost of shortage, units short of each rank, and the gains around each lane's level.

    Expected units beyond the level y are (mean - y) P(D > y) + (a + b y) P(D = y) / (1 - b).
    """
    for lane in range(width):
        cost[lane] = 0.0
        last[lane] = gain[lane]
        beyond[lane] = gain[lane]
    for rank in range(ranks):
        row = rank * _RANK_ROWS * LANES
        for lane in range(width):
            price, slope = state[row + _PRICE * LANES + lane], state[row + SLOPE * LANES + lane]
            mass = state[row + MASS * LANES + lane]
            ahead = mass * (state[row + FIRST * LANES + lane] + slope * level[lane])
            short = (state[row + MEAN * LANES + lane] - level[lane]) * state[row + SURVIVAL * LANES + lane]
            short = max(0.0, short + ahead / (1.0 - slope))
            state[row + _SHORT * LANES + lane] = short
            cost[lane] += price * short
            last[lane] += price * mass if level[lane] > 0.0 else 0.0
            beyond[lane] -= price * ahead / (level[lane] + 1.0)
