"""A scenario read from YAML and tables: everything it says, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.resources import files
from os.path import relpath
from pathlib import Path
from typing import Protocol

import pandas as pd

from meio.network.cells import TypedTable, typed
from meio.network.checks import problems_in
from meio.network.forecast_folder import with_forecast
from meio.network.merge import COMMAND_LINE, read_merged
from meio.network.model import Horizon, Scenario, ScenarioFile
from meio.network.positions import Located
from meio.network.problems import Problem, ScenarioError
from meio.network.table_files import read_table
from meio.network.tables import FIRST_STORAGE_TYPE, PARAMETERS, TABLES, Column, Table, columns_of, only_simulated
from meio.network.validation import valid_file, valid_part
from meio.network.world import storage_types, world_of


class Edit(Protocol):
    """A change of a scenario between reading and checking."""

    def document(self, document: Located, problems: list[Problem]) -> Located:
        """What the scenario says in YAML after the change; what is wrong with the change is added to the problems."""

    def tables(self, tables: dict[str, TypedTable]) -> dict[str, TypedTable]:
        """Its tables after the change."""


def load_scenario(path: Path, overrides: Sequence[str] = (), edits: Sequence[Edit] = ()) -> Scenario:
    """Read a scenario with everything it extends and all its tables, and check it.

    Parameters
    ----------
    path : Path
        The scenario's YAML file.
    overrides : sequence of str
        ``path=value`` with a dotted path into the scenario and a YAML value; they win over the file.
    edits : sequence of Edit
        Further changes, in their order; what they make is checked as if the file said it.

    Raises
    ------
    ScenarioError
        With every problem of the scenario and its tables.
    """
    problems: list[Problem] = []
    hashes: dict[Path, str] = {}
    document = read_merged(path, overrides, hashes, problems)
    for edit in edits:
        document = edit.document(document, problems) if document else None
    if document is None:
        raise ScenarioError(problems)
    document = with_forecast(document, path.parent, hashes, problems)
    file, misfits = valid_file(document)
    tables = _read_tables(document, path.parent, hashes, problems)
    for edit in edits:
        tables = edit.tables(tables)
    reported = {problem.path for problem in problems}
    problems += [problem for problem in misfits if problem.path not in reported]
    problems += problems_in(world_of(document, file, tables), problems)
    if problems or file is None:
        raise ScenarioError(problems)
    frames = {name: table.frame.reset_index(drop=True) for name, table in tables.items()}
    data_hashes = {relpath(source, path.parent): digest for source, digest in hashes.items()}
    return Scenario(file, frames, scenario_hash(file, frames), data_hashes)


def write_starter(folder: Path) -> list[Path]:
    """Write a small commented scenario to begin with, and the schema that lets editors complete it.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    FileExistsError
        When one of them exists; then nothing is written.
    """
    from meio.network.schema import schema_text

    scenario = files("meio.network").joinpath("quickstart.yaml").read_text(encoding="utf-8")
    contents = {folder / "scenario.yaml": scenario, folder / "scenario.schema.json": schema_text()}
    for path in contents:
        if path.exists():
            raise FileExistsError(f"{path} exists already")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in contents.items():
        path.write_text(text, encoding="utf-8")
    return list(contents)


def _read_tables(
    document: Located, folder: Path, hashes: dict[Path, str], problems: list[Problem]
) -> dict[str, TypedTable]:
    """Typed tables by name."""
    sources = sources_of(document, folder)
    read = {source.table.name: read_typed(source, hashes, problems) for source in sources}
    return {name: table for name, table in read.items() if table}


@dataclass(frozen=True)
class Source:
    """Where a table of a scenario comes from, and what it should hold.

    Attributes
    ----------
    given : Located
        What the scenario says: rows, or the path of a file.
    folder : Path
        What the path is relative to: the file that names it, on the command line the scenario.
    columns : tuple of Column
        In this scenario, with its defaults.
    num_periods : int or None
        None where the horizon is wrong.
    """

    table: Table
    given: Located
    folder: Path
    columns: tuple[Column, ...]
    num_periods: int | None

    @property
    def file(self) -> Path | None:
        """The file it names, if it names one."""
        return self.folder / self.given.value if isinstance(self.given.value, str) else None


def sources_of(document: Located, folder: Path) -> list[Source]:
    """Sources of the tables that a scenario gives."""
    horizon = valid_part(Horizon, document.nearest(("horizon",)).plain())
    sources = []
    for table in TABLES:
        given, columns = document.find(table.path), _columns(document, table)
        if given is not None and given.value is not None and columns is not None:
            beside = folder if given.place.file == COMMAND_LINE else Path(given.place.file).parent
            sources.append(Source(table, given, beside, columns, horizon.periods if horizon else None))
    return sources


def read_typed(source: Source, hashes: dict[Path, str], problems: list[Problem]) -> TypedTable | None:
    """Table with typed columns; the hash of its file and what is wrong with it are added to the last two."""
    raw = read_table(source.table, source.given, source.folder, hashes, problems)
    if raw is None:
        return None
    table, wrong = typed(raw, source.columns, source.num_periods)
    problems += wrong
    return table


def _columns(document: Located, table: Table) -> tuple[Column, ...] | None:
    """Columns of a table in this scenario; none where that is unknown because the distribution of demand is."""
    given = document.find(("demand", "distribution"))
    distribution = str(given.value) if given else ""
    if table.parameters and distribution not in PARAMETERS:
        return None
    columns = columns_of(table, distribution)
    if table.parameters and (at := document.find(("demand", "forecast"))) and at.value is not None:
        return _of_forecast(columns, document)
    first = next(iter(storage_types(document)), None)
    return tuple(
        replace(column, default=first) if column.default == FIRST_STORAGE_TYPE else column for column in columns
    )


def _of_forecast(columns: tuple[Column, ...], document: Located) -> tuple[Column, ...]:
    """Columns of a forecast's demand table, which may reach beyond the horizon and leave out the only speed."""
    only = next((str(name) for name, _ in document.nearest(("speeds",)).children()), None)
    changed = {
        column.name: replace(column, beyond=True)
        if column.name == "period"
        else replace(column, required=False, default=only)
        for column in columns
        if column.name in {"period", "speed"}
    }
    return tuple(changed.get(column.name, column) for column in columns)


def scenario_hash(file: ScenarioFile, frames: dict[str, pd.DataFrame]) -> str:
    """Hash of what the scenario is, whichever files say it, and however it is planned and proven."""
    how = {"extends", "planning", "simulation"}
    digest = sha256(file.model_dump_json(by_alias=True, exclude=how).encode())
    for name, frame in frames.items():
        if not only_simulated(name):
            digest.update(name.encode())
            digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return digest.hexdigest()
