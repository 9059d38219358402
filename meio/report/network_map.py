"""The network on a map: sites by kind, lanes between them, zones by population."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from meio.report.outline import MAINLAND_UNITED_STATES
from meio.report.style import ACCENT, GRID, INK, MUTED, PALE, WARM, figure
from meio.wording import label

# Mark of each kind of site: symbol, size, fill; told apart by shape, so that no colour is needed.
MARKS = {
    "vendor": ("x-thin-open", 9, MUTED),
    "distribution_centre": ("square", 14, ACCENT),
    "fulfilment_centre": ("circle", 11, ACCENT),
    "same_day_site": ("triangle-up", 11, WARM),
}
LARGEST_ZONE = 34


def network_map(nodes: pd.DataFrame, lanes: pd.DataFrame, zones: pd.DataFrame) -> go.Figure:
    """Draw every site, lane and zone at its place.

    Parameters
    ----------
    nodes : DataFrame
        Columns node, kind, lat, lon (degrees).
    lanes : DataFrame
        Columns source, destination (node names).
    zones : DataFrame
        Columns zone, lat, lon, population.
    """
    drawing = figure(height=560)
    _draw_outline(drawing, pd.concat([nodes[["lat", "lon"]], zones[["lat", "lon"]]]))
    _draw_lanes(drawing, nodes.set_index("node"), lanes)
    _draw_zones(drawing, zones)
    for kind, (symbol, size, colour) in MARKS.items():
        _draw_sites(drawing, nodes[nodes["kind"] == kind], label(kind), symbol, size, colour)
    middle = np.deg2rad(pd.concat([nodes["lat"], zones["lat"]]).mean())
    drawing.update_yaxes(scaleanchor="x", scaleratio=1 / np.cos(middle), visible=False)
    drawing.update_xaxes(visible=False)
    return drawing


def _draw_outline(drawing: go.Figure, places: pd.DataFrame) -> None:
    """Draw the outline of the mainland United States when the whole network lies in it."""
    lon, lat = np.array(MAINLAND_UNITED_STATES).T
    if places["lon"].between(lon.min(), lon.max()).all() and places["lat"].between(lat.min(), lat.max()).all():
        drawing.add_scatter(
            x=lon,
            y=lat,
            mode="lines",
            fill="toself",
            fillcolor="#f6f7f8",
            line={"color": GRID},
            hoverinfo="skip",
            showlegend=False,
        )


def _draw_lanes(drawing: go.Figure, site: pd.DataFrame, lanes: pd.DataFrame) -> None:
    """Draw each lane as a line: dashed from a vendor, solid between our own sites."""
    from_vendor = site.loc[lanes["source"], "kind"].to_numpy() == "vendor"
    styles = (("vendor lane", from_vendor, "dot", "#a3afb6"), ("transfer lane", ~from_vendor, "solid", MUTED))
    for name, chosen, dash, colour in styles:
        ends = lanes[chosen]
        x, y = (
            np.column_stack(
                [site.loc[ends["source"], axis], site.loc[ends["destination"], axis], np.full(len(ends), np.nan)]
            )
            for axis in ("lon", "lat")
        )
        drawing.add_scatter(
            x=x.ravel(),
            y=y.ravel(),
            mode="lines",
            name=name,
            line={"width": 1, "dash": dash, "color": colour},
            hoverinfo="skip",
        )


def _draw_zones(drawing: go.Figure, zones: pd.DataFrame) -> None:
    """Draw each zone as a bubble whose area is its population."""
    diameter = LARGEST_ZONE * np.sqrt(zones["population"] / max(zones["population"].max(), 1))
    drawing.add_scatter(
        x=zones["lon"],
        y=zones["lat"],
        mode="markers",
        name="zone, by population",
        customdata=zones[["zone", "population"]],
        marker={"size": diameter.clip(lower=4), "color": PALE, "opacity": 0.6, "line": {"width": 0.5, "color": MUTED}},
        hovertemplate="%{customdata[0]}<br>%{customdata[1]:,} people<extra></extra>",
    )


def _draw_sites(drawing: go.Figure, nodes: pd.DataFrame, kind: str, symbol: str, size: int, colour: str) -> None:
    if nodes.empty:
        return
    drawing.add_scatter(
        x=nodes["lon"],
        y=nodes["lat"],
        mode="markers",
        name=kind,
        text=nodes["node"],
        marker={"symbol": symbol, "size": size, "color": colour, "line": {"width": 1.2, "color": INK}},
        hovertemplate="%{text}<br>" + kind + "<extra></extra>",
    )
