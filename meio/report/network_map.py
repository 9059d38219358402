"""The network on a map: sites by kind and how full they run, flows by width, zones by population, week by week."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from meio.report.outline import MAINLAND_UNITED_STATES
from meio.report.style import GRID, INK, MUTED, PALE, SCALE, figure
from meio.wording import label, number, percent

# Mark of each kind of site: symbol and size; told apart by shape, so that no colour is needed.
MARKS = {
    "vendor": ("x", 10),
    "distribution_centre": ("square", 17),
    "fulfilment_centre": ("circle", 14),
    "same_day_site": ("triangle-up", 14),
}
WIDTHS = (0.75, 2.0, 4.0, 7.0)
"""Line widths, pixels; each class but the first holds flows above a quarter, a half… of the largest."""
STEPS = (0.0, 0.1, 0.3, 0.6)
"""Lower end of each class, as a share of the largest flow of its kind."""
LARGEST_ZONE = 30
NEARLY_FULL = 0.9
LEAST_SHARE = 0.1  # of a zone's units, for a line from a site to it


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
    _draw_outline(drawing, pd.concat([nodes[["lat", "lon"]], zones[["lat", "lon"]]]))
    if shipments is not None:
        _draw_shipments(drawing, nodes, zones, shipments)
    _draw_zones(drawing, zones)
    _draw_scale(drawing, loads)
    fixed, place = len(drawing.data), nodes.set_index("node")
    periods = sorted({*flows["period"], *loads["period"]})
    weeks = [[*_lanes(place, flows, period), *_sites(nodes, loads[loads["period"] == period])] for period in periods]
    drawing.add_traces(weeks[0])
    if len(weeks) > 1:
        moving = list(range(fixed, len(drawing.data)))
        drawing.frames = [go.Frame(data=week, traces=moving, name=str(at)) for at, week in enumerate(weeks, start=1)]
    captions = [_caption(period, len(periods), flows, loads, period_name) for period in periods]
    _lay_out(drawing, nodes, zones, captions)
    return drawing


def _lay_out(drawing: go.Figure, nodes: pd.DataFrame, zones: pd.DataFrame, captions: list[str]) -> None:
    places = pd.concat([nodes[["lat", "lon"]], zones[["lat", "lon"]]])
    stretch = 1 / np.cos(np.deg2rad(places["lat"].mean()))
    (west, east), (south, north) = ((places[axis].min(), places[axis].max()) for axis in ("lon", "lat"))
    margin = 0.04 * max(east - west, (north - south) * stretch, 0.5)
    drawing.update_xaxes(visible=False, range=[west - margin, east + margin])
    drawing.update_yaxes(visible=False, range=[south - margin, north + margin], scaleanchor="x", scaleratio=stretch)
    shape = (north - south + 2 * margin) * stretch / (east - west + 2 * margin)
    drawing.update_layout(
        meta={"captions": captions, "height_per_width": float(np.clip(shape, 0.45, 0.9))},
        legend={"y": 0, "yanchor": "top", "itemclick": False, "itemdoubleclick": False},
    )


def _caption(period: int, last: int, flows: pd.DataFrame, loads: pd.DataFrame, period_name: str) -> str:
    """Return a period in words: what moves, and which site is fullest."""
    text = f"{period_name} {period} of {last}: {number(_in(flows, period)['units_per_day'].sum())} units a day on lanes"
    now = _in(loads, period)
    if now.empty:
        return text
    fullest = now.loc[now["share"].idxmax()]
    return f"{text}; fullest: {label(fullest['node'])}, {percent(fullest['share'], 0)} of its {fullest['resource']}"


def _in(table: pd.DataFrame, period: int) -> pd.DataFrame:
    return table[table["period"] == period]


def _draw_outline(drawing: go.Figure, places: pd.DataFrame) -> None:
    """Draw the outline of the mainland United States when the whole network lies in it."""
    lon, lat = np.array(MAINLAND_UNITED_STATES).T
    if places["lon"].between(lon.min(), lon.max()).all() and places["lat"].between(lat.min(), lat.max()).all():
        drawing.add_scatter(
            x=lon, y=lat, mode="lines", fill="toself", fillcolor="#f6f7f8", line={"color": GRID}, hoverinfo="skip",
            showlegend=False,
        )  # fmt: skip


def _draw_shipments(drawing: go.Figure, nodes: pd.DataFrame, zones: pd.DataFrame, shipments: pd.DataFrame) -> None:
    """Draw what customers get as pale lines from each site to the zones it serves most."""
    of_zone = shipments.groupby("zone")["units_per_day"].transform("sum")
    drawn = shipments[shipments["units_per_day"] >= LEAST_SHARE * of_zone]
    ends = (nodes.set_index("node").loc[drawn["node"]], zones.set_index("zone").loc[drawn["zone"]])
    x, y = _polyline(*ends)
    drawing.add_scatter(
        x=x, y=y, mode="lines", name="to customers", line={"width": 1, "color": PALE, "dash": "dash"}, hoverinfo="skip"
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
        marker={"size": diameter.clip(lower=4), "color": PALE, "opacity": 0.55, "line": {"width": 0.5, "color": MUTED}},
        hovertemplate="%{customdata[0]}<br>%{customdata[1]:,} people<extra></extra>",
    )


def _draw_scale(drawing: go.Figure, loads: pd.DataFrame) -> None:
    """Draw the colour scale of how full sites run, when any has a limit."""
    if loads.empty:
        return
    bar = {"title": {"text": "use of fullest<br>capacity", "side": "top"}, "tickformat": ".0%", "thickness": 10,
           "len": 0.45, "y": 0.02, "yanchor": "bottom", "x": 1, "xanchor": "right", "outlinewidth": 0.5, "nticks": 3,
           "bgcolor": "rgba(255,255,255,.7)"}  # fmt: skip
    marker = {"color": [0.0], "cmin": 0, "cmax": 1, "colorscale": SCALE, "showscale": True, "colorbar": bar}
    drawing.add_scatter(x=[None], y=[None], mode="markers", marker=marker, showlegend=False, hoverinfo="skip")


def _lanes(place: pd.DataFrame, flows: pd.DataFrame, period: int) -> Iterator[go.Scatter]:
    """Yield the lanes in classes of flow, dotted from vendors and solid between our own sites."""
    largest = max(float(flows["units_per_day"].max()), 1e-9)
    now = _in(flows, period)
    from_vendor = place.loc[now["source"], "kind"].to_numpy() == "vendor"
    nth = np.searchsorted(np.array(STEPS[1:]) * largest, now["units_per_day"], side="right")
    for name, chosen, dash, colour in (
        ("from vendor", from_vendor, "dot", MUTED),
        ("transfer", ~from_vendor, "solid", INK),
    ):
        for class_idx, width in enumerate(WIDTHS):
            drawn = now[chosen & (nth == class_idx)]
            x, y = _polyline(place.loc[drawn["source"]], place.loc[drawn["destination"]])
            above = f", over {number(_rounded(STEPS[class_idx] * largest))} units a day" if class_idx else ""
            yield go.Scatter(
                x=x, y=y, mode="lines", name=f"{name}{above}", opacity=0.55 if class_idx else 0.4,
                line={"width": width, "dash": dash, "color": colour}, hoverinfo="skip", legendgroup=name,
                showlegend=class_idx == 0 or name == "transfer",
            )  # fmt: skip


def _rounded(value: float) -> float:
    """Round to two figures."""
    return float(f"{value:.2g}")


def _sites(nodes: pd.DataFrame, loads: pd.DataFrame) -> Iterator[go.Scatter]:
    """Yield the sites kind by kind, darker the fuller, and with the share where nearly nothing is left."""
    now = loads.set_index("node")
    for kind, (symbol, size) in MARKS.items():
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
            text=[f"<b>{full:.0%}</b>" if full >= NEARLY_FULL else "" for full in share], textposition="top center",
            textfont={"size": 11, "color": INK}, customdata=told, hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip


def _polyline(starts: pd.DataFrame, ends: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of separate straight lines from starts to ends."""
    gap = np.full(len(starts), np.nan)
    x, y = (np.column_stack([starts[axis], ends[axis], gap]).ravel() for axis in ("lon", "lat"))
    return x, y
