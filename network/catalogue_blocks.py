"""The blocks of a catalogue: runs of products that are read, checked and forgotten one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pandas as pd

from meio.network.cells import TypedTable, among, cell_problems, typed
from meio.network.checks import OF_PRODUCTS, problems_in
from meio.network.checks_service import zones_out_of_reach
from meio.network.model import EVERY, Scenario, ScenarioFile
from meio.network.parquet_rows import ParquetRows
from meio.network.problems import Problem, ScenarioError
from meio.network.scenario import Source
from meio.network.world import World


@dataclass(frozen=True)
class Block:
    """A run of products.

    Attributes
    ----------
    first_product : int
        Position of its first product in the table products, from 0.
    rows : dict of str to (int, int)
        Its rows in each table that is read by rows, from 0, the end excluded.
    """

    index: int
    first_product: int
    num_products: int
    rows: dict[str, tuple[int, int]]


@dataclass(frozen=True, eq=False)
class TableByRows:
    """A table of products in a Parquet file.

    Attributes
    ----------
    digest : str
        SHA-256 of the file.
    every : DataFrame or None
        Its cells in rows for `*`, which belong to every block.
    """

    source: Source
    rows: ParquetRows
    digest: str
    every: pd.DataFrame | None = None

    def typed(self, start: int, stop: int) -> tuple[TypedTable | None, list[Problem]]:
        """Rows from one to another, exclusive, and what is wrong with their cells."""
        raw = self.rows.cells(start, stop)
        if self.every is not None:
            own = raw.cells[raw.cells["product"] != EVERY]
            raw = replace(raw, cells=pd.concat([self.every, own]))
        return typed(raw, self.source.columns, self.source.num_periods)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """A scenario whose products are read in blocks. It can be pickled; whoever has it reads the same files.

    Attributes
    ----------
    file : ScenarioFile
        Everything written in YAML.
    hash : str
        Of the merged YAML and of every table, hexadecimal, without what says how to plan and to simulate. Of tables
        read by rows the bytes of the file count, so it is not the hash of the same scenario loaded whole.
    data_hashes : dict of str to str
        SHA-256 of each file read, by its path relative to the scenario's folder.
    num_products : int
    blocks : tuple of Block
        In the order of the products.
    world : World
        What all blocks share: the network and its tables.
    by_rows : dict of str to TableByRows
        Tables of products in Parquet files.
    whole : dict of str to TypedTable
        Other tables of products, held whole.
    all_in_reach : bool
        Whether some node reaches every zone in time at every speed that any product is asked for, so that no block need
        ask.
    """

    file: ScenarioFile
    hash: str
    data_hashes: dict[str, str]
    num_products: int
    blocks: tuple[Block, ...]
    world: World
    by_rows: dict[str, TableByRows]
    whole: dict[str, TypedTable]
    all_in_reach: bool

    def block(self, index: int) -> Scenario:
        """A block as a scenario of its own: its products in their order, without tables that only the simulator reads.

        Raises
        ------
        ScenarioError
            With every problem of its products; rows are numbered as in their files.
        """
        problems: list[Problem] = []
        tables = {**self.world.tables, **self._tables_of(self.blocks[index], problems)}
        names = {**self.world.names, "product": list(tables["products"].frame["product"].dropna())}
        world = replace(self.world, tables=tables, names=names)
        checks = OF_PRODUCTS if self.all_in_reach else (*OF_PRODUCTS, zones_out_of_reach)
        problems += problems_in(world, problems, checks)
        problems += _without_any_row(tables)
        if problems:
            raise ScenarioError(problems)
        frames = {name: table.frame.reset_index(drop=True) for name, table in tables.items()}
        return Scenario(self.file, frames, self.hash, self.data_hashes)

    def _tables_of(self, block: Block, problems: list[Problem]) -> dict[str, TypedTable]:
        """The block's rows in every table of products; what is wrong with their cells is added to the problems."""
        tables: dict[str, TypedTable] = {}
        for name, (start, stop) in block.rows.items():
            table, wrong = self.by_rows[name].typed(start, stop)
            problems += wrong
            if table:
                tables[name] = table
        products = tables["products"].frame["product"]
        for name, table in self.whole.items():
            mine = among(table.frame["product"], products) | (table.frame["product"] == EVERY)
            tables[name] = replace(table, frame=table.frame[mine])
        return tables


def _without_any_row(tables: dict[str, TypedTable]) -> Iterator[Problem]:
    """Report products of a block that has no row at all in a table that needs some."""
    for name in ("supply", "demand", "product_demand"):
        if name in tables and tables[name].frame.empty:
            products = tables["products"]
            wrong = products.frame["product"].notna()
            yield from cell_problems(products, "product", wrong, f"rows in the table {name}", f"{{}} without {name}")
