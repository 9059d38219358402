"""What an output folder holds: the plan, tables, summary, facts of the run and report; written and read back."""

from __future__ import annotations

import json
import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from os.path import relpath
from pathlib import Path
from typing import Any

import pandas as pd

from meio.folder import FACTS, DiskError, OutputError, files_in, read_facts, replaced
from meio.frames import output_tables, shared_tables
from meio.network.compiled import CompiledScenario
from meio.outcome import Outcome
from meio.plans import Plan, load_plan
from meio.stakes import stakes
from meio.summary import json_text, summarize

SUMMARY, REPORT, FIGURES = "summary.json", "report.html", "figures"
LIBRARIES = ("numpy", "scipy", "pandas", "numba", "highspy")


def write_output(folder: Path, outcome: Outcome) -> None:
    """Write everything a run found out, replacing an earlier output; without plotly there is no report.

    Raises
    ------
    OutputError
        When the folder holds anything else or cannot be written; then it is left as it was.
    """
    with replaced(folder) as draft:
        outcome.plan.save(draft, outcome.compiled)
        explained = stakes(outcome.compiled, outcome.plan, outcome.scenario.file.costs.currency)
        _write_tables(draft, {**output_tables(outcome), **explained})
        _write_facts(draft, folder, outcome, summarize(outcome))


def write_parts(
    folder: Path, outcome: Outcome, num_products: int, parts: Sequence[Path], lost: pd.DataFrame
) -> dict[str, Any]:
    """Write the plan of a catalogue, whose tables by product are there already, and return its summary.

    Parameters
    ----------
    folder : Path
    outcome : Outcome
        Of the network with one product: what all products share.
    num_products : int
        In the catalogue.
    parts : sequence of Path
        Folders of Parquet files, each a table; they must lie on the same disk.
    lost : DataFrame
        Blocks that could not be planned, and why; written if there are any.

    Raises
    ------
    OutputError
        As `write_output`.
    """
    summary = summarize(outcome)
    summary["scenario"]["products"] = num_products
    summary["plan"]["lost_blocks"] = len(lost)
    with replaced(folder) as draft:
        outcome.plan.save_sums(draft, outcome.compiled)
        _write_tables(draft, {**shared_tables(outcome), **({} if lost.empty else {"lost": lost})})
        for table in parts:
            (draft / table.name).mkdir()
            for part in sorted(table.iterdir()):
                (draft / table.name / part.name).hardlink_to(part)
        _write_facts(draft, folder, outcome, summary)
    return summary


def _write_tables(draft: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    for name, table in tables.items():
        path = draft / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        table.to_parquet(path, index=False)


def _write_facts(draft: Path, folder: Path, outcome: Outcome, summary: dict[str, Any]) -> None:
    """Write what sums the run up, and the report if there is what draws it."""
    (draft / SUMMARY).write_text(json_text(summary) + "\n", "utf-8")
    facts = _facts(outcome, folder, sorted([*files_in(draft), FACTS, REPORT]))
    (draft / FACTS).write_text(json_text(facts) + "\n", "utf-8")
    if find_spec("plotly") is not None:
        write_report(draft)


def write_report(folder: Path) -> Path:
    """Draw the report of an output folder from its tables, and return its path.

    Raises
    ------
    OutputError
        When the folder is not an output, cannot be written, or the library for the pictures is missing.
    """
    if find_spec("plotly") is None:
        raise OutputError("the report needs plotly: pip install 'meio[report]'")
    page = _page(folder)
    try:
        (folder / REPORT).write_text(page, "utf-8")
    except OSError as error:
        raise DiskError(f"{folder / REPORT} cannot be written: {error.strerror or error}") from error
    return folder / REPORT


def write_figures(folder: Path) -> list[Path]:
    """Draw every figure of an output folder's report, which is written anew, as PNG and SVG, and return their paths.

    Raises
    ------
    OutputError
        As `write_report`, and when no browser can draw them.
    """
    report = write_report(folder)
    from meio.report.browser import BrowserError
    from meio.report.stills import write_stills

    facts = read_facts(folder)
    try:
        paths = write_stills(report, folder / FIGURES)
        facts["files"] = sorted({*facts["files"], *(path.relative_to(folder).as_posix() for path in paths)})
        (folder / FACTS).write_text(json_text(facts) + "\n", "utf-8")
    except BrowserError as error:
        raise OutputError(f"the figures cannot be drawn: {error}") from error
    except OSError as error:
        raise DiskError(f"{folder / FIGURES} cannot be written: {error.strerror or error}") from error
    return paths


def _page(folder: Path) -> str:
    """Return the report's page, that of a study or that of a run; only tables that it draws are read."""
    from meio.report.contents import report_html
    from meio.report.study_contents import study_html
    from meio.report.tables import RUN_TABLES, STUDY_TABLES

    facts = read_facts(folder)
    is_study = all((folder / f"{name}.parquet").exists() for name in STUDY_TABLES)
    try:
        summary = json.loads((folder / SUMMARY).read_text("utf-8"))
        tables = _tables(folder, STUDY_TABLES if is_study else RUN_TABLES)
    except (OSError, ValueError) as error:
        raise OutputError(f"{folder} cannot be read: {error}") from error
    return study_html(summary, facts, tables) if is_study else report_html(summary, facts, tables)


def _tables(folder: Path, names: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return those of the tables that an output folder holds, by name."""
    paths = {name: folder / f"{name}.parquet" for name in names}
    return {name: pd.read_parquet(path) for name, path in paths.items() if path.exists()}


def read_plan(folder: Path, compiled: CompiledScenario, targets: Path | None = None) -> Plan:
    """Read the plan in an output folder, which must have been made for this very scenario.

    Targets may lie in a file of their own: those of a catalogue's block.

    Raises
    ------
    OutputError
        When there is none, it cannot be read, or it was made for another scenario.
    """
    scenario = read_facts(folder)["scenario"]
    if scenario["hash"] != compiled.hash:
        raise OutputError(
            f"the plan in {folder} was made for another scenario, or for '{scenario['name']}' as it then was"
        )
    try:
        return load_plan(folder, compiled, targets)
    except (OSError, ValueError, KeyError) as error:
        raise OutputError(f"the plan in {folder} cannot be read: {error}") from error


def recorded_versions() -> dict[str, str]:
    """Return the versions of meio, of Python and of the libraries that results depend on."""
    return {"meio": version("meio"), "python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def _facts(outcome: Outcome, folder: Path, files: list[str]) -> dict[str, Any]:
    """Return what identifies a run and how it was made; the scenario's path is relative to the folder."""
    return {
        "scenario": {
            "path": relpath(outcome.source.resolve(), folder.resolve()),
            "overrides": list(outcome.overrides),
            "name": outcome.compiled.name,
            "hash": outcome.compiled.hash,
        },
        "data_hashes": outcome.scenario.data_hashes,
        "period_days": outcome.compiled.period_days,
        "currency": outcome.scenario.file.costs.currency,
        "versions": recorded_versions(),
        "seed": outcome.proof.seed if outcome.proof else None,
        "policy": outcome.proof.policy if outcome.proof else None,
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "timings": dict(outcome.timings),
        "files": files,
    }
