"""The report of a run: which pictures and tables it shows, in which order, and what each one says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from meio.report.capacity_use import capacity_use
from meio.report.convergence import bound_and_cost, left_to_close, recovery_table
from meio.report.costs import cost_by_kind, cost_table
from meio.report.network_map import network_map
from meio.report.page import Section, key_figures, page, side_by_side, table, wide
from meio.report.prices import UNITS, price_map
from meio.report.service import service_by_speed
from meio.report.shipping import shipping_table
from meio.wording import BOUND_KINDS, bound_text, comparison, label, number, percent, size, with_interval

Tables = Mapping[str, pd.DataFrame]


def report_html(summary: dict[str, Any], facts: dict[str, Any], tables: Tables) -> str:
    """Return the report as one page of HTML.

    Parameters
    ----------
    summary, facts : dict
        As in ``summary.json`` and ``run.json``.
    tables : mapping of str to DataFrame
        The tables of the output folder, by their path in it without the ending: ``prices``, ``measures/cost``…

    Returns
    -------
    str
        Without a simulation the page shows the plan alone.
    """
    return page(
        summary["scenario"]["name"],
        _lead(summary),
        [*_proof(summary, facts["currency"], tables), *_plan(summary, facts["currency"], tables), _run(facts)],
        f"Made by meio {facts['versions']['meio']}.",
    )


def _lead(summary: dict[str, Any]) -> str:
    extent, proof = size(summary["scenario"]), summary["simulation"]
    if proof is None:
        return f"{extent}. Planned, not yet simulated."
    return (
        f"{extent}. Proven on {proof['orders']:,} orders: {proof['replications']} replications of {proof['days']} days."
    )


def _proof(summary: dict[str, Any], currency: str, tables: Tables) -> Iterator[Section]:
    """Yield what the simulation showed: money and service, against the baselines."""
    if summary["simulation"] is None:
        return
    yield Section("At a glance", "", key_figures(_headlines(summary, currency)))
    yield Section(
        "Plan against baselines",
        "Every system met the same customer orders. In brackets the 95% confidence interval; "
        "a saving whose interval excludes zero is no accident.",
        table(comparison(summary, currency)),
    )
    cost = tables["measures/cost"]
    yield Section(
        "Cost by kind",
        "Mean over the replications. The picture leaves out the goods themselves, which the table counts as "
        "purchases less the value of the stock gained.",
        wide(cost_by_kind(cost, currency)) + table(cost_table(cost, currency)),
    )
    service = tables["measures/service"]
    yield Section(
        "Service by speed",
        "Share of the units ordered that were filled, and that arrived within the promise.",
        side_by_side(
            {"Filled": service_by_speed(service, "filled"), "On time": service_by_speed(service, "on_time")}, "pairs"
        ),
    )
    yield Section(
        "Shipping",
        "Mean over the replications. The farthest band is what is left.",
        table(shipping_table(tables["measures/network"], tables["measures/bands"], currency)),
    )


def _headlines(summary: dict[str, Any], currency: str) -> Iterator[tuple[str, str, str]]:
    plan, proof, gap = summary["plan"], summary["simulation"], summary["gap"]
    low, high = (number(end) for end in proof["cost"]["ci95"])
    yield f"Total cost, {currency}", number(proof["cost"]["mean"]), f"95% interval {low} to {high}"
    if gap["total"] is None:
        remark = "; ".join(plan["bound_conditions"]) or BOUND_KINDS["none"]
    else:
        gaps = f"gap {percent(gap['total'])}, of controllable cost {percent(gap['controllable'])}"
        remark = f"{BOUND_KINDS[plan['bound_kind']]}; {gaps}"
    yield f"Lower bound, {currency}", number(plan["lower_bound"]), remark
    for name, baseline in summary["baselines"].items():
        share = baseline["cost_saving"]["mean"] / baseline["cost"]["mean"]
        yield f"Saved against {label(name)}", percent(share), f"{with_interval(baseline['cost_saving'])} {currency}"
    yield f"Outbound per unit, {currency}", number(proof["outbound_cost_per_unit"], 2), "package to the customer"
    yield "Capacity exceeded", percent(plan["capacity_violation_max"], 2), "at most, by the plan's expected use"


def _plan(summary: dict[str, Any], currency: str, tables: Tables) -> Iterator[Section]:
    """Yield what was planned: the network, its prices, its capacities, and how the optimizer got there."""
    yield Section(
        "Network",
        "Sites by kind, lanes between them, customer zones by population. Point at a mark for its name.",
        wide(network_map(tables["network/nodes"], tables["network/lanes"], tables["network/zones"])),
    )
    yield Section(
        "Capacity prices",
        "What one more unit of capacity would save. Only places with a price are shown, the dearest on top.",
        _price_maps(tables["prices"], currency),
    )
    yield Section(
        "Use against capacity",
        "The fullest capacities by period: planned (dashed), simulated mean (solid) and 95th percentile over days "
        "(dotted), as a share of the limit. All others are in usage.parquet.",
        side_by_side(capacity_use(tables["usage"]), "small"),
    )
    plan = summary["plan"]
    yield Section(
        "Lower bound",
        f"{bound_text(plan, currency)}. What was checked:",
        table([("condition",), *((text,) for text in plan["bound_conditions"])]),
    )
    yield Section(
        "Convergence",
        f"{plan['iterations']} iterations in {plan['seconds']:.1f} s to a dual gap of {percent(plan['dual_gap'], 3)}. "
        "The table shows what each step from prices to targets changed in planned cost and in the largest excess over "
        "a capacity.",
        side_by_side(
            {
                "Dual value and planned cost": bound_and_cost(tables["convergence"], currency),
                "Left to close": left_to_close(tables["convergence"]),
            },
            "pairs",
        )
        + table(recovery_table(tables["recovery"], currency)),
    )


def _price_maps(prices: pd.DataFrame, currency: str) -> str:
    """Return one heat map for each kind of capacity that binds."""
    maps = {resource: price_map(prices, resource) for resource in UNITS}
    drawn = [
        wide(drawing, f"{resource.capitalize()}, {currency} {UNITS[resource]}")
        for resource, drawing in maps.items()
        if drawing is not None
    ]
    return "".join(drawn) or "<p>No capacity binds: every price is zero.</p>"


def _run(facts: dict[str, Any]) -> Section:
    timings = ", ".join(f"{label(step)} {seconds:.1f} s" for step, seconds in facts["timings"].items())
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    rows = [
        ("scenario", facts["scenario"]["path"]),
        ("scenario hash", facts["scenario"]["hash"]),
        ("command", facts["command"]),
        ("seed", "–" if facts["seed"] is None else str(facts["seed"])),
        ("finished", facts["finished"]),
        ("timings", timings),
        ("versions", versions),
    ]
    return Section("Run", "", table([("fact", "value"), *rows], kind="facts"))
