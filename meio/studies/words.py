"""A study's results as a table for a terminal."""

from __future__ import annotations

from math import isnan

import pandas as pd

from meio.studies.result import StudyResult

_COLUMNS = ("variant", "policy", "cost", "± 95%", "change", "from", "to", "on time", "change")


def study_text(result: StudyResult) -> str:
    """One line a variant and policy: cost, its change from the base with the 95% interval, and units on time."""
    cost, on_time = result.table("cost"), result.table("on_time")
    rows = [list(_COLUMNS)]
    rows += [_row(name, cost.loc[name], on_time.loc[name]) for name in cost.index]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = [f"{result.name}, money in {result.currency}", ""]
    lines += ["  ".join(_padded(row, widths)).rstrip() for row in rows]
    lines += [f"\n{name} failed:\n{error}" for name, error in result.errors.items()]
    return "\n".join(lines)


def _row(name: tuple[str, str], cost: pd.Series[float], on_time: pd.Series[float]) -> list[str]:
    half = cost["ci_high"] - cost["mean"]
    changes = [cost["difference"], cost["difference_low"], cost["difference_high"]]
    return [
        *name,
        f"{cost['mean']:,.0f}",
        f"{half:,.0f}",
        *("" if isnan(change) else f"{change:+,.0f}" for change in changes),
        f"{on_time['mean']:.2%}",
        "" if isnan(on_time["difference"]) else f"{100 * on_time['difference']:+.2f} pp",
    ]


def _padded(row: list[str], widths: list[int]) -> list[str]:
    """Names to the left, numbers to the right."""
    return [
        cell.ljust(width) if column < 2 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
