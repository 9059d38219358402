"""What a person wants to know first about a simulation."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from meio.simulation.measures import SimulationResult
from meio.simulation.statistics import Estimate, mean_ci95, ratio_ci95
from meio.wording import label, number, percent, with_interval


def figures(result: SimulationResult) -> list[tuple[str, str]]:
    """Return names with figures, means with their 95% intervals, and units."""
    money = result.currency
    outbound = ratio_ci95(result.cost["outbound"], result.network["units_shipped"])
    shown = [
        ("replications", f"{result.replications:,} of {result.days:,} days, seed {result.seed}"),
        ("total cost", f"{_shown(mean_ci95(result.cost['total']), number)} {money}".strip()),
        ("controllable cost", f"{_shown(mean_ci95(result.cost['controllable']), number)} {money}".strip()),
        ("outbound cost", f"{_shown(outbound, lambda value: number(value, 2))} {money} a unit".replace("  ", " ")),
        *(
            (f"fill rate, {label(str(speed))}", _shown(_share(rows["filled"], rows["demand"]), percent))
            for speed, rows in result.service.groupby("speed", sort=False)
        ),
    ]
    return [*shown, ("stopped", result.stopped)] if result.stopped else shown


def _share(part: pd.Series, whole: pd.Series) -> Estimate:
    """Return a ratio whose interval ends at 0 and 1."""
    share, low, high = ratio_ci95(part, whole)
    return share, max(low, 0.0), min(high, 1.0)


def _shown(estimate: Estimate, show: Callable[[float | None], str]) -> str:
    mean, *ends = estimate
    return with_interval({"mean": mean, "ci95": ends}, show)
