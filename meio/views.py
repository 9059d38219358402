"""Results at a glance: one line for a terminal, a small table for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

Figures = Sequence[tuple[str, str]]
"""Names with figures, the unit within."""


def line(title: str, figures: Figures) -> str:
    """Return what `repr` shows: ``<Title: name figure; name figure>``."""
    return f"<{title}: {'; '.join(f'{name} {figure}' for name, figure in figures)}>"


def card(title: str, figures: Figures) -> str:
    """Return a table as HTML, readable without a style sheet; names of the user's are escaped."""
    left = 'style="text-align:left"'
    rows = "".join(
        f"<tr><th {left}>{escape(name)}</th><td {left}>{escape(figure)}</td></tr>" for name, figure in figures
    )
    return f"<table><caption {left}><b>{escape(title)}</b></caption><tbody>{rows}</tbody></table>"
