"""The variants of a study beside its base: each measure's difference with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go

from meio.report.style import ACCENT, INK, MUTED, WARM, bar_marker, figure
from meio.wording import label

SHARE = "share"
# Mark of each policy in turn.
MARKS = (("circle", ACCENT), ("diamond-open", WARM), ("square", "#7ba3b8"), ("triangle-up-open", INK))
PARTS = (
    ("#0b3049", ""), ("#3f7d9c", "/"), ("#a9c6d3", ""), ("#e9eef0", "x"), ("#f3d9b8", "."), ("#d9822b", "\\"),
    ("#8a4b12", ""), ("#6b7780", "-"), ("#ffffff", "|"),
)  # fmt: skip


def differences(results: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the rows of one measure that are compared with the base, in the study's order."""
    order = {variant: rank for rank, variant in enumerate(results["variant"].unique())}
    rows = results[(results["measure"] == measure) & results["difference"].notna()]
    return rows.sort_values("variant", key=lambda names: names.map(order), kind="stable").reset_index(drop=True)


def against_base(results: pd.DataFrame, measure: str) -> go.Figure:
    """Draw how far each variant lies from the base: a mark, and its 95% interval as a line.

    Parameters
    ----------
    results : DataFrame
        Columns variant, policy, measure, unit, difference, difference_low, difference_high.
    measure : str
        Which one to draw; shares are drawn in percentage points.
    """
    rows = differences(results, measure)
    factor, unit = (100.0, "percentage points") if (rows["unit"] == SHARE).all() else (1.0, rows["unit"].iloc[0])
    policies = [policy for policy in results["policy"].unique() if (rows["policy"] == policy).any()]
    drawing = figure(height=110 + (16 + 18 * len(policies)) * rows["variant"].nunique(), legend=len(policies) > 1)
    for policy, (symbol, colour) in zip(policies, MARKS * len(policies), strict=False):
        own = rows[rows["policy"] == policy]
        middle = factor * own["difference"]
        drawing.add_scatter(
            y=[str(variant) for variant in own["variant"]],
            x=middle,
            name=label(policy),
            orientation="h",
            mode="markers",
            marker={"symbol": symbol, "color": colour, "size": 11, "line": {"width": 1.5, "color": INK}},
            error_x={
                "type": "data",
                "array": factor * own["difference_high"] - middle,
                "arrayminus": middle - factor * own["difference_low"],
                "color": INK,
                "thickness": 1.5,
                "width": 5,
            },
            hovertemplate="%{x:+,.4~r} " + unit + "<extra>" + label(policy) + "</extra>",
        )
    drawing.update_layout(scattermode="group", scattergap=0.4)
    order = [str(variant) for variant in rows["variant"].unique()]
    drawing.update_yaxes(autorange="reversed", categoryorder="array", categoryarray=order)
    drawing.add_vline(x=0, line={"color": INK, "width": 1.5})
    drawing.update_xaxes(
        title_text=f"{unit}, against the base",
        tickformat="~s" if factor * rows["difference"].abs().max() >= 1000 else ".3~g",
        nticks=7,
    )
    return drawing


def cost_parts(results: pd.DataFrame, policy: str) -> go.Figure:
    """Draw which kinds of cost make up the difference of each variant: more to the right, less to the left.

    Goods are purchases less the value of the stock gained.

    Parameters
    ----------
    results : DataFrame
        As for `against_base`; the kinds of cost are its measures ``cost:<kind>``.
    policy : str
        Which one to draw.
    """
    rows = results[results["measure"].str.startswith("cost:") & (results["policy"] == policy)]
    rows = rows[rows["difference"].notna() & (rows["measure"] != "cost:unavoidable")]
    drawing = figure(height=130 + 40 * rows["variant"].nunique())
    kind = rows["measure"].str.removeprefix("cost:").replace(dict.fromkeys(("purchase", "stock_change"), "goods"))
    parts = rows.assign(kind=kind).groupby(["kind", "variant"], sort=False)["difference"].sum().reset_index()
    largest = parts["difference"].abs().max()
    shown = parts.groupby("kind", sort=False).filter(lambda own: own["difference"].abs().max() > 0.005 * largest)
    for (kind_shown, own), (colour, hatch) in zip(shown.groupby("kind", sort=False), PARTS, strict=False):
        name = label(str(kind_shown))
        drawing.add_bar(
            y=[str(variant) for variant in own["variant"]],
            x=own["difference"],
            name=name,
            orientation="h",
            marker=bar_marker(colour, hatch),
            hovertemplate="%{x:+,.0f}<extra>" + name + "</extra>",
        )
    drawing.update_layout(barmode="relative", bargap=0.35)
    drawing.update_yaxes(autorange="reversed")
    unit = rows["unit"].iloc[0] if len(rows) else ""
    drawing.update_xaxes(
        title_text=f"{unit}, against the base", tickformat="~s", zeroline=True, zerolinecolor=MUTED, nticks=7
    )
    return drawing


def measure_rows(results: pd.DataFrame, measure: str) -> list[list[str]]:
    """Return one measure as rows of text, the heading first: its value and its difference, with intervals."""
    own = results[results["measure"] == measure]
    unit = own["unit"].iloc[0]
    show: Callable[[float, str], str] = _percent if unit == SHARE else _plain
    rows = [["variant", "policy", f"{label(measure)}{'' if unit == SHARE else f', {unit}'}", "against the base"]]
    for row in own.to_dict("records"):
        value = f"{show(row['mean'], '')} [{show(row['ci_low'], '')}, {show(row['ci_high'], '')}]"
        ends = ", ".join(show(row[f"difference_{end}"], "+") for end in ("low", "high"))
        against = "the base" if pd.isna(row["difference"]) else f"{show(row['difference'], '+')} [{ends}]"
        rows.append([str(row["variant"]), label(row["policy"]), value, against])
    return rows


def amount(value: float, unit: str) -> str:
    """Return a difference as people read it: shares in percentage points."""
    return f"{100 * value:+,.2f} percentage points" if unit == SHARE else f"{_plain(value, '+')} {unit}"


def _percent(value: float, sign: str) -> str:
    return "–" if math.isnan(value) else f"{value:{sign}.2%}"


def _plain(value: float, sign: str) -> str:
    return "–" if math.isnan(value) else f"{value:{sign},.{0 if abs(value) >= 100 else 2}f}"
