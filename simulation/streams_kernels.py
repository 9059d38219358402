"""Counter-based random numbers: every draw is a hash of what it is for, so no draw depends on another.

A stream is a 64-bit key. Keys are derived one from another by words (seed, replication, product, purpose, day…); the
k-th number of a stream is the hash of its key and k.

References
----------
Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2, 3.
Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators: the hash.
"""

from __future__ import annotations

import math

import numpy as np

from meio.network.jit import kernel
from meio.simulation.streams import Keys

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
_SECOND_FACTOR = np.uint64(0x94D049BB133111EB)
_FIRST_SHIFT, _SECOND_SHIFT, _THIRD_SHIFT = np.uint64(30), np.uint64(27), np.uint64(31)
_ONE = np.uint64(1)
_TO_53_BITS = np.uint64(11)
_INVERSION_MEAN = 10.0  # below it the Poisson is drawn by inversion, above by rejection


@kernel
def scramble(word: np.uint64) -> np.uint64:
    """A bijection of 64-bit words in which every output bit depends on every input bit."""
    word = (word ^ (word >> _FIRST_SHIFT)) * _FIRST_FACTOR
    word = (word ^ (word >> _SECOND_SHIFT)) * _SECOND_FACTOR
    return word ^ (word >> _THIRD_SHIFT)


@kernel
def derived_key(key: np.uint64, word: int) -> np.uint64:
    """Key of the stream `word` below a key; different words give different keys."""
    return scramble(key ^ scramble(np.uint64(word) + _GOLDEN))


@kernel
def random_bits(key: np.uint64, counter: int) -> np.uint64:
    """The number at place `counter` (from 0) of a stream: 64 random bits."""
    return scramble(key + (np.uint64(counter) + _ONE) * _GOLDEN)


@kernel
def start(draws: Keys, key: np.uint64) -> None:
    """Set `draws` (key, counter) to the beginning of a stream."""
    draws[0] = key
    draws[1] = 0


@kernel
def uniform(draws: Keys) -> float:
    """Next number of the stream, between 0 and 1, both excluded."""
    bits = random_bits(draws[0], draws[1])
    draws[1] += _ONE
    return (float(bits >> _TO_53_BITS) + 0.5) * 2.0**-53


@kernel
def standard_normal(draws: Keys) -> float:
    """A normal number of mean 0 and standard deviation 1 (Box & Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log(uniform(draws)))
    return radius * math.cos(2.0 * math.pi * uniform(draws))


@kernel
def gamma(draws: Keys, shape: float) -> float:
    """A gamma number of scale 1 (Marsaglia & Tsang 2000)."""
    if shape < 1.0:
        return float(gamma(draws, shape + 1.0) * uniform(draws) ** (1.0 / shape))
    centre = shape - 1.0 / 3.0
    spread = 1.0 / math.sqrt(9.0 * centre)
    while True:
        normal = standard_normal(draws)
        root = 1.0 + spread * normal
        if root <= 0.0:
            continue
        cube = root * root * root
        if math.log(uniform(draws)) < 0.5 * normal * normal + centre * (1.0 - cube + math.log(cube)):
            return centre * cube


@kernel
def poisson(draws: Keys, mean: float) -> int:
    """A Poisson number."""
    if mean <= 0.0:
        return 0
    return _poisson_by_inversion(draws, mean) if mean < _INVERSION_MEAN else _poisson_by_rejection(draws, mean)


@kernel
def negative_binomial(draws: Keys, mean: float, variance: float) -> int:
    """A negative binomial number (a Poisson of gamma mean); Poisson when the variance is not above the mean."""
    if variance <= mean:
        return poisson(draws, mean)
    scale = variance / mean - 1.0
    return poisson(draws, scale * gamma(draws, mean / scale))


@kernel
def _poisson_by_inversion(draws: Keys, mean: float) -> int:
    number = 0
    probability = math.exp(-mean)
    remaining = uniform(draws) - probability
    while remaining > 0.0 and probability > 0.0:
        number += 1
        probability *= mean / number
        remaining -= probability
    return number


@kernel
def _poisson_by_rejection(draws: Keys, mean: float) -> int:
    """Transformed rejection with squeeze: algorithm PTRS of Hörmann (1993)."""
    root = math.sqrt(mean)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    squeeze = 0.9277 - 3.6224 / (b - 2.0)
    log_mean = math.log(mean)
    while True:
        u = uniform(draws) - 0.5
        v = uniform(draws)
        distance = 0.5 - abs(u)
        number = math.floor((2.0 * a / distance + b) * u + mean + 0.43)
        if distance >= 0.07 and v <= squeeze:
            return int(number)
        if number < 0 or (distance < 0.013 and v > distance):
            continue
        accepted = math.log(v * inverse_alpha / (a / (distance * distance) + b))
        if accepted <= number * log_mean - mean - math.lgamma(number + 1.0):
            return int(number)
