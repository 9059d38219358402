"""One look for every figure: quiet axes, and colours that differ in lightness so that they survive black and white."""

from __future__ import annotations

import plotly.graph_objects as go

INK = "#1f2a33"
MUTED = "#6b7780"
GRID = "#e3e6e8"
ACCENT = "#0b4f6c"
WARM = "#d9822b"
PALE = "#b9ccd6"
SCALE = [[0.0, "#f4f6f7"], [0.5, "#7ba3b8"], [1.0, "#0b3049"]]
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

# Colour and hatch of each system compared, in the order they are drawn: the plan first.
SYSTEM_COLOURS = (ACCENT, "#8fb1c2", "#d5dde1")
SYSTEM_HATCHES = ("", "/", ".")


def figure(*, height: int, legend: bool = True) -> go.Figure:
    """Return an empty figure in the report's style, `height` pixels high and as wide as its place."""
    drawing = go.Figure()
    drawing.update_layout(
        template="none",
        height=height,
        autosize=True,
        showlegend=legend,
        font={"family": FONT, "size": 13, "color": INK},
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
        hoverlabel={"bgcolor": "white", "font": {"family": FONT, "color": INK}},
    )
    drawing.update_xaxes(
        automargin=True,
        gridcolor=GRID,
        linecolor=MUTED,
        ticks="outside",
        tickcolor=MUTED,
        zeroline=False,
        title_font_size=13,
    )
    drawing.update_yaxes(automargin=True, gridcolor=GRID, zeroline=False, title_font_size=13)
    return drawing


def bar_marker(colour: str, hatch: str) -> dict[str, object]:
    """Return the marker of a bar: a fill, a thin outline, and a hatch that tells it apart without colour."""
    pattern = {"shape": hatch, "fgcolor": INK, "fillmode": "overlay", "solidity": 0.15, "size": 6}
    return {"color": colour, "line": {"color": INK, "width": 0.5}, "pattern": pattern}
