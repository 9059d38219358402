"""The report as one page of HTML that needs nothing but a browser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template
from typing import Literal

import plotly.graph_objects as go
import plotly.offline


@dataclass(frozen=True)
class Section:
    """A part of the page: its heading, a sentence on how to read it, and its content as HTML."""

    heading: str
    note: str
    content: str


def page(title: str, lead: str, sections: Iterable[Section], footer: str) -> str:
    """Return the whole page; plotly's own script stands in it once, and nothing is fetched when it opens."""
    resources = files("meio.report")
    return Template(resources.joinpath("page.html").read_text("utf-8")).substitute(
        title=escape(title),
        lead=escape(lead),
        css=resources.joinpath("page.css").read_text("utf-8"),
        plotly=plotly.offline.get_plotlyjs(),
        panels="\n".join(map(_section, sections)),
        footer=escape(footer),
    )


def wide(drawing: go.Figure, heading: str = "") -> str:
    """Return a figure as HTML that fills the page's width."""
    return f'<div class="figures"><div class="wide">{_heading(heading)}{_figure(drawing)}</div></div>'


def side_by_side(drawings: Mapping[str, go.Figure], kind: Literal["small", "pairs"]) -> str:
    """Return figures as HTML, each under its heading, as many beside each other as the screen holds."""
    cells = (f"<div>{_heading(heading)}{_figure(drawing)}</div>" for heading, drawing in drawings.items())
    return f'<div class="figures {kind}">{"".join(cells)}</div>'


def table(rows: Iterable[Iterable[str]], kind: str = "") -> str:
    """Return rows of text as an HTML table whose first row is its heading."""
    heading, *body = [[escape(cell) for cell in row] for row in rows]
    lines = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in body]
    top = "<tr>" + "".join(f"<th>{cell}</th>" for cell in heading) + "</tr>"
    return (
        f'<div class="scroll"><table class="{kind}"><thead>{top}</thead><tbody>{"".join(lines)}</tbody></table></div>'
    )


def key_figures(figures: Iterable[tuple[str, str, str]]) -> str:
    """Return name, value and remark of each headline figure as HTML."""
    cells = (
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(remark)}</small></dd></div>"
        for name, value, remark in figures
    )
    return f'<dl class="key">{"".join(cells)}</dl>'


def _section(section: Section) -> str:
    note = f'<p class="note">{escape(section.note)}</p>' if section.note else ""
    return f"<section><h2>{escape(section.heading)}</h2>{note}{section.content}</section>"


def _heading(text: str) -> str:
    return f"<h3>{escape(text)}</h3>" if text else ""


def _figure(drawing: go.Figure) -> str:
    html: str = drawing.to_html(
        full_html=False, include_plotlyjs=False, config={"responsive": True, "displayModeBar": False}
    )
    return html
