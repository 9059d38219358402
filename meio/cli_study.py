"""The verb ``study`` of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meio.cli_options import Debug, Json, Overrides, Quiet, Verbose
from meio.console import Exit, session


def study(
    file: Annotated[Path, typer.Argument(metavar="STUDY", help="The study's YAML file.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Folder to write; an unfinished study there is gone on with."
        ),
    ],
    overrides: Overrides,
    replications: Annotated[int | None, typer.Option(min=2, help="Sample paths; else as the study says.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Variants at a time; one a core if not given.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Ask what if: plan and simulate variants of a scenario beside it."""
    with session(quiet=quiet, verbose=verbose, debug=debug) as progress:
        from meio.studies.study import study as run_study
        from meio.studies.words import study_text
        from meio.summary import json_text

        result = run_study(
            file, output, overrides=overrides, replications=replications, workers=workers, progress=progress
        )
        typer.echo(json_text(result.summary()) if as_json else f"{study_text(result)}\n\nwritten to {output}")
    if result.errors:
        count = len(result.errors)
        typer.echo(f"{count} variant{'s' if count > 1 else ''} failed; the others are written", err=True)
        raise typer.Exit(Exit.INVALID_SCENARIO)
