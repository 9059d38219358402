"""The verb ``simulate`` of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meio.cli_ending import conclude, end_by_precision
from meio.cli_options import Debug, Json, Overrides, Quiet, Sample, ScenarioFile, Seed, Shards, Verbose, Workers
from meio.console import session

POLICY = "nearest|priced|reserve|batch|FILE.py:CLASS"


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
    conclude(outcome, output, as_json)
    end_by_precision(outcome)
