"""The whole plan: prices and targets in closed form, then targets improved on sampled paths."""

from __future__ import annotations

from collections.abc import Callable

from meio.network.compiled import CompiledScenario
from meio.network.model import Planning, Policy
from meio.optimizer import planner
from meio.optimizer.stopping import PlanInterrupted, Progress
from meio.plans import Plan
from meio.refinement.refine import refined


def plan(
    compiled: CompiledScenario,
    settings: Planning | None = None,
    *,
    method: planner.Method = "decomposition",
    policy: Policy = "priced",
    workers: int | None = None,
    progress: Callable[[str, int, int], None] | None = None,
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
        Called with the step, how much of it is done and how much there is at most: ``plan: gap 0.4%`` after each of
        `max_iterations` evaluations of the dual, then ``refine`` after each of `refinement_rounds`.

    Raises
    ------
    TooLargeError
        When the scenario is too large for ``extensive``.
    PlanInterrupted
        When someone stops it after the first evaluation, with the best plan it then had.
    """
    settings = settings or Planning()

    def ascended(now: Progress) -> None:
        if progress is not None:
            progress(f"plan: gap {max(now.dual_gap, 0.0):.2%}", now.iteration, settings.max_iterations)

    def searched(done: int) -> None:
        if progress is not None:
            progress("refine", done, settings.refinement_rounds)

    closed = planner.plan(compiled, settings, method=method, workers=workers, progress=ascended)
    if method == "extensive":
        return closed
    try:
        return refined(compiled, closed, settings.refinement_rounds, policy=policy, workers=workers, progress=searched)
    except KeyboardInterrupt:
        raise PlanInterrupted(closed) from None
