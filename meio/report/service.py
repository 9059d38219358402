"""What customers got: the share of demand filled, and delivered on time, at each speed."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from meio.report.style import SYSTEM_COLOURS, SYSTEM_HATCHES, bar_marker, figure
from meio.wording import label, percent


def service_by_speed(service: pd.DataFrame, measure: str) -> go.Figure:
    """Draw one share of demand per speed, the plan beside the baselines.

    Parameters
    ----------
    service : DataFrame
        Columns system, replication, speed, demand and `measure` (units); the first system is the plan.
    measure : str
        ``filled`` or ``on_time``: its units over the units demanded, mean over the replications.
    """
    share = _share(service, measure)
    drawing = figure(height=320)
    for system, colour, hatch in zip(share.index.unique("system"), SYSTEM_COLOURS, SYSTEM_HATCHES, strict=False):
        values = share[system]
        drawing.add_bar(
            x=[label(speed) for speed in values.index],
            y=values,
            name=label(system),
            text=values,
            texttemplate="%{text:.1%}",
            textposition="outside",
            textfont={"size": 11},
            cliponaxis=False,
            marker=bar_marker(colour, hatch),
            hovertemplate="%{x}: %{y:.2%}<extra>" + label(system) + "</extra>",
        )
    drawing.update_yaxes(tickformat=".0%", range=[0, 1.08], tickvals=[0, 0.25, 0.5, 0.75, 1])
    drawing.update_layout(bargap=0.25, bargroupgap=0.05)
    return drawing


def service_rows(service: pd.DataFrame, measure: str) -> list[list[str]]:
    """Return one share of demand as rows of text, the heading first: a row a speed, a column a system."""
    share = _share(service, measure)
    systems = share.index.unique("system")
    return [
        ["speed", *map(label, systems)],
        *(
            [label(speed), *(percent(share[system, speed], 2) for system in systems)]
            for speed in share.index.unique("speed")
        ),
    ]


def _share(service: pd.DataFrame, measure: str) -> pd.Series:
    """Return units of a measure over units demanded, all replications together, by system and speed."""
    totals = service.groupby(["system", "speed"], sort=False)[["demand", measure]].sum()
    share: pd.Series = totals[measure] / totals["demand"]
    return share
