"""Rules of demand: every product, every period, shares and probabilities that sum to 1."""

from __future__ import annotations

from collections.abc import Iterator

from meio.network.cells import TypedTable, among, cell_problems, row_problems
from meio.network.model import EVERY
from meio.network.problems import Problem, problem_at
from meio.network.world import World

_SUM_TOLERANCE = 1e-6


def _demand_tables(world: World) -> list[TypedTable]:
    return [table for table in world.tables.values() if table.raw.table.parameters]


def _mixes(world: World) -> list[TypedTable]:
    return [world.tables[name] for name in ("zone_mix", "speed_mix") if name in world.tables]


def _keys(table: TypedTable) -> list[str]:
    """Key columns that say whose demand a row is, parameters left out."""
    return [column.name for column in table.raw.table.columns if column.key]


def products_without_demand(world: World) -> Iterator[Problem]:
    """Products that nobody ever wants; a mean of 0 would say so."""
    products = world.tables.get("products")
    for table in _demand_tables(world):
        if products is not None and not table.frame.empty:
            names = products.frame["product"]
            wrong = ~among(names, table.frame["product"]) & names.notna()
            expected = f"rows in the table {table.raw.table.name}"
            yield from cell_problems(products, "product", wrong, expected, "{} without demand")


def periods_without_demand(world: World) -> Iterator[Problem]:
    """Demand that is given for some periods only."""
    if world.horizon is not None:
        for table in _demand_tables(world):
            yield from _absent_periods(table, world.horizon.periods)


def _absent_periods(table: TypedTable, num_periods: int) -> Iterator[Problem]:
    whose = [name for name in _keys(table) if name != "period"]
    frame = table.frame[table.frame[whose].notna().all(axis=1)]
    period, of_key = frame["period"], [frame[name] for name in whose]
    given = period.groupby(of_key).transform("nunique")
    settled = (period.isna() | (period == EVERY)).groupby(of_key).transform("any")

    def found(row: int) -> str:
        same = (frame[whose] == frame[whose].loc[row]).all(axis=1)
        absent = sorted(set(range(1, num_periods + 1)).difference(period[same].astype(int)))
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        return f"no row of {table.key_of(row, whose)} for period {absent[0]}{more}"

    wrong = (given < num_periods) & ~settled & ~frame.duplicated(whose)
    yield from row_problems(table.raw, "period", wrong, found, f"rows for all {num_periods} periods, or for '{EVERY}'")


def shares_that_do_not_sum_to_one(world: World) -> Iterator[Problem]:
    """Shares of a group over the zones, or in a zone over the speeds, that are not 1 together."""
    for mix in _mixes(world):
        yield from _not_one(mix, _keys(mix)[:-1], "share")


def probabilities_that_do_not_sum_to_one(world: World) -> Iterator[Problem]:
    """Empirical demand whose probabilities are not 1 together."""
    if world.demand and world.demand.distribution == "empirical":
        for table in _demand_tables(world):
            yield from _not_one(table, _keys(table), "probability")


def _not_one(table: TypedTable, keys: list[str], column: str) -> Iterator[Problem]:
    frame = table.frame[table.frame[keys].notna().all(axis=1)]
    of_key = [frame[name] for name in keys]
    sums = frame[column].groupby(of_key).transform("sum")
    incomplete = frame[column].isna().groupby(of_key).transform("any")
    wrong = ((sums - 1).abs() > _SUM_TOLERANCE) & ~incomplete & ~frame.duplicated(keys)
    yield from row_problems(
        table.raw, column, wrong, lambda row: f"a sum of {sums.loc[row]:g} for {table.key_of(row, keys)}", "a sum of 1"
    )


def quantiles_that_fall(world: World) -> Iterator[Problem]:
    """Quantiles below that of a lower probability."""
    if world.demand and world.demand.distribution == "quantiles":
        for table in _demand_tables(world):
            frame = table.frame.dropna().sort_values([*_keys(table), "probability"])
            falls = frame["value"] < frame.groupby(_keys(table))["value"].shift()
            expected = "a value that does not fall as the probability rises"
            yield from cell_problems(table, "value", falls.sort_index(), expected)


def groups_without_mix(world: World) -> Iterator[Problem]:
    """Products whose group has no shares in some zone, neither its own nor those of every group."""
    products = world.tables.get("products")
    for mix in _mixes(world):
        if products is not None and not mix.frame["group"].hasnans:
            groups = products.frame["group"]
            bare = [group for group in groups.unique() if not _has_shares(mix, group, world.names["zone"])]
            expected = f"rows for it or for '{EVERY}' in the table {mix.raw.table.name}"
            wrong = groups.isin(bare) & ~groups.duplicated()
            yield from cell_problems(products, "group", wrong, expected, "{} without shares")


def _has_shares(mix: TypedTable, group: str, zones: list[str]) -> bool:
    rows = mix.frame[mix.frame["group"].isin([group, EVERY])]
    if mix.raw.table.name == "zone_mix":
        return not rows.empty
    given = set(rows["zone"])
    return EVERY in given or (given.issuperset(zones) and not rows.empty)


def speeds_without_mix(world: World) -> Iterator[Problem]:
    """Factorised demand over several speeds that does not say how it falls on them."""
    demand = world.demand
    if demand and demand.products is not None and demand.speed_mix is None and len(world.names["speed"]) > 1:
        path = ("demand", "speed_mix")
        found = f"nothing, with {len(world.names['speed'])} speeds"
        yield problem_at(world.key_place(path), path, found, "a table speed_mix")


def zones_without_people(world: World) -> Iterator[Problem]:
    """Demand spread by population where nobody lives."""
    demand, zones = world.demand, world.tables.get("zones")
    if demand and demand.products is not None and demand.zone_mix is None and zones is not None:
        people = zones.frame["population"]
        if len(people) and not people.isna().any() and people.sum() == 0:
            place, path = zones.raw.header("population"), zones.raw.path("population")
            yield problem_at(place, path, "0 in every zone", "people, or a table zone_mix")
