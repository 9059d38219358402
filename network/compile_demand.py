"""Demand tables as independent streams of arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from meio.network.columns import floats, integers, positions
from meio.network.compiled import (
    EMPIRICAL,
    GAMMA,
    NEGATIVE_BINOMIAL,
    NORMAL,
    POISSON,
    QUANTILES,
    Demand,
    Floats,
    Ints,
)
from meio.network.distributions import empirical_moments, quantile_moments
from meio.network.model import EVERY, Scenario

_KIND = {
    "poisson": POISSON,
    "negative_binomial": NEGATIVE_BINOMIAL,
    "normal": NORMAL,
    "gamma": GAMMA,
    "empirical": EMPIRICAL,
    "quantiles": QUANTILES,
}


class Mixes(NamedTuple):
    """The mix fields of `Demand`."""

    ptr: Ints
    class_idx: Ints
    share: Floats


class _Streams(NamedTuple):
    """The rows of a demand table and the streams they describe."""

    table: pd.DataFrame
    row_stream: Ints
    """[row]"""
    product_idx: Ints
    """[stream], ascending."""
    mix_idx: Ints
    """[stream]"""
    mixes: Mixes


class _Points(NamedTuple):
    """The table fields of `Demand`."""

    ptr: Ints
    value: Floats
    probability: Floats


def compile_demand(scenario: Scenario) -> Demand:
    """Streams of a scenario: one a product when demand is factorised, one a (product, zone, speed) when given whole.

    A period without a row, its own or for every period, has no demand.
    """
    horizon, kind = scenario.file.horizon, _KIND[scenario.file.demand.distribution]
    streams = _factorised(scenario) if scenario.file.demand.whole is None else _whole(scenario)
    num_streams, num_periods = len(streams.product_idx), horizon.periods
    points = _Points(np.zeros(num_streams * num_periods + 1, dtype=np.int64), np.empty(0), np.empty(0))
    if kind in (EMPIRICAL, QUANTILES):
        points = _points(streams, num_periods, cumulative=kind == QUANTILES)
        moments = (quantile_moments if kind == QUANTILES else empirical_moments)(*points)
        mean, variance = (moment.reshape(num_streams, num_periods) for moment in moments)
    else:
        mean, variance = _parametric_moments(streams, num_periods, kind)
    hourly = floats(horizon.hourly_profile)
    return Demand(
        product_ptr=np.searchsorted(streams.product_idx, np.arange(len(scenario.tables["products"]) + 1)),
        stream_kind=np.full(num_streams, kind, dtype=np.int64),
        daily_mean=mean / horizon.period_days,
        daily_variance=variance / horizon.period_days,
        mix_idx=streams.mix_idx,
        mix_ptr=streams.mixes.ptr,
        mix_class_idx=streams.mixes.class_idx,
        mix_share=streams.mixes.share,
        table_ptr=points.ptr,
        table_value=points.value,
        table_probability=points.probability,
        hourly_share=hourly / hourly.sum(),
    )


def _factorised(scenario: Scenario) -> _Streams:
    products, table = scenario.tables["products"], scenario.tables["product_demand"]
    row_product = positions(products["product"], table["product"])
    product_idx, row_stream = np.unique(row_product, return_inverse=True)
    group_idx, groups = pd.factorize(products["group"])
    outer = (zone_shares(scenario, groups)[:, :, None] * speed_shares(scenario, groups)).reshape(len(groups), -1)
    distinct, mix_of_group = np.unique(outer, axis=0, return_inverse=True)
    mix_row, class_idx = np.nonzero(distinct)
    ptr = np.searchsorted(mix_row, np.arange(len(distinct) + 1))
    mixes = Mixes(ptr, integers(class_idx), distinct[mix_row, class_idx])
    return _Streams(table, row_stream, product_idx, mix_of_group[group_idx[product_idx]], mixes)


def _whole(scenario: Scenario) -> _Streams:
    zones, speeds, table = scenario.tables["zones"]["zone"], list(scenario.file.speeds), scenario.tables["demand"]
    row_product = positions(scenario.tables["products"]["product"], table["product"])
    row_zone, row_speed = positions(zones, table["zone"]), positions(speeds, table["speed"])
    num_classes = len(zones) * len(speeds)
    row_key = row_product * num_classes + row_zone * len(speeds) + row_speed
    key, row_stream = np.unique(row_key, return_inverse=True)
    class_idx, mix_idx = np.unique(key % num_classes, return_inverse=True)
    mixes = Mixes(np.arange(len(class_idx) + 1), class_idx, np.ones(len(class_idx)))
    return _Streams(table, row_stream, key // num_classes, mix_idx, mixes)


def zone_shares(scenario: Scenario, groups: pd.Index) -> Floats:
    """Shares [group, zone], each row summing to 1: the group's own, else every group's, else by population."""
    zones = scenario.tables["zones"]
    shares = np.zeros((len(groups) + 1, len(zones)))
    if (table := scenario.tables.get("zone_mix")) is not None:
        table = table[table["group"].isin([*groups, EVERY])]
        shares[positions([*groups, EVERY], table["group"]), positions(zones["zone"], table["zone"])] = table["share"]
    if not shares[-1].any():
        shares[-1] = zones["population"]
    return _normalised(np.where(shares[:-1].any(axis=1, keepdims=True), shares[:-1], shares[-1]))


def speed_shares(scenario: Scenario, groups: pd.Index) -> Floats:
    """Shares [group, zone, speed], each summing to 1 over speeds.

    Of the group in the zone, else of the group, else of the zone, else of everything; without a table, the only speed.
    """
    zones, speeds = scenario.tables["zones"]["zone"], list(scenario.file.speeds)
    shares = np.zeros((len(groups) + 1, len(zones) + 1, len(speeds)))
    if (table := scenario.tables.get("speed_mix")) is None:
        return np.ones((len(groups), len(zones), 1))
    table = table[table["group"].isin([*groups, EVERY])]
    row_group, row_zone = positions([*groups, EVERY], table["group"]), positions([*zones, EVERY], table["zone"])
    shares[row_group, row_zone, positions(speeds, table["speed"])] = table["share"]
    best = shares[:-1, :-1]
    for wider in (shares[:-1, -1:], shares[-1:, :-1], shares[-1:, -1:]):
        best = np.where(best.any(axis=2, keepdims=True), best, wider)
    return _normalised(best)


def _normalised(shares: Floats) -> Floats:
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))


def _row_period(table: pd.DataFrame, num_periods: int) -> Ints:
    """Period of each row from 0; `num_periods` for rows that hold for every period without a row of its own."""
    code, distinct = pd.factorize(table["period"])
    return integers([num_periods if period == EVERY else int(period) - 1 for period in distinct])[code]


def _parametric_moments(streams: _Streams, num_periods: int, kind: int) -> tuple[Floats, Floats]:
    """Mean and variance of a period, each [stream, period]."""
    place = (streams.row_stream, _row_period(streams.table, num_periods))

    def per_period(column: str) -> Floats:
        cells = np.full((len(streams.product_idx), num_periods + 1), np.nan)
        cells[place] = streams.table[column]
        return np.nan_to_num(np.where(np.isnan(cells[:, :-1]), cells[:, -1:], cells[:, :-1]))

    mean = per_period("mean")
    if kind == POISSON:
        return mean, mean.copy()
    return mean, mean * per_period("dispersion") if kind == NEGATIVE_BINOMIAL else per_period("sd") ** 2


def _points(streams: _Streams, num_periods: int, *, cumulative: bool) -> _Points:
    """Points of every stream and period; those without any get one point at zero."""
    cell = streams.row_stream * (num_periods + 1) + _row_period(streams.table, num_periods)
    value, probability = (floats(streams.table[name]) for name in ("value", "probability"))
    order = np.lexsort((probability, value, cell))
    cell, value, probability = cell[order], value[order], probability[order]
    if not cumulative:
        running = pd.Series(probability).groupby(cell).cumsum()
        probability = (running / running.groupby(cell).transform("last")).to_numpy()
    count = np.bincount(cell, minlength=len(streams.product_idx) * (num_periods + 1)).reshape(-1, num_periods + 1)
    start = (np.cumsum(count) - count.ravel()).reshape(count.shape)
    own = count[:, :-1] > 0
    length = np.where(own, count[:, :-1], count[:, -1:]).ravel()
    source = np.where(length > 0, np.where(own, start[:, :-1], start[:, -1:]).ravel(), len(value))
    ptr = np.concatenate([[0], np.cumsum(np.maximum(length, 1))])
    take = np.repeat(source - ptr[:-1], np.diff(ptr)) + np.arange(ptr[-1])
    return _Points(ptr, np.append(value, 0.0)[take], np.append(probability, 1.0)[take])
