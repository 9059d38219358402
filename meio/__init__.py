"""meio: multi-echelon inventory optimization.

`load` reads a scenario, `plan` plans it, `simulate` puts a plan to work, `run` does all of it and writes an output
folder. `tables` and `plotting` show a plan and its simulation, `compare` puts several side by side. A `Planner` keeps a
plan up to date with `Changes`; `explain` takes a target apart. Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meio import plotting
    from meio.api import explain, load, plan, simulate, tables
    from meio.closed_loop.loop import simulate_closed_loop
    from meio.comparison import compare
    from meio.experiments.experiment import experiment
    from meio.generator.generate import generate
    from meio.network.changes import Changes
    from meio.refinement.replan import Planner
    from meio.sensitivities.table import sensitivity
    from meio.studies.result import StudyResult
    from meio.studies.study import study
    from meio.workflow import run

__all__ = [
    "Changes",
    "Planner",
    "StudyResult",
    "__version__",
    "compare",
    "experiment",
    "explain",
    "generate",
    "load",
    "plan",
    "plotting",
    "run",
    "sensitivity",
    "simulate",
    "simulate_closed_loop",
    "study",
    "tables",
]

_HOMES = {
    "Changes": "meio.network.changes",
    "Planner": "meio.refinement.replan",
    "StudyResult": "meio.studies.result",
    "experiment": "meio.experiments.experiment",
    "compare": "meio.comparison",
    "explain": "meio.api",
    "generate": "meio.generator.generate",
    "load": "meio.api",
    "plan": "meio.api",
    "run": "meio.workflow",
    "sensitivity": "meio.sensitivities.table",
    "simulate": "meio.api",
    "simulate_closed_loop": "meio.closed_loop.loop",
    "study": "meio.studies.study",
    "tables": "meio.api",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("meio")
    if name == "plotting":
        return import_module("meio.plotting")
    if name not in _HOMES:
        raise AttributeError(f"module 'meio' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
