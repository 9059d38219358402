"""Pictures of a scenario, a plan and its simulation, as plotly figures for notebooks.

Each function takes what `meio.load`, `meio.plan` and `meio.simulate` return, and draws what the report draws. Where
several simulations can be shown, give them by name: ``{"plan": result, "nearest": other}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

try:
    import plotly.graph_objects as go
except ModuleNotFoundError as error:
    raise ImportError("plotting needs plotly: pip install 'meio[report]'") from error

from meio import frames
from meio.network.compile import compile_scenario
from meio.plans import prices_frame
from meio.report.convergence import bound_and_cost
from meio.report.costs import cost_by_kind
from meio.report.network_map import network_map as drawn_network
from meio.report.prices import price_map
from meio.report.service import service_by_speed
from meio.report.style import figure

if TYPE_CHECKING:
    from meio.network.model import Scenario
    from meio.plans import Plan
    from meio.simulation.measures import SimulationResult

    Results = SimulationResult | Mapping[str, SimulationResult]

__all__ = ["convergence", "costs", "inventory", "network_map", "prices", "service"]

DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def network_map(scenario: Scenario) -> go.Figure:
    """Draw sites by kind, lanes, and zones by population on a map."""
    tables = frames.network_tables(scenario)
    return drawn_network(tables["nodes"], tables["lanes"], tables["zones"])


def costs(results: Results) -> go.Figure:
    """Draw mean cost by kind, one bar a system, without the goods themselves; money over the horizon."""
    systems = _by_name(results)
    currency = next(iter(systems.values())).currency
    return cost_by_kind(frames.measure(systems, "cost"), currency)


def service(results: Results, measure: Literal["filled", "on_time"] = "filled") -> go.Figure:
    """Draw the share of demand filled, or delivered on time, by speed and system."""
    return service_by_speed(frames.measure(_by_name(results), "service"), measure)


def prices(
    scenario: Scenario, plan: Plan, resource: Literal["storage", "inbound", "outbound", "lane"] = "storage"
) -> go.Figure:
    """Draw what one more m³, or one more unit a day, would save: places down, periods across; empty where all are 0."""
    drawn = price_map(prices_frame(plan, compile_scenario(scenario)), resource)
    return figure(height=160) if drawn is None else drawn


def inventory(result: SimulationResult, unit: Literal["units", "m3"] = "units") -> go.Figure:
    """Draw mean stock on hand at the close of a day by node over the periods, in units or in m³."""
    stock = result.inventory.groupby(["node", "period"], sort=False)[f"{unit}_mean"].sum().reset_index()
    drawing = figure(height=360)
    for index, (node, rows) in enumerate(stock.groupby("node", sort=False)):
        dash = DASHES[index % len(DASHES)]
        drawing.add_scatter(
            x=rows["period"], y=rows[f"{unit}_mean"], name=str(node), mode="lines", line={"dash": dash, "width": 2}
        )
    drawing.update_xaxes(title="period", tickformat="d")
    drawing.update_yaxes(title="m³ on hand" if unit == "m3" else "units on hand", rangemode="tozero")
    return drawing


def convergence(plan: Plan) -> go.Figure:
    """Draw the planning model's dual value and the planned cost over the iterations; money over the horizon."""
    return bound_and_cost(plan.convergence, plan.currency)


def _by_name(results: Results) -> Mapping[str, SimulationResult]:
    return results if isinstance(results, Mapping) else {"plan": results}
