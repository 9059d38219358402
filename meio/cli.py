"""The command line: one verb a function, no logic of its own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from meio.cli_experiment import experiment
from meio.cli_forecast import forecast
from meio.cli_generate import generate
from meio.cli_options import (
    Debug,
    Folder,
    Json,
    Overrides,
    Quiet,
    Sample,
    ScenarioFile,
    Seed,
    Shards,
    Verbose,
    Workers,
    Written,
)
from meio.cli_sensitivity import sensitivity
from meio.cli_study import study
from meio.console import Exit, session

if TYPE_CHECKING:
    from meio.outcome import Outcome
    from meio.workflow import Progress

EXECUTORS = "serial|processes|dask|dask=ADDRESS"
POLICY = "nearest|priced|reserve|batch|FILE.py:CLASS"
Method = Literal["decomposition", "extensive"]

app = typer.Typer(
    help="Plan inventory targets and capacity prices for a supply network, and prove them by simulation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to begin.")], debug: Debug = False) -> None:
    """Write a small commented scenario to begin with."""
    with session(debug=debug):
        from meio.network.scenario import write_starter

        for path in write_starter(folder):
            typer.echo(path)


@app.command()
def validate(scenario: ScenarioFile, overrides: Overrides, as_json: Json = False, debug: Debug = False) -> None:
    """Check a scenario and its tables, and list every problem."""
    with session(debug=debug):
        from meio.network.catalogue import check_scenario
        from meio.network.problems import ScenarioError
        from meio.summary import json_text

        try:
            file = check_scenario(scenario, overrides)
        except ScenarioError as error:
            if as_json:
                typer.echo(json_text({"problems": [asdict(problem) for problem in error.problems]}))
            raise
        typer.echo(json_text({"problems": []}) if as_json else f"{file.name}: no problem found")


@app.command()
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
    _conclude(outcome, output, as_json)
    _end_by_gap(outcome)


@app.command()
def simulate(
    scenario: ScenarioFile,
    plan_folder: Annotated[Path, typer.Option("--plan", metavar="DIR", help="Output folder that holds the plan.")],
    overrides: Overrides,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder to write.")] = None,
    policy: Annotated[
        str | None,
        typer.Option(metavar=POLICY, help="How orders are assigned; else as the scenario says. A file's code is run."),
    ] = None,
    against: Annotated[str | None, typer.Option(metavar=POLICY, help="A second policy to compare it with.")] = None,
    replan: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Plan anew on the way: daily, weekly or every so many periods."),
    ] = None,
    replications: Annotated[int | None, typer.Option(min=2, help="Sample paths; else as the scenario says.")] = None,
    precision: Annotated[
        float | None,
        typer.Option(
            min=1e-6,
            max=1,
            help="Add replications until total cost is known to ± this share.",
        ),
    ] = None,
    most_replications: Annotated[int, typer.Option(min=10, help="Where to stop short of the precision.")] = 1000,
    daily: Annotated[bool, typer.Option("--daily", help="Write a table of every day.")] = False,
    events: Annotated[bool, typer.Option("--events", help="Write a table of every event.")] = False,
    sample: Sample = None,
    shards: Shards = None,
    seed: Seed = 0,
    workers: Workers = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Put a plan to work on random orders."""
    if replan is not None and (against or precision) is not None:
        raise typer.BadParameter("not together with --replan", param_hint="--against" if against else "--precision")
    if (sample or shards) is not None and (against or replan or precision or daily or events or (sample and shards)):
        raise typer.BadParameter(
            "alone, without other ways to simulate", param_hint="--sample" if sample else "--shards"
        )
    with session(quiet=quiet, verbose=verbose, debug=debug) as progress:
        from meio.folder import OutputError, check_destination
        from meio.parts import simulate_parts
        from meio.replanned import simulate_replanned
        from meio.simulation.policy_files import named_policy
        from meio.workflow import Trial, saved_plan, simulate_plan

        if output is not None:
            check_destination(output)
        elif daily or events:
            raise OutputError("--daily and --events write tables: name a folder with --output")
        trial = Trial(seed, replications, precision, most_replications, workers, progress, daily, events)
        chosen, rival = (None if given is None else named_policy(given) for given in (policy, against))
        if (sample or shards) is not None:
            outcome = simulate_parts(
                scenario, plan_folder, trial, chosen, output, sample=sample, shards=shards, overrides=overrides
            )
        elif replan is not None:
            outcome = simulate_replanned(scenario, plan_folder, replan, trial, chosen, output, overrides=overrides)
        else:
            outcome = saved_plan(scenario, plan_folder, overrides=overrides)
            outcome = simulate_plan(outcome, trial, chosen, rival, output)
    _conclude(outcome, output, as_json)
    _end_by_precision(outcome)


@app.command()
def run(
    scenario: ScenarioFile,
    output: Written,
    overrides: Overrides,
    seed: Seed = 0,
    workers: Workers = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Plan, simulate beside the baselines, and report."""
    with session(quiet=quiet, verbose=verbose, debug=debug) as progress:
        from meio import workflow

        outcome = workflow.run(scenario, output, overrides=overrides, seed=seed, workers=workers, progress=progress)
    _conclude(outcome, output, as_json)
    _end_by_gap(outcome)


app.command()(study)


@app.command()
def explain(
    folder: Folder,
    product: Annotated[str, typer.Option(help="Name of a product.")],
    node: Annotated[str, typer.Option(help="Name of a node that stocks it.")],
    period: Annotated[int | None, typer.Option(min=1, help="One period; all if not given.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Take a target apart: what it must cover, what it costs, and which capacity moved it."""
    with session(debug=debug):
        from meio.catalogue_plans import is_catalogue_plan, reopened_block
        from meio.explanation import explain as explained
        from meio.explanation.words import explanation_text
        from meio.summary import json_text
        from meio.workflow import reopened

        outcome = reopened_block(folder, product) if is_catalogue_plan(folder) else reopened(folder)
        reasons = explained(outcome.compiled, outcome.plan, product, node, period)
        currency = outcome.scenario.file.costs.currency
        typer.echo(json_text(asdict(reasons)) if as_json else explanation_text(reasons, currency))


@app.command()
def report(
    folder: Folder,
    figures: Annotated[
        bool, typer.Option("--figures", help="Also write each figure to DIR/figures, PNG and SVG.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Draw the report of an output folder anew."""
    with session(debug=debug):
        from meio.output import FIGURES, REPORT, write_figures, write_report

        if figures:
            num_files = len(write_figures(folder))
            typer.echo(f"{folder / REPORT}\n{num_files} files in {folder / FIGURES}")
        else:
            typer.echo(write_report(folder))


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from meio.network.schema import schema_text

    typer.echo(schema_text(), nl=False)


@app.command()
def versions() -> None:
    """Print the versions of meio and of what its results depend on."""
    from meio.output import recorded_versions

    for name, number in recorded_versions().items():
        typer.echo(f"{name} {number}")


app.command()(experiment)
app.command()(forecast)
app.command()(generate)
app.command()(sensitivity)


def main() -> None:
    """Run the command line."""
    app(prog_name="meio")


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
    _print_summary(made.summary, made.outcome.scenario.file.costs.currency, output, as_json)
    if not made.lost.empty:
        typer.echo(made.lost_text, err=True)
        raise typer.Exit(Exit.FAILED)
    _end_by_gap(made.outcome)


def _conclude(outcome: Outcome, output: Path | None, as_json: bool) -> None:
    """Print the result and say where the rest is."""
    from meio.summary import summarize

    _print_summary(summarize(outcome), outcome.scenario.file.costs.currency, output, as_json)


def _print_summary(summary: dict[str, Any], currency: str, output: Path | None, as_json: bool) -> None:
    from meio.output import REPORT
    from meio.summary import json_text
    from meio.wording import summary_text

    if as_json:
        typer.echo(json_text(summary))
        return
    typer.echo(summary_text(summary, currency))
    if output is not None:
        page = output / REPORT
        typer.echo(f"\nreport: {page}" if page.exists() else f"\nwritten to {output}; the report needs plotly")


def _end_by_gap(outcome: Outcome) -> None:
    """End with an exit code of its own when the optimizer stopped before the gap that was asked for."""
    if not outcome.reached_target_gap:
        target = outcome.scenario.file.planning.target_gap
        typer.echo(f"stopped at a limit before the target gap of {target:g}; the results are written", err=True)
        raise typer.Exit(Exit.STOPPED_EARLY)


def _end_by_precision(outcome: Outcome) -> None:
    """End with an exit code of its own when the replications allowed were too few for the precision asked for."""
    if not outcome.reached_precision and outcome.proof is not None:
        used, asked = outcome.proof.replications, outcome.proof.precision
        typer.echo(f"stopped after {used} replications, before the precision of {asked:g}", err=True)
        raise typer.Exit(Exit.STOPPED_EARLY)
