"""Samples of a product's demand over a window of days, by customer class.

Every draw is numbered: its generator is keyed by the seed and the product's name and counts from the period, so that a
product keeps its samples whatever else the scenario holds, and whoever asks for them.

References
----------
Salmon, Moraes, Dror and Shaw 2011 (Philox).
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from meio.network.compiled import EMPIRICAL, GAMMA, NEGATIVE_BINOMIAL, NORMAL, CompiledScenario, Floats, Ints


def demand_samples(compiled: CompiledScenario, window_days: Floats, num_samples: int, seed: int) -> Ints:
    """Units demanded in the window that starts in the middle of each period, [product, period, sample, class].

    A class is zone × number of speeds + speed. After the horizon the last period goes on. Normal and gamma demand is
    rounded to whole units, as the simulator does.

    Parameters
    ----------
    window_days : array [product]
    num_samples : int
        At least 1.
    seed : int
        At least 0.
    """
    names = compiled.names
    shape = (len(names.products), compiled.num_periods, num_samples, len(names.zones) * len(names.speeds))
    units = np.zeros(shape, dtype=np.int64)
    for product, name in enumerate(names.products):
        key = np.array([seed, int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")], np.uint64)
        for period in range(shape[1]):
            random = np.random.Generator(np.random.Philox(key=key, counter=np.array([0, 0, 0, period], np.uint64)))
            days = _overlaps(compiled, period, window_days[product])
            _add_streams(compiled, product, days, random, units[product, period])
    return units


def _overlaps(compiled: CompiledScenario, period: int, window: float) -> Floats:
    """Days of the window in each period, [period]; days after the horizon count to the last."""
    length, num_periods = compiled.period_days, compiled.num_periods
    edges = np.arange(num_periods + 1) * float(length)
    edges[-1] = np.inf
    start = (period + 0.5) * length
    overlap = np.minimum(edges[1:], start + window) - np.maximum(edges[:-1], start)
    return np.asarray(np.maximum(0.0, overlap))


def _add_streams(
    compiled: CompiledScenario, product: int, days: Floats, random: np.random.Generator, units: Ints
) -> None:
    """Add all streams of a product over a window with so many days of each period to `units` [sample, class]."""
    demand = compiled.demand
    for stream in range(demand.product_ptr[product], demand.product_ptr[product + 1]):
        totals = _totals(compiled, stream, days, random, len(units))
        mix = demand.mix_idx[stream]
        entries = slice(demand.mix_ptr[mix], demand.mix_ptr[mix + 1])
        units[:, demand.mix_class_idx[entries]] += random.multinomial(totals, demand.mix_share[entries])


def _totals(
    compiled: CompiledScenario, stream: int, days: Floats, random: np.random.Generator, num_samples: int
) -> Ints:
    """Whole units of one stream over a window that holds so many days of each period, [sample]."""
    demand = compiled.demand
    kind = demand.stream_kind[stream]
    if kind >= EMPIRICAL:
        return _table_totals(compiled, stream, days, random, num_samples)
    mean, variance = float(days @ demand.daily_mean[stream]), float(days @ demand.daily_variance[stream])
    if mean <= 0.0 and kind != NORMAL:
        return np.zeros(num_samples, dtype=np.int64)
    if kind == NORMAL:
        return _whole(random.normal(mean, np.sqrt(variance), num_samples))
    if kind == GAMMA and variance > 0.0:
        return _whole(random.gamma(mean * mean / variance, variance / mean, num_samples))
    if kind == NEGATIVE_BINOMIAL and variance > mean:
        scale = variance / mean - 1.0
        return random.poisson(random.gamma(mean / scale, scale, num_samples))
    return _whole(np.full(num_samples, mean)) if kind == GAMMA else random.poisson(mean, num_samples)


def _table_totals(
    compiled: CompiledScenario, stream: int, days: Floats, random: np.random.Generator, num_samples: int
) -> Ints:
    """Totals of whole periods by their inverse distribution, each unit in the window with its share of days."""
    demand, length = compiled.demand, compiled.period_days
    totals = np.zeros(num_samples, dtype=np.int64)
    for period in np.flatnonzero(days):
        cell = stream * compiled.num_periods + period
        points = slice(demand.table_ptr[cell], demand.table_ptr[cell + 1])
        value, probability = demand.table_value[points], demand.table_probability[points]
        remaining = float(days[period])
        while remaining > 0.0:
            chance = random.random(num_samples)
            if demand.stream_kind[stream] == EMPIRICAL:
                drawn = value[np.minimum(np.searchsorted(probability, chance), len(value) - 1)]
            else:
                drawn = np.interp(chance, probability, value)
            totals += random.binomial(_whole(drawn), min(1.0, remaining / length))
            remaining -= length
    return totals


def _whole(units: Floats) -> Ints:
    return np.rint(np.maximum(units, 0.0)).astype(np.int64)
