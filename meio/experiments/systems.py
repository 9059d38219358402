"""Planning systems, and the world in which some products follow one and the rest the other."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from meio.network.compiled import Bools, CompiledScenario, Floats, Ints
from meio.network.model import Policy
from meio.plans import Plan
from meio.simulation.build import build_world
from meio.simulation.engine import protection_for
from meio.simulation.world import World


class System(NamedTuple):
    """A way to run the network."""

    plan: Plan
    policy: Policy
    """nearest, priced or reserve"""


class Regime(NamedTuple):
    """What holds on a day."""

    world: World
    policy: int
    """As the kernels number the policies."""


def regime_of(compiled: CompiledScenario, system: System) -> Regime:
    """The whole network under one system."""
    from meio.simulation.assignment_kernels import NEAREST, PRICED, RESERVE

    kind = {"nearest": NEAREST, "priced": PRICED, "reserve": RESERVE}[system.policy]
    protection = protection_for(system.policy, compiled, system.plan)
    return Regime(build_world(compiled, system.plan, protection), kind)


def mixed_regime(compiled: CompiledScenario, treatment: System, control: System, treated: Bools) -> Regime:
    """One network in which the products of `treated`, [product], follow the treatment and all others the control.

    An order is assigned at its own product's values: prices of shipping capacity, which belong to nodes, are those of
    the control, and what the treatment's are more or less is in the values of its products. `nearest` is `priced` at
    values of zero, `reserve` keeps units of its own products only. Nearest beside another policy shares a shortage
    out as if its products were worth the same everywhere.
    """
    if treatment.policy == control.policy == "nearest":
        return regime_of(compiled, System(_mixed(treatment.plan, control.plan, treated), "nearest"))
    from meio.simulation.assignment_kernels import PRICED, RESERVE

    ours, theirs = _as_priced(treatment), _as_priced(control)
    dearer = ours.prices.outbound - theirs.prices.outbound  # [node, period]
    plan = _mixed(replace(ours, unit_value=ours.unit_value + dearer), theirs, treated)
    protection = _protection(compiled, treatment, control, treated)
    kind = PRICED if protection is None else RESERVE
    return Regime(build_world(compiled, plan, protection), kind)


def _as_priced(system: System) -> Plan:
    """The plan whose values make the policy `priced` do what the system's does."""
    if system.policy != "nearest":
        return system.plan
    prices = replace(system.plan.prices, outbound=np.zeros_like(system.plan.prices.outbound))
    return replace(system.plan, unit_value=np.zeros_like(system.plan.unit_value), prices=prices)


def _mixed(treatment: Plan, control: Plan, treated: Bools) -> Plan:
    """The control's plan with the treated products' targets, lanes and values from the treatment's."""

    def pick(ours: Floats, theirs: Floats) -> Floats:
        return np.where(treated.reshape(-1, *[1] * (ours.ndim - 1)), ours, theirs)

    return replace(
        control,
        targets=pick(treatment.targets, control.targets),
        lane_idx=np.where(treated[:, None], treatment.lane_idx, control.lane_idx),
        unit_value=pick(treatment.unit_value, control.unit_value),
    )


def _protection(compiled: CompiledScenario, treatment: System, control: System, treated: Bools) -> Ints | None:
    """Units kept for faster speeds, [speed, period, slot], by whichever system keeps any."""
    of_slot = np.repeat(treated, len(compiled.names.nodes))
    parts = [
        np.where(mine, levels, 0)
        for system, mine in ((treatment, of_slot), (control, ~of_slot))
        if (levels := protection_for(system.policy, compiled, system.plan)) is not None
    ]
    return sum(parts[1:], start=parts[0]) if parts else None
