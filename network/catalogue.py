"""A scenario too large to hold: its tables of products are Parquet files, opened here and read in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from os.path import relpath
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from meio.network.catalogue_blocks import Block, Catalogue, TableByRows
from meio.network.catalogue_tables import is_parquet, opened_tables
from meio.network.cells import TypedTable, cell_problems
from meio.network.changes import PRODUCT_TABLES
from meio.network.checks import problems_in
from meio.network.compiled import Ints
from meio.network.forecast_folder import with_forecast
from meio.network.merge import read_merged
from meio.network.model import EVERY, Scenario, ScenarioFile
from meio.network.parquet_rows import open_rows
from meio.network.problems import Problem, ScenarioError, problem_at
from meio.network.product_order import ProductOrder, RowRanges, ordered_names, row_ranges
from meio.network.promise import reached_in_time, unreachable
from meio.network.scenario import load_scenario, scenario_hash, sources_of
from meio.network.tables import only_simulated
from meio.network.validation import valid_file
from meio.network.world import World, world_of

__all__ = ["PRODUCTS_PER_BLOCK", "Block", "Catalogue", "check_scenario", "is_catalogue", "open_catalogue"]

PRODUCTS_PER_BLOCK = 5_000


def is_catalogue(path: Path, overrides: Sequence[str] = ()) -> bool:
    """Whether a scenario is meant to be read in blocks: its products are a Parquet file of several row groups."""
    document = read_merged(path, overrides, {}, [])
    for source in sources_of(document, path.parent) if document else []:
        if source.table.name == "products" and source.file and is_parquet(source):
            rows = open_rows(source.table, source.file, [])
            return rows is not None and len(rows.group_ptr) > 2
    return False


def open_catalogue(
    path: Path, overrides: Sequence[str] = (), *, products_per_block: int = PRODUCTS_PER_BLOCK
) -> Catalogue:
    """Open a scenario whose products are a Parquet file, and check everything but the cells of its products.

    Parameters
    ----------
    path : Path
        The scenario's YAML file.
    overrides : sequence of str
        ``path=value`` with a dotted path into the scenario and a YAML value; they win over the file.
    products_per_block : int
        About how many products a block has.

    Raises
    ------
    ScenarioError
        With every problem that can be told from the network, and from names of products and groups.
    """
    problems: list[Problem] = []
    hashes: dict[Path, str] = {}
    document = read_merged(path, overrides, hashes, problems)
    if document is None:
        raise ScenarioError(problems)
    document = with_forecast(document, path.parent, hashes, problems)
    file, misfits = valid_file(document)
    sources = [source for source in sources_of(document, path.parent) if not only_simulated(source.table.name)]
    by_rows, held = opened_tables(sources, hashes, problems)
    reported = {problem.path for problem in problems}
    problems += [problem for problem in misfits if problem.path not in reported]
    order = _order(by_rows["products"], products_per_block, problems) if "products" in by_rows else None
    whole = {name: table for name, table in held.items() if name in PRODUCT_TABLES}
    ranges = _ranges(by_rows, order, problems) if order else {}
    by_rows = {name: _with_rows_for_every_product(by_rows[name], ranges[name]) for name in ranges}
    world = world_of(document, file, {**held, **_rows_for_every_product(by_rows, problems)})
    if order:
        world = _with_groups(world, by_rows["products"], problems)
        problems += [problem for table in whole.values() for problem in _unknown_products(table, order)]
    problems += problems_in(world, problems)
    if problems or file is None or order is None:
        raise ScenarioError(problems)
    shared = replace(world, tables={name: table for name, table in held.items() if name not in PRODUCT_TABLES})
    return Catalogue(
        file=file,
        hash=_hash(file, held, by_rows),
        data_hashes={relpath(source, path.parent): digest for source, digest in hashes.items()},
        num_products=len(order.names),
        blocks=tuple(_blocks(order, ranges)),
        world=shared,
        by_rows=by_rows,
        whole=whole,
        all_in_reach=_all_in_reach(file, shared),
    )


def check_scenario(path: Path, overrides: Sequence[str] = ()) -> ScenarioFile:
    """Check everything that a scenario says; a catalogue block by block, without what only the simulator reads.

    Raises
    ------
    ScenarioError
        With every problem of the scenario and its tables.
    """
    if not is_catalogue(path, overrides):
        return load_scenario(path, overrides).file
    catalogue = open_catalogue(path, overrides)
    problems: list[Problem] = []
    for block in catalogue.blocks:
        try:
            catalogue.block(block.index)
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return catalogue.file


def _order(products: TableByRows, most: int, problems: list[Problem]) -> ProductOrder | None:
    """The products and their blocks; none, and a problem more, where they cannot be told."""
    before = len(problems)
    try:
        names = ordered_names(products.rows, problems)
    except ScenarioError as error:
        problems += error.problems
    if products.rows.num_rows == 0:
        problems.append(problem_at(products.rows.place(0, "product"), "products", "no rows", "at least one row"))
    return ProductOrder(names, _block_ptr(products.rows.group_ptr, most)) if len(problems) == before else None


def _block_ptr(group_ptr: Ints, most: int) -> Ints:
    """First product of each block: row groups together until there are enough, large ones in equal parts."""
    cuts = [0]
    for end in map(int, group_ptr[1:]):
        size = end - cuts[-1]
        if size >= most or (end == group_ptr[-1] and size):
            parts = max(1, round(size / most))
            cuts += [cuts[-1] + size * part // parts for part in range(1, parts + 1)]
    return np.array(cuts, dtype=np.int64)


def _ranges(by_rows: Mapping[str, TableByRows], order: ProductOrder, problems: list[Problem]) -> dict[str, RowRanges]:
    """Rows of each block in every table."""
    ranges = {"products": RowRanges(order.block_ptr, np.empty(0, dtype=np.int64))}
    for name, table in by_rows.items():
        if name != "products":
            try:
                found = row_ranges(table.rows, order, wildcard=name == "supply", problems=problems)
            except ScenarioError as error:
                problems += error.problems
            else:
                ranges.update({name: found} if found else {})
    return ranges


def _blocks(order: ProductOrder, ranges: Mapping[str, RowRanges]) -> Iterator[Block]:
    for index, (first, end) in enumerate(zip(order.block_ptr[:-1], order.block_ptr[1:], strict=True)):
        rows = {name: (int(of.ptr[index]), int(of.ptr[index + 1])) for name, of in ranges.items()}
        yield Block(index, int(first), int(end - first), rows)


def _with_rows_for_every_product(table: TableByRows, ranges: RowRanges) -> TableByRows:
    """The table with its rows for `*` at hand."""
    if not len(ranges.every):
        return table
    runs = np.split(ranges.every, 1 + np.flatnonzero(np.diff(ranges.every) > 1))
    return replace(table, every=pd.concat([table.rows.cells(int(run[0]), int(run[-1]) + 1).cells for run in runs]))


def _rows_for_every_product(by_rows: Mapping[str, TableByRows], problems: list[Problem]) -> dict[str, TypedTable]:
    """Rows for `*` by table, where they are asked for once, at opening."""
    tables: dict[str, TypedTable] = {}
    for name, table in by_rows.items():
        if table.every is not None:
            every, wrong = table.typed(0, 0)
            problems += wrong
            tables.update({name: every} if every else {})
    return tables


def _with_groups(world: World, products: TableByRows, problems: list[Problem]) -> World:
    """The world, with the groups of all products among its names."""
    try:
        return replace(world, names={**world.names, "group": _groups(products)})
    except ScenarioError as error:
        problems += error.problems
        return world


def _groups(products: TableByRows) -> list[str]:
    """Groups of all products, as first named."""
    default = next(str(column.default) for column in products.source.columns if column.name == "group")
    if products.rows.schema.get_field_index("group") < 0:
        return [default]
    of_row_groups = (pc.unique(cells.fill_null(default)).to_pylist() for cells in products.rows.texts("group"))
    return list(dict.fromkeys(name for names in of_row_groups for name in names))


def _unknown_products(table: TypedTable, order: ProductOrder) -> Iterator[Problem]:
    """Report names in a table held whole that are no product's."""
    cells = table.frame["product"]
    known = pc.is_in(order.names, pa.array(cells.dropna().unique(), order.names.type))
    names = [*order.names.filter(known).to_pylist(), *([EVERY] if table.raw.table.name == "supply" else [])]
    expected = f"one of the scenario's {len(order.names)} products"
    yield from cell_problems(table, "product", ~cells.isin(names) & cells.notna(), expected)


def _all_in_reach(file: ScenarioFile, world: World) -> bool:
    """Whether every zone is reached in time at every speed that somebody in some group wants."""
    if file.demand.whole is not None:
        return bool(reached_in_time(Scenario(file, _frames(world.tables), "", {})).all())
    groups = world.names["group"]
    one_of_each = {
        "products": pd.DataFrame({"product": groups, "group": groups}),
        "product_demand": pd.DataFrame({"product": groups, "period": EVERY, "mean": 1.0}),
    }
    wanted = file.model_copy(update={"demand": file.demand.model_copy(update={"distribution": "poisson"})})
    with np.errstate(invalid="ignore"):  # of a group without shares, which its block tells
        return not unreachable(Scenario(wanted, {**_frames(world.tables), **one_of_each}, "", {}))


def _frames(tables: Mapping[str, TypedTable]) -> dict[str, pd.DataFrame]:
    return {name: table.frame.reset_index(drop=True) for name, table in tables.items()}


def _hash(file: ScenarioFile, held: Mapping[str, TypedTable], by_rows: Mapping[str, TableByRows]) -> str:
    """Hash of the network and of the files that are read by rows."""
    digest = sha256(scenario_hash(file, _frames(held)).encode())
    for name, table in by_rows.items():
        digest.update(f"{name}{table.digest}".encode())
    return digest.hexdigest()
