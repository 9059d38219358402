"""The real retailer's demand by product and week, read the way a planner's own table is."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from meio.demand.history import History
from meio.demand.history_read import read_history

FILES = ("daily_demand_sku_country.parquet", "transactions.parquet")
MEASURES = {"order_lines": "lines", "units": "qty"}
"""What is forecast, and its column: a line is one product of one order, however many units of it."""


def recorded(folder: Path, measure: str, num_products: int, first_origin: int) -> History:
    """Return the weekly demand of the products with most turnover before an origin, counted back from the last week.

    Parameters
    ----------
    folder : Path
        With the files of `FILES`.
    measure : str
        Of `MEASURES`.
    num_products : int
    first_origin : int
        Weeks before the end (negative): what comes later chooses no product.
    """
    daily = pd.read_parquet(folder / FILES[0]).rename(columns={"stock_code": "product"})
    daily = daily.groupby(["date", "product"], as_index=False)[list(MEASURES.values())].sum()
    table = daily.merge(_prices(folder), on=["date", "product"], how="left")
    known = table[table["date"] < table["date"].max() + pd.Timedelta(days=1 + 7 * first_origin)]
    turnover = (known["qty"] * known["price"]).groupby(known["product"]).sum()
    most = table[table["product"].isin(turnover.nlargest(num_products).index)]
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "history.parquet"
        named = most.rename(columns={MEASURES[measure]: "units"})[["date", "product", "units", "price"]]
        named.assign(units=named["units"].astype(np.float64)).to_parquet(file, index=False)
        return read_history(file, period="week")


def _prices(folder: Path) -> pd.DataFrame:
    """Median price paid, by product and day."""
    lines = pd.read_parquet(folder / FILES[1], columns=["stock_code", "ts", "qty", "unit_price_gbp"])
    sold = lines[(lines["qty"] > 0) & (lines["unit_price_gbp"] > 0)]
    named = sold.assign(date=sold["ts"].dt.normalize()).rename(columns={"stock_code": "product"})
    return named.groupby(["date", "product"])["unit_price_gbp"].median().rename("price").reset_index()
