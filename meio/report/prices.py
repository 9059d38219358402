"""What a capacity is worth where it binds: prices by place and period."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from meio.report.style import SCALE, figure
from meio.wording import label

UNITS = {"storage": "per m³ and day", "inbound": "per unit", "outbound": "per unit", "lane": "per unit"}
MOST_ROWS = 30


def price_map(prices: pd.DataFrame, resource: str, period_name: str = "period") -> go.Figure | None:
    """Draw the prices of one kind of capacity as a heat map, places down and periods across.

    Parameters
    ----------
    prices : DataFrame
        Columns resource, at, storage_type, period, price (money per unit of capacity and day).
    resource : str
        Which rows to draw: storage, inbound, outbound or lane.
    period_name : str
        What a period is called.

    Returns
    -------
    Figure or None
        None when no capacity of this kind has a price. Places are sorted by their highest price, dearest on top, and
        only the 30 dearest are drawn.
    """
    drawn = prices[prices["resource"] == resource]
    grid = drawn.assign(place=place_labels(drawn)).pivot_table(index="place", columns="period", values="price")
    grid = grid[grid.max(axis=1) > 0]
    if grid.empty:
        return None
    grid = grid.loc[grid.max(axis=1).nlargest(MOST_ROWS).index[::-1]]
    drawing = figure(height=max(160, 80 + 24 * len(grid)), legend=False)
    drawing.add_heatmap(
        z=grid.to_numpy(),
        x=grid.columns.to_numpy(),
        y=grid.index.to_numpy(),
        colorscale=SCALE,
        zmin=0,
        xgap=1,
        ygap=1,
        colorbar={"thickness": 10, "outlinewidth": 0, "nticks": 4},
        hovertemplate=f"%{{y}}, {period_name} %{{x}}<br>%{{z:,.3g}} " + f"{UNITS[resource]}<extra></extra>",
    )
    drawing.update_xaxes(title_text=period_name, nticks=8, tickangle=0, tickformat="d", showgrid=False)
    drawing.update_yaxes(showgrid=False)
    return drawing


def price_rows(prices: pd.DataFrame, resource: str, currency: str, period_name: str = "period") -> list[list[str]]:
    """Return the places with a price of one kind of capacity as rows of text, the heading and the dearest first."""
    drawn = prices[(prices["resource"] == resource) & (prices["price"] > 0)].reset_index(drop=True)
    drawn = drawn.assign(place=place_labels(drawn))
    rows = []
    for place, priced in drawn.groupby("place"):
        peak = priced.nlargest(1, "price").to_dict("records")[0]
        rows.append((peak["price"], [str(place), f"{peak['price']:.3g}", str(peak["period"]), str(len(priced))]))
    heading = [
        "place",
        f"highest price, {currency} {UNITS[resource]}",
        f"in {period_name}",
        f"{period_name}s with a price",
    ]
    return [heading, *(row for _, row in sorted(rows, key=lambda one: -one[0])[:MOST_ROWS])]


def place_labels(table: pd.DataFrame) -> pd.Series:
    """Return the name of each row's place: the node or lane, and the storage type where there is one."""
    types = table["storage_type"].fillna("")
    return table["at"].where(types == "", table["at"] + " · " + types).map(label)
