"""Demand that grows or shrinks by a factor, all of it or a part, in either form of the demand tables.

Where demand is given by product and spread by the two mixes, a factor on some zones or speeds changes a group's total
and both mixes. Let z be a zone's share of the group's demand, s the share of a speed in the zone, f the factor on both.
The group's demand then is W = Σ z s f times what it was, the zone's share z Σ s f / W, and the speed's s f / Σ s f.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product as combinations
from typing import Any

import numpy as np
import pandas as pd

from meio.network.compile_demand import speed_shares, zone_shares
from meio.network.compiled import Floats
from meio.network.model import EVERY, Scenario
from meio.network.positions import Located
from meio.network.problems import Problem, ScenarioError, one_of, problem_at, shown
from meio.network.scenario import scenario_hash
from meio.studies.model import DemandChange

_SCALED = ("mean", "sd", "value")  # parameters of a distribution that are units

Tables = dict[str, pd.DataFrame]


def with_demand(scenario: Scenario, given: Located) -> Scenario:
    """A scenario whose demand is other by factors; the coefficient of variation (or dispersion) stays.

    Parameters
    ----------
    scenario : Scenario
    given : Located
        A list of `meio.studies.model.DemandChange`.

    Raises
    ------
    ScenarioError
        With names the scenario has not, or parts of the demand that its tables cannot tell apart.
    """
    for _, item in given.children():
        change = DemandChange.model_validate(item.plain())
        if problems := _problems(scenario, change, item):
            raise ScenarioError(problems)
        tables = _scaled_whole(scenario, change) if "demand" in scenario.tables else _scaled_mixed(scenario, change)
        scenario = replace(scenario, tables=tables, hash=scenario_hash(scenario.file, tables))
    return scenario


def _problems(scenario: Scenario, change: DemandChange, item: Located) -> list[Problem]:
    """Names and periods that are not there, and demand that cannot be changed this way."""
    tables, periods = scenario.tables, scenario.file.horizon.periods
    known: dict[str, list[Any]] = {
        "products": list(tables["products"]["product"]),
        "groups": list(tables["products"]["group"].unique()),
        "zones": list(tables["zones"]["zone"]),
        "speeds": list(scenario.file.speeds),
    }
    found = []
    for key, names in known.items():
        for index, name in item.nearest((key,)).children() if item.child(key) else ():
            if name.value not in names:
                expected = one_of(names, key.removesuffix("s"))
                meant = (str(name.value), names)
                found.append(problem_at(name.place, f"demand.{key}.{index}", shown(name.value), expected, meant))
    if change.periods and max(change.periods) > periods:
        place = item.nearest(("periods",)).place
        found.append(problem_at(place, "demand.periods", str(max(change.periods)), f"at most {periods} periods"))
    if "orders" in tables:
        expected = "random demand: recorded orders stay as they are"
        found.append(problem_at(item.place, "demand", "a factor on recorded orders", expected))
    within = [key for key in ("products", "periods") if getattr(change, key) is not None]
    across = [key for key in ("zones", "speeds") if getattr(change, key) is not None]
    if "demand" not in tables and within and across:
        expected = "one of the two, or groups: the mixes of a group hold for all its products and periods"
        found.append(problem_at(item.place, "demand", f"{within[0]} and {across[0]} together", expected))
    return found


def _chosen_products(scenario: Scenario, change: DemandChange) -> pd.Series:
    """Names of the products that a change is about."""
    products = scenario.tables["products"]
    chosen = pd.Series(True, index=products.index)
    if change.products is not None:
        chosen &= products["product"].isin(change.products)
    if change.groups is not None:
        chosen &= products["group"].isin(change.groups)
    return products["product"][chosen]


def _scaled_whole(scenario: Scenario, change: DemandChange) -> Tables:
    table = scenario.tables["demand"]
    rows = table["product"].isin(_chosen_products(scenario, change))
    if change.zones is not None:
        rows &= table["zone"].isin(change.zones)
    if change.speeds is not None:
        rows &= table["speed"].isin(change.speeds)
    return {**scenario.tables, "demand": _scaled_rows(table, rows, change, ["product", "zone", "speed"])}


def _scaled_rows(table: pd.DataFrame, rows: pd.Series, change: DemandChange, keys: list[str]) -> pd.DataFrame:
    """A demand table with some rows scaled, in some periods or all; rows for every period are spelled out first."""
    if change.periods is None:
        return _times(table, rows, change.factor)
    periods = [str(period) for period in change.periods]
    every = table[rows & (table["period"] == EVERY)]
    spelled_out = every.drop(columns="period").merge(pd.DataFrame({"period": periods}), how="cross")[table.columns]
    own = pd.MultiIndex.from_frame(table[[*keys, "period"]].astype(str))
    given = pd.MultiIndex.from_frame(spelled_out[[*keys, "period"]].astype(str)).isin(own)
    whole = pd.concat([table, spelled_out[~given]], ignore_index=True).astype(table.dtypes)
    late = pd.Series(np.arange(len(whole)) >= len(table), index=whole.index)
    chosen = (late | rows.reindex(whole.index, fill_value=False)) & whole["period"].isin(periods)
    return _times(whole, chosen, change.factor)


def _times(table: pd.DataFrame, rows: pd.Series, factor: float) -> pd.DataFrame:
    factors = np.where(rows, factor, 1.0)
    return table.assign(**{column: table[column] * factors for column in _SCALED if column in table})


def _scaled_mixed(scenario: Scenario, change: DemandChange) -> Tables:
    tables = dict(scenario.tables)
    if change.zones is None and change.speeds is None:
        rows = tables["product_demand"]["product"].isin(_chosen_products(scenario, change))
        tables["product_demand"] = _scaled_rows(tables["product_demand"], rows, change, ["product"])
        return tables
    groups = pd.Index(change.groups or tables["products"]["group"].unique())
    zones, speeds = list(tables["zones"]["zone"]), list(scenario.file.speeds)
    share, speed_share = zone_shares(scenario, groups), speed_shares(scenario, groups)
    inside = np.ix_(
        [zone in (change.zones or zones) for zone in zones], [speed in (change.speeds or speeds) for speed in speeds]
    )
    factor = np.ones((len(zones), len(speeds)))
    factor[inside] = change.factor
    by_speed = speed_share * factor  # [group, zone, speed]
    by_zone = share * by_speed.sum(axis=2)
    total = by_zone.sum(axis=1)  # W of each group
    group_of = tables["products"].set_index("product")["group"]
    for index, group in enumerate(groups):
        rows = tables["product_demand"]["product"].map(group_of) == group
        tables["product_demand"] = _times(tables["product_demand"], rows, float(total[index]))
    left = total > 0.0  # a group without demand keeps its mixes
    tables["zone_mix"] = _with_shares(tables.get("zone_mix"), groups[left], [("zone", zones)], by_zone[left])
    if change.speeds is not None and "speed_mix" in tables:
        axes = [("zone", zones), ("speed", speeds)]
        kept = np.where(by_speed.sum(axis=2, keepdims=True) > 0.0, by_speed, speed_share)
        tables["speed_mix"] = _with_shares(tables.get("speed_mix"), groups[left], axes, kept[left])
    return tables


def _with_shares(
    table: pd.DataFrame | None, groups: pd.Index, axes: list[tuple[str, list[str]]], weights: Floats
) -> pd.DataFrame:
    """A mix whose rows of some groups are replaced by shares in proportion to weights, [group, …]."""
    shares = weights / weights.sum(axis=-1, keepdims=True)
    names = ["group", *(name for name, _ in axes)]
    rows = list(combinations(groups, *(values for _, values in axes)))
    fresh = pd.DataFrame(rows, columns=pd.Index(names)).astype("str").assign(share=shares.ravel())
    kept = fresh if table is None else pd.concat([table[~table["group"].isin(groups)], fresh], ignore_index=True)
    return kept[[*names, "share"]]
