"""Logarithm, exponential and the start of a count's probabilities for a row of lanes, several at a time.

The C library's functions take one number at a time, and a loop that calls them is not vectorised; these are short
sums that are. Lanes lie side by side: row r of a state is its entries r · `LANES` to r · `LANES` + width - 1.

References
----------
Muller, J.-M. (2016), "Elementary Functions", 3rd edition, Birkhäuser, chapters 3 and 11: reduction of the argument,
then a polynomial.
"""

from __future__ import annotations

import math

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import lockstep_kernel

LANES = 32  # most lanes that run in lockstep: enough to hide how long a recursion waits for its last step
MASS, SURVIVAL, FIRST, SLOPE, MEAN, VARIANCE = range(6)  # rows
_LOG_2_HIGH, _LOG_2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10  # the first with 32 zero bits at its end
_LOG_2_OF_E, _ROOT_OF_2 = 1.4426950408889634, math.sqrt(2.0)
_FRACTION_BITS, _ONE_BITS, _BIAS = 0xFFFFFFFFFFFFF, 0x3FF0000000000000, 1023  # of a double


@lockstep_kernel
def fill_logs(width: int, x: Floats, x_bits: Ints, exponent: Floats) -> None:
    """Replace positive, normal x by their natural logarithms.

    `x_bits` is x's own memory read as integers, `exponent` scratch. With x = 2^e · m and s = (m - 1) / (m + 1), the
    logarithm is e · log 2 + 2 (s + s³/3 + s⁵/5 + …), where |s| < 0.172.
    """
    for lane in range(width):
        bits = x_bits[lane]
        exponent[lane] = float((bits >> 52) - _BIAS)
        x_bits[lane] = (bits & _FRACTION_BITS) | _ONE_BITS
    for lane in range(width):
        m, e = x[lane], exponent[lane]
        large = m > _ROOT_OF_2
        m = 0.5 * m if large else m
        e = e + 1.0 if large else e
        s = (m - 1.0) / (m + 1.0)
        z = s * s
        p = 1.0 / 21.0
        p = p * z + 1.0 / 19.0
        p = p * z + 1.0 / 17.0
        p = p * z + 1.0 / 15.0
        p = p * z + 1.0 / 13.0
        p = p * z + 1.0 / 11.0
        p = p * z + 1.0 / 9.0
        p = p * z + 1.0 / 7.0
        p = p * z + 1.0 / 5.0
        p = p * z + 1.0 / 3.0
        x[lane] = e * _LOG_2_HIGH + (2.0 * s + (2.0 * s * z * p + e * _LOG_2_LOW))


@lockstep_kernel
def fill_exponentials(width: int, x: Floats, power: Floats, power_bits: Ints) -> None:
    """Replace x, -700 to 700, by their exponentials: 2^n · e^r, |r| < 0.35, the latter by its Taylor series.

    `power_bits` is the memory of the scratch `power` read as integers.
    """
    for lane in range(width):
        n = np.floor(x[lane] * _LOG_2_OF_E + 0.5)
        r = (x[lane] - n * _LOG_2_HIGH) - n * _LOG_2_LOW
        power_bits[lane] = (np.int64(n) + _BIAS) << 52
        p = 1.0 / 6227020800.0
        p = p * r + 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        x[lane] = p * r + 1.0
    for lane in range(width):
        x[lane] *= power[lane]


@lockstep_kernel
def start_counts(width: int, first: int, state: Floats, x: Floats, x_bits: Ints, y: Floats, y_bits: Ints) -> None:
    """Fill the rows `MASS`, `SURVIVAL`, `FIRST` and `SLOPE` from `MEAN` and `VARIANCE`; rows begin at entry `first`.

    Mass and survival are P(D = 0) and P(D > 0); as in `loss_kernels.count_recursion`, pmf(n + 1) / pmf(n) is
    (first + slope · n) / (n + 1). x and y are scratch, and their memory read as integers.
    """
    for lane in range(width):
        mean, variance = state[first + MEAN * LANES + lane], state[first + VARIANCE * LANES + lane]
        x[lane] = mean / variance if mean > 0.0 else 1.0
    fill_logs(width, x, x_bits, y)
    for lane in range(width):
        mean, variance = state[first + MEAN * LANES + lane], state[first + VARIANCE * LANES + lane]
        excess = variance - mean
        spread = excess > 1e-9 * mean and mean > 0.0
        mean = max(mean, 0.0)
        per_variance = 1.0 / variance
        state[first + FIRST * LANES + lane] = mean * mean * per_variance if spread else mean
        state[first + SLOPE * LANES + lane] = excess * per_variance if spread else 0.0
        x[lane] = mean * mean / excess * x[lane] if spread else -mean
    fill_exponentials(width, x, y, y_bits)
    for lane in range(width):
        state[first + MASS * LANES + lane] = x[lane]
        state[first + SURVIVAL * LANES + lane] = 1.0 - x[lane]
