"""A comparison: one line of the page."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """What was compared, both figures with their unit, and how they relate."""

    what: str
    ours: str
    theirs: str
    ratio: str = ""
    agreement: str = ""


def seconds(value: float) -> str:
    """A time for people."""
    if value < 1e-3:
        return f"{value * 1e6:.3g} µs"
    if value < 1.0:
        return f"{value * 1e3:.3g} ms"
    return f"{value:.1f} s" if value < 100.0 else f"{value:.0f} s"


def times(value: float) -> str:
    """A factor for people."""
    return f"{value:,.0f} ×" if value >= 10.0 else f"{value:.2g} ×"


def rate(value: float, unit: str) -> str:
    """So many a second."""
    for scale, name in ((1e6, " million"), (1e3, " thousand")):
        if value >= scale:
            return f"{value / scale:.3g}{name} {unit}/s"
    return f"{value:.3g} {unit}/s"
