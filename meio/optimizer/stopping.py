"""When dual ascent has done enough: rules that look at its progress, alone or together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from meio.plans import Plan

VIOLATION_TOLERANCE = 0.005  # relative; repair removes what is left


class Progress(NamedTuple):
    """What a stop rule sees after each evaluation."""

    iteration: int
    dual_gap: float
    violation: float
    seconds: float


class PlanInterrupted(KeyboardInterrupt):
    """Someone stopped the planner, and it made a plan from the best it had found until then.

    Attributes
    ----------
    plan : Plan
        Complete: averaged, rounded, repaired and bounded like any other.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan


class StopRule(Protocol):
    """Decides when prices are good enough."""

    def __call__(self, progress: Progress) -> bool:
        """Whether to stop now."""


@dataclass(frozen=True)
class GapClosed:
    """Stop at a relative dual gap with capacity respected."""

    target_gap: float

    def __call__(self, progress: Progress) -> bool:
        """Whether the gap is met."""
        return progress.dual_gap <= self.target_gap and progress.violation <= VIOLATION_TOLERANCE


@dataclass(frozen=True)
class MostIterations:
    """Stop after so many evaluations."""

    limit: int

    def __call__(self, progress: Progress) -> bool:
        """Whether the evaluations are used up."""
        return progress.iteration >= self.limit


@dataclass(frozen=True)
class MostSeconds:
    """Stop with the first evaluation that ends later than this."""

    limit: float

    def __call__(self, progress: Progress) -> bool:
        """Whether the time is used up."""
        return progress.seconds >= self.limit


@dataclass(frozen=True)
class AnyOf:
    """Stop as soon as one rule does."""

    rules: tuple[StopRule, ...]

    def __call__(self, progress: Progress) -> bool:
        """Whether any rule stops."""
        return any(rule(progress) for rule in self.rules)
