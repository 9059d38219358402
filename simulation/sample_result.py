"""Tables of a simulation estimated from a sample of products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from meio.network.compiled import CompiledScenario, Floats
from meio.simulation.measures import SampleEstimate, SimulationResult
from meio.simulation.sample_estimate import Estimated, estimated
from meio.simulation.sample_frame import Sample
from meio.simulation.sample_load import Cover, Use
from meio.simulation.tabulate import tabulate
from meio.simulation.tally import (
    DEMAND,
    LATE_UNITS,
    MONEY,
    NUM_SERVICE_KINDS,
    ON_TIME,
    OUTBOUND,
    SHIPPED_UNITS,
    UNAVOIDABLE,
    Outcome,
)
from meio.simulation.warm_up import suggested_at


class Findings(NamedTuple):
    """What simulating a sample found."""

    sample: Sample
    factor: Cover
    shared: tuple[str, ...]
    """Capacities that products share."""
    own: Sequence[Outcome]
    """[replication]: the drawn products, in the room that is left to them, with each product's part."""
    strata: Sequence[Sequence[Outcome]]
    """[stratum][replication]: drawn products without limits."""
    load: Sequence[Use]
    """[replication]: use by the products not drawn."""


def sampled_result(
    compiled: CompiledScenario, findings: Findings, level: Floats, *, policy: str, seed: int, seconds: float
) -> SimulationResult:
    """Tables for all products, from what was found of some.

    Parameters
    ----------
    compiled : CompiledScenario
        Of the drawn products.
    findings : Findings
    level : array, [period]
        Targets of all products, m³.
    policy, seed, seconds
        As in `SimulationResult`.
    """
    values = _values(findings.own)
    totals = estimated(values, findings.sample)
    outcomes = [_whole(findings, totals, replication) for replication in range(len(findings.own))]
    result = tabulate(compiled, outcomes, policy=policy, seed=seed, seconds=seconds)
    estimate = SampleEstimate(
        products=len(findings.sample.product_idx),
        of=len(findings.sample.stratum_idx),
        certain=int(findings.sample.num_drawn[findings.sample.num_drawn == findings.sample.num_products].sum()),
        shared=findings.shared,
        intervals=_intervals(compiled, findings.sample, values),
        strata=_strata(compiled, findings.sample),
    )
    return replace(result, warm_up_days_suggested=suggested_at(compiled, level, outcomes), estimate=estimate)


def _values(own: Sequence[Outcome]) -> Floats:
    """What each drawn product caused, [replication, product, kind of money, then speed and kind of service]."""
    money = np.stack([outcome.tally.product_money for outcome in own])
    service = np.stack([outcome.tally.product_service for outcome in own])
    return np.concatenate([money, service.reshape(*service.shape[:2], -1)], axis=2)


def _whole(findings: Findings, totals: Estimated, replication: int) -> Outcome:
    """A replication of all products, as far as the sample tells."""
    own, load, factor = findings.own[replication], findings.load[replication], findings.factor
    path = totals.path[replication]
    shipped = own.tally.shipped.copy()
    for outcomes, times in zip(findings.strata, factor.node, strict=True):
        shipped += times[:, None, None] * outcomes[replication].tally.shipped
    filled = path[len(MONEY) :].reshape(-1, NUM_SERVICE_KINDS)[:, [ON_TIME, LATE_UNITS]].sum()
    shipped *= filled / max(shipped[..., SHIPPED_UNITS].sum(), 1.0)
    received = own.tally.inbound.sum(axis=0)
    waiting = 1.0 + np.divide(load.inbound.sum(axis=0), received, out=np.zeros(len(received)), where=received > 0)
    use = {name: getattr(own.tally, name) + getattr(load, name) for name in Use._fields}
    tally = own.tally._replace(
        money=path[: len(MONEY)],
        service=path[len(MONEY) :].reshape(-1, NUM_SERVICE_KINDS),
        shipped=shipped,
        yard_m3=own.tally.yard_m3 * waiting,
        **use,
    )
    return own._replace(tally=tally)


def _intervals(compiled: CompiledScenario, sample: Sample, values: Floats) -> pd.DataFrame:
    """Measures with their intervals, as `SampleEstimate` says."""
    names = [f"cost:{kind}" for kind in (*MONEY[:UNAVOIDABLE], "total", "unavoidable", "controllable")]
    money = values[..., : len(MONEY)]
    total, unavoidable = money[..., :UNAVOIDABLE].sum(axis=2), money[..., UNAVOIDABLE]
    sums = np.stack([total, unavoidable, total - unavoidable], axis=2)
    of_money = estimated(np.concatenate([money[..., :UNAVOIDABLE], sums], axis=2), sample)
    rows = [_rows(names, of_money.mean, of_money)]
    service = values[..., len(MONEY) :].reshape(*values.shape[:2], -1, NUM_SERVICE_KINDS)
    filled = service[..., ON_TIME] + service[..., LATE_UNITS]
    for speed, name in enumerate(compiled.names.speeds):
        demand = service[..., speed, DEMAND]
        rows.append(_ratio(f"fill_rate:{name}", filled[..., speed], demand, sample))
        rows.append(_ratio(f"on_time:{name}", service[..., speed, ON_TIME], demand, sample))
    rows.append(_ratio("outbound_cost_per_unit", money[..., OUTBOUND], filled.sum(axis=2), sample))
    return pd.concat(rows, ignore_index=True)


def _ratio(name: str, part: Floats, whole: Floats, sample: Sample) -> pd.DataFrame:
    """A ratio of two totals: its error is that of part − ratio × whole, over the whole (Cochran 1977, section 6.3)."""
    both = estimated(np.stack([part, whole], axis=2), sample)
    ratio = both.mean[0] / both.mean[1] if both.mean[1] > 0 else np.nan
    error = estimated(((part - ratio * whole) / both.mean[1])[..., None], sample)
    return _rows([name], np.array([ratio]), error)


def _rows(names: list[str], mean: Floats, error: Estimated) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "measure": names,
            "mean": mean,
            "low": mean - error.half_width,
            "high": mean + error.half_width,
            "products_sd": error.products_sd,
            "paths_sd": error.paths_sd,
        }
    )


def _strata(compiled: CompiledScenario, sample: Sample) -> pd.DataFrame:
    """Strata, as `SampleEstimate` says."""
    first = np.unique(sample.stratum_idx, return_index=True)[1]
    kinds = np.array(compiled.names.storage_types, dtype=object)[sample.frame.storage_type_idx[first]]
    every = sample.num_drawn == sample.num_products
    money = np.bincount(sample.stratum_idx, sample.frame.money)
    units = np.bincount(sample.stratum_idx, sample.frame.units)
    return pd.DataFrame(
        {
            "stratum": np.arange(1, len(first) + 1),
            "storage_type": np.where(every, "", kinds),
            "products": sample.num_products,
            "drawn": sample.num_drawn,
            "money_share": money / max(money.sum(), 1e-300),
            "units_share": units / max(units.sum(), 1e-300),
        }
    )
