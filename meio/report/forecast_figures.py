"""Figures of how good forecasts were, each a pure function of a table of scores (`meio.demand.score_table`)."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from meio.demand.score_table import pooled
from meio.demand.spans import PROBABILITIES
from meio.report.page import Rows
from meio.report.style import ACCENT, INK, MUTED, PALE, WARM, bar_marker, figure
from meio.wording import label

# Colour, dash and mark of each model in turn.
LINES = (
    (ACCENT, "solid", "circle"),
    (WARM, "dash", "diamond-open"),
    (INK, "dot", "square-open"),
    ("#7ba3b8", "dashdot", "triangle-up"),
    (MUTED, "longdash", "x"),
)
COVERAGES = {"covered_80%": ("80% interval", 0.8, "circle"), "covered_95%": ("95% interval", 0.95, "diamond")}
BELOW = [f"below_{level:g}" for level in PROBABILITIES]
Row = dict[Hashable, Any]


def span_name(row: Row) -> str:
    """Return a span's name: week 2, weeks 1 to 4."""
    noun = {1: "day", 7: "week"}.get(row["period_days"], "period")
    if row["first"] == row["last"]:
        return f"{noun} {row['first']}"
    return f"{noun}s {row['first']} to {row['last']}"


def reliability(scores: pd.DataFrame) -> go.Figure:
    """Draw how often demand was below each quantile, one line a model; right is the diagonal."""
    drawing = figure(height=420)
    ends = [0.0, 1.0]
    drawing.add_scatter(x=ends, y=ends, mode="lines", name="right", line={"color": MUTED, "width": 1}, hoverinfo="skip")
    for row, (colour, dash, mark) in zip(pooled(scores, ["model"]).to_dict("records"), LINES * 9, strict=False):
        drawing.add_scatter(
            x=list(PROBABILITIES),
            y=[row[name] for name in BELOW],
            mode="lines+markers",
            name=label(row["model"]),
            line={"color": colour, "dash": dash, "width": 2},
            marker={"symbol": mark, "size": 8, "color": colour},
            hovertemplate="%{y:.1%} of demand below the %{x:.1%} quantile<extra>" + label(row["model"]) + "</extra>",
        )
    drawing.update_xaxes(title_text="probability of the quantile", tickformat=".0%", range=[0, 1])
    drawing.update_yaxes(title_text="demand below it", tickformat=".0%", range=[0, 1])
    return drawing


def reliability_rows(scores: pd.DataFrame) -> Rows:
    """Return the curves as rows of text, the heading first."""
    models = pooled(scores, ["model"]).to_dict("records")
    heading = ["probability", *(label(row["model"]) for row in models)]
    body = ([f"{level:.1%}", *(f"{row[f'below_{level:g}']:.1%}" for row in models)] for level in PROBABILITIES)
    return [heading, *body]


def loss_bars(scores: pd.DataFrame, measure: str, unit: str) -> go.Figure:
    """Draw a loss of each model in each group, after calibration and before."""
    means = pooled(scores, ["model", "group", "calibrated"]).sort_values("group", kind="stable")
    models = list(means["model"].unique())
    names = means["group"].map(label) + ", " + means["model"].map(label)
    drawing = figure(height=110 + 44 * means["group"].nunique() * len(models))
    for calibrated, name, colour, hatch in ((True, "calibrated", ACCENT, ""), (False, "as forecast", PALE, "/")):
        own = means["calibrated"] == calibrated
        if own.any():
            drawing.add_bar(
                y=names[own],
                x=means.loc[own, measure],
                name=name,
                orientation="h",
                marker=bar_marker(colour, hatch),
                hovertemplate="%{x:,.3~r} " + unit + "<extra>%{y}, " + name + "</extra>",
            )
    drawing.update_yaxes(autorange="reversed")
    drawing.update_xaxes(title_text=f"{unit}; less is better", nticks=6)
    return drawing


def coverage_dots(scores: pd.DataFrame) -> go.Figure:
    """Draw how much of demand the intervals of one model covered, by group and span: before (open), after (filled)."""
    means = pooled(scores, ["group", "first", "last", "period_days", "calibrated"])
    names = pd.Series([f"{label(row['group'])}, {span_name(row)}" for row in means.to_dict("records")], dtype=str)
    drawing = figure(height=130 + 26 * names.nunique())
    for column, (name, nominal, mark) in COVERAGES.items():
        drawing.add_vline(x=nominal, line={"color": INK, "width": 1.5})
        drawing.add_vrect(x0=nominal - 0.03, x1=nominal + 0.03, fillcolor=MUTED, opacity=0.12, line_width=0)
        for calibrated in (False, True):
            own = (means["calibrated"] == calibrated).to_numpy()
            if own.any():
                drawing.add_scatter(
                    y=names[own],
                    x=means.loc[own, column],
                    mode="markers",
                    name=f"{name}, {'calibrated' if calibrated else 'as forecast'}",
                    marker={
                        "symbol": mark if calibrated else f"{mark}-open",
                        "size": 10,
                        "color": ACCENT if calibrated else WARM,
                        "line": {"width": 1.5, "color": INK if calibrated else WARM},
                    },
                    hovertemplate="%{x:.1%}<extra>%{y}, " + name + "</extra>",
                )
    drawing.update_yaxes(autorange="reversed")
    drawing.update_xaxes(title_text="covered; grey: within 3 points", tickformat=".0%", nticks=7)
    return drawing


def bias(row: Row) -> float:
    """Return how far the mean forecast is above mean demand, as a share of it; NaN without demand."""
    demand = float(row["mean_demand"])
    return float(row["mean_forecast"]) / demand - 1 if demand > 0 else float("nan")


def bias_bars(scores: pd.DataFrame) -> go.Figure:
    """Draw each model's bias by group: too high to the right of the line, too low to the left."""
    means = pooled(scores, ["model", "group"])
    drawing = figure(height=110 + (14 + 20 * means["model"].nunique()) * means["group"].nunique())
    fills = ((ACCENT, ""), (WARM, "/"), (PALE, "."), ("#7ba3b8", "x"), (MUTED, "-"))
    for (model, own), (colour, hatch) in zip(means.groupby("model", sort=False), fills * 9, strict=False):
        drawing.add_bar(
            y=[label(group) for group in own["group"]],
            x=[bias(row) for row in own.to_dict("records")],
            name=label(str(model)),
            orientation="h",
            marker=bar_marker(colour, hatch),
            hovertemplate="%{x:+.1%}<extra>" + label(str(model)) + "</extra>",
        )
    drawing.add_vline(x=0, line={"color": INK, "width": 1.5})
    drawing.update_yaxes(autorange="reversed")
    drawing.update_xaxes(title_text="bias, of mean demand", tickformat="+.0%", nticks=7)
    return drawing
