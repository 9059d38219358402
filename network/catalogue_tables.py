"""Tables of a catalogue: those of products in Parquet files opened, all others read."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import file_digest
from os.path import getsize, isfile
from pathlib import Path

from meio.network.catalogue_blocks import TableByRows
from meio.network.cells import TypedTable, typed
from meio.network.changes import PRODUCT_TABLES
from meio.network.parquet_rows import open_rows
from meio.network.problems import Problem, problem_at, shown
from meio.network.scenario import Source, read_typed
from meio.network.table_files import no_table

_MOST_BYTES_HELD = 100_000_000


def is_parquet(source: Source) -> bool:
    """Whether a table is given as a Parquet file."""
    return source.file is not None and source.file.suffix.lower() == ".parquet"


def opened_tables(
    sources: Sequence[Source], hashes: dict[Path, str], problems: list[Problem]
) -> tuple[dict[str, TableByRows], dict[str, TypedTable]]:
    """Tables of products in Parquet files, opened, and all others, read; their hashes and problems are added."""
    by_rows: dict[str, TableByRows] = {}
    held: dict[str, TypedTable] = {}
    for source in sources:
        name = source.table.name
        if name in PRODUCT_TABLES and source.file and is_parquet(source):
            if opened := _opened(source, source.file, hashes, problems):
                by_rows[name] = opened
        elif name == "products":
            found = "rows in the scenario file" if source.file is None else shown(source.given.value)
            problems.append(problem_at(source.given.place, name, found, "the path of a Parquet file"))
        elif name in PRODUCT_TABLES and (problem := _too_large(source)):
            problems.append(problem)
        elif table := read_typed(source, hashes, problems):
            held[name] = table
    return by_rows, held


def _opened(source: Source, file: Path, hashes: dict[Path, str], problems: list[Problem]) -> TableByRows | None:
    """Table whose columns are those that it should have."""
    try:
        with file.open("rb") as content:
            hashes[file] = file_digest(content, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        problems.append(no_table(source.table, source.given, file, error))
        return None
    rows = open_rows(source.table, file, problems)
    if rows is None:
        return None
    header, wrong = typed(rows.header, source.columns, source.num_periods)
    problems += wrong
    return TableByRows(source, rows, hashes[file]) if header else None


def _too_large(source: Source) -> Problem | None:
    """Problem of a table of products that is too large to be held."""
    size = getsize(source.file) if source.file and isfile(source.file) else 0  # noqa: PTH113, PTH202 (odd names raise)
    if size <= _MOST_BYTES_HELD:
        return None
    found = f"{shown(source.given.value)} of {size:,} bytes"
    expected = f"a Parquet file in the order of the products, or at most {_MOST_BYTES_HELD:,} bytes"
    return problem_at(source.given.place, source.table.path, found, expected)
