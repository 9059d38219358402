"""What is known of products, joined to a history: attributes, the value of a unit, products without history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from meio.demand.history import History
from meio.network.cells import TypedTable
from meio.network.columns import positions
from meio.network.compiled import Floats


def with_products(history: History, table: TypedTable, others: Sequence[str]) -> History:
    """History with the attributes of a table of products, those without a row in the history added at its end.

    Parameters
    ----------
    history : History
    table : TypedTable
    others : sequence of str
        Columns of the table that are attributes besides price and unit cost.
    """
    attributes = table.frame.assign(**{name: _attribute(table.raw.cells[name]) for name in others})
    new = attributes.loc[positions(history.series["product"], attributes["product"]) < 0, "product"]
    history = _with_new(history, new)
    row = positions(attributes["product"], history.series["product"])
    unknown = np.unique(history.series["product"].to_numpy()[row < 0])
    notes = []
    if len(unknown):
        notes.append(f"{len(unknown):,} products are not in the table of products (the first: {unknown[0]})")
    if len(new):
        notes.append(f"{len(new):,} products of the table have no row in the history: read as not on sale yet")
    joined = attributes.drop(columns="product").reset_index(drop=True).reindex(row).reset_index(drop=True)
    return replace(history, attributes=joined, notes=(*history.notes, *notes))


def with_value(history: History) -> History:
    """History with the value of a unit: its product's price, else its unit cost, else the mean price of its rows."""
    value = np.full(history.num_series, np.nan)
    for name in ("price", "unit_cost"):
        if name in history.attributes:
            value = np.where(np.isnan(value), history.attributes[name].to_numpy(float), value)
    if history.price is not None:
        value = np.where(np.isnan(value), _mean_price(history.price), value)
    unknown = np.isnan(value)
    if unknown.all():
        return replace(history, value=np.ones(history.num_series))
    notes = [f"{unknown.sum():,} series without a price: valued at the median of the others"] if unknown.any() else []
    return replace(history, value=np.where(unknown, np.nanmedian(value), value), notes=(*history.notes, *notes))


def _mean_price(price: Floats) -> Floats:
    given = ~np.isnan(price)
    count = given.sum(axis=1)
    mean: Floats = np.divide(np.nansum(price, axis=1), count, out=np.full(len(price), np.nan), where=count > 0)
    return mean


def _attribute(cells: pd.Series) -> pd.Series:
    """Numbers if every cell that is filled is one, else texts; an empty cell is missing."""
    texts = cells.astype("str")
    texts = texts.mask(texts.str.strip() == "")
    numbers = pd.to_numeric(texts, errors="coerce")
    return numbers.astype(np.float64) if bool((numbers.notna() == texts.notna()).all()) else texts


def _with_new(history: History, new: pd.Series) -> History:
    """History with series of products that were never sold: one for each zone and speed that there is."""
    if not len(new):
        return history
    ways = history.series.drop(columns="product").drop_duplicates()
    added = new.to_frame().merge(ways, how="cross") if len(ways.columns) else new.to_frame()

    def below(table: Floats, value: float) -> Floats:
        return np.vstack([table, np.full((len(added), table.shape[1]), value)])

    series = pd.concat([history.series, added[history.series.columns]], ignore_index=True)
    return replace(
        history,
        series=series,
        units=below(history.units, np.nan),
        in_stock=below(history.in_stock, 1.0),
        price=None if history.price is None else below(history.price, np.nan),
        promotion=None if history.promotion is None else below(history.promotion, 0.0),
        attributes=pd.DataFrame(index=series.index),
        value=np.ones(len(series)),
    )
