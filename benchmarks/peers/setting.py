"""What `run_replication` needs, so that replications are timed by themselves, without tables, as other programs are."""

from __future__ import annotations

from meio.network.compiled import CompiledScenario
from meio.plans import Plan
from meio.simulation.build import build_world
from meio.simulation.replication import Assignment, Setting


def setting_of(compiled: CompiledScenario, plan: Plan, seed: int) -> Setting:
    """Replications under the `priced` policy."""
    from meio.simulation.assignment_kernels import PRICED

    return Setting(compiled, build_world(compiled, plan), Assignment("priced", PRICED), seed)
