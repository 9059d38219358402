"""Who follows which system when: products drawn within strata, or pairs of neighbouring blocks of weeks."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Bools, Floats, Ints

STRATUM = 10  # products at least, so that both arms of each stratum have several


def strata(value: Floats, volume: Floats) -> Ints:
    """Strata of products alike in value, and within that in volume, [product].

    Parameters
    ----------
    value, volume : array [product]
        Forecast demand at cost, and in m³.
    """
    num_products = len(value)
    halves = 2 if num_products >= 4 * STRATUM else 1
    num_values = max(num_products // (STRATUM * halves), 1)
    stratum = np.empty(num_products, dtype=np.int64)
    for place, members in enumerate(np.array_split(np.argsort(-value, kind="stable"), num_values)):
        by_volume = members[np.argsort(-volume[members], kind="stable")]
        for half, part in enumerate(np.array_split(by_volume, halves)):
            stratum[part] = place * halves + half
    return stratum


def drawn_products(stratum: Ints, generator: np.random.Generator) -> Bools:
    """Half of each stratum to the treatment, [product]; of an odd number one more or one less, by lot."""
    treated: Bools = many_draws(stratum, generator, 1)[0]
    return treated


def many_draws(stratum: Ints, generator: np.random.Generator, draws: int) -> Bools:
    """The same many times over, [draw, product]."""
    treated = np.zeros((draws, len(stratum)), dtype=bool)
    for each in range(stratum.max() + 1):
        members = np.flatnonzero(stratum == each)
        place = generator.random((draws, len(members))).argsort(axis=1)
        half = (len(members) + generator.integers(2, size=(draws, 1))) // 2
        treated[:, members] = place < half
    return treated


def drawn_blocks(num_pairs: int, generator: np.random.Generator) -> Bools:
    """One of each pair of neighbouring blocks to the treatment, by lot, [pair, block of the pair]."""
    first = generator.random(num_pairs) < 0.5
    return np.stack([first, ~first], axis=1)
