"""The report as one page of HTML that needs nothing but a browser."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template
from typing import Literal

import plotly.graph_objects as go
import plotly.offline

Rows = list[list[str]]
"""Lines of text, the heading first."""


@dataclass(frozen=True)
class Section:
    """A part of the page: its heading, a sentence on how to read it, and its content as HTML."""

    heading: str
    note: str
    content: str


@dataclass(frozen=True)
class Picture:
    """A figure with everything that someone needs who cannot see it.

    Attributes
    ----------
    name : str
        Of its file and its place in the page; lower case, no spaces.
    title : str
        What is seen.
    drawing : Figure
        With frames it gets a slider; ``layout.meta["captions"]`` then says a sentence for each.
    rows : list of list of str
        Its numbers, the heading first; empty: they stand in a table beside it.
    slider : str
        What the slider moves through.
    """

    name: str
    title: str
    drawing: go.Figure
    rows: Rows
    slider: str = ""


def page(title: str, lead: str, sections: Iterable[Section], footer: str) -> str:
    """Return the whole page; plotly's own script stands in it once, and nothing is fetched when it opens."""
    resources, parts = files("meio.report"), list(sections)
    return Template(resources.joinpath("page.html").read_text("utf-8")).substitute(
        title=escape(title),
        lead=escape(lead),
        css=resources.joinpath("page.css").read_text("utf-8"),
        script=resources.joinpath("page.js").read_text("utf-8"),
        plotly=plotly.offline.get_plotlyjs(),
        contents="".join(f'<li><a href="#{_anchor(part)}">{escape(part.heading)}</a></li>' for part in parts),
        panels="\n".join(map(_section, parts)),
        footer=escape(footer),
    )


def pictures(shown: Iterable[Picture], kind: Literal["wide", "pairs", "small"] = "wide") -> str:
    """Return pictures as HTML: across the page, two beside each other, or as many as the screen holds."""
    return f'<div class="figures {kind}">{"".join(map(_picture, shown))}</div>'


def table(rows: Iterable[Iterable[str]], kind: str = "") -> str:
    """Return rows of text as an HTML table whose first row is its heading; the keyboard can scroll it."""
    heading, *body = [[escape(cell) for cell in row] for row in rows]
    top = "".join(f'<th scope="col">{cell}</th>' for cell in heading)
    lines = (
        f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in others) + "</tr>"
        for first, *others in body
    )
    inner = f'<table class="{kind}"><thead><tr>{top}</tr></thead><tbody>{"".join(lines)}</tbody></table>'
    return f'<div class="scroll" tabindex="0" role="group" aria-label="Table, scrolls sideways">{inner}</div>'


def folded(summary: str, content: str) -> str:
    """Return content, HTML, that a click or the Enter key opens."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def named_lines(lines: Iterable[tuple[str, str]]) -> str:
    """Return names with what is said of each as HTML."""
    return (
        f'<dl class="lines">{"".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in lines)}</dl>'
    )


def key_figures(figures: Iterable[tuple[str, str, str]]) -> str:
    """Return name, value and remark of each headline figure as HTML."""
    cells = (
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(remark)}</small></dd></div>"
        for name, value, remark in figures
    )
    return f'<dl class="key">{"".join(cells)}</dl>'


def _section(section: Section) -> str:
    anchor = _anchor(section)
    note = f'<p class="note">{escape(section.note)}</p>' if section.note else ""
    return (
        f'<section aria-labelledby="{anchor}"><h2 id="{anchor}">{escape(section.heading)}</h2>'
        f"{note}{section.content}</section>"
    )


def _anchor(section: Section) -> str:
    return section.heading.lower().replace(" ", "-")


def _picture(shown: Picture) -> str:
    numbers = folded("The numbers as a table", table(shown.rows)) if shown.rows else ""
    return (
        f'<figure data-name="{shown.name}"><figcaption><h3>{escape(shown.title)}</h3></figcaption>{_slider(shown)}'
        f'<div role="img" aria-label="{escape(shown.title)}">{_drawing(shown)}</div>{numbers}</figure>'
    )


def _slider(shown: Picture) -> str:
    """Return what moves a figure through its frames: a range input, which the arrow keys move too."""
    if not shown.drawing.frames:
        return ""
    place, last = f"slider-{shown.name}", len(shown.drawing.frames)
    return (
        f'<div class="slider"><label for="{place}">{escape(shown.slider.capitalize())}</label>'
        f'<input type="range" id="{place}" min="1" max="{last}" value="1" data-figure="figure-{shown.name}">'
        f'<output id="{place}-words" for="{place}"></output></div>'
    )


def _drawing(shown: Picture) -> str:
    html: str = shown.drawing.to_html(
        full_html=False,
        include_plotlyjs=False,
        auto_play=False,
        div_id=f"figure-{shown.name}",
        config={"responsive": True, "displayModeBar": False},
    )
    return html
