"""Improve a plan's targets on sampled paths under the real assignment policy, within its capacities.

The planner's closed forms let an order that spills find its next choice, and an upstream node be short for all its
children alike. Here products run on sampled orders by the simulator's rules: every round takes new paths, moves each
node's targets against the exact derivative of their cost, and prices towards what capacities allow.

References
----------
Glasserman, P. and Tayur, S. (1995), "Sensitivity analysis for base-stock levels in multiechelon production-inventory
systems", Management Science 41: derivatives on sample paths.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from meio.network.compiled import Bools, CompiledScenario, Floats
from meio.network.model import Policy
from meio.optimizer.departures import departure_days, source_ships
from meio.optimizer.model import PlanningModel, planning_model
from meio.optimizer.newton import price_weights, trust_scale
from meio.optimizer.prices import capacities, fields
from meio.plans import CapacityPrices, Plan, Refinement
from meio.refinement.proof import Proof, proven
from meio.refinement.sampling import Paths, paths_of, with_prices
from meio.refinement.search import searched
from meio.refinement.shift_steps import NEAREST, ShiftSteps
from meio.refinement.unit_values import unit_values

MOST_CUTS = 3  # times that stock is taken back where it does not fit


def refined(
    compiled: CompiledScenario,
    plan: Plan,
    rounds: int,
    *,
    policy: Policy = "priced",
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
    start: Refinement | None = None,
    allowed: CapacityPrices | None = None,
    seed: int = 0,
) -> Plan:
    """Shift a plan's targets to what costs least on sampled paths.

    Products that the planner solves exactly (no spill) or stocks at one node only keep their targets.

    Parameters
    ----------
    compiled : CompiledScenario
    plan : Plan
        Its targets and prices are where the search begins.
    rounds : int
        Each takes one step with every product, and one with the prices. 0 changes nothing.
    policy : str
        How orders are assigned.
    workers : int, optional
        Threads; none: one per core. Does not change the result.
    progress : callable, optional
        Called with the number of finished rounds after each.
    start : Refinement, optional
        Of a plan for a scenario like this one, in this one's shapes: where shifts and prices begin.
    allowed : CapacityPrices, optional
        Use that prices aim at; none: as `allowed_use` says.
    seed : int
        Of the search's paths, ≥ 0; targets are proven on the same ones whatever it is.

    Returns
    -------
    Plan
        With shifted targets, unit values at the refined prices, the use that the targets have on further paths, and in
        `refinement` what that changed. Use is kept within capacity, or within what the plan had used on these paths.
    """
    model = planning_model(compiled)
    chosen = worth_refining(compiled, plan, model)
    if rounds == 0 or not chosen.any():
        return plan
    paths = paths_of(compiled, plan, policy, workers)
    before = proven(paths, plan.targets)
    allowed = allowed_use(compiled, before.use) if allowed is None else allowed
    scale = trust_scale(price_weights(model), allowed, model.period_days)
    shifts, prices = searched(paths, plan, chosen, allowed, scale, rounds, progress, start, seed)
    after = _fitted(with_prices(paths, plan, prices), shifts, allowed)
    targets = shifts.targets(NEAREST)
    shift = targets - plan.targets
    moved = int((shift != 0.0).any(axis=(1, 2)).sum())
    return replace(
        plan,
        targets=targets,
        unit_value=unit_values(compiled, plan, prices),
        use=after.use,
        capacity_violation_max=after.violation(allowed),
        refinement=Refinement(moved, before.cost - after.cost, prices, shift),
    )


def unrefined(compiled: CompiledScenario, plan: Plan) -> Plan:
    """The plan of the closed forms that a refined plan began with (its use and excess stay those of the refined)."""
    if plan.refinement is None:
        return plan
    at_refined = replace(plan, prices=plan.refinement.prices)
    value = unit_values(compiled, at_refined, plan.prices)
    return replace(plan, targets=plan.targets - plan.refinement.shift, unit_value=value, refinement=None)


def worth_refining(compiled: CompiledScenario, plan: Plan, model: PlanningModel) -> Bools:
    """Products that spill or wait between nodes, ordered at reviews, on lanes that depart as nodes ship, [product]."""
    lanes, leaves = compiled.lanes, departure_days(compiled)
    at_reviews = lanes.review_every_days > 0
    with_source = (lanes.source_idx >= len(compiled.names.nodes)) | (leaves == source_ships(compiled)).all(axis=1)
    reviewed = (plan.lane_idx < 0) | (at_reviews & with_source)[plan.lane_idx]
    chosen: Bools = ((plan.lane_idx >= 0).sum(axis=1) > 1) & reviewed.all(axis=1)
    return chosen & ~model.is_tree


def allowed_use(compiled: CompiledScenario, former: CapacityPrices) -> CapacityPrices:
    """Capacity, or what a plan used before where that is more: the opening stock may exceed it."""
    limit = capacities(compiled).limit
    return CapacityPrices(*(np.maximum(old, most) for old, most in zip(fields(former), fields(limit), strict=True)))


def _fitted(paths: Paths, shifts: ShiftSteps, allowed: CapacityPrices) -> Proof:
    """Take stock back where storage is still exceeded on further paths; what the targets then cost and use."""
    proof = proven(paths, shifts.targets(NEAREST))
    for _ in range(MOST_CUTS):
        excess = (proof.use.storage - allowed.storage).max(axis=2)
        if (excess <= 0.0).all():
            break
        shifts.cut(_cut(paths.compiled, shifts.targets(NEAREST), np.maximum(excess, 0.0)))
        proof = proven(paths, shifts.targets(NEAREST))
    return proof


def _cut(compiled: CompiledScenario, targets: Floats, excess: Floats) -> Floats:
    """Units off each target, [product, node], as its spread, that free an excess [node, storage type] of m³."""
    kind, volume = compiled.products.storage_type_idx, compiled.products.volume_m3[:, None]
    mean = targets.mean(axis=2)
    spread = np.where(mean > 0.0, np.sqrt(mean), 0.0)
    freed = np.stack([(volume * spread)[kind == each].sum(axis=0) for each in range(excess.shape[1])], axis=1)
    per_spread = np.divide(excess, freed, out=np.zeros_like(excess), where=freed > 0.0)
    units: Floats = spread * per_spread.T[kind]
    return units
