"""The verb ``plan`` of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from meio.cli_ending import conclude, end_by_gap, print_summary
from meio.cli_options import Debug, Json, Overrides, Quiet, ScenarioFile, Verbose, Workers, Written
from meio.console import Exit, session

if TYPE_CHECKING:
    from meio.workflow import Progress

EXECUTORS = "serial|processes|dask|dask=ADDRESS"
Method = Literal["decomposition", "extensive"]


def plan(
    scenario: ScenarioFile,
    output: Written,
    overrides: Overrides,
    method: Annotated[
        Method, typer.Option(help="By capacity prices, or one linear program over sampled demand (small scenarios).")
    ] = "decomposition",
    refine: Annotated[
        int | None, typer.Option(min=0, help="Rounds on sampled paths; else as the scenario says.")
    ] = None,
    executor: Annotated[
        str | None,
        typer.Option(metavar=EXECUTORS, help="Where the blocks of a catalogue are worked on; here, if not given."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an earlier run for this catalogue and folder stopped.")
    ] = False,
    workers: Workers = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Find targets, prices and the orders to release now; of a catalogue, block by block."""
    with session(quiet=quiet, verbose=verbose, debug=debug) as progress:
        from meio.folder import check_destination
        from meio.network.catalogue import is_catalogue
        from meio.workflow import plan_scenario

        check_destination(output)
        given = [] if refine is None else [f"planning.refinement_rounds={refine}"]
        changed = [*overrides, *given]
        if resume or executor is not None or is_catalogue(scenario, changed):
            _plan_catalogue(scenario, output, changed, executor or "serial", resume, workers, progress, as_json)
            return
        outcome = plan_scenario(scenario, output, overrides=changed, method=method, workers=workers, progress=progress)
    conclude(outcome, output, as_json)
    end_by_gap(outcome)


def _plan_catalogue(
    scenario: Path,
    output: Path,
    overrides: list[str],
    executor: str,
    resume: bool,
    workers: int | None,
    progress: Progress,
    as_json: bool,
) -> None:
    """Plan a catalogue; end with an exit code of its own when blocks were lost, or the gap was not closed."""
    from meio.catalogue_plans import plan_catalogue

    made = plan_catalogue(
        scenario,
        output,
        overrides=overrides,
        executor=executor,
        resume=resume,
        workers=workers,
        progress=progress,
    )
    print_summary(made.summary, made.outcome.scenario.file.costs.currency, output, as_json)
    if not made.lost.empty:
        typer.echo(made.lost_text, err=True)
        raise typer.Exit(Exit.FAILED)
    end_by_gap(made.outcome)
