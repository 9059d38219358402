"""What the simulation showed: money and service, against the baselines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from meio.report.costs import cost_by_kind, cost_table
from meio.report.inventory import inventory_over_time, inventory_rows, stock_by_layer
from meio.report.page import Picture, Section, key_figures, pictures, table
from meio.report.service import service_by_speed, service_rows
from meio.report.shipping import shipping_table
from meio.report.tables import Tables
from meio.report.waterfall import savings_by_kind, waterfall, waterfall_rows
from meio.wording import BOUND_KINDS, comparison, estimate_text, label, number, percent, with_interval


def proof_sections(summary: dict[str, Any], currency: str, tables: Tables, period_name: str) -> Iterator[Section]:
    """Yield what the simulation showed; nothing without one."""
    if summary["simulation"] is None:
        return
    cost = tables["measures/cost"]
    estimate = summary["simulation"].get("estimate")
    remark = f"An estimate {estimate_text(estimate)}." if estimate else ""
    yield Section("At a glance", remark, key_figures(_headlines(summary, currency)))
    yield Section(
        "Plan against baselines",
        "Every system met the same customer orders. In brackets the 95% confidence interval; "
        "a saving whose interval excludes zero is no accident.",
        table(comparison(summary, currency)),
    )
    if summary["baselines"]:
        yield Section(
            "Where the saving comes from",
            "Each bar begins where the one above it ends; hatched bars step back: there the plan spends more. "
            "Means over the replications.",
            pictures(_savings(summary, cost, currency), "pairs"),
        )
    yield Section(
        "Cost by kind",
        "Mean over the replications. The picture leaves out the goods themselves, which the table counts as "
        "purchases less the value of the stock gained.",
        pictures([Picture("cost", "What each system spends, without the goods", cost_by_kind(cost, currency), [])])
        + table(cost_table(cost, currency)),
    )
    service = tables["measures/service"]
    yield Section(
        "Service by speed",
        "Share of the units ordered, by the delivery speed they were promised.",
        pictures(
            [
                Picture(name, title, service_by_speed(service, measure), service_rows(service, measure))
                for name, title, measure in (
                    ("filled", "Filled: units that customers got", "filled"),
                    ("on-time", "On time: units that arrived within the promise", "on_time"),
                )
            ],
            "pairs",
        ),
    )
    yield Section(
        "Shipping",
        "Mean over the replications. The farthest band is what is left.",
        table(shipping_table(tables["measures/network"], tables["measures/bands"], currency)),
    )
    stock = stock_by_layer(tables["measures/inventory"], tables["network/nodes"])
    yield Section(
        "Inventory by layer",
        "Units on hand at the close of a day, mean of the simulated days. Bands: the plan, layer upon layer; lines: "
        "all that another system holds.",
        pictures(
            [Picture("inventory", _inventory_title(stock), inventory_over_time(stock, period_name),
                     inventory_rows(stock, period_name))]
        ),
    )  # fmt: skip


def _savings(summary: dict[str, Any], cost: pd.DataFrame, currency: str) -> Iterator[Picture]:
    for name, baseline in summary["baselines"].items():
        saved = savings_by_kind(cost, name)
        share = baseline["cost_saving"]["mean"] / baseline["cost"]["mean"]
        title = f"Against {label(name)}: {percent(abs(share))} of its cost {'saved' if share >= 0 else 'more'}"
        yield Picture(f"saving-{name}", title, waterfall(saved, currency), waterfall_rows(saved, currency))


def _inventory_title(stock: pd.DataFrame) -> str:
    plan, *others = stock.index.unique("system")
    held = {system: stock.loc[system].sum(axis=1).mean() for system in (plan, *others)}
    text = f"The plan holds {held[plan]:,.0f} units on average"
    told = [f"{label(system)} {held[system]:,.0f}" for system in others]
    return f"{text}; {', '.join(told)}" if told else text


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
