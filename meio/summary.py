"""The figures of a run that fit on one screen: what `summary.json` holds."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd

from meio.outcome import Outcome
from meio.plans import CapacityPrices, Plan
from meio.simulation.measures import SampleEstimate, SimulationResult
from meio.simulation.statistics import (
    Estimate,
    cost_ci95,
    outbound_cost_ci95,
    paired_saving,
    rate_ci95,
    relative_half_width,
)


def summarize(outcome: Outcome) -> dict[str, Any]:
    """Return the summary of a run: scenario, plan, simulation, gap and baselines.

    Returns
    -------
    dict
        Ready for JSON; a figure that does not exist is None. Money is in the scenario's currency, over the simulated
        days; rates and gaps are shares. Without a simulation, `simulation` and both gaps are None; without replans on
        the way, `closed_loop` is.
    """
    proof = outcome.proof
    return {
        "scenario": _scenario(outcome),
        "plan": _plan(outcome.plan),
        "simulation": _simulation(outcome, proof) if proof else None,
        "gap": _gap(outcome.plan, proof),
        "baselines": {name: _baseline(result, proof) for name, result in outcome.baselines.items() if proof},
        "closed_loop": None if outcome.replans is None else _closed_loop(outcome.replans),
    }


def json_text(content: dict[str, Any]) -> str:
    """Return content as JSON; a number that is not finite becomes null."""
    return json.dumps(_finite(content), indent=2, allow_nan=False)


def _scenario(outcome: Outcome) -> dict[str, Any]:
    names = outcome.compiled.names
    return {
        "name": outcome.compiled.name,
        "hash": outcome.compiled.hash,
        "products": len(names.products),
        "nodes": len(names.nodes) + len(names.vendors),
        "zones": len(names.zones),
        "speeds": len(names.speeds),
        "periods": outcome.compiled.num_periods,
    }


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "lower_bound": plan.lower_bound,
        "bound_kind": plan.bound_kind,
        "bound_conditions": list(plan.bound_conditions),
        "planned_cost": plan.planned_cost,
        "dual_value": plan.dual_value,
        "dual_gap": plan.dual_gap,
        "iterations": plan.iterations,
        "seconds": plan.seconds,
        "binding_prices": _num_positive(plan.prices),
        "capacity_violation_max": plan.capacity_violation_max,
        "recovery": {
            row["step"]: {"cost": row["cost_after"] - row["cost_before"], "violation": row["violation_after"]}
            for row in plan.recovery.to_dict("records")
        },
        "refinement": {"products": plan.refinement.products, "saved": plan.refinement.saved}
        if plan.refinement
        else None,
    }


def _num_positive(prices: CapacityPrices) -> int:
    return sum(int(np.count_nonzero(price > 0)) for price in vars(prices).values())


def _simulation(outcome: Outcome, result: SimulationResult) -> dict[str, Any]:
    return {
        "estimate": _estimate(result.estimate) if result.estimate else None,
        "replications": result.replications,
        "stopped": result.stopped,
        "precision": _precision(outcome, result),
        "warm_up_days": outcome.compiled.warm_up_days,
        "warm_up_days_suggested": result.warm_up_days_suggested,
        "days": result.days,
        "orders": int(result.network["orders"].sum()),
        "orders_per_second": result.orders_per_second,
        "seed": result.seed,
        "cost": _with_interval(cost_ci95(result, "total")),
        "controllable_cost": _with_interval(cost_ci95(result, "controllable")),
        **_ratio("outbound_cost_per_unit", outbound_cost_ci95(result)),
        **_ratios("fill_rate", _rate_by_speed(result, "filled")),
        **_ratios("on_time", _rate_by_speed(result, "on_time")),
        "capacity_use_max": result.capacity_use_max,
        "units_lost": result.units_lost,
    }


def _baseline(result: SimulationResult, proof: SimulationResult) -> dict[str, Any]:
    return {
        "cost": _with_interval(cost_ci95(result, "total")),
        "cost_saving": _with_interval(paired_saving(result, proof, "total")),
        **_ratio("outbound_cost_per_unit", outbound_cost_ci95(result)),
        **_ratios("fill_rate", _rate_by_speed(result, "filled")),
    }


def _closed_loop(replans: pd.DataFrame) -> dict[str, Any]:
    """Replans of a replication, and means over all: seconds, movement of targets, demand level at the last replan."""
    last = replans[replans["period"] == replans["period"].max()]
    return {
        "replans": int(replans["period"].nunique()),
        "seconds_mean": float(replans["seconds"].mean()),
        "targets_moved_mean": float(replans["targets_moved"].mean()),
        "demand_level_last": float(last["demand_level"].mean()),
    }


def _gap(plan: Plan, proof: SimulationResult | None) -> dict[str, float | None]:
    """Return how far the simulated cost lies above the bound, as a share of the total and of the controllable cost."""
    if proof is None or plan.bound_kind == "none":
        return {"total": None, "controllable": None}
    above = proof.cost["total"].mean() - plan.lower_bound
    return {kind: float(above / proof.cost[kind].mean()) for kind in ("total", "controllable")}


def _precision(outcome: Outcome, result: SimulationResult) -> dict[str, Any] | None:
    """Return the precision that was asked for and the one that was found."""
    if result.precision is None:
        return None
    found = relative_half_width(result.cost["total"])
    return {"asked": result.precision, "found": found, "reached": outcome.reached_precision}


def _with_interval(estimate: Estimate) -> dict[str, Any]:
    mean, low, high = estimate
    return {"mean": mean, "ci95": [low, high]}


def _ratio(name: str, estimate: Estimate) -> dict[str, Any]:
    ratio, low, high = estimate
    return {name: ratio, f"{name}_ci95": [low, high]}


def _ratios(name: str, by_speed: dict[str, Estimate]) -> dict[str, Any]:
    return {
        name: {speed: ratio for speed, (ratio, _, _) in by_speed.items()},
        f"{name}_ci95": {speed: [low, high] for speed, (_, low, high) in by_speed.items()},
    }


def _rate_by_speed(result: SimulationResult, units: str) -> dict[str, Estimate]:
    """Return units of a kind over units demanded, all replications together, by speed; intervals end at 0 and 1."""
    return {str(speed): rate_ci95(result, speed, units) for speed in result.service["speed"].unique()}


def _estimate(estimate: SampleEstimate) -> dict[str, Any]:
    """Return what a simulation was estimated from; figures are then estimates, intervals hold the sample's error."""
    return {
        "products": estimate.products,
        "of": estimate.of,
        "certain": estimate.certain,
        "shared": list(estimate.shared),
    }


def _finite(content: Any) -> Any:
    """Return content with None in place of every number that is not finite."""
    match content:
        case dict():
            return {key: _finite(value) for key, value in content.items()}
        case list() | tuple():
            return [_finite(value) for value in content]
        case float():
            return content if math.isfinite(content) else None
        case _:
            return content
