"""A plan from the extensive form, for instances small enough."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from scipy.stats import norm

from meio.network.compiled import GAMMA, NORMAL, CompiledScenario, Floats
from meio.network.supply import landed_cost
from meio.optimizer.certificate import certify
from meio.optimizer.departures import wait_for_departure
from meio.optimizer.extensive import ExtensiveSolution, extensive_solution
from meio.optimizer.model import TooLargeError
from meio.optimizer.prices import violation
from meio.optimizer.recovery import rounded
from meio.optimizer.sampled import SampledModel, largest_program, sampled_model
from meio.plans import Plan

NUM_SAMPLES = 50
MOST_SHIPMENTS = 250_000  # minutes of HiGHS
UPSTREAM_COVER = 0.95  # probability with which an upstream node covers its own window


def extensive_plan(compiled: CompiledScenario, seed: int = 0) -> Plan:
    """Targets and prices of a scenario from one linear program over sampled demand.

    Capacity prices are its duals; the bound is what `certify` makes of them. Its own optimum, in `dual_value`, is that
    of the sampled model, in which orders are assigned knowing all demand and an upstream node passes units through.
    Upstream nodes then get targets that cover what passes through them over their own window.

    Raises
    ------
    TooLargeError
        Naming the size and the limit.
    """
    started = time.perf_counter()
    size = largest_program(compiled, NUM_SAMPLES)
    if size > MOST_SHIPMENTS:
        raise TooLargeError(
            f"the extensive form of '{compiled.name}' has up to {size:,} shipments in {NUM_SAMPLES} samples of demand; "
            f"it is for small instances of at most {MOST_SHIPMENTS:,}: plan with --method decomposition, or with fewer "
            "products, zones or periods"
        )
    model = sampled_model(compiled, NUM_SAMPLES, seed)
    return _as_plan(compiled, model, extensive_solution(model), started)


def _as_plan(compiled: CompiledScenario, model: SampledModel, solution: ExtensiveSolution, started: float) -> Plan:
    shared, prices = model.shared, model.shared.spread(solution.prices, 0.0)
    level, targets = solution.level, solution.level + _upstream_targets(compiled, model, solution.flow)
    if not np.isin(compiled.demand.stream_kind, (NORMAL, GAMMA)).any():
        level, targets = rounded(level), rounded(targets)
    use = shared.spread(shared.use(level, solution.flow), np.nan)
    on_the_way = (shared.flow_use.T @ solution.prices).reshape(model.cells) - prices.outbound
    landed = landed_cost(compiled)[:, :, None]
    violated, certificate = violation(use, shared.everywhere), certify(compiled, prices)
    row = {"iteration": 1, "dual_value": solution.cost, "planned_cost": solution.cost, "dual_gap": 0.0}
    return Plan(
        name="plan",
        currency=compiled.currency,
        targets=targets,
        lane_idx=model.lane_idx,
        unit_value=np.where((model.turns > 0)[:, :, None], landed + on_the_way, np.where(landed < np.inf, landed, 0.0)),
        prices=prices,
        use=use,
        lower_bound=certificate.lower_bound,
        bound_kind=certificate.kind,
        bound_conditions=certificate.conditions,
        dual_value=solution.cost,
        planned_cost=solution.cost,
        dual_gap=0.0,
        capacity_violation_max=violated,
        iterations=1,
        seconds=time.perf_counter() - started,
        convergence=pd.DataFrame([row | {"violation": violated}]),
        recovery=pd.DataFrame(),
    )


def _upstream_targets(compiled: CompiledScenario, model: SampledModel, flow: Floats) -> Floats:
    """Levels of upstream nodes that cover what passes through them, [product, node, period], units.

    The mean over the node's own wait for a departure, lead time and review interval, and a safety stock for normal
    variation; the flow is a share of the product's demand and varies as much as that share does.
    """
    lanes, num_nodes = compiled.lanes, model.cells[1]
    through = np.zeros(model.cells)
    for node in reversed(range(num_nodes)):
        source = np.where(model.lane_idx[:, node] >= 0, lanes.source_idx[model.lane_idx[:, node]], num_nodes)
        fed = np.flatnonzero(source < num_nodes)
        np.add.at(through, (fed, source[fed]), (flow + through)[fed, node])
    own_window = np.where(
        model.lane_idx >= 0,
        (wait_for_departure(compiled).mean_days + lanes.lead_time_mean_days + lanes.review_every_days)[model.lane_idx],
        0.0,
    )[:, :, None]
    total = model.demand.sum(axis=3)  # [product, period, sample]
    ratio = total.var(axis=2) / np.maximum(total.mean(axis=2), 1e-12)  # variance over mean
    mean = through * own_window
    return np.asarray(mean + norm.ppf(UPSTREAM_COVER) * np.sqrt(mean * ratio[:, None, :]))
