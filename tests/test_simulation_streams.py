"""Random streams: known words of the hash, uniformity, independence, and the distributions drawn from them."""

import numpy as np
import pytest
from scipy import stats

from meio.network.jit import kernel
from meio.simulation.streams import name_keys
from meio.simulation.streams_kernels import (
    derived_key,
    gamma,
    negative_binomial,
    poisson,
    random_bits,
    standard_normal,
    start,
    uniform,
)

SAMPLES = 40_000
UNIFORM, NORMAL, GAMMA, POISSON, NEGATIVE_BINOMIAL = range(5)
LEAST_P = 1e-4  # seeds are fixed: a test passes always or never


@kernel
def draw(kind: int, first: float, second: float, samples: np.ndarray) -> None:
    """One number from each of many streams."""
    draws = np.empty(2, dtype=np.uint64)
    for sample in range(len(samples)):
        start(draws, derived_key(np.uint64(7), sample))
        if kind == UNIFORM:
            samples[sample] = uniform(draws)
        elif kind == NORMAL:
            samples[sample] = standard_normal(draws)
        elif kind == GAMMA:
            samples[sample] = gamma(draws, first)
        elif kind == POISSON:
            samples[sample] = poisson(draws, first)
        else:
            samples[sample] = negative_binomial(draws, first, second)


def drawn(kind, first=0.0, second=0.0):
    samples = np.empty(SAMPLES)
    draw(kind, first, second, samples)
    return samples


def test_hash_gives_the_published_words_of_splitmix64():
    words = [int(random_bits(np.uint64(0), counter)) for counter in range(3)]
    assert words == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_a_number_depends_on_its_key_and_place_only():
    forwards = [int(random_bits(np.uint64(3), place)) for place in range(5)]
    backwards = [int(random_bits(np.uint64(3), place)) for place in reversed(range(5))]
    assert forwards == backwards[::-1]


def test_different_words_give_different_keys():
    words = range(-500, 500)  # days of the warm-up are negative
    assert len({int(derived_key(np.uint64(1), word)) for word in words}) == len(words)


def test_keys_of_names_do_not_depend_on_the_other_names():
    keys = name_keys(["mug", "book", "sofa"])
    assert name_keys(["sofa", "mug"]).tolist() == [keys[2], keys[0]]
    assert len(set(keys.tolist())) == 3


@pytest.mark.parametrize("of_one_stream", [True, False])
def test_bits_are_fair_and_neighbours_independent(of_one_stream):
    """Numbers in sequence in one stream, and first numbers of neighbouring streams."""
    if of_one_stream:
        words = [int(random_bits(np.uint64(11), place)) for place in range(10_000)]
    else:
        words = [int(random_bits(np.uint64(derived_key(np.uint64(11), word)), 0)) for word in range(10_000)]
    bits = (np.array(words, dtype=np.uint64)[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    signs = 2.0 * bits - 1.0  # [word, bit]
    deviations = 100 * signs.mean(axis=0)
    assert stats.chi2.sf((deviations**2).sum(), 64) > LEAST_P
    neighbours = 100 * (signs[1:, :, None] * signs[:-1, None, :]).mean(axis=0)  # every bit with every next bit
    assert stats.chi2.sf((neighbours**2).sum(), 64 * 64) > LEAST_P


def test_uniform_and_pairs_of_uniforms_fill_their_space():
    samples = drawn(UNIFORM)
    assert stats.kstest(samples, "uniform").pvalue > LEAST_P
    cells = np.histogram2d(samples[::2], samples[1::2], bins=20, range=[[0, 1], [0, 1]])[0]
    assert stats.chisquare(cells.ravel()).pvalue > LEAST_P


@pytest.mark.parametrize(
    ("samples", "distribution"),
    [
        ((NORMAL,), stats.norm()),
        ((GAMMA, 0.3), stats.gamma(0.3)),
        ((GAMMA, 1.0), stats.gamma(1.0)),
        ((GAMMA, 6.5), stats.gamma(6.5)),
    ],
)
def test_continuous_samples_follow_scipy(samples, distribution):
    assert stats.kstest(drawn(*samples), distribution.cdf).pvalue > LEAST_P


@pytest.mark.parametrize(
    ("samples", "distribution"),
    [
        ((POISSON, 0.05), stats.poisson(0.05)),
        ((POISSON, 3.0), stats.poisson(3.0)),
        ((POISSON, 9.99), stats.poisson(9.99)),  # by inversion
        ((POISSON, 10.0), stats.poisson(10.0)),  # by rejection
        ((POISSON, 250.0), stats.poisson(250.0)),
        ((NEGATIVE_BINOMIAL, 0.4, 1.2), stats.nbinom(0.2, 1 / 3)),
        ((NEGATIVE_BINOMIAL, 12.0, 15.0), stats.nbinom(48.0, 0.8)),
        ((NEGATIVE_BINOMIAL, 2.0, 2.0), stats.poisson(2.0)),
    ],
)
def test_counts_follow_scipy(samples, distribution):
    counts = drawn(*samples)
    edges = np.unique(distribution.ppf(np.linspace(0.02, 0.98, 25)))
    cells = np.histogram(counts, bins=[-np.inf, *(edges + 0.5), np.inf])[0]
    expected = np.diff([0.0, *distribution.cdf(edges), 1.0]) * SAMPLES
    assert stats.chisquare(cells[expected > 0], expected[expected > 0]).pvalue > LEAST_P


def test_a_mean_of_zero_gives_zero():
    assert not drawn(POISSON, 0.0).any()
