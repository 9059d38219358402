"""The certificate: exact where it can be, below every simulated cost, and a wrong one is found out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from certificate_cases import Candidate, certificate_network, policies, verdict
from planning_cases import demand_of, planning_case, two_coasts
from scipy import stats

from meio.network.compiled import EMPIRICAL, GAMMA, NEGATIVE_BINOMIAL, NORMAL, POISSON, QUANTILES, Demand
from meio.network.supply import end_value
from meio.optimizer.certificate import certify
from meio.optimizer.planner import plan
from meio.optimizer.prices import capacities, no_prices
from meio.plans import CapacityPrices

HOME = {("site", "town"): 2.0}
UNITS = np.arange(200)


def one_site(mean: float = 5.0, lead: float = 0.0, **fields):
    lanes = [{"from": "vendor", "to": "site", "lead_time": {"mean": lead}, "review": {"every": 1.0}}]
    given = {"periods": 30, "holding": {"per_unit_day": 1.0}, "lanes": lanes, **fields}
    return planning_case(demand_of([("p", "town", mean)]), HOME, **given)


def bound_of(compiled, prices=None, **fields):
    return certify(compiled, prices or no_prices(capacities(compiled).limit), **fields)


def newsvendor_cost(demand, holding: float, short: float) -> float:
    """Least over y of the expected cost, from probabilities of units 0, 1, …"""
    units = np.arange(len(demand))
    over = np.maximum(units[:, None] - units[None, :], 0) @ demand
    under = np.maximum(units[None, :] - units[:, None], 0) @ demand
    return float((holding * over + short * under).min())


@pytest.mark.parametrize("mean", [0.3, 5.0, 60.0])
def test_one_site_without_lead_time_is_the_newsvendor(mean: float):
    exact = newsvendor_cost(stats.poisson.pmf(UNITS, mean), 1.0, 10.0 - 2.0) + 2.0 * mean
    assert bound_of(one_site(mean)).lower_bound == pytest.approx(30 * exact, rel=1e-8)


def test_weekly_reviews_charge_every_close():
    compiled = one_site(
        3.0, lanes=[{"from": "vendor", "to": "site", "review": {"every": 5.0}, "lead_time": {"mean": 0.0}}]
    )
    y = UNITS[:, None]
    held = sum(stats.poisson.pmf(UNITS, 3.0 * days) for days in range(1, 6))
    lost = stats.poisson.pmf(UNITS, 15.0)
    cost = np.maximum(y - UNITS, 0) @ held + 8.0 * (np.maximum(UNITS - y, 0) @ lost)
    assert bound_of(compiled).lower_bound == pytest.approx(6 * (cost.min() + 2.0 * 15), rel=1e-8)


def test_orders_that_wait_give_the_base_stock_cost():
    """Federgruen and Zipkin 1984: a newsvendor of the demand over lead time and review, but for the horizon's ends."""
    owed = {
        "promise": "9 d",
        "when_unserved": "backordered",
        "backordered_per_day": {"per_unit": 9.0},
        "lost": {"per_unit": 1e4},
    }
    short, long = (bound_of(one_site(lead=4.0, speed=owed, periods=days)).lower_bound for days in (100, 200))
    exact = newsvendor_cost(stats.poisson.pmf(UNITS, 25.0), 1.0, 9.0) + 2.0 * 5.0
    assert (long - short) / 100 == pytest.approx(exact, rel=1e-7)


def test_two_layers_of_waiting_orders_stay_below_the_chain():
    """Stock that only passes through: the chain is then one site with the lead times added, one transit unpaid."""
    owed = {
        "promise": "9 d",
        "when_unserved": "backordered",
        "backordered_per_day": {"per_unit": 9.0},
        "lost": {"per_unit": 1e4},
    }
    lanes = [
        {"from": "vendor", "to": "hub", "lead_time": {"mean": 2.0}},
        {"from": "hub", "to": "site", "lead_time": {"mean": 1.0}},
    ]
    fields = {"sites": {"hub": {}}, "lanes": lanes, "speed": owed}
    short, long = (bound_of(one_site(periods=days, **fields)).lower_bound for days in (100, 200))
    exact = newsvendor_cost(stats.poisson.pmf(UNITS, 20.0), 1.0, 9.0) + 2.0 * 5.0
    assert 0.95 * exact < (long - short) / 100 <= exact


@pytest.mark.parametrize("seed", range(30))
def test_no_policy_costs_less(seed: int):
    compiled = certificate_network(seed)
    candidates = policies(compiled, seed)
    prices = next((one.plan.prices for one in candidates if one.name == "plan"), None)
    certificate = bound_of(compiled, prices)
    if certificate.kind == "none":
        assert certificate.conditions[0].startswith("not claimed: ")
        return
    for candidate in candidates[seed % 3 :: 3]:
        result = verdict(compiled, candidate, certificate.lower_bound, 12, seed)
        assert not result.violated, (candidate.name, certificate.lower_bound, result)


def test_a_wrong_bound_is_found_out():
    compiled = one_site(lead=4.0)
    best = plan(compiled, workers=1)
    candidate = Candidate("lower targets", replace(best, targets=np.rint(0.9 * best.targets)), "nearest")
    right, wrong = bound_of(compiled).lower_bound, bound_of(compiled, window_sharing=5.0).lower_bound
    assert right < wrong
    assert not verdict(compiled, candidate, right, 400, 1).violated
    assert verdict(compiled, candidate, wrong, 400, 1).violated


def test_any_prices_bound_a_binding_capacity():
    compiled = two_coasts(4, sites={"west": {"storage_m3": {"standard": 0.3}, "inbound_units_per_day": 4.0}})
    best = plan(compiled, workers=1)
    rng = np.random.default_rng(5)
    for scale in (0.01, 0.3, 20.0):
        prices = CapacityPrices(*(rng.exponential(scale, part.shape) for part in vars(best.prices).values()))
        bound = bound_of(compiled, prices).lower_bound
        assert not verdict(compiled, Candidate("plan", best, "priced"), bound, 30, 2).violated


def test_prices_raise_the_bound_where_storage_binds():
    room = {"west": {"storage_m3": {"standard": 0.05}}, "east": {"storage_m3": {"standard": 0.05}}}
    compiled = two_coasts(12, sites=room, costs={"holding": {"per_unit_day": 0.001}, "overflow_per_m3_day": 50.0})
    best = plan(compiled, workers=1)
    assert best.lower_bound > bound_of(compiled).lower_bound
    assert not verdict(compiled, Candidate("plan", best, "priced"), best.lower_bound, 30, 2).violated


def test_no_stock_counts_for_more_than_bringing_it_costs():
    dear = one_site(products={"p": {"unit_cost": 5.0}})
    cheap = dear._replace(products=dear.products._replace(supply_unit_cost=np.array([4.0])))
    assert (end_value(cheap) == 4.0).all()
    certificate = bound_of(cheap)
    assert certificate.kind == "valid"
    assert certificate.lower_bound < bound_of(dear).lower_bound


def test_the_bound_does_not_depend_on_threads():
    compiled = two_coasts(40)
    prices = plan(compiled, workers=1).prices
    assert certify(compiled, prices, 1) == certify(compiled, prices, 3)


def _demand(kind: int, mean: float, variance: float, values=(), probability=()) -> Demand:
    return Demand(
        product_ptr=np.array([0, 1]),
        stream_kind=np.array([kind]),
        daily_mean=np.full((1, 2), mean),
        daily_variance=np.full((1, 2), variance),
        mix_idx=np.zeros(1, np.int64),
        mix_ptr=np.array([0, 1]),
        mix_class_idx=np.zeros(1, np.int64),
        mix_share=np.ones(1),
        table_ptr=np.array([0, len(values), 2 * len(values)]),
        table_value=np.array([*values, *values], dtype=np.float64),
        table_probability=np.array([*probability, *probability], dtype=np.float64),
        hourly_share=np.full(24, 1 / 24),
    )


def _drawn(kind: int, mean: float, variance: float, values, probability, days: int, rng, paths: int = 200_000):
    """Units of the first days of a period of four, drawn as docs/simulation.md says."""
    size = (paths, days)
    match kind:
        case 0:
            return rng.poisson(mean, size).sum(axis=1)
        case 1:
            return rng.negative_binomial(mean**2 / (variance - mean), mean / variance, size).sum(axis=1)
        case 2:
            return np.maximum(np.rint(rng.normal(mean, np.sqrt(variance), size)), 0).sum(axis=1)
        case 3:
            return np.rint(rng.gamma(mean**2 / variance, variance / mean, size)).sum(axis=1)
    share = rng.random(paths)
    if kind == EMPIRICAL:
        total = np.asarray(values)[np.searchsorted(probability, share)]
    else:
        total = np.interp(share, probability, values)
    return rng.binomial(np.rint(total).astype(np.int64), days / 4)


@pytest.mark.parametrize("kind", [POISSON, NEGATIVE_BINOMIAL, NORMAL, GAMMA, EMPIRICAL, QUANTILES])
@pytest.mark.parametrize(("days", "share"), [(1, 1.0), (3, 0.4)])
def test_window_demand_is_that_of_the_simulator(kind: int, days: int, share: float):
    from meio.optimizer.window_kernels import MOST_UNITS, daily_units, window_demand

    table = ((2.0, 7.0, 12.0), (0.2, 0.7, 1.0)) if kind >= EMPIRICAL else ((), ())
    demand, rng = _demand(kind, 2.2, 5.0, *table), np.random.default_rng(kind)
    result = np.zeros(MOST_UNITS)
    length = window_demand(demand, 0, np.array([share]), 0, days, 4, result)
    drawn = _drawn(kind, 2.2, 5.0, *table, days, rng)
    counted = rng.binomial(drawn.astype(np.int64), share)
    found = np.bincount(counted, minlength=length)[:length] / len(counted)
    assert result[:length] == pytest.approx(found, abs=0.005)
    assert result[:length].sum() == pytest.approx(1.0, abs=1e-9)
    assert daily_units(demand, 0, 0, 2, 4) == pytest.approx(drawn.mean() / days, rel=0.01)
