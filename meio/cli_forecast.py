"""The verb ``forecast`` of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from meio.cli_options import Debug, Json, Overrides, Quiet, Seed, Verbose, Workers, Written
from meio.console import session

Periods = Annotated[int | None, typer.Option(min=1, max=1000, help="Periods ahead; 13 weeks or 28 days if not given.")]
Windows = Annotated[
    list[int] | None,
    typer.Option("--window", min=1, help="Lead time and review together, in periods; repeatable. 4 weeks or 14 days."),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model", metavar="auto|NAME", help="Model, or several to choose from; auto: all that are installed."
    ),
]
Ahead = Annotated[
    Path | None,
    typer.Option(metavar="SCENARIO", help="Forecast what this scenario needs, plan it and simulate the plan."),
]


def forecast(
    history: Annotated[Path, typer.Argument(metavar="HISTORY", help="CSV or Parquet: date, product, units …")],
    output: Written,
    overrides: Overrides,
    products: Annotated[
        Path | None, typer.Option(metavar="TABLE", help="CSV or Parquet: the products' attributes.")
    ] = None,
    period: Annotated[Literal["day", "week"], typer.Option(help="What a period is.")] = "week",
    horizon: Periods = None,
    windows: Windows = None,
    models: Models = None,
    scenario: Ahead = None,
    paths: Annotated[int, typer.Option(min=0, help="Sample paths over the longest window to write.")] = 0,
    seed: Seed = 0,
    workers: Workers = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Forecast demand from its history; with a scenario, plan and simulate it too."""
    with session(quiet=quiet, verbose=verbose, debug=debug) as progress:
        from meio import forecasts
        from meio.demand.forecasting import models_named
        from meio.summary import json_text, summarize
        from meio.wording import summary_text

        more: dict[str, Any] = {"products": products, "models": models_named(models or ["auto"]), "paths": paths}
        more |= {"seed": seed, "workers": workers, "progress": progress}
        if scenario is None:
            asked = forecasts.request(period, horizon, windows or ())
            facts, outcome = forecasts.forecast(history, output, asked, **more), None
        else:
            facts, outcome = forecasts.forecast_and_run(history, scenario, output, overrides=overrides, **more)
        summary = summarize(outcome) if outcome else None
        if as_json:
            typer.echo(json_text({"forecast": facts, "run": summary} if outcome else facts))
            return
        typer.echo(forecast_text(facts))
        if outcome and summary:
            typer.echo(f"\n{summary_text(summary, outcome.scenario.file.costs.currency)}")
        typer.echo(f"\nwritten to {output}")


def forecast_text(facts: dict[str, Any]) -> str:
    """Say what was forecast, and what in the history was treated."""
    days = {1: "days", 7: "weeks"}[facts["period_days"]]
    models = ", ".join(f"{group}: {model}" for group, model in facts["models"].items())
    head = f"{facts['series']:,} series, {facts['periods']} {days} from {facts['start']}, window of {facts['window']}"
    lines = [f"{head} {days}", f"models  {models}", *(f"note    {note}" for note in facts["notes"])]
    return "\n".join(lines)
