"""Figures as people read them: the same words on the terminal and in the report."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

BOUND_KINDS = {
    "valid": "no policy costs less",
    "statistical": "up to sampling error",
    "none": "not claimed",
}


def label(name: str) -> str:
    """Return a name of the data as people read it: underscores become spaces."""
    return name.replace("_", " ")


def number(value: float | None, digits: int = 0) -> str:
    """Return a number with thousands marked; a dash when there is none."""
    return "–" if value is None or math.isnan(value) else f"{value:,.{digits}f}"


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share in percent; a dash when there is none."""
    return "–" if share is None or math.isnan(share) else f"{share:.{digits}%}"


def with_interval(measure: dict[str, Any], show: Callable[[float | None], str] = number) -> str:
    """Return a mean and its 95% interval, its figures written by `show`."""
    low, high = map(show, measure["ci95"])
    return f"{show(measure['mean'])} [{low}, {high}]"


def estimate_text(estimate: dict[str, Any]) -> str:
    """Return what a result was estimated from."""
    drawn = f"from {estimate['products']:,} of {estimate['of']:,} products, {estimate['certain']:,} of them for certain"
    load = "the others are a load on what all share, whose error intervals leave out"
    return f"{drawn}; {load}" if estimate["shared"] else drawn


def bound_text(plan: dict[str, Any], currency: str) -> str:
    """Return the lower bound with what it is worth, or why there is none, from the plan's part of the summary."""
    if plan["bound_kind"] == "none":
        return "; ".join(plan["bound_conditions"]) or BOUND_KINDS["none"]
    return f"{number(plan['lower_bound'])} {currency}, {BOUND_KINDS[plan['bound_kind']]}"


def size(scenario: dict[str, Any]) -> str:
    """Return how large a scenario is, from its part of the summary."""
    counts = ((scenario[name], name) for name in ("products", "nodes", "zones", "speeds", "periods"))
    return ", ".join(f"{count:,} {name.removesuffix('s') if count == 1 else name}" for count, name in counts)


def comparison(summary: dict[str, Any], currency: str) -> list[list[str]]:
    """Return the plan beside its baselines as rows of text: a measure with its unit, the plan, each baseline.

    Parameters
    ----------
    summary : dict
        As in ``summary.json``, with a simulation.
    currency : str
        For the units.

    Returns
    -------
    list of list of str
        The heading first.
    """
    plan, baselines = summary["simulation"], summary["baselines"]
    systems = [plan, *baselines.values()]
    savings = [baseline["cost_saving"] for baseline in baselines.values()]
    return [
        ["", "plan", *map(label, baselines)],
        [f"total cost, {currency}", *(with_interval(system["cost"]) for system in systems)],
        *([[f"saved by the plan, {currency}", "", *map(with_interval, savings)]] if savings else []),
        [f"outbound cost per unit, {currency}", *map(_outbound_cost, systems)],
        *(
            [f"fill rate, {label(speed)}", *(_fill_rate(system, speed) for system in systems)]
            for speed in plan["fill_rate"]
        ),
    ]


def _outbound_cost(system: dict[str, Any]) -> str:
    cost = {"mean": system["outbound_cost_per_unit"], "ci95": system["outbound_cost_per_unit_ci95"]}
    return with_interval(cost, lambda value: number(value, 2))


def _fill_rate(system: dict[str, Any], speed: str) -> str:
    return with_interval({"mean": system["fill_rate"][speed], "ci95": system["fill_rate_ci95"][speed]}, percent)


def summary_text(summary: dict[str, Any], currency: str) -> str:
    """Return the summary as a few aligned lines for a terminal."""
    plan, proof, gap = summary["plan"], summary["simulation"], summary["gap"]
    rows = [
        ("planned cost", f"{number(plan['planned_cost'])} {currency}"),
        ("lower bound", bound_text(plan, currency)),
        ("dual gap", f"{percent(plan['dual_gap'], 3)} after {plan['iterations']} iterations, {plan['seconds']:.1f} s"),
        ("capacity prices", f"{plan['binding_prices']} above zero"),
        ("over capacity", f"{percent(plan['capacity_violation_max'], 2)} at most"),
    ]
    if proof is not None:
        rows += [
            *([("estimate", estimate_text(proof["estimate"]))] if proof.get("estimate") else []),
            ("simulated", f"{proof['replications']} replications of {proof['days']} days, {proof['orders']:,} orders"),
            *_precision(proof),
            *_starting_up(proof),
            ("above the bound", f"{percent(gap['total'])}, of controllable cost {percent(gap['controllable'])}"),
        ]
    if (loop := summary["closed_loop"]) is not None:
        moved, level = percent(loop["targets_moved_mean"]), percent(loop["demand_level_last"])
        rows += [
            ("closed loop", f"{loop['replans']} replans a replication, {loop['seconds_mean']:.2f} s each"),
            ("", f"targets moved {moved} a replan; demand at last {level} of the first forecast"),
        ]
    lines = [
        f"{summary['scenario']['name']}: {size(summary['scenario'])}",
        *(f"{name:<17}{text}" for name, text in rows),
    ]
    return "\n".join(lines if proof is None else [*lines, "", *aligned(comparison(summary, currency))])


def _precision(proof: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield how precise the mean cost is, when that was asked for."""
    if (precision := proof["precision"]) is not None:
        asked = f"{percent(precision['asked'], 2)} asked for{'' if precision['reached'] else ', not reached'}"
        yield "precision", f"total cost ± {percent(precision['found'], 2)}, {asked}"


def _starting_up(proof: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what to set when the first days still look like a start-up."""
    if days := proof["warm_up_days_suggested"]:
        setting = f"horizon.warm_up_days: {proof['warm_up_days'] + days}"
        yield "starting up", f"the first {days} days hold other stock than later ones; set {setting} and plan again"


def aligned(rows: list[list[str]]) -> Iterator[str]:
    """Yield rows of text as lines: the first column to the left, the others to the right."""
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    for row in rows:
        cells = [row[0].ljust(first), *(cell.rjust(width) for cell, width in zip(row[1:], others, strict=True))]
        yield "  ".join(cells).rstrip()
