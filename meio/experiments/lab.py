"""Experiments in a simulated world: two systems, products or weeks drawn by lot, effects and how sure they are."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from os import cpu_count
from typing import NamedTuple

import numpy as np

from meio.experiments.design import drawn_blocks, drawn_products, strata
from meio.experiments.estimates import Effect, adjusted, effect_on_products, effect_on_weeks
from meio.experiments.ledger import DAYS_PER_WEEK, NUM_COSTS, SALES, WANTED
from meio.experiments.lived import lived
from meio.experiments.request import Design, Request
from meio.experiments.systems import Regime, System, mixed_regime, regime_of
from meio.network.compiled import Bools, CompiledScenario, Floats, Ints
from meio.network.supply import landed_cost
from meio.simulation.capacity import num_days
from meio.simulation.tally import LOST_PENALTY

FEWEST_PRODUCTS = 4
FEWEST_PAIRS = 2
_LOTS = 0x6D65696F  # sets the lots' random numbers apart from the simulation's


class Lab(NamedTuple):
    """What all experiments of a request have in common."""

    compiled: CompiledScenario
    treatment: System
    control: System
    request: Request

    @property
    def num_weeks(self) -> int:
        """Whole weeks of the horizon."""
        return num_days(self.compiled) // DAYS_PER_WEEK


@dataclass(frozen=True, eq=False)
class Trial:
    """One experiment.

    Attributes
    ----------
    effects : dict of str to Effect
        ``plain`` and ``adjusted``, money per product and week.
    control_mean : float
        What products cost (or earn) a week under the control, in the experiment.
    rollout : float
        All products treated less none treated, over the same weeks with the same customers: the truth about switching
        the whole network, which no experiment inside one network can see when products share capacity.
    outcome : array
        Adjusted, for the sample size: [week, product], or [pair, block] of the design ``weeks``.
    """

    effects: dict[str, Effect]
    control_mean: float
    rollout: float
    outcome: Floats = field(repr=False)
    group: Ints = field(repr=False)


def run_trials(lab: Lab, design: Design, workers: int | None, progress: Callable[[int], None]) -> list[Trial]:
    """All experiments of a design, each with its own lots and customers; the same on any number of threads."""
    run = _product_trial if design == "products" else _week_trial
    pure = (regime_of(lab.compiled, lab.control), regime_of(lab.compiled, lab.treatment))
    trials: list[Trial] = []
    with ThreadPoolExecutor(workers or cpu_count()) as threads:
        coming = [threads.submit(run, lab, pure, replication) for replication in range(lab.request.replications)]
        for each in coming:
            trials.append(each.result())
            progress(len(trials))
    return trials


def _product_trial(lab: Lab, pure: tuple[Regime, Regime], replication: int) -> Trial:
    """Products drawn; all follow the control in the weeks before."""
    compiled, request, generator = lab.compiled, lab.request, _generator(lab, replication)
    stratum = strata(*_sizes(compiled))
    treated = drawn_products(stratum, generator)
    mixed = mixed_regime(compiled, lab.treatment, lab.control, treated)
    after = np.arange(lab.num_weeks) >= request.pre_weeks
    counts = np.arange(lab.num_weeks) >= request.pre_weeks + request.washout_weeks
    money = _lived(lab, (pure[0], mixed), after, replication)
    outcome = outcome_of(money, request.measure)
    forecast = _forecast_value(compiled)
    covariates = [money[counts, :, WANTED].mean(axis=0), forecast[counts].mean(axis=0)]
    if request.pre_weeks:
        covariates.append(outcome[: request.pre_weeks].mean(axis=0))
    mean = outcome[counts].mean(axis=0)
    better = adjusted(mean, np.stack(covariates, axis=1), stratum)
    effects = {
        name: effect_on_products(values, treated, stratum, generator)
        for name, values in (("plain", mean), ("adjusted", better))
    }
    return Trial(
        effects,
        float(mean[~treated].mean()),
        _rollout(lab, pure, after, counts, replication),
        outcome[counts] - mean + better,
        2 * stratum + treated,
    )


def _week_trial(lab: Lab, pure: tuple[Regime, Regime], replication: int) -> Trial:
    """Blocks of weeks drawn, in pairs of neighbours; the first weeks of each block do not count."""
    request, generator = lab.request, _generator(lab, replication)
    length, lead = request.block_weeks, _lead_weeks(lab)
    treated = drawn_blocks(num_pairs(lab), generator)
    after = np.zeros(lab.num_weeks, dtype=bool)
    after[lead:] = np.repeat(treated.ravel(), length)
    money = _lived(lab, pure, after, replication)

    def by_block(values: Floats) -> Floats:
        """Means over products and the weeks of a block that count, [pair, block]."""
        blocks = values[lead:].mean(axis=1).reshape(-1, 2, length)
        mean: Floats = blocks[:, :, request.washout_weeks :].mean(axis=2)
        return mean

    outcome = by_block(outcome_of(money, request.measure))
    covariates = np.stack([by_block(money[:, :, WANTED]), by_block(_forecast_value(lab.compiled))])
    pair = np.repeat(np.arange(len(outcome)), 2)
    better = adjusted(outcome.ravel(), covariates.reshape(2, -1).T, pair).reshape(-1, 2)
    effects = {
        name: effect_on_weeks(values, treated, generator) for name, values in (("plain", outcome), ("adjusted", better))
    }
    since = np.arange(lab.num_weeks) >= lead
    rollout = _rollout(lab, pure, since, since, replication)
    return Trial(effects, float(outcome[~treated].mean()), rollout, better, pair)


def num_pairs(lab: Lab) -> int:
    """Pairs of blocks that fit in the weeks after the first ones."""
    return max(lab.num_weeks - lab.request.pre_weeks, 0) // (2 * lab.request.block_weeks)


def _lead_weeks(lab: Lab) -> int:
    """Weeks before the first block."""
    return lab.num_weeks - 2 * lab.request.block_weeks * num_pairs(lab)


def _generator(lab: Lab, replication: int) -> np.random.Generator:
    return np.random.default_rng([_LOTS, lab.request.seed, replication])


def _sizes(compiled: CompiledScenario) -> tuple[Floats, Floats]:
    """Forecast demand of the horizon at cost and in m³, each [product]."""
    demand, products = compiled.demand, compiled.products
    per_stream = demand.daily_mean.sum(axis=1) * compiled.period_days
    units = np.add.reduceat(per_stream, demand.product_ptr[:-1])
    return units * products.unit_cost, units * products.volume_m3


def _forecast_value(compiled: CompiledScenario) -> Floats:
    """Units forecast at their least landed cost, [week, product]."""
    per_period = np.add.reduceat(compiled.demand.daily_mean, compiled.demand.product_ptr[:-1])
    per_day = np.repeat(per_period, compiled.period_days, axis=1)
    weeks = per_day.shape[1] // DAYS_PER_WEEK
    units = per_day[:, : weeks * DAYS_PER_WEEK].reshape(len(per_day), weeks, DAYS_PER_WEEK).sum(axis=2)
    value: Floats = (units * landed_cost(compiled).min(axis=1)[:, None]).T
    return value


def outcome_of(money: Floats, measure: str) -> Floats:
    """Cost, or profit: sales less cost, a lost order costing nothing but the sale."""
    cost: Floats = money[:, :, :NUM_COSTS].sum(axis=2)
    profit: Floats = money[:, :, SALES] - cost + money[:, :, LOST_PENALTY]
    return cost if measure == "cost" else profit


def _lived(lab: Lab, regimes: tuple[Regime, Regime], second: Bools, replication: int) -> Floats:
    """Money by whole week, product and kind, under the second regime in the weeks that are marked."""
    days = np.arange(-lab.compiled.warm_up_days, num_days(lab.compiled))
    week = np.minimum(days // DAYS_PER_WEEK, lab.num_weeks - 1)
    idx = np.where(days >= 0, second[np.maximum(week, 0)], 0).astype(np.int64)
    return lived(lab.compiled, regimes, idx, lab.request.seed, replication)[: lab.num_weeks]


def _rollout(lab: Lab, pure: tuple[Regime, Regime], after: Bools, counts: Bools, replication: int) -> float:
    """Mean outcome with all treated from some week on, less that with none, in the weeks that count."""
    if lab.treatment is lab.control:
        return 0.0
    both = [_lived(lab, pure, after & treated, replication) for treated in (True, False)]
    means = [outcome_of(money, lab.request.measure)[counts].mean() for money in both]
    return float(means[0] - means[1])
