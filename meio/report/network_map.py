"""The network on a map: sites by kind and how full they run, flows by width, zones by population, week by week."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from meio.report.map_marks import (
    draw_key,
    draw_outline,
    draw_scale,
    draw_shipments,
    draw_zones,
    lane_marks,
    outline_of,
    site_marks,
)
from meio.report.style import figure
from meio.wording import label, number, percent


def network_map(
    nodes: pd.DataFrame,
    lanes: pd.DataFrame,
    zones: pd.DataFrame,
    flows: pd.DataFrame | None = None,
    loads: pd.DataFrame | None = None,
    shipments: pd.DataFrame | None = None,
    period_name: str = "period",
) -> go.Figure:
    """Draw every site, lane and zone at its place; with flows or loads, one frame for each period.

    Parameters
    ----------
    nodes : DataFrame
        Columns node, kind, lat, lon (degrees).
    lanes : DataFrame
        Columns source, destination (node names).
    zones : DataFrame
        Columns zone, lat, lon, population.
    flows, loads : DataFrame, optional
        As `meio.report.traffic` makes them; without flows every lane is drawn thin.
    shipments : DataFrame, optional
        Columns node, zone, units_per_day; drawn pale, and not those below a tenth of what a zone gets.
    period_name : str
        What a period is called.
    """
    if flows is None:
        flows = lanes.drop_duplicates().assign(period=1, units_per_day=0.0)
    if loads is None:
        loads = pd.DataFrame({"node": [], "period": [], "share": [], "resource": []})
    drawing = figure(height=560)
    places = pd.concat([nodes[["lat", "lon"]], zones[["lat", "lon"]]])
    outline = outline_of(places)
    draw_outline(drawing, outline)
    if shipments is not None:
        draw_shipments(drawing, nodes, zones, shipments)
    draw_zones(drawing, zones)
    draw_key(drawing, flows)
    draw_scale(drawing, loads)
    fixed, place = len(drawing.data), nodes.set_index("node")
    periods = sorted({*flows["period"], *loads["period"]})
    weeks = [
        [*lane_marks(place, flows, period), *site_marks(nodes, loads[loads["period"] == period])] for period in periods
    ]
    drawing.add_traces(weeks[0])
    if len(weeks) > 1:
        moving = list(range(fixed, len(drawing.data)))
        drawing.frames = [go.Frame(data=week, traces=moving, name=str(at)) for at, week in enumerate(weeks, start=1)]
    captions = [_caption(period, len(periods), flows, loads, period_name) for period in periods]
    _lay_out(drawing, places, outline, captions)
    return drawing


def _lay_out(drawing: go.Figure, places: pd.DataFrame, outline: pd.DataFrame, captions: list[str]) -> None:
    stretch = 1 / np.cos(np.deg2rad(places["lat"].mean()))
    shown = pd.concat([places, outline])
    (west, east), (south, north) = ((shown[axis].min(), shown[axis].max()) for axis in ("lon", "lat"))
    margin = 0.02 * max(east - west, (north - south) * stretch, 0.5)
    drawing.update_xaxes(visible=False, constrain="domain", range=[west - margin, east + margin])
    drawing.update_yaxes(visible=False, constrain="domain", range=[south - margin, north + margin])
    drawing.update_yaxes(scaleanchor="x", scaleratio=stretch)
    shape = (north - south + 2 * margin) * stretch / (east - west + 2 * margin)
    drawing.update_layout(
        meta={"captions": captions, "height_per_width": float(np.clip(shape, 0.45, 0.9))},
        legend={"y": -0.02, "yanchor": "top", "maxheight": 1, "itemclick": False, "itemdoubleclick": False},
    )


def _caption(period: int, last: int, flows: pd.DataFrame, loads: pd.DataFrame, period_name: str) -> str:
    """Return a period in words: what moves, and which site is fullest."""
    moving = number(_in(flows, period)["units_per_day"].sum())
    text = f"{period_name.capitalize()} {period} of {last}: {moving} units a day on lanes"
    now = _in(loads, period)
    if now.empty:
        return text
    fullest = now.nlargest(1, "share").to_dict("records")[0]
    return f"{text}; fullest: {label(fullest['node'])}, {percent(fullest['share'], 0)} of its {fullest['resource']}"


def _in(table: pd.DataFrame, period: int) -> pd.DataFrame:
    return table[table["period"] == period]
