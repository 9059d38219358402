"""How full the shared capacities run, as planned and as simulated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from meio.report.prices import place_labels
from meio.report.style import ACCENT, INK, WARM, figure
from meio.wording import percent

MOST_DRAWN = 12
SHOWN = ("planned", "mean", "p95")


def capacity_use(usage: pd.DataFrame) -> dict[str, go.Figure]:
    """Draw the use of the fullest capacities over the periods, one small figure each, fullest first.

    Parameters
    ----------
    usage : DataFrame
        Columns resource, at, storage_type, period, capacity, planned, mean, p95 (use in the capacity's unit).

    Returns
    -------
    dict of str to Figure
        By the name of the capacity; at most 12. Capacities without a limit are left out.
    """
    return {str(name): _use_over_periods(rows) for name, rows in _fullest(usage).groupby("name", sort=False)}


def capacity_rows(usage: pd.DataFrame) -> list[list[str]]:
    """Return the fullest capacities as rows of text, the heading first: their use in the period that uses most."""
    rows = [["capacity", "limit", "fullest in period", "planned", "simulated, mean", "simulated, 95th percentile"]]
    for name, shares in _fullest(usage).groupby("name", sort=False):
        most = shares[["planned", "mean"]].max(axis=1)
        peak = shares.assign(most=most).nlargest(1, "most").to_dict("records")[0]
        limit = f"{peak['capacity']:,.0f} {'m³' if peak['resource'] == 'storage' else 'units a day'}"
        rows.append([str(name), limit, str(peak["period"]), *(percent(peak[use]) for use in SHOWN)])
    return rows


def _fullest(usage: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the capacities drawn, the fullest first, with a name and their use as a share."""
    limited = usage[np.isfinite(usage["capacity"]) & (usage["capacity"] > 0)].reset_index(drop=True)
    shares = limited.assign(
        name=place_labels(limited) + ", " + limited["resource"],
        **{column: limited[column] / limited["capacity"] for column in SHOWN},
    )
    peaks = shares.groupby("name")[["planned", "mean"]].max().max(axis=1)
    fullest = peaks.sort_values(ascending=False, kind="stable").index[:MOST_DRAWN]
    ranks = {name: rank for rank, name in enumerate(fullest)}
    drawn = shares[shares["name"].isin(fullest)]
    ordered: pd.DataFrame = drawn.sort_values("name", key=lambda names: names.map(ranks), kind="stable")
    return ordered


def _use_over_periods(shares: pd.DataFrame) -> go.Figure:
    """Draw one capacity: simulated use with its 95th percentile, planned use, and the limit at 100%."""
    drawing = figure(height=200, legend=False)
    lines = (
        ("p95", "simulated, 95th percentile", "dot", ACCENT, 1),
        ("mean", "simulated, mean", "solid", ACCENT, 2.5),
        ("planned", "planned", "dash", WARM, 2),
    )
    for column, name, dash, colour, width in lines:
        drawing.add_scatter(
            x=shares["period"],
            y=shares[column],
            name=name,
            mode="lines",
            line={"dash": dash, "color": colour, "width": width},
            hovertemplate="%{y:.0%}<extra>" + name + "</extra>",
        )
    drawing.add_hline(y=1, line={"color": INK, "width": 1})
    top = max(1.1, 1.05 * float(shares[["planned", "mean", "p95"]].max().max()))
    drawing.update_yaxes(tickformat=".0%", range=[0, top], nticks=5)
    drawing.update_xaxes(nticks=7, tickformat="d", showgrid=False)
    return drawing
