"""What some more or less of a capacity is worth, the most valuable on top."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from meio.report.prices import place_labels
from meio.report.style import INK, MUTED, PALE, WARM, bar_marker, figure

MOST_DRAWN = 15
# The change of cost with a share less and more of a capacity: name, colour, hatch.
SIDES = {"simulated_minus": ("less", WARM, "/"), "simulated_plus": ("more", PALE, "")}


def tornado(sensitivity: pd.DataFrame, currency: str) -> go.Figure:
    """Draw the change of cost with a share less and more of each capacity, and what it is worth.

    Parameters
    ----------
    sensitivity : DataFrame
        Columns resource, at, storage_type, period (missing: the whole horizon, other rows are left out), share of the
        capacity; worth_of_share, what so much more is worth (money); and, where it was checked by
        planning and simulating again, the change of cost ``simulated_minus`` and ``simulated_plus`` with its 95%
        interval, ``…_low`` and ``…_high`` (money; missing: not checked).
    currency : str
        For the axis.
    """
    drawn = most_valuable(sensitivity)[::-1]
    names = capacity_names(drawn)
    drawing = figure(height=120 + 44 * len(drawn))
    for column, (name, colour, hatch) in SIDES.items():
        change = drawn[column]
        drawing.add_bar(
            y=names,
            x=change,
            name=f"{drawn['share'].iloc[0]:.0%} {name} capacity",
            orientation="h",
            marker=bar_marker(colour, hatch),
            error_x={
                "type": "data",
                "array": drawn[f"{column}_high"] - change,
                "arrayminus": change - drawn[f"{column}_low"],
                "color": INK,
                "thickness": 1.2,
                "width": 4,
            },
            hovertemplate="%{x:+,.0f} " + currency + "<extra>" + name + "</extra>",
        )
    for sign, shown in ((1, True), (-1, False)):
        drawing.add_scatter(
            y=names,
            x=sign * drawn["worth_of_share"],
            name="worth",
            legendgroup="price",
            showlegend=shown,
            mode="markers",
            marker={"symbol": "diamond-open", "size": 9, "color": INK, "line": {"width": 2}},
            hovertemplate="%{x:+,.0f} " + currency + "<extra>worth</extra>",
        )
    drawing.update_layout(barmode="overlay", bargap=0.45)
    drawing.update_xaxes(
        title_text=f"change of total cost, {currency}", tickformat="~s", zeroline=True, zerolinecolor=MUTED
    )
    return drawing


def tornado_rows(sensitivity: pd.DataFrame, currency: str) -> list[list[str]]:
    """Return the capacities as rows of text, the heading first, the most valuable on top."""
    drawn = most_valuable(sensitivity)
    share = f"{drawn['share'].iloc[0]:.0%}"
    rows = [
        [
            "capacity",
            f"{share} more, its worth, {currency}",
            *(f"{share} {side}, {currency}" for side, *_ in SIDES.values()),
        ]
    ]
    for name, row in zip(capacity_names(drawn), drawn.to_dict("records"), strict=True):
        rows.append([name, f"{-row['worth_of_share']:+,.0f}", *(_with_interval(row, side) for side in SIDES)])
    return rows


def capacity_names(table: pd.DataFrame) -> list[str]:
    """Return the name of each row's capacity: its place, and what it limits."""
    return list(place_labels(table) + ", " + table["resource"])


def most_valuable(sensitivity: pd.DataFrame) -> pd.DataFrame:
    """Return the capacities to draw, the most valuable over the whole horizon first; without a price, none."""
    whole = sensitivity[sensitivity["period"].isna() & (sensitivity["worth_of_share"] > 0)]
    columns = [f"{side}{end}" for side in SIDES for end in ("", "_low", "_high")]
    checked = whole.reindex(columns=[*whole.columns, *(name for name in columns if name not in whole)])
    return checked.sort_values("worth_of_share", ascending=False, kind="stable")[:MOST_DRAWN].reset_index(drop=True)


def _with_interval(row: dict[Hashable, Any], side: str) -> str:
    if pd.isna(row[side]):
        return "not checked"
    return f"{row[side]:+,.0f} [{row[f'{side}_low']:+,.0f}, {row[f'{side}_high']:+,.0f}]"
