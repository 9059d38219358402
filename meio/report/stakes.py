"""The products with most money at stake, each with the reasons for its dearest target, to unfold."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from meio.report.page import folded, named_lines
from meio.wording import label, number, percent


def stakes_list(stakes: pd.DataFrame, reasons: pd.DataFrame, period_name: str) -> str:
    """Return the products as an HTML list; each unfolds to why its dearest target is what it is.

    Parameters
    ----------
    stakes, reasons : DataFrame
        As `meio.stakes.stakes` returns them.
    period_name : str
        What a period is called.
    """
    of_product = dict(iter(reasons.groupby("product", sort=False)))
    items = (
        f"<li>{folded(_heading(row, period_name), named_lines(_lines(of_product[row['product']])))}</li>"
        for row in stakes.to_dict("records")
    )
    return f'<ol class="stakes">{"".join(items)}</ol>'


def stakes_rows(stakes: pd.DataFrame, currency: str, period_name: str) -> list[list[str]]:
    """Return the products as rows of text, the heading first."""
    heading = [
        "product",
        f"in stock, {currency}",
        "of all stock",
        "most at",
        f"in {period_name}",
        "target there, units",
    ]
    return [
        heading,
        *(
            [row["product"], number(row["money"]), percent(row["share"]), label(row["node"]), str(row["period"]),
             number(row["target"])]
            for row in stakes.to_dict("records")
        ),
    ]  # fmt: skip


def _heading(row: dict[Hashable, Any], period_name: str) -> str:
    place = f"{label(row['node'])} in {period_name} {row['period']}"
    return f"{row['product']}: why {row['target']:,.0f} units at {place}?"


def _lines(reasons: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(reasons["reason"], reasons["text"], strict=True))
