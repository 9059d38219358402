"""What a run leaves behind: the scenario, its plan, and the simulations that prove it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from meio.network.compiled import CompiledScenario
from meio.network.model import Scenario
from meio.plans import Plan
from meio.simulation.measures import SimulationResult
from meio.simulation.statistics import relative_half_width


class OutcomeInterrupted(KeyboardInterrupt):
    """Someone stopped a run after a part of it was finished.

    Attributes
    ----------
    outcome : Outcome
        What was finished.
    folder : Path or None
        Where it was written, if anywhere.
    """

    def __init__(self, outcome: Outcome, folder: Path | None = None) -> None:
        super().__init__("interrupted" if folder is None else f"interrupted; what was finished is in {folder}")
        self.outcome, self.folder = outcome, folder


@dataclass(frozen=True, eq=False)
class Outcome:
    """A plan with its proof, as far as it was simulated.

    Attributes
    ----------
    source : Path
        The scenario's YAML file.
    overrides : tuple of str
        ``path=value``, applied to it.
    scenario, compiled : Scenario, CompiledScenario
        What was planned for.
    plan : Plan
        Targets and prices.
    timings : mapping of str to float
        Seconds by step.
    proof : SimulationResult or None
        The plan simulated; none: it was only planned.
    baselines : mapping of str to SimulationResult
        What the plan is compared with, by name, on the same random numbers.
    replans : data frame or None
        As `meio.closed_loop.loop.ClosedLoop` has them, when `proof` is a plan made anew on the way.
    """

    source: Path
    overrides: tuple[str, ...]
    scenario: Scenario
    compiled: CompiledScenario
    plan: Plan
    timings: Mapping[str, float]
    proof: SimulationResult | None = None
    baselines: Mapping[str, SimulationResult] = field(default_factory=dict)
    replans: pd.DataFrame | None = None

    @property
    def reached_target_gap(self) -> bool:
        """Whether the optimizer closed the dual gap the scenario asks for before it reached a limit."""
        return self.plan.dual_gap <= self.scenario.file.planning.target_gap

    @property
    def reached_precision(self) -> bool:
        """Whether the simulation became as precise as was asked for before it reached the most replications."""
        asked = None if self.proof is None else self.proof.precision
        return self.proof is None or asked is None or relative_half_width(self.proof.cost["total"]) <= asked

    @property
    def systems(self) -> dict[str, SimulationResult]:
        """Every simulation by the name of its system, the plan first."""
        return {} if self.proof is None else {"plan": self.proof, **self.baselines}
