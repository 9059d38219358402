"""Where stock lies over time: by layer of the network."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from meio.report.style import INK, figure
from meio.wording import label

# Layers from the vendors down, with the colour and hatch of each.
LAYERS = {
    "distribution_centre": ("#0b3049", ""),
    "fulfilment_centre": ("#7ba3b8", "/"),
    "same_day_site": ("#f3d9b8", "."),
}
DASHES = ("dash", "dot", "dashdot", "longdash")


def stock_by_layer(inventory: pd.DataFrame, nodes: pd.DataFrame) -> pd.DataFrame:
    """Return the units on hand of each layer.

    Parameters
    ----------
    inventory : DataFrame
        Columns system, period, node and units_mean, as in ``measures/inventory``; the first system is the plan.
    nodes : DataFrame
        Columns node and kind.

    Returns
    -------
    DataFrame
        Indexed by system and period, one column a kind of node; units at the close of a day, mean over its days.
    """
    kinds = inventory["node"].map(nodes.set_index("node")["kind"])
    units = inventory.assign(kind=kinds).groupby(["system", "period", "kind"], sort=False)["units_mean"].sum()
    by_kind = units.unstack(fill_value=0)  # noqa: PD010 - the groups become columns
    systems = inventory["system"].unique()
    return by_kind.reindex(systems, level="system")[[kind for kind in LAYERS if kind in by_kind]]


def inventory_over_time(stock: pd.DataFrame, period_name: str = "period") -> go.Figure:
    """Draw the plan's stock as one band a layer, and what each other system holds in all as a line."""
    plan, *others = stock.index.unique("system")
    drawing = figure(height=360)
    for kind in stock.columns:
        colour, hatch = LAYERS[kind]
        drawing.add_scatter(
            x=stock.loc[plan].index,
            y=stock.loc[plan, kind],
            name=label(kind),
            mode="lines",
            line={"color": INK, "width": 0.8},
            stackgroup="plan",
            fillcolor=colour,
            fillpattern={"shape": hatch, "fgcolor": INK, "bgcolor": colour, "solidity": 0.15, "size": 7},
            hovertemplate="%{y:,.0f} units<extra>" + label(kind) + "</extra>",
        )
    for system, dash in zip(others, DASHES, strict=False):
        drawing.add_scatter(
            x=stock.loc[system].index,
            y=stock.loc[system].sum(axis=1),
            name=f"{label(system)}, all",
            mode="lines",
            line={"color": "#8a4b12", "width": 2.5, "dash": dash},
            hovertemplate="%{y:,.0f} units<extra>" + label(system) + "</extra>",
        )
    drawing.update_yaxes(title_text="units on hand", tickformat="~s", rangemode="tozero")
    drawing.update_xaxes(title_text=period_name, tickformat="d", nticks=8, showgrid=False)
    return drawing


def inventory_rows(stock: pd.DataFrame, period_name: str = "period") -> list[list[str]]:
    """Return the plan's stock by layer as rows of text, the heading first."""
    plan, *others = stock.index.unique("system")
    totals = [stock.loc[system].sum(axis=1) for system in others]
    return [
        [period_name, *(f"{label(kind)}, units" for kind in stock.columns), *(f"{label(one)}, all" for one in others)],
        *(
            [str(period), *(f"{units:,.0f}" for units in row), *(f"{total[period]:,.0f}" for total in totals)]
            for period, row in zip(stock.loc[plan].index, stock.loc[plan].to_numpy(), strict=True)
        ),
    ]
