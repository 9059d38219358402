"""What one more of each capacity is worth, by the plan's prices."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meio.network.compiled import CompiledScenario
from meio.plans import Plan, prices_frame

PLACE = ["resource", "at", "storage_type"]
UNITS = {
    "storage": ("m³", "per m³ and day"),
    "inbound": ("units a day", "per unit"),
    "outbound": ("units a day", "per unit"),
    "lane": ("units a day", "per unit"),
}


def worth_table(plan: Plan, compiled: CompiledScenario, share: float) -> pd.DataFrame:
    """Every limited capacity by period, and over all periods, the most valuable first.

    Parameters
    ----------
    plan : Plan
    compiled : CompiledScenario
    share : float
        Of the capacity, for `worth_of_share`.

    Returns
    -------
    DataFrame
        Columns ``resource``, ``at``, ``storage_type``, ``period`` (from 1; missing: the whole horizon), ``unit`` of
        capacity and use, ``price`` and ``price_unit``, ``use``, ``capacity`` (over the horizon: their means),
        ``refined_price``, that of the refinement on sampled paths (missing: not refined), ``worth_of_one``, money for
        one more unit of capacity throughout the period, ``worth_of_share``, money for so much more of it. Both hold at
        the margin, and are by the price that the targets follow: the refined one, where the plan was refined.
    """
    rows = prices_frame(plan, compiled)
    rows["worth_of_one"] = rows["refined_price"].fillna(rows["price"]) * compiled.period_days
    rows["worth_of_share"] = rows["worth_of_one"] * rows["capacity"] * share
    means = ["price", "refined_price", "use", "capacity"]
    sums = ["worth_of_one", "worth_of_share"]
    groups = rows.groupby(PLACE, sort=False)
    whole = pd.concat([groups[means].mean(), groups[sums].sum(min_count=1)], axis=1).reset_index()
    table = pd.concat([whole.assign(period=np.nan), rows], ignore_index=True)
    table["period"] = table["period"].astype("Int64")
    table["unit"] = table["resource"].map({kind: unit for kind, (unit, _) in UNITS.items()})
    table["price_unit"] = table["resource"].map({kind: unit for kind, (_, unit) in UNITS.items()})
    columns = [
        *PLACE,
        "period",
        "unit",
        "price",
        "refined_price",
        "price_unit",
        "use",
        "capacity",
        "worth_of_one",
        "worth_of_share",
    ]
    return ranked(table[columns])


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of each capacity together, the whole horizon's first, the most valuable capacity on top."""
    whole = table.loc[table["period"].isna(), [*PLACE, "worth_of_share"]]
    keyed = table.merge(whole.rename(columns={"worth_of_share": "_of_all"}), on=PLACE)
    keys, ascending = ["_of_all", *PLACE, "period"], [False, True, True, True, True]
    return keyed.sort_values(keys, ascending=ascending, na_position="first", ignore_index=True).drop(columns="_of_all")
