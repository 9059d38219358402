"""What a person wants to know first about a simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from meio.simulation.measures import SimulationResult
from meio.simulation.statistics import Estimate, cost_ci95, outbound_cost_ci95, rate_ci95
from meio.wording import estimate_text, label, number, percent, with_interval


def figures(result: SimulationResult) -> list[tuple[str, str]]:
    """Return names with figures, means with their 95% intervals, and units."""
    money = result.currency
    shown = [
        *([("estimate", estimate_text(asdict(result.estimate)))] if result.estimate else []),
        ("replications", f"{result.replications:,} of {result.days:,} days, seed {result.seed}"),
        ("total cost", f"{_shown(cost_ci95(result, 'total'), number)} {money}".strip()),
        ("controllable cost", f"{_shown(cost_ci95(result, 'controllable'), number)} {money}".strip()),
        (
            "outbound cost",
            f"{_shown(outbound_cost_ci95(result), lambda value: number(value, 2))} {money} a unit".replace("  ", " "),
        ),
        *(
            (f"fill rate, {label(str(speed))}", _shown(rate_ci95(result, speed, "filled"), percent))
            for speed in result.service["speed"].unique()
        ),
    ]
    return [*shown, ("stopped", result.stopped)] if result.stopped else shown


def _shown(estimate: Estimate, show: Callable[[float | None], str]) -> str:
    mean, *ends = estimate
    return with_interval({"mean": mean, "ci95": ends}, show)
