"""A plausible snapshot of the first morning: stock on hand, and vendor orders still on their way."""

from __future__ import annotations

import numpy as np
import pandas as pd
from layout import VENDORS
from numpy.typing import NDArray

from meio.generator.groups import GROUPS

STOCK_DAYS = {"fulfilment_centre": 7.0, "same_day_site": 25.0}  # stock, in days of the demand that falls to a site
SAFETY_DAYS = {"sortable": 45.0, "non_sortable": 0.0}  # of a distribution centre, beyond its lead time's demand


def make_stock(
    daily_by_site: pd.DataFrame,
    products: pd.DataFrame,
    kind: pd.Series,
    lead_days: pd.DataFrame,
    random: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make initial stock (product, node, units) and open orders (product, from, to, units, arrives_day).

    Parameters
    ----------
    daily_by_site : DataFrame [product, site]
        Demand a day that falls to each site; to a distribution centre, that of the sites it is nearest to.
    kind : Series [site]
        What each site is.
    lead_days : DataFrame [vendor, site]
        Mean lead times.
    """
    centres = kind.index[kind == "distribution_centre"]
    vendor = products["group"].map({name: group.vendors[0] for name, group in GROUPS.items()})
    days = lead_days.loc[vendor, centres].set_axis(products.index)
    orders = _open_orders(daily_by_site[centres], vendor, days, random)
    ordered = orders.pivot_table(index="product", columns="to", values="units", aggfunc="sum")
    target = daily_by_site * kind.reindex(daily_by_site.columns).map(STOCK_DAYS)
    covered = days.add(products["storage_type"].map(SAFETY_DAYS), axis=0)
    target[centres] = daily_by_site[centres] * covered
    on_hand = target.sub(ordered.reindex(target.index, columns=target.columns), fill_value=0).clip(lower=0)
    on_hand[:] = spread(on_hand.to_numpy(), random)
    stock = on_hand.astype(int).melt(var_name="node", value_name="units", ignore_index=False).reset_index()
    return stock[stock["units"] > 0], orders


def _open_orders(
    daily: pd.DataFrame, vendor: pd.Series, lead_days: pd.DataFrame, random: np.random.Generator
) -> pd.DataFrame:
    """Of the weekly orders of the past, those whose gamma lead time has not yet run out."""
    oldest_weeks = int(4 * lead_days.to_numpy().max() / 7)
    age = 7 * np.arange(oldest_weeks) + random.integers(0, 7, (*daily.shape, 1))  # [product, centre, order]
    shape = np.array([VENDORS[name].cv ** -2 for name in vendor])[:, None, None]
    left = random.gamma(shape, lead_days.to_numpy()[:, :, None] / shape, age.shape) - age
    units = spread(np.broadcast_to(7 * daily.to_numpy()[:, :, None], age.shape), random)
    product, centre, order = np.nonzero((left > 0) & (units > 0))
    columns = {
        "product": daily.index[product],
        "from": vendor.to_numpy()[product],
        "to": daily.columns[centre],
        "units": units[product, centre, order],
        "arrives_day": left[product, centre, order].round(2),
    }
    return pd.DataFrame(columns).groupby(["product", "from", "to", "arrives_day"], as_index=False)["units"].sum()


def spread(amount: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.int64]:
    """Whole numbers whose expectation is `amount`: rounded up with a probability of the fraction."""
    return np.floor(amount + random.random(amount.shape)).astype(np.int64)
