"""How the optimizer closed in: dual value, planned cost and what is left to close, over its iterations."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from meio.report.style import ACCENT, INK, WARM, figure
from meio.wording import percent


def bound_and_cost(convergence: pd.DataFrame, currency: str, lower_bound: float | None = None) -> go.Figure:
    """Draw the planning model's dual value and the planned cost against the iteration, and the bound that was proven.

    Parameters
    ----------
    convergence : DataFrame
        Columns iteration, dual_value, planned_cost (money).
    currency : str
        For the axis.
    lower_bound : float, optional
        Money; none: no bound is claimed, and none is drawn.
    """
    drawing = _lines(
        convergence, {"planned_cost": ("planned cost", "solid", WARM), "dual_value": ("dual value", "dash", ACCENT)}
    )
    if lower_bound is not None:
        ends = [convergence["iteration"].min(), convergence["iteration"].max()]
        line = {"color": INK, "dash": "dot", "width": 2}
        drawing.add_scatter(x=ends, y=[lower_bound] * 2, name="lower bound", mode="lines", line=line)
    drawing.update_yaxes(title_text=currency, tickformat="~s")
    return drawing


def convergence_rows(convergence: pd.DataFrame, currency: str) -> list[list[str]]:
    """Return the iterations as rows of text, the heading first."""
    heading = ["iteration", f"dual value, {currency}", f"planned cost, {currency}", "dual gap", "excess over capacity"]
    return [
        heading,
        *(
            [
                str(row["iteration"]),
                f"{row['dual_value']:,.0f}",
                f"{row['planned_cost']:,.0f}",
                percent(row["dual_gap"], 3),
                percent(row["violation"], 2),
            ]
            for row in convergence.to_dict("records")
        ),
    ]


def left_to_close(convergence: pd.DataFrame) -> go.Figure:
    """Draw the dual gap and the largest excess over a capacity against the iteration, on a logarithmic scale.

    Parameters
    ----------
    convergence : DataFrame
        Columns iteration, dual_gap, violation (shares).
    """
    positive = convergence.where(convergence > 0)  # a gap of zero has no logarithm
    styles = {"violation": ("excess over capacity", "dot", INK), "dual_gap": ("dual gap", "solid", ACCENT)}
    drawing = _lines(positive, styles)
    drawing.update_yaxes(type="log", tickformat="~%", dtick=1)
    return drawing


def recovery_table(recovery: pd.DataFrame, currency: str) -> list[list[str]]:
    """Rows, the heading first, of what each step from prices to targets cost and how far it left capacity exceeded.

    Parameters
    ----------
    recovery : DataFrame
        Columns step, cost_before, cost_after (money), violation_after (share), seconds.
    currency : str
        For the heading.
    """
    rows = [["step", f"adds to planned cost, {currency}", "excess over capacity", "seconds"]]
    for row in recovery.to_dict("records"):
        added = row["cost_after"] - row["cost_before"]
        rows.append([row["step"], f"{added:,.0f}", percent(row["violation_after"], 2), f"{row['seconds']:.1f}"])
    return rows


def _lines(convergence: pd.DataFrame, styles: dict[str, tuple[str, str, str]]) -> go.Figure:
    drawing = figure(height=320)
    for column, (name, dash, colour) in styles.items():
        drawing.add_scatter(
            x=convergence["iteration"],
            y=convergence[column],
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2},
            marker={"size": 5},
        )
    drawing.update_xaxes(title_text="iteration", tickformat="d")
    return drawing
