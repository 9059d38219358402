"""The marks of the network's map: outline, sites, lanes, zones, and what explains them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from meio.network.compiled import Floats
from meio.report.outline import MAINLAND_UNITED_STATES
from meio.report.style import GRID, INK, MUTED, PALE, SCALE
from meio.wording import label, number

# Mark of each kind of site: symbol, size and where its text stands; told apart by shape, so that no colour is needed.
MARKS = {
    "vendor": ("x", 10, "top center"),
    "distribution_centre": ("square", 17, "middle left"),
    "fulfilment_centre": ("circle", 14, "bottom center"),
    "same_day_site": ("triangle-up", 14, "top center"),
}
WIDTHS = (0.75, 2.0, 4.0, 7.0)
"""Line width of each class of flow, pixels."""
STEPS = (0.0, 0.03, 0.12, 0.4)
"""Lower end of each class, as a share of the largest flow."""
STYLES = {True: ("dot", MUTED), False: ("solid", INK)}
"""Dash and colour of lanes, by whether they come from a vendor."""
LARGEST_ZONE = 30
NEARLY_FULL = 0.9
LEAST_SHARE = 0.1  # of a zone's units, for a line from a site to it


def outline_of(places: pd.DataFrame) -> pd.DataFrame:
    """Return the outline of the mainland United States, lat and lon, when all places lie in it; else nothing."""
    outline = pd.DataFrame(MAINLAND_UNITED_STATES, columns=["lon", "lat"])
    inside = (places[axis].between(outline[axis].min(), outline[axis].max()).all() for axis in ("lon", "lat"))
    return outline if all(inside) else outline[:0]


def draw_outline(drawing: go.Figure, outline: pd.DataFrame) -> None:
    """Draw an outline, if there is one."""
    if len(outline):
        drawing.add_scatter(
            x=outline["lon"], y=outline["lat"], mode="lines", fill="toself", fillcolor="#f6f7f8", line={"color": GRID},
            hoverinfo="skip", showlegend=False,
        )  # fmt: skip


def draw_shipments(drawing: go.Figure, nodes: pd.DataFrame, zones: pd.DataFrame, shipments: pd.DataFrame) -> None:
    """Draw what customers get as pale lines from each site to the zones it serves most."""
    of_zone = shipments.groupby("zone")["units_per_day"].transform("sum")
    drawn = shipments[shipments["units_per_day"] >= LEAST_SHARE * of_zone]
    ends = (nodes.set_index("node").loc[drawn["node"]], zones.set_index("zone").loc[drawn["zone"]])
    x, y = _polyline(*ends)
    drawing.add_scatter(
        x=x, y=y, mode="lines", name="to customers", line={"width": 1, "color": PALE, "dash": "dash"}, hoverinfo="skip"
    )


def draw_zones(drawing: go.Figure, zones: pd.DataFrame) -> None:
    """Draw each zone as a bubble whose area is its population."""
    diameter = LARGEST_ZONE * np.sqrt(zones["population"] / max(zones["population"].max(), 1))
    drawing.add_scatter(
        x=zones["lon"],
        y=zones["lat"],
        mode="markers",
        name="zone, by population",
        customdata=zones[["zone", "population"]],
        marker={"size": diameter.clip(lower=4), "color": PALE, "opacity": 0.55, "line": {"width": 0.5, "color": MUTED}},
        hovertemplate="%{customdata[0]}<br>%{customdata[1]:,} people<extra></extra>",
    )


def draw_scale(drawing: go.Figure, loads: pd.DataFrame) -> None:
    """Draw the colour scale of how full sites run, when any has a limit."""
    if loads.empty:
        return
    bar = {
        "orientation": "h", "tickvals": [0, 0.5, 1], "ticktext": ["0%", "50%", "100% used"],
        "thickness": 10, "lenmode": "pixels", "len": 200, "outlinewidth": 0.5,
        "x": 0.9, "xanchor": "right", "y": 1, "yanchor": "bottom",
    }  # fmt: skip
    marker = {"color": [0.0], "cmin": 0, "cmax": 1, "colorscale": SCALE, "showscale": True, "colorbar": bar}
    drawing.add_scatter(x=[None], y=[None], mode="markers", marker=marker, showlegend=False, hoverinfo="skip")


def draw_key(drawing: go.Figure, flows: pd.DataFrame) -> None:
    """Explain dash and width of lanes in the legend."""
    keys = [("lane from a vendor", *STYLES[True], 1.5), ("lane between sites", *STYLES[False], 1.5)]
    largest = float(flows["units_per_day"].max())
    if largest > 0:
        lower_ends = [f"over {number(_rounded(step * largest))} units a day" for step in STEPS[1:]]
        keys += [(name, "solid", INK, width) for name, width in zip(lower_ends, WIDTHS[1:], strict=True)]
    for name, dash, colour, width in keys:
        line = {"width": width, "dash": dash, "color": colour}
        drawing.add_scatter(x=[None], y=[None], mode="lines", name=name, line=line, hoverinfo="skip")


def lane_marks(place: pd.DataFrame, flows: pd.DataFrame, period: int) -> Iterator[go.Scatter]:
    """Yield the lanes in classes of flow, dotted from vendors and solid between our own sites."""
    largest = max(float(flows["units_per_day"].max()), 1e-9)
    now = flows[flows["period"] == period]
    from_vendor = place.loc[now["source"], "kind"].to_numpy() == "vendor"
    nth = np.searchsorted(np.array(STEPS[1:]) * largest, now["units_per_day"], side="right")
    for vendors, (dash, colour) in STYLES.items():
        for class_idx, width in enumerate(WIDTHS):
            drawn = now[(from_vendor == vendors) & (nth == class_idx)]
            x, y = _polyline(place.loc[drawn["source"]], place.loc[drawn["destination"]])
            line = {"width": width, "dash": dash, "color": colour}
            name = f"{'from a vendor' if vendors else 'between sites'}, class {class_idx + 1}"
            yield go.Scatter(
                x=x, y=y, mode="lines", name=name, opacity=0.6, line=line, hoverinfo="skip", showlegend=False
            )


def _rounded(value: float) -> float:
    """Round to two figures."""
    return float(f"{value:.2g}")


def site_marks(nodes: pd.DataFrame, loads: pd.DataFrame) -> Iterator[go.Scatter]:
    """Yield the sites kind by kind, darker the fuller, and with the share where nearly nothing is left."""
    now = loads.set_index("node")
    for kind, (symbol, size, beside) in MARKS.items():
        sites = nodes[nodes["kind"] == kind]
        if sites.empty:
            continue
        share = now["share"].reindex(sites["node"])
        resource = now["resource"].reindex(sites["node"])
        colours = sample_colorscale(SCALE, share.fillna(0.0).clip(0, 1).tolist())
        told = [
            f"{label(node)}<br>{label(kind)}" + ("" if np.isnan(full) else f"<br>{full:.0%} of its {what}")
            for node, full, what in zip(sites["node"], share, resource, strict=True)
        ]
        yield go.Scatter(
            x=sites["lon"], y=sites["lat"], mode="markers+text", name=label(kind),
            marker={"symbol": symbol, "size": size, "color": colours, "line": {"width": 1.5, "color": INK}},
            text=[f"<b>{full:.0%}</b>" if full >= NEARLY_FULL else "" for full in share], textposition=beside,
            textfont={"size": 11, "color": INK}, customdata=told, hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip


def _polyline(starts: pd.DataFrame, ends: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return x and y of separate straight lines from starts to ends."""
    gap = np.full(len(starts), np.nan)
    x, y = (np.column_stack([starts[axis], ends[axis], gap]).ravel() for axis in ("lon", "lat"))
    return x, y
