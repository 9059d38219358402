"""Where a saving comes from: from a baseline's cost to the plan's, kind by kind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from meio.report.costs import KINDS
from meio.report.style import ACCENT, INK, MUTED, WARM, bar_marker, figure
from meio.wording import label

LEAST_SHARE = 0.005  # of the largest step; smaller ones are drawn together


def savings_by_kind(cost: pd.DataFrame, baseline: str) -> pd.Series:
    """Return what the plan saves against a baseline, by kind of cost, the largest first; they add up to the saving.

    Parameters
    ----------
    cost : DataFrame
        Columns system, purchase, stock_change and one per kind (money); one row a replication; the first system is
        the plan.
    baseline : str
        Name of the other system.
    """
    kinds = cost.assign(goods=cost["purchase"] + cost["stock_change"])
    means = kinds.groupby("system", sort=False)[["goods", *KINDS]].mean()
    saved = pd.Series(means.loc[baseline].to_numpy() - means.iloc[0].to_numpy(), index=means.columns)
    large: pd.Series = saved[saved.abs() >= LEAST_SHARE * saved.abs().max()].sort_values(ascending=False, kind="stable")
    rest = saved.sum() - large.sum()
    return large if abs(rest) < 0.5 else pd.concat([large, pd.Series({"other": rest})])


def waterfall(saved: pd.Series, currency: str) -> go.Figure:
    """Draw savings as steps from nothing to all that was saved; kinds that cost more step back.

    Parameters
    ----------
    saved : Series
        Money by kind, as `savings_by_kind` returns it.
    currency : str
        For the axis.
    """
    total = float(saved.sum())
    ends = np.append(saved.cumsum().to_numpy(), total)
    starts = np.append(0.0, ends[:-2]) if len(saved) else np.empty(0)
    steps = np.append(ends[:-1] - starts, total)
    styles = [(ACCENT, "") if step >= 0 else (WARM, "/") for step in steps[:-1]] + [(INK, "")]
    names = [*map(label, saved.index), "saved in all"]
    drawing = figure(height=110 + 34 * len(steps), legend=False)
    for name, step, start, (colour, hatch) in zip(names, steps, [*starts, 0.0], styles, strict=True):
        drawing.add_bar(
            y=[name],
            x=[step],
            base=[start],
            orientation="h",
            marker=bar_marker(colour, hatch),
            hovertemplate=f"{name}: %{{x:+,.0f}} {currency}<extra></extra>",
        )
    _write_amounts(drawing, names, starts, steps)
    drawing.update_layout(barmode="overlay", bargap=0.35)
    drawing.update_yaxes(autorange="reversed", showgrid=False)
    drawing.update_xaxes(title_text=f"saved, {currency}", tickformat="~s", zeroline=True, zerolinecolor=MUTED, nticks=6)
    return drawing


def _write_amounts(drawing: go.Figure, names: list[str], starts: np.ndarray, steps: np.ndarray) -> None:
    """Write each step's amount at its end, and leave room for it."""
    begins = np.append(starts, 0.0)
    ends = np.maximum(begins, begins + steps)
    drawing.add_scatter(
        y=names, x=ends, mode="text", text=[f" {step:+,.0f}" for step in steps], textposition="middle right",
        textfont={"size": 12}, hoverinfo="skip", cliponaxis=False,
    )  # fmt: skip
    low, high = min(0.0, float(np.minimum(begins, begins + steps).min())), float(ends.max())
    drawing.update_xaxes(range=[low - 0.02 * (high - low), high + 0.28 * (high - low)])


def waterfall_rows(saved: pd.Series, currency: str) -> list[list[str]]:
    """Return the savings as rows of text, the heading first and the sum last."""
    rows = [[label(str(kind)), f"{amount:+,.0f}"] for kind, amount in saved.items()]
    return [["kind of cost", f"saved, {currency}"], *rows, ["saved in all", f"{saved.sum():+,.0f}"]]
