"""The command line: its verbs, of which the longer ones have files of their own (`meio.cli_plan`…); no logic."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from meio.cli_ending import conclude, end_by_gap
from meio.cli_experiment import experiment
from meio.cli_forecast import forecast
from meio.cli_generate import generate
from meio.cli_options import Debug, Folder, Json, Overrides, Quiet, ScenarioFile, Seed, Verbose, Workers, Written
from meio.cli_plan import plan
from meio.cli_sensitivity import sensitivity
from meio.cli_simulate import simulate
from meio.cli_study import study
from meio.console import session

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


app.command()(plan)


app.command()(simulate)


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
    conclude(outcome, output, as_json)
    end_by_gap(outcome)


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
