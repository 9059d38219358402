"""The whole plan: prices and targets in closed form, then targets improved on sampled paths."""

from __future__ import annotations

from collections.abc import Callable

from meio.network.compiled import CompiledScenario
from meio.network.model import Planning, Policy
from meio.optimizer import planner
from meio.plans import Plan
from meio.refinement.refine import refined


def plan(
    compiled: CompiledScenario,
    settings: Planning | None = None,
    *,
    method: planner.Method = "decomposition",
    policy: Policy = "priced",
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Plan:
    """Plan a scenario, as `meio.optimizer.planner.plan` does, and refine the targets.

    Parameters
    ----------
    compiled : CompiledScenario
    settings : Planning, optional
        When to stop, and how many rounds to refine; the defaults when left out.
    method : str
        ``decomposition`` by capacity prices, or ``extensive``, which is not refined.
    policy : str
        How orders will be assigned: targets are refined under it.
    workers : int, optional
        Threads; as many as the machine has cores when left out. The plan does not depend on it.
    progress : callable, optional
        Called with the number of evaluations and rounds done, of `max_iterations` and `refinement_rounds` together.
    """
    settings = settings or Planning()

    def tell(done: int) -> None:
        if progress is not None:
            progress(done)

    closed = planner.plan(compiled, settings, method=method, workers=workers, progress=lambda now: tell(now.iteration))
    if method == "extensive":
        return closed
    rounds, first = settings.refinement_rounds, settings.max_iterations
    return refined(compiled, closed, rounds, policy=policy, workers=workers, progress=lambda done: tell(first + done))
