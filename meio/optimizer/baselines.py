"""The two systems this design replaces, as plans: a newsvendor at every site, and one national pool.

Both use the plan's demand and lead times, cover each window at the newsvendor's critical ratio, know nothing of
capacity, and are to be simulated with the `nearest` assignment.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from meio.network.compiled import BACKORDERED, GAMMA, NORMAL, CompiledScenario, Floats, Ints
from meio.optimizer.evaluation import Evaluator
from meio.optimizer.model import PlanningModel, planning_model
from meio.optimizer.prices import Capacities, capacities, fields, no_prices
from meio.optimizer.recovery import rounded
from meio.plans import CapacityPrices, Plan


def baseline_plans(compiled: CompiledScenario) -> dict[str, Plan]:
    """Plans of the two baselines.

    - ``independent_newsvendor``: every fulfilment centre and same-day site stocks for the demand nearest to it, every
      distribution centre for the sites it supplies, each for itself.
    - ``national_pool``: one newsvendor for the nation, its stock spread over the fulfilment centres in proportion to
      their storage; any fulfilment centre ships to any customer, and same-day sites hold nothing.
    """
    model, shared = planning_model(compiled), capacities(compiled)
    lane_idx = Evaluator(model, shared, 1)(no_prices(shared.limit)).decisions.lane_idx
    nearest = nearest_shares(model, lane_idx)
    pooled = _pool_shares(compiled, lane_idx)
    return {
        "independent_newsvendor": _plan(
            "independent_newsvendor", shared, lane_idx, _site_targets(compiled, model, lane_idx, nearest)
        ),
        "national_pool": _plan("national_pool", shared, lane_idx, _pool_targets(compiled, model, lane_idx, pooled)),
    }


def nearest_shares(model: PlanningModel, lane_idx: Ints) -> Floats:
    """Share of each product's demand whose cheapest shipping starts at a node that can stock it, [product, node]."""
    from meio.optimizer.demand_kernels import fill_nearest_shares

    shares = np.zeros(lane_idx.shape)
    fill_nearest_shares(model, lane_idx, shares)
    return shares


def _pool_shares(compiled: CompiledScenario, lane_idx: Ints) -> Floats:
    """Share of a product's national stock at each fulfilment centre, by storage, [product, node]."""
    nodes, kind = compiled.nodes, compiled.products.storage_type_idx
    room = nodes.storage_m3.mean(axis=2)[:, kind].T
    usable = (lane_idx >= 0) & nodes.is_fulfilment_centre & nodes.serves_customers
    if not usable.any():
        usable = (lane_idx >= 0) & nodes.serves_customers
    unlimited = np.isinf(np.where(usable, room, 0.0)).any(axis=1, keepdims=True)
    weight = np.where(usable, np.where(unlimited, 1.0, room), 0.0)
    return np.asarray(weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-300))


def _site_targets(compiled: CompiledScenario, model: PlanningModel, lane_idx: Ints, share: Floats) -> Floats:
    share = share + _upstream(model, lane_idx, share)
    mean, variance = _window_moments(compiled, model, lane_idx, share)
    return rounded(_newsvendor(compiled, mean, variance, _critical_ratio(compiled, model, lane_idx)))


def _pool_targets(compiled: CompiledScenario, model: PlanningModel, lane_idx: Ints, share: Floats) -> Floats:
    """Spread the pooled newsvendor level of each layer by the shares."""
    fed = _upstream(model, lane_idx, share)
    ratio = _critical_ratio(compiled, model, lane_idx)
    targets = np.zeros((*lane_idx.shape, compiled.num_periods))
    for part in (share, fed):
        whole = np.where(part > 0, 1.0, 0.0)
        mean, variance = _window_moments(compiled, model, lane_idx, whole)
        targets += part[:, :, None] * _newsvendor(compiled, mean, variance, ratio)
    return _spread_units(targets)


def _spread_units(targets: Floats) -> Floats:
    """Whole units by product and period whose sum over nodes is kept: cumulate over nodes, then round."""
    start = (np.arange(targets.shape[0]) * 0.6180339887498949) % 1.0
    cumulative = np.floor(np.cumsum(targets, axis=1) + start[:, None, None])
    return np.diff(cumulative, axis=1, prepend=0.0)


def _upstream(model: PlanningModel, lane_idx: Ints, share: Floats) -> Floats:
    """Share of demand that each node passes on to the nodes below it, [product, node]."""
    fed = np.zeros_like(share)
    for node in reversed(range(share.shape[1])):
        source = np.where(lane_idx[:, node] >= 0, model.lane_source_idx[lane_idx[:, node]], share.shape[1])
        row = np.flatnonzero(source < share.shape[1])
        np.add.at(fed, (row, source[row]), share[row, node] + fed[row, node])
    return fed


def _window_moments(
    compiled: CompiledScenario, model: PlanningModel, lane_idx: Ints, share: Floats
) -> tuple[Floats, Floats]:
    """Mean and variance of demand over lead time plus review interval from each period's middle.

    Both [product, node, period]. A share a of a demand with mean m and variance v has mean a m and variance
    a m + a² (v − m).
    """
    daily_mean, daily_variance = _daily_moments(compiled)
    window = np.where(lane_idx >= 0, model.lead_days[lane_idx] + model.review_days[lane_idx], 0.0)
    lead_variance = np.where(lane_idx >= 0, model.lead_variance[lane_idx], 0.0)
    start: Floats = (np.arange(compiled.num_periods, dtype=np.float64) + 0.5) * compiled.period_days
    mean = _integral(daily_mean, compiled.period_days, start, window)
    variance = _integral(daily_variance, compiled.period_days, start, window)
    part = share[:, :, None]
    rate = mean / np.maximum(window, 1e-12)[:, :, None]
    own = part * mean + part**2 * (variance - mean)
    return part * mean, np.maximum(own, 0.0) + (part * rate) ** 2 * lead_variance[:, :, None]


def _daily_moments(compiled: CompiledScenario) -> tuple[Floats, Floats]:
    """Mean and variance of a product's demand of one day, each [product, period]."""
    demand = compiled.demand
    product = np.repeat(np.arange(len(demand.product_ptr) - 1), np.diff(demand.product_ptr))
    shape = (len(demand.product_ptr) - 1, compiled.num_periods)
    mean, variance = np.zeros(shape), np.zeros(shape)
    np.add.at(mean, product, demand.daily_mean)
    np.add.at(variance, product, demand.daily_variance)
    return mean, variance


def _integral(rate: Floats, period_days: int, start: Floats, length: Floats) -> Floats:
    """Integral of daily rates [product, period] over windows, [product, node, period]; the last rate goes on."""
    edges = np.arange(rate.shape[1] + 1) * float(period_days)
    far = edges[-1] + float(length.max(initial=0.0)) + period_days
    points = np.append(edges, far)
    cumulative = np.concatenate([np.zeros((len(rate), 1)), np.cumsum(rate * period_days, axis=1)], axis=1)
    cumulative = np.concatenate([cumulative, cumulative[:, -1:] + rate[:, -1:] * (far - edges[-1])], axis=1)
    total = np.empty((*length.shape, len(start)))
    for product in range(len(rate)):
        begin = np.interp(start, points, cumulative[product])
        total[product] = np.interp(start + length[product][:, None], points, cumulative[product]) - begin
    return total


def _critical_ratio(compiled: CompiledScenario, model: PlanningModel, lane_idx: Ints) -> Floats:
    """Underage over underage plus overage of one review interval, [product, node]."""
    penalties = compiled.penalties
    backordered = compiled.outbound.unserved == BACKORDERED
    review = np.where(lane_idx >= 0, model.review_days[lane_idx], 1.0)
    lost = np.where(backordered, np.inf, penalties.lost).min(axis=1, keepdims=True)
    owed = np.where(backordered, penalties.backordered_per_day, np.inf).min(axis=1, keepdims=True)
    margin = np.maximum(lost - compiled.products.unit_cost[:, None], 0.1 * lost)
    underage = np.where(np.isfinite(lost), margin, owed * review)
    overage = model.holding_per_day * review
    return np.asarray(np.clip(underage / np.maximum(underage + overage, 1e-300), 0.5, 0.9999))


def _newsvendor(compiled: CompiledScenario, mean: Floats, variance: Floats, ratio: Floats) -> Floats:
    """Quantile of window demand at the critical ratio; zero where there is no demand."""
    level = np.zeros_like(mean)
    some = mean > 0
    ratio = np.broadcast_to(ratio[:, :, None], mean.shape)[some]
    mean, variance = mean[some], variance[some]
    kind = compiled.demand.stream_kind
    if np.isin(kind, (NORMAL, GAMMA)).any():
        level[some] = np.maximum(0.0, stats.norm.ppf(ratio, mean, np.sqrt(variance)))
        return level
    variance = np.maximum(variance, mean * (1.0 + 1e-6))
    size = mean**2 / (variance - mean)
    level[some] = stats.nbinom.ppf(ratio, size, mean / variance)
    return level


def _plan(name: str, shared: Capacities, lane_idx: Ints, targets: Floats) -> Plan:
    """A plan without prices, whose use nobody has worked out."""
    zero = no_prices(shared.limit)
    return Plan(
        name=name,
        targets=targets,
        lane_idx=lane_idx,
        unit_value=np.zeros_like(targets),
        prices=zero,
        use=CapacityPrices(*(np.full_like(array, np.nan) for array in fields(zero))),
        lower_bound=np.nan,
        bound_kind="none",
        planned_cost=np.nan,
        dual_gap=np.nan,
        capacity_violation_max=np.nan,
        iterations=0,
        seconds=0.0,
        convergence=pd.DataFrame(),
        recovery=pd.DataFrame(),
    )
