"""Where the money goes: cost by kind, the plan beside the baselines."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from meio.report.style import bar_marker, figure
from meio.wording import label

# Colour and hatch of each kind of cost; buying goods is left out of the picture, because it dwarfs the rest.
KINDS = {
    "lane_transport": ("#0b3049", ""),
    "outbound": ("#3f7d9c", ""),
    "holding": ("#a9c6d3", ""),
    "overflow": ("#e9eef0", "x"),
    "late": ("#f3d9b8", "."),
    "lost": ("#d9822b", "/"),
    "backorder": ("#8a4b12", ""),
}


def cost_by_kind(cost: pd.DataFrame, currency: str) -> go.Figure:
    """Draw the mean cost of each system as one bar, stacked by kind; goods bought are not in it.

    Parameters
    ----------
    cost : DataFrame
        Columns system and one per kind (money); one row per replication.
    currency : str
        For the axis.
    """
    means = cost.groupby("system", sort=False)[list(KINDS)].mean()[::-1]
    drawing = figure(height=180 + 46 * len(means))
    for kind, (colour, hatch) in KINDS.items():
        if means[kind].any():
            drawing.add_bar(
                y=[label(system).replace(" ", "<br>") for system in means.index],
                x=means[kind],
                name=label(kind),
                orientation="h",
                marker=bar_marker(colour, hatch),
                hovertemplate="%{x:,.0f} " + currency + "<extra>" + label(kind) + "</extra>",
            )
    drawing.update_layout(barmode="stack", bargap=0.35)
    drawing.update_xaxes(title_text=currency, tickformat="~s")
    return drawing


def cost_table(cost: pd.DataFrame, currency: str) -> list[list[str]]:
    """Return the mean cost by kind of each system as rows of text, the heading first and the total last."""
    goods = cost["purchase"] + cost["stock_change"]
    means = cost.assign(goods=goods).groupby("system", sort=False)[["goods", *KINDS, "total"]].mean()
    return [
        [currency, *map(label, means.index)],
        *([label(kind), *(f"{value:,.0f}" for value in means[kind])] for kind in means.columns),
    ]
