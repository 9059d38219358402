"""What was planned: the network, its prices and capacities, its dearest products, and how the optimizer got there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from meio.report.capacity_use import capacity_rows, capacity_use
from meio.report.convergence import bound_and_cost, convergence_rows, left_to_close, recovery_table
from meio.report.network_map import network_map
from meio.report.page import Picture, Section, folded, pictures, table
from meio.report.prices import UNITS, price_map, price_rows
from meio.report.stakes import stakes_list, stakes_rows
from meio.report.tables import Tables
from meio.report.tornado import capacity_names, most_valuable, tornado, tornado_rows
from meio.report.traffic import lane_flows, site_loads, traffic_rows
from meio.wording import bound_text, number, percent


def plan_sections(summary: dict[str, Any], currency: str, tables: Tables, period_name: str) -> Iterator[Section]:
    """Yield what was planned."""
    yield _network(tables, period_name)
    yield Section(
        "Capacity prices",
        "What one more unit of capacity would save. Only places with a price are shown, the dearest on top.",
        _price_maps(tables["prices"], currency, period_name),
    )
    if "sensitivity" in tables and len(most_valuable(tables["sensitivity"])):
        yield _sensitivity(tables["sensitivity"], currency)
    usage = tables["usage"]
    yield Section(
        "Use against capacity",
        f"The fullest capacities by {period_name}: planned (dashed), simulated mean (solid) and 95th percentile over "
        "days (dotted), as a share of the limit. All others are in usage.parquet.",
        pictures(
            (
                Picture(f"use-{rank}", name, drawing, [])
                for rank, (name, drawing) in enumerate(capacity_use(usage).items(), start=1)
            ),
            "small",
        )
        + folded("The numbers as a table", table(capacity_rows(usage))),
    )
    if "stakes" in tables and len(tables["stakes"]):
        yield _stakes(tables, currency, period_name)
    yield from _optimizer(summary["plan"], currency, tables)


def _network(tables: Tables, period_name: str) -> Section:
    """Return the map; flows are the plan's as simulated, and without a simulation there are none."""
    use, shipments = tables.get("measures/use"), tables.get("measures/shipments")
    flows = None if use is None else lane_flows(_plans_own(use))
    loads = site_loads(tables["usage"])
    drawing = network_map(
        tables["network/nodes"],
        tables["network/lanes"],
        tables["network/zones"],
        flows,
        loads,
        None if shipments is None else _plans_own(shipments),
        period_name,
    )
    title = "The network: sites by shape, darker the fuller; lines thicker the more they carry"
    return Section(
        "Network",
        f"Move the slider, or focus it and press the arrow keys, to see another {period_name}. A site shows the use of "
        "its fullest capacity, in figures from 90% on.",
        pictures([Picture("network", title, drawing, traffic_rows(flows, loads, period_name), slider=period_name)]),
    )


def _plans_own(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the plan, which comes first."""
    return table[table["system"] == table["system"].iloc[0]] if len(table) else table


def _price_maps(prices: pd.DataFrame, currency: str, period_name: str) -> str:
    """Return one heat map for each kind of capacity that binds."""
    drawn = []
    for resource, unit in UNITS.items():
        drawing = price_map(prices, resource, period_name)
        if drawing is not None:
            rows = price_rows(prices, resource, currency, period_name)
            title = f"{resource.capitalize()}: dearest at {rows[1][0]}, {rows[1][1]} {currency} {unit}"
            drawn.append(Picture(f"prices-{resource}", title, drawing, rows))
    return pictures(drawn) if drawn else "<p>No capacity binds: every price is zero.</p>"


def _sensitivity(sensitivity: pd.DataFrame, currency: str) -> Section:
    best = most_valuable(sensitivity).head(1)
    share, saved = f"{best['share'].iloc[0]:.0%}", number(best["worth_of_share"].iloc[0])
    title = f"Most valuable: {capacity_names(best)[0]}, {share} more is worth {saved} {currency}"
    return Section(
        "What more capacity is worth",
        f"Bars: total cost after planning and simulating with {share} less or more, with its 95% interval. "
        "Diamonds: what that much is worth.",
        pictures([Picture("tornado", title, tornado(sensitivity, currency), tornado_rows(sensitivity, currency))]),
    )


def _stakes(tables: Tables, currency: str, period_name: str) -> Section:
    stakes, reasons = tables["stakes"], tables["reasons"]
    return Section(
        "Most money at stake",
        "Products whose stock, on hand and on order up to the targets, is worth most at unit cost, mean over all "
        f"{period_name}s. Unfold one to see why its dearest target is what it is; meio explain takes any other apart.",
        table(stakes_rows(stakes, currency, period_name)) + stakes_list(stakes, reasons, period_name),
    )


def _optimizer(plan: dict[str, Any], currency: str, tables: Tables) -> Iterator[Section]:
    yield Section(
        "Lower bound",
        f"{bound_text(plan, currency)}. What was checked:",
        table([["condition"], *([text] for text in plan["bound_conditions"])], "facts"),
    )
    convergence = tables["convergence"]
    bound = plan["lower_bound"] if plan["bound_kind"] != "none" else None
    yield Section(
        "Convergence",
        f"{plan['iterations']} iterations in {plan['seconds']:.1f} s to a dual gap of {percent(plan['dual_gap'], 3)}. "
        "The table shows what each step from prices to targets changed in planned cost and in the largest excess over "
        "a capacity.",
        pictures(
            [
                Picture(
                    "convergence", "Dual value and planned cost meet", bound_and_cost(convergence, currency, bound), []
                ),
                Picture("left-to-close", "What is left to close", left_to_close(convergence), []),
            ],
            "pairs",
        )
        + folded("The numbers as a table", table(convergence_rows(convergence, currency)))
        + table(recovery_table(tables["recovery"], currency)),
    )
