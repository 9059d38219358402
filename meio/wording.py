"""Figures as people read them: the same words on the terminal and in the report."""

from __future__ import annotations

from collections.abc import Iterator
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
    return "–" if value is None else f"{value:,.{digits}f}"


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share in percent; a dash when there is none."""
    return "–" if share is None else f"{share:.{digits}%}"


def with_interval(measure: dict[str, Any]) -> str:
    """Return a mean and its 95% interval."""
    low, high = (number(end) for end in measure["ci95"])
    return f"{number(measure['mean'])} [{low}, {high}]"


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
        [f"outbound cost per unit, {currency}", *(number(system["outbound_cost_per_unit"], 2) for system in systems)],
        *(
            [f"fill rate, {label(speed)}", *(percent(system["fill_rate"][speed]) for system in systems)]
            for speed in plan["fill_rate"]
        ),
    ]


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
            ("simulated", f"{proof['replications']} replications of {proof['days']} days, {proof['orders']:,} orders"),
            ("above the bound", f"{percent(gap['total'])}, of controllable cost {percent(gap['controllable'])}"),
        ]
    lines = [
        f"{summary['scenario']['name']}: {size(summary['scenario'])}",
        *(f"{name:<17}{text}" for name, text in rows),
    ]
    return "\n".join(lines if proof is None else [*lines, "", *aligned(comparison(summary, currency))])


def aligned(rows: list[list[str]]) -> Iterator[str]:
    """Yield rows of text as lines: the first column to the left, the others to the right."""
    first, *others = (max(map(len, column)) for column in zip(*rows, strict=True))
    for row in rows:
        cells = [row[0].ljust(first), *(cell.rjust(width) for cell, width in zip(row[1:], others, strict=True))]
        yield "  ".join(cells).rstrip()
