"""Changes to a checked scenario: some products' tables, demand by a factor, capacity by a factor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

import numpy as np
import pandas as pd

from meio.network.cells import typed
from meio.network.checks_changes import CHANGES, problems_of_changed, raw_table
from meio.network.model import Lane, Node, PerPeriod, Scenario, ScenarioFile
from meio.network.problems import Place, Problem, ScenarioError, one_of, problem_at, shown
from meio.network.tables import TABLES, columns_of, only_simulated

PRODUCT_TABLES = ("products", "supply", "demand", "product_demand", "initial_stock", "open_orders")
STOCK_TABLES = ("initial_stock", "open_orders")
_SCALED = ("mean", "sd", "value")  # parameters of a distribution that are units
_FLOWS = ("inbound_units_per_day", "outbound_units_per_day")

Factor = float | Sequence[float]


@dataclass(frozen=True, eq=False)
class Changes:
    """What is different from now on.

    Attributes
    ----------
    demand_scale : mapping of str to float
        Factor on a product's demand in every period, by product; its coefficient of variation (of a negative binomial:
        its dispersion) stays.
    rows : mapping of str to DataFrame
        Rows in the form of the scenario's tables, by table: ``products``, ``supply``, ``demand`` or ``product_demand``,
        ``initial_stock``, ``open_orders``. They take the place of all rows of the products they name; in ``products``,
        columns left out stay as they were. Demand is scaled after its rows were replaced.
    capacity_scale : mapping of str to float or list of float
        Factor on every capacity of a node, or on that of a lane (``source→destination``), by its name: one, or one a
        period.

    Examples
    --------
    >>> more_demand = Changes(demand_scale={"mug": 1.3})
    >>> dearer = Changes(rows={"products": pd.DataFrame({"product": ["mug"], "unit_cost": [2.5]})})
    >>> less_room = Changes(capacity_scale={"FC": 0.8})
    """

    demand_scale: Mapping[str, float] = field(default_factory=dict)
    rows: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    capacity_scale: Mapping[str, Factor] = field(default_factory=dict)

    def products(self, *, stock: bool = True) -> list[str]:
        """Names of the products that change, without those of whom only the stock does unless asked for."""
        tables = [
            rows for table, rows in self.rows.items() if "product" in rows and (stock or table not in STOCK_TABLES)
        ]
        named = [*self.demand_scale, *(str(name) for rows in tables for name in rows["product"])]
        return list(dict.fromkeys(named))


def changed(scenario: Scenario, changes: Changes) -> Scenario:
    """The scenario with changes made; the one given stays as it is.

    Its hash follows from the earlier one and the changes.

    Raises
    ------
    ScenarioError
        With every problem: unknown products, columns or nodes, numbers out of range, products that could no longer be
        sold…
    """
    problems = [*_unknown_products(scenario, changes), *_wrong_factors(scenario, changes)]
    if problems:
        raise ScenarioError(problems)
    tables = dict(scenario.tables)
    for table, rows in changes.rows.items():
        tables[table] = _replaced(scenario, table, rows, problems)
    if problems:
        raise ScenarioError(problems)
    if changes.demand_scale:
        name = _demand_table(scenario)
        tables[name] = _scaled_demand(tables[name], changes.demand_scale)
    after = replace(
        scenario, file=_scaled_file(scenario.file, changes.capacity_scale), tables=tables, hash=_hash(scenario, changes)
    )
    problems = problems_of_changed(of_products(after, changes.products()))
    if problems:
        raise ScenarioError(problems)
    return after


def of_products(scenario: Scenario, names: Sequence[str]) -> Scenario:
    """The same network with some of its products only, in the scenario's order; without tables of the simulator."""
    tables = {name: frame for name, frame in scenario.tables.items() if not only_simulated(name)}
    for table in PRODUCT_TABLES:
        if table in tables:
            product = tables[table]["product"]
            kept = product.isin(names) | (product == "*" if table == "supply" else False)
            tables[table] = tables[table][kept].reset_index(drop=True)
    return replace(scenario, tables=tables)


def _demand_table(scenario: Scenario) -> str:
    return "product_demand" if scenario.file.demand.whole is None else "demand"


def _unknown_products(scenario: Scenario, changes: Changes) -> list[Problem]:
    """Problems of tables the scenario has not, and of names of products."""
    problems: list[Problem] = []
    known = [table for table in PRODUCT_TABLES if table in scenario.tables]
    for table, rows in changes.rows.items():
        place = Place(CHANGES)
        if table not in known:
            problems.append(problem_at(place, "rows", shown(table), one_of(known, "table"), (table, known)))
        elif "product" not in rows:
            problems.append(problem_at(place, f"rows.{table}", "no column 'product'", "the products that change"))
    products = pd.Index(scenario.tables["products"]["product"])
    for name in changes.products():
        if name not in products:
            expected = one_of(list(products), "product")
            problems.append(problem_at(Place(CHANGES), "products", shown(name), expected, (name, products)))
    return problems


def _wrong_factors(scenario: Scenario, changes: Changes) -> list[Problem]:
    periods, lanes = scenario.file.horizon.periods, lane_names(scenario.file)
    nodes = [name for name, node in scenario.file.nodes.items() if _limits(node)]
    limited = [*nodes, *(name for name, lane in lanes.items() if lane.capacity_units_per_day is not None)]
    problems: list[Problem] = []
    for name, factor in changes.demand_scale.items():
        if not _are_factors(factor, 1):
            problems.append(problem_at(Place(CHANGES), f"demand_scale.{name}", shown(factor), "a factor of at least 0"))
    for name, factors in changes.capacity_scale.items():
        place = Place(CHANGES)
        if name not in limited:
            expected = f"a node or lane with a capacity: {one_of(limited)}"
            problems.append(problem_at(place, "capacity_scale", shown(name), expected, (name, limited)))
        elif not _are_factors(factors, periods):
            expected = f"a factor of at least 0, or {periods} of them"
            problems.append(problem_at(place, f"capacity_scale.{name}", shown(factors), expected))
    return problems


def _are_factors(given: object, periods: int) -> bool:
    """Whether it is one number of at least 0, or one for each of so many periods."""
    if isinstance(given, str | bool):
        return False
    try:
        numbers = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    return numbers.shape in ((), (periods,)) and bool((np.isfinite(numbers) & (numbers >= 0)).all())


def _replaced(scenario: Scenario, name: str, rows: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """A table with rows in the place of those of the products they name; what is wrong with them is added."""
    table = next(one for one in TABLES if one.name == name)
    columns = columns_of(table, scenario.file.demand.distribution)
    before, rows = scenario.tables[name], rows.reset_index(drop=True)
    if name == "products":
        own = before.set_index("product").reindex(rows["product"]).reset_index()
        rows = pd.concat([rows, own[own.columns.difference(rows.columns)]], axis=1)
        again = own["product"][own["product"].duplicated()]
        problems += [problem_at(Place(CHANGES), name, f"'{one}' twice", "one row for each product") for one in again]
    read, wrong = typed(raw_table(table, rows), columns, scenario.file.horizon.periods)
    problems += wrong
    if read is None or problems:
        return before
    if name != "products":
        kept = before[~before["product"].isin(rows["product"])]
        return pd.concat([kept, read.frame], ignore_index=True)
    after = before.set_index("product")
    fresh = read.frame.set_index("product")
    for column in fresh:
        after.loc[fresh.index, column] = fresh[column]
    return after.reset_index()


def _scaled_demand(demand: pd.DataFrame, scale: Mapping[str, float]) -> pd.DataFrame:
    factor = demand["product"].map(dict(scale)).astype(np.float64).fillna(1.0)
    return demand.assign(**{column: demand[column] * factor for column in _SCALED if column in demand})


def lane_names(file: ScenarioFile) -> dict[str, Lane]:
    """Lanes by the names that a compiled scenario gives them."""
    named: dict[str, Lane] = {}
    pairs = [f"{lane.source}→{lane.destination}" for lane in file.lanes]
    for index, (pair, lane) in enumerate(zip(pairs, file.lanes, strict=True)):
        nth = pairs[:index].count(pair) + 1
        named[pair if nth == 1 else f"{pair}#{nth}"] = lane
    return named


def _limits(node: Node) -> bool:
    """Whether a node has any capacity that is limited."""
    flows = any(getattr(node, flow) is not None for flow in _FLOWS)
    return flows or any(room != "unlimited" for room in node.storage_m3.values())


def _scaled_file(file: ScenarioFile, scale: Mapping[str, Factor]) -> ScenarioFile:
    if not scale:
        return file
    periods = file.horizon.periods
    nodes = {
        name: _scaled_node(node, scale[name], periods) if name in scale else node for name, node in file.nodes.items()
    }
    lanes = [_scaled_lane(lane, scale.get(name, 1.0), periods) for name, lane in lane_names(file).items()]
    return file.model_copy(update={"nodes": nodes, "lanes": lanes})


def _scaled_node(node: Node, factor: Factor, periods: int) -> Node:
    room = {
        kind: one if isinstance(one, str) else _scaled(one, factor, periods) for kind, one in node.storage_m3.items()
    }
    flows = {flow: _scaled(given, factor, periods) for flow in _FLOWS if (given := getattr(node, flow)) is not None}
    return node.model_copy(update={"storage_m3": room, **flows})


def _scaled_lane(lane: Lane, factor: Factor, periods: int) -> Lane:
    given = lane.capacity_units_per_day
    if given is None:
        return lane
    return lane.model_copy(update={"capacity_units_per_day": _scaled(given, factor, periods)})


def _scaled(given: PerPeriod, factor: Factor, periods: int) -> PerPeriod:
    scaled: list[float] = np.broadcast_to(np.multiply(given, factor), periods).tolist()
    return scaled


def _hash(scenario: Scenario, changes: Changes) -> str:
    digest = sha256(scenario.hash.encode())
    digest.update(repr((sorted(changes.demand_scale.items()), sorted(changes.capacity_scale.items()))).encode())
    for name in sorted(changes.rows):
        digest.update(f"{name}{changes.rows[name].to_json(orient='split', double_precision=15)}".encode())
    return digest.hexdigest()
