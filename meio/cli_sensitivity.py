"""The verb `sensitivity` of the command line."""

from __future__ import annotations

from importlib.util import find_spec
from math import isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from meio.cli_options import Debug, Json, Overrides, Quiet, Seed, Verbose, Workers
from meio.console import session

if TYPE_CHECKING:
    import pandas as pd


def sensitivity(
    source: Annotated[
        Path, typer.Argument(metavar="SCENARIO|DIR", help="Scenario to plan first, or output folder that holds a plan.")
    ],
    overrides: Overrides,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder to write the plan of a SCENARIO.")
    ] = None,
    check: Annotated[int, typer.Option(min=0, help="Capacities to plan again with less and more; 0: none.")] = 5,
    share: Annotated[float, typer.Option(min=1e-4, max=0.9, help="How much less and more, as a share.")] = 0.05,
    replications: Annotated[int | None, typer.Option(min=2, help="Sample paths; else as the scenario says.")] = None,
    replans: Annotated[
        int, typer.Option(min=1, help="Times each plan is made again, so intervals hold its chance.")
    ] = 1,
    seed: Seed = 0,
    workers: Workers = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Tell what one more m³, or unit a day, of each capacity is worth, and check the prices."""
    with session(quiet=quiet, verbose=verbose, debug=debug) as progress:
        from meio.folder import OutputError, check_destination
        from meio.output import write_output, write_report
        from meio.sensitivities.table import sensitivity as table_of
        from meio.sensitivities.table import sensitivity_json, write_sensitivity
        from meio.workflow import plan_scenario, reopened

        if source.is_dir() or not source.exists():
            if output is not None or overrides:
                raise OutputError(f"{source} holds its plan: --output and --set go with a scenario's file")
            folder, made = source, reopened(source)
        elif output is None:
            raise OutputError("name a folder for the plan of this scenario with --output")
        else:
            check_destination(output)
            folder, made = output, plan_scenario(source, overrides=overrides, workers=workers, progress=progress)
            write_output(output, made)
        table = table_of(
            made.scenario,
            made.plan,
            check=check,
            share=share,
            replications=replications,
            replans=replans,
            seed=seed,
            workers=workers,
            progress=progress,
        )
        write_sensitivity(folder, table)
        if find_spec("plotly") is not None:
            write_report(folder)
        currency = made.scenario.file.costs.currency
        typer.echo(sensitivity_json(table) if as_json else _text(table, share, currency, folder))


def _text(table: pd.DataFrame, share: float, currency: str, folder: Path) -> str:
    whole = table[table["period"].isna() & (table["worth_of_share"] > 0.0)].head(15)
    if whole.empty:
        return "no capacity has a price: none of them is short"
    lines = [f"{share:.0%} more, in {currency} over the horizon" + " " * 15 + "worth  targets kept       simulated"]
    for row in whole.to_dict("records"):
        name = " ".join(part for part in (row["resource"], row["at"], row["storage_type"]) if part)
        line = f"{name:<44}{row['worth_of_share']:>12,.0f}"
        line += " " * 14 if isnan(row.get("kept", nan)) else f"{row['kept']:>14,.0f}"
        if not isnan(row.get("simulated", nan)):
            line += f"{row['simulated']:>16,.0f} [{row['simulated_low']:,.0f}, {row['simulated_high']:,.0f}]"
        lines.append(line)
    told = [
        *lines,
        "",
        "worth: by the price, but no more than the capacity changes with targets kept (upper end of its interval)",
        "simulated, like targets kept: half the difference between so much less and more; planned again",
        f"written to {folder / 'sensitivity.parquet'}",
    ]
    return "\n".join(told)
